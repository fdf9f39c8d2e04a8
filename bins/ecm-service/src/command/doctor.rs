//! `doctor`: why something does not work.

use super::{answer, answer_json, complain};
use crate::cli::DoctorArgs;
use crate::config::{Config, Process};
use crate::doctor::{Level, examine};
use crate::exit::Exit;
use crate::trial::TrialQuestion;

pub(super) fn doctor(args: &DoctorArgs) -> Exit {
    let config = match Config::load(&args.config, &Process) {
        Ok(config) => config,
        Err(problems) => return complain(&problems.to_string(), Exit::Config),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.to_string(), Exit::Internal),
    };
    let question = args.user.as_ref().map(|user| TrialQuestion {
        user: user.clone(),
        dn: args.dn.clone(),
        host: args.host.clone(),
        ..TrialQuestion::default()
    });
    let roots = service_host::tls::machine_roots();
    let seen = runtime.block_on(examine(&config, &roots, question.as_ref()));
    let said = if args.json { answer_json(&seen) } else { answer(&seen.to_string()) };
    match (said, seen.worst()) {
        (Exit::Ok, Level::Error) => Exit::Failed,
        (Exit::Ok, Level::Warning) => Exit::Doubtful,
        (said, _) => said,
    }
}
