//! Where a site's questions meet the broker: one line in the log for each, and the debug log tells
//! why the answer is what it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ecm_core::{Broker, Ended, PartialSink};
use ecm_protocol::ecm::{Answer, Ask, Question};
use ecm_protocol::message::{
    Category, CredentialSummary, EmptyReason, Find, FindResult, Health, Meta, Problem, Release,
    ReleaseResult, Retrieve, RetrieveResult, SessionCompleted, SessionStarted, Target, Used,
};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::beside_link::enrich::Enricher;
use crate::metrics::Meter;
use crate::seen::SeenUsers;
use crate::site_link::answers::{Answers, Parts};

/// Answers the questions of one site by asking the broker.
pub struct Desk {
    site: String,
    broker: Arc<Broker>,
    health: watch::Receiver<Health>,
    watchers: Watchers,
    enricher: Option<Enricher>,
}

/// Who looks over the desk's shoulder.
#[derive(Debug, Clone, Default)]
pub struct Watchers {
    /// Counts the questions.
    pub meter: Meter,
    /// Remembers the users seen last.
    pub seen: SeenUsers,
}

impl Desk {
    /// A desk in front of `broker` for the site of this name; `health` is what the sites are told
    /// about the vaults.
    #[must_use]
    pub fn new(
        site: String,
        broker: Arc<Broker>,
        health: watch::Receiver<Health>,
        watchers: Watchers,
    ) -> Self {
        Self { site, broker, health, watchers, enricher: None }
    }

    /// The same desk, which adds to questions what the site's APIs know.
    #[must_use]
    pub fn enriched_by(self, enricher: Enricher) -> Self {
        Self { enricher: Some(enricher), ..self }
    }

    async fn find(&self, find: Find, parts: Parts) -> Result<FindResult, Problem> {
        let began = Instant::now();
        let answered = self.broker.find(&find, Some(&Forward(parts))).await;
        tracing::debug!("why:\n{}", answered.explanation);
        let elapsed = began.elapsed();
        log_find(&find, &answered.result, elapsed);
        let outcome = match &answered.result {
            Ok(found) => found_outcome(found),
            Err(problem) => problem.category.name(),
        };
        self.watchers.meter.question(&self.site, "find", outcome, elapsed);
        let now = Timestamp::now();
        let Watchers { seen, .. } = &self.watchers;
        seen.note(&self.site, &find.user, &answered.result, &answered.explanation, now);
        answered.result
    }

    async fn retrieve(&self, retrieve: Retrieve) -> Result<RetrieveResult, Problem> {
        let began = Instant::now();
        let answered = self.broker.retrieve(&self.site, &retrieve).await;
        tracing::debug!("why:\n{}", answered.explanation);
        let elapsed = began.elapsed();
        log_retrieve(&retrieve, &answered.result, elapsed);
        let outcome = answered.result.as_ref().map_or_else(|p| p.category.name(), |_| "lent");
        self.watchers.meter.question(&self.site, "retrieve", outcome, elapsed);
        answered.result
    }

    async fn release(&self, release: &Release) -> Result<ReleaseResult, Problem> {
        let began = Instant::now();
        let result = self.broker.release(&self.site, release).await;
        let outcome = match &result {
            Ok(answer) if answer.released => "released",
            Ok(_) => "not_released",
            Err(problem) => problem.category.name(),
        };
        self.watchers.meter.question(&self.site, "release", outcome, began.elapsed());
        let elapsed_ms = millis(began.elapsed());
        let lease = printable(release.lease_id.as_deref().unwrap_or("by key"));
        match &result {
            Ok(answer) => tracing::info!(
                lease,
                outcome = if answer.released { "released" } else { "not released" },
                elapsed_ms,
                "credentials.release"
            ),
            Err(problem) => tracing::info!(
                lease,
                outcome = problem.category.name(),
                elapsed_ms,
                "credentials.release"
            ),
        }
        result
    }
}

impl Answers for Desk {
    async fn answer(self: Arc<Self>, question: Question, parts: Parts) -> Result<Answer, Problem> {
        let deadline = question.deadline;
        let id = question.id.as_str();
        match question.ask {
            Ask::Find(mut find) => {
                if let Some(enricher) = &self.enricher {
                    enricher.target(&mut find.target).await;
                }
                complete(&mut find.meta, id, deadline);
                self.find(*find, parts).await.map(Answer::Find)
            }
            Ask::Retrieve(mut retrieve) => {
                if let Some(enricher) = &self.enricher {
                    enricher.ticket(&mut retrieve).await;
                }
                complete(&mut retrieve.meta, id, deadline);
                let result = self.retrieve(*retrieve).await?;
                Ok(Answer::Retrieve(Box::new(result)))
            }
            Ask::Release(release) => self.release(&release).await.map(Answer::Release),
            Ask::HealthCheck => Ok(Answer::Health(self.health.borrow().clone())),
            // Not offered in the greeting, so no site asks; an answer is owed all the same.
            Ask::EndpointsFind(_) | Ask::SessionStart(_) => {
                Err(Problem::new(Category::UnknownMethod))
            }
        }
    }

