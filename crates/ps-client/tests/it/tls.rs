//! The HTTPS transport against real TLS connections on this machine.

#![expect(clippy::disallowed_methods, reason = "the servers of these tests run beside them")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ps_client::endpoint::requests::ListRequests;
use ps_client::endpoint::secrets_safe::secrets::DownloadFileSecret;
use ps_client::model::SecretId;
use ps_client::transport::Distrust;
use ps_client::transport::https::{HttpsBuilder, HttpsError, HttpsTransport, NativeRoots};
use ps_client::{Client, Error, ErrorKind, Session, SignedIn, TransportError, VaultAddress};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::scripted::{SIGNED_IN, key_auth};

/// An authority of a test's own.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: rustls::pki_types::CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let (pem, der) = (certificate.pem(), certificate.der().clone());
        Self { issuer: Issuer::new(params, key), pem, der }
    }

    fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    pub(crate) fn server(&self, change: impl FnOnce(&mut CertificateParams)) -> ServerConfig {
        let (certificate, key) = self.issue(change);
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap()
    }

    pub(crate) fn trusted(&self) -> HttpsBuilder {
        let builder = HttpsTransport::builder().native_roots(false);
        builder.ca_pem(self.pem.as_bytes()).unwrap()
    }
}

/// A server that answers each connection's requests with these bytes, one after the other, and
/// keeps what it was asked.
struct Server {
    address: SocketAddr,
    heard: Arc<Mutex<String>>,
}

impl Server {
    async fn start(tls: ServerConfig, answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let heard = Arc::new(Mutex::new(String::new()));
        let keep = Arc::clone(&heard);
        let answers = Arc::new(Mutex::new(answers.into_iter()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, keep, answers) =
                    (acceptor.clone(), Arc::clone(&keep), Arc::clone(&answers));
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut buffer = vec![0; 16_384];
                    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                        keep.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
                        let Some(answer) = answers.lock().unwrap().next() else { return };
                        let _ = stream.write_all(answer.as_bytes()).await;
                        if answer.contains("Connection: close") {
                            let _ = stream.shutdown().await;
                            return;
                        }
                    }
                });
            }
        });
        Self { address, heard }
    }

    fn client(&self, transport: HttpsTransport) -> Client<HttpsTransport> {
        self.client_at("localhost", transport)
    }

    fn client_at(&self, host: &str, transport: HttpsTransport) -> Client<HttpsTransport> {
        let port = self.address.port();
        let text = format!("https://{host}:{port}/BeyondTrust/api/public/v3");
        Client::new(VaultAddress::parse(&text).unwrap(), transport)
    }

    fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }
}

fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

async fn sign_in(client: &Client<HttpsTransport>) -> Result<Session<HttpsTransport>, Error> {
    match client.sign_in(key_auth()).await? {
        SignedIn::Session(session) => Ok(session),
        SignedIn::Challenge(_) => panic!("nobody asked for a second factor"),
    }
}

fn why(error: &Error) -> Distrust {
    match error.kind() {
        ErrorKind::Transport(TransportError::Untrusted { why, .. }) => *why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn certificates_that_are_not_accepted_are_told_apart() {
    let (ours, other) = (Authority::new(), Authority::new());
    let expired = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    };
    let early = |params: &mut CertificateParams| params.not_before = date_time_ymd(4000, 1, 1);
    let renamed = |params: &mut CertificateParams| {
        params.subject_alt_names =
            CertificateParams::new(vec!["vault.acme.test".to_owned()]).unwrap().subject_alt_names;
    };
    let table = [
        (other.server(|_| {}), Distrust::UnknownIssuer, "CA file"),
        (ours.server(renamed), Distrust::WrongName, "name"),
        (ours.server(expired), Distrust::Expired, "renew"),
        (ours.server(early), Distrust::NotYetValid, "clock"),
    ];
    for (server, expected, advice) in table {
        let server = Server::start(server, Vec::new()).await;
        let client = server.client(ours.trusted().build().unwrap());
        let error = sign_in(&client).await.unwrap_err();
        assert_eq!(why(&error), expected);
        assert!(error.advice().contains(advice), "{}", error.advice());
        assert!(!error.may_repeat() && !error.may_have_been_executed());
        assert_eq!(server.heard(), "", "nothing may be sent");
    }
}

#[tokio::test]
async fn wrong_name_is_right_again_with_a_resolve_override() {
    let ours = Authority::new();
    let tls = ours.server(|params| {
        params.subject_alt_names =
            CertificateParams::new(vec!["vault.acme.test".to_owned()]).unwrap().subject_alt_names;
    });
    let server = Server::start(tls, vec![http("200 OK", "", SIGNED_IN)]).await;
    let transport = ours.trusted().resolve("vault.acme.test", server.address).build().unwrap();
    sign_in(&server.client_at("vault.acme.test", transport)).await.unwrap();
    let heard = server.heard();
    assert!(heard.contains(&format!("host: vault.acme.test:{}", server.address.port())), "{heard}");
}

#[tokio::test]
async fn post_without_a_body_says_its_length_and_carries_one_authorization() {
    let ours = Authority::new();
    let server = Server::start(ours.server(|_| {}), vec![http("200 OK", "", SIGNED_IN)]).await;
    sign_in(&server.client(ours.trusted().build().unwrap())).await.unwrap();
    let heard = server.heard();
    assert!(heard.starts_with("POST /BeyondTrust/api/public/v3/Auth/SignAppin HTTP/1.1\r\n"));
    let headers = heard.to_ascii_lowercase();
    assert_eq!(headers.matches("content-length: 0\r\n").count(), 1, "{headers}");
    assert_eq!(headers.matches("authorization: ps-auth key=").count(), 1);
    assert!(headers.contains("user-agent: keyferry-ps-client/"));
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let ours = Authority::new();
    let elsewhere = Server::start(ours.server(|_| {}), vec![http("200 OK", "", SIGNED_IN)]).await;
    let location = format!("Location: https://localhost:{}/x\r\n", elsewhere.address.port());
    let server =
        Server::start(ours.server(|_| {}), vec![http("307 Temporary", &location, "")]).await;
    let error = sign_in(&server.client(ours.trusted().build().unwrap())).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotTheApi), "{error:?}");
    assert_eq!(elsewhere.heard(), "");
}

