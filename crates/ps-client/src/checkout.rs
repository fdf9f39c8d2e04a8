//! Credentials that are borrowed, and given back whatever happens.

mod approval;
mod error;
mod loan;
mod preflight;
mod renew;

use std::fmt;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

pub use self::approval::{ApprovalWait, Progress};
pub use self::error::{CheckoutError, NotGivenBack, PolicyProblem};
pub use self::renew::Renewal;

pub(crate) use self::loan::Loans;
use self::loan::{Loan, Terms};
use crate::model::{CredentialType, NewRequest, RequestId};
use crate::session::Session;
use crate::transport::Transport;

/// Whoever gives up waiting.
type Cancel = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Whoever is told how the waiting goes.
type OnProgress = Box<dyn Fn(&Progress) + Send + Sync>;

/// What is done, at the end, with a request that existed before this program asked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForeignRequest {
    /// It is given back like any other, which ends it for whoever else uses it.
    #[default]
    CheckIn,
    /// It is left to whoever made it, and to its end.
    Leave,
}

/// A credential that is about to be borrowed.
#[must_use = "nothing is borrowed until `begin` is awaited"]
pub struct CheckoutBuilder<T: Transport> {
    session: Session<T>,
    terms: Terms,
    kind: CredentialType,
    wait: Option<ApprovalWait>,
    on_progress: Option<OnProgress>,
    cancel: Option<Cancel>,
    preflight: bool,
}

impl<T: Transport> Session<T> {
    /// Begins to borrow a credential: a release request is made, the secret read, and the guard
    /// that comes back gives it back.
    ///
    /// ```
    /// # async fn example<T: ps_client::Transport>(session: ps_client::Session<T>)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// # let (system, account) = (ps_client::model::SystemId::new(1), ps_client::model::AccountId::new(1));
    /// use std::time::Duration;
    /// use ps_client::checkout::ApprovalWait;
    /// use ps_client::model::NewRequest;
    ///
    /// let wanted = NewRequest::view(system, account, 15).reason("ticket 4711, on call");
    /// let checkout = session
    ///     .checkout(wanted)
    ///     .wait_for_approval(ApprovalWait::at_most(Duration::from_secs(600)))
    ///     .on_progress(|wait| eprintln!("waiting for approval since {:?}", wait.waited))
    ///     .begin()
    ///     .await?;
    /// // use checkout.secret() …
    /// checkout.check_in(Some("done")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn checkout(&self, new: NewRequest) -> CheckoutBuilder<T> {
        CheckoutBuilder {
            session: self.clone(),
            terms: Terms { new, foreign: ForeignRequest::default(), marks: true, replaces: None },
            kind: CredentialType::Password,
            wait: None,
            on_progress: None,
            cancel: None,
            preflight: false,
        }
    }

    /// Borrows a credential for as long as `work` takes, and gives it back on every path: when
    /// `work` is done, fails, panics, or is dropped.
    ///
    /// ```
    /// # async fn example<T: ps_client::Transport>(session: ps_client::Session<T>)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// # let (system, account) = (ps_client::model::SystemId::new(1), ps_client::model::AccountId::new(1));
    /// use ps_client::model::NewRequest;
    /// use secrecy::ExposeSecret;
    ///
    /// let wanted = NewRequest::view(system, account, 5).reason("nightly check");
    /// let length = session
    ///     .with_credential(wanted, async |secret| secret.expose_secret().len())
    ///     .await?;
    /// # drop(length);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`CheckoutError`] when there is no credential to work with. A give-back that fails is no
    /// error here: it is tried again in the background, and logged.
    pub async fn with_credential<R>(
        &self,
        new: NewRequest,
        work: impl AsyncFnOnce(&SecretString) -> R,
    ) -> Result<R, CheckoutError> {
        let checkout = self.checkout(new).begin().await?;
        let outcome = work(checkout.secret()).await;
        // What could not be given back is tried again as the guard that comes back is dropped.
        drop(checkout.check_in(None).await);
        Ok(outcome)
    }
}

impl<T: Transport> CheckoutBuilder<T> {
    /// What of the account: its password, unless it is said.
    pub fn credential(mut self, kind: CredentialType) -> Self {
        self.kind = kind;
        self
    }

