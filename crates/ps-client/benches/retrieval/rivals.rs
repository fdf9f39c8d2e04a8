//! The rivals that are written in Rust, each in a process of its own.

use std::sync::Arc;
use std::time::Instant;

use ps_client::model::{ConflictOption, ManagedAccountQuery, NewRequest};
use ps_client::transport::https::HttpsTransport;
use ps_client::{Auth, Client, RunAs, Session, SignedIn, TokioRuntime, VaultAddress};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use tokio::task::JoinSet;

pub(crate) const USER: &str = r"ACME\joe.user";
pub(crate) const SYSTEM: &str = "App01";
pub(crate) const ACCOUNT: &str = "helpdesk-01";
/// How the names of the many begin.
pub(crate) const CROWD: &str = "crowd-";

/// Plays `role url ca key cycles`, and says what it used.
pub(crate) fn play(arguments: &[String]) {
    let [role, url, ca, key, cycles] = arguments.iter().take(5).collect::<Vec<_>>()[..] else {
        panic!("a role has four arguments: {arguments:?}")
    };
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let ca = std::fs::read(ca).unwrap();
    let cycles = cycles.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (begun, cpu) = runtime.block_on(async {
        match role.as_str() {
            "ours" => ours(url, &ca, key, cycles).await,
            "bare" => bare(Bare::new(url, &ca, key, false).await, cycles).await,
            "bare-http1" => bare(Bare::new(url, &ca, key, true).await, cycles).await,
            "floor" => crate::floor::floor(url, &ca, key, cycles),
            "hold" => hold(url, &ca, key, cycles).await,
            "hold-bare" => hold_bare(url, &ca, key, cycles).await,
            other => panic!("no role is called {other}"),
        }
    });
    let said = json!({
        "seconds": begun.elapsed().as_secs_f64(),
        "cpu": cpu_seconds() - cpu,
        "peak_kib": peak_kib(),
    });
    println!("{said}");
}

async fn session(url: &str, ca: &[u8], key: &str) -> Session<HttpsTransport> {
    let transport =
        HttpsTransport::builder().native_roots(false).ca_pem(ca).unwrap().build().unwrap();
    let client = Client::builder(VaultAddress::parse(url).unwrap(), transport)
        .runtime(Arc::new(TokioRuntime::current().unwrap()))
        .build();
    let run_as = RunAs::new(USER).unwrap();
    let auth = Auth::Key { key: key.into(), run_as, password: None };
    match client.sign_in(auth).await.unwrap() {
        SignedIn::Session(session) => session,
        SignedIn::Challenge(_) => panic!("the demo vault asks for no second factor"),
    }
}

/// Finds the account by both names, as the other clients do.
async fn wanted(session: &Session<HttpsTransport>) -> NewRequest {
    let mut query = ManagedAccountQuery::default().on_system(SYSTEM);
    query.account_name = Some(ACCOUNT.to_owned());
    let found = session.managed_accounts(&query).await.unwrap();
    NewRequest::view(found[0].system, found[0].account, 5).reason("bench")
}

async fn ours(url: &str, ca: &[u8], key: &str, cycles: u32) -> (Instant, f64) {
    let session = session(url, ca, key).await;
    let cycle = async || {
        let new = wanted(&session).await.on_conflict(ConflictOption::Renew);
        let checkout = session.checkout(new).begin().await.unwrap();
        checkout.check_in(None).await.unwrap();
    };
    cycle().await;
    let start = (Instant::now(), cpu_seconds());
    for _ in 0..cycles {
        cycle().await;
    }
    start
}

async fn hold(url: &str, ca: &[u8], key: &str, checkouts: u32) -> (Instant, f64) {
    let session = session(url, ca, key).await;
    let query = ManagedAccountQuery::default().on_system(SYSTEM);
    let mut accounts = session.managed_accounts(&query).await.unwrap();
    accounts.retain(|account| account.account_name.starts_with(CROWD));
    assert_eq!(accounts.len(), usize::try_from(checkouts).unwrap());
    let start = (Instant::now(), cpu_seconds());
    let mut all = JoinSet::new();
    for account in accounts {
        let session = session.clone();
        let new = NewRequest::view(account.system, account.account, 5).reason("bench");
        all.spawn(async move { session.checkout(new).begin().await.unwrap() });
    }
    for checkout in all.join_all().await {
        checkout.check_in(None).await.unwrap();
    }
    start
}

