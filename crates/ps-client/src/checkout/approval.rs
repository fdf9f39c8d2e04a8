//! Reading the secret, as soon as people let us.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use secrecy::SecretString;

use super::error::CheckoutError;
use super::loan::Loan;
use super::{Cancel, OnProgress};
use crate::endpoint::credentials::GetCredential;
use crate::error::{Error, ErrorKind, ReasonCode};
use crate::model::{CredentialType, RequestId};
use crate::transport::Transport;

/// How long an approval is waited for, and how often the vault is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApprovalWait {
    /// Then the request is given back.
    pub deadline: Duration,
    /// Time before the second look: 5 s. It grows by half with each look …
    pub first: Duration,
    /// … up to this: 10 s.
    pub longest: Duration,
}

impl ApprovalWait {
    /// At most so long.
    #[must_use]
    pub fn at_most(deadline: Duration) -> Self {
        Self { deadline, first: Duration::from_secs(5), longest: Duration::from_secs(10) }
    }
}

/// How the waiting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The request that waits.
    pub request: RequestId,
    /// For so long.
    pub waited: Duration,
    /// For so long yet, at the most.
    pub left: Duration,
    /// So often was the vault asked.
    pub looks: u32,
}

/// Reads the secret of a loan, waiting for approval if that is wanted.
pub(super) async fn read<T: Transport>(
    loan: &Loan<T>,
    kind: CredentialType,
    wait: Option<ApprovalWait>,
    on_progress: Option<OnProgress>,
    cancel: Option<Cancel>,
) -> Result<SecretString, CheckoutError> {
    let request = loan.request();
    let call = GetCredential { request, kind };
    let mut cancel = cancel.unwrap_or_else(|| Box::pin(pending()));
    let look = unless_cancelled(loan.session().send(&call), &mut cancel).await;
    let first = match look.ok_or(CheckoutError::Cancelled { request })? {
        Err(error) if is_pending(&error) => error,
        outcome => return Ok(outcome?),
    };
    let (Some(wait), Some(runtime)) = (wait, loan.session().client().runtime()) else {
        tracing::debug!(%first, "nobody waits for the approval");
        return Err(CheckoutError::NotApproved { request });
    };
    let begun = runtime.now();
    let (mut pause, mut looks) = (wait.first, 1);
    loop {
        let waited = runtime.now().saturating_duration_since(begun);
        let left = wait.deadline.saturating_sub(waited);
        if let Some(tell) = &on_progress {
            tell(&Progress { request, waited, left, looks });
        }
        if left.is_zero() {
            return Err(CheckoutError::TimedOut { request });
        }
        let sleep = runtime.sleep(pause.min(left));
        if unless_cancelled(sleep, &mut cancel).await.is_none() {
            return Err(CheckoutError::Cancelled { request });
        }
        pause = (pause + pause / 2).min(wait.longest);
        looks += 1;
        let look = unless_cancelled(loan.session().send(&call), &mut cancel).await;
        match look.ok_or(CheckoutError::Cancelled { request })? {
            Err(error) if is_pending(&error) => {}
            // It was there a moment ago: it was denied, or something before the vault answered.
            Err(error) if is_perhaps_over(&error) => match loan.is_listed().await {
                Ok(false) => {
                    loan.is_over();
                    return Err(CheckoutError::Denied { request });
                }
                Ok(true) if !matches!(error.kind(), ErrorKind::NotFound) => {
                    return Err(error.into());
                }
                Ok(true) => tracing::debug!("not found, and yet listed: looking again"),
                Err(error) => tracing::debug!(%error, "cannot tell whether it was denied"),
            },
            // The vault is away; the approval is not.
            Err(error) if error.may_repeat() || was_held_back(&error) => {
                tracing::debug!(%error, "cannot ask for the approval just now");
            }
            outcome => return Ok(outcome?),
        }
    }
}

fn is_pending(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Refused(code) if *code == ReasonCode::NotApproved)
}

/// Vaults answer either when a request was denied.
fn is_perhaps_over(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Refused(ReasonCode::NoPermission))
}

/// Nothing was sent, because the vault is away or others are before us.
fn was_held_back(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Suspended { .. } | ErrorKind::Crowded { .. })
}

/// What came of `work`, if it was done before `cancel` was.
pub(super) async fn unless_cancelled<R>(
    work: impl Future<Output = R>,
    cancel: &mut Cancel,
) -> Option<R> {
    let mut work = pin!(work);
    poll_fn(|context| {
        if cancel.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        work.as_mut().poll(context).map(Some)
    })
    .await
}
