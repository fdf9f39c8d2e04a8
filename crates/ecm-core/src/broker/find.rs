//! Searching: which credentials may this console user use on this endpoint?

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ecm_protocol::message::{
    AddressScope, ApprovalNeed, CredentialKind, CredentialSummary, EmptyReason, Find, FindResult,
    Problem, Purpose, Scope, SourceReport, SourceStatus, Target, TargetKind, Want,
};
use futures_util::future::join_all;

use super::{Answered, Broker, PartialSink};
use crate::explanation::Explanation;
use crate::lending::{Vault, within};
use crate::offering::{Offer, OfferSink, Offering, Sum, Tally, Wanted};
use crate::problem;
use crate::search_key::{EndpointAddress, EndpointFacts, SearchKeyError, SearchPlan, Serves};
use crate::settings::{SearchSettings, SshKeys};
use crate::source::{AccountKind, FindAsk, SecretKind, SourceError, SourceFailure, SystemPresence};

/// How one vault's part of a search went.
struct Part {
    /// `None`: time ran out.
    outcome: Option<Result<(), SourceError>>,
    took: Duration,
}

/// A vault, and what it is to be asked for.
type Planned<'a> = (&'a str, &'a Vault, SearchPlan);

/// What is the same for all vaults of one search.
struct VaultSearch<'a> {
    ask: &'a Find,
    vault_user: &'a str,
    offering: &'a Offering<'a>,
}

impl Part {
    /// Whether the vault was away, rather than of another opinion: a refusal is an answer.
    fn is_without_answer(&self, tally: &Tally) -> bool {
        let is_away = |error: &SourceError| {
            matches!(
                error.failure,
                SourceFailure::Unreachable
                    | SourceFailure::Untrusted
                    | SourceFailure::Busy
                    | SourceFailure::Broken
            )
        };
        match &self.outcome {
            None => true,
            Some(Err(error)) => is_away(error),
            Some(Ok(())) => !tally.failures.is_empty() && tally.failures.iter().all(is_away),
        }
    }
}

impl Broker {
    /// Searches all vaults at once, stand-ins only in the place of those that are away, within one deadline.
    ///
    /// With `partials`, what is found goes there as it comes, and is not repeated in the result;
    /// without, everything is in the result. The order of [`CredentialSummary::sort`] does not
    /// depend on which answer came first. Which credentials are left out when there are more than
    /// the site wants does.
    ///
    /// Problems: `user_unmapped`, `user_ambiguous`, `bad_parameters` (nothing to search by), and
    /// what kept *all* vaults from answering. A deadline that passes is not a problem: the result
    /// has `complete: false`.
    pub async fn find(
        &self,
        ask: &Find,
        partials: Option<&dyn PartialSink>,
    ) -> Answered<FindResult> {
        let mut explanation = Explanation::default();
        let result = self.search(ask, partials, &mut explanation).await;
        let result = result.map_err(|mut problem| {
            problem.request_ref.clone_from(&ask.meta.request_ref);
            problem
        });
        Answered { result, explanation }
    }

