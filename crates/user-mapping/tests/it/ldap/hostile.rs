//! Servers that send what no server should: before TLS, where anybody can be the server, and after
//! it, where one that is broken or was taken over can.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use directory_rig::Place;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use user_mapping::ldap::{LdapDirectory, LdapServer, LdapSettings};
use user_mapping::{Answer, Key, Progress, Question, StatedUser};

use super::{rules, settings, why_not};

fn question_about_joe() -> Question {
    let rules = rules(
        "[[domain]]\nid = 'acme'\nnetbios = 'ACME'\ndns = ['acme.test']\ndirectory = 'always'",
    );
    let stated = StatedUser { username: r"ACME\joe", ..StatedUser::default() };
    let Progress::Ask(questions) = rules.resolve_with(&stated, &Default::default()) else {
        panic!();
    };
    let question = questions.into_iter().next().unwrap();
    assert!(matches!(question.by, Key::LogonName(_)));
    question
}

#[tokio::test]
async fn whatever_a_server_says_before_tls_does_no_harm() {
    let place = Place::new().unwrap();
    let question = question_about_joe();
    let deep: Vec<u8> = [0x30, 0x80].repeat(60_000);
    let refused = b"\x30\x10\x02\x01\x01\x78\x0b\x0a\x01\x34\x04\x00\x04\x04busy".to_vec();
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a length without end", vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], "too long"),
        ("nested without end", deep, "indefinite length"),
        ("no answer", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "StartTLS"),
        ("nothing", Vec::new(), "hung up"),
        ("a refusal", refused, "unavailable [52]"),
        ("an empty sequence", vec![0x30, 0x00], "without an id"),
        ("an entry", b"\x30\x09\x02\x01\x01\x64\x04\x04\x00\x30\x00".to_vec(), "another shape"),
    ];
    for (what, octets, words) in table {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ldap://{}", listener.local_addr().unwrap());
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = [0; 31];
            stream.read_exact(&mut question).await.unwrap();
            assert!(question.ends_with(b"1.3.6.1.4.1.1466.20037"), "only StartTLS is asked for");
            let _ = stream.write_all(&octets).await;
            let _ = stream.shutdown().await;
            // Nothing more is said to a server that has not shown who it is.
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            assert!(rest.is_empty(), "{rest:?}");
        };
        let settings = settings(&[&url], place.ca_pem(), ("cn=admin", "secret"), "dc=acme,dc=test");
        let directory = LdapDirectory::new(settings);
        let (answer, ()) = tokio::join!(directory.answer(&question, SystemTime::now()), server);
        let why = why_not(answer);
        assert!(why.contains(words), "{what}: {why}");
    }
}

/// What a server says to a message: its id and its operation are told.
type Script = fn(id: u8, operation: u8) -> Vec<u8>;

const BIND: u8 = 0x60;
const SEARCH: u8 = 0x63;

/// `30 length, id, operation`, all of them short.
fn message(id: u8, operation: &[u8]) -> Vec<u8> {
    let length = u8::try_from(operation.len() + 3).unwrap();
    [&[0x30, length, 2, 1, id][..], operation].concat()
}

fn bound(id: u8) -> Vec<u8> {
    message(id, b"\x61\x07\x0a\x01\x00\x04\x00\x04\x00")
}

fn nobody(id: u8) -> Vec<u8> {
    message(id, b"\x65\x07\x0a\x01\x00\x04\x00\x04\x00")
}

/// A server behind TLS that keeps to its script, on as many connections as come.
struct Scripted {
    url: String,
    ca_pem: String,
}

impl Scripted {
    async fn start(script: Script) -> Self {
        let key = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![key.cert.der().clone()],
                key.signing_key.serialize_der().try_into().unwrap(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ldaps://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        keep_to(script, stream).await;
                    }
                });
            }
        });
        Self { url, ca_pem: key.cert.pem() }
    }
}

async fn keep_to(script: Script, mut stream: TlsStream<TcpStream>) {
    loop {
        let mut head = [0; 2];
        if stream.read_exact(&mut head).await.is_err() {
            return;
        }
        let mut length = usize::from(head[1]);
        if head[1] == 0x81 {
            length = usize::from(stream.read_u8().await.unwrap());
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let [2, 1, id, operation, ..] = body[..] else { panic!("small ids") };
        if stream.write_all(&script(id, operation)).await.is_err() {
            return;
        }
    }
}

fn asking(servers: &[&Scripted]) -> LdapSettings {
    let pems: String = servers.iter().map(|server| server.ca_pem.as_str()).collect();
    let mut settings = settings(&[], &pems, ("cn=admin", "secret"), "dc=acme,dc=test");
    settings.servers =
        servers.iter().map(|server| LdapServer::parse(&server.url).unwrap()).collect();
    settings.limits.operation = Duration::from_secs(1);
    settings
}

#[tokio::test]
async fn an_answer_to_another_question_ends_the_connection_and_nothing_else() {
    let question = question_about_joe();
    let table: [(&str, Script); 8] = [
        ("an entry for a bind", |id, _| message(id, b"\x64\x04\x04\x00\x30\x00")),
        ("an empty reference for a bind", |id, _| message(id, b"\x73\x00")),
        ("a bind for a search", |id, _| bound(id)),
        ("another id", |id, operation| match operation {
            BIND => bound(id),
            _ => nobody(id + 1),
        }),
        ("a referral that is none", |id, _| {
            message(id, b"\x61\x0a\x0a\x01\x00\x04\x00\x04\x00\x83\x01\x00")
        }),
        ("a part too many", |id, _| {
            message(id, b"\x61\x07\x0a\x01\x00\x04\x00\x04\x00\x02\x01\x01")
        }),
        ("a control that is none", |id, _| {
            message(id, b"\x61\x07\x0a\x01\x00\x04\x00\x04\x00\xa0\x02\x30\x00")
        }),
        ("a notice of disconnection", |_, _| message(0, b"\x78\x07\x0a\x01\x34\x04\x00\x04\x00")),
    ];
    for (what, script) in table {
        let server = Scripted::start(script).await;
        let directory = LdapDirectory::new(asking(&[&server]));
        let why = why_not(directory.answer(&question, SystemTime::now()).await);
        assert!(why.contains("the connection was closed"), "{what}: {why}");
    }
}

#[tokio::test]
async fn entries_without_end_end_the_connection() {
    let server = Scripted::start(|id, operation| match operation {
        BIND => bound(id),
        _ => message(id, b"\x64\x04\x04\x00\x30\x00").repeat(3_000),
    })
    .await;
    let directory = LdapDirectory::new(asking(&[&server]));
    let why = why_not(directory.answer(&question_about_joe(), SystemTime::now()).await);
    assert!(why.contains("the connection was closed"), "{why}");
}

#[tokio::test]
async fn a_server_that_lets_us_in_and_answers_nothing_leaves_time_for_the_next() {
    let silent = Scripted::start(|id, operation| match operation {
        SEARCH => Vec::new(),
        _ => bound(id),
    })
    .await;
    let well = Scripted::start(|id, operation| match operation {
        SEARCH => nobody(id),
        _ => bound(id),
    })
    .await;
    let mut settings = asking(&[&silent, &well]);
    settings.limits.total = Duration::from_secs(30);
    let directory = LdapDirectory::new(settings);
    let question = question_about_joe();
    for _ in 0..5 {
        let answer = directory.answer(&question, SystemTime::now()).await;
        assert_eq!(answer, Answer::Nobody);
    }
}
