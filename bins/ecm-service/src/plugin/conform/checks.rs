//! The checks themselves, in the order of a life.

use std::collections::{BTreeMap, BTreeSet};

use ecm_core::search_key::{KeyKind, SearchKey};
use ecm_core::source::{
    AccountKind, FoundAccount, GivenBack, LoanRef, NewLoan, OpenLoan, Secret, SecretKind,
    SourceFailure,
};
use secrecy::SecretSlice;
use source_plugin::{
    Account, Borrow, Capability, Find, GiveBack, Health, HealthState, LookUp, PROTOCOL, Read,
    Rehearsal, check_account, check_batch, check_loan,
};

use super::super::folder::Installed;
use super::super::launch::Launch;
use super::super::plugin_settings::{Given, check_settings, given_for_rehearsal, hello};
use super::Table;
use super::probe::Probe;

const KINDS: [AccountKind; 3] = [AccountKind::Local, AccountKind::Linked, AccountKind::Application];
const STRANGER: &str = "conformance-stranger";
const MARKER: &str = "conformance lease 1";

/// Makes every check that can be made.
pub(super) async fn run(installed: &Installed, table: &mut Table) {
    let Some(rehearsal) = &installed.manifest.rehearsal else {
        table.fail(
            "it comes with something to try",
            "there is no [rehearsal] in its plugin.toml",
            "name a vault user, a host and settings for test data",
        );
        return;
    };
    let given = given_for_rehearsal(&installed.manifest, rehearsal);
    if let Err(problems) = check_settings(&installed.manifest, &given) {
        let seen: Vec<_> = problems.into_iter().map(|problem| problem.message).collect();
        let advice = "correct `settings` in [rehearsal]";
        table.fail("it comes with something to try", seen.join("; "), advice);
        return;
    }
    table.pass("it comes with something to try");
    let launch = Launch::of(installed, BTreeMap::new());
    refuses_missing_settings(installed, &launch, table).await;
    let mut probe = match Probe::start(&launch) {
        Ok(probe) => probe,
        Err(seen) => {
            table.fail("it starts without a shell and without environment", seen, "see `command`");
            return;
        }
    };
    table.pass("it starts without a shell and without environment");
    let secrets = match whole_life(installed, rehearsal, &given, &mut probe, table).await {
        Ok(secrets) => secrets,
        Err((name, seen)) => {
            let said = probe.last_words.lines().join(" / ");
            let said = if said.is_empty() { said } else { format!("; it said: {said}") };
            table.fail(name, format!("{seen}{said}"), "nothing after this could be tried");
            Vec::new()
        }
    };
    let held = if probe.strays == 0 { Ok(()) } else { Err(format!("{} lines", probe.strays)) };
    let advice = "answer each id once, and nothing else";
    table.hold("it says nothing that was not asked", held, advice);
    let (ended_alone, told) = probe.end(&secrets).await;
    let held = if ended_alone { Ok(()) } else { Err("it had to be killed".to_owned()) };
    let advice = "end when standard input ends, whatever still runs";
    table.hold("it ends within two seconds of the end of its input", held, advice);
    let held = if told { Err("it did".to_owned()) } else { Ok(()) };
    let advice = "standard error is a log: no secrets";
    table.hold("it writes no secret to standard error", held, advice);
}

/// Started without what it needs, it should say so rather than die.
async fn refuses_missing_settings(installed: &Installed, launch: &Launch, table: &mut Table) {
    const NAME: &str = "without a required setting it refuses the greeting in words";
    if !installed.manifest.settings.iter().any(|spec| spec.required) {
        table.skip(NAME, "it has no required setting");
        return;
    }
    let held = match Probe::start(launch) {
        Ok(mut probe) => {
            let outcome = probe.ask(&hello("conform", &BTreeMap::new())).await;
            probe.end(&[]).await;
            match outcome {
                Ok(Err(_)) => Ok(()),
                Ok(Ok(_)) => Err("it was content".to_owned()),
                Err(seen) => Err(seen),
            }
        }
        Err(seen) => Err(seen),
    };
    table.hold(NAME, held, "answer `hello` with an error whose message the operator can act on");
}

