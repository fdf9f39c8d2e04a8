//! Protections of a card that is lent: before the card, at the desk that lends it.
//!
//! Every command of the other desk is read ([`Deed`]), held against a [`Profile`], checked for
//! what it would cost in PIN tries, and, where the profile wants it, shown to the person at the
//! card as a [`Question`]. What does not pass is answered with a status word that says why, and
//! the card never hears of it. What is not understood does not pass.
//!
//! | part | what it does |
//! |---|---|
//! | [`Deed`], [`Operation`] | what a command would do, from a table with its sources |
//! | [`Policy`], [`Profile`] | what may be done: `use`, `read-only`, `admin`, or a site's own |
//! | [`OwnPin`] | the PIN stays at this desk; the other one gets a PIN for this share only |
//! | [`Guard`] | the machine between a share ([`crate::rep::Rep`]) and the card's thread |
//!
//! The guard asks the card how many tries a PIN has left before one is spent, where the asking is
//! free; so the last ones, [`Profile::spare_tries`], stay with the owner whatever is sent.
//!
//! Time and randomness are arguments. Nothing here shows the body of a command or an answer.

mod application;
mod consent;
mod decision;
mod deed;
mod gate;
mod judge;
mod own_pin;
mod policy;
mod policy_file;
mod profile;
mod rate;
mod table;
mod tries;

pub use self::application::Application;
pub use self::decision::{Decision, Entry, Question, QuestionId, Reason};
pub use self::deed::{Deed, Key, Operation};
pub use self::gate::{Guard, Over};
pub use self::own_pin::{OneTimePin, OwnPin, PinError, RealPin};
pub use self::policy::Policy;
pub use self::policy_file::{PolicyFile, PolicyProblem, ProfileFile};
pub use self::profile::{Permission, Profile, Rule};
pub use self::table::{CommandClass, TableRow, table};
