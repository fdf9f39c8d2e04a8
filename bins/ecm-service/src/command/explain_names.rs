//! `explain-name --from`: who many users are, and who meets whom in one vault user.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;

use ecm_core::mapping::WithDirectories;
use serde::Serialize;
use tokio::runtime::Runtime;
use unicode_width::UnicodeWidthStr as _;
use user_mapping::{Outcome, StatedUser};

use super::{answer, answer_json, complain};
use crate::exit::Exit;

/// The most that is read: some hundred thousand users.
const LONGEST: u64 = 64 * 1024 * 1024;

/// One user, and who that is for the vault.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    outcome: Outcome,
    /// The first line, counted from 1, whose user is another person with the same vault user.
    #[serde(skip_serializing_if = "Option::is_none")]
    same_vault_user_as: Option<usize>,
}

pub(super) fn explain_names(
    file: &Path,
    json: bool,
    mapping: &WithDirectories,
    runtime: &Runtime,
) -> Exit {
    let text = match read(file) {
        Ok(text) => text,
        Err(error) => {
            return complain(&format!("{} cannot be read: {error}", file.display()), Exit::Usage);
        }
    };
    let mut lines = Vec::new();
    for stated in text.lines().filter(|line| !line.is_empty()).map(stated) {
        let outcome = runtime.block_on(mapping.resolve(&stated, false)).outcome;
        let StatedUser { username: name, dn, provider } = stated;
        lines.push(Line { name, dn, provider, outcome, same_vault_user_as: None });
    }
    mark_meetings(&mut lines);
    let is_clean = lines
        .iter()
        .all(|line| matches!(line.outcome, Outcome::User(_)) && line.same_vault_user_as.is_none());
    let said = if json { answer_json(&lines) } else { answer(&table(&lines)) };
    match said {
        Exit::Ok if !is_clean => Exit::Nobody,
        said => said,
    }
}

fn read(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(LONGEST).read_to_string(&mut text)
    } else {
        std::fs::File::open(file)?.take(LONGEST).read_to_string(&mut text)
    }?;
    if read as u64 == LONGEST {
        return Err(std::io::Error::other("it is longer than 64 MiB"));
    }
    Ok(text)
}

fn stated(line: &str) -> StatedUser<'_> {
    let mut parts = line.split('\t');
    let username = parts.next().unwrap_or_default();
    let mut optional = || parts.next().filter(|part| !part.is_empty());
    let (dn, provider) = (optional(), optional());
    StatedUser { username, dn, provider }
}

/// Two persons must not meet in one vault user, unless a rule says that it is shared.
fn mark_meetings(lines: &mut [Line<'_>]) {
    let mut owners: HashMap<String, (usize, String)> = HashMap::new();
    for (place, line) in lines.iter_mut().enumerate() {
        let Outcome::User(found) = &line.outcome else { continue };
        if found.is_shared() {
            continue;
        }
        let person = format!("{}\\{}", found.domain_id().unwrap_or_default(), found.user());
        for account in found.accounts() {
            let owner = owners.entry(account.clone()).or_insert_with(|| (place, person.clone()));
            if owner.1 != person {
                line.same_vault_user_as = Some(owner.0 + 1);
            }
        }
    }
}

fn table(lines: &[Line<'_>]) -> String {
    let shown: Vec<[String; 3]> = lines
        .iter()
        .map(|line| {
            // Control characters and invisible ones must not reach a terminal.
            let name = line.name.escape_debug().to_string().replace(r"\\", r"\");
            match &line.outcome {
                Outcome::User(found) => {
                    let note = match line.same_vault_user_as {
                        Some(other) => format!("collides with line {other}"),
                        None => found.decided_by().to_string(),
                    };
                    [name, found.runas().to_owned(), note]
                }
                Outcome::Nobody(refusal) => [name, "nobody".to_owned(), refusal.to_string()],
            }
        })
        .collect();
    let width = |column: usize| {
        shown.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
    };
    let (first, second) = (width(0), width(1));
    let mut text = String::new();
    for [name, vault_user, note] in &shown {
        let [one, two] = [(name, first), (vault_user, second)]
            .map(|(cell, width)| " ".repeat(width - cell.width()));
        text.push_str(&format!("{name}{one}  {vault_user}{two}  {note}\n"));
    }
    let nobody = lines.iter().filter(|line| matches!(line.outcome, Outcome::Nobody(_))).count();
    let meet = lines.iter().filter(|line| line.same_vault_user_as.is_some()).count();
    text.push_str(&format!("{} users, {nobody} nobody, {meet} in collision\n", lines.len()));
    text
}
