//! Two machines joined in memory, with a clock of paper.

mod answers;
mod drain;
mod greeting;
mod interleavings;
mod life;
mod questions;

use std::time::{Duration, Instant};

use ecm_protocol::codec::RequestId;
use ecm_protocol::link::{Close, CloseCode, Transmit};
use ecm_protocol::message::{
    ApprovalNeed, Capabilities, Credential, CredentialKind, CredentialSummary, EndpointKind, Find,
    FindResult, Group, Heartbeat, Hello, Instance, Lease, Limits, Meta, Phase, Problem, Product,
    Purpose, Rank, Release, ReleaseOutcome, Retrieve, RetrieveResult, Scope, SessionRef,
    SiteIdentity, SiteLimits, Target, TargetKind, TokenLife, User, Want,
};
use ecm_protocol::site::{Answer, Ask};
use ecm_protocol::version::Version;
use ecm_protocol::{ecm, site};
use secrecy::SecretSlice;

/// An ECM and a site with a wire between them.
struct Pair {
    now: Instant,
    ecm: ecm::Link,
    site: site::Link,
    /// What happened, oldest first; tests take out what they look at.
    ecm_events: Vec<ecm::Event>,
    site_events: Vec<site::Event>,
    /// Every frame that crossed, as text.
    from_ecm: Vec<String>,
    from_site: Vec<String>,
    pings: usize,
    /// Whether pings are answered and frames arrive at all.
    is_cut: bool,
}

impl Pair {
    /// Both sides just after the upgrade.
    fn upgraded(hello: Hello, config: site::Config) -> Self {
        let now = beginning();
        Self {
            now,
            ecm: ecm::Link::new(hello, now),
            site: site::Link::new(config, now),
            ecm_events: Vec::new(),
            site_events: Vec::new(),
            from_ecm: Vec::new(),
            from_site: Vec::new(),
            pings: 0,
            is_cut: false,
        }
    }

    /// Both sides after the greeting.
    fn ready() -> Self {
        Self::greeted(hello(), config())
    }

    fn greeted(hello: Hello, config: site::Config) -> Self {
        let mut pair = Self::upgraded(hello, config);
        pair.settle();
        assert!(matches!(pair.site_events.remove(0), site::Event::Hello(_)));
        let rank = Rank { position: 1, peers: 1, max_peers: 5 };
        let token = TokenLife { expires_in_s: 3540, reauth: Some("in_band".to_owned()) };
        pair.site.welcome(pair.now, "link-1", Some(rank), Some(token), None);
        pair.settle();
        assert!(matches!(pair.ecm_events.remove(0), ecm::Event::Welcomed(_)));
        pair.from_ecm.clear();
        pair.from_site.clear();
        pair
    }

    /// Carries everything across until nothing moves.
    fn settle(&mut self) {
        loop {
            let mut is_quiet = true;
            while let Some(transmit) = self.ecm.poll_transmit() {
                is_quiet = false;
                self.carry_to_site(transmit);
            }
            while let Some(transmit) = self.site.poll_transmit() {
                is_quiet = false;
                self.carry_to_ecm(transmit);
            }
            while let Some(event) = self.ecm.poll_event() {
                self.ecm_events.push(event);
            }
            while let Some(event) = self.site.poll_event() {
                self.site_events.push(event);
            }
            if is_quiet {
                return;
            }
        }
    }

    fn carry_to_site(&mut self, transmit: Transmit) {
        if self.is_cut {
            return;
        }
        match transmit {
            Transmit::Frame(frame) => {
                self.from_ecm.push(String::from_utf8(frame.bytes().to_vec()).unwrap());
                self.site.handle_frame(self.now, frame.bytes());
            }
            Transmit::Ping => {
                self.pings += 1;
                self.site.handle_pong(self.now);
                self.ecm.handle_pong(self.now);
            }
            Transmit::Close(close) => self.site.handle_disconnected(Some(close)),
        }
    }

