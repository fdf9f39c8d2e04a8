//! The broker over real HTTPS, against the simulated Password Safe.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ecm_core::credential_id::CredentialIdKey;
use ecm_core::ports::{BoxFuture, Clock};
use ecm_core::settings::{BrokerSettings, VaultSettings};
use ecm_core::source::CredentialSource as _;
use ecm_core::source::password_safe::{PasswordSafe, PasswordSafeSettings, VaultSessions};
use ecm_core::{Broker, BrokerParts, Vault};
use ecm_protocol::message::{
    Application, Category, Credential, CredentialKind, EmptyReason, Find, Problem, Purpose,
    Retrieve, RetrieveResult, TargetKind,
};
use jiff::Timestamp;
use ps_client::transport::https::HttpsTransport;
use ps_client::{Auth, Client, RunAs, Session, SignedIn, VaultAddress};
use ps_sim::{Config, FaultAction, FaultSettings, RequestState, Server};
use secrecy::ExposeSecret as _;

use crate::house::{PaperRules, SITE, find, release, retrieve, user};
use crate::paper::{CountingEntropy, PaperFile};

const KEY: &str = "00000000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000";

struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }

    fn sleep_until(&self, when: Instant) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep_until(when.into()))
    }
}

/// One session per vault user, kept.
struct Sessions {
    client: Client<HttpsTransport>,
    key: String,
    kept: tokio::sync::Mutex<HashMap<RunAs, Session<HttpsTransport>>>,
    refused: Refused,
}

/// Whom the vault refused a new session.
type Refused = Arc<Mutex<Vec<String>>>;

impl VaultSessions for Sessions {
    type Transport = HttpsTransport;

    async fn session(&self, user: &RunAs) -> Result<Session<HttpsTransport>, ps_client::Error> {
        let mut kept = self.kept.lock().await;
        if let Some(session) = kept.get(user) {
            return Ok(session.clone());
        }
        let auth = Auth::Key { key: self.key.clone().into(), run_as: user.clone(), password: None };
        let SignedIn::Session(session) = self.client.sign_in(auth).await? else {
            panic!("nobody asked for a second factor")
        };
        kept.insert(user.clone(), session.clone());
        Ok(session)
    }

    fn refused(&self, user: &RunAs) {
        self.refused.lock().unwrap().push(user.to_string());
    }
}

struct Company {
    vault: Server,
    ledger: PaperFile,
    audit: PaperFile,
    settings: VaultSettings,
    key: String,
    refused: Refused,
}

impl Company {
    async fn new() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Self {
            vault: Server::start(Config::demo()).await.unwrap(),
            ledger: PaperFile::default(),
            audit: PaperFile::default(),
            settings: VaultSettings::default(),
            key: KEY.into(),
            refused: Refused::default(),
        }
    }

    fn transport(&self) -> HttpsTransport {
        HttpsTransport::builder()
            .native_roots(false)
            .ca_pem(self.vault.ca_pem().as_bytes())
            .unwrap()
            .build()
            .unwrap()
    }

    fn source(&self, transport: HttpsTransport) -> PasswordSafe<Sessions> {
        let sessions = Sessions {
            client: Client::new(VaultAddress::parse(self.vault.url()).unwrap(), transport),
            key: self.key.clone(),
            kept: tokio::sync::Mutex::default(),
            refused: Arc::clone(&self.refused),
        };
        PasswordSafe::new("main", sessions, PasswordSafeSettings::default())
    }

    async fn open(&self) -> Broker {
        self.open_over(self.transport()).await
    }

    async fn open_over(&self, transport: HttpsTransport) -> Broker {
        let source = self.source(transport);
        let parts = BrokerParts {
            rules: Arc::new(PaperRules),
            ids: CredentialIdKey::new(vec![7; 32].into()).unwrap(),
            vaults: vec![Vault { source: Arc::new(source), settings: self.settings.clone() }],
            ledger: Box::new(self.ledger.clone()),
            audit: Box::new(self.audit.clone()),
            clock: Arc::new(RealClock),
            entropy: Box::new(CountingEntropy::default()),
            settings: BrokerSettings::default(),
        };
        Broker::open(parts).await.unwrap().0
    }

    fn live(&self) -> usize {
        self.vault.requests().iter().filter(|request| request.state.is_live()).count()
    }

    fn fault(&self, route: &str, action: FaultAction) {
        self.vault.arm(FaultSettings::once(route, action)).unwrap();
    }
}

