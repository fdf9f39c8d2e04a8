//! The questions one search puts to a Password Safe.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ecm_core::search_key::{KeyKind, SearchKey};
use ecm_core::source::password_safe::{PasswordSafe, PasswordSafeSettings, VaultSessions};
use ecm_core::source::{AccountKind, CredentialSource, FindAsk, FoundBatch, FoundSink};
use http::{HeaderMap, StatusCode};
use ps_client::transport::{HttpAnswer, HttpRequest};
use ps_client::{Auth, Client, RunAs, Session, SignedIn, Transport, TransportError, VaultAddress};

use crate::paper::{PaperClock, step};

/// Counts how many calls are under way, and answers each after a while with the same rows.
#[derive(Clone, Default)]
struct Counting {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    queries: Arc<Mutex<Vec<String>>>,
}

const ROWS: &str = r#"[
    {"SystemId":1,"SystemName":"App01","AccountId":10,"AccountName":"right"},
    {"SystemId":2,"SystemName":"App011","AccountId":20,"AccountName":"wrong"}
]"#;

impl Transport for Counting {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        for _ in 0..5 {
            step().await;
        }
        self.now.fetch_sub(1, Ordering::SeqCst);
        let body = if request.is_sign_in { r#"{"UserId":1}"# } else { ROWS };
        if !request.is_sign_in {
            self.queries.lock().unwrap().push(request.url.query().unwrap_or_default().to_owned());
        }
        Ok(HttpAnswer {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec().into(),
        })
    }
}

impl VaultSessions for Counting {
    type Transport = Self;

    async fn session(&self, user: &RunAs) -> Result<Session<Self>, ps_client::Error> {
        let address = VaultAddress::parse("https://vault.acme.test/BeyondTrust/api/public/v3");
        let auth = Auth::Key { key: "k".into(), run_as: user.clone(), password: None };
        match Client::new(address.unwrap(), self.clone()).sign_in(auth).await? {
            SignedIn::Session(session) => Ok(session),
            SignedIn::Challenge(_) => panic!("nobody asked for a second factor"),
        }
    }

    fn refused(&self, _: &RunAs) {}
}

#[derive(Default)]
struct Batches(Mutex<Vec<FoundBatch>>);

impl FoundSink for Batches {
    fn found(&self, batch: FoundBatch) {
        self.0.lock().unwrap().push(batch);
    }
}

fn search(
    keys: &[(KeyKind, &str)],
    kinds: &[AccountKind],
    at_a_time: usize,
) -> (Counting, Vec<FoundBatch>) {
    let counting = Counting::default();
    let source = PasswordSafe::new("main", counting.clone(), PasswordSafeSettings::default());
    let ask = FindAsk {
        vault_user: "joe".into(),
        keys: keys
            .iter()
            .map(|(kind, value)| SearchKey { kind: *kind, value: (*value).to_owned() })
            .collect(),
        kinds: kinds.to_vec(),
        at_a_time,
    };
    let batches = Batches::default();
    PaperClock::new().run(source.find(&ask, &batches)).unwrap();
    (counting, batches.0.into_inner().unwrap())
}

#[test]
fn questions_run_side_by_side_but_never_more_than_allowed() {
    let names: Vec<String> = (0..10).map(|number| format!("host{number}")).collect();
    let mut keys: Vec<(KeyKind, &str)> =
        names.iter().map(|name| (KeyKind::Host, name.as_str())).collect();
    keys.push((KeyKind::Host, "app01"));
    for at_a_time in [1, 6] {
        let (counting, batches) =
            search(&keys, &[AccountKind::Local, AccountKind::Linked], at_a_time);
        assert_eq!(batches.len(), 22);
        assert_eq!(counting.most.load(Ordering::SeqCst), at_a_time);
    }
}

#[test]
fn each_key_is_asked_in_its_own_way() {
    let keys = [
        (KeyKind::Host, "app01"),
        (KeyKind::Address, "2001:db8::1"),
        (KeyKind::Application, "SAP & Co"),
    ];
    let kinds = [AccountKind::Local, AccountKind::Application];
    let (counting, _) = search(&keys, &kinds, 1);
    let queries = counting.queries.lock().unwrap().clone();
    let starts = [
        "type=system&systemName=app01",
        "type=system&ipAddress=2001",
        "type=application&applicationDisplayName=SAP%20%26%20Co",
    ];
    assert_eq!(queries.len(), starts.len());
    for (query, start) in queries.iter().zip(starts) {
        assert!(query.replace('+', "%20").starts_with(start), "{query}");
    }
}

#[test]
fn accounts_of_another_system_are_not_offered_when_a_server_passes_over_the_filter() {
    let (_, batches) = search(&[(KeyKind::Host, "app01")], &[AccountKind::Local], 6);
    let names: Vec<&str> =
        batches.iter().flat_map(|b| &b.accounts).map(|a| a.account_name.as_str()).collect();
    assert_eq!(names, ["right"]);
    assert_eq!(batches[0].seen, 1);
}
