//! One session at the representative's desk: a link, the readers shared over it, their cards.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use vsc_core::cards::{Message, ShareId};
use vsc_core::rep::CardReport;
use vsc_core::session::EndReason;

use super::card_thread::{Hold, StartCard, Told};
use super::desk::{Desk, Lent};
use super::reader_watch::CardState;
use super::shown::Shown;
use super::terms::Terms;
use crate::control::{Refusal, RefusalKind};
use crate::session_link::{SessionLink, Step};
use crate::status::{CardIs, Live, ShareStatus, hex};

/// How long the other desk may take to show a reader.
const SHOW_WITHIN: Duration = Duration::from_secs(15);

/// How the cards of shared readers are used.
#[derive(Clone, Copy, Debug)]
pub struct Cards {
    /// Who may use them meanwhile.
    pub hold: Hold,
    /// What starts the thread of each.
    pub start: StartCard,
}

/// What the service asks of a session.
#[derive(Debug)]
pub enum Order {
    /// Share this reader.
    Share {
        /// Which.
        reader: CString,
        /// On what terms.
        terms: Box<Terms>,
        /// Where it is shown, or why it is not.
        answer: oneshot::Sender<Result<String, Refusal>>,
    },
    /// Share it no longer.
    Unshare {
        /// Which.
        reader: CString,
        /// Whether it was shared.
        answer: oneshot::Sender<bool>,
    },
    /// Answer a question about a command.
    Answer {
        /// Its number.
        question: u64,
        /// Whether the command may pass.
        yes: bool,
        /// Whether such a question waited.
        answer: oneshot::Sender<bool>,
    },
    /// End the session.
    End(EndReason),
}

/// A running session.
pub struct Session {
    link: SessionLink,
    desk: Arc<Desk>,
    cards: Cards,
    orders: mpsc::Receiver<Order>,
    shares: BTreeMap<ShareId, Share>,
    next_share: u32,
    /// Whether what is shown may have changed. Telling it at every command would cost more than
    /// the command.
    changed: bool,
    told: mpsc::UnboundedReceiver<(ShareId, Told)>,
    teller: mpsc::UnboundedSender<(ShareId, Told)>,
}

struct Share {
    lent: Lent,
    stage: Stage,
}

enum Stage {
    /// The other desk has been asked to show it.
    Offered { terms: Box<Terms>, answer: oneshot::Sender<Result<String, Refusal>>, until: Instant },
    /// It is shown, and its card is ours to use.
    Shown(Box<Shown>),
}

impl Session {
    /// A session about to connect.
    #[must_use]
    pub fn new(
        link: SessionLink,
        desk: Arc<Desk>,
        cards: Cards,
        orders: mpsc::Receiver<Order>,
    ) -> Self {
        let (teller, told) = mpsc::unbounded_channel();
        let shares = BTreeMap::new();
        Self { link, desk, cards, orders, shares, next_share: 0, changed: true, told, teller }
    }

    /// Runs until the session is over.
    pub async fn run(mut self) {
        let mut readers = self.desk.readers.clone();
        let end = loop {
            let due = self.shares.values().filter_map(Share::due).min();
            tokio::select! {
                biased;
                step = self.link.next() => match step {
                    Step::Message(message) => self.take(message),
                    Step::Ended(end) => break end,
                    Step::Progress => {}
                },
                Some((share, told)) = self.told.recv() => self.card_told(share, told),
                Some(order) = self.orders.recv() => self.obey(order),
                Ok(()) = readers.changed() => self.look_at_readers(),
                () = until(due) => self.time_passed(),
            }
            self.pump();
            if std::mem::replace(&mut self.changed, true) {
                self.show();
            }
        };
        for (_, share) in std::mem::take(&mut self.shares) {
            let why = format!("the session ended: {end}");
            share.refuse(Refusal::new(RefusalKind::NotShown, why));
        }
    }

