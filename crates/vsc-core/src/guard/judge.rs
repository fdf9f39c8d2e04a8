//! One command after the other: what may become of it.
//!
//! The order is that of cost to the owner: what is not understood or not permitted is refused
//! first; then what comes too often; then a PIN that is not the one handed out; then what would
//! spend a last try; and only what is left is put before a person.

use std::time::Instant;

use super::application::{Application, Channels};
use super::consent::Consents;
use super::decision::Reason;
use super::deed::{Deed, Operation};
use super::own_pin::{Exchanged, OwnPin};
use super::profile::{Profile, Rule};
use super::rate::Rate;
use super::tries::Tries;
use crate::apdu::{Command, Response, Status};
use crate::sensitive::PinUse;

/// A command on its way through the guard.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) deed: Deed,
    /// As it goes to the card: with the owner's PIN, if it carried the one that was handed out.
    pub(super) command: Command,
    pub(super) own_pin: bool,
    pub(super) with_consent: bool,
    pub(super) tries_left: Option<u8>,
    /// Whether the card was asked which application answers.
    asked_who: bool,
    /// Whether it was asked how many tries are left.
    asked_tries: bool,
}

/// What is to be done about it.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It goes to the card.
    Pass(Case),
    /// It is answered like this.
    Refuse(Deed, Status, Reason),
    /// A person decides.
    Ask(Case),
    /// First the card is asked this.
    First(Case, Command),
}

/// A link of a chain that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chain {
    operation: Operation,
    channel: u8,
    instruction: [u8; 3],
}

#[derive(Debug)]
pub(super) struct Judge {
    profile: Profile,
    own_pin: Option<OwnPin>,
    channels: Channels,
    tries: Tries,
    consents: Consents,
    key_uses: Rate,
    verifications: Rate,
    chain: Option<Chain>,
    /// Whether a PIN may have been verified since the card was powered.
    verified: bool,
}

impl Judge {
    pub(super) fn new(profile: Profile, own_pin: Option<OwnPin>) -> Self {
        Self {
            key_uses: Rate::per_minute(profile.key_uses_per_minute),
            verifications: Rate::per_minute(profile.verifications_per_minute),
            tries: Tries::new(profile.spare_tries),
            profile,
            own_pin,
            channels: Channels::default(),
            consents: Consents::default(),
            chain: None,
            verified: false,
        }
    }

    pub(super) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// A command has come.
    pub(super) fn begin(&mut self, now: Instant, command: Command) -> Verdict {
        let deed = Deed::among(&command, &self.channels);
        let case = Case {
            deed,
            command,
            own_pin: false,
            with_consent: false,
            tries_left: None,
            asked_who: false,
            asked_tries: false,
        };
        let refuse = |reason| Verdict::Refuse(deed, deed.operation.refusal(), reason);
        if self.rule(&deed) == Rule::Refuse {
            return refuse(Reason::Profile);
        }
        if is_unknown_with_pin(&deed) {
            return refuse(Reason::UnknownPin);
        }
        if deed.chained && !deed.operation.may_be_chained() {
            return Verdict::Refuse(deed, Status::CHAINING_NOT_SUPPORTED, Reason::Chained);
        }
        let is_held = |own_pin: &OwnPin| deed.pin.is_none() && own_pin.is_held_by(&case.command);
        if self.own_pin.as_ref().is_some_and(is_held) {
            let status = Status::CONDITIONS_NOT_SATISFIED;
            return Verdict::Refuse(deed, status, Reason::OwnPinForm);
        }
        if self.chain.is_some() && self.chain == Some(link(&deed)) {
            // What was said to the first link was said to the whole.
            return Verdict::Pass(case);
        }
        let not_now = Status::CONDITIONS_NOT_SATISFIED;
        if deed.operation.uses_key() && !self.key_uses.take(now) {
            return Verdict::Refuse(deed, not_now, Reason::TooMany);
        }
        if deed.pin.is_some() && !self.verifications.take(now) {
            return Verdict::Refuse(deed, not_now, Reason::TooMany);
        }
        self.price(now, case)
    }

    /// What a command costs in tries, and whether its PIN is the one that was handed out.
    fn price(&mut self, now: Instant, mut case: Case) -> Verdict {
        let deed = case.deed;
        let Some(pin) = deed.pin else { return self.weigh(now, case) };
        if !case.asked_who
            && let Some(question) = self.who_answers(&deed)
        {
            case.asked_who = true;
            return Verdict::First(case, question);
        }
        if let Some(own_pin) = &mut self.own_pin {
            match own_pin.exchange(&deed, pin, &case.command) {
                Exchanged::Refused(status, reason) => return Verdict::Refuse(deed, status, reason),
                Exchanged::Command(command) => {
                    case.command = command;
                    case.own_pin = true;
                }
            }
        }
        case.tries_left = self.tries.left(&deed, pin);
        if case.tries_left.is_some() {
            return self.weigh(now, case);
        }
        match Tries::question(&deed, pin) {
            Some(question) => {
                case.asked_tries = true;
                Verdict::First(case, question)
            }
            None => self.weigh(now, case),
        }
    }

    /// The card has answered what it was asked first.
    pub(super) fn learned(&mut self, now: Instant, mut case: Case, answer: &Response) -> Verdict {
        if case.asked_who && !case.asked_tries {
            self.channels.discovered(case.deed.channel, answer);
            case.deed = Deed::among(&case.command, &self.channels);
            return self.price(now, case);
        }
        if let Some(pin) = case.deed.pin {
            self.tries.learn(&case.deed, pin, answer);
            case.tries_left = self.tries.left(&case.deed, pin);
        }
        self.weigh(now, case)
    }

