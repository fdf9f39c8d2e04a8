//! What the HTTPS transport puts on the wire and makes of what comes: a mocked vault behind real
//! TLS on this machine.

#![expect(clippy::disallowed_methods, reason = "the servers of these tests run beside them")]

mod front;

use std::time::Duration;

use futures_util::future::join_all;
use ps_client::endpoint::requests::{CreateRequest, ListRequests};
use ps_client::endpoint::secrets_safe::secrets::{CreateFileSecret, DownloadFileSecret};
use ps_client::model::{
    AccountId, FileSecret, FolderId, NewRequest, NewSecretOwner, RequestId, SecretId, SystemId,
    UserId,
};
use ps_client::transport::https::{HttpsBuilder, HttpsTransport};
use ps_client::{
    Client, Error, ErrorKind, Limits, RetryPolicy, Session, SignedIn, TransportError, VaultAddress,
};
use rustls::HandshakeKind;
use wiremock::matchers::{any, body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use self::front::{Proxy, TlsFront};
use crate::scripted::{SIGNED_IN, key_auth};
use crate::tls::Authority;

const BASE: &str = "/BeyondTrust/api/public/v3";

/// A vault that lets everybody in, TLS before it, and who trusts it.
struct Vault {
    mock: MockServer,
    front: TlsFront,
    authority: Authority,
}

impl Vault {
    async fn start() -> Self {
        Self::start_speaking(&[]).await
    }

    async fn start_speaking(protocols: &[&str]) -> Self {
        let (mock, authority) = (MockServer::start().await, Authority::new());
        let mut tls = authority.server(|_| {});
        tls.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let front = TlsFront::before(*mock.address(), tls).await;
        let vault = Self { mock, front, authority };
        let cookies = ResponseTemplate::new(200)
            .append_header("Set-Cookie", "ASP.NET_SessionId=s1; path=/; HttpOnly")
            .append_header("Set-Cookie", "balancer=node2; path=/; Secure");
        vault
            .on("POST", "Auth/SignAppin", cookies.set_body_raw(SIGNED_IN, "application/json"))
            .await;
        vault
    }

    async fn on(&self, verb: &str, below: &str, answer: ResponseTemplate) {
        let call = Mock::given(method(verb)).and(path(format!("{BASE}/{below}")));
        call.respond_with(answer).mount(&self.mock).await;
    }

    fn trusted(&self) -> HttpsBuilder {
        self.authority.trusted()
    }

    async fn sign_in(&self, transport: HttpsTransport) -> Session<HttpsTransport> {
        self.sign_in_as("localhost", transport).await.unwrap()
    }

    async fn sign_in_as(
        &self,
        host: &str,
        transport: HttpsTransport,
    ) -> Result<Session<HttpsTransport>, Error> {
        let address = format!("https://{host}:{}{BASE}", self.front.address.port());
        let builder = Client::builder(VaultAddress::parse(&address).unwrap(), transport);
        let mut limits = Limits::default();
        limits.list_bytes = 1_000;
        match builder
            .limits(limits)
            .coalesce(false)
            .retry(RetryPolicy::never())
            .build()
            .sign_in(key_auth())
            .await?
        {
            SignedIn::Session(session) => Ok(session),
            SignedIn::Challenge(_) => panic!("nobody asked for a second factor"),
        }
    }

    async fn heard(&self) -> Vec<Request> {
        self.mock.received_requests().await.unwrap()
    }
}

fn list() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw("[]", "application/json")
}