fn search(host: &str) -> Find {
    Find { user: user(r"ACME\joe.user"), ..find(host) }
}

async fn names(broker: &Broker, ask: &Find) -> Vec<String> {
    let found = broker.find(ask, None).await.result.unwrap();
    found.items.into_iter().map(|item| item.display).collect()
}

async fn ask_for(broker: &Broker, ask: &Find, name: &str, key: &str) -> Retrieve {
    let answered = broker.find(ask, None).await;
    let found = answered.result.unwrap_or_else(|_| panic!("{}", answered.explanation));
    let item = found.items.into_iter().find(|item| item.display.contains(name)).unwrap();
    Retrieve { user: ask.user.clone(), target: ask.target.clone(), ..retrieve(&item.id, key) }
}

async fn get(broker: &Broker, ask: &Retrieve) -> Result<RetrieveResult, Problem> {
    broker.retrieve(SITE, ask).await.result
}

fn password(lent: &RetrieveResult) -> &[u8] {
    match &lent.credential {
        Credential::UsernamePassword { password, .. }
        | Credential::Application { password, .. } => password.expose_secret(),
        other => panic!("another kind: {other:?}"),
    }
}

#[tokio::test]
async fn machine_is_found_by_name_in_any_case_and_by_address() {
    let company = Company::new().await;
    let broker = company.open().await;
    let expected =
        [r"App01\break-glass", r"App01\erp-user", r"App01\helpdesk-01", r"ACME\adm-joe (linked)"];
    assert_eq!(names(&broker, &search("APP01")).await, expected);
    assert_eq!(names(&broker, &search("app01.acme.test:3389")).await, expected);
    assert_eq!(names(&broker, &search("10.11.12.13")).await, expected);
    let answer = broker.find(&search("app01.acme.test"), None).await.result.unwrap();
    assert_eq!(answer.sources[0].matched_on.as_deref(), Some("short_name"));
}

#[tokio::test]
async fn web_page_is_found_by_the_dns_name_of_its_system() {
    let company = Company::new().await;
    let broker = company.open().await;
    let mut ask = search("unused");
    ask.target.kind = TargetKind::Web;
    ask.target.hostname = None;
    ask.target.url = Some("https://Portal.acme.test/login".into());
    ask.purpose = Purpose::Web;
    assert_eq!(names(&broker, &ask).await, [r"WEB01\portal-admin"]);
    let lent = get(&broker, &ask_for(&broker, &ask, "portal-admin", "k1").await).await.unwrap();
    let current = company.vault.current_password(r"WEB01\portal-admin").unwrap();
    assert_eq!(password(&lent), current.expose().as_bytes());
    // A machine that is found by its name costs no list of systems.
    company.vault.clear_calls();
    names(&broker, &search("app01")).await;
    assert!(company.vault.calls().iter().all(|call| !call.path.contains("ManagedSystems")));
}

#[tokio::test]
async fn application_account_is_found_and_lent_as_such() {
    let company = Company::new().await;
    let broker = company.open().await;
    let mut ask = search("app01");
    ask.target.kind = TargetKind::RdpRemoteApp;
    ask.target.application =
        Some(Application { remote_app: Some("||ACME ERP".into()), ..Application::default() });
    ask.purpose = Purpose::Application;
    assert_eq!(names(&broker, &ask).await, ["ACME ERP: erp-user"]);
    let lent = get(&broker, &ask_for(&broker, &ask, "erp-user", "k1").await).await.unwrap();
    assert!(
        matches!(&lent.credential, Credential::Application { credential_type, .. } if credential_type == "ACME ERP")
    );
    let current = company.vault.current_password(r"App01\erp-user").unwrap();
    assert_eq!(password(&lent), current.expose().as_bytes());
}