    fn carry_to_ecm(&mut self, transmit: Transmit) {
        if self.is_cut {
            return;
        }
        match transmit {
            Transmit::Frame(frame) => {
                self.from_site.push(String::from_utf8(frame.bytes().to_vec()).unwrap());
                self.ecm.handle_frame(self.now, frame.bytes());
            }
            Transmit::Ping => {
                self.pings += 1;
                self.ecm.handle_pong(self.now);
                self.site.handle_pong(self.now);
            }
            Transmit::Close(close) => self.ecm.handle_disconnected(Some(close)),
        }
    }

    /// Lets time pass, waking each machine when it asks for it.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let due = [self.ecm.poll_timeout(), self.site.poll_timeout()].into_iter().flatten();
            let Some(due) = due.min().filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            self.ecm.handle_timeout(self.now);
            self.site.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    /// The site asks and the question arrives.
    fn ask(&mut self, id: &str, ask: &Ask) -> RequestId {
        let id = RequestId::new(id).unwrap();
        self.site.ask(self.now, id.clone(), ask).unwrap();
        self.settle();
        id
    }

    /// The ECM's application answers.
    fn answer(&mut self, id: &RequestId, answer: Result<Answer, Problem>) -> ecm::Delivery {
        let delivery = self.ecm.answer(id, answer);
        self.settle();
        delivery
    }

    /// The question that has just come.
    fn question(&mut self) -> ecm::Question {
        match self.ecm_events.remove(0) {
            ecm::Event::Question(question) => *question,
            other => panic!("no question but {other:?}"),
        }
    }

    /// The answer that has just come.
    fn answered(&mut self) -> (String, Result<Answer, Problem>) {
        match self.site_events.remove(0) {
            site::Event::Answered { id, answer } => (id.as_str().to_owned(), answer),
            other => panic!("no answer but {other:?}"),
        }
    }

    /// A frame that no machine of ours would send.
    fn site_says(&mut self, frame: &str) {
        self.ecm.handle_frame(self.now, frame.as_bytes());
        self.settle();
    }

    fn ecm_says(&mut self, frame: &str) {
        self.site.handle_frame(self.now, frame.as_bytes());
        self.settle();
    }

    fn nothing_more_happened(&self) {
        assert!(self.ecm_events.is_empty(), "{:?}", self.ecm_events);
        assert!(self.site_events.is_empty(), "{:?}", self.site_events);
    }

    /// How the ECM's side ended.
    fn ecm_close(&mut self) -> Close {
        match self.ecm_events.pop() {
            Some(ecm::Event::Closed(close)) => close,
            other => panic!("not closed but {other:?}"),
        }
    }

