//! Watches all readers of this machine: which there are, and whether a card is in them.
//!
//! PC/SC blocks, and a context serves one call at a time; so a thread of its own looks, with
//! short waits, and publishes what it sees. It outlives the PC/SC service: when that stops or is
//! restarted, all readers are gone until it is back.

use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, Scope, State};
use tokio::sync::watch;
use vsc_core::atr::Atr;

/// How long one look waits for a change. What `stop` waits for at the most.
const LOOK: Duration = Duration::from_millis(500);

/// How long to wait for the PC/SC service to come back between attempts.
const SERVICE_WAIT: Duration = Duration::from_secs(1);

/// What can be in a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardState {
    /// Nothing.
    Absent,
    /// A card, and its answer to reset.
    Present(Atr),
    /// A card that does not react: put in upside down, or broken.
    Mute,
    /// The reader does not tell.
    Unknown,
}

/// One reader as PC/SC shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Its name.
    pub name: CString,
    /// What is in it.
    pub card: CardState,
    /// Whether a program holds the card for itself.
    pub held: bool,
    /// Counts insertions and removals, so that a quick exchange is noticed.
    pub changes: u32,
}

impl Reader {
    /// The name for people.
    #[must_use]
    pub fn display_name(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }
}

/// All readers, or why they cannot be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readers {
    /// The PC/SC service answers.
    Seen(Vec<Reader>),
    /// It does not, for this reason.
    NoService(String),
}

impl Readers {
    /// The readers there are.
    #[must_use]
    pub fn list(&self) -> &[Reader] {
        match self {
            Self::Seen(readers) => readers,
            Self::NoService(_) => &[],
        }
    }

    /// The reader of this name.
    #[must_use]
    pub fn named(&self, name: &CStr) -> Option<&Reader> {
        self.list().iter().find(|reader| reader.name.as_c_str() == name)
    }
}

/// The running watch. Ends its thread when dropped.
#[derive(Debug)]
pub struct ReaderWatch {
    /// What is seen, always the latest.
    pub readers: watch::Receiver<Readers>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ReaderWatch {
    /// Begins to watch.
    ///
    /// # Errors
    ///
    /// When the operating system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let (publish, readers) = watch::channel(look_once());
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("readers".to_owned())
            .spawn(move || watch_until(&stopping, &publish))?;
        Ok(Self { readers, stop, thread: Some(thread) })
    }
}

impl Drop for ReaderWatch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has no result; that it panicked would have been printed already.
            let _ = thread.join();
        }
    }
}

/// Looks at all readers once.
#[must_use]
pub fn look_once() -> Readers {
    let seen = Context::establish(Scope::User).and_then(|context| {
        let mut states = Vec::new();
        look(&context, &mut states, Duration::ZERO)
    });
    seen.map_or_else(|error| Readers::NoService(why(error)), Readers::Seen)
}

fn watch_until(stop: &AtomicBool, publish: &watch::Sender<Readers>) {
    while !stop.load(Ordering::Relaxed) {
        let Err(error) = watch_service(stop, publish) else { return };
        let gone = Readers::NoService(why(error));
        publish.send_if_modified(|readers| {
            let changed = *readers != gone;
            *readers = gone;
            changed
        });
        let mut waited = Duration::ZERO;
        while waited < SERVICE_WAIT && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(SERVICE_WAIT / 10);
            waited += SERVICE_WAIT / 10;
        }
    }
}

/// Watches until told to stop, or until the PC/SC service is gone.
fn watch_service(stop: &AtomicBool, publish: &watch::Sender<Readers>) -> Result<(), Error> {
    let context = Context::establish(Scope::User)?;
    let mut states = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let seen = Readers::Seen(look(&context, &mut states, LOOK)?);
        publish.send_if_modified(|readers| {
            let changed = *readers != seen;
            *readers = seen;
            changed
        });
    }
    Ok(())
}

/// Waits for a change of what `states` remembers, for `patience` at the most, and tells what is.
fn look(
    context: &Context,
    states: &mut Vec<ReaderState>,
    patience: Duration,
) -> Result<Vec<Reader>, Error> {
    let names = match context.list_readers_owned() {
        Ok(names) => names,
        Err(Error::NoReadersAvailable) => Vec::new(),
        Err(error) => return Err(error),
    };
    let before = states.len();
    states.retain(|state| {
        state.name() == PNP_NOTIFICATION()
            || names.iter().any(|name| name.as_c_str() == state.name())
    });
    let mut changed = states.len() != before;
    if !states.iter().any(|state| state.name() == PNP_NOTIFICATION()) {
        states.push(ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE));
    }
    for name in names {
        if !states.iter().any(|state| state.name() == name.as_c_str()) {
            states.push(ReaderState::new(name, State::UNAWARE));
            changed = true;
        }
    }
    let patience = if changed { Duration::ZERO } else { patience };
    match context.get_status_change(patience, states) {
        // A reader vanished between the two calls: the next look lists anew.
        Ok(()) | Err(Error::Timeout | Error::UnknownReader | Error::ReaderUnavailable) => {}
        Err(error) => return Err(error),
    }
    for state in states.iter_mut() {
        state.sync_current_state();
    }
    Ok(states.iter().filter(|state| state.name() != PNP_NOTIFICATION()).map(reader).collect())
}

fn reader(state: &ReaderState) -> Reader {
    let event = state.event_state();
    let card = if event.contains(State::MUTE) {
        CardState::Mute
    } else if event.contains(State::PRESENT) {
        Atr::new(state.atr()).map_or(CardState::Mute, CardState::Present)
    } else if event.contains(State::EMPTY) {
        CardState::Absent
    } else {
        CardState::Unknown
    };
    Reader {
        name: state.name().to_owned(),
        card,
        held: event.contains(State::EXCLUSIVE),
        changes: state.event_count(),
    }
}

fn why(error: Error) -> String {
    match error {
        Error::NoService | Error::ServiceStopped => {
            "the PC/SC service does not answer; start pcscd (on Windows: \"Smart Card\")".to_owned()
        }
        error => error.to_string(),
    }
}
