//! One thread per shared reader: the only place where a card is touched.
//!
//! PC/SC blocks, and a card belongs to the thread that connected to it. Orders come in by a
//! queue and are done one after the other, each once; what became of them, and whether a card is
//! there, goes out as [`CardReport`]s. Nothing is ever sent to the card a second time.

use std::ffi::CString;
use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use pcsc::{Card, Context, Disposition, Error, Protocols, Scope, ShareMode, Transaction};
use vsc_core::apdu::{Command, Response};
use vsc_core::atr::Atr;
use vsc_core::cards::CardFailure;
use vsc_core::rep::{CardOrder, CardReport, CardWork};
use zeroize::{Zeroize, Zeroizing};

use super::reader_watch::{CardState, Reader};

/// How long to wait before a card that another program holds is asked for again.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// How the card is held while its reader is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Hold {
    /// For the whole share: no program of this desk can use the card, or profit from a PIN that
    /// was verified at the other desk.
    #[default]
    Exclusive,
    /// From the first command after a reset to the next reset: in between, programs of this desk
    /// can use it. The card is reset at both ends.
    Shared,
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exclusive => "exclusive",
            Self::Shared => "shared",
        })
    }
}

impl Hold {
    fn mode(self) -> ShareMode {
        match self {
            Self::Exclusive => ShareMode::Exclusive,
            Self::Shared => ShareMode::Shared,
        }
    }
}

/// What the thread is told.
#[derive(Debug)]
pub enum Job {
    /// Do this at the card.
    Order(CardOrder),
    /// The reader changed; `None` means that it is gone.
    Reader(Option<Reader>),
}

/// What the thread tells.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// For the share's machine.
    Report(CardReport),
    /// Another program holds the card, or lets it go again.
    HeldElsewhere(bool),
}

/// How a thread tells what happens.
pub type Tell = Box<dyn Fn(Told) + Send>;

/// Starts a thread for a card. [`CardThread::start`] is the one for real readers.
pub type StartCard = fn(CString, Hold, Tell) -> std::io::Result<CardThread>;

/// The thread's handle. The thread puts the card back (reset) and ends when this is dropped.
#[derive(Debug)]
pub struct CardThread {
    jobs: Sender<Job>,
}

impl CardThread {
    /// Starts a thread for `reader` that tells what happens by `tell`.
    ///
    /// # Errors
    ///
    /// When the operating system gives no thread.
    pub fn start(reader: CString, hold: Hold, tell: Tell) -> std::io::Result<Self> {
        let (jobs, queue) = std::sync::mpsc::channel();
        std::thread::Builder::new().name("card".to_owned()).spawn(move || {
            let mut desk = Desk::new(reader, hold, tell);
            desk.work(&queue);
            desk.put_back();
        })?;
        Ok(Self { jobs })
    }

    /// A handle of a thread that plays a card: whatever takes jobs from the queue's other end.
    #[must_use]
    pub fn played_by(jobs: Sender<Job>) -> Self {
        Self { jobs }
    }

    /// Gives the thread something to do.
    pub fn give(&self, job: Job) {
        // A thread that is gone has panicked, and said so; the share notices by its time-out.
        let _ = self.jobs.send(job);
    }
}

/// A card in hand.
enum Held {
    No,
    /// Somebody else has it; ask again later.
    Elsewhere,
    Yes(Card),
}

struct Desk {
    reader: CString,
    hold: Hold,
    tell: Tell,
    context: Option<Context>,
    held: Held,
    /// The reader's count of changes when the card was last connected to.
    changes: Option<u32>,
    buffer: Zeroizing<Vec<u8>>,
}

impl Desk {
    fn new(reader: CString, hold: Hold, tell: Tell) -> Self {
        let buffer = Zeroizing::new(vec![0; pcsc::MAX_BUFFER_SIZE_EXTENDED]);
        Self { reader, hold, tell, context: None, held: Held::No, changes: None, buffer }
    }

    fn work(&mut self, jobs: &Receiver<Job>) {
        loop {
            let job = match self.held {
                Held::Elsewhere => match jobs.recv_timeout(TRY_AGAIN) {
                    Err(RecvTimeoutError::Timeout) => {
                        self.connect();
                        continue;
                    }
                    job => job.ok(),
                },
                _ => jobs.recv().ok(),
            };
            match job {
                Some(Job::Order(order)) => {
                    if let Some(next) = self.obey(order, jobs) {
                        self.reader_changed(next.as_ref());
                    }
                }
                Some(Job::Reader(reader)) => self.reader_changed(reader.as_ref()),
                None => return,
            }
        }
    }

