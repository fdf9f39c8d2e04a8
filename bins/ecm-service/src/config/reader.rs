//! Walks the parsed file and takes keys out of it; whatever nobody took is an unknown key.
//!
//! Nothing here stops at a problem: every reader notes it and answers `None`, so that one run
//! tells the operator everything.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{self, Absent, Key, Table};
use super::problem::Findings;

mod secret_reference;

/// A value and where it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Byte range in the file.
    pub span: Range<usize>,
}

/// Reads one table.
#[derive(Debug)]
pub struct TableReader<'a, 't> {
    kind: &'static Table,
    table: &'a DeTable<'t>,
    span: Range<usize>,
    findings: &'a Findings<'t>,
    taken: BTreeSet<&'static str>,
}

impl<'a, 't> TableReader<'a, 't> {
    /// Starts to read `table`, which is one of the tables of [`key::TABLES`].
    #[must_use]
    pub fn new(
        kind: &'static Table,
        table: &'a DeTable<'t>,
        span: Range<usize>,
        findings: &'a Findings<'t>,
    ) -> Self {
        Self { kind, table, span, findings, taken: BTreeSet::new() }
    }

    /// Where the table's header stands.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The list problems go to.
    #[must_use]
    pub fn findings(&self) -> &'a Findings<'t> {
        self.findings
    }

    /// Notes a problem at `at`.
    pub fn problem(&self, at: Range<usize>, message: impl Into<String>, advice: impl Into<String>) {
        self.findings.add(at, message, advice);
    }

