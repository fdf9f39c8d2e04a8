//! An encrypted file as a source of the broker.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ecm_core::ports::BoxFuture;
use ecm_core::search_key::{KeyKind, SearchKey};
use ecm_core::source::{
    AccountKind, AccountRef, CredentialSource, FindAsk, FoundAccount, FoundBatch, FoundSink,
    GivenBack, LoanRef, NewLoan, OpenLoan, ReadAsk, Secret, SecretKind, SourceError, SourceFailure,
    SystemPresence,
};
use jiff::Timestamp;
use std::sync::Arc;
use tokio::time::sleep;

use super::entries::{Entries, Entry};
use super::loans::{Loans, NotLent, Wanted};
use super::sealed::SealedError;
use super::shelf::{Shelf, ShelfError};
use crate::config::vault::FileVaultConfig;
use crate::vault_watch::{Trouble, VaultBoard};

/// How often the file is looked at when nobody asks.
const LOOK: Duration = Duration::from_secs(5);

/// A source that is one encrypted file.
pub struct FileVault {
    name: String,
    shelf: Shelf,
    loans: Mutex<Loans>,
}

impl FileVault {
    /// The vault of this name; the file is read when it is first needed.
    #[must_use]
    pub fn new(name: String, config: &FileVaultConfig) -> Self {
        Self { name, shelf: Shelf::new(config), loans: Mutex::default() }
    }

    /// Looks at the file for ever, so that trouble is told before somebody needs it.
    pub async fn keep_watch(self: Arc<Self>, board: VaultBoard) {
        loop {
            // A changed file that cannot be read is in the log; what was read before still serves.
            let looked = self.shelf.entries().await;
            let outcome = looked.map(drop).map_err(|error| Trouble::Unreachable(error.to_string()));
            if let Some(event) = board.tried(&self.name, &outcome) {
                event.log();
            }
            sleep(LOOK).await;
        }
    }

    async fn entries(&self) -> Result<Arc<Entries>, SourceError> {
        self.shelf.entries().await.map_err(|error| {
            let failure = match &error {
                ShelfError::Sealed {
                    cause: SealedError::WrongKey | SealedError::Identity, ..
                } => SourceFailure::SignInRefused,
                _ => SourceFailure::Broken,
            };
            SourceError::new(failure, format!("{}: {error}", self.name))
        })
    }

    fn loans(&self) -> MutexGuard<'_, Loans> {
        self.loans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail<T>(&self, failure: SourceFailure, what: &str) -> Result<T, SourceError> {
        Err(SourceError::new(failure, format!("{}: {what}", self.name)))
    }

    /// The entry of an account, if this user may still have it on that system.
    fn allowed<'e>(
        &self,
        entries: &'e Entries,
        vault_user: &str,
        account: &AccountRef,
    ) -> Result<&'e Entry, SourceError> {
        match entries.get(&account.account) {
            Some(entry)
                if entry.allows(vault_user)
                    && entry.is_for(&account.system)
                    && kind_of(entry) == account.kind =>
            {
                Ok(entry)
            }
            _ => self.fail(SourceFailure::Gone, "this user has no such entry any more"),
        }
    }
}

fn kind_of(entry: &Entry) -> AccountKind {
    if entry.domain.is_some() { AccountKind::Linked } else { AccountKind::Local }
}

fn describe(entry: &Entry, system: &str) -> FoundAccount {
    FoundAccount {
        account: AccountRef {
            system: system.to_owned(),
            account: entry.id.clone(),
            application: None,
            kind: kind_of(entry),
        },
        system_name: system.to_owned(),
        account_name: entry.account.clone(),
        domain: entry.domain.clone(),
        application_name: None,
        max_release_minutes: entry.max_minutes,
    }
}

/// Keys that name a host; an application is none.
fn hosts(keys: &[SearchKey]) -> impl Iterator<Item = &SearchKey> {
    keys.iter().filter(|key| key.kind != KeyKind::Application)
}

impl CredentialSource for FileVault {
    fn name(&self) -> &str {
        &self.name
    }

    fn knows<'a>(&'a self, vault_user: &'a str) -> BoxFuture<'a, Result<bool, SourceError>> {
        Box::pin(async move {
            // An entry for everybody knows nobody in particular.
            Ok(self.entries().await?.iter().any(|entry| entry.names(vault_user)))
        })
    }