    async fn search(
        &self,
        ask: &Find,
        partials: Option<&dyn PartialSink>,
        explanation: &mut Explanation,
    ) -> Result<FindResult, Problem> {
        let _place = self.fairness.enter(&ask.user)?;
        let started = self.desk.clock.instant();
        let (until, _) = self.deadlines(started, ask.meta.deadline_ms, self.settings.find_deadline);
        let chosen = self.vault_user(&ask.user, until, explanation).await?;
        let vault_user = chosen.name.clone();
        let plans = self.plans(ask, explanation).map_err(|e| problem::of_search_key(&e))?;
        let most = ask.want.max_results.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(0));
        let sink = Summaries { partials, kept: Mutex::default() };
        let offering =
            Offering::new(&self.ids, &vault_user, most.min(self.settings.max_results), &sink);
        let search = VaultSearch { ask, vault_user: &vault_user, offering: &offering };
        let first = plans.iter().filter(|(_, vault, _)| vault.settings.stands_in_for.is_none());
        let parts =
            join_all(first.map(|plan| self.ask_in_turn(plan, &plans, &search, until))).await;
        let parts: BTreeMap<&str, Part> = parts.into_iter().flatten().collect();
        let sum = offering.sum();
        explanation.questions.clone_from(&sum.questions);
        if sum.unspeakable > 0 {
            explanation.note(format!("{} accounts have names too long to offer", sum.unspeakable));
        }
        for (vault, part) in &parts {
            match &part.outcome {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    explanation.note(format!("{vault} could not be asked: {error}"))
                }
                None => explanation.note(format!("{vault} did not answer everything in time")),
            }
        }
        if let Some(problem) = nothing_answered(&parts, &sum) {
            return Err(problem);
        }
        if sum.tallies.values().any(|tally| tally.answered > 0) {
            chosen.claim(explanation)?;
        }
        let sources: Vec<SourceReport> =
            parts.iter().map(|(vault, part)| report(vault, part, &sum)).collect();
        let complete = sources.iter().all(|source| source.status == SourceStatus::Ok);
        let items = sink.into_sorted();
        let nothing = sum.tallies.values().all(|tally| tally.offered == 0);
        let empty_reason = if nothing && complete && !sum.truncated {
            let asked = plans.iter().filter(|(name, ..)| parts.contains_key(name)).cloned();
            Some(self.why_empty(&asked.collect::<Vec<_>>(), &sum, &vault_user, until).await)
        } else {
            None
        };
        Ok(FindResult {
            items,
            complete,
            truncated: sum.truncated,
            mapped_user: Some(vault_user),
            sources,
            empty_reason,
        })
    }

    /// What each vault is asked for. Vaults may differ in what they are searched by.
    pub(super) fn plans<'a>(
        &'a self,
        ask: &Find,
        explanation: &mut Explanation,
    ) -> Result<Vec<(&'a str, &'a Vault, SearchPlan)>, SearchKeyError> {
        let facts = facts(&ask.target, ask.purpose);
        let mut plans = Vec::new();
        let mut refusal = SearchKeyError::Nothing;
        for (name, vault) in &self.desk.vaults {
            match SearchPlan::new(&facts, &vault.settings.search) {
                Ok(plan) => {
                    for words in &plan.left_out {
                        explanation.note(words.clone());
                    }
                    for key in &plan.keys {
                        if !explanation.keys.contains(key) {
                            explanation.keys.push(key.clone());
                        }
                    }
                    plans.push((name.as_str(), vault, plan));
                }
                Err(error) => refusal = error,
            }
        }
        if plans.is_empty() { Err(refusal) } else { Ok(plans) }
    }

    /// Asks a vault, and if it answers nothing, the one that stands in for it, and so on. Whoever
    /// has a stand-in gets half of the time that is left, so that there is time for that one.
    async fn ask_in_turn<'p>(
        &self,
        first: &'p Planned<'_>,
        plans: &'p [Planned<'_>],
        search: &VaultSearch<'_>,
        until: Instant,
    ) -> Vec<(&'p str, Part)> {
        let mut asked: Vec<(&str, Part)> = Vec::new();
        let mut next = Some(first);
        while let Some(plan @ (name, ..)) = next {
            let stand_in = plans.iter().find(|(other, vault, _)| {
                vault.settings.stands_in_for.as_deref() == Some(name)
                    && !asked.iter().any(|(known, _)| known == other)
            });
            let now = self.desk.clock.instant();
            let half = now + until.saturating_duration_since(now) / 2;
            let its_time = if stand_in.is_some() { half } else { until };
            let part = self.ask_vault(plan, search, its_time).await;
            let tally = search.offering.tally_of(name);
            let is_silent = tally.answered == 0 && part.is_without_answer(&tally);
            asked.push((name, part));
            next = stand_in.filter(|_| is_silent);
        }
        asked
    }

    async fn ask_vault(
        &self,
        (name, vault, plan): &Planned<'_>,
        search: &VaultSearch<'_>,
        until: Instant,
    ) -> Part {
        let VaultSearch { ask, vault_user, offering } = *search;
        let settings = &vault.settings.search;
        let question = FindAsk {
            vault_user: vault_user.to_owned(),
            keys: plan.keys.clone(),
            kinds: plan.kinds.clone(),
            at_a_time: settings.questions_at_a_time.max(1),
        };
        let sink = offering.of_vault(name, &plan.keys, wanted(&ask.want, settings));
        let began = self.desk.clock.instant();
        let asked = vault.source.find(&question, &sink);
        let outcome = within(self.desk.clock.as_ref(), until, asked).await;
        if let Some(Err(error)) = &outcome {
            tracing::warn!(vault = *name, %error, "vault could not be searched");
        }
        Part { outcome, took: self.desk.clock.instant().saturating_duration_since(began) }
    }

    /// Why a complete search offers nothing. Asks the vaults once more, in the time that is left.
    async fn why_empty(
        &self,
        plans: &[(&str, &Vault, SearchPlan)],
        sum: &Sum,
        vault_user: &str,
        until: Instant,
    ) -> EmptyReason {
        let any = |count: fn(&Tally) -> usize| sum.tallies.values().any(|tally| count(tally) > 0);
        if any(|tally| tally.kind_not_wanted) {
            return EmptyReason::KindNotWanted;
        }
        if any(|tally| tally.not_requestable) {
            return EmptyReason::NotRequestable;
        }
        let asked = join_all(
            plans.iter().map(|(_, vault, plan)| vault.source.presence(vault_user, &plan.keys)),
        );
        let presences = within(self.desk.clock.as_ref(), until, asked).await.unwrap_or_default();
        let said = |presence| presences.contains(&presence);
        if said(SystemPresence::WithAccounts) {
            EmptyReason::NotRequestable
        } else if !presences.is_empty() && presences.iter().all(|p| *p == SystemPresence::Absent) {
            EmptyReason::NoSystem
        } else {
            // Also when the vault does not say: it is true of a system nobody knows, too.
            EmptyReason::NoAccount
        }
    }
}

