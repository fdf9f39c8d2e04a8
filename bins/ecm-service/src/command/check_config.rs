//! `check-config`: every problem of a configuration file, or a short summary of what it says.

use serde::Serialize;

use super::{answer, answer_json, complain};
use crate::cli::CheckConfigArgs;
use crate::config::{Config, Problem, Process};
use crate::exit::Exit;

#[derive(Serialize)]
struct Report<'r> {
    ok: bool,
    problems: &'r [Problem],
    warnings: &'r [Problem],
}

pub(super) fn check_config(args: &CheckConfigArgs) -> Exit {
    match Config::load(&args.config, &Process) {
        Ok(config) if args.json => {
            answer_json(&Report { ok: true, problems: &[], warnings: &config.warnings })
        }
        Ok(config) => {
            for warning in &config.warnings {
                complain(&format!("warning: {warning}\n"), Exit::Ok);
            }
            answer(&summary(args, &config))
        }
        Err(problems) if args.json => {
            let report = Report { ok: false, problems: &problems.problems, warnings: &[] };
            match answer_json(&report) {
                Exit::Ok => Exit::Config,
                other => other,
            }
        }
        Err(problems) => complain(&problems.to_string(), Exit::Config),
    }
}

fn summary(args: &CheckConfigArgs, config: &Config) -> String {
    let mut text = format!("{} is good.\n", args.config.display());
    text.push_str(&format!("state folder  {}\n", config.state_dir.display()));
    for site in &config.sites {
        text.push_str(&format!("site {:<8} {}\n", site.name, site.address));
    }
    for vault in &config.vaults {
        text.push_str(&format!("vault {:<7} {}\n", vault.name, vault.place()));
    }
    text
}
