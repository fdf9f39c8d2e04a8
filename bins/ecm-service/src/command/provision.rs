//! `provision`: what a vault is to have, and how it gets it.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

use ps_client::transport::https::HttpsTransport;
use ps_client::{Auth, Client, ErrorKind, RunAs, Session, SignedIn, VaultAddress};
use secrecy::SecretString;
use serde::Serialize;

use super::{answer, answer_json, complain};
use crate::cli::ProvisionArgs;
use crate::config::vault::{PasswordSafeConfig, VaultAuth, VaultKind};
use crate::config::{Config, Process};
use crate::exit::Exit;
use crate::provision::{
    Plan, Seen, Step, UndoFile, Undone, Wanted, carry_out, look, plan, secret_of, take_back,
};
use crate::vaults::transport;

pub(super) fn provision(args: &ProvisionArgs) -> Exit {
    let prepared = Wanted::read(&args.from)
        .map_err(|error| complain(&error.to_string(), Exit::Config))
        .and_then(|wanted| Ok((vault(args)?, wanted)));
    let (vault, wanted) = match prepared {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.to_string(), Exit::Internal),
    };
    runtime.block_on(async {
        let session = match sign_in(&vault, &wanted).await {
            Ok(session) => session,
            Err(exit) => return exit,
        };
        let undo = UndoFile::at(&undo_path(args), vault.url.as_str());
        let exit = match args.undo {
            true => back(args, &session, &undo).await,
            false => forth(args, &session, &wanted, &undo).await,
        };
        // The vault ends a session that nobody ends after a while.
        let _ = session.sign_out().await;
        exit
    })
}

/// The Password Safe that is meant.
fn vault(args: &ProvisionArgs) -> Result<PasswordSafeConfig, Exit> {
    let config = Config::load_for_trial(&args.config, &Process)
        .map_err(|problems| complain(&problems.to_string(), Exit::Config))?;
    let named = |name: &str| args.vault.as_deref().is_none_or(|wanted| wanted == name);
    let mut safes = config.vaults.into_iter().filter(|vault| named(&vault.name)).filter_map(
        |vault| match vault.kind {
            VaultKind::PasswordSafe(safe) => Some(*safe),
            VaultKind::File(_) | VaultKind::Plugin(_) => None,
        },
    );
    match (safes.next(), safes.next()) {
        (Some(safe), None) => Ok(safe),
        (None, _) => Err(complain("the configuration has no such Password Safe", Exit::Usage)),
        (Some(_), Some(_)) => Err(complain(
            "the configuration has several Password Safes: name one by --vault",
            Exit::Usage,
        )),
    }
}

fn undo_path(args: &ProvisionArgs) -> PathBuf {
    args.from.with_extension("undo.jsonl")
}

/// Signs the administrator in that the file names.
async fn sign_in(
    vault: &PasswordSafeConfig,
    wanted: &Wanted,
) -> Result<Session<HttpsTransport>, Exit> {
    let config = |words: &str| complain(words, Exit::Config);
    let from_file = |path: &Option<PathBuf>| -> Result<Option<SecretString>, Exit> {
        path.as_deref().map(secret_of).transpose().map_err(|words| config(&words))
    };
    let key = match (from_file(&wanted.sign_in.api_key_file)?, &vault.auth) {
        (Some(key), _) => key,
        (None, VaultAuth::ApiKey(key)) => key.clone(),
        (None, VaultAuth::OAuth { .. }) => {
            return Err(config(
                "`sign-in.api-key-file` is missing, and the vault has no `api-key`",
            ));
        }
    };
    let password = from_file(&wanted.sign_in.password_file)?;
    let run_as = RunAs::new(&wanted.sign_in.run_as).map_err(|error| config(&error.to_string()))?;
    let address = VaultAddress::parse(vault.url.as_str());
    let address = address.map_err(|error| config(&error.to_string()))?;
    let transport = transport(vault).map_err(|error| config(&error.to_string()))?;
    let client = Client::new(address, transport);
    match client.sign_in(Auth::Key { key, run_as, password }).await {
        Ok(SignedIn::Session(session)) => Ok(session),
        Ok(SignedIn::Challenge(_)) => Err(complain(
            "the vault wants a second factor of this user: take one that needs none here",
            Exit::Failed,
        )),
        Err(error) => {
            let exit = match error.kind() {
                ErrorKind::Transport(_) => Exit::Unavailable,
                _ => Exit::Failed,
            };
            let advice = error.advice();
            Err(complain(&format!("`{}`: {error}\n{advice}", wanted.sign_in.run_as), exit))
        }
    }
}

