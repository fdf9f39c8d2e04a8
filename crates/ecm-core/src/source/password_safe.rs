//! Password Safe as a source, over the typed client of its public API.
//!
//! Each call is made in the session of the vault user it is for, so that the vault's own roles and
//! access policies decide, and its own audit names the right person.

mod failure;
mod find;
mod lend;
mod signed_in;
mod systems;

use std::collections::BTreeMap;
use std::future::Future;

use ps_client::{RunAs, Session, Transport};
use serde::{Deserialize, Serialize};

use super::{
    AccountRef, CredentialSource, DefinedAccount, FindAsk, FoundAccount, FoundSink, GivenBack,
    LoanRef, NewLoan, OpenLoan, ReadAsk, Secret, SourceError, SourceFailure, SystemPresence,
};
use crate::ports::BoxFuture;
use crate::search_key::SearchKey;
use failure::{Call, source_error};

/// Signed-in sessions, one per vault user; the service pools them.
pub trait VaultSessions: Send + Sync + 'static {
    /// What carries the calls.
    type Transport: Transport;

    /// A session of this vault user. Whether it is new or was used before is the pool's affair.
    ///
    /// # Errors
    ///
    /// Why the sign-in failed. A vault that wants a second factor from a service has refused it.
    fn session(
        &self,
        user: &RunAs,
    ) -> impl Future<Output = Result<Session<Self::Transport>, ps_client::Error>> + Send;

    /// The vault has ended this user's session and refuses a new one. Whoever keeps sessions should
    /// forget it, and not ask again at once: refusals are counted there.
    fn refused(&self, user: &RunAs);
}

/// What is decided about one Password Safe.
#[derive(Debug, Clone, Default)]
pub struct PasswordSafeSettings {
    /// A site's name of a ticket system → the vault's number of it. A ticket of a system that is
    /// not in the table, and whose name is not a number, goes to the vault's default system.
    pub ticket_systems: BTreeMap<String, i64>,
    /// Whether systems are looked for by their other names.
    pub system_lookup: SystemLookup,
    /// Every session is the same vault user's, whoever it is for, as behind an OAuth client.
    pub one_identity: bool,
}

/// Whether systems are looked for by their other names: DNS, NetBIOS, host of their web page.
///
/// The vault searches accounts by a system's name or address alone. Looking further means reading
/// its list of systems, which takes the permission to read systems, and one call per thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SystemLookup {
    /// Not at all.
    Never,
    /// When no account was found by name or address. At most ten thousand systems are read.
    #[default]
    WhenNothingFound,
}

/// One Password Safe.
#[derive(Debug)]
pub struct PasswordSafe<S> {
    name: String,
    sessions: S,
    settings: PasswordSafeSettings,
}

impl<S: VaultSessions> PasswordSafe<S> {
    /// The vault that the configuration calls `name`.
    #[must_use]
    pub fn new(name: impl Into<String>, sessions: S, settings: PasswordSafeSettings) -> Self {
        Self { name: name.into(), sessions, settings }
    }

    async fn session(&self, vault_user: &str) -> Result<Session<S::Transport>, SourceError> {
        let user = RunAs::new(vault_user)
            .map_err(|error| SourceError::new(SourceFailure::BadUser, error.to_string()))?;
        let session = self.sessions.session(&user).await;
        let session = session.map_err(|error| source_error(Call::SignIn, &error))?;
        if !self.settings.one_identity
            && let Some(said) = &session.user().user_name
            && !signed_in::may_be(vault_user, said)
        {
            let message = format!("asked to sign in `{vault_user}`, the vault signed in `{said}`");
            return Err(SourceError::new(SourceFailure::WrongUser, message));
        }
        Ok(session)
    }

    /// Hands the outcome of a call on, and tells who keeps the sessions when this one is dead.
    fn heed<A>(&self, vault_user: &str, outcome: Result<A, SourceError>) -> Result<A, SourceError> {
        let refused = |error: &SourceError| error.failure == SourceFailure::SignInRefused;
        if outcome.as_ref().err().is_some_and(refused) {
            self.forget(vault_user);
        }
        outcome
    }