    /// Does one order. In shared mode this may become a burst of orders under one transaction; a
    /// change of the reader in its midst ends the burst and is handed back.
    fn obey(&mut self, order: CardOrder, jobs: &Receiver<Job>) -> Option<Option<Reader>> {
        let Held::Yes(card) = &mut self.held else {
            (self.tell)(refuse(order, CardFailure::NoCard));
            return None;
        };
        let done = match (order.work, self.hold) {
            (CardWork::Transmit(command), Hold::Exclusive) => {
                let outcome = transmit(card, &command, &mut self.buffer);
                let number = order.number;
                (self.tell)(Told::Report(CardReport::Transmitted { number, outcome }));
                return None;
            }
            (CardWork::Reset { cold }, _) => {
                let outcome = reset(card, self.hold.mode(), cold);
                let number = order.number;
                (self.tell)(Told::Report(CardReport::Reset { number, outcome }));
                return None;
            }
            (CardWork::Transmit(command), Hold::Shared) => {
                let first = CardOrder { number: order.number, work: CardWork::Transmit(command) };
                burst(card, first, jobs, &self.tell, &mut self.buffer)
            }
        };
        match done {
            Burst::Over => None,
            Burst::Reader(reader) => Some(reader),
        }
    }

    fn reader_changed(&mut self, reader: Option<&Reader>) {
        let Some(reader) = reader else {
            // The reader, or the whole PC/SC service, is gone; so is every handle to it.
            self.let_go();
            self.context = None;
            return;
        };
        let CardState::Present(_) = reader.card else { return self.let_go() };
        let exchanged = self.changes != Some(reader.changes);
        match &self.held {
            // The count also moves when programs come and go; ask the card itself.
            Held::Yes(card) if exchanged => {
                self.changes = Some(reader.changes);
                if card.status2_owned().is_err() {
                    self.let_go();
                    self.connect();
                }
            }
            Held::Yes(_) => {}
            Held::No | Held::Elsewhere => {
                self.changes = Some(reader.changes);
                self.connect();
            }
        }
    }

    /// Takes the card into hand. It is reset first: what a program of this desk did with it, a
    /// PIN it verified for example, is not for the other desk.
    fn connect(&mut self) {
        match self.try_connect() {
            Ok((card, atr)) => {
                if matches!(self.held, Held::Elsewhere) {
                    (self.tell)(Told::HeldElsewhere(false));
                }
                self.held = Held::Yes(card);
                (self.tell)(Told::Report(CardReport::Present(atr)));
            }
            Err(Error::SharingViolation) => {
                if !matches!(self.held, Held::Elsewhere) {
                    self.held = Held::Elsewhere;
                    (self.tell)(Told::HeldElsewhere(true));
                }
            }
            Err(error) => {
                tracing::debug!(%error, "the card cannot be connected to");
                if is_service_gone(error) {
                    self.context = None;
                }
                self.let_go();
            }
        }
    }

    fn try_connect(&mut self) -> Result<(Card, Atr), Error> {
        let context = match &self.context {
            Some(context) => context,
            None => self.context.insert(Context::establish(Scope::User)?),
        };
        let mut card = context.connect(&self.reader, self.hold.mode(), Protocols::ANY)?;
        card.reconnect(self.hold.mode(), Protocols::ANY, Disposition::ResetCard)?;
        let atr = atr_of(&card)?;
        Ok((card, atr))
    }

    /// There is no card to hold any more.
    fn let_go(&mut self) {
        match std::mem::replace(&mut self.held, Held::No) {
            Held::Yes(card) => {
                disconnect(card);
                (self.tell)(Told::Report(CardReport::Absent));
            }
            Held::Elsewhere => (self.tell)(Told::HeldElsewhere(false)),
            Held::No => {}
        }
        self.changes = None;
    }

    fn put_back(&mut self) {
        if let Held::Yes(card) = std::mem::replace(&mut self.held, Held::No) {
            disconnect(card);
        }
    }
}

/// Leaves the card reset, so that nothing that was verified stays verified.
fn disconnect(card: Card) {
    // When it fails the card is gone already.
    drop(card.disconnect(Disposition::ResetCard));
}

enum Burst {
    Over,
    Reader(Option<Reader>),
}

