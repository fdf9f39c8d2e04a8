//! Setting a Password Safe up for this service: registration, group, rules, roles, API-enabling.
//!
//! What a vault is to have is written in a file ([`Wanted`]). What it has is looked up
//! ([`Seen`]), and the difference is a [`Plan`]: pure data, so that it can be shown, tested, and
//! carried out ([`carry_out`]) step by step. Every step that was done is noted with what takes it
//! back ([`UndoFile`]).

mod carry;
mod look;
mod plan;
mod undo;
mod wanted;

pub use carry::{CarryError, carry_out};
pub use look::{LookError, Seen, SeenAccount, SeenDoor, SeenGroup, SeenPolicy, SeenRule, look};
pub use plan::{ByHand, Plan, Step, plan};
pub use undo::{Made, UndoError, UndoFile, Undone, take_back};
pub(crate) use wanted::secret_of;
pub use wanted::{AccountsWanted, GroupWanted, RegistrationWanted, SignIn, Wanted, WantedError};
