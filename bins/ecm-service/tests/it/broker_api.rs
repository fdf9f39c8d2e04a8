//! A sidecar on the broker's socket: it stands in for a site and uses the whole broker.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use ecm_protocol::codec::RequestId;
use ecm_protocol::framed::{FrameReader, length_prefix};
use ecm_protocol::link::Transmit;
use ecm_protocol::message::{
    Capabilities, CredentialKind, CredentialSummary, Group, Heartbeat, Hello, Problem,
    SiteIdentity, SiteLimits,
};
use ecm_protocol::site::{Answer, Ask, Config, Event, Link};
use ps_sim::RequestState;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::house::{House, PATIENCE, Plan};

const JOE: &str = r"ACME\joe.user";

/// A program that stands in for a site.
struct Sidecar {
    stream: UnixStream,
    link: Link,
    reader: FrameReader,
    hello: Option<Hello>,
    found: Vec<CredentialSummary>,
}

/// What came of some frames.
enum Step {
    Greeted,
    Answered(Result<Answer, Problem>),
}

impl Sidecar {
    /// Connects and welcomes the service, as a site would.
    async fn connect(socket: &Path) -> Self {
        let config = Config {
            site: SiteIdentity { id: "sidecar".into(), product: None, version: None, role: None },
            group: Group { id: "0".to_owned(), name: "Default".to_owned() },
            capabilities: Capabilities {
                partial_results: true,
                release: true,
                health_check: true,
                credential_kinds: vec![CredentialKind::UsernamePassword],
                ..Capabilities::default()
            },
            heartbeat: Heartbeat::default(),
            limits: SiteLimits::default(),
        };
        let mut sidecar = Self {
            stream: UnixStream::connect(socket).await.unwrap(),
            link: Link::new(config, Instant::now()),
            reader: FrameReader::new(1 << 20),
            hello: None,
            found: Vec::new(),
        };
        let greeted = timeout(PATIENCE, sidecar.step()).await.expect("a hello");
        assert!(matches!(greeted, Some(Step::Greeted)) && sidecar.link.is_ready());
        sidecar
    }

    /// Takes frames until something has come of them. `None`: the stream ended.
    async fn step(&mut self) -> Option<Step> {
        let mut piece = vec![0; 4096];
        loop {
            let mut come = None;
            while let Some(event) = self.link.poll_event() {
                match event {
                    Event::Hello(hello) => {
                        self.hello = Some(*hello);
                        self.link.welcome(Instant::now(), "l1", None, None, None);
                        come = Some(Step::Greeted);
                    }
                    Event::Partial { items, .. } => self.found.extend(items),
                    Event::Answered { answer, .. } => come = Some(Step::Answered(answer)),
                    _ => {}
                }
            }
            while let Some(transmit) = self.link.poll_transmit() {
                if let Transmit::Frame(frame) = transmit {
                    let prefix = length_prefix(frame.bytes()).unwrap();
                    self.stream.write_all(&prefix).await.unwrap();
                    self.stream.write_all(frame.bytes()).await.unwrap();
                }
            }
            if come.is_some() {
                return come;
            }
            match self.stream.read(&mut piece).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.reader.handle_bytes(piece.get(..count).unwrap_or_default()),
            }
            while let Some(frame) = self.reader.poll_frame().unwrap() {
                self.link.handle_frame(Instant::now(), &frame);
            }
        }
    }

    async fn ask(&mut self, id: &str, ask: &Ask) -> Result<Answer, Problem> {
        self.link.ask(Instant::now(), RequestId::new(id).unwrap(), ask)?;
        match timeout(PATIENCE, self.step()).await.expect("an answer") {
            Some(Step::Answered(answer)) => answer,
            Some(Step::Greeted) | None => unreachable!("the link holds, and is greeted once"),
        }
    }
}

fn question(more: Value) -> Value {
    let mut question = json!({
        "session": {"lsid": "s1de-car", "phase": "in_session"},
        "user": {"username": JOE},
        "target": {"kind": "jump_client", "hostname": "APP01"},
        "purpose": "logon",
    });
    let members = more.as_object().unwrap().clone();
    question.as_object_mut().unwrap().extend(members);
    question
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sidecar_searches_borrows_and_gives_back_through_the_whole_broker() {
    let top_lines =
        "[broker-api]\nsocket = \"broker.sock\"\nname = \"sidecar\"\nin-flight = 3\nmax-links = 1";
    let plan = Plan { top_lines: top_lines.to_owned(), ..Plan::default() };
    let mut house = House::open(plan).await;
    let socket = house.path("broker.sock");
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut sidecar = Sidecar::connect(&socket).await;
    assert_eq!(sidecar.hello.as_ref().unwrap().limits.in_flight, 3, "its own limits");
    let find = Ask::Find(Box::new(serde_json::from_value(question(json!({}))).unwrap()));
    let Ok(Answer::Find(result)) = sidecar.ask("f1", &find).await else {
        unreachable!("a search is answered with what was found");
    };
    assert_eq!(result.mapped_user.as_deref(), Some(JOE));
    let row = sidecar.found.iter().find(|row| row.display == r"App01\helpdesk-01").unwrap();
    let picked = json!({"credential_id": row.id, "idempotency_key": "k1"});
    let retrieve = serde_json::from_value(question(picked)).unwrap();
    let Ok(Answer::Retrieve(lent)) = sidecar.ask("r1", &Ask::Retrieve(Box::new(retrieve))).await
    else {
        unreachable!("a retrieval is answered with a credential");
    };
    assert_eq!(house.vault.requests()[0].state, RequestState::Approved);
    let status = house.status();
    let links = status["sites"].as_array().unwrap();
    assert!(
        links.iter().any(|one| one["name"] == "sidecar" && one["state"] == "ready"),
        "{status}"
    );

    // One connection is what was allowed.
    let mut second = UnixStream::connect(&socket).await.unwrap();
    let ended = timeout(PATIENCE, second.read(&mut [0; 16])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");

    let release = json!({
        "lease_id": lent.lease.id,
        "ended_at": "2026-01-01T00:00:00.000Z",
        "outcome": "session_ended",
    });
    let release = Ask::Release(serde_json::from_value(release).unwrap());
    let released = sidecar.ask("x1", &release).await;
    assert!(matches!(&released, Ok(Answer::Release(done)) if done.released), "{released:?}");
    assert_eq!(house.vault.requests()[0].state, RequestState::CheckedIn);
    assert_eq!(house.stop_service().await.code(), Some(0));
    assert!(!socket.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_socket_is_left_alone() {
    let top_lines = "[broker-api]\nsocket = \"api-key\"".to_owned();
    let mut house = House::furnish(Plan { top_lines, ..Plan::default() }).await;
    house.start_service();
    let code = house.wait_for_end().await.code();
    assert_eq!(code, Some(73), "{}", house.log());
    assert!(house.path("api-key").is_file());
}
