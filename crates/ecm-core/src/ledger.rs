//! The ledger: what is borrowed, and what must still be given back, whatever dies when.
//!
//! A lease is written down *before* the vault is asked for anything, so there is no moment in
//! which a release request exists and nobody knows. Dropping a future cannot await, and a killed
//! process cannot do anything at all; so no guard object but this file is the guarantee.
//!
//! * [`Record`]: one change, one line ([`mod@line`]).
//! * [`Book`]: the pure state the records add up to.
//! * [`Journal`]: the book together with its [`LedgerStore`](crate::ports::LedgerStore).
//!
//! There is never a secret in it.

mod book;
mod journal;
pub mod line;
mod record;

pub use book::{Book, BookError, Lease, Stage};
pub use journal::{Journal, LedgerError, Opening};
pub use record::{Closing, Intention, Loan, Record};
