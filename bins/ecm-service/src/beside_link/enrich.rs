//! What a site's APIs can add to a question: other names of a machine, and the session's ticket.
//!
//! Adds, never replaces. Within half a second, or not at all: the question goes on as it came.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ecm_protocol::message::{Address, AddressScope, Retrieve, Target, TargetKind, Ticket};
use site_api::command::GetSessionAttributes;
use site_api::configuration::{JumpClient, List};
use site_api::{Error, Lsid};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::SiteApi;
use crate::config::site::Enrichment;
use crate::desk::printable;

/// How long a question may wait for what is added to it.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long the facts of a machine are believed.
const FRESH: Duration = Duration::from_secs(300);
/// How long an account that lacks the right is not asked again.
const NO_RIGHT: Duration = Duration::from_secs(900);
/// How long an API that did not answer in time is left alone.
const LATE: Duration = Duration::from_secs(10);
/// Calls under way at a time.
const AT_A_TIME: usize = 16;
/// Machines whose facts are kept.
const MAX_KEPT: usize = 2048;
/// What is asked for, each by an API of its own.
const FACTS: &str = "Jump Client facts";
const TICKETS: &str = "session attributes";
/// Longest value of an attribute that is taken, in bytes.
const LONGEST_TICKET: usize = 256;

/// What the site knows of one machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Facts {
    fqdn: Option<String>,
    private: Option<IpAddr>,
}

/// Adds to the questions of one site.
pub struct Enricher {
    api: SiteApi,
    rules: Enrichment,
    kept: Mutex<HashMap<String, (Instant, Facts)>>,
    /// Calls that may be under way at a time: a flood of questions is not one of calls.
    places: Semaphore,
    paused: Mutex<HashMap<&'static str, Instant>>,
}

impl Enricher {
    /// Adds as the rules say.
    #[must_use]
    pub fn new(api: SiteApi, rules: Enrichment) -> Self {
        Self {
            api,
            rules,
            kept: Mutex::default(),
            places: Semaphore::new(AT_A_TIME),
            paused: Mutex::default(),
        }
    }

    /// Adds full name and private address of a Jump Client that is known by its host name alone.
    pub async fn target(&self, target: &mut Target) {
        if !self.rules.jump_items || target.kind != TargetKind::JumpClient {
            return;
        }
        let Some(host) = target.hostname.clone().filter(|host| is_bare_name(host)) else { return };
        let private = |address: &Address| address.scope == AddressScope::Private;
        if target.fqdn.is_some() && target.addresses.iter().any(private) {
            return;
        }
        let Some(facts) = self.facts(&host).await else { return };
        let Facts { fqdn, private } = facts;
        let endpoint = printable(&host);
        if target.fqdn.is_none() && fqdn.is_some() {
            target.fqdn = fqdn;
            tracing::debug!(endpoint, fqdn = target.fqdn, "full name added from the site");
        }
        if let Some(ip) = private
            && target.addresses.iter().all(|address| address.ip != ip)
        {
            target.addresses.push(Address { ip, scope: AddressScope::Private });
            tracing::debug!(endpoint, %ip, "private address added from the site");
        }
    }

    /// Adds the ticket that stands in the session's attributes, when the question names none.
    pub async fn ticket(&self, ask: &mut Retrieve) {
        let Some(attributes) = &self.rules.ticket else { return };
        let lsid = ask.session.lsid.as_deref().and_then(|lsid| Lsid::parse(lsid).ok());
        let (None, Some(lsid)) = (&ask.ticket, lsid) else { return };
        if self.is_paused(TICKETS) {
            return;
        }
        let call = GetSessionAttributes { lsid };
        let Some(found) = self.in_time(TICKETS, self.api.client().send(&call)).await else {
            return;
        };
        let short = |value: &&str| value.len() <= LONGEST_TICKET;
        let value = |name: &str| found.get(name).filter(short).map(str::to_owned);
        let Some(number) = value(&attributes.number) else { return };
        let system = attributes.system.as_deref().and_then(value).unwrap_or_default();
        tracing::debug!(ticket = printable(&number), "ticket added from the session's attributes");
        ask.ticket = Some(Ticket { system, number });
    }

    async fn facts(&self, host: &str) -> Option<Facts> {
        let key = host.to_ascii_lowercase();
        if let Some(facts) = self.kept(&key) {
            return Some(facts);
        }
        if self.is_paused(FACTS) {
            return None;
        }
        let list = List::<JumpClient>::all().with("hostname", host).ok()?;
        let page = self.in_time(FACTS, self.api.client().send(&list)).await?;
        // A site may take the filter for a part of the name.
        let is_it = |client: &JumpClient| {
            client.hostname.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(host))
        };
        let mut named = page.items.into_iter().filter(is_it);
        let facts = match (named.next(), named.next(), page.next) {
            (Some(client), None, None) => Facts {
                fqdn: client.fqdn.filter(|name| !name.is_empty() && name.len() <= 255),
                private: client.private_ip.and_then(|ip| ip.parse().ok()),
            },
            // Another machine's address would offer another machine's credentials.
            (Some(_), ..) => {
                let endpoint = printable(host);
                tracing::debug!(
                    endpoint,
                    "several Jump Clients have this host name, nothing added"
                );
                Facts::default()
            }
            (None, ..) => Facts::default(),
        };
        self.keep(key, facts.clone());
        Some(facts)
    }

    fn kept(&self, key: &str) -> Option<Facts> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, facts) = kept.get(key)?;
        (since.elapsed() < FRESH).then(|| facts.clone())
    }

    fn keep(&self, key: String, facts: Facts) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.retain(|_, (since, _)| since.elapsed() < FRESH);
        }
        if kept.len() < MAX_KEPT {
            kept.insert(key, (Instant::now(), facts));
        }
    }

    /// What a call brings within the time there is; why not, goes to the log.
    async fn in_time<T>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Option<T> {
        let site = self.api.site();
        let Ok(_place) = self.places.try_acquire() else {
            tracing::info!(site, "not enriched: no {what}, {AT_A_TIME} questions ask already");
            return None;
        };
        match timeout(PATIENCE, call).await {
            Ok(Ok(answer)) => Some(answer),
            // Mostly a session that has not begun yet.
            Ok(Err(error @ Error::Refused { .. })) => {
                tracing::debug!(site, %error, "not enriched: no {what}");
                None
            }
            Ok(Err(error)) => {
                let advice = error.advice();
                tracing::info!(site, %error, advice, "not enriched: no {what}");
                if error.is_missing_right() {
                    self.pause(what, NO_RIGHT);
                } else if let Error::Throttled { after } = error {
                    self.pause(what, after.unwrap_or(PATIENCE));
                }
                None
            }
            Err(_) => {
                self.pause(what, LATE);
                tracing::info!(site, "not enriched: no {what} within {} ms", PATIENCE.as_millis());
                None
            }
        }
    }

    /// Each API has rights of its own.
    fn pause(&self, what: &'static str, length: Duration) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.insert(what, Instant::now() + length);
    }

    fn is_paused(&self, what: &'static str) -> bool {
        let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.get(what).is_some_and(|until| Instant::now() < *until)
    }
}

/// A host name without domain: neither an address nor a full name nor one with a port.
fn is_bare_name(host: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !host.is_empty() && host.len() <= 63 && host.bytes().all(fine)
}
