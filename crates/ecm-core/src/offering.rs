//! From accounts found to credentials offered: named, sorted, each once, no more than wanted.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::credential_id::{CredentialIdError, CredentialIdKey, CredentialRef};
use crate::explanation::Question;
use crate::search_key::{KeyKind, SearchKey};
use crate::source::{AccountKind, FoundAccount, FoundBatch, FoundSink, SecretKind, SourceError};

/// A credential on offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) id: String,
    pub(crate) display: String,
    /// Sorting by it gives the same order whatever came first.
    pub(crate) sort: String,
    pub(crate) secret: SecretKind,
    pub(crate) found: FoundAccount,
}

/// What kinds of credential the site takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) passwords: bool,
    pub(crate) ssh_keys: bool,
    pub(crate) applications: bool,
}

impl Wanted {
    /// The credentials an account is offered as.
    fn of(self, kind: AccountKind) -> impl Iterator<Item = SecretKind> {
        let (password, key) = match kind {
            AccountKind::Application => (self.applications, false),
            AccountKind::Local | AccountKind::Linked => (self.passwords, self.ssh_keys),
        };
        let password = password.then_some(SecretKind::Password);
        password.into_iter().chain(key.then_some(SecretKind::SshKey))
    }
}

/// What one vault gave.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// The best key that found something, by the order of the search.
    pub(crate) matched_on: Option<(usize, KeyKind)>,
    pub(crate) systems: BTreeSet<String>,
    /// Distinct accounts, requestable or not.
    pub(crate) accounts: HashSet<crate::source::AccountRef>,
    pub(crate) not_requestable: usize,
    pub(crate) kind_not_wanted: usize,
    pub(crate) offered: usize,
    pub(crate) answered: usize,
    pub(crate) failures: Vec<SourceError>,
}

/// Takes the offers of a search as they come.
pub(crate) trait OfferSink: Send + Sync {
    /// At least one, each id at most once per search, sorted within the call.
    fn offers(&self, offers: Vec<Offer>);
}

/// One search.
pub(crate) struct Offering<'a> {
    ids: &'a CredentialIdKey,
    vault_user: &'a str,
    max_results: usize,
    sink: &'a dyn OfferSink,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ids: HashSet<String>,
    truncated: bool,
    tallies: BTreeMap<String, Tally>,
    questions: Vec<Question>,
    unspeakable: usize,
}

/// What a search came to.
pub(crate) struct Sum {
    pub(crate) truncated: bool,
    pub(crate) tallies: BTreeMap<String, Tally>,
    pub(crate) questions: Vec<Question>,
    /// Accounts whose names do not fit into a credential id.
    pub(crate) unspeakable: usize,
}

impl<'a> Offering<'a> {
    pub(crate) fn new(
        ids: &'a CredentialIdKey,
        vault_user: &'a str,
        max_results: usize,
        sink: &'a dyn OfferSink,
    ) -> Self {
        Self { ids, vault_user, max_results, sink, state: Mutex::default() }
    }

    /// The sink for one vault's answers to a search by `keys`.
    pub(crate) fn of_vault<'b>(
        &'b self,
        vault: &'b str,
        keys: &'b [SearchKey],
        wanted: Wanted,
    ) -> VaultOffering<'b> {
        self.state().tallies.entry(vault.to_owned()).or_default();
        VaultOffering { offering: self, vault, keys, wanted }
    }

    /// Everything so far; later answers are not counted.
    pub(crate) fn sum(&self) -> Sum {
        let state = std::mem::take(&mut *self.state());
        let State { truncated, tallies, mut questions, unspeakable, .. } = state;
        // Answers come in any order; the explanation does not.
        let place = |q: &Question| (q.vault.clone(), q.key.kind, q.key.value.clone(), q.kind);
        questions.sort_by_cached_key(place);
        Sum { truncated, tallies, questions, unspeakable }
    }

    /// What one vault has answered so far.
    pub(crate) fn tally_of(&self, vault: &str) -> Tally {
        self.state().tallies.get(vault).cloned().unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, of: &VaultOffering<'_>, batch: FoundBatch) {
        let vault = of.vault;
        let mut offers = Vec::new();
        {
            let mut state = self.state();
            let state = &mut *state;
            let tally = state.tallies.entry(vault.to_owned()).or_default();
            of.count(tally, &batch);
            for found in batch.accounts {
                let mut wanted = of.wanted.of(found.account.kind).peekable();
                if wanted.peek().is_none() {
                    tally.kind_not_wanted += 1;
                }
                for secret in wanted {
                    let Ok(offer) = self.offer(vault, &found, secret) else {
                        state.unspeakable += 1;
                        continue;
                    };
                    if state.ids.contains(&offer.id) {
                        continue;
                    }
                    if state.ids.len() >= self.max_results {
                        state.truncated = true;
                        continue;
                    }
                    state.ids.insert(offer.id.clone());
                    offers.push(offer);
                }
            }
            tally.offered += offers.len();
            state.questions.push(Question {
                vault: vault.to_owned(),
                key: batch.key,
                kind: batch.kind,
                seen: batch.seen,
                offered: offers.len(),
                failure: batch.failure.map(|error| error.message),
            });
        }
        if !offers.is_empty() {
            offers.sort_by(|a, b| a.sort.cmp(&b.sort));
            self.sink.offers(offers);
        }
    }

    fn offer(
        &self,
        vault: &str,
        found: &FoundAccount,
        secret: SecretKind,
    ) -> Result<Offer, CredentialIdError> {
        let id = self.ids.make(&CredentialRef {
            vault: vault.to_owned(),
            vault_user: self.vault_user.to_owned(),
            account: found.account.clone(),
            secret,
        })?;
        let display = display_name(found, secret);
        let rank = match found.account.kind {
            AccountKind::Local => 10,
            AccountKind::Linked => 20,
            AccountKind::Application => 30,
        };
        let sort = sort_key(rank, &display, secret, &found.account);
        Ok(Offer { id, display, sort, secret, found: found.clone() })
    }
}

