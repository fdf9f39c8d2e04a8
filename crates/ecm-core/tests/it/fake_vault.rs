//! A vault in memory, with the rules that matter: requests are joined or conflict, pend, expire,
//! and are checked in once. Every call has a place to be dropped before and after its effect.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecm_core::ports::{BoxFuture, Clock as _};
use ecm_core::search_key::{KeyKind, SearchKey};
use ecm_core::source::{
    AccountKind, AccountRef, CredentialSource, FindAsk, FoundAccount, FoundBatch, FoundSink,
    GivenBack, LoanRef, NewLoan, OpenLoan, ReadAsk, Secret, SecretKind, SourceError, SourceFailure,
    SystemPresence,
};
use jiff::{SignedDuration, Timestamp};

use crate::paper::{PaperClock, step};

#[derive(Clone)]
pub struct FakeVault {
    name: String,
    clock: PaperClock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeRequest {
    pub vault_user: String,
    pub account: AccountRef,
    pub reason: String,
    pub approvals: usize,
    pub expires_at: Timestamp,
    pub over: bool,
}

#[derive(Default)]
pub struct State {
    pub accounts: Vec<(Vec<String>, FoundAccount)>,
    pub requests: BTreeMap<u64, FakeRequest>,
    /// How often each request was taken back for good.
    pub check_ins: BTreeMap<u64, usize>,
    pub calls: Vec<String>,
    pub failing: HashMap<&'static str, SourceError>,
    pub approvals_needed: usize,
    /// Signed in by OAuth: whoever asks is the same application user.
    pub one_user: bool,
    pub presence: Option<SystemPresence>,
    /// How long the search for a value takes.
    pub slow: HashMap<String, Duration>,
    pub not_requestable: usize,
    pub minutes_asked: Vec<u32>,
    /// Vault users that it does not let in.
    pub unknown: std::collections::BTreeSet<String>,
}

pub const PASSWORD: &str = "planted-S3cret-password";

impl FakeVault {
    pub fn new(name: &str, clock: &PaperClock) -> Self {
        Self { name: name.into(), clock: clock.clone(), state: Arc::default() }
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    /// An account that is found under each of `names`.
    pub fn add(&self, names: &[&str], account: FoundAccount) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.with(|state| state.accounts.push((names, account)));
    }

    pub fn fail(&self, call: &'static str, error: SourceError) {
        self.with(|state| state.failing.insert(call, error));
    }

    pub fn heal(&self) {
        self.with(|state| state.failing.clear());
    }

    pub fn open_requests(&self) -> usize {
        let now = self.clock.now();
        self.with(|s| s.requests.values().filter(|r| !r.over && r.expires_at > now).count())
    }

    pub fn calls(&self, prefix: &str) -> usize {
        self.with(|s| s.calls.iter().filter(|call| call.starts_with(prefix)).count())
    }

    /// A request somebody opened elsewhere.
    pub fn open_elsewhere(&self, user: &str, account: &AccountRef, lasts: Duration) -> u64 {
        let expires_at = self.clock.now() + SignedDuration::try_from(lasts).unwrap();
        self.with(|state| {
            state.open(FakeRequest {
                vault_user: user.into(),
                account: account.clone(),
                reason: "by hand".into(),
                approvals: usize::MAX,
                expires_at,
                over: false,
            })
        })
    }

    fn enter(&self, call: &'static str, words: &str) -> Result<(), SourceError> {
        self.with(|state| {
            state.calls.push(format!("{call} {words}"));
            match state.failing.get(call) {
                Some(error) if !error.may_have_happened => Err(error.clone()),
                _ => Ok(()),
            }
        })
    }

    /// A failure after the effect.
    fn leave(&self, call: &'static str) -> Result<(), SourceError> {
        self.with(|state| match state.failing.get(call) {
            Some(error) if error.may_have_happened => Err(error.clone()),
            _ => Ok(()),
        })
    }
}

impl State {
    fn open(&mut self, request: FakeRequest) -> u64 {
        let id = self.requests.keys().next_back().map_or(1, |last| last + 1);
        self.requests.insert(id, request);
        id
    }