#[tokio::test]
async fn password_is_lent_given_back_and_then_another_one() {
    let company = Company::new().await;
    let broker = company.open().await;
    let ask = ask_for(&broker, &search("app01"), "helpdesk-01", "k1").await;
    let lent = get(&broker, &ask).await.unwrap();
    let before = company.vault.current_password(r"App01\helpdesk-01").unwrap();
    assert_eq!(password(&lent), before.expose().as_bytes());
    let request = company.vault.requests().remove(0);
    assert!(request.reason.unwrap().ends_with(&format!("[kf:{}]", lent.lease.id)));
    assert_eq!((request.user.as_str(), request.duration_minutes), (r"ACME\joe.user", 360));
    assert!(broker.release(SITE, &release(&lent.lease.id)).await.unwrap().released);
    assert_eq!(company.vault.requests()[0].state, RequestState::CheckedIn);
}

#[tokio::test]
async fn linked_account_is_borrowed_for_the_system_it_is_linked_to() {
    let company = Company::new().await;
    let broker = company.open().await;
    let ask = ask_for(&broker, &search("db01"), "adm-joe", "k1").await;
    let lent = get(&broker, &ask).await.unwrap();
    assert_eq!(company.vault.requests()[0].system, "DB01");
    let Credential::UsernamePassword { username, domain, .. } = &lent.credential else {
        panic!("another kind")
    };
    assert_eq!((username.as_str(), domain.as_deref()), ("adm-joe", Some("ACME")));
}

#[tokio::test]
async fn release_duration_is_cut_to_the_accounts_own_limit() {
    let company = Company::new().await;
    let broker = company.open().await;
    let ask = ask_for(&broker, &search("db01"), "sa-reports", "k1").await;
    let answered = broker.retrieve(SITE, &ask).await;
    answered.result.unwrap();
    assert_eq!(company.vault.requests()[0].duration_minutes, 60);
    assert!(answered.explanation.to_string().contains("360 min cut to 60 min"));
}

#[tokio::test]
async fn request_is_approved_by_the_configured_approver() {
    let mut company = Company::new().await;
    company.settings.lending.approver = Some(r"ACME\approver".into());
    let broker = company.open().await;
    let ask = ask_for(&broker, &search("app01"), "break-glass", "k1").await;
    get(&broker, &ask).await.unwrap();
    assert_eq!(company.vault.requests()[0].approved_by, [r"ACME\approver"]);
}

#[tokio::test]
async fn approval_that_nobody_gives_leaves_no_request_behind() {
    let company = Company::new().await;
    let broker = company.open().await;
    let ask = ask_for(&broker, &search("app01"), "break-glass", "k1").await;
    let problem = get(&broker, &ask).await.unwrap_err();
    assert_eq!(problem.category, Category::ApprovalNeeded);
    assert_eq!(company.live(), 0);
}

#[tokio::test]
async fn private_key_comes_with_its_passphrase_and_only_where_there_is_one() {
    let company = Company::new().await;
    let broker = company.open().await;
    let mut ask = search("linux01");
    ask.want.kinds = vec![CredentialKind::SshPrivateKey];
    let lent = get(&broker, &ask_for(&broker, &ask, "root", "k1").await).await.unwrap();
    let Credential::SshPrivateKey { private_key, passphrase, .. } = &lent.credential else {
        panic!("another kind")
    };
    assert!(private_key.expose_secret().starts_with(b"-----BEGIN OPENSSH PRIVATE KEY-----"));
    assert_eq!(passphrase.as_ref().unwrap().expose_secret(), b"fake-Root-Passphrase!");

    let mut ask = search("app01");
    ask.want.kinds = vec![CredentialKind::SshPrivateKey];
    let problem = get(&broker, &ask_for(&broker, &ask, "helpdesk", "k2").await).await.unwrap_err();
    assert_eq!(problem.category, Category::UnsupportedKind);
    assert_eq!(company.live(), 1, "the first is still lent, the second was given back");
}

