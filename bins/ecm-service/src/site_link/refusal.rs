//! What a site's answer means when it is not "101 Switching Protocols", and when to try again.

use std::fmt;
use std::time::Duration;

use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};

/// Why the site refuses the upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 401: the token is expired, revoked or wrong.
    Token,
    /// 403: the account lacks the permission, is disabled, or comes from a wrong address.
    NotAllowed {
        /// Whether the site names the scope as the reason.
        scope: bool,
    },
    /// 404 or 426: there is no such feature, or not in this version.
    NotOffered {
        /// The status.
        status: u16,
    },
    /// 409: too many ECMs are connected.
    TooMany,
    /// 429 or 503: slow down, or maintenance.
    Later {
        /// The status.
        status: u16,
        /// What the site asks for, at most an hour.
        after: Option<Duration>,
    },
    /// 3xx. Never followed: the token would go to a stranger.
    Redirect {
        /// The status.
        status: u16,
    },
    /// Any other status.
    Other {
        /// The status.
        status: u16,
    },
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// At once with a fresh token, but only once; then as after any failure.
    WithFreshToken,
    /// As after any failure: growing pauses with jitter.
    Backoff,
    /// About every minute.
    EveryMinute,
    /// About every five minutes: somebody must change something first.
    Slowly,
    /// After the time the site named.
    After(Duration),
}

/// What a site may ask us to wait at most.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

impl Refusal {
    /// Reads status and headers of the answer.
    #[must_use]
    pub fn read(status: StatusCode, headers: &HeaderMap) -> Self {
        let number = status.as_u16();
        match number {
            401 => Self::Token,
            403 => Self::NotAllowed {
                scope: headers
                    .get(WWW_AUTHENTICATE)
                    .and_then(|value| value.to_str().ok())
                    .is_some_and(|value| value.contains("insufficient_scope")),
            },
            404 | 426 => Self::NotOffered { status: number },
            409 => Self::TooMany,
            429 | 503 => Self::Later { status: number, after: retry_after(headers) },
            300..=399 => Self::Redirect { status: number },
            _ => Self::Other { status: number },
        }
    }

    /// When to try again.
    #[must_use]
    pub fn retry(self) -> Retry {
        match self {
            Self::Token => Retry::WithFreshToken,
            Self::NotAllowed { .. } | Self::NotOffered { .. } | Self::Redirect { .. } => {
                Retry::Slowly
            }
            Self::TooMany => Retry::EveryMinute,
            Self::Later { after: Some(after), .. } => Retry::After(after),
            Self::Later { after: None, .. } | Self::Other { .. } => Retry::Backoff,
        }
    }

    /// What the operator can do.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Token => "check client-id and client-secret, and whether the account was changed",
            Self::NotAllowed { scope: true } => {
                "give the API account the permission for Endpoint Credential Managers"
            }
            Self::NotAllowed { scope: false } => {
                "check that the API account is enabled and allowed from this address"
            }
            Self::NotOffered { .. } => {
                "check host and path of the site's url, and that the site offers this protocol"
            }
            Self::TooMany => "stop an ECM that is no longer needed; this one tries every minute",
            Self::Later { .. } => "nothing: the site asked to wait, and this service will",
            Self::Redirect { .. } => "write the final address into url; redirects are not followed",
            Self::Other { .. } => "look at the site's own log",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token => f.write_str("the token is not accepted (401)"),
            Self::NotAllowed { scope: true } => {
                f.write_str("the account lacks the permission (403, insufficient_scope)")
            }
            Self::NotAllowed { scope: false } => f.write_str("the account is not allowed (403)"),
            Self::NotOffered { status } => write!(f, "it is not offered there ({status})"),
            Self::TooMany => f.write_str("too many ECMs are connected (409)"),
            Self::Later { status, after: Some(after) } => {
                write!(f, "try again in {} s ({status})", after.as_secs())
            }
            Self::Later { status, after: None } => write!(f, "try again later ({status})"),
            Self::Redirect { status } => write!(f, "it points elsewhere ({status})"),
            Self::Other { status } => write!(f, "status {status}"),
        }
    }
}

/// `Retry-After` in seconds. The date form is rare, and clocks differ: it means "later".
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_meaning_and_its_next_try() {
        let scope = [(WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"")];
        let wait = [(RETRY_AFTER, "120")];
        let forever = [(RETRY_AFTER, "99999999")];
        let date = [(RETRY_AFTER, "Wed, 21 Oct 2026 07:28:00 GMT")];
        let minutes = |m: u64| Duration::from_secs(m * 60);
        for (status, headers, refusal, retry) in [
            (401, &[][..], Refusal::Token, Retry::WithFreshToken),
            (403, &scope, Refusal::NotAllowed { scope: true }, Retry::Slowly),
            (403, &[], Refusal::NotAllowed { scope: false }, Retry::Slowly),
            (404, &[], Refusal::NotOffered { status: 404 }, Retry::Slowly),
            (426, &[], Refusal::NotOffered { status: 426 }, Retry::Slowly),
            (409, &[], Refusal::TooMany, Retry::EveryMinute),
            (
                503,
                &wait,
                Refusal::Later { status: 503, after: Some(minutes(2)) },
                Retry::After(minutes(2)),
            ),
            (
                429,
                &forever,
                Refusal::Later { status: 429, after: Some(minutes(60)) },
                Retry::After(minutes(60)),
            ),
            (503, &date, Refusal::Later { status: 503, after: None }, Retry::Backoff),
            (302, &[], Refusal::Redirect { status: 302 }, Retry::Slowly),
            (500, &[], Refusal::Other { status: 500 }, Retry::Backoff),
        ] {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| (name.clone(), value.parse().unwrap()))
                .collect();
            let read = Refusal::read(StatusCode::from_u16(status).unwrap(), &map);
            assert_eq!(read, refusal);
            assert_eq!(read.retry(), retry, "{status}");
        }
    }
}
