//! The plugin seam: a place credentials come from.
//!
//! A source knows vault users, systems and accounts. It knows nothing of sites, sessions, console
//! names, credential ids, leases, the ledger or the audit log: those are the broker's. Everything
//! that crosses the seam is plain data with serde forms (the one secret-carrying type has
//! explicit ones), so a source can just as well be a child process that speaks JSON lines.
//!
//! The trait is object-safe: one broker holds `Arc<dyn CredentialSource>`s of different types.

mod failure;
pub mod password_safe;
mod types;

pub use failure::{SourceError, SourceFailure};
pub use types::{
    AccountKind, AccountRef, DefinedAccount, FindAsk, FoundAccount, FoundBatch, GivenBack, LoanRef,
    NewLoan, OpenLoan, ReadAsk, Secret, SecretKind, SystemPresence, TicketRef,
};

use crate::ports::BoxFuture;
use crate::search_key::SearchKey;

/// Takes what a search finds, as it is found.
pub trait FoundSink: Send + Sync {
    /// One answered question. Called at most once per question, in any order.
    fn found(&self, batch: FoundBatch);
}

/// A vault, or anything that can be asked like one.
///
/// Every method may be dropped half-way; a source keeps no promise beyond the answers it gave.
/// Time limits are the broker's: it drops the future.
pub trait CredentialSource: Send + Sync + 'static {
    /// Name in the configuration; part of credential ids, so it must not change.
    fn name(&self) -> &str;

    /// Who a vault user is for the vault. Users that are the same to it join each other's requests;
    /// unless a source says otherwise, each is somebody else.
    fn identity<'a>(&'a self, vault_user: &'a str) -> &'a str {
        vault_user
    }

    /// Whether the vault lets this vault user in. A vault that lets nobody in says no to everybody:
    /// its answer to a name it does not know is the same as to a key it does not know.
    ///
    /// # Errors
    ///
    /// What kept the vault from saying yes or no.
    fn knows<'a>(&'a self, vault_user: &'a str) -> BoxFuture<'a, Result<bool, SourceError>>;

    /// Asks each key × kind that makes sense, and hands every answer to `sink` at once.
    ///
    /// # Errors
    ///
    /// Only when nothing could be asked at all (sign-in refused, vault unreachable…). A single
    /// failed question among answered ones is a [`FoundBatch`] with `failure` set.
    fn find<'a>(
        &'a self,
        ask: &'a FindAsk,
        sink: &'a dyn FoundSink,
    ) -> BoxFuture<'a, Result<(), SourceError>>;

    /// After a search without any hit: does the vault know such a system at all?
    fn presence<'a>(
        &'a self,
        vault_user: &'a str,
        keys: &'a [SearchKey],
    ) -> BoxFuture<'a, SystemPresence>;

    /// All accounts of the systems that go by one of these names, requestable or not, for telling why
    /// one is not offered. `None` when the user may not look, or the source cannot say.
    fn defined<'a>(
        &'a self,
        _vault_user: &'a str,
        _keys: &'a [SearchKey],
    ) -> BoxFuture<'a, Option<Vec<DefinedAccount>>> {
        Box::pin(async { None })
    }

    /// Reads one account as the vault shows it to this user now.
    ///
    /// # Errors
    ///
    /// [`SourceFailure::Gone`] when the user may not request it any more.
    fn account<'a>(
        &'a self,
        vault_user: &'a str,
        account: &'a AccountRef,
    ) -> BoxFuture<'a, Result<FoundAccount, SourceError>>;

    /// Opens a release request, or joins an open one of the same user and account.
    ///
    /// The request's reason contains [`NewLoan::marker`], so that [`look_up`](Self::look_up) finds
    /// it when the answer was lost.
    ///
    /// # Errors
    ///
    /// With [`SourceError::may_have_happened`] the request may exist all the same.
    fn open<'a>(&'a self, loan: &'a NewLoan) -> BoxFuture<'a, Result<OpenLoan, SourceError>>;

    /// Finds the open request whose reason contains `marker`.
    ///
    /// # Errors
    ///
    /// When the list could not be read.
    fn look_up<'a>(
        &'a self,
        vault_user: &'a str,
        marker: &'a str,
    ) -> BoxFuture<'a, Result<Option<OpenLoan>, SourceError>>;

    /// Approves a pending request in the name of `approver`.
    ///
    /// # Errors
    ///
    /// As the vault says; the request stays open.
    fn approve<'a>(
        &'a self,
        approver: &'a str,
        loan: &'a LoanRef,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<(), SourceError>>;

    /// Reads the secret of an open request.
    ///
    /// # Errors
    ///
    /// [`SourceFailure::AwaitingApproval`] while somebody must still approve.
    fn read<'a>(&'a self, ask: &'a ReadAsk) -> BoxFuture<'a, Result<Secret, SourceError>>;

    /// Gives an open request back. One that is over already is [`GivenBack::AlreadyIn`].
    ///
    /// # Errors
    ///
    /// When the vault could not be told; the broker tries again later.
    fn give_back<'a>(
        &'a self,
        loan: &'a LoanRef,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<GivenBack, SourceError>>;
}