    /// Waits for people to approve, where they must. Without it, a request that is not approved
    /// at once is given back and refused.
    pub fn wait_for_approval(mut self, wait: ApprovalWait) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Who is told how the waiting goes: after each look at the request.
    pub fn on_progress(mut self, tell: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Box::new(tell));
        self
    }

    /// Whether the reason gets a mark of its own, ` [1f2e3d4c]`, by which a request whose making was
    /// not answered is found and given back, and nobody else's with the same reason: it does, if
    /// there is a reason and a [runtime](crate::ClientBuilder::runtime).
    pub fn mark_reason(mut self, marked: bool) -> Self {
        self.terms.marks = marked;
        self
    }

    /// Gives up when `cancel` is done: before anything is asked for, or while it is waited for.
    pub fn cancel_by(mut self, cancel: impl Future<Output = ()> + Send + 'static) -> Self {
        self.cancel = Some(Box::pin(cancel));
        self
    }

    /// Asks the vault first under which policies the account could be had, so that a refusal can
    /// name what is missing: a reason, a ticket, an approval.
    pub fn preflight(mut self, asked: bool) -> Self {
        self.preflight = asked;
        self
    }

    /// What is done at the end with a request that existed before.
    pub fn foreign_request(mut self, done: ForeignRequest) -> Self {
        self.terms.foreign = done;
        self
    }

    /// Borrows.
    ///
    /// Dropped at whatever point, this leaves nothing behind: with a
    /// [runtime](crate::ClientBuilder::runtime), what was made is given back in the background.
    ///
    /// # Errors
    ///
    /// [`CheckoutError`]. Whatever had been made by then is given back.
    pub async fn begin(self) -> Result<Checkout<T>, CheckoutError> {
        let Self { session, terms, kind, wait, on_progress, mut cancel, preflight } = self;
        if wait.is_some() && session.client().runtime().is_none() {
            return Err(CheckoutError::NoRuntime);
        }
        if let Some(cancel) = &mut cancel
            && approval::unless_cancelled(std::future::ready(()), cancel).await.is_none()
        {
            return Err(CheckoutError::CalledOff);
        }
        if preflight {
            preflight::check(&session, &terms.new, wait.is_some()).await?;
        }
        let loan = Loan::open(&session, terms).await?;
        match approval::read(&loan, kind, wait, on_progress, cancel).await {
            Ok(secret) => Ok(Checkout { loan, kind, secret }),
            Err(error) => {
                loan.give_up().await;
                Err(error)
            }
        }
    }
}

/// A borrowed credential. Give it back with [`check_in`](Self::check_in); dropped without, it is
/// given back in the background, with a warning.
///
/// Where a request is reused, its users inside this session and its clones are counted, and the
/// last one gives it back.
#[must_use = "dropped at once, it is given back at once"]
pub struct Checkout<T: Transport> {
    loan: Loan<T>,
    kind: CredentialType,
    secret: SecretString,
}

impl<T: Transport> Checkout<T> {
    /// The secret.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// The release request behind it.
    #[must_use]
    pub fn request(&self) -> RequestId {
        self.loan.request()
    }

    /// Whether somebody else uses the same request: another guard of this session, or whoever had
    /// made it before.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.loan.is_shared()
    }

    /// When the vault ends it; unknown without a [runtime](crate::ClientBuilder::runtime), and
    /// where the vault does not say.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.loan.expires_at()
    }

    /// Time until then; nothing once it is over.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.loan.time_left()
    }

    /// Gives it back. The secret is wiped either way.
    ///
    /// # Errors
    ///
    /// [`NotGivenBack`] holds what is needed to try again; dropped, it is tried again in the
    /// background.
    pub async fn check_in(self, reason: Option<&str>) -> Result<(), NotGivenBack<T>> {
        let Self { loan, .. } = self;
        loan.give_back(reason).await
    }
}

impl<T: Transport> fmt::Debug for Checkout<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checkout({}, {:?})", self.loan.request(), self.kind)
    }
}

impl<T: Transport> fmt::Debug for CheckoutBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckoutBuilder({:?}, {:?})", self.terms.new, self.kind)
    }
}
