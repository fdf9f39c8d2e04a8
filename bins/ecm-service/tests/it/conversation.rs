//! The pump between two machines in memory: nothing waits for a slow vault, nothing lent is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecm_protocol::codec::RequestId;
use ecm_protocol::ecm::{Answer, Question};
use ecm_protocol::link::Transmit;
use ecm_protocol::message::{
    ApprovalNeed, Capabilities, Category, Credential, CredentialKind, CredentialSummary, Find,
    FindResult, Group, Health, HealthState, Heartbeat, Hello, Instance, Lease, Limits, Meta, Phase,
    Problem, Product, Purpose, Rank, Retrieve, RetrieveResult, Scope, SessionCompleted, SessionRef,
    SessionStarted, SiteIdentity, SiteLimits, Target, TargetKind, TokenLife, Used, User, Want,
};
use ecm_protocol::site;
use ecm_protocol::version::Version;
use ecm_service::site_link::answers::{Answers, Parts};
use ecm_service::site_link::pump::{Conversation, Served, StopOrder, converse};
use ecm_service::site_link::token::{AccessToken, TokenSource};
use ecm_service::site_link::verdict::LinkEnd;
use ecm_service::site_link::wire::{Incoming, LinkLost, Outgoing, SiteWire};
use ecm_service::status::SiteBoard;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::stand_in::Identity;

/// Our end of the pair.
struct PaperWire {
    to_site: mpsc::UnboundedSender<Sent>,
    from_site: mpsc::UnboundedReceiver<Result<Incoming, LinkLost>>,
    /// After so many frames the wire takes no more; `None` means it always does.
    takes: Option<usize>,
}

enum Sent {
    Frame(Vec<u8>),
    Close(u16),
}

impl SiteWire for PaperWire {
    async fn send(&mut self, what: Outgoing) -> Result<(), LinkLost> {
        match &mut self.takes {
            Some(0) => std::future::pending::<()>().await,
            Some(left) => *left -= 1,
            None => {}
        }
        if let Outgoing::Frame(frame) = what {
            let _ = self.to_site.send(Sent::Frame(frame.to_vec()));
        }
        Ok(())
    }

    async fn receive(&mut self) -> Result<Incoming, LinkLost> {
        self.from_site.recv().await.unwrap_or(Err(LinkLost::Ended))
    }

    async fn close(self, code: u16, _reason: &str) {
        let _ = self.to_site.send(Sent::Close(code));
    }
}

/// A question, the way for its parts, and the way for its answer.
type Asked = (Question, Parts, oneshot::Sender<Result<Answer, Problem>>);

/// Answers when the test says so.
struct Script {
    /// Questions that were asked, and where their answers go in.
    asked: mpsc::UnboundedSender<Asked>,
    given_back: Mutex<Vec<String>>,
    health: watch::Sender<Health>,
}

impl Script {
    /// Tasks that outlive their link give back in their own time.
    async fn gets_back(&self, lease: &str) {
        let arrives = async {
            while self.given_back.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), arrives).await.expect("it is given back");
        assert_eq!(*self.given_back.lock().unwrap(), [lease]);
    }
}

impl Answers for Script {
    async fn answer(self: Arc<Self>, question: Question, parts: Parts) -> Result<Answer, Problem> {
        let (sender, answer) = oneshot::channel();
        let _ = self.asked.send((question, parts, sender));
        answer.await.unwrap_or(Err(Problem::new(Category::Internal)))
    }
    fn undelivered(&self, lease_id: String) {
        self.given_back.lock().unwrap().push(lease_id);
    }
    fn used(&self, _: Used) {}
    fn session_started(&self, _: SessionStarted) {}
    fn session_completed(&self, _: SessionCompleted) {}
    fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }
}

/// Both ends and the strings to pull.
struct Scene {
    site: site::Link,
    heard: mpsc::UnboundedReceiver<Sent>,
    say: mpsc::UnboundedSender<Result<Incoming, LinkLost>>,
    script: Arc<Script>,
    asked: mpsc::UnboundedReceiver<Asked>,
    stop: watch::Sender<Option<StopOrder>>,
    pump: JoinHandle<Served>,
    /// What the site's machine has told, until a test looks.
    events: Vec<site::Event>,
    closed: Option<u16>,
}

