//! `test`: the settings, tried without a site.

use std::path::PathBuf;

use serde::Serialize;

use super::{answer, answer_json, complain};
use crate::cli::TestArgs;
use crate::config::{Config, Process};
use crate::exit::Exit;
use crate::trial::{
    Case, CaseFile, Expected, FieldProblem, Outcome, Record, RetrieveReport, Trial, TrialError,
    TrialQuestion, TrialReport,
};

pub(super) fn test(args: &TestArgs) -> Exit {
    let config = match Config::load_for_trial(&args.config, &Process) {
        Ok(config) => config,
        Err(problems) => return complain(&problems.to_string(), Exit::Config),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.to_string(), Exit::Internal),
    };
    let roots = service_host::tls::machine_roots();
    runtime.block_on(async {
        let trial = match Trial::open(&config, &roots).await {
            Ok(trial) => trial,
            Err(error) => return complain(&error.to_string(), exit_of(&error)),
        };
        let record = Record::of(&config.state_dir);
        let exit = if args.user.is_some() {
            one(args, &trial, &record).await
        } else {
            saved(args, &trial, &record).await
        };
        let left = trial.close().await;
        if left > 0 {
            let words = format!("{left} release requests could not be given back; try again soon");
            return complain(&words, Exit::Failed);
        }
        exit
    })
}

fn exit_of(error: &TrialError) -> Exit {
    match error {
        TrialError::Vault(_) | TrialError::Directory(_) | TrialError::CredentialIdKey(_) => {
            Exit::Config
        }
        _ => Exit::CannotWrite,
    }
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    report: &'a TrialReport,
    retrieved: &'a [RetrieveReport],
}

/// One question from the command line.
async fn one(args: &TestArgs, trial: &Trial, record: &Record) -> Exit {
    let question = TrialQuestion {
        user: args.user.clone().unwrap_or_default(),
        dn: args.dn.clone(),
        provider: args.provider.clone(),
        item: args.item,
        host: args.host.clone(),
        additional_ip: args.additional_ip.clone(),
        url: args.url.clone(),
        application: args.application.clone(),
    };
    let report = match trial.find(&question).await {
        Ok(report) => report,
        Err(problems) => return complain(&in_words(&problems), Exit::Usage),
    };
    record.add_or_warn("search", &report);
    let picked = match pick(&args.retrieve, &report) {
        Ok(picked) => picked,
        Err(which) => {
            let words = format!("there is no credential `{which}` to retrieve\n{report}");
            return complain(&words, Exit::Failed);
        }
    };
    let mut retrieved = Vec::new();
    for place in picked {
        let Some(one) = report.credentials().get(place) else { continue };
        match trial.retrieve(&question, &one.id, &one.name).await {
            Ok(told) => {
                record.add_or_warn("retrieval", &told);
                retrieved.push(told);
            }
            Err(problems) => return complain(&in_words(&problems), Exit::Usage),
        }
    }
    let said = if args.json {
        answer_json(&Told { report: &report, retrieved: &retrieved })
    } else {
        let mut text = report.to_string();
        for told in &retrieved {
            text.push_str(&format!("{told}\n"));
        }
        answer(&text)
    };
    if let Some(name) = &args.save {
        let retrieve = retrieved.iter().map(|told| told.name.clone()).collect();
        let expect = Expected { retrieve, ..Expected::of(&report) };
        let case = Case { name: name.clone(), ask: question, expect };
        if let Err(error) = CaseFile::add(&cases_path(args), case) {
            return complain(&error.to_string(), Exit::CannotWrite);
        }
    }
    let is_good = matches!(report.outcome, Outcome::Found { complete: true, .. })
        && retrieved.iter().all(RetrieveReport::is_good);
    match said {
        Exit::Ok if !is_good => Exit::Failed,
        said => said,
    }
}

/// Which credentials are to be retrieved, by their places.
fn pick<'w>(wanted: &'w [String], report: &TrialReport) -> Result<Vec<usize>, &'w str> {
    let offered = report.credentials();
    let mut picked = Vec::new();
    for which in wanted {
        if which == "all" {
            picked.extend(0..offered.len());
            continue;
        }
        let by_number = which.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let place = by_number
            .filter(|place| *place < offered.len())
            .or_else(|| offered.iter().position(|one| one.name == *which || one.id == *which));
        picked.push(place.ok_or(which.as_str())?);
    }
    picked.sort_unstable();
    picked.dedup();
    Ok(picked)
}

/// How a saved case went.
#[derive(Serialize)]
struct CaseReport<'c> {
    name: &'c str,
    passed: bool,
    differences: Vec<String>,
}

/// The saved cases, all of them or those that are named.
async fn saved(args: &TestArgs, trial: &Trial, record: &Record) -> Exit {
    let path = cases_path(args);
    let file = match CaseFile::read(&path) {
        Ok(file) => file,
        Err(error) => return complain(&error.to_string(), Exit::Config),
    };
    for name in &args.case {
        if !file.cases.iter().any(|case| case.name == *name) {
            let words = format!("{} has no case `{name}`", path.display());
            return complain(&words, Exit::Usage);
        }
    }
    let mut reports = Vec::new();
    for case in file.cases.iter().filter(|case| args.all || args.case.contains(&case.name)) {
        let differences = case.run(trial, record).await;
        reports.push(CaseReport { name: &case.name, passed: differences.is_empty(), differences });
    }
    if reports.is_empty() {
        let words = format!(
            "{} has no cases; `ecm-service test --user … --save NAME` makes one",
            path.display()
        );
        return complain(&words, Exit::Usage);
    }
    let failed = reports.iter().filter(|report| !report.passed).count();
    let said = if args.json { answer_json(&reports) } else { answer(&page(&reports, failed)) };
    match said {
        Exit::Ok if failed > 0 => Exit::Failed,
        said => said,
    }
}

fn page(reports: &[CaseReport<'_>], failed: usize) -> String {
    let mut text = String::new();
    for report in reports {
        let mark = if report.passed { "ok  " } else { "FAIL" };
        text.push_str(&format!("{mark}  {}\n", report.name));
        for difference in &report.differences {
            text.push_str(&format!("      {difference}\n"));
        }
    }
    text.push_str(&format!("{} cases, {failed} failed\n", reports.len()));
    text
}

fn cases_path(args: &TestArgs) -> PathBuf {
    args.cases.clone().unwrap_or_else(|| args.config.with_file_name("test-cases.toml"))
}

fn in_words(problems: &[FieldProblem]) -> String {
    problems.iter().map(|problem| format!("--{problem}")).collect::<Vec<_>>().join("\n")
}
