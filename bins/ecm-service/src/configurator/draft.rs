//! The settings as they are typed: the file's text with its comments, and secrets that are not
//! written anywhere yet.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};
use zeroize::Zeroizing;

use super::fields::{Field, Input, REPEATED, Section, sections};
use super::locate::path_of;
use crate::config::{Config, Problem, Process, Surroundings};
use crate::plugin::folder::DEFAULT_FOLDER;

/// Why a file cannot be taken up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// It cannot be read.
    #[error("{path} cannot be read: {cause}")]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// It is not TOML. What is wrong in it cannot be shown in a form.
    #[error("{path} is not TOML; correct it in an editor first: {cause}")]
    NotToml {
        /// Which one.
        path: PathBuf,
        /// Where and why.
        cause: Box<toml_edit::TomlError>,
    },
    /// A table is written in a way that the form cannot change.
    #[error("{path}: write each `{table}` as a [[{table}]] table of its own")]
    Shape {
        /// Which one.
        path: PathBuf,
        /// The table.
        table: &'static str,
    },
}

/// The settings as they are typed.
pub struct Draft {
    path: PathBuf,
    document: DocumentMut,
    /// What was on disk when it was taken up; `None` for a new file.
    pub(super) original: Option<String>,
    /// Secrets that were typed, by the file they will be kept in.
    pub(super) secrets: BTreeMap<PathBuf, SecretString>,
}

/// A new configuration begins with the tables that it must have.
const NEW: &str =
    "state-dir = \"/var/lib/ecm-service\"\n\n[[site]]\n\n[[vault]]\n\n[mapping]\nversion = 1\n";

