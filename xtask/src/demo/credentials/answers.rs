//! What the simulators' control surfaces answer, as far as the story reads it.

use serde::Deserialize;
use serde_json::Value;

/// `GET /_sim/ecms` of the site.
#[derive(Debug, Deserialize)]
pub(super) struct Ecms {
    pub(super) ecms: Vec<Ecm>,
}

/// One link.
#[derive(Debug, Deserialize)]
pub(super) struct Ecm {
    pub(super) group: String,
    pub(super) rank: Option<u32>,
    pub(super) product: Option<String>,
}

/// A question to an ECM has an answer or an error; both are HTTP 200.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Answered<T> {
    Refused { error: Refusal },
    Well(T),
}

/// Why there is no good answer.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) category: Option<String>,
}

/// `POST /_sim/search`.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    pub(super) items: Vec<Offer>,
    pub(super) complete: bool,
    pub(super) mapped_user: Option<String>,
    pub(super) elapsed_ms: u64,
}

/// One credential on offer.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Offer {
    pub(super) id: String,
    pub(super) display: String,
    pub(super) kind: String,
    pub(super) scope: String,
    pub(super) approval: String,
    pub(super) sort: String,
}

/// `POST /_sim/retrieve`.
#[derive(Debug, Deserialize)]
pub(super) struct Retrieved {
    pub(super) lsid: String,
    pub(super) lease: Lease,
    pub(super) username: Option<String>,
    pub(super) secret_bytes: usize,
    pub(super) proof: Option<String>,
}

/// What a session holds.
#[derive(Debug, Deserialize)]
pub(super) struct Lease {
    pub(super) id: String,
    pub(super) expires_at: String,
}

/// `POST /_sim/end-session`.
#[derive(Debug, Deserialize)]
pub(super) struct Ended {
    pub(super) releases: Vec<Released>,
}

/// What the ECM said to one lease that went back.
#[derive(Debug, Deserialize)]
pub(super) struct Released {
    pub(super) lease_id: Option<String>,
    pub(super) released: Option<bool>,
}

/// `GET /_sim/stats` of the site.
#[derive(Debug, Deserialize)]
pub(super) struct Stats {
    pub(super) invariants: Invariants,
}

/// Promises of the protocol an ECM may have broken.
#[derive(Debug, Deserialize)]
pub(super) struct Invariants {
    pub(super) leases_held: usize,
    pub(super) leases_stranded: usize,
    pub(super) answers_after_cancel: u64,
    pub(super) second_links: u64,
    pub(super) notes: Vec<String>,
}

/// `GET /_sim/calls` of the vault: one call it saw.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Call {
    pub(super) number: u64,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Option<Value>,
    pub(super) user: Option<String>,
    pub(super) status: Option<u16>,
}

/// `GET /_sim/requests` of the vault: a release request.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Request {
    pub(super) id: i64,
    pub(super) user: String,
    pub(super) account: String,
    pub(super) state: String,
    pub(super) duration_minutes: i64,
    pub(super) approved_by: Vec<String>,
    pub(super) reads: u32,
}

impl Request {
    /// Neither given back nor over.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.state.as_str(), "pending" | "approved")
    }
}

/// `GET /_sim/accounts` of the vault: an account.
#[derive(Debug, Deserialize)]
pub(super) struct Account {
    pub(super) key: String,
    pub(super) changes: u64,
}

/// `POST /_sim/proof` of the vault.
#[derive(Debug, Deserialize)]
pub(super) struct Proof {
    pub(super) proof: String,
}