    fn undelivered(&self, lease_id: String) {
        let broker = Arc::clone(&self.broker);
        tokio::spawn(async move {
            let ended = broker.undeliverable(&lease_id).await;
            tracing::info!(lease = lease_id, ?ended, "answer not delivered, credential given back");
            if matches!(ended, Ended::TryAgain { .. }) {
                crate::event_code::Event::give_back_failed(1).log();
            }
        });
    }

    fn used(&self, used: Used) {
        let lease = printable(&used.lease_id);
        tracing::info!(lease, succeeded = used.succeeded, "credential was injected");
    }

    fn session_started(&self, session: SessionStarted) {
        let lsid = session.session.lsid.as_deref().map(printable);
        tracing::debug!(session = lsid, "session started");
    }

    fn session_completed(&self, session: SessionCompleted) {
        let Some(lsid) = session.session.lsid else { return };
        let (broker, site) = (Arc::clone(&self.broker), self.site.clone());
        tokio::spawn(async move {
            let report = broker.session_ended(&site, &lsid).await;
            let (closed, still_open) = (report.closed.len(), report.still_open.len());
            if closed + still_open > 0 {
                tracing::info!(session = printable(&lsid), closed, still_open, "session completed");
            }
        });
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }
}

/// Sends what the broker finds on to the site.
struct Forward(Parts);

impl PartialSink for Forward {
    fn partial(&self, items: Vec<CredentialSummary>) {
        self.0.send(items);
    }
}

/// Fills in what the question leaves open: a reference to find it by in logs and in the vault's own
/// records, and the greeting's deadline. The broker counts from its own start, so what waiting for
/// a turn has cost is taken off.
fn complete(meta: &mut Meta, id: &str, deadline: Instant) {
    meta.request_ref.get_or_insert_with(|| id.to_owned());
    meta.deadline_ms = Some(millis(deadline.saturating_duration_since(Instant::now())));
}

fn log_find(find: &Find, result: &Result<FindResult, Problem>, elapsed: Duration) {
    let user = printable(&find.user.username);
    let endpoint = endpoint(&find.target);
    let elapsed_ms = millis(elapsed);
    match result {
        Ok(found) => {
            let offered: u32 = found.sources.iter().map(|source| source.offered).sum();
            let seen: u32 = found.sources.iter().map(|source| source.seen).sum();
            let outcome = found_outcome(found);
            let mapped = found.mapped_user.as_deref().map(printable);
            tracing::info!(
                user,
                mapped,
                endpoint,
                outcome,
                offered,
                seen,
                elapsed_ms,
                "credentials.find"
            );
        }
        Err(problem) => {
            let (outcome, detail) = refused(problem);
            tracing::info!(user, endpoint, outcome, detail, elapsed_ms, "credentials.find");
        }
    }
}

fn log_retrieve(ask: &Retrieve, result: &Result<RetrieveResult, Problem>, elapsed: Duration) {
    let user = printable(&ask.user.username);
    let endpoint = endpoint(&ask.target);
    let elapsed_ms = millis(elapsed);
    match result {
        Ok(lent) => tracing::info!(
            user,
            endpoint,
            outcome = "lent",
            lease = lent.lease.id,
            expires_at = %lent.lease.expires_at,
            shared = lent.lease.shared,
            elapsed_ms,
            "credentials.retrieve"
        ),
        Err(problem) => {
            let (outcome, detail) = refused(problem);
            tracing::info!(user, endpoint, outcome, detail, elapsed_ms, "credentials.retrieve");
        }
    }
}

fn refused(problem: &Problem) -> (&'static str, Option<String>) {
    (problem.category.name(), problem.detail.as_deref().map(printable))
}

fn found_outcome(found: &FindResult) -> &'static str {
    match (&found.empty_reason, found.complete) {
        (Some(reason), _) => empty(*reason),
        (None, true) => "complete",
        (None, false) => "incomplete",
    }
}

fn empty(reason: EmptyReason) -> &'static str {
    match reason {
        EmptyReason::NoSystem => "empty: no_system",
        EmptyReason::NoAccount => "empty: no_account",
        EmptyReason::NotRequestable => "empty: not_requestable",
        EmptyReason::PolicyHidAll => "empty: policy_hid_all",
        EmptyReason::KindNotWanted => "empty: kind_not_wanted",
        EmptyReason::UserUnmappedAllowed => "empty: user_unmapped_allowed",
    }
}

/// What to call the endpoint in a log. Never its URL, which may hold a password.
fn endpoint(target: &Target) -> String {
    let names = [&target.hostname, &target.fqdn, &target.name];
    printable(names.into_iter().flatten().next().map_or("unnamed", String::as_str))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A peer's words for one line of a log: short, and without what could begin another line.
pub(crate) fn printable(text: &str) -> String {
    text.chars().take(256).map(|c| if c.is_control() { '?' } else { c }).collect()
}