/// What stops everything: the check that found it, and what was seen.
type Stop = (&'static str, String);

async fn whole_life(
    installed: &Installed,
    rehearsal: &Rehearsal,
    given: &BTreeMap<String, Given>,
    probe: &mut Probe,
    table: &mut Table,
) -> Result<Vec<SecretSlice<u8>>, Stop> {
    const GREETS: &str = "it greets";
    let stop = |name: &'static str| move |seen: String| (name, seen);
    let welcome = probe.ask(&hello("conform", given)).await.map_err(stop(GREETS))?;
    let welcome = welcome.map_err(|error| (GREETS, error.to_string()))?;
    table.pass(GREETS);
    let held = match (welcome.protocol, welcome.plugin.name == installed.manifest.name) {
        (PROTOCOL, true) => Ok(()),
        (PROTOCOL, false) => Err("it calls itself by another name".to_owned()),
        (other, _) => Err(format!("it picks version {other}")),
    };
    table.hold("it says its own name and a version that was offered", held, "see Greeting");
    let greeted: BTreeSet<_> = Capability::known(&welcome.capabilities).into_iter().collect();
    let described: BTreeSet<_> = installed.manifest.capabilities.iter().copied().collect();
    let held = if greeted == described {
        Ok(())
    } else {
        Err(format!("plugin.toml: {described:?}, greeting: {greeted:?}"))
    };
    table.hold("greeting and plugin.toml name the same capabilities", held, "name them in both");

    const HEALTH: &str = "it tells its health";
    let health = Health { deadline_ms: Probe::deadline_ms() };
    let held = match probe.ask(&health).await.map_err(stop(HEALTH))? {
        Ok(HealthState::Up | HealthState::Degraded { .. }) => Ok(()),
        Ok(HealthState::Down { .. }) => Err("it says that it cannot serve".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    table.hold(HEALTH, held, "answer `health` at any time, also while it works");
    const NONSENSE: &str = "a method that it does not know is an error and no more";
    let refused = probe.ask_nonsense().await.map_err(stop(NONSENSE))?;
    let held = if refused { Ok(()) } else { Err("it answered with a result".to_owned()) };
    table.hold(NONSENSE, held, "answer with code -32601");

    let found = searches(rehearsal, probe, table).await?;
    let Some(found) = found else { return Ok(Vec::new()) };
    lends(installed, rehearsal, &found, probe, table).await
}

fn ask_for(vault_user: &str, host: &str) -> Find {
    Find {
        vault_user: vault_user.to_owned(),
        keys: vec![SearchKey { kind: KeyKind::Host, value: host.to_owned() }],
        kinds: KINDS.to_vec(),
        deadline_ms: Probe::deadline_ms(),
    }
}

/// Searches, and answers what was found, or why the answer does not fit.
async fn search(
    probe: &mut Probe,
    ask: &Find,
) -> Result<Result<Vec<FoundAccount>, String>, String> {
    let id = probe.begin(ask, ask.keys.len() * ask.kinds.len()).await?;
    let (parts, answer) = probe.answer::<Find>(id).await?;
    let rest = match answer {
        Ok(found) => found.batches,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let mut told = BTreeSet::new();
    let mut accounts = Vec::new();
    for batch in parts.into_iter().chain(rest) {
        if let Err(error) = check_batch(ask, &batch, &mut told) {
            return Ok(Err(error.to_string()));
        }
        accounts.extend(batch.accounts);
    }
    Ok(Ok(accounts))
}

async fn searches(
    rehearsal: &Rehearsal,
    probe: &mut Probe,
    table: &mut Table,
) -> Result<Option<FoundAccount>, Stop> {
    const FINDS: &str = "it finds what the rehearsal's user may borrow on the rehearsal's host";
    let stop = |name: &'static str| move |seen: String| (name, seen);
    let ask = ask_for(&rehearsal.vault_user, &rehearsal.host);
    let found = search(probe, &ask).await.map_err(stop(FINDS))?;
    let held = match &found {
        Ok(found) if !found.is_empty() => Ok(()),
        Ok(_) => Err("it found nothing".to_owned()),
        Err(seen) => Err(seen.clone()),
    };
    table.hold(FINDS, held, "see Search; a batch answers one key and kind that was asked for");
    const NOWHERE: &str = "it finds nothing on a host that is not there";
    let ask = ask_for(&rehearsal.vault_user, "no-such-host.conformance.test");
    let nowhere = search(probe, &ask).await.map_err(stop(NOWHERE))?;
    table.hold(NOWHERE, must_be_empty(nowhere), "no hit is an empty answer, not an error");
    const NOBODY: &str = "it offers nothing to a user that it does not know";
    let nobody = search(probe, &ask_for(STRANGER, &rehearsal.host)).await.map_err(stop(NOBODY))?;
    table.hold(
        NOBODY,
        must_be_empty(nobody),
        "count in `not-requestable` what a user may not have",
    );

    const AT_ONCE: &str = "ten searches at once are each answered once";
    let ask = ask_for(&rehearsal.vault_user, &rehearsal.host);
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(probe.begin(&ask, KINDS.len()).await.map_err(stop(AT_ONCE))?);
    }
    let mut held = Ok(());
    for id in ids.into_iter().rev() {
        // Answers to the others that come meanwhile are kept.
        let (_, answer) = probe.answer::<Find>(id).await.map_err(stop(AT_ONCE))?;
        held = held.and(answer.map(drop).map_err(|error| error.to_string()));
    }
    table.hold(AT_ONCE, held, "serve several calls at a time, and answer each id once");
    const CANCELLED: &str = "after a cancelled search it goes on";
    let id = probe.begin(&ask, KINDS.len()).await.map_err(stop(CANCELLED))?;
    probe.cancel(id).await.map_err(stop(CANCELLED))?;
    let health = Health { deadline_ms: Probe::deadline_ms() };
    let held = probe.ask(&health).await.map_err(stop(CANCELLED))?.map(drop);
    table.hold(CANCELLED, held.map_err(|e| e.to_string()), "`cancel` is a notification");
    Ok(found.ok().and_then(|found| found.into_iter().next()))
}

fn must_be_empty(found: Result<Vec<FoundAccount>, String>) -> Result<(), String> {
    match found {
        Ok(found) if found.is_empty() => Ok(()),
        Ok(found) => Err(format!("it found {}", found.len())),
        Err(seen) => Err(seen),
    }
}

async fn lends(
    installed: &Installed,
    rehearsal: &Rehearsal,
    found: &FoundAccount,
    probe: &mut Probe,
    table: &mut Table,
) -> Result<Vec<SecretSlice<u8>>, Stop> {
    let stop = |name: &'static str| move |seen: String| (name, seen);
    let (user, deadline_ms) = (rehearsal.vault_user.clone(), Probe::deadline_ms());
    const SHOWN: &str = "an account that was found can be shown again";
    let ask = Account { vault_user: user.clone(), account: found.account.clone(), deadline_ms };
    let held = match probe.ask(&ask).await.map_err(stop(SHOWN))? {
        Ok(shown) => check_account(&found.account, &shown).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    table.hold(SHOWN, held, "answer with the very ids that were asked for");
    const HIDDEN: &str = "it is not shown to a user that it does not know";
    let ask = Account { vault_user: STRANGER.to_owned(), ..ask };
    let held = match probe.ask(&ask).await.map_err(stop(HIDDEN))? {
        Ok(_) => Err("it was shown".to_owned()),
        Err(_) => Ok(()),
    };
    table.hold(HIDDEN, held, "fail with `gone` or `denied`");

    const BORROWED: &str = "it lends what was found";
    let new = |vault_user: &str| Borrow {
        loan: NewLoan {
            vault_user: vault_user.to_owned(),
            account: found.account.clone(),
            minutes: 5,
            reason: format!("conformance test ({MARKER})"),
            marker: MARKER.to_owned(),
            ticket: None,
            renew: false,
        },
        deadline_ms,
    };
    let open = match probe.ask(&new(&user)).await.map_err(stop(BORROWED))? {
        Ok(open) => open,
        Err(error) => return Err((BORROWED, error.to_string())),
    };
    table.hold(BORROWED, check_loan(&open).map_err(|error| error.to_string()), "see Lending");
    const NOT_LENT: &str = "it lends nothing to a user that it does not know";
    let held = match probe.ask(&new(STRANGER)).await.map_err(stop(NOT_LENT))? {
        Ok(_) => Err("it did".to_owned()),
        Err(_) => Ok(()),
    };
    table.hold(NOT_LENT, held, "decide in `borrow` again who may have it");
    look_ups(&user, &open, probe, table).await?;
    let secrets = reads(installed, &user, found, &open, probe, table).await?;
    gives_back(&user, found, &open, probe, table).await?;
    Ok(secrets)
}

async fn look_ups(
    user: &str,
    open: &OpenLoan,
    probe: &mut Probe,
    table: &mut Table,
) -> Result<(), Stop> {
    const FOUND: &str = "an open request is found by its marker, and others are not";
    let mut seen = Vec::new();
    for (vault_user, marker, wanted) in [
        (user, MARKER, Some(open.request.as_str())),
        (user, "another marker", None),
        (STRANGER, MARKER, None),
    ] {
        let (vault_user, marker) = (vault_user.to_owned(), marker.to_owned());
        let ask = LookUp { vault_user, marker, deadline_ms: Probe::deadline_ms() };
        match probe.ask(&ask).await.map_err(|seen| (FOUND, seen))? {
            Ok(found) if found.loan.as_ref().map(|loan| loan.request.as_str()) == wanted => {}
            Ok(_) => seen.push(format!("marker `{}` of {}", ask.marker, ask.vault_user)),
            Err(error) => seen.push(error.to_string()),
        }
    }
    let held = if seen.is_empty() { Ok(()) } else { Err(seen.join("; ")) };
    table.hold(FOUND, held, "keep the reason with the request; `loan` is null when there is none");
    Ok(())
}

async fn reads(
    installed: &Installed,
    user: &str,
    found: &FoundAccount,
    open: &OpenLoan,
    probe: &mut Probe,
    table: &mut Table,
) -> Result<Vec<SecretSlice<u8>>, Stop> {
    const READ: &str = "a secret is read, of the kind asked for, for the request it names";
    let ask = |vault_user: &str, kind| Read {
        loan: LoanRef { vault_user: vault_user.to_owned(), request: open.request.clone() },
        account: found.account.clone(),
        kind,
        deadline_ms: Probe::deadline_ms(),
    };
    let mut kinds = vec![SecretKind::Password];
    if installed.manifest.capabilities.contains(&Capability::SshKeys) {
        kinds.push(SecretKind::SshKey);
    }
    let (mut secrets, mut seen) = (Vec::new(), Vec::new());
    for kind in kinds {
        match probe.ask(&ask(user, kind)).await.map_err(|seen| (READ, seen))? {
            Ok(answer) if answer.request != open.request => seen.push("another request".to_owned()),
            Ok(answer) => match answer.into_secret(kind) {
                Some(Secret::Password(secret) | Secret::SshKey { key: secret, .. }) => {
                    secrets.push(secret);
                }
                None => seen.push("another kind, or more than one".to_owned()),
            },
            Err(error) if error.failure == SourceFailure::UnsupportedKind => {}
            Err(error) => seen.push(error.to_string()),
        }
    }
    if secrets.is_empty() && seen.is_empty() {
        seen.push("it has neither a password nor a key for it".to_owned());
    }
    let held = if seen.is_empty() { Ok(()) } else { Err(seen.join("; ")) };
    table.hold(READ, held, "repeat `request`; one of password-b64 and key-b64");
    const NOT_READ: &str = "a request is read for nobody but its user";
    let stranger = ask(STRANGER, SecretKind::Password);
    let held = match probe.ask(&stranger).await.map_err(|seen| (NOT_READ, seen))? {
        Ok(_) => Err("it was".to_owned()),
        Err(_) => Ok(()),
    };
    table.hold(NOT_READ, held, "hold `vault-user` against who opened the request");
    Ok(secrets)
}

async fn gives_back(
    user: &str,
    found: &FoundAccount,
    open: &OpenLoan,
    probe: &mut Probe,
    table: &mut Table,
) -> Result<(), Stop> {
    const BACK: &str = "a request is taken back once, and is over after that";
    let loan = LoanRef { vault_user: user.to_owned(), request: open.request.clone() };
    let reason = "conformance test".to_owned();
    let ask = GiveBack { loan: loan.clone(), reason, deadline_ms: Probe::deadline_ms() };
    let mut ended = Vec::new();
    for _ in 0..2 {
        match probe.ask(&ask).await.map_err(|seen| (BACK, seen))? {
            Ok(given) => ended.push(given.ended),
            Err(error) => return Err((BACK, error.to_string())),
        }
    }
    let held = match ended.as_slice() {
        [GivenBack::CheckedIn, GivenBack::AlreadyIn] => Ok(()),
        other => Err(format!("{other:?}")),
    };
    table.hold(BACK, held, "the second time is `already-in`, not an error");
    const OVER: &str = "a request that is over is read no more";
    let ask = Read {
        loan,
        account: found.account.clone(),
        kind: SecretKind::Password,
        deadline_ms: Probe::deadline_ms(),
    };
    let held = match probe.ask(&ask).await.map_err(|seen| (OVER, seen))? {
        Ok(_) => Err("it was".to_owned()),
        Err(_) => Ok(()),
    };
    table.hold(OVER, held, "fail with `gone`");
    Ok(())
}
