//! What the broker adds to the vault's own time.
//!
//! One search and one retrieval with its give-back, through the broker with its real ledger and
//! audit files, beside a bare client that makes the same calls to the same simulated vault in the
//! same minute, as parallel as the broker makes them. Both are asked in turn, so that whatever
//! else the machine does meets both. Ratios are what counts; see `docs/performance.md`.
//!
//! ```sh
//! cargo bench -p ecm-service --bench broker
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench prints its table and may fail loudly"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use ecm_core::credential_id::CredentialIdKey;
use ecm_core::settings::{BrokerSettings, VaultSettings};
use ecm_core::source::password_safe::{PasswordSafe, PasswordSafeSettings, VaultSessions};
use ecm_core::{Broker, BrokerParts, Vault};
use ecm_protocol::message::{
    Find, Meta, Phase, Purpose, Release, ReleaseOutcome, Retrieve, SessionRef, Target, TargetKind,
    User, Want,
};
use ecm_service::ports::{AuditFile, LedgerFile, MachineClock, MachineEntropy};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use ps_client::transport::https::HttpsTransport;
use ps_client::{Auth, Client, RunAs, Session, SignedIn, VaultAddress};
use ps_sim::{Call, Config, Server};
use reqwest::Method;
use user_mapping::{MappingFile, RuleSet};

/// Rounds per setting; the median of them is shown. `cargo test` makes one, to see that it runs.
fn rounds() -> usize {
    if std::env::args().any(|argument| argument == "--bench") { 60 } else { 1 }
}

/// Questions to one vault under way at a time, as the broker's default.
const AT_A_TIME: usize = 6;

/// The registration key of the demo vault. Obviously not a secret.
fn demo_key() -> String {
    let text = include_str!("../../../fixtures/data/demo/ps-sim.toml");
    let document: toml::Table = text.parse().unwrap();
    let registrations = document["registration"].as_array().unwrap();
    let keyed = registrations.iter().find_map(|registration| registration.get("key"));
    keyed.and_then(toml::Value::as_str).unwrap().to_owned()
}

/// One session, signed in before anything is measured.
struct Kept(Session<HttpsTransport>);

impl VaultSessions for Kept {
    type Transport = HttpsTransport;

    async fn session(&self, _: &RunAs) -> Result<Session<HttpsTransport>, ps_client::Error> {
        Ok(self.0.clone())
    }

    fn refused(&self, _: &RunAs) {}
}

async fn broker(vault: &Server, folder: &std::path::Path) -> Broker {
    let transport = HttpsTransport::builder()
        .native_roots(false)
        .ca_pem(vault.ca_pem().as_bytes())
        .unwrap()
        .build()
        .unwrap();
    let client = Client::new(VaultAddress::parse(vault.url()).unwrap(), transport);
    let run_as = RunAs::new(r"ACME\joe.user").unwrap();
    let auth = Auth::Key { key: demo_key().into(), run_as, password: None };
    let SignedIn::Session(session) = client.sign_in(auth).await.unwrap() else {
        panic!("the demo vault asks for no second factor")
    };
    let rules: MappingFile = toml::from_str(include_str!("mapping.toml")).unwrap();
    let rules = RuleSet::check(rules).expect("the bench's rules are in order").0;
    let source = PasswordSafe::new("main", Kept(session), PasswordSafeSettings::default());
    let parts = BrokerParts {
        rules: Arc::new(rules),
        ids: CredentialIdKey::new(vec![7; 32].into()).unwrap(),
        vaults: vec![Vault { source: Arc::new(source), settings: VaultSettings::default() }],
        ledger: Box::new(LedgerFile::open(&folder.join("ledger.jsonl")).unwrap()),
        audit: Box::new(AuditFile::open(&folder.join("audit.jsonl")).unwrap()),
        clock: Arc::new(MachineClock),
        entropy: Box::new(MachineEntropy),
        settings: BrokerSettings::default(),
    };
    Broker::open(parts).await.unwrap().0
}

fn user() -> User {
    User {
        username: r"ACME\joe.user".to_owned(),
        display_name: None,
        email: None,
        dn: None,
        provider: None,
        ids: None,
    }
}

fn target() -> Target {
    Target { hostname: Some("App01".to_owned()), ..Target::of_kind(TargetKind::JumpClient) }
}

fn session() -> SessionRef {
    SessionRef {
        lsid: Some("0123456789abcdef0123456789abcdef".to_owned()),
        phase: Phase::InSession,
        custom: Default::default(),
    }
}

fn find() -> Find {
    Find {
        meta: Meta::default(),
        session: session(),
        user: user(),
        target: target(),
        purpose: Purpose::Logon,
        want: Want::default(),
    }
}

/// A search through the broker; the id of the account that is borrowed later.
async fn search(broker: &Broker) -> String {
    let found = broker.find(&find(), None).await.result.unwrap();
    found.items.into_iter().find(|item| item.display.contains("helpdesk-01")).unwrap().id
}

/// A retrieval through the broker, and its give-back.
async fn borrow_and_return(broker: &Broker, credential_id: &str, round: usize) {
    let key = format!("bench-{round}");
    let retrieve = Retrieve {
        meta: Meta::default(),
        session: session(),
        user: user(),
        target: target(),
        purpose: Purpose::Logon,
        credential_id: credential_id.to_owned(),
        idempotency_key: key,
        reason: None,
        ticket: None,
    };
    let lent = broker.retrieve("support", &retrieve).await.result.unwrap();
    let release = Release {
        lease_id: Some(lent.lease.id),
        idempotency_key: None,
        credential_id: None,
        ended_at: Timestamp::now(),
        outcome: ReleaseOutcome::SessionEnded,
        injected: true,
    };
    assert!(broker.release("support", &release).await.unwrap().released);
}

