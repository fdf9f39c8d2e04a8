//! Why nothing was borrowed, or could not be given back.

use std::fmt;

use super::loan::Loan;
use crate::error::Error;
use crate::model::{AccessType, RequestId};
use crate::transport::Transport;

/// Why a credential was not borrowed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckoutError {
    /// The vault refused, or failed; its error says at which call.
    #[error(transparent)]
    Vault(#[from] Error),
    /// No policy would give access like this; asked beforehand, so nothing was requested.
    #[error("no access policy gives this: {0}")]
    Policy(PolicyProblem),
    /// People must approve, and nobody waits for them.
    #[error("request {request} waits for approval; wait for it, or have it approved at once")]
    NotApproved {
        /// The request; it was given back.
        request: RequestId,
    },
    /// Nobody approved in time.
    #[error("nobody approved request {request} in time")]
    TimedOut {
        /// The request; it was given back.
        request: RequestId,
    },
    /// Somebody denied the request, or ended it while it waited.
    #[error("request {request} was denied")]
    Denied {
        /// The request.
        request: RequestId,
    },
    /// The waiting was given up.
    #[error("waiting for the approval of request {request} was given up")]
    Cancelled {
        /// The request; it was given back.
        request: RequestId,
    },
    /// A renewal would end the request under others who use it.
    #[error("request {request} is used by others too, for whom a renewal would end it")]
    UsedByOthers {
        /// The request.
        request: RequestId,
    },
    /// No new request took the place of the old one, which goes on to its end.
    #[error("request {request} was not renewed: it goes on to its end")]
    NotRenewed {
        /// The request, which is still borrowed.
        request: RequestId,
    },
    /// It was called off before anything was asked for.
    #[error("called off before a request was made")]
    CalledOff,
    /// Waiting needs a clock, and the client has none.
    #[error("the client has no runtime to wait with: give it one by `Client::builder`")]
    NoRuntime,
}

/// What a policy wants that the request has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyProblem {
    /// None applies to this user, account and time.
    NoPolicy,
    /// None gives this kind of access.
    NoSuchAccess(AccessType),
    /// A reason.
    WantsReason,
    /// A ticket.
    WantsTicket,
    /// So many people's approval, and nobody waits for it.
    WantsApproval(u32),
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPolicy => f.write_str("none applies to this user, account and time"),
            Self::NoSuchAccess(kind) => write!(f, "none allows access of type {}", kind.as_str()),
            Self::WantsReason => f.write_str("give a reason"),
            Self::WantsTicket => f.write_str("give the number of a ticket"),
            Self::WantsApproval(approvers) => {
                write!(f, "{approvers} must approve; wait for them")
            }
        }
    }
}

/// A give-back that failed. Dropped, it goes on in the background.
pub struct NotGivenBack<T: Transport> {
    pub(super) loan: Loan<T>,
    pub(super) error: Error,
}

impl<T: Transport> NotGivenBack<T> {
    /// Why.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Tries again.
    ///
    /// # Errors
    ///
    /// As [`Checkout::check_in`](super::Checkout::check_in).
    pub async fn try_again(self, reason: Option<&str>) -> Result<(), Self> {
        self.loan.give_back(reason).await
    }
}

impl<T: Transport> fmt::Debug for NotGivenBack<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NotGivenBack({}, {:?})", self.loan.request(), self.error)
    }
}

impl<T: Transport> fmt::Display for NotGivenBack<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {} could not be given back", self.loan.request())
    }
}

impl<T: Transport> std::error::Error for NotGivenBack<T> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
