//! `vault-file check`: what is in an encrypted file, without any secret.

use std::path::PathBuf;

use serde::Serialize;

use super::{answer, answer_json, complain};
use crate::cli::vault_file::{CheckArgs, VaultFileCommand};
use crate::config::vault::{FileVaultConfig, VaultKind};
use crate::config::{Config, Process};
use crate::exit::Exit;
use crate::file_vault::entries::Entry;
use crate::file_vault::shelf::read;

pub(super) fn vault_file(command: &VaultFileCommand) -> Exit {
    match command {
        VaultFileCommand::Check(args) => check(args),
    }
}

/// One file.
#[derive(Serialize)]
struct Report {
    vault: String,
    file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    entries: Vec<Line>,
}

/// One entry, without its secrets.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Line {
    id: String,
    account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    hosts: Vec<String>,
    has_password: bool,
    has_ssh_key: bool,
    lease: &'static str,
}

impl Line {
    fn of(entry: &Entry) -> Self {
        Self {
            id: entry.id.clone(),
            account: entry.account.clone(),
            domain: entry.domain.clone(),
            hosts: entry.hosts.iter().map(ToString::to_string).collect(),
            has_password: entry.password.is_some(),
            has_ssh_key: entry.ssh_key.is_some(),
            lease: if entry.is_exclusive { "exclusive" } else { "shared" },
        }
    }
}

fn check(args: &CheckArgs) -> Exit {
    let config = match Config::load(&args.config, &Process) {
        Ok(config) => config,
        Err(problems) => return complain(&problems.to_string(), Exit::Config),
    };
    let mut reports = Vec::new();
    for vault in &config.vaults {
        let is_meant = args.vault.as_ref().is_none_or(|name| *name == vault.name);
        if let (VaultKind::File(config), true) = (&vault.kind, is_meant) {
            reports.push(report(&vault.name, config, args.file.as_ref()));
        }
    }
    if reports.is_empty() {
        return complain("there is no such vault that is a file", Exit::Usage);
    }
    let said = if args.json {
        answer_json(&reports)
    } else {
        answer(&reports.iter().map(text).collect::<String>())
    };
    match said {
        Exit::Ok if reports.iter().any(|report| report.problem.is_some()) => Exit::Failed,
        said => said,
    }
}

fn report(vault: &str, config: &FileVaultConfig, other: Option<&PathBuf>) -> Report {
    let file = other.unwrap_or(&config.file).clone();
    let (problem, entries) = match read(&file, &config.unlock) {
        Ok(entries) => (None, entries.iter().map(Line::of).collect()),
        Err(error) => (Some(error.to_string()), Vec::new()),
    };
    Report { vault: vault.to_owned(), file, problem, entries }
}

fn text(report: &Report) -> String {
    if let Some(problem) = &report.problem {
        return format!("{}: {problem}\n", report.vault);
    }
    let count = report.entries.len();
    let mut text = format!("{}: {count} entries in {}\n", report.vault, report.file.display());
    for line in &report.entries {
        let domain = line.domain.as_ref().map(|domain| format!("{domain}\\")).unwrap_or_default();
        let kinds = match (line.has_password, line.has_ssh_key) {
            (true, true) => "password and key",
            (_, true) => "key",
            _ => "password",
        };
        text.push_str(&format!(
            "    {}: {domain}{} on {}, {kinds}, {}\n",
            line.id,
            line.account,
            line.hosts.join(" "),
            line.lease
        ));
    }
    text
}