    /// The customer's agent says something about a share.
    fn take(&mut self, message: Message) {
        let id = message.share();
        match message {
            Message::Up { name, .. } => self.begin(id, name),
            Message::ShareFailed { reason, .. } => {
                if let Some(share) = self.shares.remove(&id) {
                    share.refuse(Refusal::new(RefusalKind::NotShown, reason));
                }
            }
            Message::Unshare { reason, .. } => {
                if let Some(share) = self.shares.remove(&id) {
                    let reader = share.lent.reader().to_string_lossy().into_owned();
                    tracing::info!(session = self.link.number, reader, %reason, "unshared by the other desk");
                    share.refuse(Refusal::new(RefusalKind::NotShown, reason.to_string()));
                }
            }
            message => {
                self.changed = false;
                if let Some(shown) = self.shown(id) {
                    shown.take(now(), message);
                }
            }
        }
    }

    /// The reader is shown: from now on its card belongs to the other desk.
    fn begin(&mut self, id: ShareId, shown_as: String) {
        let Some(Share { lent, stage }) = self.shares.remove(&id) else { return };
        let Stage::Offered { terms, answer, .. } = stage else {
            // A second thread at the same card would answer to the numbers of the first.
            self.shares.insert(id, Share { lent, stage });
            return self.link.end(EndReason::Protocol);
        };
        let teller = self.teller.clone();
        let tell = Box::new(move |told| drop(teller.send((id, told))));
        let thread = match (self.cards.start)(lent.reader().to_owned(), self.cards.hold, tell) {
            Ok(thread) => thread,
            Err(error) => {
                tracing::error!(session = self.link.number, %error, "no thread for the card");
                self.link.say(&Message::Unshare { share: id, reason: EndReason::CardThreadDied });
                let refusal = Refusal::new(RefusalKind::Failed, error.to_string());
                return drop(answer.send(Err(refusal)));
            }
        };
        let seen = self.desk.readers.borrow().named(lent.reader()).cloned();
        let (profile, reader) = (terms.profile.name(), lent.reader().to_string_lossy());
        tracing::info!(session = self.link.number, %reader, shown_as, profile, "shared");
        let shown = Shown::new(id, shown_as.clone(), terms.into_guard(), thread, seen);
        let _ = answer.send(Ok(shown_as));
        self.shares.insert(id, Share { lent, stage: Stage::Shown(Box::new(shown)) });
        self.link.measure();
    }