fn all(request: &Request, name: &str) -> Vec<String> {
    let values = request.headers.get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

#[tokio::test]
async fn sign_in_carries_the_key_and_every_other_call_all_cookies_and_nothing_else() {
    let vault = Vault::start().await;
    vault.on("GET", "Requests", list()).await;
    let session = vault.sign_in(vault.trusted().build().unwrap()).await;
    session.send(&ListRequests::default()).await.unwrap();
    let heard = vault.heard().await;
    let [sign_in, list] = heard.as_slice() else { panic!("{heard:?}") };
    let key = format!("PS-Auth key={}; runas=ACME\\joe;", crate::scripted::KEY);
    assert_eq!(all(sign_in, "authorization"), [key]);
    assert_eq!(all(sign_in, "content-length"), ["0"]);
    assert_eq!(all(sign_in, "cookie"), [""; 0]);
    assert_eq!(all(list, "authorization"), [""; 0]);
    assert_eq!(all(list, "cookie"), ["ASP.NET_SessionId=s1; balancer=node2"]);
    assert_eq!(all(list, "content-length"), [""; 0]);
    assert_eq!(all(list, "content-type"), [""; 0]);
    for request in &heard {
        assert_eq!(all(request, "accept"), ["application/json"]);
        assert_eq!(all(request, "referer"), [""; 0]);
        let host = format!("localhost:{}", vault.front.address.port());
        assert_eq!(all(request, "host"), [host]);
    }
}

#[tokio::test]
async fn json_arrives_as_it_was_meant_with_its_type_and_length() {
    let vault = Vault::start().await;
    let expected = serde_json::json!({
        "AccessType": "View", "SystemID": 1, "AccountID": 2, "DurationMinutes": 60,
        "Reason": "Größe \"x\"\n\\",
    });
    Mock::given(method("POST"))
        .and(path(format!("{BASE}/Requests")))
        .and(header("content-type", "application/json"))
        .and(body_json(expected))
        .respond_with(ResponseTemplate::new(201).set_body_string("77"))
        .mount(&vault.mock)
        .await;
    let session = vault.sign_in(vault.trusted().build().unwrap()).await;
    let new = NewRequest::view(SystemId::new(1), AccountId::new(2), 60).reason("Größe \"x\"\n\\");
    let created = session.send(&CreateRequest(&new)).await.unwrap();
    assert_eq!(created.id, RequestId::new(77));
    let heard = vault.heard().await;
    let sent = heard.last().unwrap();
    assert_eq!(all(sent, "content-length"), [sent.body.len().to_string()]);
    assert_eq!(all(sent, "transfer-encoding"), [""; 0]);
}

#[tokio::test]
async fn names_of_any_kind_arrive_in_the_query_as_they_were() {
    let vault = Vault::start().await;
    let name = "Ä & b+c#d/e?f=%20;\\";
    Mock::given(method("GET"))
        .and(path(format!("{BASE}/ManagedAccounts")))
        .and(query_param("systemName", name))
        .respond_with(list())
        .mount(&vault.mock)
        .await;
    let session = vault.sign_in(vault.trusted().build().unwrap()).await;
    let query = ps_client::model::ManagedAccountQuery::default().on_system(name);
    assert!(session.managed_accounts(&query).await.unwrap().is_empty());
}

#[tokio::test]
async fn file_arrives_whole_as_one_part_beside_what_is_known_of_it() {
    let vault = Vault::start().await;
    let id = "6f2c9a5e-0d7b-4b1e-9a3c-5d8e7f6a1b2c";
    let created = ResponseTemplate::new(201)
        .set_body_json(serde_json::json!({ "Id": id, "Title": "t", "FolderId": id }));
    vault.on("POST", &format!("Secrets-Safe/Folders/{id}/secrets/file"), created).await;
    let session = vault.sign_in(vault.trusted().build().unwrap()).await;
    // Longer than any buffer on the way, with every byte in it.
    let contents: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8 ^ 0xa5).collect();
    let owner = NewSecretOwner::of_user(UserId::new(7));
    let new = FileSecret::new("title", "key.bin", vec![owner]);
    let call =
        CreateFileSecret { folder: FolderId::new(id), new, contents: contents.clone().into() };
    session.send(&call).await.unwrap();
    let heard = vault.heard().await;
    let sent = heard.last().unwrap();
    let kind = all(sent, "content-type").concat();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert_eq!(all(sent, "content-length"), [sent.body.len().to_string()]);
    let find = |what: &[u8]| sent.body.windows(what.len()).position(|part| part == what);
    let first = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"secretmetadata\"");
    assert_eq!(find(first.as_bytes()), Some(0));
    let start = find(b"filename=\"key.bin\"").unwrap();
    let begin = start + find_in(&sent.body[start..], b"\r\n\r\n") + 4;
    assert!(sent.body[begin..].starts_with(&contents));
    let end = format!("\r\n--{boundary}--\r\n");
    assert_eq!(&sent.body[begin + contents.len()..], end.as_bytes());
}

