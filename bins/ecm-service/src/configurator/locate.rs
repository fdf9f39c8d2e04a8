//! From a problem's place in the file to the input it belongs to.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::config::Problem;
use crate::config::key::TABLES;

/// The path of the input that a problem is about: the innermost key at its place, and for a key
/// that is missing the key that the message names. Empty for the file as a whole.
pub(super) fn path_of(text: &str, problem: &Problem) -> String {
    let (Some(line), Some(column)) = (problem.line, problem.column) else { return String::new() };
    let offset = offset_of(text, line, column);
    let (tree, _) = DeTable::parse_recoverable(text);
    let mut places = Vec::new();
    collect(tree.get_ref(), "", &mut places);
    let covers = |span: &Range<usize>| span.contains(&offset);
    let innermost = places
        .iter()
        .filter(|(_, span)| covers(span))
        .min_by_key(|(path, span)| (span.len(), std::cmp::Reverse(path.len())));
    let path = innermost.map(|(path, _)| path.as_str()).unwrap_or_default();
    if path.starts_with("mapping") {
        return "mapping".to_owned();
    }
    let named = problem.message.split('`').nth(1).unwrap_or_default();
    let table = table_name(path);
    let has = |name: &str| {
        TABLES.iter().any(|t| t.name == table && t.keys.iter().any(|key| key.name == name))
    };
    match (path.is_empty(), has(named)) {
        (true, true) => named.to_owned(),
        (false, true) => format!("{path}.{named}"),
        (_, false) => path.to_owned(),
    }
}

/// `vault[1].search` is the table `vault.search`.
fn table_name(path: &str) -> String {
    let mut name = String::new();
    let mut inside = false;
    for character in path.chars() {
        match character {
            '[' => inside = true,
            ']' => inside = false,
            other if !inside => name.push(other),
            _ => {}
        }
    }
    name
}

fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let within = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    start + within
}

fn collect(table: &DeTable<'_>, above: &str, places: &mut Vec<(String, Range<usize>)>) {
    for (key, value) in table {
        let dot = if above.is_empty() { "" } else { "." };
        let path = format!("{above}{dot}{}", key.get_ref());
        places.push((path.clone(), key.span()));
        collect_value(value.get_ref(), value.span(), &path, places);
    }
}

fn collect_value(
    value: &DeValue<'_>,
    span: Range<usize>,
    path: &str,
    places: &mut Vec<(String, Range<usize>)>,
) {
    places.push((path.to_owned(), span));
    match value {
        DeValue::Table(table) => collect(table, path, places),
        DeValue::Array(list) => {
            for (number, entry) in list.iter().enumerate() {
                // A list of values is one input; a list of tables is several sections.
                if matches!(entry.get_ref(), DeValue::Table(_)) {
                    let path = format!("{path}[{number}]");
                    collect_value(entry.get_ref(), entry.span(), &path, places);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Process};

    #[test]
    fn every_problem_finds_its_input() {
        let text = r#"state-dir = "state"
max-results = 5000
[[site]]
name = "a b"
url = "http://support.example.com"
client-secret = "written here"
[[vault]]
name = "main"
[vault.search]
kinds = ["local", "odd"]
[mapping]
[[mapping.rule]]
domain = "nowhere"
runas = '{user}'
"#;
        let problems = Config::read(Path::new("/nowhere/config.toml"), text, &Process).unwrap_err();
        let mut paths: Vec<_> =
            problems.problems.iter().map(|problem| path_of(text, problem)).collect();
        paths.sort();
        paths.dedup();
        assert_eq!(
            paths,
            [
                "mapping",
                "max-results",
                "site[0].client-id",
                "site[0].client-secret",
                "site[0].name",
                "site[0].url",
                "vault[0].api-key",
                "vault[0].search.kinds",
                "vault[0].url",
            ]
        );
    }
}
