//! What a running service tells about itself: on the control socket, and so to a console.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use vsc_core::atr::Atr;
use vsc_core::customer::Counters;
use vsc_core::handshake::Hello;

/// Which service answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceRole {
    /// The one at the desk with the card.
    Rep,
    /// The one at the desk where the card appears.
    Customer,
}

/// How a console draws its "Smart Card" button. When no service answers on the socket, there is
/// no button at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Button {
    /// No customer's service is connected: greyed.
    Disabled,
    /// A reader can be shared.
    Enabled,
}

/// Everything at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// Which service this is.
    pub role: ServiceRole,
    /// The program's version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// Where the mailboxes are: a relay's address, or that this agent listens.
    pub relay: String,
    /// The button of a console; only from the representative's service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub button: Option<Button>,
    /// The sessions, oldest first.
    pub sessions: Vec<SessionStatus>,
    /// The readers of this desk; only from the representative's service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<ReaderStatus>,
    /// Why readers cannot be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readers_problem: Option<String>,
    /// The virtual reader driver; only from the customer's service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<DriverStatus>,
}

/// The virtual reader driver and its slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DriverStatus {
    /// Where its first slot listens.
    pub address: String,
    /// How many slots it has.
    pub slots: usize,
    /// How many of them show a shared reader.
    pub taken: usize,
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionState {
    /// Connects to the relay, or waits for the other agent.
    Waiting,
    /// Both agents are there.
    Connected,
    /// A connection broke; it is being made again and nothing is lost yet.
    Suspended,
}

/// One session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionStatus {
    /// Its number within this service.
    pub number: u32,
    /// How far it is.
    pub state: SessionState,
    /// The other agent, as it introduced itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Peer>,
    /// The last measured round trip to it, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_us: Option<u64>,
    /// Why the relay cannot be reached at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay_problem: Option<String>,
    /// The readers that are shared in it.
    pub shares: Vec<ShareStatus>,
}

/// The agent at the other desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Peer {
    /// Its machine's name. What it says of itself; proven is only that it knew the code or key.
    pub machine: String,
    /// Its program and version.
    pub program: String,
}

impl From<Hello> for Peer {
    fn from(hello: Hello) -> Self {
        Self { machine: hello.machine, program: hello.program }
    }
}

/// What is in a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardIs {
    /// No card.
    Absent,
    /// A card.
    Present,
    /// A card that does not react.
    Mute,
    /// A card that a program of this desk keeps for itself.
    HeldElsewhere,
    /// The reader does not tell, or is gone.
    Unknown,
}

impl CardIs {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Absent => "no card",
            Self::Present => "card",
            Self::Mute => "card does not react",
            Self::HeldElsewhere => "card held by another program",
            Self::Unknown => "unknown",
        }
    }
}

/// One shared reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ShareStatus {
    /// The reader's name at the representative's desk.
    pub reader: String,
    /// Where it is shown at the customer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_as: Option<String>,
    /// What is in it.
    pub card: CardIs,
    /// The card's answer to reset, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atr: Option<String>,
    /// How it is guarded; only from the representative's service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<GuardStatus>,
    /// What was counted; only from the customer's service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
    /// Where it is counted. Read when somebody asks, because telling it at every command would
    /// cost more than the command.
    #[serde(skip)]
    pub live: Live,
}

/// What may be done with a shared card, and what was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct GuardStatus {
    /// The profile.
    pub profile: String,
    /// Whether the card's PIN stays at its desk.
    pub own_pin: bool,
    /// Commands that did not reach the card.
    pub refused: u64,
    /// What a person has to decide now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionStatus>,
    /// The last decisions that a person may want to know of, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<DecisionStatus>,
}

/// What a person has to decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct QuestionStatus {
    /// To be repeated in the answer; never used again by this service.
    pub number: u64,
    /// What would be done: `sign with key 9C (digital signature)`.
    pub wants: String,
    /// How long there is for an answer, in seconds, from when it was asked.
    pub within_s: u64,
}

