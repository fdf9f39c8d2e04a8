//! Holds what a plugin answers against what it was asked.

use std::collections::BTreeSet;

use ecm_core::source::{AccountKind, AccountRef, FoundAccount, OpenLoan};

use crate::message::{Batch, Find};

/// Most accounts in one batch.
pub const BATCH_ACCOUNTS: usize = 1000;

/// Longest name or id, in bytes.
const NAME: usize = 256;

/// Longest reason: 1000 characters of up to four bytes.
const REASON: usize = 4000;

/// An answer that does not fit its question. Never quotes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// A batch for a key or a kind that nobody asked for.
    #[error("a batch answers a key or kind that was not asked for")]
    NotAsked,
    /// A key and kind answered twice.
    #[error("a key and kind were answered twice")]
    Twice,
    /// More than a batch may hold.
    #[error("a batch holds {accounts} accounts, at most {BATCH_ACCOUNTS} are taken")]
    TooMany {
        /// How many came.
        accounts: usize,
    },
    /// A name or id that is empty, too long, or holds a control character.
    #[error("`{member}` is empty, longer than {NAME} bytes, or holds a control character")]
    Name {
        /// Which member.
        member: &'static str,
    },
    /// A loan that would be over at once.
    #[error("`max-release-minutes` is 0")]
    NoTime,
    /// A reason longer than any that was given.
    #[error("`reason` is longer than {REASON} bytes")]
    Reason,
    /// An account of another kind than its batch says, or another one than was asked for.
    #[error("an account is not the one, or not of the kind, that was asked for")]
    OtherAccount,
}

/// Checks a batch of a search. `told` holds the keys and kinds answered so far.
///
/// # Errors
///
/// [`AnswerError`]; nothing of such a batch is offered.
pub fn check_batch(
    ask: &Find,
    batch: &Batch,
    told: &mut BTreeSet<(usize, AccountKind)>,
) -> Result<(), AnswerError> {
    let key = ask.keys.iter().position(|key| *key == batch.key).ok_or(AnswerError::NotAsked)?;
    if !ask.kinds.contains(&batch.kind) {
        return Err(AnswerError::NotAsked);
    }
    if !told.insert((key, batch.kind)) {
        return Err(AnswerError::Twice);
    }
    if batch.accounts.len() > BATCH_ACCOUNTS {
        return Err(AnswerError::TooMany { accounts: batch.accounts.len() });
    }
    for found in &batch.accounts {
        if found.account.kind != batch.kind {
            return Err(AnswerError::OtherAccount);
        }
        check_found(found)?;
    }
    Ok(())
}

/// Checks the answer to `account`.
///
/// # Errors
///
/// [`AnswerError::OtherAccount`] when it tells of another one.
pub fn check_account(asked: &AccountRef, found: &FoundAccount) -> Result<(), AnswerError> {
    if found.account != *asked {
        return Err(AnswerError::OtherAccount);
    }
    check_found(found)
}

/// Checks an open request.
///
/// # Errors
///
/// [`AnswerError::Name`], [`AnswerError::Reason`].
pub fn check_loan(loan: &OpenLoan) -> Result<(), AnswerError> {
    check_name("request", &loan.request)?;
    let reason = loan.reason.as_deref().unwrap_or_default();
    if reason.len() > REASON { Err(AnswerError::Reason) } else { Ok(()) }
}

fn check_found(found: &FoundAccount) -> Result<(), AnswerError> {
    if found.max_release_minutes == Some(0) {
        return Err(AnswerError::NoTime);
    }
    check_name("system", &found.account.system)?;
    check_name("account", &found.account.account)?;
    check_name("system-name", &found.system_name)?;
    check_name("account-name", &found.account_name)?;
    for (member, text) in [
        ("application", &found.account.application),
        ("application-name", &found.application_name),
        ("domain", &found.domain),
    ] {
        text.as_deref().map_or(Ok(()), |text| check_name(member, text))?;
    }
    Ok(())
}

fn check_name(member: &'static str, text: &str) -> Result<(), AnswerError> {
    let fits = (1..=NAME).contains(&text.len()) && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(AnswerError::Name { member }) }
}
