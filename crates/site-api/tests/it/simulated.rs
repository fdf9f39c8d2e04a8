//! The client against a simulated site, over real TLS.

use std::sync::Arc;
use std::time::Instant;

use http::{Response, StatusCode};
use serde_json::{Map, Value, json};
use site_api::command::{
    CheckHealth, ClientKind, GetApiInfo, GetConnectedClientList, GetConnectedClients,
    GetLoggedInReps, GetSessionAttributes, SetSessionAttributes, TerminateSession,
};
use site_api::configuration::{
    ApiAccount, JumpClient, JumpGroup, Jumpoint, List, One, RemoteRdp, SecurityProvider, ShellJump,
    User, WebJump,
};
use site_api::reporting::{Report, SessionReport};
use site_api::{
    Answer, Call, Client, Clock, Error, HttpAnswer, HttpRequest, LoginPage, Lsid, Request,
    SiteAddress, Tokens, Transport, TransportError,
};
use site_sim::{ApiFault, ApiSession, CommandRight, Config, Faults, Permissions, Server};
use zeroize::Zeroizing;

const LSID: &str = "00112233445566778899aabbccddeeff";

struct Https(reqwest::Client);

impl Transport for Https {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let broken = |error: reqwest::Error| TransportError::Broken { reason: error.to_string() };
        let sending = self.0.request(request.method, request.url).headers(request.headers);
        let answer = sending.body(request.body.to_vec()).send().await.map_err(broken)?;
        let answer: Response<reqwest::Body> = answer.into();
        let (head, body) = answer.into_parts();
        let body = reqwest::Response::from(Response::new(body)).bytes().await.map_err(broken)?;
        let body = Zeroizing::new(body.to_vec());
        Ok(HttpAnswer { status: head.status, headers: head.headers, body })
    }
}

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// A site that lets one account call as fast as it likes, and its client.
async fn site() -> (Server, Client<Https>) {
    let config = "[api]\ncalls-per-second = 10000\n[[account]]\nclient-id = \"ecm-01\"\nclient-secret = \"right-horse\"";
    site_with(config).await
}

async fn site_with(config: &str) -> (Server, Client<Https>) {
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let server = Server::start(Config::from_toml(config).unwrap()).await.unwrap();
    let ca = reqwest::Certificate::from_pem(server.ca_pem().as_bytes()).unwrap();
    let https = reqwest::Client::builder().tls_certs_only([ca]).no_proxy();
    let https = Arc::new(Https(https.build().unwrap()));
    let token_url = server.token_url().parse().unwrap();
    let address = SiteAddress::of(&token_url).unwrap();
    let secret = "right-horse".into();
    let tokens = Tokens::new(token_url, "ecm-01".to_owned(), secret, https, Arc::new(WallClock));
    (server, Client::new(address, Arc::new(tokens)))
}

fn lsid() -> Lsid {
    Lsid::parse(LSID).unwrap()
}

fn session(attributes: &[(&str, &str)]) -> ApiSession {
    let attributes = attributes.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    ApiSession { lsid: LSID.to_owned(), attributes }
}

#[tokio::test]
async fn questions_are_answered_with_one_token_in_any_namespace() {
    let (server, site) = site().await;
    for namespace in
        ["http://www.bomgar.com/namespaces/API", "http://www.beyondtrust.com/sra/namespaces/API"]
    {
        server.set_namespace(namespace);
        let info = site.send(&GetApiInfo).await.unwrap();
        assert_eq!(
            (info.has("perm_ecm"), info.company_name.as_deref()),
            (Some(true), Some("examplecorp"))
        );
        assert!(site.send(&CheckHealth).await.unwrap().healthy);
        let reps = site.send(&GetLoggedInReps).await.unwrap();
        assert_eq!(reps.iter().map(|rep| rep.id).collect::<Vec<_>>(), [17]);
        let list = site.send(&GetConnectedClientList::default()).await.unwrap();
        assert_eq!((list.clients.len(), list.counts.len()), (2, 2));
        let ids: Vec<_> = list.clients.into_iter().map(|(_, id)| id).take(1).collect();
        let clients = GetConnectedClients::new(vec![ClientKind::Representative], ids).unwrap();
        let clients = site.send(&clients).await.unwrap();
        assert_eq!(clients[0].username.as_deref(), Some("joe.user"));
        assert_eq!(clients[0].public_ip.as_deref(), Some("203.0.113.7"));
        assert_eq!(site.send(&LoginPage).await.unwrap(), StatusCode::OK);
    }
    assert_eq!(server.stats().tokens_last_hour["ecm-01"], 1);
}