#[derive(Default)]
struct Setting {
    partial_results: bool,
    takes: Option<usize>,
    in_band: bool,
    token_life: Option<Duration>,
    tokens: Option<TokenSource>,
    peers: u32,
}

impl Scene {
    /// Greets, so that questions can be asked.
    async fn begin(setting: Setting) -> Self {
        let (to_site, heard) = mpsc::unbounded_channel();
        let (say, from_site) = mpsc::unbounded_channel();
        let (asked_sender, asked) = mpsc::unbounded_channel();
        let up = Health { state: HealthState::Up, detail: None };
        let script = Arc::new(Script {
            asked: asked_sender,
            given_back: Mutex::default(),
            health: watch::Sender::new(up),
        });
        let (stop, stop_receiver) = watch::channel(None);
        let wire = PaperWire { to_site, from_site, takes: setting.takes };
        let answers = Arc::clone(&script);
        let life = setting.token_life.unwrap_or(Duration::from_secs(3600));
        let tokens = Arc::new(setting.tokens.unwrap_or_else(|| {
            let url = "https://localhost:1/oauth2/token".parse().unwrap();
            let tls = Identity::new().client;
            TokenSource::new(url, "id".to_owned(), "secret".into(), &tls, None).unwrap()
        }));
        let pump = tokio::spawn(async move {
            let board =
                SiteBoard::new("support".to_owned(), "wss://x".to_owned(), Timestamp::now());
            let conversation = Conversation {
                site: "support",
                hello: hello(),
                answers: &answers,
                tokens: Some(&tokens),
                token: Some(AccessToken::new("t0k3n".into(), life)),
                board: &board,
                stop: stop_receiver,
            };
            converse(wire, conversation).await
        });
        let capabilities =
            Capabilities { partial_results: setting.partial_results, ..capabilities() };
        let config = site::Config {
            site: SiteIdentity { id: "acme".into(), product: None, version: None, role: None },
            group: Group { id: "0".to_owned(), name: "Default".to_owned() },
            capabilities,
            heartbeat: Heartbeat::default(),
            limits: SiteLimits::default(),
        };
        let now = std::time::Instant::now();
        let mut scene = Self {
            site: site::Link::new(config, now),
            heard,
            say,
            script,
            asked,
            stop,
            pump,
            events: Vec::new(),
            closed: None,
        };
        scene.hear_until(|event| matches!(event, site::Event::Hello(_))).await;
        let rank = Rank { position: 1, peers: setting.peers.max(1), max_peers: 5 };
        let reauth = setting.in_band.then(|| "in_band".to_owned());
        let token = TokenLife { expires_in_s: 3600, reauth };
        scene.site.welcome(now, "link-1", Some(rank), Some(token), Some(Timestamp::now()));
        scene.post();
        scene
    }

    fn post(&mut self) {
        while let Some(transmit) = self.site.poll_transmit() {
            if let Transmit::Frame(frame) = transmit {
                let _ = self.say.send(Ok(Incoming::Frame(frame.bytes().to_vec().into())));
            }
        }
        while let Some(event) = self.site.poll_event() {
            self.events.push(event);
        }
    }

    /// Lets the site hear frames until something it looks for has happened.
    async fn hear_until(&mut self, wanted: impl Fn(&site::Event) -> bool) -> site::Event {
        loop {
            if let Some(at) = self.events.iter().position(&wanted) {
                return self.events.remove(at);
            }
            match self.heard.recv().await.expect("the pump still talks") {
                Sent::Frame(frame) => self.site.handle_frame(std::time::Instant::now(), &frame),
                Sent::Close(code) => self.closed = Some(code),
            }
            self.post();
        }
    }

    async fn hear_answer(&mut self, id: &str) -> Result<Answer, Problem> {
        let wanted = RequestId::new(id).unwrap();
        let is_it = |event: &site::Event| matches!(event, site::Event::Answered { id, .. } if *id == wanted);
        match self.hear_until(is_it).await {
            site::Event::Answered { answer, .. } => answer,
            other => unreachable!("{other:?}"),
        }
    }