    /// Whether the key is written in the file.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.table.get(name).is_some()
    }

    /// Where the value of `key` stands, or else the table's header.
    #[must_use]
    pub fn span_of(&self, key: &Key) -> Range<usize> {
        self.table.get(key.name).map_or(self.span.clone(), Spanned::span)
    }

    fn raw(&mut self, key: &'static Key) -> Option<&'a Spanned<DeValue<'t>>> {
        debug_assert!(
            self.kind.keys.iter().any(|known| known.name == key.name),
            "`{}` is read from [{}] but not listed there",
            key.name,
            self.kind.name
        );
        self.taken.insert(key.name);
        let value = self.table.get(key.name);
        if value.is_none() && key.absent == Absent::Refused {
            self.problem(
                self.span.clone(),
                format!("`{}` is missing in {}", key.name, self.title()),
                format!("add for example: {} = {}", key.name, key.example),
            );
        }
        value
    }

    fn title(&self) -> String {
        if self.kind.header.is_empty() {
            "the top of the file".to_owned()
        } else {
            self.kind.header.to_owned()
        }
    }

    fn wrong_kind(&self, key: &Key, value: &Spanned<DeValue<'t>>) {
        self.problem(
            value.span(),
            format!("`{}` must be {}, not {}", key.name, key.value, article(value.get_ref())),
            format!("write for example: {} = {}", key.name, key.example),
        );
    }

    /// Takes a string that is not empty.
    pub fn text(&mut self, key: &'static Key) -> Option<At<&'a str>> {
        let value = self.raw(key)?;
        match value.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Some(At { value: text, span: value.span() }),
            Some(_) => {
                self.problem(
                    value.span(),
                    format!("`{}` is empty", key.name),
                    format!("write for example: {} = {}", key.name, key.example),
                );
                None
            }
            None => {
                self.wrong_kind(key, value);
                None
            }
        }
    }

    /// Takes a path.
    pub fn path(&mut self, key: &'static Key) -> Option<At<PathBuf>> {
        self.text(key).map(|text| At { value: PathBuf::from(text.value), span: text.span })
    }

    /// Takes a list of texts, at least one.
    pub fn texts(&mut self, key: &'static Key) -> Option<Vec<At<&'a str>>> {
        let value = self.raw(key)?;
        let list = value.get_ref().as_array().filter(|list| !list.is_empty());
        let texts = list.into_iter().flat_map(|list| list.iter()).map(|entry| {
            entry.get_ref().as_str().map(|text| At { value: text, span: entry.span() })
        });
        let texts: Option<Vec<_>> = texts.collect();
        let texts = texts.filter(|texts| !texts.is_empty());
        if texts.is_none() {
            self.wrong_kind(key, value);
        }
        texts
    }

    /// Takes `true` or `false`.
    pub fn switch(&mut self, key: &'static Key) -> Option<At<bool>> {
        let value = self.raw(key)?;
        let read = value.get_ref().as_bool();
        if read.is_none() {
            self.wrong_kind(key, value);
        }
        read.map(|read| At { value: read, span: value.span() })
    }

    /// Takes a whole number within `range`.
    pub fn number<N>(&mut self, key: &'static Key, range: RangeInclusive<N>) -> Option<N>
    where
        N: TryFrom<i64> + PartialOrd + std::fmt::Display,
    {
        let value = self.raw(key)?;
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_kind(key, value);
            return None;
        };
        let read = i64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .and_then(|number| N::try_from(number).ok())
            .filter(|number| range.contains(number));
        if read.is_none() {
            self.problem(
                value.span(),
                format!("`{}` is out of range", key.name),
                format!("write a number from {} to {}", range.start(), range.end()),
            );
        }
        read
    }

    /// Takes a length of time within `range`, written like `"20s"` or `"1h 30m"`.
    pub fn duration(
        &mut self,
        key: &'static Key,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let text = self.text(key)?;
        let problem = match crate::cli::parse_duration(text.value) {
            Ok(length) if range.contains(&length) => return Some(length),
            Ok(_) => format!("`{}` is out of range", key.name),
            Err(sentence) => sentence,
        };
        self.problem(text.span, problem, format!("write {}", key.value));
        None
    }

    /// Takes one word out of a closed list.
    pub fn choice<T: Clone>(
        &mut self,
        key: &'static Key,
        choices: &[(&'static str, T)],
    ) -> Option<At<T>> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(word, _)| *word == text.value);
        match found {
            Some((_, choice)) => Some(At { value: choice.clone(), span: text.span }),
            None => {
                self.refuse_choice(key, &text, choices.iter().map(|(word, _)| *word));
                None
            }
        }
    }

    /// Takes a list of words, each out of a closed list, at least one.
    pub fn choices<T: Clone>(
        &mut self,
        key: &'static Key,
        choices: &[(&'static str, T)],
    ) -> Option<Vec<T>> {
        let value = self.raw(key)?;
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_kind(key, value);
            return None;
        };
        let mut chosen = Vec::new();
        for entry in list.iter() {
            let Some(text) = entry.get_ref().as_str() else {
                self.wrong_kind(key, entry);
                continue;
            };
            match choices.iter().find(|(word, _)| *word == text) {
                Some((_, choice)) => chosen.push(choice.clone()),
                None => {
                    let at = At { value: text, span: entry.span() };
                    self.refuse_choice(key, &at, choices.iter().map(|(word, _)| *word));
                }
            }
        }
        if list.is_empty() {
            self.problem(
                value.span(),
                format!("`{}` is an empty list", key.name),
                format!("write for example: {} = {}", key.name, key.example),
            );
            return None;
        }
        Some(chosen)
    }

    /// Takes a table whose keys and values are free words.
    pub fn words(&mut self, key: &'static Key) -> Option<BTreeMap<String, String>> {
        let value = self.raw(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_kind(key, value);
            return None;
        };
        let mut words = BTreeMap::new();
        for (name, entry) in table.iter() {
            match entry.get_ref().as_str() {
                Some(text) => {
                    words.insert(name.get_ref().clone().into_owned(), text.to_owned());
                }
                None => self.wrong_kind(key, entry),
            }
        }
        Some(words)
    }

    fn refuse_choice(
        &self,
        key: &Key,
        text: &At<&str>,
        choices: impl Iterator<Item = &'static str> + Clone,
    ) {
        let advice = match nearest(text.value, choices.clone()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => {
                let words: Vec<String> = choices.map(|word| format!("\"{word}\"")).collect();
                format!("write one of {}", words.join(", "))
            }
        };
        let shown: String = text.value.chars().take(60).collect();
        self.problem(text.span.clone(), format!("`{shown}` is no value of `{}`", key.name), advice);
    }

    /// Takes a sub-table, if it is there.
    pub fn table(&mut self, name: &'static str) -> Option<Self> {
        self.taken.insert(name);
        let value = self.table.get(name)?;
        match value.get_ref().as_table() {
            Some(table) => {
                Some(TableReader::new(self.below(name), table, value.span(), self.findings))
            }
            None => {
                self.problem(
                    value.span(),
                    format!("`{name}` must be a table"),
                    format!("write {}", self.below(name).header),
                );
                None
            }
        }
    }

    /// Takes a repeated sub-table.
    pub fn tables(&mut self, name: &'static str) -> Vec<Self> {
        self.taken.insert(name);
        let Some(value) = self.table.get(name) else { return Vec::new() };
        let kind = self.below(name);
        let mut readers = Vec::new();
        let wrong = |at: Range<usize>| {
            self.problem(
                at,
                format!("`{name}` must be a repeated table"),
                format!("write {} with double brackets", kind.header),
            );
        };
        match value.get_ref() {
            DeValue::Array(list) => {
                for entry in list.iter() {
                    match entry.get_ref().as_table() {
                        Some(table) => {
                            readers.push(TableReader::new(
                                kind,
                                table,
                                entry.span(),
                                self.findings,
                            ));
                        }
                        None => wrong(entry.span()),
                    }
                }
            }
            _ => wrong(value.span()),
        }
        readers
    }

    /// Takes a table that somebody else reads, as it stands.
    pub fn foreign(&mut self, name: &'static str) -> Option<&'a Spanned<DeValue<'t>>> {
        self.taken.insert(name);
        self.table.get(name)
    }

    fn below(&self, name: &str) -> &'static Table {
        if self.kind.name.is_empty() {
            key::table(name)
        } else {
            key::table(&format!("{}.{name}", self.kind.name))
        }
    }

    /// Ends the reading: every key nobody took is refused, with the nearest known one.
    pub fn finish(self) {
        for (name, _) in self.table.iter() {
            let written = name.get_ref().as_ref();
            if self.taken.contains(written) {
                continue;
            }
            let refused = key::REFUSED
                .iter()
                .find(|(table, key, _)| *table == self.kind.name && *key == written);
            let known = self.kind.keys.iter().map(|key| key.name);
            let known = known.chain(self.kind.tables.iter().copied());
            let advice = match (refused, nearest(written, known.clone())) {
                (Some((_, _, advice)), _) => (*advice).to_owned(),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => {
                    let known: Vec<&str> = known.clone().collect();
                    format!("known here: {}", known.join(", "))
                }
            };
            let shown: String = written.chars().take(60).collect();
            if known.clone().any(|known| known == written) {
                let message = format!("`{shown}` goes with another kind of {}", self.title());
                self.problem(name.span(), message, "remove it, or correct `kind`");
                continue;
            }
            self.problem(name.span(), format!("unknown key `{shown}` in {}", self.title()), advice);
        }
    }
}

/// The word most like `written`, if one is like it at all.
#[must_use]
pub fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let written = written.to_lowercase().replace('_', "-");
    known
        .map(|word| (strsim::jaro_winkler(&written, word), word))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word)
}

fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