    fn live(&mut self, loan: &LoanRef, now: Timestamp) -> Option<(u64, &mut FakeRequest)> {
        let id = loan.request.parse().ok()?;
        let vault_user = self.signed_in(&loan.vault_user);
        let request = self.requests.get_mut(&id)?;
        (!request.over && request.expires_at > now && request.vault_user == vault_user)
            .then_some((id, request))
    }

    /// Who a vault user is for the vault.
    fn signed_in(&self, vault_user: &str) -> String {
        if self.one_user { "application".into() } else { vault_user.into() }
    }
}

fn gone() -> SourceError {
    SourceError::new(SourceFailure::Gone, "no such request")
}

impl CredentialSource for FakeVault {
    fn name(&self) -> &str {
        &self.name
    }

    fn identity<'a>(&'a self, vault_user: &'a str) -> &'a str {
        if self.with(|s| s.one_user) { "application" } else { vault_user }
    }

    fn knows<'a>(&'a self, vault_user: &'a str) -> BoxFuture<'a, Result<bool, SourceError>> {
        Box::pin(async move {
            self.enter("knows", vault_user)?;
            step().await;
            Ok(self.with(|s| !s.unknown.contains(vault_user)))
        })
    }

    fn find<'a>(
        &'a self,
        ask: &'a FindAsk,
        sink: &'a dyn FoundSink,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move {
            self.enter("find", &ask.vault_user)?;
            for key in &ask.keys {
                let slow = self.with(|s| s.slow.get(&key.value).copied());
                if let Some(slow) = slow {
                    self.clock.sleep_until(self.clock.instant() + slow).await;
                }
                step().await;
                for kind in &ask.kinds {
                    if (*kind == AccountKind::Application) != (key.kind == KeyKind::Application) {
                        continue;
                    }
                    let (accounts, not_requestable) = self.with(|state| {
                        let found: Vec<FoundAccount> = state
                            .accounts
                            .iter()
                            .filter(|(names, account)| {
                                account.account.kind == *kind
                                    && names.iter().any(|n| n.eq_ignore_ascii_case(&key.value))
                            })
                            .map(|(_, account)| account.clone())
                            .collect();
                        (found, state.not_requestable)
                    });
                    sink.found(FoundBatch {
                        key: key.clone(),
                        kind: *kind,
                        seen: accounts.len() + not_requestable,
                        not_requestable,
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
        _vault_user: &'a str,
        _keys: &'a [SearchKey],
    ) -> BoxFuture<'a, SystemPresence> {
        Box::pin(async { self.with(|s| s.presence.unwrap_or(SystemPresence::Unknown)) })
    }

    fn account<'a>(
        &'a self,
        vault_user: &'a str,
        account: &'a AccountRef,
    ) -> BoxFuture<'a, Result<FoundAccount, SourceError>> {
        Box::pin(async move {
            self.enter("account", vault_user)?;
            step().await;
            self.with(|s| s.accounts.iter().find(|(_, a)| a.account == *account).cloned())
                .map(|(_, found)| found)
                .ok_or_else(gone)
        })
    }

    fn open<'a>(&'a self, loan: &'a NewLoan) -> BoxFuture<'a, Result<OpenLoan, SourceError>> {
        Box::pin(async move {
            self.enter("open", &loan.vault_user)?;
            step().await;
            let now = self.clock.now();
            let expires_at = now + SignedDuration::from_mins(i64::from(loan.minutes));
            let opened = self.with(|state| {
                state.minutes_asked.push(loan.minutes);
                let needed = state.approvals_needed;
                let vault_user = state.signed_in(&loan.vault_user);
                // By which application an account was found is not part of a request.
                let pair = |account: &AccountRef| (account.system.clone(), account.account.clone());
                let same = |r: &FakeRequest| {
                    !r.over
                        && r.expires_at > now
                        && r.approvals >= needed
                        && r.vault_user == vault_user
                        && pair(&r.account) == pair(&loan.account)
                };
                let there =
                    state.requests.iter().find(|(_, r)| same(r)).map(|(id, r)| (*id, r.clone()));
                match there {
                    Some((id, request)) if !loan.renew => OpenLoan {
                        request: id.to_string(),
                        reused: true,
                        expires_at: Some(request.expires_at),
                        reason: Some(request.reason),
                    },
                    there => {
                        if let Some((id, _)) = there {
                            state.requests.get_mut(&id).unwrap().over = true;
                        }
                        let id = state.open(FakeRequest {
                            vault_user,
                            account: loan.account.clone(),
                            reason: loan.reason.clone(),
                            approvals: 0,
                            expires_at,
                            over: false,
                        });
                        OpenLoan {
                            request: id.to_string(),
                            reused: false,
                            expires_at: None,
                            reason: None,
                        }
                    }
                }
            });
            step().await;
            self.leave("open")?;
            Ok(opened)
        })
    }