/// The answers of one vault.
pub(crate) struct VaultOffering<'a> {
    offering: &'a Offering<'a>,
    vault: &'a str,
    keys: &'a [SearchKey],
    wanted: Wanted,
}

impl VaultOffering<'_> {
    fn count(&self, tally: &mut Tally, batch: &FoundBatch) {
        if let Some(failure) = &batch.failure {
            tally.failures.push(failure.clone());
            return;
        }
        tally.answered += 1;
        tally.not_requestable += batch.not_requestable;
        for found in &batch.accounts {
            tally.systems.insert(found.account.system.clone());
            tally.accounts.insert(found.account.clone());
        }
        if batch.seen > 0
            && let Some(place) = self.keys.iter().position(|key| *key == batch.key)
            && tally.matched_on.is_none_or(|(best, _)| place < best)
        {
            tally.matched_on = Some((place, batch.key.kind));
        }
    }
}

impl FoundSink for VaultOffering<'_> {
    fn found(&self, batch: FoundBatch) {
        self.offering.take(self, batch);
    }
}

/// What tells an account's key from its password.
const KEY_SUFFIX: &str = " (key)";

/// Longest display name on the wire, in characters.
const MAX_DISPLAY: usize = 256;

/// `System\account`, `DOMAIN\account (linked)`, `Application: account`.
fn display_name(found: &FoundAccount, secret: SecretKind) -> String {
    let account = &found.account_name;
    let mut name = match found.account.kind {
        AccountKind::Local => format!("{}\\{account}", found.system_name),
        AccountKind::Linked => match &found.domain {
            Some(domain) => format!("{domain}\\{account} (linked)"),
            None => format!("{account} (linked)"),
        },
        AccountKind::Application => match &found.application_name {
            Some(application) => format!("{application}: {account}"),
            None => format!("{}\\{account} (application)", found.system_name),
        },
    };
    if secret == SecretKind::SshKey {
        name.push_str(KEY_SUFFIX);
    }
    // Names come from the vault's administrators; what could reorder or break a line is shown as
    // the replacement character rather than obeyed.
    name.chars()
        .take(MAX_DISPLAY)
        .map(|c| if c.is_control() || is_bidi_control(c) { '\u{fffd}' } else { c })
        .collect()
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Longest sort key, in characters.
const MAX_SORT: usize = 64;

/// Rank, then the name without case, an account's password before its key, then the ids, so that
/// equal names keep an order too.
fn sort_key(
    rank: u32,
    display: &str,
    secret: SecretKind,
    account: &crate::source::AccountRef,
) -> String {
    let (name, kind) = match secret {
        SecretKind::SshKey => (display.strip_suffix(KEY_SUFFIX).unwrap_or(display), 1),
        SecretKind::Password => (display, 0),
    };
    let ids = format!("{kind} {}.{}", account.system, account.account);
    let room = MAX_SORT.saturating_sub(ids.chars().count() + 4);
    let name: String = name.to_lowercase().chars().take(room).collect();
    format!("{rank} {name} {ids}")
}
