//! A plugin as a source of the broker.

use std::collections::BTreeSet;

use ecm_core::ports::BoxFuture;
use ecm_core::search_key::SearchKey;
use ecm_core::source::{
    AccountRef, CredentialSource, FindAsk, FoundAccount, FoundSink, GivenBack, LoanRef, NewLoan,
    OpenLoan, ReadAsk, Secret, SecretKind, SourceError, SourceFailure, SystemPresence,
};
use source_plugin::{
    Account, Approve, Borrow, Capability, Find, GiveBack, Knows, LookUp, Presence, Read,
    check_account, check_batch, check_loan,
};
use tokio::sync::mpsc;

use super::caller::{Caller, State};

/// A source that is a process of its own.
pub struct PluginSource {
    name: String,
    caller: Caller,
}

impl PluginSource {
    /// The source of this vault, asked through `caller`.
    #[must_use]
    pub fn new(name: String, caller: Caller) -> Self {
        Self { name, caller }
    }

    /// Whether the plugin can do this, as far as it is known; a plugin that is being started is
    /// asked and says so itself.
    fn can(&self, capability: Capability) -> bool {
        match self.caller.state() {
            State::Ready(abilities) => abilities.capabilities.contains(&capability),
            State::Starting | State::Waiting { .. } | State::Stopped => true,
        }
    }

    async fn search(&self, ask: &FindAsk, sink: &dyn FoundSink) -> Result<(), SourceError> {
        let find = Find {
            vault_user: ask.vault_user.clone(),
            keys: ask.keys.clone(),
            kinds: ask.kinds.clone(),
            deadline_ms: self.caller.deadline_ms(),
        };
        let (parts, mut came) = mpsc::unbounded_channel();
        let most = find.keys.len().saturating_mul(find.kinds.len());
        let answer = self.caller.begin(find.clone(), most, Some(parts)).await?;
        tokio::pin!(answer);
        let mut told = BTreeSet::new();
        let mut take = |batch| {
            check_batch(&find, &batch, &mut told).map_err(|error| self.caller.nonsense(&error))?;
            sink.found(batch.into());
            Ok::<(), SourceError>(())
        };
        let found = loop {
            tokio::select! {
                // Parts first: they were written before the answer.
                biased;
                Some(batch) = came.recv() => take(batch)?,
                found = &mut answer => break found?,
            }
        };
        while let Ok(batch) = came.try_recv() {
            take(batch)?;
        }
        found.batches.into_iter().try_for_each(take)
    }
}

impl CredentialSource for PluginSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn knows<'a>(&'a self, vault_user: &'a str) -> BoxFuture<'a, Result<bool, SourceError>> {
        Box::pin(async move {
            if !self.can(Capability::Knows) {
                let words = format!("the plugin of {} does not say whom it knows", self.name);
                return Err(SourceError::new(SourceFailure::Misuse, words));
            }
            let vault_user = vault_user.to_owned();
            let ask = Knows { vault_user, deadline_ms: self.caller.deadline_ms() };
            Ok(self.caller.call(ask).await?.known)
        })
    }

    fn find<'a>(
        &'a self,
        ask: &'a FindAsk,
        sink: &'a dyn FoundSink,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(self.search(ask, sink))
    }

    fn presence<'a>(
        &'a self,
        vault_user: &'a str,
        keys: &'a [SearchKey],
    ) -> BoxFuture<'a, SystemPresence> {
        Box::pin(async move {
            if !self.can(Capability::Presence) {
                return SystemPresence::Unknown;
            }
            let (vault_user, keys) = (vault_user.to_owned(), keys.to_owned());
            let ask = Presence { vault_user, keys, deadline_ms: self.caller.deadline_ms() };
            self.caller.call(ask).await.map_or(SystemPresence::Unknown, |answer| answer.presence)
        })
    }

    fn account<'a>(
        &'a self,
        vault_user: &'a str,
        account: &'a AccountRef,
    ) -> BoxFuture<'a, Result<FoundAccount, SourceError>> {
        Box::pin(async move {
            let ask = Account {
                vault_user: vault_user.to_owned(),
                account: account.clone(),
                deadline_ms: self.caller.deadline_ms(),
            };
            let found = self.caller.call(ask).await?;
            check_account(account, &found).map_err(|error| self.caller.nonsense(&error))?;
            Ok(found)
        })
    }

    fn open<'a>(&'a self, loan: &'a NewLoan) -> BoxFuture<'a, Result<OpenLoan, SourceError>> {
        Box::pin(async move {
            let ask = Borrow { loan: loan.clone(), deadline_ms: self.caller.deadline_ms() };
            let open = self.caller.call(ask).await?;
            check_loan(&open).map_err(|error| self.caller.nonsense(&error).uncertain())?;
            Ok(open)
        })
    }

    fn look_up<'a>(
        &'a self,
        vault_user: &'a str,
        marker: &'a str,
    ) -> BoxFuture<'a, Result<Option<OpenLoan>, SourceError>> {
        Box::pin(async move {
            let (vault_user, marker) = (vault_user.to_owned(), marker.to_owned());
            let ask = LookUp { vault_user, marker, deadline_ms: self.caller.deadline_ms() };
            let found = self.caller.call(ask).await?.loan;
            if let Some(loan) = &found {
                check_loan(loan).map_err(|error| self.caller.nonsense(&error))?;
            }
            Ok(found)
        })
    }

    fn approve<'a>(
        &'a self,
        approver: &'a str,
        loan: &'a LoanRef,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move {
            if !self.can(Capability::Approve) {
                let words = format!("the plugin of {} approves nothing", self.name);
                return Err(SourceError::new(SourceFailure::Denied, words));
            }
            let ask = Approve {
                approver: approver.to_owned(),
                loan: loan.clone(),
                reason: reason.to_owned(),
                deadline_ms: self.caller.deadline_ms(),
            };
            self.caller.call(ask).await.map(|_| ())
        })
    }

    fn read<'a>(&'a self, ask: &'a ReadAsk) -> BoxFuture<'a, Result<Secret, SourceError>> {
        Box::pin(async move {
            if ask.kind == SecretKind::SshKey && !self.can(Capability::SshKeys) {
                let words = format!("the plugin of {} has no keys", self.name);
                return Err(SourceError::new(SourceFailure::UnsupportedKind, words));
            }
            let read = Read {
                loan: ask.loan.clone(),
                account: ask.account.clone(),
                kind: ask.kind,
                deadline_ms: self.caller.deadline_ms(),
            };
            let answer = self.caller.call(read).await?;
            let is_ours = answer.request == ask.loan.request;
            match answer.into_secret(ask.kind) {
                Some(secret) if is_ours && !secret.is_empty() => Ok(secret),
                _ => {
                    let what = "its answer to `read` is of another request or kind, or empty";
                    let words = format!("the plugin of {}: {what}", self.name);
                    Err(SourceError::new(SourceFailure::Broken, words))
                }
            }
        })
    }

    fn give_back<'a>(
        &'a self,
        loan: &'a LoanRef,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<GivenBack, SourceError>> {
        Box::pin(async move {
            let (loan, reason) = (loan.clone(), reason.to_owned());
            let ask = GiveBack { loan, reason, deadline_ms: self.caller.deadline_ms() };
            Ok(self.caller.call(ask).await?.ended)
        })
    }
}