    fn look_up<'a>(
        &'a self,
        vault_user: &'a str,
        marker: &'a str,
    ) -> BoxFuture<'a, Result<Option<OpenLoan>, SourceError>> {
        Box::pin(async move {
            self.enter("look_up", vault_user)?;
            step().await;
            let now = self.clock.now();
            Ok(self.with(|state| {
                let vault_user = state.signed_in(vault_user);
                state
                    .requests
                    .iter()
                    .find(|(_, r)| {
                        !r.over
                            && r.expires_at > now
                            && r.vault_user == vault_user
                            && r.reason.contains(marker)
                    })
                    .map(|(id, r)| OpenLoan {
                        request: id.to_string(),
                        reused: false,
                        expires_at: Some(r.expires_at),
                        reason: Some(r.reason.clone()),
                    })
            }))
        })
    }

    fn approve<'a>(
        &'a self,
        approver: &'a str,
        loan: &'a LoanRef,
        _reason: &'a str,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move {
            self.enter("approve", approver)?;
            step().await;
            let now = self.clock.now();
            self.with(|s| s.live(loan, now).map(|(_, r)| r.approvals += 1)).ok_or_else(gone)?;
            step().await;
            Ok(())
        })
    }

    fn read<'a>(&'a self, ask: &'a ReadAsk) -> BoxFuture<'a, Result<Secret, SourceError>> {
        Box::pin(async move {
            self.enter("read", &ask.loan.request)?;
            step().await;
            let now = self.clock.now();
            let needed = self.with(|s| s.approvals_needed);
            let approvals =
                self.with(|s| s.live(&ask.loan, now).map(|(_, r)| r.approvals)).ok_or_else(gone)?;
            if approvals < needed {
                return Err(SourceError::new(SourceFailure::AwaitingApproval, "not approved yet"));
            }
            step().await;
            Ok(match ask.kind {
                SecretKind::Password => Secret::Password(PASSWORD.as_bytes().to_vec().into()),
                SecretKind::SshKey => Secret::SshKey {
                    key: b"planted-S3cret-key".to_vec().into(),
                    passphrase: Some(b"planted-S3cret-phrase".to_vec().into()),
                },
            })
        })
    }

    fn give_back<'a>(
        &'a self,
        loan: &'a LoanRef,
        _reason: &'a str,
    ) -> BoxFuture<'a, Result<GivenBack, SourceError>> {
        Box::pin(async move {
            self.enter("give_back", &loan.request)?;
            step().await;
            let now = self.clock.now();
            let given = self.with(|state| match state.live(loan, now) {
                Some((id, request)) => {
                    request.over = true;
                    *state.check_ins.entry(id).or_default() += 1;
                    GivenBack::CheckedIn
                }
                None => GivenBack::AlreadyIn,
            });
            step().await;
            self.leave("give_back")?;
            Ok(given)
        })
    }
}

pub fn local(system: u32, account: u32, system_name: &str, account_name: &str) -> FoundAccount {
    FoundAccount {
        account: AccountRef {
            system: system.to_string(),
            account: account.to_string(),
            application: None,
            kind: AccountKind::Local,
        },
        system_name: system_name.into(),
        account_name: account_name.into(),
        domain: None,
        application_name: None,
        max_release_minutes: None,
    }
}

pub fn linked(
    system: u32,
    account: u32,
    system_name: &str,
    domain: &str,
    name: &str,
) -> FoundAccount {
    let mut found = local(system, account, system_name, name);
    found.account.kind = AccountKind::Linked;
    found.domain = Some(domain.into());
    found
}
