//! The configuration explained: the commented example and the table of keys, both printed from
//! [`key`](super::key).

use std::fmt::Write;

use serde::Serialize;

use super::key::{Absent, Key, TABLES, Table};

/// One key as data, for `config-reference --format json`.
#[derive(Debug, Serialize)]
pub struct KeyEntry {
    /// Table and key with dots between them.
    pub key: String,
    /// What may stand behind it.
    pub value: &'static str,
    /// Whether the file is refused without it.
    pub required: bool,
    /// What holds when it is absent, in words.
    pub absent: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// A value as it would be written.
    pub example: &'static str,
}

/// Every key as data, in the order of the example.
#[must_use]
pub fn entries() -> Vec<KeyEntry> {
    TABLES.iter().flat_map(|table| table.keys.iter().map(move |key| entry(table, key))).collect()
}

fn entry(table: &Table, key: &Key) -> KeyEntry {
    let dot = if table.name.is_empty() { "" } else { "." };
    KeyEntry {
        key: format!("{}{dot}{}", table.name, key.name),
        value: key.value,
        required: key.absent == Absent::Refused,
        absent: match key.absent {
            Absent::Refused => "required",
            Absent::Default(text) | Absent::Means(text) => text,
        },
        meaning: key.meaning,
        example: key.example,
    }
}

/// The commented example. Required keys are set, all others are commented out with their default
/// or an example.
#[must_use]
pub fn example() -> String {
    let mut text = String::from(
        "# Configuration of ecm-service. TOML 1.1. Check it with: ecm-service check-config\n\
         # Relative file names count from the folder of this file. Secrets never stand here:\n\
         # the file names the place where one is kept.\n",
    );
    for table in TABLES {
        // `[vault.oauth]` and `api-key` exclude each other, so one of them must stay commented out.
        let off = if table.name == "vault.oauth" { "# " } else { "" };
        text.push('\n');
        comment(&mut text, table.meaning);
        if !table.header.is_empty() {
            let _ = writeln!(text, "{off}{}", table.header);
        }
        for key in table.keys {
            comment(&mut text, key.meaning);
            let (state, shown) = match key.absent {
                Absent::Refused => ("Required.".to_owned(), off),
                Absent::Default(default) => (format!("Default: {default}."), "# "),
                Absent::Means(words) => (format!("When absent: {words}."), "# "),
            };
            comment(&mut text, &format!("{}. {state}", key.value));
            let set_anyway = matches!(key.name, "state-dir" | "url" | "api-key" | "urls");
            let shown = if set_anyway { "" } else { shown };
            let _ = writeln!(text, "{shown}{} = {}", key.name, key.example);
        }
    }
    text.push_str(MAPPING_EXAMPLE);
    text
}

fn comment(text: &mut String, sentence: &str) {
    let mut line = String::from("#");
    for word in sentence.split_whitespace() {
        if line.len() + word.len() > 98 {
            let _ = writeln!(text, "{line}");
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}

/// The table of all keys as Markdown, for `docs/operate/configuration.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::new();
    for table in TABLES {
        let title = if table.header.is_empty() { "Top of the file" } else { table.header };
        let _ = writeln!(text, "## {title}\n\n{}\n", table.meaning);
        text.push_str("| key | value | when absent | meaning |\n| --- | --- | --- | --- |\n");
        for key in table.keys {
            let entry = entry(table, key);
            let cells = [entry.value, entry.absent, entry.meaning].map(|c| c.replace('|', "\\|"));
            let _ = writeln!(text, "| `{}` | {} |", key.name, cells.join(" | "));
        }
        text.push('\n');
    }
    text
}

/// The rules from console names to vault users. Its keys belong to the library `user-mapping`.
const MAPPING_EXAMPLE: &str = r#"
# Who is who: from the name the site states to a vault user. What no rule covers gets nothing.
[mapping]
version = 1

# The domains that exist for us.
[[mapping.domain]]
id = "acme"
netbios = "ACME"
dns = ["acme.example.com"]
suffix = ["acme-inc.example.com"]

# The first rule whose conditions all hold decides.
[[mapping.rule]]
name = "staff"
domain = "acme"
from = ["name", "dn"]
user = '(?<u>[a-z][a-z0-9._-]{0,19})'
runas = '{netbios}\{u}'
"#;