impl Draft {
    /// Takes up the file at `path`.
    ///
    /// # Errors
    ///
    /// See [`DraftError`].
    pub fn load(path: &Path) -> Result<Self, DraftError> {
        let original = match std::fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(cause) => return Err(DraftError::Unreadable { path: path.to_owned(), cause }),
        };
        let document = Self::document(path, original.as_deref().unwrap_or(NEW))?;
        Ok(Self { path: path.to_owned(), document, original, secrets: BTreeMap::new() })
    }

    fn document(path: &Path, text: &str) -> Result<DocumentMut, DraftError> {
        let document: DocumentMut = text.parse().map_err(|cause| DraftError::NotToml {
            path: path.to_owned(),
            cause: Box::new(cause),
        })?;
        for table in REPEATED {
            if document.get(table).is_some_and(|item| item.as_array_of_tables().is_none()) {
                return Err(DraftError::Shape { path: path.to_owned(), table });
            }
        }
        Ok(document)
    }

    /// Puts another text in place of the draft; secrets that were typed are forgotten.
    ///
    /// # Errors
    ///
    /// See [`DraftError`]; the draft stays as it was.
    pub(super) fn replace(&mut self, text: &str) -> Result<(), DraftError> {
        self.document = Self::document(&self.path, text)?;
        self.secrets.clear();
        Ok(())
    }

    /// The file it is for.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that relative names count from.
    pub(super) fn base(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// What would be saved.
    #[must_use]
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// Whether it is otherwise than what is on disk.
    pub(super) fn is_changed(&self) -> bool {
        !self.secrets.is_empty() || self.original.as_deref() != Some(self.text().as_str())
    }

    pub(super) fn sections(&self) -> Vec<Section> {
        sections(|name| self.tables(name))
    }

    fn tables(&self, name: &str) -> usize {
        self.document
            .get(name)
            .and_then(Item::as_array_of_tables)
            .map_or(0, toml_edit::ArrayOfTables::len)
    }

    /// Whether the file has the table of a section; what is required of one counts only then.
    pub(super) fn has(&self, section: &Section) -> bool {
        self.table(&section.path).is_some()
    }

    /// What stands in the file for an input, as it is typed.
    pub(super) fn value(&self, field: &Field) -> String {
        let (above, name) = split(&field.path);
        let Some(item) = self.table(above).and_then(|table| table.get(name)) else {
            return String::new();
        };
        match (item.as_value(), &field.input) {
            (Some(Value::String(text)), _) => text.value().clone(),
            (Some(Value::Array(list)), Input::Lines) if list.iter().all(Value::is_str) => {
                list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
            }
            (Some(value), _) => value.to_string().trim().to_owned(),
            // A table with a header of its own, in one line as it can be typed.
            (None, _) => match item.clone().into_value() {
                Ok(Value::InlineTable(mut inline)) => {
                    inline.fmt();
                    Value::InlineTable(inline).to_string().trim().to_owned()
                }
                Ok(value) => value.to_string().trim().to_owned(),
                Err(item) => item.to_string().trim().to_owned(),
            },
        }
    }

    /// The `[mapping]` as text.
    pub(super) fn mapping(&self) -> String {
        let mut alone = DocumentMut::new();
        if let Some(mapping) = self.document.get("mapping") {
            alone.insert("mapping", mapping.clone());
        }
        alone.to_string().trim_start().to_owned()
    }

    /// Takes what was typed into an input. An empty one removes the key.
    ///
    /// # Errors
    ///
    /// Why it cannot be written into the file at all; whether it is right is another question.
    pub(super) fn set(&mut self, field: &Field, typed: &str) -> Result<(), String> {
        if self.value(field) == typed.replace("\r\n", "\n") {
            return Ok(());
        }
        let (above, name) = split(&field.path);
        let typed = typed.trim();
        if typed.is_empty() {
            if let Some(table) = self.table_mut(above, false) {
                table.remove(name);
                let is_empty = table.is_empty();
                self.drop_if_empty(above, is_empty);
            }
            return Ok(());
        }
        let value = match field.input {
            Input::Text | Input::Choice(_) => Value::from(typed),
            Input::Lines => {
                let lines = typed.lines().map(str::trim).filter(|line| !line.is_empty());
                Value::Array(lines.collect())
            }
            Input::Raw | Input::Flag | Input::Secret => {
                typed.parse::<Value>().map_err(|error| {
                    let advice = format!("write for example {}", field.key.example);
                    // The parser's words quote what was typed, which may be a secret by mistake.
                    match field.input {
                        Input::Secret => format!("this is no place of a secret; {advice}"),
                        _ => format!("{}; {advice}", error.to_string().trim()),
                    }
                })?
            }
        };
        if let Some(table) = self.table_mut(above, true) {
            table.insert(name, Item::Value(value));
        }
        Ok(())
    }

    /// Takes a secret that was typed: the file will name a place for it, and at saving it is put
    /// there.
    pub(super) fn set_secret(&mut self, field: &Field, secret: SecretString) {
        let file = self.secret_file(&field.path);
        let mut place = toml_edit::InlineTable::new();
        place.insert("file", file.to_string_lossy().as_ref().into());
        let (above, name) = split(&field.path);
        if let Some(table) = self.table_mut(above, true) {
            table.insert(name, Item::Value(Value::InlineTable(place)));
        }
        self.secrets.insert(file, secret);
    }

    /// `secrets/vault-main.api-key`: by the name of the table if it has one, else by its number.
    fn secret_file(&self, path: &str) -> PathBuf {
        let (above, key) = split(path);
        let owner = above.split('.').next().unwrap_or_default();
        let table = owner.split('[').next().unwrap_or_default();
        let own = self.table(owner);
        let named = own.and_then(|table| table.get("name").or_else(|| table.get("domain")));
        let name = named.and_then(Item::as_str).unwrap_or(owner);
        let below = above.strip_prefix(owner).unwrap_or_default().replace('.', "-");
        let tame = |text: &str| -> String {
            let is_tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            text.chars().map(|c| if is_tame(c) { c } else { '_' }).collect()
        };
        PathBuf::from(format!("secrets/{table}-{}{}.{key}", tame(name), tame(&below)))
    }

    /// Puts another text in place of `[mapping]`.
    ///
    /// # Errors
    ///
    /// Where it is not TOML, or is more than `[mapping]`.
    pub(super) fn set_mapping(&mut self, typed: &str) -> Result<(), String> {
        let typed = typed.replace("\r\n", "\n");
        if typed.trim() == self.mapping().trim() {
            return Ok(());
        }
        let mut alone: DocumentMut = typed.parse().map_err(|error: toml_edit::TomlError| {
            format!("this is not TOML: {}", error.to_string().trim())
        })?;
        if let Some((other, _)) = alone.iter().find(|(name, _)| *name != "mapping") {
            return Err(format!("`{other}` does not belong to [mapping]"));
        }
        match alone.remove("mapping") {
            Some(mapping) => self.document.insert("mapping", mapping),
            None => self.document.remove("mapping"),
        };
        Ok(())
    }

    /// Adds an empty table of this name at the end.
    pub(super) fn add_table(&mut self, name: &str) {
        if !REPEATED.contains(&name) {
            return;
        }
        let item = self.document.entry(name).or_insert(Item::ArrayOfTables(Default::default()));
        if let Some(tables) = item.as_array_of_tables_mut() {
            tables.push(Table::new());
        }
    }

    /// Adds a vault that is this plugin.
    pub(super) fn add_plugin(&mut self, plugin: &str) {
        self.add_table("vault");
        let tables = self.document.get_mut("vault").and_then(Item::as_array_of_tables_mut);
        let last = tables.and_then(|tables| tables.len().checked_sub(1).map(|at| (tables, at)));
        if let Some(table) = last.and_then(|(tables, at)| tables.get_mut(at)) {
            for (key, value) in [("name", plugin), ("kind", "plugin"), ("plugin", plugin)] {
                table.insert(key, Item::Value(Value::from(value)));
            }
        }
    }

    /// Where plugins are looked for.
    pub(super) fn plugins_folder(&self) -> PathBuf {
        let written = self.document.get("plugins").and_then(|table| table.get("folder"));
        let written = written.and_then(Item::as_str).unwrap_or(DEFAULT_FOLDER);
        self.base().join(written)
    }

    /// Removes a table, by its place among those of its name.
    pub(super) fn remove_table(&mut self, name: &str, number: usize) {
        if let Some(tables) = self.document.get_mut(name).and_then(Item::as_array_of_tables_mut)
            && number < tables.len()
        {
            tables.remove(number);
        }
    }

    /// Checks the draft as it is, with the secrets that were typed. A trial needs no site, so for
    /// one whatever is typed about sites is left aside.
    pub(super) fn check(&self, for_trial: bool) -> Result<Config, Vec<(String, Problem)>> {
        let text = if for_trial {
            let mut alone = self.document.clone();
            alone.remove("site");
            alone.to_string()
        } else {
            self.text()
        };
        let typed = Typed { base: self.base(), secrets: &self.secrets };
        let read = if for_trial {
            Config::read_for_trial(&self.path, &text, &typed)
        } else {
            Config::read(&self.path, &text, &typed)
        };
        read.map_err(|problems| {
            let placed = problems.problems.into_iter();
            placed.map(|problem| (path_of(&text, &problem), problem)).collect()
        })
    }

    fn table(&self, path: &str) -> Option<&dyn TableLike> {
        let mut here: &dyn TableLike = self.document.as_table();
        for step in path.split('.').filter(|step| !step.is_empty()) {
            let (name, number) = step_of(step);
            let item = here.get(name)?;
            here = match number {
                Some(number) => item.as_array_of_tables()?.get(number)?,
                None => item.as_table_like()?,
            };
        }
        Some(here)
    }

    fn table_mut(&mut self, path: &str, make: bool) -> Option<&mut dyn TableLike> {
        let mut here: &mut dyn TableLike = self.document.as_table_mut();
        for step in path.split('.').filter(|step| !step.is_empty()) {
            let (name, number) = step_of(step);
            if make && !here.contains_key(name) {
                here.insert(name, Item::Table(Table::new()));
            }
            let item = here.get_mut(name)?;
            here = match number {
                Some(number) => item.as_array_of_tables_mut()?.get_mut(number)?,
                None => item.as_table_like_mut()?,
            };
        }
        Some(here)
    }

    /// A table that was emptied, such as `[vault.oauth]`, would still be there and incomplete.
    fn drop_if_empty(&mut self, path: &str, is_empty: bool) {
        if !is_empty || path.is_empty() || path.ends_with(']') {
            return;
        }
        let (above, name) = split(path);
        if let Some(table) = self.table_mut(above, false) {
            table.remove(name);
        }
    }
}

/// `vault[0].search.kinds` is `kinds` of `vault[0].search`.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

fn step_of(step: &str) -> (&str, Option<usize>) {
    match step.split_once('[') {
        Some((name, number)) => (name, number.trim_end_matches(']').parse().ok()),
        None => (step, None),
    }
}

/// The environment of this process, with secrets that are typed and not kept anywhere yet.
struct Typed<'d> {
    base: &'d Path,
    secrets: &'d BTreeMap<PathBuf, SecretString>,
}

impl Surroundings for Typed<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        Process.variable(name)
    }

    fn typed_secret(&self, path: &Path) -> Option<Zeroizing<Vec<u8>>> {
        let kept = self.secrets.iter().find(|(file, _)| self.base.join(file) == path)?;
        Some(Zeroizing::new(kept.1.expose_secret().as_bytes().to_vec()))
    }
}
