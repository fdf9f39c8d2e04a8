//! What is counted: for a monitoring system, as text in the format of OpenMetrics, and for the
//! status page. Labels are names of the configuration, kinds and categories: never a person, an
//! endpoint, an account or an address.

mod server;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use serde::{Deserialize, Serialize};

pub use server::{MetricsError, listen, serve};

use crate::status::{LinkState, Status};

/// Upper bounds of the latency buckets, in milliseconds.
const BOUNDS_MS: [u64; 10] = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    site: String,
    question: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfQuestion {
    question: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSite {
    site: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfVault {
    vault: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Called {
    vault: String,
    call: &'static str,
    status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignedIn {
    vault: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

/// Counts. Cheap to share.
#[derive(Clone)]
pub struct Meter(Arc<Inner>);

struct Inner {
    registry: Mutex<Registry>,
    questions: Family<Asked, Counter>,
    seconds: Family<OfQuestion, Histogram, fn() -> Histogram>,
    calls: Family<Called, Counter>,
    sign_ins: Family<SignedIn, Counter>,
    open_leases: Gauge,
    linked: Family<OfSite, Gauge>,
    place: Family<OfSite, Gauge>,
    sessions: Family<OfVault, Gauge>,
    /// Searches by latency, for the status page: one per bound, and one for those above.
    searches: [AtomicU64; BOUNDS_MS.len() + 1],
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meter")
    }
}

/// How many searches took how long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latencies {
    /// Upper bounds in milliseconds, ascending.
    pub bounds_ms: Vec<u64>,
    /// Searches up to each bound and above the one before; one more for those above all.
    pub counts: Vec<u64>,
}

impl Default for Meter {
    fn default() -> Self {
        let inner = Inner {
            registry: Mutex::default(),
            questions: Family::default(),
            seconds: Family::new_with_constructor(buckets),
            calls: Family::default(),
            sign_ins: Family::default(),
            open_leases: Gauge::default(),
            linked: Family::default(),
            place: Family::default(),
            sessions: Family::default(),
            searches: Default::default(),
        };
        inner.register();
        Self(Arc::new(inner))
    }
}

fn buckets() -> Histogram {
    Histogram::new(BOUNDS_MS.iter().map(|bound| Duration::from_millis(*bound).as_secs_f64()))
}

/// Every metric: name, what it tells, its labels. The manual's table is made from this.
pub const METRICS: &[(&str, &str, &str)] = &[
    ("ecm_build_info", "1, with the version of the program", "version"),
    ("ecm_questions_total", "questions of sites that were answered", "site, question, outcome"),
    ("ecm_question_seconds", "how long answering took; a histogram", "question"),
    ("ecm_open_leases", "release requests that are still to be given back", ""),
    ("ecm_site_linked", "1 while a site can ask", "site"),
    ("ecm_site_place", "place among the ECMs of the group; 1 is asked, 0 is unknown", "site"),
    (
        "ecm_vault_calls_total",
        "calls to a Password Safe, by status; 0 for no answer",
        "vault, call, status",
    ),
    ("ecm_vault_sign_ins_total", "sign-ins to a Password Safe", "vault, outcome"),
    ("ecm_vault_sessions", "vault users that are signed in", "vault"),
];

impl Inner {
    fn register(&self) {
        let help = |name: &str| {
            METRICS.iter().find(|(other, ..)| *other == name).map_or("", |(_, help, _)| *help)
        };
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let build = Family::<Build, Gauge>::default();
        build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("ecm_build_info", help("ecm_build_info"), build);
        // The library adds `_total` to the names of counters by itself.
        registry.register("ecm_questions", help("ecm_questions_total"), self.questions.clone());
        registry.register(
            "ecm_question_seconds",
            help("ecm_question_seconds"),
            self.seconds.clone(),
        );
        registry.register("ecm_open_leases", help("ecm_open_leases"), self.open_leases.clone());
        registry.register("ecm_site_linked", help("ecm_site_linked"), self.linked.clone());
        registry.register("ecm_site_place", help("ecm_site_place"), self.place.clone());
        registry.register("ecm_vault_calls", help("ecm_vault_calls_total"), self.calls.clone());
        let sign_ins = self.sign_ins.clone();
        registry.register("ecm_vault_sign_ins", help("ecm_vault_sign_ins_total"), sign_ins);
        registry.register("ecm_vault_sessions", help("ecm_vault_sessions"), self.sessions.clone());
    }
}

impl Meter {
    /// A question of a site was answered.
    pub fn question(
        &self,
        site: &str,
        question: &'static str,
        outcome: &'static str,
        took: Duration,
    ) {
        let asked = Asked { site: site.to_owned(), question, outcome };
        self.0.questions.get_or_create(&asked).inc();
        self.0.seconds.get_or_create(&OfQuestion { question }).observe(took.as_secs_f64());
        if question == "find" {
            let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            let bucket = BOUNDS_MS.iter().position(|bound| ms <= *bound).unwrap_or(BOUNDS_MS.len());
            if let Some(count) = self.0.searches.get(bucket) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// What counts the calls of a client to this vault.
    #[must_use]
    pub fn of_vault(&self, vault: &str) -> Arc<dyn ps_client::metrics::Metrics> {
        Arc::new(VaultMeter { meter: self.clone(), vault: vault.to_owned() })
    }

    /// How many searches took how long.
    #[must_use]
    pub fn latencies(&self) -> Latencies {
        Latencies {
            bounds_ms: BOUNDS_MS.to_vec(),
            counts: self.0.searches.iter().map(|count| count.load(Ordering::Relaxed)).collect(),
        }
    }

    /// Everything as text, with what `status` says now.
    #[must_use]
    pub fn text(&self, status: &Status) -> String {
        self.0.open_leases.set(i64::try_from(status.open_leases).unwrap_or(i64::MAX));
        for site in &status.sites {
            let of = OfSite { site: site.name.clone() };
            self.0.linked.get_or_create(&of).set(i64::from(site.state == LinkState::Ready));
            self.0.place.get_or_create(&of).set(site.position.map_or(0, i64::from));
        }
        for vault in &status.vaults {
            let sessions = i64::try_from(vault.sessions).unwrap_or(i64::MAX);
            self.0.sessions.get_or_create(&OfVault { vault: vault.name.clone() }).set(sessions);
        }
        let mut text = String::new();
        let registry = self.0.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing into a string does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
        text
    }
}

struct VaultMeter {
    meter: Meter,
    vault: String,
}

impl ps_client::metrics::Metrics for VaultMeter {
    fn call(&self, event: &ps_client::metrics::CallEnd) {
        let called = Called {
            vault: self.vault.clone(),
            call: event.endpoint,
            status: event.status.unwrap_or(0).to_string(),
        };
        self.meter.0.calls.get_or_create(&called).inc();
    }

    fn sign_in(&self, _lane: usize, succeeded: bool) {
        let outcome = if succeeded { "done" } else { "refused" };
        let signed_in = SignedIn { vault: self.vault.clone(), outcome };
        self.meter.0.sign_ins.get_or_create(&signed_in).inc();
    }
}

/// The table for the manual.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from("| metric | what it tells | labels |\n| --- | --- | --- |\n");
    for (name, help, labels) in METRICS {
        text.push_str(&format!("| `{name}` | {help} | {labels} |\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_what_the_manual_lists() {
        let meter = Meter::default();
        meter.question("support", "find", "complete", Duration::from_millis(30));
        meter.question("support", "find", "user_unmapped", Duration::from_secs(60));
        let vault = meter.of_vault("main");
        vault.sign_in(0, true);
        let called =
            Called { vault: "main".to_owned(), call: "GET Nodes", status: "200".to_owned() };
        meter.0.calls.get_or_create(&called).inc();
        let now = jiff::Timestamp::UNIX_EPOCH;
        let site = crate::status::SiteBoard::new("support".to_owned(), String::new(), now);
        let status = Status {
            open_leases: 3,
            sites: vec![site.snapshot()],
            vaults: vec![crate::status::VaultStatus {
                name: "main".to_owned(),
                url: String::new(),
                sessions: 2,
            }],
            ..Status::default()
        };
        let text = meter.text(&status);
        assert!(text.contains("ecm_open_leases 3\n"), "{text}");
        assert!(text.contains(
            "ecm_questions_total{site=\"support\",question=\"find\",outcome=\"complete\"} 1"
        ));
        assert!(
            text.contains("ecm_question_seconds_bucket{le=\"0.05\",question=\"find\"} 1"),
            "{text}"
        );
        let described: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next())
            .collect();
        for (name, ..) in METRICS {
            let name = name.trim_end_matches("_total");
            assert!(described.contains(&name), "{name}: {described:?}");
        }
        assert_eq!(described.len(), METRICS.len());
        let latencies = meter.latencies();
        assert_eq!(latencies.counts.len(), latencies.bounds_ms.len() + 1);
        assert_eq!((latencies.counts[2], latencies.counts.last()), (1, Some(&1)));
    }
}
