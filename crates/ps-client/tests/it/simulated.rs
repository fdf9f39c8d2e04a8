//! Every call of the catalogue against a simulated vault that keeps what it is told: what was
//! made is found, what was changed is changed, what was removed is gone.

mod inventory;
mod people;
mod recordings;
mod safes;
mod upkeep;

use std::collections::BTreeSet;

use ps_client::Session;
use ps_client::endpoint::auth::SignOut;
use ps_client::endpoint::quick_rules::CreateQuickRule;
use ps_client::endpoint::smart_rules::{ListAccountsOfSmartRule, ProcessSmartRule};
use ps_client::endpoint::surroundings::GetVersion;
use ps_client::transport::https::HttpsTransport;
use ps_sim::Server;

use crate::end_to_end::{session, vault};

/// Who may change everything.
const VERA: &str = r"ACME\vera.vault";
const JOE: &str = crate::end_to_end::JOE;

type Seat = Session<HttpsTransport>;

/// Sends a call and takes its answer; names the call when it fails.
macro_rules! ask {
    ($session:expr, $call:expr) => {{
        let call = $call;
        match $session.send(&call).await {
            Ok(answer) => answer,
            Err(error) => panic!("{call:?}: {error:?}"),
        }
    }};
}
use ask;

/// Sends a call that must be refused; answers why.
macro_rules! refused {
    ($session:expr, $call:expr) => {{
        let call = $call;
        match $session.send(&call).await {
            Ok(_) => panic!("{call:?} was served"),
            Err(error) => error,
        }
    }};
}
use refused;

/// `GET ManagedAccounts/{}`: a call's name whatever stands in its braces, without case.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for sign in name.trim_end_matches('/').to_lowercase().chars() {
        match sign {
            '{' => inside = true,
            '}' => {
                inside = false;
                plain.push_str("{}");
            }
            _ if inside => {}
            other => plain.push(other),
        }
    }
    plain
}

#[tokio::test]
async fn every_call_of_the_catalogue_is_served_with_state() {
    let vault = vault().await;
    let vera = session(&vault, VERA).await;
    assert_eq!(ask!(vera, GetVersion {}).version, "25.1.0.1042");
    inventory::play(&vera).await;
    upkeep::play(&vault, &vera).await;
    people::play(&vault, &vera).await;
    recordings::play(&vault, &vera).await;
    safes::play(&vera).await;
    let leaving = session(&vault, VERA).await;
    ask!(leaving, SignOut {});

    let served = successes(&vault);
    let missing: Vec<_> = ps_client::endpoint::calls()
        .map(|call| call.name)
        .filter(|name| !served.contains(&plain(name)))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
    // Every password of the story begins like this, and the simulator's records hold none.
    let recorded = format!("{:?}", vault.calls());
    assert!(!recorded.contains("fake-") && recorded.contains("***"), "{recorded}");
}

/// The calls that were answered with success, by their plain names.
fn successes(vault: &Server) -> BTreeSet<String> {
    let calls = vault.calls().into_iter();
    let good = calls.filter(|call| call.status.is_some_and(|status| status < 300));
    good.filter_map(|call| call.route).map(|route| plain(&route)).collect()
}

#[tokio::test]
async fn who_may_only_ask_changes_nothing() {
    let vault = vault().await;
    let joe = session(&vault, JOE).await;
    for error in inventory::forbidden(&joe).await {
        assert!(matches!(error.kind(), ps_client::ErrorKind::Forbidden), "{error:?}");
    }
    let before = vault.accounts().len();
    assert_eq!(before, ps_sim::Config::demo().accounts.len());
}

#[tokio::test]
async fn a_rule_in_the_queue_is_processed_once_and_when_its_turn_comes() {
    let mut config = ps_sim::Config::demo();
    config.clock.start = Some("2026-01-05T12:00:00Z".parse().unwrap());
    config.quirks.rule_seconds = 60;
    let vault = Server::start(config).await.unwrap();
    let vera = session(&vault, VERA).await;
    let title = "Queued".to_owned();
    let account = ps_client::model::AccountId::new(3124);
    let new = ps_client::model::NewQuickRule::new(&title).accounts(vec![account]);
    let rule = ask!(vera, CreateQuickRule { new }).rule;
    ask!(vera, ProcessSmartRule { rule, queue: Some(true) });
    let members = || ListAccountsOfSmartRule { rule, limit: 5, offset: 0 };
    assert!(ask!(vera, members()).is_empty());
    let twice = refused!(vera, ProcessSmartRule { rule, queue: Some(true) });
    assert!(matches!(twice.kind(), ps_client::ErrorKind::Conflict(None)), "{twice:?}");
    vault.advance(std::time::Duration::from_secs(60));
    assert_eq!(ask!(vera, members()).len(), 1);
}