#[tokio::test]
async fn a_session_is_read_marked_ended_and_reported() {
    let (server, site) = site().await;
    let attributes = GetSessionAttributes { lsid: lsid() };
    let report = SessionReport { report: Report::AccessSession, lsid: lsid() };
    let error = site.send(&attributes).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    server.set_session(session(&[("ticket_number", "4711"), ("external_key", "OLD")]));
    let set =
        SetSessionAttributes::new(lsid(), [("external_key", "INC & <1>"), ("ticket_number", "")]);
    site.send(&set.unwrap()).await.unwrap();
    let known = site.send(&attributes).await.unwrap();
    assert_eq!((known.external_key(), known.get("ticket_number")), (Some("INC & <1>"), None));
    let error = site.send(&SetSessionAttributes::new(lsid(), [("nothing", "x")]).unwrap()).await;
    assert!(matches!(error, Err(Error::Refused { .. })), "{error:?}");

    // A running session is in no report.
    assert!(matches!(site.send(&report).await, Err(Error::Refused { .. })));
    site.send(&TerminateSession { lsid: lsid() }).await.unwrap();
    let ended = site.send(&report).await.unwrap().unwrap();
    assert!(ended.ended_at.is_some() && ended.started_at <= ended.ended_at);
    assert_eq!(ended.external_key.as_deref(), Some("INC & <1>"));
    assert!(matches!(site.send(&attributes).await, Err(Error::Refused { .. })));
    let other = SessionReport { report: Report::SupportSession, ..report };
    assert!(matches!(site.send(&other).await, Err(Error::Refused { .. })));
}

#[tokio::test]
async fn every_list_and_every_item_of_the_company_is_read() {
    let (_server, site) = site().await;
    macro_rules! counts {
        ($($kind:ty),*) => { [$(site.all(List::<$kind>::all()).await.unwrap().len()),*] };
    }
    let counts = counts!(
        ApiAccount,
        User,
        SecurityProvider,
        JumpGroup,
        Jumpoint,
        ShellJump,
        RemoteRdp,
        WebJump,
        JumpClient
    );
    assert_eq!(counts, [1, 2, 2, 2, 1, 1, 1, 1, 2]);
    let own = site.all(List::<ApiAccount>::all().with("name", "ecm-01").unwrap()).await.unwrap();
    assert_eq!(
        (own[0].perm_ecm, own[0].perm_command.as_deref()),
        (Some(true), Some("full_access"))
    );
    let found =
        site.all(List::<JumpClient>::all().with("hostname", "app01").unwrap()).await.unwrap();
    assert_eq!(found[0].fqdn.as_deref(), Some("app01.acme-inc.com"));
    assert_eq!(site.send(&One::<ShellJump>::new(12)).await.unwrap().name, "db01");
    assert!(matches!(
        site.send(&One::<ShellJump>::new(13)).await,
        Err(Error::NotFound { status: 404 })
    ));
    assert_eq!(site.budget().unwrap().limit, 15_000);
}

#[tokio::test]
async fn a_list_of_three_pages_is_read_to_its_end() {
    let (server, site) = site().await;
    let item = |id: u32| -> Map<String, Value> {
        json!({"id": id, "name": format!("c{id}")}).as_object().unwrap().clone()
    };
    assert!(server.set_list("jump-client", (1..=250).map(item).collect()));
    let clients = site.all(List::<JumpClient>::all()).await.unwrap();
    assert!(clients.iter().map(|client| client.id).eq(1..=250));
    let page = site.send(&List::<JumpClient>::all().at(2)).await.unwrap();
    assert_eq!(
        (page.previous, page.next, page.last, page.total),
        (Some(1), Some(3), Some(3), Some(250))
    );
}

