//! The machine between a share and the card's thread.
//!
//! Orders of the share ([`crate::rep::Rep`]) come in and go on to the card, or are answered here.
//! The guard may ask the card something of its own first, or wait for a person; meanwhile further
//! orders wait, so the card still does one thing at a time and in order.

use std::collections::VecDeque;
use std::time::Instant;

use super::decision::{Decision, Entry, Question, QuestionId, Reason};
use super::judge::{Case, Judge, Verdict};
use super::own_pin::OwnPin;
use super::profile::Profile;
use crate::apdu::{Response, Status};
use crate::cards::CardFailure;
use crate::rep::{CardOrder, CardReport, CardWork, OrderNumber};
use crate::session::EndReason;

/// How many decisions are kept until somebody fetches them.
const KEPT: usize = 256;

/// Why a share is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// No command came for the profile's idle limit.
    Idle,
    /// It has lasted as long as the profile lets it.
    Lasted,
}

impl Over {
    /// What the other desk is told.
    #[must_use]
    pub fn reason(self) -> EndReason {
        match self {
            Self::Idle => EndReason::Idle,
            Self::Lasted => EndReason::Policy,
        }
    }
}

#[derive(Debug)]
enum Doing {
    Nothing,
    /// A person is asked.
    Asking {
        order: OrderNumber,
        case: Box<Case>,
        question: Question,
        until: Instant,
    },
    /// The card is asked something of our own.
    Querying {
        mine: OrderNumber,
        order: OrderNumber,
        case: Box<Case>,
        stale: bool,
    },
    /// The card does what was ordered.
    AtCard {
        mine: OrderNumber,
        order: OrderNumber,
        case: Box<Case>,
    },
    Resetting {
        mine: OrderNumber,
        order: OrderNumber,
    },
}

/// The guard of one share.
#[derive(Debug)]
pub struct Guard {
    judge: Judge,
    doing: Doing,
    waiting: VecDeque<CardOrder>,
    next_order: u64,
    next_question: u64,
    orders: VecDeque<CardOrder>,
    reports: VecDeque<CardReport>,
    entries: VecDeque<Entry>,
    began: Instant,
    used: Instant,
}

impl Guard {
    /// The guard of a share that begins now.
    #[must_use]
    pub fn new(now: Instant, profile: Profile, own_pin: Option<OwnPin>) -> Self {
        Self {
            judge: Judge::new(profile, own_pin),
            doing: Doing::Nothing,
            waiting: VecDeque::new(),
            next_order: 0,
            next_question: 0,
            orders: VecDeque::new(),
            reports: VecDeque::new(),
            entries: VecDeque::new(),
            began: now,
            used: now,
        }
    }

    /// The profile's name.
    #[must_use]
    pub fn profile(&self) -> &str {
        self.judge.profile().name()
    }

    /// The share orders something of the card.
    pub fn handle_order(&mut self, now: Instant, order: CardOrder) {
        self.waiting.push_back(order);
        self.go_on(now);
    }

    /// The card's thread reports. Numbers are those of [`Guard::poll_order`].
    pub fn handle_report(&mut self, now: Instant, report: CardReport) {
        match report {
            CardReport::Present(_) => self.card_changed(report, CardFailure::Reset),
            CardReport::Absent => self.card_changed(report, CardFailure::NoCard),
            CardReport::Transmitted { number, outcome } => self.transmitted(now, number, outcome),
            CardReport::Reset { number, outcome } => {
                if let Doing::Resetting { mine, order } = self.doing
                    && mine == number
                {
                    self.doing = Doing::Nothing;
                    self.judge.forget_card();
                    self.reports.push_back(CardReport::Reset { number: order, outcome });
                }
            }
        }
        self.go_on(now);
    }

    /// The person at the card answers a question. An answer to another question than the one
    /// that waits is none.
    pub fn handle_answer(&mut self, now: Instant, id: QuestionId, yes: bool) -> bool {
        let Doing::Asking { question, .. } = &self.doing else { return false };
        if question.id != id {
            return false;
        }
        if let Doing::Asking { order, case, .. } = self.stop() {
            let verdict = self.judge.consented(now, *case, yes);
            self.obey(now, order, verdict);
        }
        self.go_on(now);
        true
    }

    /// Whoever sent the command that a person is asked about has given it up.
    pub fn withdraw_question(&mut self, now: Instant) {
        self.give_up(Reason::GivenUp);
        self.go_on(now);
    }

    /// What the person at the card is asked at the moment, and until when.
    #[must_use]
    pub fn question(&self) -> Option<(Question, Instant)> {
        match &self.doing {
            Doing::Asking { question, until, .. } => Some((*question, *until)),
            _ => None,
        }
    }

    /// The share's order that a person is asked about.
    #[must_use]
    pub fn order_in_question(&self) -> Option<OrderNumber> {
        match &self.doing {
            Doing::Asking { order, .. } => Some(*order),
            _ => None,
        }
    }

    /// The next order for the card's thread.
    pub fn poll_order(&mut self) -> Option<CardOrder> {
        self.orders.pop_front()
    }

    /// The next report for the share.
    pub fn poll_report(&mut self) -> Option<CardReport> {
        self.reports.pop_front()
    }

    /// The next decision, for the log.
    pub fn poll_entry(&mut self) -> Option<Entry> {
        self.entries.pop_front()
    }

