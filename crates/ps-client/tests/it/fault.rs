//! The transport that fails as it is told to.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, Method};
use ps_client::endpoint::isa_requests::CreateIsaRequest;
use ps_client::endpoint::requests::ListRequests;
use ps_client::model::{AccountId, CredentialType, NewIsaRequest, SystemId};
use ps_client::transport::fault::{Fault, Faulty};
use ps_client::transport::{Distrust, HttpAnswer, HttpRequest};
use ps_client::{
    Client, Runtime, Session, SignedIn, Task, Transport, TransportError, VaultAddress,
};

use crate::scripted::{ADDRESS, Vault, key_auth, reply};

fn request(method: Method, path: &str) -> HttpRequest {
    HttpRequest {
        method,
        url: format!("{ADDRESS}/{path}").parse().unwrap(),
        headers: HeaderMap::new(),
        body: Vec::new().into(),
        max_answer: 20,
        is_sign_in: false,
    }
}

/// A vault with one answer to `GET Requests`, behind a transport with this fault for it.
async fn meets(fault: Fault) -> (Result<HttpAnswer, TransportError>, bool) {
    let vault = Vault::default();
    vault.on("GET Requests", reply(200, "[1, 2, 3]"));
    let transport = Faulty::new(vault.clone());
    transport.on("GET Requests", fault);
    let outcome = transport.send(request(Method::GET, "Requests")).await;
    assert!(transport.unmet().is_empty());
    (outcome, !vault.calls().is_empty())
}

#[tokio::test]
async fn each_fault_is_the_error_it_stands_for_and_is_executed_only_when_told() {
    for (fault, expected, executed) in [
        (Fault::refused(), "Unreachable(", false),
        (Fault::refused().after_execution(), "Unreachable(", false),
        (Fault::untrusted(Distrust::Expired), "Untrusted { why: Expired", false),
        (Fault::timed_out(), "TimedOut(", false),
        (Fault::timed_out().after_execution(), "TimedOut(", true),
        (Fault::broken(), "Broken(", false),
        (Fault::broken().after_execution(), "Broken(", true),
        (Fault::garbage([b'x'; 21]), "TooLong { max: 20 }", false),
    ] {
        let printed = format!("{fault:?}");
        let (outcome, reached) = meets(fault).await;
        let error = format!("{:?}", outcome.unwrap_err());
        assert!(error.starts_with(expected), "{printed}: {error}");
        assert_eq!(reached, executed, "{printed}");
    }
}

#[tokio::test]
async fn answers_are_made_or_spoilt() {
    for (fault, status, body, executed) in [
        (Fault::status(503), 503, "", false),
        (Fault::status(403).body("4034"), 403, "4034", false),
        (Fault::status(500).body([b'x'; 30]), 500, "xxxxxxxxxxxxxxxxxxxx", false),
        (Fault::status(500).after_execution(), 500, "", true),
        (Fault::session_over(), 401, "", false),
        (Fault::garbage("<html>"), 200, "<html>", false),
        (Fault::cut(4), 200, "[1, ", true),
    ] {
        let (outcome, reached) = meets(fault).await;
        let answer = outcome.unwrap();
        assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (status, body.as_bytes()));
        assert_eq!(reached, executed);
    }
    let (outcome, _) = meets(Fault::throttled(17)).await;
    let answer = outcome.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["retry-after"]),
        (429, &"17".parse().unwrap())
    );
}

#[tokio::test]
async fn only_the_calls_that_are_meant_meet_a_fault_and_each_fault_is_met_once() {
    let vault = Vault::default();
    for _ in 0..2 {
        vault.on("GET Requests", reply(200, "[]")).on("PUT Requests/9/Checkin", reply(204, ""));
    }
    let transport = Faulty::new(vault);
    transport
        .on_nth("get requests", 2, Fault::status(500))
        .on("PUT Requests/*/Checkin", Fault::status(501));
    transport.on("* Requests", Fault::status(502));
    let mut statuses = Vec::new();
    let calls = [
        (Method::GET, "Requests"),
        (Method::GET, "Requests"),
        (Method::GET, "Requests"),
        (Method::PUT, "Requests/9/Checkin"),
        (Method::PUT, "Requests/9/Checkin"),
        (Method::GET, "Requests"),
    ];
    for (method, path) in calls {
        statuses.push(transport.send(request(method, path)).await.unwrap().status.as_u16());
    }
    // The first list is counted by the first line and taken by the last.
    assert_eq!(statuses, [502, 500, 200, 501, 204, 200]);
    assert_eq!((transport.count("GET Requests"), transport.count("* Requests/*/Checkin")), (4, 2));
    assert_eq!(transport.count("*"), 6);
    let seen = transport.seen();
    assert_eq!(
        (seen[0].route.as_str(), seen[0].faulty, seen[0].passed_on),
        ("GET Requests", true, false)
    );
    assert!(!seen[5].faulty && seen[5].passed_on);
}