/// Commands from the first after a reset to the next reset, with the card to ourselves.
fn burst(
    card: &mut Card,
    first: CardOrder,
    jobs: &Receiver<Job>,
    tell: &dyn Fn(Told),
    buffer: &mut [u8],
) -> Burst {
    let mut transaction = match begin(card) {
        Ok(transaction) => transaction,
        Err(error) => {
            tell(refuse(first, failure(error)));
            return Burst::Over;
        }
    };
    let mut next = Some(Job::Order(first));
    loop {
        match next {
            Some(Job::Order(CardOrder { number, work: CardWork::Transmit(command) })) => {
                let outcome = transmit(&transaction, &command, buffer);
                tell(Told::Report(CardReport::Transmitted { number, outcome }));
            }
            Some(Job::Order(CardOrder { number, work: CardWork::Reset { cold } })) => {
                let outcome = transaction
                    .reconnect(ShareMode::Shared, Protocols::ANY, disposition(cold))
                    .and_then(|()| atr_of(&transaction))
                    .map_err(failure);
                end(transaction, Disposition::LeaveCard);
                tell(Told::Report(CardReport::Reset { number, outcome }));
                return Burst::Over;
            }
            Some(Job::Reader(Some(reader))) if matches!(reader.card, CardState::Present(_)) => {}
            Some(Job::Reader(reader)) => {
                end(transaction, Disposition::ResetCard);
                return Burst::Reader(reader);
            }
            None => {
                end(transaction, Disposition::ResetCard);
                return Burst::Over;
            }
        }
        next = jobs.recv().ok();
    }
}

/// Begins a burst. Programs of this desk may have used the card since the last one; after the
/// reset it is as fresh as the other desk believes.
fn begin(card: &mut Card) -> Result<Transaction<'_>, Error> {
    // What another program reset must be connected to anew before anything else.
    card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::LeaveCard)?;
    let mut transaction = card.transaction()?;
    transaction.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::ResetCard)?;
    Ok(transaction)
}

fn end(transaction: Transaction<'_>, disposition: Disposition) {
    // When it fails the card is gone already.
    drop(transaction.end(disposition));
}

fn transmit(card: &Card, command: &Command, buffer: &mut [u8]) -> Result<Response, CardFailure> {
    let outcome = card.transmit(command.bytes(), buffer);
    let outcome = match outcome {
        Ok(response) => Response::new(response.to_vec()).map_err(|_| CardFailure::Failed),
        // A card that was pulled in the midst of a command may be reported as a failed exchange.
        Err(error @ (Error::NotTransacted | Error::CommDataLost | Error::UnknownError)) => {
            Err(card.status2_owned().map_or_else(failure, |_| failure(error)))
        }
        Err(error) => Err(failure(error)),
    };
    let used = outcome.as_ref().map_or(buffer.len(), |response| response.bytes().len());
    if let Some(used) = buffer.get_mut(..used) {
        used.zeroize();
    }
    outcome
}

fn reset(card: &mut Card, mode: ShareMode, cold: bool) -> Result<Atr, CardFailure> {
    card.reconnect(mode, Protocols::ANY, disposition(cold))
        .and_then(|()| atr_of(card))
        .map_err(failure)
}

fn disposition(cold: bool) -> Disposition {
    if cold { Disposition::UnpowerCard } else { Disposition::ResetCard }
}

fn atr_of(card: &Card) -> Result<Atr, Error> {
    let status = card.status2_owned()?;
    Atr::new(status.atr()).map_err(|_| Error::UnresponsiveCard)
}

fn refuse(order: CardOrder, failure: CardFailure) -> Told {
    let number = order.number;
    Told::Report(match order.work {
        CardWork::Transmit(_) => CardReport::Transmitted { number, outcome: Err(failure) },
        CardWork::Reset { .. } => CardReport::Reset { number, outcome: Err(failure) },
    })
}

fn is_service_gone(error: Error) -> bool {
    matches!(error, Error::NoService | Error::ServiceStopped | Error::InvalidHandle)
}

fn failure(error: Error) -> CardFailure {
    match error {
        Error::RemovedCard | Error::NoSmartcard => CardFailure::NoCard,
        Error::ResetCard => CardFailure::Reset,
        Error::UnresponsiveCard | Error::UnpoweredCard | Error::UnsupportedCard => {
            CardFailure::Mute
        }
        Error::UnknownReader | Error::ReaderUnavailable => CardFailure::NoReader,
        error if is_service_gone(error) => CardFailure::NoReader,
        Error::Timeout => CardFailure::TimedOut,
        _ => CardFailure::Failed,
    }
}