/// A bare loop: the same HTTP client with the same settings, one cookie, the least JSON.
struct Bare {
    client: reqwest::Client,
    url: String,
    cookie: String,
}

impl Bare {
    async fn new(url: &str, ca: &[u8], key: &str, http1: bool) -> Self {
        let client = reqwest::Client::builder()
            .tls_certs_only(reqwest::Certificate::from_pem_bundle(ca).unwrap())
            .no_proxy();
        let client = if http1 { client.http1_only() } else { client }.build().unwrap();
        let answer = client
            .post(format!("{url}/Auth/SignAppin"))
            .header(AUTHORIZATION, format!("PS-Auth key={key}; runas={USER};"))
            .header(CONTENT_LENGTH, "0")
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success());
        let cookies = answer.headers().get_all(SET_COOKIE).iter();
        let pairs = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
        let cookie = pairs.collect::<Vec<_>>().join("; ");
        Self { client, url: url.to_owned(), cookie }
    }

    async fn get(&self, path: &str) -> Value {
        let call = self.client.get(format!("{}/{path}", self.url)).header(COOKIE, &self.cookie);
        let answer = call.send().await.unwrap().bytes().await.unwrap();
        serde_json::from_slice(&answer).unwrap()
    }

    async fn begin(&self, account: &Value, conflict: Option<&str>) -> i64 {
        let mut body = json!({
            "SystemID": account["SystemId"], "AccountID": account["AccountId"],
            "DurationMinutes": 5, "Reason": "bench",
        });
        if let Some(conflict) = conflict {
            body["ConflictOption"] = json!(conflict);
        }
        let call = self.client.post(format!("{}/Requests", self.url)).header(COOKIE, &self.cookie);
        let call = call.header("content-type", "application/json").body(body.to_string());
        let answer = call.send().await.unwrap().bytes().await.unwrap();
        let id: i64 = serde_json::from_slice(&answer).unwrap();
        let secret = self.get(&format!("Credentials/{id}?type=password")).await;
        assert!(secret.is_string());
        id
    }

    async fn end(&self, id: i64) {
        let url = format!("{}/Requests/{id}/Checkin", self.url);
        let call = self.client.put(url).header(COOKIE, &self.cookie);
        let answer = call.header("content-type", "application/json").body("{}").send().await;
        assert!(answer.unwrap().status().is_success());
    }

    async fn account(&self) -> Value {
        let query = format!("systemName={SYSTEM}&accountName={ACCOUNT}&limit=1000&offset=0");
        self.get(&format!("ManagedAccounts?{query}")).await
    }
}

async fn bare(bare: Bare, cycles: u32) -> (Instant, f64) {
    let cycle = async || {
        let account = bare.account().await;
        let id = bare.begin(&account, Some("renew")).await;
        bare.end(id).await;
    };
    cycle().await;
    let start = (Instant::now(), cpu_seconds());
    for _ in 0..cycles {
        cycle().await;
    }
    start
}

async fn hold_bare(url: &str, ca: &[u8], key: &str, checkouts: u32) -> (Instant, f64) {
    let bare = Arc::new(Bare::new(url, ca, key, false).await);
    let Value::Array(mut accounts) =
        bare.get(&format!("ManagedAccounts?systemName={SYSTEM}&limit=100000")).await
    else {
        panic!("a list of accounts")
    };
    accounts.retain(|account| account["AccountName"].as_str().unwrap().starts_with(CROWD));
    assert_eq!(accounts.len(), usize::try_from(checkouts).unwrap());
    let start = (Instant::now(), cpu_seconds());
    let mut all = JoinSet::new();
    for account in accounts {
        let bare = Arc::clone(&bare);
        all.spawn(async move { bare.begin(&account, None).await });
    }
    for id in all.join_all().await {
        bare.end(id).await;
    }
    start
}

/// User and system time of this process, from the kernel's accounting of its only busy thread.
pub(crate) fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().next().and_then(|text| text.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

fn peak_kib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