    fn forget(&self, vault_user: &str) {
        if let Ok(user) = RunAs::new(vault_user) {
            self.sessions.refused(&user);
        }
    }
}

impl<S: VaultSessions> CredentialSource for PasswordSafe<S> {
    fn name(&self) -> &str {
        &self.name
    }

    fn identity<'a>(&'a self, vault_user: &'a str) -> &'a str {
        if self.settings.one_identity { "" } else { vault_user }
    }

    fn knows<'a>(&'a self, vault_user: &'a str) -> BoxFuture<'a, Result<bool, SourceError>> {
        Box::pin(async move {
            match self.session(vault_user).await {
                Ok(_) => Ok(true),
                Err(error) if error.is_unknown_user => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    fn find<'a>(
        &'a self,
        ask: &'a FindAsk,
        sink: &'a dyn FoundSink,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move {
            let session = self.session(&ask.vault_user).await?;
            let heard = find::find(&session, ask, self.settings.system_lookup, sink).await;
            if heard.refused {
                self.forget(&ask.vault_user);
            }
            Ok(())
        })
    }

    fn presence<'a>(
        &'a self,
        vault_user: &'a str,
        keys: &'a [SearchKey],
    ) -> BoxFuture<'a, SystemPresence> {
        Box::pin(async move {
            if self.settings.system_lookup == SystemLookup::Never {
                return SystemPresence::Unknown;
            }
            match self.session(vault_user).await {
                Ok(session) => find::presence(&session, keys).await,
                Err(_) => SystemPresence::Unknown,
            }
        })
    }

    fn defined<'a>(
        &'a self,
        vault_user: &'a str,
        keys: &'a [SearchKey],
    ) -> BoxFuture<'a, Option<Vec<DefinedAccount>>> {
        Box::pin(async move {
            let session = self.session(vault_user).await.ok()?;
            find::defined(&session, keys).await
        })
    }

    fn account<'a>(
        &'a self,
        vault_user: &'a str,
        account: &'a AccountRef,
    ) -> BoxFuture<'a, Result<FoundAccount, SourceError>> {
        Box::pin(async move {
            let session = self.session(vault_user).await?;
            self.heed(vault_user, find::account(&session, account).await)
        })
    }

    fn open<'a>(&'a self, loan: &'a NewLoan) -> BoxFuture<'a, Result<OpenLoan, SourceError>> {
        Box::pin(async move {
            let session = self.session(&loan.vault_user).await?;
            self.heed(&loan.vault_user, lend::open(&session, loan, &self.settings).await)
        })
    }

    fn look_up<'a>(
        &'a self,
        vault_user: &'a str,
        marker: &'a str,
    ) -> BoxFuture<'a, Result<Option<OpenLoan>, SourceError>> {
        Box::pin(async move {
            let session = self.session(vault_user).await?;
            self.heed(vault_user, lend::look_up(&session, marker).await)
        })
    }

    fn approve<'a>(
        &'a self,
        approver: &'a str,
        loan: &'a LoanRef,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move {
            let session = self.session(approver).await?;
            self.heed(approver, lend::approve(&session, loan, reason).await)
        })
    }

    fn read<'a>(&'a self, ask: &'a ReadAsk) -> BoxFuture<'a, Result<Secret, SourceError>> {
        Box::pin(async move {
            let session = self.session(&ask.loan.vault_user).await?;
            self.heed(&ask.loan.vault_user, lend::read(&session, ask).await)
        })
    }

    fn give_back<'a>(
        &'a self,
        loan: &'a LoanRef,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<GivenBack, SourceError>> {
        Box::pin(async move {
            let session = self.session(&loan.vault_user).await?;
            self.heed(&loan.vault_user, lend::give_back(&session, loan, reason).await)
        })
    }
}