    /// Asks, and waits until the script has the question.
    async fn ask(&mut self, id: &str, ask: site::Ask) -> Asked {
        self.site.ask(std::time::Instant::now(), RequestId::new(id).unwrap(), &ask).unwrap();
        self.post();
        self.asked.recv().await.unwrap()
    }

    /// Asks, and waits until the script has the question, or it is refused without being put.
    async fn try_ask(&mut self, id: &str, ask: site::Ask) -> Result<Asked, Problem> {
        let wanted = RequestId::new(id).unwrap();
        self.site.ask(std::time::Instant::now(), wanted.clone(), &ask).unwrap();
        self.post();
        loop {
            tokio::select! {
                asked = self.asked.recv() => return Ok(asked.unwrap()),
                Some(sent) = self.heard.recv() => if let Sent::Frame(frame) = sent {
                    self.site.handle_frame(std::time::Instant::now(), &frame);
                    self.post();
                },
            }
            let is_it =
                |e: &site::Event| matches!(e, site::Event::Answered { id, .. } if *id == wanted);
            if self.events.iter().any(is_it) {
                return Err(self.hear_answer(id).await.unwrap_err());
            }
        }
    }

    async fn end(mut self) -> (Served, Vec<String>, Option<u16>) {
        let served = self.pump.await.unwrap();
        while let Ok(sent) = self.heard.try_recv() {
            if let Sent::Close(code) = sent {
                self.closed = Some(code);
            }
        }
        let given_back = self.script.given_back.lock().unwrap().clone();
        (served, given_back, self.closed)
    }
}

fn capabilities() -> Capabilities {
    Capabilities {
        partial_results: true,
        release: true,
        credential_kinds: vec![CredentialKind::UsernamePassword],
        ..Capabilities::default()
    }
}

fn hello() -> Hello {
    Hello {
        protocol: Version::range(),
        product: Product {
            name: "ecm-service".to_owned(),
            version: "0".to_owned(),
            build: None,
            os: None,
            arch: None,
        },
        instance: Instance {
            id: "i".to_owned(),
            boot_id: "b".to_owned(),
            hostname: None,
            started_at: None,
        },
        plugin: None,
        expect: None,
        capabilities: capabilities(),
        limits: Limits::default(),
    }
}

fn user() -> User {
    serde_json::from_str(r#"{"username":"ACME\\joe.user"}"#).unwrap()
}

fn session() -> SessionRef {
    SessionRef { lsid: None, phase: Phase::InSession, custom: BTreeMap::new() }
}

fn target() -> Target {
    Target { hostname: Some("APP01".to_owned()), ..Target::of_kind(TargetKind::JumpClient) }
}

fn find() -> site::Ask {
    site::Ask::Find(Box::new(Find {
        meta: Meta::default(),
        session: session(),
        user: user(),
        target: target(),
        purpose: Purpose::Logon,
        want: Want::default(),
    }))
}

fn retrieve() -> site::Ask {
    site::Ask::Retrieve(Box::new(Retrieve {
        meta: Meta::default(),
        session: session(),
        user: user(),
        target: target(),
        purpose: Purpose::Logon,
        credential_id: "e1.x.y".to_owned(),
        idempotency_key: "k".to_owned(),
        reason: None,
        ticket: None,
    }))
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
        sort: "10".to_owned(),
    }
}

fn found(rows: &[&str]) -> Result<Answer, Problem> {
    Ok(Answer::Find(FindResult {
        items: rows.iter().map(|id| row(id)).collect(),
        complete: true,
        truncated: false,
        mapped_user: None,
        sources: Vec::new(),
        empty_reason: None,
    }))
}

fn lent(lease: &str) -> Result<Answer, Problem> {
    Ok(Answer::Retrieve(Box::new(RetrieveResult {
        lease: Lease {
            id: lease.to_owned(),
            expires_at: Timestamp::now(),
            release_wanted: true,
            shared: false,
        },
        credential: Credential::UsernamePassword {
            username: "helpdesk".to_owned(),
            domain: None,
            password: b"pw".to_vec().into(),
        },
    })))
}