#[tokio::test]
async fn joined_request_has_one_check_in_after_the_last_holder() {
    let company = Company::new().await;
    let broker = company.open().await;
    let first = ask_for(&broker, &search("app01"), "helpdesk", "k1").await;
    let second = Retrieve { idempotency_key: "k2".into(), ..first.clone() };
    let first = get(&broker, &first).await.unwrap();
    let second = get(&broker, &second).await.unwrap();
    assert!(second.lease.shared);
    assert_eq!(company.vault.requests().len(), 1);
    // The joined request ends when it ends, not when the second asked for it to.
    let apart = second.lease.expires_at.duration_since(first.lease.expires_at).abs();
    assert!(apart < jiff::SignedDuration::from_secs(60), "{apart:?}");
    broker.release(SITE, &release(&first.lease.id)).await.unwrap();
    assert_eq!(company.live(), 1);
    broker.release(SITE, &release(&second.lease.id)).await.unwrap();
    assert_eq!(company.vault.requests()[0].state, RequestState::CheckedIn);
}

#[tokio::test]
async fn lost_answer_to_a_new_request_leaves_one_request_that_is_used() {
    let company = Company::new().await;
    let broker = company.open().await;
    let ask = ask_for(&broker, &search("app01"), "helpdesk", "k1").await;
    company.fault("POST Requests", FaultAction::DropAfter);
    let lent = get(&broker, &ask).await.unwrap();
    assert_eq!(company.vault.requests().len(), 1);
    broker.release(SITE, &release(&lent.lease.id)).await.unwrap();
    assert_eq!(company.live(), 0);
}

#[tokio::test]
async fn session_that_the_vault_ends_for_good_is_reported_by_search_and_retrieval() {
    let company = Company::new().await;
    let broker = company.open().await;
    let ask = ask_for(&broker, &search("app01"), "helpdesk", "k1").await;
    let unauthorized = FaultAction::Status { status: 401, body: String::new() };
    company.vault.arm(FaultSettings::always("*", unauthorized)).unwrap();
    let refused = || std::mem::take(&mut *company.refused.lock().unwrap());

    let problem = broker.find(&search("app01"), None).await.result.unwrap_err();
    assert_eq!(problem.category, Category::VaultAuth);
    assert_eq!(refused(), [r"ACME\joe.user"], "once for all questions of a search");
    assert_eq!(get(&broker, &ask).await.unwrap_err().category, Category::VaultAuth);
    assert_eq!(refused(), [r"ACME\joe.user"]);
    // What a new sign-in cures is nobody's trouble.
    company.vault.clear_faults();
    company.vault.recycle();
    get(&broker, &ask).await.unwrap();
    assert!(refused().is_empty());
}

#[tokio::test]
async fn vault_in_trouble_is_told_and_nothing_stays_borrowed() {
    let company = Company::new().await;
    let broker = company.open().await;
    let ask = ask_for(&broker, &search("app01"), "helpdesk", "k1").await;
    let routes = ["GET Credentials/{requestId}", "POST Requests"];
    let known = ps_sim::route_names().collect::<Vec<_>>();
    for (number, route) in routes.into_iter().enumerate() {
        let route = known
            .iter()
            .find(|name| name.starts_with(route.split_once('{').map_or(route, |(head, _)| head)))
            .unwrap();
        company.fault(route, FaultAction::Status { status: 500, body: "oops".into() });
        let ask = Retrieve { idempotency_key: format!("k{number}"), ..ask.clone() };
        let problem = get(&broker, &ask).await.unwrap_err();
        assert_eq!(problem.category, Category::VaultError, "{route}");
        assert_eq!(company.live(), 0, "{route}");
    }
}

#[tokio::test]
async fn session_the_vault_forgot_is_renewed_on_the_way() {
    let company = Company::new().await;
    let broker = company.open().await;
    let ask = ask_for(&broker, &search("app01"), "helpdesk", "k1").await;
    company.vault.recycle();
    get(&broker, &ask).await.unwrap();
}

