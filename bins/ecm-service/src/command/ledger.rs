//! `ledger`: what is borrowed.

use ecm_core::ledger::{Lease, Stage};
use serde::Serialize;
use service_host::state_dir::{StateDir, StateDirError};

use super::{answer, answer_json, complain, state_dir_of};
use crate::books::ledger_of;
use crate::cli::{BooksArgs, LedgerCommand, ReconcileArgs};
use crate::config::{Config, Process};
use crate::exit::Exit;
use crate::service::open_broker;
use crate::vaults::assemble;

pub(super) fn ledger(what: &LedgerCommand) -> Exit {
    match what {
        LedgerCommand::List(args) => list(args),
        LedgerCommand::Reconcile(args) => reconcile(args),
    }
}

/// A lease, for people and programs. Ids and names, never a secret.
#[derive(Serialize)]
struct Line {
    lease: String,
    at: jiff::Timestamp,
    site: String,
    session: Option<String>,
    vault: String,
    vault_user: String,
    system_id: String,
    account_id: String,
    request: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<jiff::Timestamp>,
    state: &'static str,
}

impl Line {
    fn of(lease: &Lease) -> Self {
        let asked = &lease.intention;
        Self {
            lease: asked.lease.clone(),
            at: asked.at,
            site: asked.site.clone(),
            session: asked.holder.clone(),
            vault: asked.vault.clone(),
            vault_user: asked.vault_user.clone(),
            system_id: asked.account.system.clone(),
            account_id: asked.account.account.clone(),
            request: lease.loan.as_ref().map(|loan| loan.request.clone()),
            ends_at: lease.loan.as_ref().map(|loan| loan.due),
            // What the file says; what a running service is doing with it, only that knows.
            state: match (&lease.loan, lease.stage) {
                (_, Stage::Ending { .. }) => "to be given back",
                (None, _) => "asked for",
                (Some(_), _) => "lent",
            },
        }
    }
}

fn list(args: &BooksArgs) -> Exit {
    let state_dir = match state_dir_of(&args.service) {
        Ok(folder) => folder,
        Err(exit) => return exit,
    };
    let book = match ledger_of(&state_dir) {
        Ok(book) => book,
        Err(error) => return complain(&error.to_string(), Exit::CannotWrite),
    };
    let lines: Vec<Line> = book.leases().map(Line::of).collect();
    if args.json {
        return answer_json(&lines);
    }
    let mut text = String::new();
    for line in &lines {
        let request = line.request.as_deref().unwrap_or("none yet");
        let ends = line.ends_at.map(|ends| format!(" until {ends}")).unwrap_or_default();
        text.push_str(&format!(
            "{}  {}{ends}\n    {} in {}: account {} on system {}, request {request}\n    site {}, \
             session {}, since {}\n",
            line.lease,
            line.state,
            line.vault_user,
            line.vault,
            line.account_id,
            line.system_id,
            line.site,
            line.session.as_deref().unwrap_or("unknown"),
            line.at,
        ));
    }
    text.push_str(&format!("{} leases\n", lines.len()));
    answer(&text)
}

#[derive(Serialize)]
struct Reconciled {
    closed: usize,
    still_open: usize,
}

fn reconcile(args: &ReconcileArgs) -> Exit {
    let config = match Config::load(&args.config, &Process) {
        Ok(config) => config,
        Err(problems) => return complain(&problems.to_string(), Exit::Config),
    };
    let state = match StateDir::open(&config.state_dir) {
        Ok(state) => state,
        Err(StateDirError::InUse { .. }) => {
            let words = "the service runs, and gives back by itself; `ecm-service status` tells \
                         what is open";
            return complain(words, Exit::Unavailable);
        }
        Err(error) => return complain(&error.to_string(), Exit::CannotWrite),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.to_string(), Exit::Internal),
    };
    let roots = service_host::tls::machine_roots();
    let done = runtime.block_on(async {
        let vaults = assemble(&config.vaults, &roots).map_err(|error| error.to_string())?;
        let opened = open_broker(&config, &state, &vaults, &roots).await;
        let (broker, _) = opened.map_err(|error| error.to_string())?;
        let recovered = broker.recover().await;
        // Also what an orderly stop has kept: nobody is to go on with it.
        let mut report = broker.give_back_all().await;
        report.closed.extend(recovered.closed);
        for vault in &vaults {
            vault.close(std::time::Duration::from_secs(3)).await;
        }
        Ok::<_, String>(Reconciled {
            closed: report.closed.len(),
            still_open: report.still_open.len(),
        })
    });
    let done = match done {
        Ok(done) => done,
        Err(words) => return complain(&words, Exit::CannotWrite),
    };
    let said = if args.json {
        answer_json(&done)
    } else {
        answer(&format!("{} given back, {} still open\n", done.closed, done.still_open))
    };
    match said {
        Exit::Ok if done.still_open > 0 => Exit::Failed,
        said => said,
    }
}