    /// The person at the card has answered.
    pub(super) fn consented(&mut self, now: Instant, mut case: Case, yes: bool) -> Verdict {
        if yes {
            self.consents.grant(&case.deed);
            case.with_consent = true;
            Verdict::Pass(case)
        } else {
            self.consents.deny(now, &case.deed);
            Verdict::Refuse(case.deed, Status::CONDITIONS_NOT_SATISFIED, Reason::Denied)
        }
    }

    /// All is known that can be known.
    fn weigh(&self, now: Instant, case: Case) -> Verdict {
        let deed = case.deed;
        if let Some(left) = case.tries_left
            && left <= self.profile.spare_tries
        {
            let status = match left {
                // The card says so itself, and programs know what to tell their users.
                0 => Status::AUTHENTICATION_BLOCKED,
                _ => Status::SECURITY_STATUS_NOT_SATISFIED,
            };
            return Verdict::Refuse(deed, status, Reason::LastTries { left });
        }
        let tries_are_unknown = deed.pin.is_some() && case.tries_left.is_none();
        let ask = tries_are_unknown
            || match self.rule(&deed) {
                Rule::Allow => false,
                Rule::AskOnce => !self.consents.was_granted(&deed),
                Rule::Ask | Rule::Refuse => true,
            };
        if !ask {
            return Verdict::Pass(case);
        }
        if self.consents.was_denied(now, &deed) {
            return Verdict::Refuse(deed, Status::CONDITIONS_NOT_SATISFIED, Reason::Denied);
        }
        Verdict::Ask(case)
    }

    /// The profile's rule. Personal data are the card's to refuse until a PIN was verified.
    fn rule(&self, deed: &Deed) -> Rule {
        match deed.operation {
            Operation::ReadPersonal if !self.verified => self.profile.rule_for(Operation::Read),
            operation => self.profile.rule_for(operation),
        }
    }

    /// The command that asks for PIV's discovery object, where a PIN with PIV's reference is to be
    /// verified and no application was selected by name.
    fn who_answers(&self, deed: &Deed) -> Option<Command> {
        let unnamed =
            deed.application == Application::Other && !self.channels.of(deed.channel).by_name;
        let for_piv = deed.pin == Some(PinUse::Verify { reference: 0x80 });
        (unnamed && for_piv).then(|| Channels::discovery(deed.channel))?
    }

    /// The command goes to the card.
    pub(super) fn sent(&mut self, case: &Case) {
        let deed = &case.deed;
        self.chain = deed.chained.then(|| link(deed));
        if deed.pin.is_some() {
            self.tries.spend();
        }
        match deed.operation {
            // A channel that is opened begins anew.
            Operation::Select if deed.header.ins == 0x70 => self.tries.forget(),
            Operation::Select => self.tries.forget_channel(deed.channel),
            operation if operation.is_admin() => self.tries.forget(),
            Operation::Protected | Operation::UnknownInstruction | Operation::UnknownClass => {
                self.tries.forget()
            }
            _ => {}
        }
    }

    /// The card has answered it.
    pub(super) fn answered(&mut self, case: &Case, response: &Response) {
        let deed = &case.deed;
        let status = response.status();
        if let Some(pin) = deed.pin {
            self.tries.answered(deed, pin, case.tries_left, status);
        }
        self.verified |= match deed.operation {
            Operation::Protected | Operation::UnknownInstruction | Operation::UnknownClass => true,
            _ => deed.pin.is_some() && status == Status::OK,
        };
        if case.own_pin
            && let Some(own_pin) = &mut self.own_pin
        {
            own_pin.answered(status);
        }
        match (deed.operation, deed.header.ins) {
            (Operation::PinStatus, _) if deed.header.p1 == 0x00 => {
                let reference = deed.header.p2;
                self.tries.asked(deed, PinUse::Verify { reference }, status);
            }
            (Operation::Read, 0xCB) => {
                self.channels.was_read(deed.channel, &case.command, response);
            }
            (Operation::Select, 0xA4) => {
                self.channels.selected(deed.channel, &case.command, response);
            }
            (Operation::Select, 0x70) if status == Status::OK => {
                self.channels.managed(deed.channel, deed.header, response);
            }
            (Operation::Prepare, 0x22) if status == Status::OK => {
                self.channels.environment_set(deed.channel, &case.command);
            }
            _ => {}
        }
    }

    /// The card was reset, exchanged or taken out: nothing is selected or verified any more.
    pub(super) fn forget_card(&mut self) {
        self.channels = Channels::default();
        self.tries.forget();
        self.chain = None;
        self.verified = false;
    }
}

/// Whether a card could take this for a command that carries a PIN, though nobody here does.
fn is_unknown_with_pin(deed: &Deed) -> bool {
    matches!(deed.operation, Operation::UnknownInstruction | Operation::UnknownClass)
        && matches!(deed.header.ins, 0x20 | 0x21 | 0x24..=0x26 | 0x28 | 0x2C | 0x2D)
}

fn link(deed: &Deed) -> Chain {
    let header = deed.header;
    let instruction = [header.ins, header.p1, header.p2];
    Chain { operation: deed.operation, channel: deed.channel, instruction }
}