    fn find<'a>(
        &'a self,
        ask: &'a FindAsk,
        sink: &'a dyn FoundSink,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move {
            let entries = self.entries().await?;
            // An entry that several keys name is offered once, for the best of them.
            let mut told: Vec<&str> = Vec::new();
            for key in hosts(&ask.keys) {
                for kind in [AccountKind::Local, AccountKind::Linked] {
                    if !ask.kinds.contains(&kind) {
                        continue;
                    }
                    let hits: Vec<&Entry> = entries
                        .iter()
                        .filter(|entry| kind_of(entry) == kind && entry.is_for(&key.value))
                        .filter(|entry| !told.contains(&entry.id.as_str()))
                        .collect();
                    told.extend(hits.iter().map(|entry| entry.id.as_str()));
                    let accounts: Vec<_> = hits
                        .iter()
                        .filter(|entry| entry.allows(&ask.vault_user))
                        .map(|entry| describe(entry, &key.value))
                        .collect();
                    sink.found(FoundBatch {
                        key: key.clone(),
                        kind,
                        seen: hits.len(),
                        not_requestable: hits.len() - accounts.len(),
                        accounts,
                        failure: None,
                    });
                }
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
            let Ok(entries) = self.entries().await else { return SystemPresence::Unknown };
            // What this user may not have is not told of, not even that it is there.
            let mine = entries.iter().filter(|entry| entry.allows(vault_user));
            let there =
                mine.into_iter().any(|entry| hosts(keys).any(|key| entry.is_for(&key.value)));
            if there { SystemPresence::WithAccounts } else { SystemPresence::Absent }
        })
    }

    fn account<'a>(
        &'a self,
        vault_user: &'a str,
        account: &'a AccountRef,
    ) -> BoxFuture<'a, Result<FoundAccount, SourceError>> {
        Box::pin(async move {
            let entries = self.entries().await?;
            self.allowed(&entries, vault_user, account)
                .map(|entry| describe(entry, &account.system))
        })
    }

    fn open<'a>(&'a self, loan: &'a NewLoan) -> BoxFuture<'a, Result<OpenLoan, SourceError>> {
        Box::pin(async move {
            let entries = self.entries().await?;
            let entry = self.allowed(&entries, &loan.vault_user, &loan.account)?;
            let mut number = [0; 16];
            if getrandom::fill(&mut number).is_err() {
                return self.fail(SourceFailure::Broken, "there is no randomness");
            }
            let wanted = Wanted {
                entry: &entry.id,
                is_exclusive: entry.is_exclusive,
                vault_user: &loan.vault_user,
                minutes: loan.minutes.min(entry.max_minutes.unwrap_or(u32::MAX)),
                reason: &loan.reason,
                renew: loan.renew,
            };
            let number = format!("{:032x}", u128::from_be_bytes(number));
            let opened = self.loans().open(Timestamp::now(), number, &wanted);
            match opened {
                Ok(open) => Ok(open),
                Err(NotLent::InUse) => self.fail(SourceFailure::InUse, "somebody else has it"),
                Err(NotLent::TooMany) => {
                    self.fail(SourceFailure::Busy, "too many requests are open")
                }
            }
        })
    }

    fn look_up<'a>(
        &'a self,
        vault_user: &'a str,
        marker: &'a str,
    ) -> BoxFuture<'a, Result<Option<OpenLoan>, SourceError>> {
        Box::pin(async move { Ok(self.loans().look_up(Timestamp::now(), vault_user, marker)) })
    }

    fn approve<'a>(
        &'a self,
        _: &'a str,
        _: &'a LoanRef,
        _: &'a str,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move { self.fail(SourceFailure::Misuse, "nothing here needs approval") })
    }

    fn read<'a>(&'a self, ask: &'a ReadAsk) -> BoxFuture<'a, Result<Secret, SourceError>> {
        Box::pin(async move {
            let entries = self.entries().await?;
            let entry = self.allowed(&entries, &ask.loan.vault_user, &ask.account)?;
            let LoanRef { vault_user, request } = &ask.loan;
            let is_open = self.loans().is_open(Timestamp::now(), request, vault_user, &entry.id);
            if !is_open {
                return self.fail(SourceFailure::Gone, "there is no such request any more");
            }
            let secret = match ask.kind {
                SecretKind::Password => entry.password.clone().map(Secret::Password),
                SecretKind::SshKey => entry
                    .ssh_key
                    .clone()
                    .map(|key| Secret::SshKey { key, passphrase: entry.passphrase.clone() }),
            };
            match secret {
                Some(secret) => Ok(secret),
                None => self.fail(SourceFailure::UnsupportedKind, "no such kind of secret"),
            }
        })
    }

    fn give_back<'a>(
        &'a self,
        loan: &'a LoanRef,
        _: &'a str,
    ) -> BoxFuture<'a, Result<GivenBack, SourceError>> {
        Box::pin(async move { Ok(self.loans().give_back(&loan.request, &loan.vault_user)) })
    }
}