#[tokio::test]
async fn crash_is_made_good_by_the_next_broker() {
    let company = Company::new().await;
    let broker = company.open().await;
    let ask = ask_for(&broker, &search("app01"), "helpdesk", "k1").await;
    get(&broker, &ask).await.unwrap();
    drop(broker);
    let broker = company.open().await;
    assert_eq!(company.live(), 1);
    broker.recover().await;
    assert_eq!((company.live(), broker.leases()), (0, 0));
}

#[tokio::test]
async fn reasons_for_nothing_are_told_as_far_as_the_vault_does() {
    let company = Company::new().await;
    let broker = company.open().await;
    let reason = async |name: &str, host: &str| {
        let ask = Find { user: user(name), ..find(host) };
        broker.find(&ask, None).await.result.unwrap().empty_reason
    };
    // Joe may read systems, so the vault tells.
    assert_eq!(reason(r"ACME\joe.user", "nosuch").await, Some(EmptyReason::NoSystem));
    // Rolf may not.
    assert_eq!(reason(r"ACME\rolf.roleless", "app01").await, Some(EmptyReason::NoAccount));
}

#[tokio::test]
async fn sign_in_that_is_refused_and_certificate_that_is_not_trusted_are_told_apart() {
    let mut company = Company::new().await;
    let stranger = Find { user: user(r"ACME\nora.nogroup"), ..find("app01") };
    let broker = company.open().await;
    let problem = broker.find(&stranger, None).await.result.unwrap_err();
    assert_eq!(problem.category, Category::VaultAuth);

    company.key = KEY.replace('0', "1");
    let broker = company.open().await;
    let problem = broker.find(&search("app01"), None).await.result.unwrap_err();
    assert_eq!(problem.category, Category::VaultAuth);

    let other = Server::start(Config::demo()).await.unwrap();
    let distrusting = HttpsTransport::builder()
        .native_roots(false)
        .ca_pem(other.ca_pem().as_bytes())
        .unwrap()
        .build()
        .unwrap();
    let broker = company.open_over(distrusting).await;
    let problem = broker.find(&search("app01"), None).await.result.unwrap_err();
    assert_eq!(problem.category, Category::VaultUntrusted);
}

#[tokio::test]
async fn only_a_plain_refusal_means_that_the_vault_does_not_know_a_user() {
    let company = Company::new().await;
    let source = company.source(company.transport());
    assert_eq!(source.knows(r"ACME\nobody").await, Ok(false));
    for status in [403, 429, 500, 503] {
        company.fault("POST Auth/SignAppin", FaultAction::Status { status, body: String::new() });
        let known = source.knows(r"ACME\joe.user").await;
        assert!(known.is_err(), "{status} {known:?}");
    }
    assert_eq!(source.knows(r"ACME\joe.user").await, Ok(true));
}

#[tokio::test]
async fn slow_vault_gives_a_partial_answer_in_time() {
    let company = Company::new().await;
    let broker = company.open().await;
    // Signed in before, so that only the search is slow.
    names(&broker, &search("app01")).await;
    company.vault.set_latency(Duration::from_secs(30));
    let mut ask = search("app01");
    ask.meta.deadline_ms = Some(200);
    let found = broker.find(&ask, None).await.result.unwrap();
    assert!(!found.complete && found.items.is_empty());
}

#[tokio::test]
async fn secrets_of_the_vault_reach_neither_ledger_nor_audit_log() {
    let company = Company::new().await;
    let broker = company.open().await;
    let ask = ask_for(&broker, &search("app01"), "helpdesk", "k1").await;
    let answered = broker.retrieve(SITE, &ask).await;
    let written = format!(
        "{}{}{answered:?}{}",
        company.ledger.text(),
        company.audit.text(),
        answered.explanation
    );
    let current = company.vault.current_password(r"App01\helpdesk-01").unwrap();
    assert!(written.contains("helpdesk-01"));
    for secret in [current.expose(), KEY] {
        assert!(!written.contains(secret));
    }
}