/// The least a client can do: one kept connection pool, one session cookie, no reading of answers
/// beyond what the next call needs.
struct Bare {
    client: reqwest::Client,
    base: String,
    cookie: String,
}

impl Bare {
    async fn sign_in(vault: &Server) -> Self {
        let ca = reqwest::Certificate::from_pem(vault.ca_pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([ca]).no_proxy().build().unwrap();
        let base = format!("{}/", vault.url().trim_end_matches('/'));
        let answer = client
            .post(format!("{base}Auth/SignAppin"))
            .header("Authorization", format!(r"PS-Auth key={}; runas=ACME\joe.user;", demo_key()))
            .header("Content-Length", "0")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let cookies = answer.headers().get_all("set-cookie").iter();
        let pairs = cookies.map(|value| value.to_str().unwrap().split(';').next().unwrap());
        let cookie = pairs.collect::<Vec<_>>().join("; ");
        Self { client, base, cookie }
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(String, String)],
        body: Option<String>,
    ) -> String {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .header("Cookie", &self.cookie);
        if !query.is_empty() {
            request = request.query(query);
        }
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.text().await.unwrap()
    }

    /// The reads that the broker made for its search, as many at a time.
    async fn search(&self, calls: &[Call]) {
        let made = stream::iter(calls).map(|call| async move {
            let path = call.path.split("/public/v3/").nth(1).unwrap();
            self.call(Method::GET, path, &call.query, None).await
        });
        made.buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await;
    }

    /// The calls that the broker made to borrow and to give back, one after the other.
    async fn borrow_and_return(&self, calls: &[Call]) {
        let mut request = String::new();
        for call in calls {
            let route = call.path.split("/public/v3/").nth(1).unwrap();
            let path: Vec<_> = route
                .split('/')
                .map(|part| if part.parse::<i64>().is_ok() { request.as_str() } else { part })
                .collect();
            let path = path.join("/");
            let method = Method::from_bytes(call.method.as_bytes()).unwrap();
            let body = call.body.as_ref().map(ToString::to_string);
            let answer = self.call(method, &path, &call.query, body).await;
            if call.method == "POST" {
                request = answer;
            }
        }
    }
}

/// Processor time of this thread so far. The simulated vault has a thread of its own.
fn thread_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

#[derive(Default)]
struct Samples {
    wall: Vec<Duration>,
    cpu: Vec<Duration>,
}

impl Samples {
    async fn take(&mut self, work: impl Future<Output = ()>) {
        let (began, cpu) = (Instant::now(), thread_cpu());
        work.await;
        self.wall.push(began.elapsed());
        self.cpu.extend(cpu.zip(thread_cpu()).map(|(before, after)| after - before));
    }

    fn wall(&mut self) -> Duration {
        median(&mut self.wall)
    }

    fn cpu(&mut self) -> Option<Duration> {
        (!self.cpu.is_empty()).then(|| median(&mut self.cpu))
    }
}

fn median(samples: &mut [Duration]) -> Duration {
    samples.sort();
    samples[samples.len() / 2]
}

fn row(what: &str, latency: u64, broker: &mut Samples, bare: &mut Samples, calls: usize) {
    let (ours, theirs) = (broker.wall(), bare.wall());
    let added = broker.cpu().zip(bare.cpu()).map(|(ours, theirs)| ours.saturating_sub(theirs));
    let added = added.map_or("-".to_owned(), |cpu| format!("{} us", cpu.as_micros()));
    println!(
        "{what:<24}{latency:>6} ms {calls:>6} {:>11.2} ms {:>11.2} ms {:>7.3} {added:>14}",
        ours.as_secs_f64() * 1e3,
        theirs.as_secs_f64() * 1e3,
        ours.as_secs_f64() / theirs.as_secs_f64(),
    );
}

async fn measure(vault: &Server, latency: u64) {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker(vault, folder.path()).await;
    let bare = Bare::sign_in(vault).await;
    // Warm both, and learn which calls the broker makes.
    vault.set_latency(Duration::ZERO);
    let id = search(&broker).await;
    borrow_and_return(&broker, &id, 1_000).await;
    vault.clear_calls();
    search(&broker).await;
    let reads = vault.calls();
    vault.clear_calls();
    borrow_and_return(&broker, &id, 1_001).await;
    let lending = vault.calls();
    bare.search(&reads).await;
    bare.borrow_and_return(&lending).await;
    vault.set_latency(Duration::from_millis(latency));

    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    for _ in 0..rounds() {
        ours.take(async { drop(search(&broker).await) }).await;
        theirs.take(bare.search(&reads)).await;
    }
    row("search", latency, &mut ours, &mut theirs, reads.len());

    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    for round in 0..rounds() {
        Box::pin(ours.take(borrow_and_return(&broker, &id, round))).await;
        theirs.take(bare.borrow_and_return(&lending)).await;
    }
    row("retrieve and give back", latency, &mut ours, &mut theirs, lending.len());
}

fn main() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let elsewhere =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let vault = elsewhere.block_on(Server::start(Config::demo())).unwrap();
    println!("medians of {}, broker and bare client in turn, one simulated vault\n", rounds());
    println!(
        "{:<24}{:>9} {:>6} {:>14} {:>14} {:>7} {:>14}",
        "", "latency", "calls", "broker", "bare client", "ratio", "CPU added"
    );
    let here = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for latency in [0, 20] {
        here.block_on(measure(&vault, latency));
    }
    println!(
        "\nratio: whole time through the broker to that of the bare client with the same calls"
    );
    println!("CPU added: processor time of the asking thread, broker less bare client");
}
