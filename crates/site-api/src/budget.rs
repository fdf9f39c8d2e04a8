//! How many calls the site still allows.

use http::HeaderMap;

/// What `X-RateLimit-Limit` and `X-RateLimit-Remaining` of the last answer said. Public text knows
/// of 20 calls a second and 15 000 an hour for each API account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Calls allowed in the site's period.
    pub limit: u64,
    /// How many of them are left.
    pub remaining: u64,
}

impl Budget {
    /// Reads the headers of an answer; both must be there.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let limit = number(headers, "x-ratelimit-limit")?;
        Some(Self { limit, remaining: number(headers, "x-ratelimit-remaining")? })
    }
}

/// A header that is a plain number.
pub(crate) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}