/// A list asked with a field the site does not know, or a page size it does not take.
struct Odd(&'static str, &'static str);

impl Call for Odd {
    type Answer = ();
    const NAME: &'static str = "odd";

    fn request(&self) -> Request {
        let mut request = List::<User>::all().request();
        request.query = vec![(self.0.to_owned(), self.1.to_owned())];
        request
    }

    fn read(&self, answer: &Answer<'_>) -> Result<(), Error> {
        answer.success().map(drop)
    }
}

#[tokio::test]
async fn refusals_are_told_apart_and_cost_no_tokens() {
    let (server, site) = site().await;
    let error = site.send(&Odd("host", "x")).await.unwrap_err();
    assert!(
        matches!(&error, Error::Unauthorized { token: false, message } if message.as_str().contains("host")),
        "{error:?}"
    );
    let error = site.send(&Odd("per_page", "101")).await.unwrap_err();
    assert!(
        matches!(&error, Error::Invalid { fields, .. } if fields.contains_key("per_page")),
        "{error:?}"
    );
    let less = Permissions {
        perm_configuration: Some(false),
        perm_command: Some(CommandRight::ReadOnly),
        perm_reporting_support: Some(false),
        ..Permissions::default()
    };
    assert!(server.set_permissions("ecm-01", less));
    let error = site.all(List::<User>::all()).await.unwrap_err();
    assert!(error.is_missing_right(), "{error:?}");
    assert_eq!(site.send(&GetApiInfo).await.unwrap().has("perm_reporting_support"), Some(false));
    server.set_session(session(&[]));
    assert!(matches!(
        site.send(&TerminateSession { lsid: lsid() }).await,
        Err(Error::Refused { .. })
    ));
    assert_eq!(server.stats().tokens_last_hour["ecm-01"], 1);

    server.revoke_tokens(None);
    site.send(&GetApiInfo).await.unwrap();
    assert_eq!(server.stats().tokens_last_hour["ecm-01"], 2);
    server.set_account_enabled("ecm-01", false);
    let error = site.send(&GetApiInfo).await.unwrap_err();
    assert!(matches!(error, Error::Token(_)), "{error:?}");
    assert!(error.advice().contains("enabled"), "{}", error.advice());
}

#[tokio::test]
async fn the_site_is_not_asked_faster_than_it_allows_without_saying_so() {
    let config = "[api]\ncalls-per-hour = 2\n[[account]]\nclient-id = \"ecm-01\"\nclient-secret = \"right-horse\"";
    let (_server, site) = site_with(config).await;
    site.send(&List::<User>::all()).await.unwrap();
    assert_eq!(site.budget().unwrap().remaining, 1);
    site.send(&GetApiInfo).await.unwrap();
    let error = site.send(&GetApiInfo).await.unwrap_err();
    assert!(matches!(error, Error::Throttled { after: Some(_) }), "{error:?}");
}

#[tokio::test]
async fn faults_by_action_hit_that_action_alone() {
    let (server, site) = site().await;
    let broken = ApiFault { status: Some(500), times: Some(1), ..ApiFault::default() };
    let words = ApiFault { message: Some("nothing found".to_owned()), ..ApiFault::default() };
    let api = [("check_health".to_owned(), broken), ("get_api_info".to_owned(), words)].into();
    server.set_faults(Faults { api, ..Faults::default() }).unwrap();
    let error = site.send(&CheckHealth).await.unwrap_err();
    assert!(matches!(error, Error::Server { status: 500, .. }), "{error:?}");
    site.send(&CheckHealth).await.unwrap();
    let error = site.send(&GetApiInfo).await.unwrap_err();
    assert!(error.to_string().contains("nothing found"), "{error}");
    site.send(&GetLoggedInReps).await.unwrap();
}