/// The problem to tell when no vault answered a single question.
fn nothing_answered(parts: &BTreeMap<&str, Part>, sum: &Sum) -> Option<Problem> {
    if sum.tallies.values().any(|tally| tally.answered > 0) {
        return None;
    }
    let whole = parts.values().filter_map(|part| part.outcome.as_ref()?.as_ref().err());
    let single = sum.tallies.values().flat_map(|tally| &tally.failures);
    whole.chain(single).next().map(problem::of_source)
}

fn report(vault: &str, part: &Part, sum: &Sum) -> SourceReport {
    let tally = sum.tallies.get(vault).cloned().unwrap_or_default();
    let status = match &part.outcome {
        Some(Ok(())) if tally.failures.is_empty() => SourceStatus::Ok,
        _ if tally.answered > 0 => SourceStatus::Partial,
        _ => SourceStatus::Failed,
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    SourceReport {
        vault: vault.to_owned(),
        status,
        elapsed_ms: u64::try_from(part.took.as_millis()).unwrap_or(u64::MAX),
        matched_on: tally.matched_on.map(|(_, kind)| kind.wire_name().to_owned()),
        systems: count(tally.systems.len()),
        seen: count(tally.accounts.len() + tally.not_requestable),
        offered: count(tally.offered),
    }
}

/// The facts of a target that matter to a search.
fn facts(target: &Target, purpose: Purpose) -> EndpointFacts<'_> {
    let application = target.application.as_ref();
    let named = application.map(|application| {
        [&application.target_system, &application.remote_app, &application.credential_type]
            .into_iter()
            .filter_map(|name| name.as_deref())
            .collect::<Vec<_>>()
    });
    let applications = named.unwrap_or_default();
    let starts_application = matches!(target.kind, TargetKind::RdpRemoteApp | TargetKind::RdpAgent);
    let serves = match (starts_application && !applications.is_empty(), purpose) {
        (false, _) => Serves::Machine,
        (true, Purpose::Application) => Serves::Application,
        (true, _) => Serves::Both,
    };
    let has_url = matches!(target.kind, TargetKind::Web | TargetKind::TunnelK8s);
    EndpointFacts {
        host: target.hostname.as_deref(),
        fqdn: target.fqdn.as_deref(),
        addresses: target
            .addresses
            .iter()
            .map(|address| EndpointAddress {
                ip: address.ip,
                public: address.scope == AddressScope::Public,
            })
            .collect(),
        // A web jump has no host but that of its URL.
        url: target.url.as_deref().filter(|_| has_url || target.hostname.is_none()),
        applications,
        serves,
    }
}

fn wanted(want: &Want, settings: &SearchSettings) -> Wanted {
    let wants = |kind| want.kinds.is_empty() || want.kinds.contains(&kind);
    let passwords = wants(CredentialKind::UsernamePassword);
    // Only a site that names keys can take them.
    let takes_keys = want.kinds.contains(&CredentialKind::SshPrivateKey);
    let ssh_keys = takes_keys
        && match settings.ssh_keys {
            SshKeys::Never => false,
            SshKeys::InPlaceOfPasswords => !passwords,
            SshKeys::BesidePasswords => true,
        };
    Wanted { passwords, ssh_keys, applications: wants(CredentialKind::Application) }
}

/// Sends offers on as they come, or keeps them for the result.
struct Summaries<'a> {
    partials: Option<&'a dyn PartialSink>,
    kept: Mutex<Vec<CredentialSummary>>,
}

impl Summaries<'_> {
    fn into_sorted(self) -> Vec<CredentialSummary> {
        let mut kept = self.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        kept.sort_by(|a, b| a.sort.cmp(&b.sort));
        kept
    }
}

impl OfferSink for Summaries<'_> {
    fn offers(&self, offers: Vec<Offer>) {
        let items: Vec<CredentialSummary> = offers.into_iter().map(summary).collect();
        match self.partials {
            Some(partials) => partials.partial(items),
            None => self.kept.lock().unwrap_or_else(PoisonError::into_inner).extend(items),
        }
    }
}

fn summary(offer: Offer) -> CredentialSummary {
    let Offer { id, display, sort, secret, found } = offer;
    let (scope, password) = match found.account.kind {
        AccountKind::Local => (Scope::Local, CredentialKind::UsernamePassword),
        AccountKind::Linked => (Scope::Linked, CredentialKind::UsernamePassword),
        AccountKind::Application => (Scope::Application, CredentialKind::Application),
    };
    let kind = match secret {
        SecretKind::Password => password,
        SecretKind::SshKey => CredentialKind::SshPrivateKey,
    };
    CredentialSummary {
        id,
        display,
        kind,
        username: Some(found.account_name),
        domain: found.domain,
        scope,
        system: Some(found.system_name),
        // A vault's list does not say; only a request does.
        approval: ApprovalNeed::Unknown,
        sort,
    }
}