#[tokio::test]
async fn success_beyond_the_limit_is_not_taken_and_a_refusal_is_cut_there() {
    let ours = Authority::new();
    let long = "x".repeat(70_000);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n",
        long.len(),
    );
    for answer in [http("200 OK", "", &long), chunked] {
        let server = Server::start(ours.server(|_| {}), vec![answer]).await;
        let error = sign_in(&server.client(ours.trusted().build().unwrap())).await.unwrap_err();
        let ErrorKind::Transport(TransportError::TooLong { max }) = error.kind() else {
            panic!("{error:?}")
        };
        assert_eq!(*max, 65_536);
    }
    let server = Server::start(ours.server(|_| {}), vec![http("400 Bad", "", &long)]).await;
    let error = sign_in(&server.client(ours.trusted().build().unwrap())).await.unwrap_err();
    assert_eq!((error.status(), error.excerpt().is_some()), (Some(400), true));
}

#[tokio::test]
async fn answer_that_breaks_off_or_never_comes_may_have_been_executed() {
    let ours = Authority::new();
    let half = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{\"Use";
    let server = Server::start(ours.server(|_| {}), vec![half.to_owned()]).await;
    let error = sign_in(&server.client(ours.trusted().build().unwrap())).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Transport(TransportError::Broken(_))), "{error:?}");
    assert!(error.may_have_been_executed());

    // The sign-in has a limit of its own, because a person may have to confirm it.
    let never = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n".to_owned();
    let answers = vec![http("200 OK", "", SIGNED_IN), never];
    let server = Server::start(ours.server(|_| {}), answers).await;
    let short = ours.trusted().timeout(Duration::from_millis(50));
    let session = sign_in(&server.client(short.build().unwrap())).await.unwrap();
    let error = session.send(&ListRequests::default()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Transport(TransportError::TimedOut(_))), "{error:?}");
    assert!(error.may_have_been_executed() && error.may_repeat(), "a list may be asked for again");
}

#[tokio::test]
async fn download_that_stalls_is_given_up_wherever_it_stalls() {
    let ours = Authority::new();
    let call = DownloadFileSecret { secret: SecretId::new("a") };
    let session = async |rest: &str, patience: u64| {
        let answers = vec![http("200 OK", "", SIGNED_IN), rest.to_owned()];
        let server = Server::start(ours.server(|_| {}), answers).await;
        let short = ours.trusted().timeout(Duration::from_millis(patience)).build().unwrap();
        (sign_in(&server.client(short)).await.unwrap(), server)
    };
    let timed_out =
        |error: &Error| matches!(error.kind(), ErrorKind::Transport(TransportError::TimedOut(_)));
    // Before its head, in its first piece, and in a refusal.
    for rest in [
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\n4031",
    ] {
        let (session, _server) = session(rest, 50).await;
        let error = session.download(&call).await.unwrap_err();
        assert!(timed_out(&error), "{rest}: {error:?}");
    }
    // In the middle: what came before it must come in time on a busy machine, too.
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc";
    let (session, _server) = session(half, 1_000).await;
    let mut download = session.download(&call).await.unwrap();
    assert_eq!(download.next().await.unwrap().unwrap().as_slice(), b"abc");
    let error = download.next().await.unwrap_err();
    assert!(timed_out(&error), "{error:?}");
}