#[derive(Serialize)]
struct Told<'a> {
    plan: &'a Plan,
    /// Steps that were carried out.
    done: &'a [Step],
    /// What is still to be done afterwards; absent if nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<&'a Plan>,
}

async fn forth(
    args: &ProvisionArgs,
    session: &Session<HttpsTransport>,
    wanted: &Wanted,
    undo: &UndoFile,
) -> Exit {
    let seen = match look(session, wanted).await {
        Ok(seen) => seen,
        Err(error) => return complain(&error.to_string(), Exit::Failed),
    };
    let plan_now = plan(wanted, &seen);
    if !args.json {
        answer(&plan_now.to_string());
    }
    if args.plan || plan_now.steps.is_empty() {
        if args.json {
            answer_json(&Told { plan: &plan_now, done: &[], left: None });
        }
        return if plan_now.is_empty() { Exit::Ok } else { Exit::Doubtful };
    }
    if let Err(exit) = confirm(args, &format!("Make these {} changes?", plan_now.steps.len())) {
        return exit;
    }
    carry(args, session, wanted, (&seen, &plan_now), undo).await
}

async fn carry(
    args: &ProvisionArgs,
    session: &Session<HttpsTransport>,
    wanted: &Wanted,
    (seen, plan_now): (&Seen, &Plan),
    undo: &UndoFile,
) -> Exit {
    let mut done = Vec::new();
    let mut tell = |step: &Step| {
        done.push(step.clone());
        if !args.json {
            answer(&format!("done  {step}"));
        }
    };
    let carried = carry_out(session, wanted, seen, plan_now, undo, &mut tell).await;
    // What is there now is what counts, not what was sent.
    let left = match look(session, wanted).await {
        Ok(seen) => plan(wanted, &seen),
        Err(error) => {
            if args.json {
                answer_json(&Told { plan: plan_now, done: &done, left: None });
            }
            if let Err(refused) = carried {
                complain(&refused.to_string(), Exit::Failed);
            }
            return complain(&error.to_string(), Exit::Failed);
        }
    };
    if args.json {
        answer_json(&Told { plan: plan_now, done: &done, left: Some(&left) });
    } else if !left.is_empty() {
        answer(&format!("still to be done:\n{left}"));
    }
    match carried {
        Err(error) => complain(&error.to_string(), Exit::Failed),
        Ok(()) if left.is_empty() => Exit::Ok,
        Ok(()) => Exit::Doubtful,
    }
}

async fn back(args: &ProvisionArgs, session: &Session<HttpsTransport>, undo: &UndoFile) -> Exit {
    let made = match undo.read() {
        Ok(made) => made,
        Err(error) => return complain(&error.to_string(), Exit::Failed),
    };
    if let Err(exit) = confirm(args, &format!("Take {} changes back?", made.len())) {
        return exit;
    }
    let mut told = Vec::new();
    let mut tell = |one: &Undone| {
        if !args.json {
            answer(&one.to_string());
        }
        told.push(one.clone());
    };
    let outcome = take_back(session, undo, &mut tell).await;
    if args.json {
        answer_json(&told);
    }
    match outcome {
        Ok(0) => Exit::Ok,
        Ok(_) => Exit::Doubtful,
        Err(error) => complain(&error.to_string(), Exit::Failed),
    }
}

/// Asks on a terminal; elsewhere `--yes` must have said so.
fn confirm(args: &ProvisionArgs, question: &str) -> Result<(), Exit> {
    if args.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(complain("nothing is changed: say --yes, or --plan to look only", Exit::Usage));
    }
    let _ = write!(std::io::stderr().lock(), "{question} [y/N] ");
    let mut said = String::new();
    let _ = std::io::stdin().lock().read_line(&mut said);
    match said.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(complain("nothing is changed", Exit::Doubtful)),
    }
}