    fn card_told(&mut self, id: ShareId, told: Told) {
        // An answer changes nothing that is shown, unless it is that the card is gone.
        self.changed =
            !matches!(told, Told::Report(CardReport::Transmitted { outcome: Ok(_), .. }));
        let Some(shown) = self.shown(id) else { return };
        tracing::trace!(?told, "from the card");
        shown.told(now(), told);
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Share { reader, terms, answer } => self.offer(reader, terms, answer),
            Order::Answer { question, yes, answer } => {
                let now = now();
                let mut shown = self.shares.values_mut().filter_map(Share::shown);
                let _ = answer.send(shown.any(|shown| shown.answer(now, question, yes)));
            }
            Order::Unshare { reader, answer } => {
                let _ = answer.send(self.unshare(&reader));
            }
            Order::End(reason) => self.link.end(reason),
        }
    }

    fn offer(
        &mut self,
        reader: CString,
        terms: Box<Terms>,
        answer: oneshot::Sender<Result<String, Refusal>>,
    ) {
        let lent = match self.desk.lend(reader, self.link.number) {
            Ok(lent) => lent,
            Err(refusal) => return drop(answer.send(Err(refusal))),
        };
        let share = ShareId(self.next_share);
        self.next_share += 1;
        let name = lent.reader().to_string_lossy().into_owned();
        if !self.link.say_now(&Message::Share { share, name }) {
            let reason = "the other agent is not there yet";
            return drop(answer.send(Err(Refusal::new(RefusalKind::NoSession, reason))));
        }
        let stage = Stage::Offered { terms, answer, until: now() + SHOW_WITHIN };
        self.shares.insert(share, Share { lent, stage });
    }

    fn unshare(&mut self, reader: &CStr) -> bool {
        let id = self.shares.iter().find(|(_, share)| share.lent.reader() == reader);
        let Some(id) = id.map(|(id, _)| *id) else { return false };
        self.link.say(&Message::Unshare { share: id, reason: EndReason::User });
        if let Some(share) = self.shares.remove(&id) {
            tracing::info!(session = self.link.number, reader = %reader.to_string_lossy(), "unshared");
            share.refuse(Refusal::new(RefusalKind::NotShown, "it was unshared meanwhile"));
        }
        true
    }

    fn look_at_readers(&mut self) {
        let readers = self.desk.readers.borrow().clone();
        for share in self.shares.values_mut() {
            if let Stage::Shown(shown) = &mut share.stage {
                shown.reader_is(readers.named(share.lent.reader()));
            }
        }
    }

    fn time_passed(&mut self) {
        let now = now();
        let mut late = Vec::new();
        let mut over = Vec::new();
        for (id, share) in &mut self.shares {
            match &mut share.stage {
                Stage::Offered { until, .. } if *until <= now => late.push(*id),
                Stage::Offered { .. } => {}
                Stage::Shown(shown) => over.extend(shown.time_passed(now).map(|why| (*id, why))),
            }
        }
        for (id, why) in over {
            let reason = why.reason();
            self.link.say(&Message::Unshare { share: id, reason });
            if let Some(share) = self.shares.remove(&id) {
                let reader = share.lent.reader().to_string_lossy();
                tracing::info!(session = self.link.number, %reader, %reason, "unshared");
            }
        }
        for id in late {
            self.link.say(&Message::Unshare { share: id, reason: EndReason::Idle });
            if let Some(share) = self.shares.remove(&id) {
                let reason = "the other desk did not show it in time";
                share.refuse(Refusal::new(RefusalKind::NotShown, reason));
            }
        }
    }

    /// Moves what the shares have to say: to the other desk, and to the cards.
    fn pump(&mut self) {
        let now = now();
        for share in self.shares.values_mut() {
            let Stage::Shown(shown) = &mut share.stage else { continue };
            let reader = share.lent.reader().to_string_lossy();
            let asked = shown.question();
            self.changed |= shown.pump(now, self.link.number, &reader, &self.desk);
            if shown.question() != asked
                && let Some(notice) = shown.waiting_notice()
            {
                self.link.say(&notice);
            }
            // While a connection is away, the share's machine keeps what is still worth saying.
            while !self.link.is_suspended
                && let Some(message) = shown.poll_message()
            {
                self.link.say(&message);
            }
        }
    }

    fn shown(&mut self, id: ShareId) -> Option<&mut Shown> {
        self.shares.get_mut(&id)?.shown()
    }

    fn show(&mut self) {
        let shares = self.shares.values().map(Share::status).collect();
        self.link.line.change(|status| status.shares = shares);
    }
}

impl Share {
    fn due(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Offered { until, .. } => Some(*until),
            Stage::Shown(shown) => shown.due(),
        }
    }

    fn shown(&mut self) -> Option<&mut Shown> {
        match &mut self.stage {
            Stage::Shown(shown) => Some(shown),
            Stage::Offered { .. } => None,
        }
    }

    /// Tells whoever waits for it that it will not be shown.
    fn refuse(self, refusal: Refusal) {
        if let Stage::Offered { answer, .. } = self.stage {
            let _ = answer.send(Err(refusal));
        }
    }

    fn status(&self) -> ShareStatus {
        let reader = self.lent.reader().to_string_lossy().into_owned();
        let (shown_as, card, atr, guard) = match &self.stage {
            Stage::Offered { .. } => (None, CardIs::Unknown, None, None),
            Stage::Shown(shown) => {
                let atr = shown.atr();
                let card = match shown.seen() {
                    _ if atr.is_some() => CardIs::Present,
                    _ if shown.held => CardIs::HeldElsewhere,
                    Some(reader) if reader.card == CardState::Mute => CardIs::Mute,
                    Some(_) => CardIs::Absent,
                    None => CardIs::Unknown,
                };
                let guard = Some(shown.guard_status());
                (Some(shown.shown_as.clone()), card, atr.map(|atr| hex(&atr)), guard)
            }
        };
        ShareStatus { reader, shown_as, card, atr, guard, counted: None, live: Live::default() }
    }
}

/// The runtime's clock, by which everybody here is woken.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
