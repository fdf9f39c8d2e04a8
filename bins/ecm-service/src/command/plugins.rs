//! `plugins`: which there are, why one cannot be loaded, and whether one keeps to the protocol.

use std::path::{Path, PathBuf};

use serde::Serialize;
use source_plugin::{Capability, SettingSpec};

use super::{answer, answer_json, complain};
use crate::cli::plugins::{CheckArgs, ConformArgs, ListArgs, PluginsCommand, WhereArgs};
use crate::config::{Config, Process};
use crate::exit::Exit;
use crate::plugin::conform::conform;
use crate::plugin::folder::{DEFAULT_FOLDER, FolderError, Installed, discover, load_by_name};
use crate::plugin::keeper::Plugin;
use crate::plugin::visit::{Visit, to_visit, visit};

pub(super) fn plugins(command: &PluginsCommand) -> Exit {
    match command {
        PluginsCommand::List(args) => list(args),
        PluginsCommand::Check(args) => check(args),
        PluginsCommand::Conform(args) => try_conformance(args),
    }
}

/// One plugin as it lies in its folder.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row<'p> {
    name: &'p str,
    loads: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'p str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    capabilities: Vec<Capability>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    settings: Vec<&'p SettingSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    visits: Vec<Visit>,
}

impl<'p> Row<'p> {
    fn of(name: &'p str, found: &'p Result<Installed, FolderError>) -> Self {
        let manifest = found.as_ref().ok().map(|installed| &installed.manifest);
        let error = found.as_ref().err();
        Self {
            name,
            loads: found.is_ok(),
            version: manifest.map(|manifest| manifest.version.as_str()),
            description: manifest.map(|manifest| manifest.description.as_str()),
            capabilities: manifest.map(|one| one.capabilities.clone()).unwrap_or_default(),
            settings: manifest.map(|one| one.settings.iter().collect()).unwrap_or_default(),
            problem: error.map(ToString::to_string),
            advice: error.map(FolderError::advice),
            visits: Vec::new(),
        }
    }

    fn text(&self) -> String {
        let mut text = match (self.version, &self.problem, &self.advice) {
            (Some(version), ..) => {
                format!("{} {version}  {}\n", self.name, self.description.unwrap_or_default())
            }
            (None, problem, advice) => format!(
                "{}  cannot be loaded: {}\n    advice: {}\n",
                self.name,
                problem.as_deref().unwrap_or_default(),
                advice.as_deref().unwrap_or_default()
            ),
        };
        for setting in &self.settings {
            let must = if setting.required { "required" } else { "optional" };
            let what = if setting.secret { "secret reference" } else { setting.kind.words() };
            text.push_str(&format!("    {}: {what}, {must}. {}\n", setting.name, setting.help));
        }
        for visit in &self.visits {
            text.push_str(&match &visit.problem {
                None => format!("    {}: serves\n", visit.vault),
                Some(problem) => format!("    {}: does not serve: {problem}\n", visit.vault),
            });
            for line in &visit.said {
                text.push_str(&format!("        it said: {line}\n"));
            }
        }
        text
    }
}

fn folder_of(place: &WhereArgs) -> Result<PathBuf, Exit> {
    match (&place.folder, &place.config) {
        (Some(folder), _) => Ok(folder.clone()),
        (None, Some(file)) => Config::plugins_folder_of(file, &Process)
            .map_err(|problems| complain(&problems.to_string(), Exit::Config)),
        (None, None) => Ok(PathBuf::from(DEFAULT_FOLDER)),
    }
}

fn list(args: &ListArgs) -> Exit {
    let folder = match folder_of(&args.place) {
        Ok(folder) => folder,
        Err(exit) => return exit,
    };
    let found = match discover(&folder) {
        Ok(found) => found,
        Err(error) => {
            return complain(&format!("{error}; {}", error.advice()), Exit::Unavailable);
        }
    };
    let rows: Vec<_> = found.iter().map(|(name, found)| Row::of(name, found)).collect();
    if args.json {
        return answer_json(&rows);
    }
    if rows.is_empty() {
        return answer(&format!("there is no plugin in {}", folder.display()));
    }
    answer(&rows.iter().map(Row::text).collect::<String>())
}

fn check(args: &CheckArgs) -> Exit {
    let folder = match folder_of(&args.place) {
        Ok(folder) => folder,
        Err(exit) => return exit,
    };
    let found = load_by_name(&folder, &args.name);
    let mut row = Row::of(&args.name, &found);
    if let Ok(installed) = &found {
        let to_visit = match plugins_to_visit(installed, args.place.config.as_deref()) {
            Ok(to_visit) => to_visit,
            Err(exit) => return exit,
        };
        match runtime() {
            Ok(runtime) => {
                for plugin in &to_visit {
                    row.visits.push(runtime.block_on(visit(plugin)));
                }
            }
            Err(exit) => return exit,
        }
    }
    let said = if args.json { answer_json(&row) } else { answer(&row.text()) };
    match said {
        Exit::Ok if !row.loads || row.visits.iter().any(|visit| !visit.serves) => Exit::Failed,
        said => said,
    }
}

fn plugins_to_visit(installed: &Installed, config: Option<&Path>) -> Result<Vec<Plugin>, Exit> {
    let config = config.map(|file| Config::load(file, &Process)).transpose();
    let config = config.map_err(|problems| complain(&problems.to_string(), Exit::Config))?;
    Ok(to_visit(installed, config.as_ref()))
}

fn try_conformance(args: &ConformArgs) -> Exit {
    let report = match runtime() {
        Ok(runtime) => runtime.block_on(conform(&args.path)),
        Err(exit) => return exit,
    };
    let said = if args.json { answer_json(&report) } else { answer(&report.to_string()) };
    match said {
        Exit::Ok if !report.conforms => Exit::Failed,
        said => said,
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Exit> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| complain(&error.to_string(), Exit::Internal))
}