#[tokio::test]
async fn port_that_nobody_listens_on_and_port_without_tls_are_told_apart() {
    let ours = Authority::new();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = Server { address: free.local_addr().unwrap(), heard: Arc::default() };
    drop(free);
    let client = nobody.client(ours.trusted().build().unwrap());
    let error = sign_in(&client).await.unwrap_err();
    let unreachable = matches!(error.kind(), ErrorKind::Transport(TransportError::Unreachable(_)));
    assert!(unreachable && error.may_repeat(), "{error:?}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = Server { address: listener.local_addr().unwrap(), heard: Arc::default() };
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.read(&mut [0; 1_024]).await;
    });
    let error = sign_in(&plain.client(ours.trusted().build().unwrap())).await.unwrap_err();
    assert_eq!(why(&error), Distrust::Other);
}

#[tokio::test]
async fn client_certificate_is_shown_and_its_absence_is_named() {
    let ours = Authority::new();
    let (certificate, key) = ours.issue(|_| {});
    let mut roots = RootCertStore::empty();
    roots.add(ours.der.clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
    let (own, own_key) = ours.issue(|_| {});
    let tls = || {
        ServerConfig::builder()
            .with_client_cert_verifier(Arc::clone(&verifier))
            .with_single_cert(
                vec![own.der().clone()],
                PrivateKeyDer::try_from(own_key.serialize_der()).unwrap(),
            )
            .unwrap()
    };
    let server = Server::start(tls(), vec![http("200 OK", "", SIGNED_IN)]).await;
    let error = sign_in(&server.client(ours.trusted().build().unwrap())).await.unwrap_err();
    assert_eq!(why(&error), Distrust::ClientCertificate);
    assert!(error.advice().contains("renegotiation"));

    let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
    let with = ours.trusted().client_certificate_pem(pem.as_bytes()).unwrap().build().unwrap();
    sign_in(&server.client(with)).await.unwrap();
}

#[tokio::test]
async fn proxy_is_used_with_its_login_and_a_refusal_there_is_no_answer_of_the_vault() {
    let ours = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(String::new()));
    let keep = Arc::clone(&heard);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4_096];
        let read = stream.read(&mut buffer).await.unwrap();
        keep.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
        let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
    });
    let proxy = format!("http://{address}").parse().unwrap();
    let login = Some(("joe".to_owned(), "planted".into()));
    let transport = ours.trusted().proxy(proxy, login).build().unwrap();
    let vault = VaultAddress::parse("https://vault.acme.test/BeyondTrust/api/public/v3").unwrap();
    let error = sign_in(&Client::new(vault, transport)).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Transport(TransportError::Unreachable(_))),
        "{error:?}",
    );
    assert!(!format!("{error:?}").contains("planted"));
    let heard = heard.lock().unwrap().clone();
    assert!(heard.starts_with("CONNECT vault.acme.test:443 HTTP/1.1\r\n"), "{heard}");
    let expected = "proxy-authorization: basic am9lonbsyw50zwq=";
    assert!(heard.to_ascii_lowercase().contains(expected), "{heard}");
}

#[test]
fn settings_that_cannot_work_are_refused_when_the_transport_is_made() {
    let ours = Authority::new();
    let nobody = HttpsTransport::builder().native_roots(false).build();
    assert!(matches!(nobody, Err(HttpsError::NoRoots)));
    let (certificate, key) = ours.issue(|_| {});
    for pem in ["", "planted", &key.serialize_pem(), "-----BEGIN CERTIFICATE-----\nplanted\n"] {
        let error = HttpsTransport::builder().ca_pem(pem.as_bytes()).err().unwrap();
        assert!(matches!(error, HttpsError::NoCertificate { .. }), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("planted"));
    }
    let builder = HttpsTransport::builder();
    let no_key = builder.client_certificate_pem(certificate.pem().as_bytes());
    assert!(matches!(no_key, Err(HttpsError::NoKey)));
    let (_, other_key) = ours.issue(|_| {});
    let mixed = format!("{}{}", certificate.pem(), other_key.serialize_pem());
    let mismatch = ours.trusted().client_certificate_pem(mixed.as_bytes()).unwrap().build();
    assert!(matches!(mismatch, Err(HttpsError::BadCertificate(_))), "{mismatch:?}");
    for proxy in ["socks5://joe:planted@proxy.test:1080", "mailto:planted@proxy.test"] {
        let built = ours.trusted().proxy(proxy.parse().unwrap(), None).build();
        assert!(matches!(built, Err(HttpsError::BadProxy(_))), "{built:?}");
        assert!(!format!("{built:?}").contains("planted"));
    }
}

#[test]
fn native_roots_are_read_once_and_problems_are_not_swallowed() {
    let first = NativeRoots::of_this_machine();
    assert!(std::ptr::eq(first, NativeRoots::of_this_machine()));
    assert!(first.count() > 0 || !first.problems().is_empty() || cfg!(not(unix)));
}