    fn site_close(&mut self) -> (CloseCode, Vec<String>) {
        match self.site_events.pop() {
            Some(site::Event::Closed { close, unanswered }) => {
                (close.code, unanswered.iter().map(|id| id.as_str().to_owned()).collect())
            }
            other => panic!("not closed but {other:?}"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "any beginning will do, and there is no other")]
fn beginning() -> Instant {
    Instant::now()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn everything() -> Capabilities {
    Capabilities {
        partial_results: true,
        release: true,
        credentials_used: true,
        endpoint_search: vec![EndpointKind::Rdp, EndpointKind::Ssh],
        session_start: true,
        session_events: true,
        health_check: true,
        credential_kinds: vec![CredentialKind::UsernamePassword],
    }
}

fn hello() -> Hello {
    Hello {
        protocol: Version::range(),
        product: Product {
            name: "test".to_owned(),
            version: "1".to_owned(),
            build: None,
            os: None,
            arch: None,
        },
        instance: Instance {
            id: "i-1".to_owned(),
            boot_id: "b-1".to_owned(),
            hostname: None,
            started_at: None,
        },
        plugin: None,
        expect: None,
        capabilities: everything(),
        limits: Limits::default(),
    }
}

fn config() -> site::Config {
    site::Config {
        site: SiteIdentity {
            id: "examplecorp".to_owned(),
            product: None,
            version: None,
            role: None,
        },
        group: Group { id: "0".to_owned(), name: "Default".to_owned() },
        capabilities: everything(),
        heartbeat: Heartbeat::default(),
        limits: SiteLimits::default(),
    }
}

fn user() -> User {
    User {
        username: "joe.user".to_owned(),
        display_name: None,
        email: None,
        dn: None,
        provider: None,
        ids: None,
    }
}

fn target() -> Target {
    Target { hostname: Some("APP01".to_owned()), ..Target::of_kind(TargetKind::JumpClient) }
}

fn session() -> SessionRef {
    SessionRef { lsid: None, phase: Phase::InSession, custom: Default::default() }
}

fn find() -> Ask {
    find_within(None)
}

fn find_within(deadline_ms: Option<u64>) -> Ask {
    Ask::Find(Box::new(Find {
        meta: Meta { deadline_ms, ..Meta::default() },
        session: session(),
        user: user(),
        target: target(),
        purpose: Purpose::Logon,
        want: Want::default(),
    }))
}

fn retrieve() -> Ask {
    Ask::Retrieve(Box::new(Retrieve {
        meta: Meta::default(),
        session: session(),
        user: user(),
        target: target(),
        purpose: Purpose::Logon,
        credential_id: "c-1".to_owned(),
        idempotency_key: "k-1".to_owned(),
        reason: None,
        ticket: None,
    }))
}

fn release() -> Ask {
    Ask::Release(Release {
        lease_id: Some("l-1".to_owned()),
        idempotency_key: None,
        credential_id: None,
        ended_at: "2026-03-02T09:12:44Z".parse().unwrap(),
        outcome: ReleaseOutcome::SessionEnded,
        injected: true,
    })
}

fn row(id: &str) -> CredentialSummary {
    CredentialSummary {
        id: id.to_owned(),
        display: id.to_owned(),
        kind: CredentialKind::UsernamePassword,
        username: None,
        domain: None,
        scope: Scope::Local,
        system: None,
        approval: ApprovalNeed::Automatic,
        sort: "1".to_owned(),
    }
}

fn rows(ids: &[&str]) -> Vec<CredentialSummary> {
    ids.iter().map(|id| row(id)).collect()
}

fn found(ids: &[&str]) -> FindResult {
    FindResult {
        items: rows(ids),
        complete: true,
        truncated: false,
        mapped_user: None,
        sources: Vec::new(),
        empty_reason: None,
    }
}

fn ids_of(items: &[CredentialSummary]) -> Vec<&str> {
    items.iter().map(|item| item.id.as_str()).collect()
}

fn lent() -> Answer {
    Answer::Retrieve(Box::new(RetrieveResult {
        lease: Lease {
            id: "l-1".to_owned(),
            expires_at: "2026-03-02T10:05:00Z".parse().unwrap(),
            release_wanted: true,
            shared: false,
        },
        credential: Credential::UsernamePassword {
            username: "helpdesk-01".to_owned(),
            domain: None,
            password: SecretSlice::from(b"planted".to_vec()),
        },
    }))
}

/// A ready ECM that is shown one frame.
pub(crate) struct Probe(Pair);

impl Probe {
    pub(crate) fn ready() -> Self {
        Self(Pair::ready())
    }

    /// Why the frame's question is refused; `None` when it is asked.
    pub(crate) fn detail(mut self, frame: &str) -> Option<String> {
        self.0.site_says(frame);
        if self.0.ecm_events.iter().any(|event| matches!(event, ecm::Event::Question(_))) {
            return None;
        }
        let answer: serde_json::Value = serde_json::from_str(&self.0.from_ecm[0]).unwrap();
        Some(answer["error"]["data"]["detail"].as_str().unwrap().to_owned())
    }
}