#[tokio::test]
async fn fault_that_no_call_met_is_named() {
    let transport = Faulty::new(Vault::default());
    transport.on("DELETE Requests", Fault::broken().after_execution());
    let unmet = transport.clone().unmet();
    assert_eq!(format!("{unmet:?}"), r#"[("DELETE Requests", Fault(broken after execution))]"#);
    assert_eq!(format!("{transport:?}"), "Faulty(1 faults to come, 0 calls so far)");
    let secret = Fault::status(200).body("planted");
    assert!(!format!("{secret:?}").contains("planted"));
}

#[tokio::test]
async fn client_signs_in_again_when_a_fault_ends_its_session() {
    let vault = Vault::open();
    vault.on("POST Auth/SignAppin", crate::scripted::signed_in("s=2"));
    vault.on("GET Requests", reply(200, "[]"));
    let transport = Faulty::new(vault.clone());
    transport.on("GET Requests", Fault::session_over());
    let client = Client::new(VaultAddress::parse(ADDRESS).unwrap(), transport.clone());
    let SignedIn::Session(session) = client.sign_in(key_auth()).await.unwrap() else { panic!() };
    session.send(&ListRequests::default()).await.unwrap();
    assert_eq!(transport.count("POST Auth/SignAppin"), 2);
    vault.assert_played_out();
}

/// A timer that goes off when the test says so, or at once.
#[derive(Default)]
struct Paper {
    slept: Mutex<Vec<Duration>>,
    at_once: bool,
    alarm: Arc<tokio::sync::Notify>,
}

impl Paper {
    fn hasty() -> Arc<Self> {
        Arc::new(Self { at_once: true, ..Self::default() })
    }

    fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }
}

impl Runtime for Paper {
    #[expect(clippy::disallowed_methods, reason = "nobody looks at this clock")]
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall_clock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn sleep(&self, time: Duration) -> Task {
        self.slept.lock().unwrap().push(time);
        let (at_once, alarm) = (self.at_once, Arc::clone(&self.alarm));
        Box::pin(async move {
            if !at_once {
                alarm.notified().await;
            }
        })
    }

    fn spawn(&self, _: Task) {}

    fn random(&self) -> u64 {
        u64::MAX
    }
}

#[tokio::test]
async fn late_answer_waits_for_the_given_timer_and_silence_for_ever() {
    let vault = Vault::default();
    vault.on("GET Requests", reply(200, "[]"));
    let (paper, transport) = (Arc::new(Paper::default()), Faulty::new(vault.clone()));
    let late = Duration::from_secs(9);
    transport.on("GET Requests", Fault::late(late, paper.clone()));
    transport.on("GET Requests", Fault::silence());
    let mut call = pin!(transport.send(request(Method::GET, "Requests")));
    for _ in 0..5 {
        let pending =
            poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await;
        assert!(pending);
        tokio::task::yield_now().await;
    }
    assert_eq!((vault.calls().len(), paper.slept.lock().unwrap().as_slice()), (1, &[late][..]));
    paper.alarm.notify_one();
    assert_eq!(call.await.unwrap().body.as_slice(), b"[]");
    let mut silent = pin!(transport.send(request(Method::GET, "Requests")));
    assert!(poll_fn(|context| Poll::Ready(silent.as_mut().poll(context).is_pending())).await);
    assert_eq!(vault.calls().len(), 1);
}

/// All pieces of a download, and how it ended.
async fn download(transport: &Faulty<Vault>) -> (String, Result<(), TransportError>) {
    let mut download = transport.open(request(Method::GET, "File")).await.unwrap();
    let mut whole = String::new();
    loop {
        match download.pieces.next().await {
            Ok(Some(piece)) => whole.push_str(std::str::from_utf8(&piece).unwrap()),
            Ok(None) => return (whole, Ok(())),
            Err(error) => return (whole, Err(error)),
        }
    }
}