    /// When [`Guard::handle_timeout`] wants to be called, or [`Guard::over`] may change.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let until = match &self.doing {
            Doing::Asking { until, .. } => Some(*until),
            _ => None,
        };
        [until, self.idle_end(), self.share_end()].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Doing::Asking { until, .. } = self.doing
            && until <= now
        {
            self.give_up(Reason::Unanswered);
            self.go_on(now);
        }
    }

    /// Whether the share has come to an end that its profile sets.
    #[must_use]
    pub fn over(&self, now: Instant) -> Option<Over> {
        if self.share_end().is_some_and(|end| end <= now) {
            return Some(Over::Lasted);
        }
        self.idle_end().is_some_and(|end| end <= now).then_some(Over::Idle)
    }

    fn idle_end(&self) -> Option<Instant> {
        Some(self.used + self.judge.profile().idle_limit?)
    }

    fn share_end(&self) -> Option<Instant> {
        Some(self.began + self.judge.profile().share_limit?)
    }

    fn stop(&mut self) -> Doing {
        std::mem::replace(&mut self.doing, Doing::Nothing)
    }

    /// Begins what waits, if nothing is under way.
    fn go_on(&mut self, now: Instant) {
        while matches!(self.doing, Doing::Nothing)
            && let Some(CardOrder { number, work }) = self.waiting.pop_front()
        {
            match work {
                CardWork::Transmit(command) => {
                    self.used = now;
                    let verdict = self.judge.begin(now, command);
                    self.obey(now, number, verdict);
                }
                CardWork::Reset { cold } => {
                    let mine = self.order(CardWork::Reset { cold });
                    self.doing = Doing::Resetting { mine, order: number };
                }
            }
        }
    }

    fn obey(&mut self, now: Instant, order: OrderNumber, verdict: Verdict) {
        match verdict {
            Verdict::Pass(case) => {
                let Case { deed, own_pin, with_consent, .. } = case;
                self.note(Entry { deed, decision: Decision::Passed { with_consent, own_pin } });
                self.judge.sent(&case);
                let mine = self.order(CardWork::Transmit(case.command.clone()));
                self.doing = Doing::AtCard { mine, order, case: Box::new(case) };
            }
            Verdict::Refuse(deed, status, reason) => {
                self.note(Entry { deed, decision: Decision::Refused { status, reason } });
                self.report(order, Ok(Response::status_only(status)));
            }
            Verdict::Ask(case) => {
                let id = QuestionId(self.next_question);
                self.next_question += 1;
                let question = Question { id, deed: case.deed, tries_left: case.tries_left };
                let until = now + self.judge.profile().answer_within;
                self.doing = Doing::Asking { order, case: Box::new(case), question, until };
            }
            Verdict::First(case, question) => {
                let mine = self.order(CardWork::Transmit(question));
                self.doing = Doing::Querying { mine, order, case: Box::new(case), stale: false };
            }
        }
    }

    fn transmitted(
        &mut self,
        now: Instant,
        number: OrderNumber,
        outcome: Result<Response, CardFailure>,
    ) {
        match &self.doing {
            Doing::AtCard { mine, .. } | Doing::Querying { mine, .. } if *mine == number => {}
            _ => return,
        }
        match self.stop() {
            Doing::AtCard { order, case, .. } => {
                if let Ok(response) = &outcome {
                    self.judge.answered(&case, response);
                }
                self.report(order, outcome);
            }
            Doing::Querying { order, case, stale, .. } => match outcome {
                Ok(_) if stale => self.report(order, Err(CardFailure::Reset)),
                Ok(response) => {
                    let verdict = self.judge.learned(now, *case, &response);
                    self.obey(now, order, verdict);
                }
                Err(failure) => self.report(order, Err(failure)),
            },
            Doing::Nothing | Doing::Asking { .. } | Doing::Resetting { .. } => {}
        }
    }

    /// The card is another one, or in another state: what was meant for the old one is not for
    /// this one.
    fn card_changed(&mut self, report: CardReport, failure: CardFailure) {
        self.judge.forget_card();
        self.reports.push_back(report);
        match &mut self.doing {
            Doing::Asking { order, .. } => {
                let order = *order;
                self.doing = Doing::Nothing;
                self.report(order, Err(failure));
            }
            Doing::Querying { stale, .. } => *stale = true,
            Doing::Nothing | Doing::AtCard { .. } | Doing::Resetting { .. } => {}
        }
        for CardOrder { number, work } in std::mem::take(&mut self.waiting) {
            match work {
                CardWork::Transmit(_) => self.report(number, Err(failure)),
                work @ CardWork::Reset { .. } => self.waiting.push_back(CardOrder { number, work }),
            }
        }
    }

    /// Answers the command that a person is asked about, without the person.
    fn give_up(&mut self, reason: Reason) {
        if !matches!(self.doing, Doing::Asking { .. }) {
            return;
        }
        if let Doing::Asking { order, case, .. } = self.stop() {
            let status = Status::CONDITIONS_NOT_SATISFIED;
            self.note(Entry { deed: case.deed, decision: Decision::Refused { status, reason } });
            self.report(order, Ok(Response::status_only(status)));
        }
    }

    fn order(&mut self, work: CardWork) -> OrderNumber {
        let number = OrderNumber(self.next_order);
        self.next_order += 1;
        self.orders.push_back(CardOrder { number, work });
        number
    }

    fn report(&mut self, number: OrderNumber, outcome: Result<Response, CardFailure>) {
        self.reports.push_back(CardReport::Transmitted { number, outcome });
    }

    fn note(&mut self, entry: Entry) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }
}