fn find_in(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|part| part == what).unwrap()
}

#[tokio::test]
async fn list_may_fill_its_limit_and_a_file_may_be_of_any_length() {
    let vault = Vault::start().await;
    let fits = format!("[{}]", " ".repeat(998));
    let id = "6f2c9a5e-0d7b-4b1e-9a3c-5d8e7f6a1b2c";
    let file = vec![0x5a; 3_000_000];
    let download = ResponseTemplate::new(200).set_body_bytes(file.clone());
    vault.on("GET", &format!("Secrets-Safe/Secrets/{id}/file/download"), download).await;
    Mock::given(any())
        .and(path(format!("{BASE}/Requests")))
        .respond_with(ResponseTemplate::new(200).set_body_raw(fits.clone(), "application/json"))
        .up_to_n_times(1)
        .mount(&vault.mock)
        .await;
    let long = ResponseTemplate::new(200).set_body_raw(fits + " ", "application/json");
    vault.on("GET", "Requests", long).await;
    let session = vault.sign_in(vault.trusted().build().unwrap()).await;
    assert!(session.send(&ListRequests::default()).await.unwrap().is_empty());
    let error = session.send(&ListRequests::default()).await.unwrap_err();
    let ErrorKind::Transport(TransportError::TooLong { max }) = error.kind() else {
        panic!("{error:?}")
    };
    assert_eq!(*max, 1_000);
    let mut stream =
        session.download(&DownloadFileSecret { secret: SecretId::new(id) }).await.unwrap();
    assert_eq!(stream.length(), Some(3_000_000));
    let (mut whole, mut pieces) = (Vec::new(), 0);
    while let Some(piece) = stream.next().await.unwrap() {
        whole.extend_from_slice(&piece);
        pieces += 1;
    }
    assert!(whole == file && pieces > 1, "{} bytes in {pieces} pieces", whole.len());
}

#[tokio::test]
async fn answer_that_is_late_is_given_up_and_the_next_call_is_not_in_its_way() {
    let vault = Vault::start().await;
    let late = list().set_delay(Duration::from_secs(3_600));
    Mock::given(path(format!("{BASE}/Requests")))
        .respond_with(late)
        .up_to_n_times(1)
        .mount(&vault.mock)
        .await;
    vault.on("GET", "Requests", list()).await;
    let transport = vault.trusted().timeout(Duration::from_millis(200)).build().unwrap();
    let session = vault.sign_in(transport).await;
    let error = session.send(&ListRequests::default()).await.unwrap_err();
    let timed_out = matches!(error.kind(), ErrorKind::Transport(TransportError::TimedOut(_)));
    assert!(timed_out && error.may_have_been_executed(), "{error:?}");
    let patient = vault.sign_in(vault.trusted().build().unwrap()).await;
    patient.send(&ListRequests::default()).await.unwrap();
}

#[tokio::test]
async fn calls_one_after_the_other_share_a_connection_and_a_crowd_leaves_some_to_reuse() {
    let vault = Vault::start().await;
    vault.on("GET", "Requests", list()).await;
    let session = vault.sign_in(vault.trusted().build().unwrap()).await;
    for _ in 0..20 {
        session.send(&ListRequests::default()).await.unwrap();
    }
    assert_eq!(vault.front.handshakes().len(), 1);
    let list = ListRequests::default();
    for outcome in join_all((0..8).map(|_| session.send(&list))).await {
        outcome.unwrap();
    }
    for _ in 0..8 {
        session.send(&list).await.unwrap();
    }
    let connections = vault.front.handshakes().len();
    assert!(connections <= 8, "{connections} connections for eight calls at once");
    assert_eq!(vault.heard().await.len(), 37);
}