#[tokio::test]
async fn downloads_are_cut_torn_and_slowed() {
    let (vault, paper) = (Vault::default(), Paper::hasty());
    for _ in 0..4 {
        vault.on("GET File", reply(200, "0123456789"));
    }
    let transport = Faulty::new(vault);
    transport.on("GET File", Fault::cut(4)).on("GET File", Fault::torn(7));
    transport.on("GET File", Fault::slow(Duration::from_secs(2), paper.clone()));
    let (cut, end) = download(&transport).await;
    assert!(end.is_ok(), "{end:?}");
    assert_eq!(cut, "0123");
    let (torn, end) = download(&transport).await;
    assert!(matches!(end, Err(TransportError::Broken(_))), "{end:?}");
    assert_eq!(torn, "0123456");
    assert_eq!(download(&transport).await.0, "0123456789");
    // One piece, and the end.
    assert_eq!(paper.slept(), [Duration::from_secs(2); 2]);
    assert_eq!(download(&transport).await.0, "0123456789");
    assert_eq!(paper.slept().len(), 2);
    let (torn, reached) = meets(Fault::torn(3)).await;
    assert!(matches!(torn, Err(TransportError::Broken(_))) && reached);
}

/// A session with a timer, over a transport whose script comes later.
async fn patient(vault: &Vault) -> (Session<Faulty<Vault>>, Faulty<Vault>, Arc<Paper>) {
    let (transport, paper) = (Faulty::new(vault.clone()), Paper::hasty());
    let address = VaultAddress::parse(ADDRESS).unwrap();
    let client = Client::builder(address, transport.clone()).runtime(paper.clone()).build();
    let SignedIn::Session(session) = client.sign_in(key_auth()).await.unwrap() else { panic!() };
    (session, transport, paper)
}

#[tokio::test]
async fn reads_are_repeated_after_faults_that_pass_and_wait_as_long_as_they_are_told() {
    for (fault, waits) in [
        (Fault::refused(), Duration::from_millis(200)),
        (Fault::broken(), Duration::from_millis(200)),
        (Fault::broken().after_execution(), Duration::from_millis(200)),
        (Fault::timed_out().after_execution(), Duration::from_millis(200)),
        (Fault::status(503), Duration::from_millis(200)),
        (Fault::throttled(7), Duration::from_secs(7)),
    ] {
        let printed = format!("{fault:?}");
        let vault = Vault::open();
        for _ in 0..2 {
            vault.on("GET Requests", reply(200, "[]"));
        }
        let (session, transport, paper) = patient(&vault).await;
        transport.on("GET Requests", fault);
        session.send(&ListRequests::default()).await.unwrap();
        assert_eq!(transport.count("GET Requests"), 2, "{printed}");
        assert_eq!(paper.slept(), [waits], "{printed}");
    }
}

#[tokio::test]
async fn what_would_happen_twice_is_repeated_only_when_it_cannot_have_happened() {
    let isa = || CreateIsaRequest {
        new: NewIsaRequest::new(SystemId::new(1), AccountId::new(2)),
        kind: CredentialType::Password,
    };
    for fault in [Fault::broken().after_execution(), Fault::timed_out(), Fault::status(500)] {
        let vault = Vault::open();
        vault.on("POST ISARequests", reply(201, r#""secret""#));
        let (session, transport, paper) = patient(&vault).await;
        transport.on("POST ISARequests", fault);
        session.send(&isa()).await.unwrap_err();
        assert_eq!((transport.count("POST ISARequests"), paper.slept().len()), (1, 0));
    }
    let vault = Vault::open();
    vault.on("POST ISARequests", reply(201, r#""secret""#));
    let (session, transport, _) = patient(&vault).await;
    transport.on("POST ISARequests", Fault::refused());
    session.send(&isa()).await.unwrap();
    assert_eq!(transport.count("POST ISARequests"), 2);
}

#[tokio::test]
async fn vault_that_asks_for_too_much_patience_or_never_recovers_is_given_up() {
    let vault = Vault::open();
    let (session, transport, paper) = patient(&vault).await;
    transport.on("GET Requests", Fault::throttled(3_600));
    let error = session.send(&ListRequests::default()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3_600)));
    assert!(paper.slept().is_empty());
    for _ in 0..9 {
        transport.on("GET Requests", Fault::status(502));
    }
    let error = session.send(&ListRequests::default()).await.unwrap_err();
    assert_eq!(error.status(), Some(502));
    assert_eq!(transport.count("GET Requests"), 5, "four attempts after the first call's one");
    assert_eq!(paper.slept(), [200, 400, 800].map(Duration::from_millis));
}
