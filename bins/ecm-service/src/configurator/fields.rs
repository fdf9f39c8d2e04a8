//! The form, made from the list of all keys: which inputs there are, and what each takes.

use crate::config::key::{Absent, Key, TABLES, Table};

/// What a key is typed into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// One line; written as a TOML string.
    Text,
    /// One line; written as it is: a number, a table.
    Raw,
    /// One string per line.
    Lines,
    /// One of these.
    Choice(Vec<&'static str>),
    /// True, false, or nothing said.
    Flag,
    /// A place of a secret, and the secret itself, which is never shown.
    Secret,
}

/// One input of the form.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Where it stands in the file, such as `site[0].url`; the name of its input.
    pub(super) path: String,
    pub(super) key: &'static Key,
    pub(super) input: Input,
}

impl Field {
    pub(super) fn is_required(&self) -> bool {
        self.key.absent == Absent::Refused
    }
}

/// The inputs of one table.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Where the table stands, such as `vault[0].search`; empty for the top of the file.
    pub(super) path: String,
    pub(super) table: &'static Table,
    pub(super) fields: Vec<Field>,
    /// Set for tables that can be repeated and removed: which one of its kind.
    pub(super) number: Option<usize>,
}

/// The tables that can be repeated.
pub(super) const REPEATED: [&str; 3] = ["site", "vault", "directory"];

/// All sections, for a file with `count` tables of a name.
pub(super) fn sections(count: impl Fn(&str) -> usize) -> Vec<Section> {
    let mut all = Vec::new();
    for table in TABLES.iter().filter(|table| !table.name.contains('.')) {
        if !REPEATED.contains(&table.name) {
            all.push(section(table.name.to_owned(), table, None));
            continue;
        }
        for number in 0..count(table.name) {
            let path = format!("{}[{number}]", table.name);
            all.push(section(path.clone(), table, Some(number)));
            for below in table.tables {
                let name = format!("{}.{below}", table.name);
                if let Some(below_table) = TABLES.iter().find(|table| table.name == name) {
                    all.push(section(format!("{path}.{below}"), below_table, None));
                }
            }
        }
    }
    all
}

fn section(path: String, table: &'static Table, number: Option<usize>) -> Section {
    let dot = if path.is_empty() { "" } else { "." };
    let fields = table.keys.iter().map(|key| Field {
        path: format!("{path}{dot}{}", key.name),
        key,
        input: input(key),
    });
    Section { fields: fields.collect(), path, table, number }
}

/// What a key takes is told in words for people; the words have a form.
fn input(key: &'static Key) -> Input {
    let is_text = key.example.starts_with(['"', '\'']);
    if key.value.starts_with("secret reference") {
        Input::Secret
    } else if key.value == "true or false" || key.value == "true" {
        Input::Flag
    } else if key.value.starts_with("list of") {
        Input::Lines
    } else if is_text && key.value.starts_with('"') {
        Input::Choice(key.value.split('"').skip(1).step_by(2).collect())
    } else if is_text {
        Input::Text
    } else {
        Input::Raw
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_an_input_of_its_kind() {
        let sections = sections(|_| 1);
        let keys: usize = TABLES.iter().map(|table| table.keys.len()).sum();
        assert_eq!(sections.iter().map(|section| section.fields.len()).sum::<usize>(), keys);
        let input = |path: &str| {
            let fields = sections.iter().flat_map(|section| &section.fields);
            fields.clone().find(|field| field.path == path).map(|field| field.input.clone())
        };
        assert_eq!(input("state-dir"), Some(Input::Text));
        assert_eq!(input("max-results"), Some(Input::Raw));
        assert_eq!(input("log.format"), Some(Input::Choice(vec!["human", "json"])));
        assert_eq!(input("site[0].client-secret"), Some(Input::Secret));
        assert_eq!(input("vault[0].search.kinds"), Some(Input::Lines));
        assert_eq!(input("vault[0].search.application-names"), Some(Input::Raw));
        assert_eq!(input("vault[0].system-roots"), Some(Input::Flag));
        assert_eq!(input("vault[0].oauth.client-id"), Some(Input::Text));
        assert_eq!(
            input("vault[0].approval"),
            Some(Input::Choice(vec!["approve-by-approver", "wait", "refuse"]))
        );
    }
}