/// What was decided about a command. Nothing of its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DecisionStatus {
    /// When, in seconds since 1970 (UTC).
    pub at: u64,
    /// What the command would do: `sign with key 9C (digital signature)`.
    pub wants: String,
    /// The application it was for.
    pub application: String,
    /// Whether it reached the card.
    pub passed: bool,
    /// What else is to say: by consent, with which status word it was refused, and why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

/// Counts that a session keeps up to date.
#[derive(Clone, Debug, Default)]
pub struct Live(Option<Arc<Mutex<Counted>>>);

impl Live {
    /// Counts that begin at nothing.
    #[must_use]
    pub fn new() -> Self {
        Self(Some(Arc::default()))
    }

    /// Sets them.
    pub fn set(&self, counted: Counted) {
        if let Some(live) = &self.0 {
            *live.lock().unwrap_or_else(PoisonError::into_inner) = counted;
        }
    }

    fn now(&self) -> Option<Counted> {
        let live = self.0.as_ref()?;
        Some(*live.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A count is not a change of what is shared.
impl PartialEq for Live {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Live {}

/// What was counted since a share began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counted {
    /// Commands (APDUs) of applications.
    pub commands: u64,
    /// Times that an application had to wait for the network.
    pub round_trips: u64,
    /// Resets that were asked of the card.
    pub resets: u64,
}

impl From<Counters> for Counted {
    fn from(counters: Counters) -> Self {
        Self {
            commands: counters.commands,
            round_trips: counters.round_trips,
            resets: counters.resets,
        }
    }
}

/// Whether a reader can be shared, and by whom it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// Not shared.
    None,
    /// Shared in the session that was asked about.
    Here,
    /// Shared in another session, or its card is kept by another program.
    Elsewhere,
}

/// One reader of the representative's desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReaderStatus {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub card: CardIs,
    /// The card's answer to reset, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atr: Option<String>,
    /// Whether it is shared.
    pub sharing: Sharing,
    /// The session that it is shared in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u32>,
}

/// An answer to reset as it is shown.
#[must_use]
pub fn hex(atr: &Atr) -> String {
    atr.bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sessions of a service, each of which writes its own line.
#[derive(Debug)]
pub struct Board {
    sessions: Mutex<BTreeMap<u32, SessionStatus>>,
    changes: watch::Sender<u64>,
}

impl Default for Board {
    fn default() -> Self {
        Self { sessions: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl Board {
    /// All sessions, oldest first.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionStatus> {
        let mut sessions: Vec<_> = self.lock().values().cloned().collect();
        for share in sessions.iter_mut().flat_map(|session| &mut session.shares) {
            share.counted = share.live.now();
        }
        sessions
    }

    /// Told at every change.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// A new line, for a new session.
    #[must_use]
    pub fn line(self: &Arc<Self>, number: u32) -> Line {
        let status = SessionStatus {
            number,
            state: SessionState::Waiting,
            peer: None,
            round_trip_us: None,
            relay_problem: None,
            shares: Vec::new(),
        };
        self.put(status.clone());
        Line { board: Arc::clone(self), status }
    }

    fn put(&self, status: SessionStatus) {
        let before = self.lock().insert(status.number, status.clone());
        if before.as_ref() != Some(&status) {
            self.changed();
        }
    }

    fn changed(&self) {
        self.changes.send_modify(|version| *version += 1);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, SessionStatus>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One session's line; gone from the board when dropped.
#[derive(Debug)]
pub struct Line {
    board: Arc<Board>,
    status: SessionStatus,
}

impl Line {
    /// Changes what the line says.
    pub fn change(&mut self, change: impl FnOnce(&mut SessionStatus)) {
        change(&mut self.status);
        self.board.put(self.status.clone());
    }

    /// A measured round trip.
    pub fn round_trip(&mut self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.change(|status| status.round_trip_us = Some(time));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.board.lock().remove(&self.status.number);
        self.board.changed();
    }
}