#[tokio::test]
async fn call_alone_goes_by_http_1_1_and_calls_beside_others_share_one_of_http_2() {
    let vault = Vault::start_speaking(&["h2", "http/1.1"]).await;
    vault.on("GET", "Requests", list().set_delay(Duration::from_millis(50))).await;
    let session = vault.sign_in(vault.trusted().build().unwrap()).await;
    let list = ListRequests::default();
    for _ in 0..3 {
        session.send(&list).await.unwrap();
    }
    assert_eq!(vault.front.protocols(), ["http/1.1"]);
    let (first, second) = tokio::join!(session.send(&list), session.send(&list));
    first.and(second).unwrap();
    assert_eq!(vault.front.protocols(), ["http/1.1", "h2"]);
    for outcome in join_all((0..8).map(|_| session.send(&list))).await {
        outcome.unwrap();
    }
    session.send(&list).await.unwrap();
    assert_eq!(vault.front.protocols(), ["http/1.1", "h2"], "both are used again");
    assert_eq!(vault.heard().await.len(), 15);
}

#[tokio::test]
async fn next_connection_resumes_the_tls_session_of_the_one_before() {
    let vault = Vault::start().await;
    vault.on("GET", "Requests", list().insert_header("Connection", "close")).await;
    let transport = vault.trusted().build().unwrap();
    let session = vault.sign_in(transport).await;
    for _ in 0..4 {
        session.send(&ListRequests::default()).await.unwrap();
    }
    // The sign-in shares the first; each list ends its own.
    let [first, later @ ..] = &vault.front.handshakes()[..] else { panic!() };
    assert_eq!(*first, HandshakeKind::Full);
    assert_eq!(later, [HandshakeKind::Resumed; 3]);
    // Another transport has other secrets.
    vault.sign_in(vault.trusted().build().unwrap()).await;
    assert_eq!(vault.front.handshakes().last(), Some(&HandshakeKind::Full));
}

#[tokio::test]
async fn proxy_carries_tls_that_it_cannot_read_and_is_told_the_vaults_name() {
    let vault = Vault::start().await;
    vault.on("GET", "Requests", list()).await;
    let proxy = Proxy::to(vault.front.address).await;
    let address = format!("http://{}", proxy.address).parse().unwrap();
    let login = Some(("joe".to_owned(), "planted".into()));
    let transport = vault.trusted().proxy(address, login).build().unwrap();
    assert!(!format!("{transport:?}").contains("planted"));
    let session = vault.sign_in(transport).await;
    session.send(&ListRequests::default()).await.unwrap();
    let asked = proxy.asked();
    let [connect] = asked.as_slice() else { panic!("{asked:?}") };
    let line = format!("CONNECT localhost:{} HTTP/1.1\r\n", vault.front.address.port());
    assert!(connect.starts_with(&line), "{connect}");
    assert!(connect.to_ascii_lowercase().contains("proxy-authorization: basic "), "{connect}");
    assert!(!connect.to_ascii_lowercase().contains("ps-auth"), "{connect}");
    for request in vault.heard().await {
        assert_eq!(all(&request, "proxy-authorization"), [""; 0]);
    }
    // A vault that lies behind the proxy under another certificate is not taken for it.
    let address = format!("http://{}", proxy.address).parse().unwrap();
    let transport = vault.trusted().proxy(address, None).build().unwrap();
    let error = vault.sign_in_as("vault.acme.test", transport).await.unwrap_err();
    let untrusted = matches!(error.kind(), ErrorKind::Transport(TransportError::Untrusted { .. }));
    assert!(untrusted, "{error:?}");
}