fn rows(answer: Result<Answer, Problem>) -> Vec<String> {
    match answer {
        Ok(Answer::Find(result)) => result.items.into_iter().map(|row| row.id).collect(),
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test]
async fn quick_question_does_not_wait_for_a_slow_one() {
    let mut scene = Scene::begin(Setting::default()).await;
    let (_slow_question, _, slow) = scene.ask("slow", retrieve()).await;
    let (_, _, quick) = scene.ask("quick", find()).await;
    quick.send(found(&["a"])).unwrap();
    assert_eq!(rows(scene.hear_answer("quick").await), ["a"]);
    slow.send(lent("l-1")).unwrap();
    assert!(scene.hear_answer("slow").await.is_ok());
    scene.say.send(Err(LinkLost::Ended)).unwrap();
    let (served, given_back, _) = scene.end().await;
    assert!(matches!(served.end, LinkEnd::Lost(LinkLost::Ended)));
    assert!(given_back.is_empty(), "what was delivered is the site's to give back");
}

#[tokio::test]
async fn parts_go_ahead_when_agreed_and_into_the_answer_when_not() {
    for (partial_results, in_answer) in [(true, &["b"][..]), (false, &["a", "b"])] {
        let mut scene = Scene::begin(Setting { partial_results, ..Setting::default() }).await;
        let (_, parts, answer) = scene.ask("q", find()).await;
        parts.send(vec![row("a")]);
        answer.send(found(&["b"])).unwrap();
        assert_eq!(rows(scene.hear_answer("q").await), in_answer);
        let part = scene.events.iter().any(|e| matches!(e, site::Event::Partial { .. }));
        assert_eq!(part, partial_results);
    }
}

#[tokio::test]
async fn cancelled_search_is_dropped_but_a_retrieval_runs_on_and_gives_back() {
    let mut scene = Scene::begin(Setting::default()).await;
    let (_, _, mut search) = scene.ask("search", find()).await;
    let (_, _, retrieval) = scene.ask("retrieval", retrieve()).await;
    scene.site.cancel(&RequestId::new("search").unwrap());
    scene.site.cancel(&RequestId::new("retrieval").unwrap());
    scene.post();
    search.closed().await;
    assert!(!retrieval.is_closed(), "its release request may exist by now");
    retrieval.send(lent("l-2")).unwrap();
    scene.say.send(Err(LinkLost::Ended)).unwrap();
    let script = Arc::clone(&scene.script);
    scene.end().await;
    script.gets_back("l-2").await;
}

#[tokio::test]
async fn site_that_cancels_and_asks_anew_without_end_is_told_that_we_are_busy() {
    let mut scene = Scene::begin(Setting::default()).await;
    let in_flight = usize::try_from(hello().limits.in_flight).unwrap();
    let mut running = Vec::new();
    let refused = loop {
        let id = format!("q{}", running.len());
        match scene.try_ask(&id, retrieve()).await {
            Ok(asked) => running.push(asked),
            Err(problem) => break problem,
        }
        assert!(running.len() <= 100 * in_flight, "there is no bound");
        scene.site.cancel(&RequestId::new(id.as_str()).unwrap());
        scene.post();
        assert_eq!(scene.hear_answer(&id).await.unwrap_err().category, Category::Cancelled);
    };
    assert_eq!(refused.category, Category::Busy);
    assert!(running.len() >= in_flight, "open questions alone never fill the places");
    // As soon as one of them is through, questions are taken again.
    let (_, _, first) = running.remove(0);
    first.send(Err(Problem::new(Category::Deadline))).unwrap();
    for number in 0.. {
        match scene.try_ask(&format!("later{number}"), find()).await {
            Ok(_) => return,
            Err(problem) => assert_eq!(problem.category, Category::Busy),
        }
    }
}

#[tokio::test]
async fn lease_that_comes_after_its_link_is_given_back() {
    let mut scene = Scene::begin(Setting::default()).await;
    let (_, _, retrieval) = scene.ask("q", retrieve()).await;
    scene.say.send(Err(LinkLost::Ended)).unwrap();
    let script = Arc::clone(&scene.script);
    scene.end().await;
    retrieval.send(lent("l-3")).unwrap();
    script.gets_back("l-3").await;
}

#[tokio::test(start_paused = true)]
async fn lease_whose_answer_the_network_does_not_take_is_given_back() {
    // The hello and the health that follows the welcome are taken, the answer is not.
    let mut scene = Scene::begin(Setting { takes: Some(2), ..Setting::default() }).await;
    let (_, _, retrieval) = scene.ask("q", retrieve()).await;
    let before = tokio::time::Instant::now();
    retrieval.send(lent("l-4")).unwrap();
    let (served, given_back, _) = scene.end().await;
    let stalled = matches!(served.end, LinkEnd::Lost(LinkLost::WriteStalled { .. }));
    assert!(stalled, "{:?}", served.end);
    assert_eq!(before.elapsed(), Duration::from_secs(10));
    assert_eq!(given_back, ["l-4"]);
}

#[tokio::test]
async fn stop_order_finishes_what_runs_and_then_says_goodbye() {
    let mut scene = Scene::begin(Setting::default()).await;
    let (_, _, answer) = scene.ask("q", find()).await;
    scene.stop.send(Some(StopOrder { grace: Duration::from_secs(20) })).unwrap();
    scene.hear_until(|event| matches!(event, site::Event::PeerDrains(_))).await;
    answer.send(found(&["a"])).unwrap();
    assert_eq!(rows(scene.hear_answer("q").await), ["a"]);
    let (served, _, code) = scene.end().await;
    assert!(matches!(served.end, LinkEnd::Drained), "{:?}", served.end);
    assert_eq!(code, Some(1001));
}

#[tokio::test]
async fn service_without_vaults_makes_room_only_if_somebody_else_is_there() {
    let down = Health { state: HealthState::Down, detail: None };
    let mut scene = Scene::begin(Setting { peers: 2, ..Setting::default() }).await;
    scene.hear_until(|event| matches!(event, site::Event::Health(_))).await;
    scene.script.health.send(down.clone()).unwrap();
    let is_down = |event: &site::Event| matches!(event, site::Event::Health(health) if health.state == HealthState::Down);
    scene.hear_until(is_down).await;
    scene.hear_until(|event| matches!(event, site::Event::PeerDrains(_))).await;
    assert!(matches!(scene.end().await.0.end, LinkEnd::Drained));

    let mut scene = Scene::begin(Setting { peers: 1, ..Setting::default() }).await;
    scene.script.health.send(down).unwrap();
    scene.hear_until(is_down).await;
    let (_, _, answer) = scene.ask("q", find()).await;
    answer.send(found(&[])).unwrap();
    assert!(scene.hear_answer("q").await.is_ok(), "alone, we go on answering");
}

#[tokio::test]
async fn token_is_renewed_on_the_live_link_where_the_site_takes_it() {
    let identity = Identity::new();
    let granted = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
        {\"access_token\":\"fresh\",\"token_type\":\"Bearer\",\"expires_in\":3600}";
    let (address, _) = identity.answer_always(granted).await;
    let url = format!("https://localhost:{}/token", address.port()).parse().unwrap();
    let tokens =
        TokenSource::new(url, "id".to_owned(), "s".into(), &identity.client, None).unwrap();
    let due = Some(Duration::ZERO);
    let setting =
        Setting { in_band: true, token_life: due, tokens: Some(tokens), ..Setting::default() };
    let mut scene = Scene::begin(setting).await;
    let shown = scene.hear_until(|event| matches!(event, site::Event::Reauth { .. })).await;
    let site::Event::Reauth { id, token } = shown else { unreachable!() };
    assert_eq!(secrecy::ExposeSecret::expose_secret(&token), "fresh");
    scene.site.accept_reauth(&id);
    scene.post();
    let (_, _, answer) = scene.ask("q", find()).await;
    answer.send(found(&[])).unwrap();
    assert!(scene.hear_answer("q").await.is_ok());
}

#[tokio::test]
async fn link_is_left_in_good_order_where_the_site_takes_no_new_token() {
    let due = Some(Duration::ZERO);
    let mut scene = Scene::begin(Setting { token_life: due, ..Setting::default() }).await;
    scene.hear_until(|event| matches!(event, site::Event::PeerDrains(_))).await;
    let (served, _, code) = scene.end().await;
    assert!(matches!(served.end, LinkEnd::TokenRanOut), "{:?}", served.end);
    assert_eq!(code, Some(1001));
}
