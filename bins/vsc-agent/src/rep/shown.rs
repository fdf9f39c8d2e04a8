//! One reader that the other desk shows: its share's machine, the guard before its card, the
//! card's thread.

use std::collections::VecDeque;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use vsc_core::atr::Atr;
use vsc_core::cards::{Message, ShareId};
use vsc_core::guard::{Decision, Entry, Guard, Over, QuestionId};
use vsc_core::rep::{CardReport, Rep};

use super::card_thread::{CardThread, Job, Told};
use super::desk::Desk;
use super::reader_watch::Reader;
use crate::status::{DecisionStatus, GuardStatus, QuestionStatus};

/// How many decisions the status shows.
const DECISIONS: usize = 16;

/// A reader that is shown.
pub(super) struct Shown {
    pub(super) shown_as: String,
    share: ShareId,
    rep: Rep,
    guard: Guard,
    thread: CardThread,
    /// The reader as the card's thread was last told of it.
    seen: Option<Reader>,
    /// Whether another program keeps the card for itself.
    pub(super) held: bool,
    own_pin: bool,
    refused: u64,
    question: Option<Asked>,
    decisions: VecDeque<DecisionStatus>,
}

/// A question that waits, by its number in the guard and in this service.
struct Asked {
    id: QuestionId,
    shown: QuestionStatus,
}

impl Shown {
    pub(super) fn new(
        share: ShareId,
        shown_as: String,
        (guard, own_pin): (Guard, bool),
        thread: CardThread,
        seen: Option<Reader>,
    ) -> Self {
        thread.give(Job::Reader(seen.clone()));
        Self {
            shown_as,
            share,
            rep: Rep::new(share),
            guard,
            thread,
            seen,
            held: false,
            own_pin,
            refused: 0,
            question: None,
            decisions: VecDeque::new(),
        }
    }

    pub(super) fn atr(&self) -> Option<Atr> {
        self.rep.atr()
    }

    pub(super) fn seen(&self) -> Option<&Reader> {
        self.seen.as_ref()
    }

    /// The other desk says something.
    pub(super) fn take(&mut self, now: Instant, message: Message) {
        self.rep.handle_message(now, message);
    }

    /// The card's thread says something.
    pub(super) fn told(&mut self, now: Instant, told: Told) {
        match told {
            Told::Report(report) => {
                if matches!(report, CardReport::Present(_)) {
                    self.held = false;
                }
                self.guard.handle_report(now, report);
            }
            Told::HeldElsewhere(is) => self.held = is,
        }
    }

    /// The reader is like this now.
    pub(super) fn reader_is(&mut self, now: Option<&Reader>) {
        if now != self.seen.as_ref() {
            self.seen = now.cloned();
            self.thread.give(Job::Reader(now.cloned()));
        }
    }

    /// Answers the question that waits, if it has this number.
    pub(super) fn answer(&mut self, now: Instant, number: u64, yes: bool) -> bool {
        let asked = self.question.as_ref().filter(|asked| asked.shown.number == number);
        asked.is_some_and(|asked| self.guard.handle_answer(now, asked.id, yes))
    }

    pub(super) fn due(&self) -> Option<Instant> {
        [self.rep.poll_timeout(), self.guard.poll_timeout()].into_iter().flatten().min()
    }

    /// Time has passed; answers with why the share is over, if it is.
    pub(super) fn time_passed(&mut self, now: Instant) -> Option<Over> {
        if self.rep.poll_timeout().is_some_and(|due| due <= now) {
            self.rep.handle_timeout(now);
        }
        self.guard.handle_timeout(now);
        self.guard.over(now)
    }

    /// Moves everything that can move between the share, the guard and the card's thread.
    /// Answers with whether there is something new to be shown.
    pub(super) fn pump(&mut self, now: Instant, session: u32, reader: &str, desk: &Desk) -> bool {
        if let Some(order) = self.guard.order_in_question()
            && !self.rep.awaits(order)
        {
            self.guard.withdraw_question(now);
        }
        loop {
            let mut moved = false;
            while let Some(order) = self.rep.poll_order() {
                self.guard.handle_order(now, order);
                moved = true;
            }
            while let Some(order) = self.guard.poll_order() {
                // Headers and lengths: what is in a command or a response has no `Debug`.
                tracing::trace!(session, ?order, "to the card");
                self.thread.give(Job::Order(order));
                moved = true;
            }
            while let Some(report) = self.guard.poll_report() {
                self.rep.handle_card(report);
                moved = true;
            }
            if !moved {
                break;
            }
        }
        let mut new = false;
        while let Some(entry) = self.guard.poll_entry() {
            new |= self.note(session, reader, &entry);
        }
        new | self.look_for_question(now, session, reader, desk)
    }

    /// What the share has to say to the other desk.
    pub(super) fn poll_message(&mut self) -> Option<Message> {
        self.rep.poll_message()
    }

    /// What the other desk is told while it waits for a person at this one.
    pub(super) fn waiting_notice(&self) -> Option<Message> {
        let asked = self.question.as_ref()?;
        let text = format!("the person at the desk with the card is asked: {}", asked.shown.wants);
        Some(Message::Notice { share: self.share, text })
    }

    pub(super) fn question(&self) -> Option<u64> {
        self.question.as_ref().map(|asked| asked.shown.number)
    }

    pub(super) fn guard_status(&self) -> GuardStatus {
        GuardStatus {
            profile: self.guard.profile().to_owned(),
            own_pin: self.own_pin,
            refused: self.refused,
            question: self.question.as_ref().map(|asked| asked.shown.clone()),
            decisions: self.decisions.iter().cloned().collect(),
        }
    }

    fn note(&mut self, session: u32, reader: &str, entry: &Entry) -> bool {
        let header = entry.deed.header;
        if !entry.is_notable() {
            tracing::debug!(session, reader, %header, decision = %entry, "guard");
            return false;
        }
        tracing::info!(session, reader, %header, decision = %entry, "guard");
        let (passed, remark) = match entry.decision {
            Decision::Passed { with_consent, own_pin } => {
                let consent = with_consent.then_some("with consent");
                let exchanged = own_pin.then_some("one-time PIN exchanged");
                let said: Vec<_> = [consent, exchanged].into_iter().flatten().collect();
                (true, said.join(", "))
            }
            Decision::Refused { status, reason } => {
                self.refused += 1;
                (false, format!("{:04X}, {reason}", status.word()))
            }
        };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let decision = DecisionStatus {
            at: since.as_secs(),
            wants: entry.deed.to_string(),
            application: entry.deed.application.name().to_owned(),
            passed,
            remark,
        };
        if self.decisions.len() == DECISIONS {
            self.decisions.pop_front();
        }
        self.decisions.push_back(decision);
        true
    }

    fn look_for_question(&mut self, now: Instant, session: u32, reader: &str, desk: &Desk) -> bool {
        let waits = self.guard.question();
        if waits.map(|(question, _)| question.id) == self.question.as_ref().map(|asked| asked.id) {
            return false;
        }
        self.question = waits.map(|(question, until)| {
            let number = desk.next_question();
            let wants = question.to_string();
            tracing::info!(session, reader, question = number, wants, "consent is wanted");
            let within_s = until.duration_since(now).as_secs();
            Asked { id: question.id, shown: QuestionStatus { number, wants, within_s } }
        });
        true
    }
}
