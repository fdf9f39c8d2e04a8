//! Why a link ended, and what follows: when to try again, and what to tell the operator.

use service_host::outbound::ReachError;
use std::time::Duration;

use super::refusal::{Refusal, Retry};
use super::token::TokenError;
use super::wire::{ConnectError, LinkLost};
use crate::event_code::Event;

/// Why there is no link, or no longer.
#[derive(Debug)]
pub enum LinkEnd {
    /// No token could be had.
    NoToken(TokenError),
    /// No connection could be made.
    NoConnection(ConnectError),
    /// The site refused the greeting.
    GreetingRefused {
        /// The category of the site's problem, as on the wire.
        category: String,
        /// The group we insist on, if any.
        expected_group: Option<String>,
    },
    /// The connection ended.
    Lost(LinkLost),
    /// Our own side of the conversation ended it.
    ClosedByUs {
        /// The code we sent.
        code: u16,
        /// And why.
        reason: String,
    },
    /// The machine slept, or its clock jumped.
    ClockJump(Duration),
    /// The token ran out, and the site takes no new one on a live link.
    TokenRanOut,
    /// The site asked us to go, and everything that ran is finished.
    Drained,
}

/// Close codes of the open protocol with a meaning of their own.
mod close_code {
    pub(super) const POLICY: u16 = 1008;
    pub(super) const TRY_LATER: u16 = 1013;
    pub(super) const VERSION: u16 = 4003;
    pub(super) const GROUP: u16 = 4004;
    pub(super) const REPLACED: u16 = 4005;
}

impl LinkEnd {
    /// When to try again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::NoToken(error) => error.retry(),
            Self::NoConnection(ConnectError::Refused(refusal)) => refusal.retry(),
            Self::NoConnection(
                ConnectError::NotReached(ReachError::Untrusted { .. })
                | ConnectError::NotSpoken { .. },
            )
            | Self::GreetingRefused { .. } => Retry::Slowly,
            Self::Lost(LinkLost::Closed { code, .. }) => match *code {
                close_code::POLICY => Retry::WithFreshToken,
                close_code::TRY_LATER => Retry::EveryMinute,
                // At once would mean to throw the other one out again, and so on without end.
                close_code::VERSION | close_code::GROUP | close_code::REPLACED => Retry::Slowly,
                _ => Retry::Backoff,
            },
            Self::NoConnection(_)
            | Self::Lost(_)
            | Self::ClosedByUs { .. }
            | Self::ClockJump(_)
            | Self::TokenRanOut
            | Self::Drained => Retry::Backoff,
        }
    }

    /// What the operator is told; nothing when all is as it should be.
    #[must_use]
    pub fn event(&self, site: &str) -> Option<Event> {
        let why = self.to_string();
        match self {
            Self::NoToken(TokenError::Unreachable { untrusted: true, .. })
            | Self::NoConnection(ConnectError::NotReached(ReachError::Untrusted { .. })) => {
                Some(Event::site_untrusted(site, &why))
            }
            Self::NoToken(TokenError::Refused { refusal, .. })
            | Self::NoConnection(ConnectError::Refused(refusal)) => match refusal {
                Refusal::Later { .. } => Some(Event::site_unreachable(site, &why)),
                _ => Some(Event::site_refused(site, &format!("{why}; {}", refusal.advice()))),
            },
            Self::NoToken(_) | Self::NoConnection(_) => Some(Event::site_unreachable(site, &why)),
            Self::GreetingRefused { category, expected_group } if category == "group_mismatch" => {
                let expected = expected_group.as_deref().unwrap_or("any");
                Some(Event::site_group_mismatch(site, expected, "the site says another one"))
            }
            Self::GreetingRefused { .. } => Some(Event::site_refused(site, &why)),
            Self::Lost(LinkLost::Closed { code: close_code::GROUP, .. }) => {
                Some(Event::site_group_mismatch(site, "expect-group", &why))
            }
            Self::Lost(LinkLost::Closed { code: close_code::REPLACED, .. }) => {
                Some(Event::site_replaced(site))
            }
            Self::Lost(_) | Self::ClosedByUs { .. } => Some(Event::site_lost(site, &why)),
            Self::ClockJump(jump) => Some(Event::clock_jump(site, *jump)),
            Self::TokenRanOut | Self::Drained => None,
        }
    }
}

impl std::fmt::Display for LinkEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoToken(error) => chain(f, error),
            Self::NoConnection(error) => chain(f, error),
            Self::GreetingRefused { category, .. } => {
                write!(f, "the site refuses the greeting: {category}")
            }
            Self::Lost(error) => chain(f, error),
            Self::ClosedByUs { code, reason } => write!(f, "closed by us with {code} ({reason})"),
            Self::ClockJump(jump) => write!(f, "the clock jumped by {} s", jump.as_secs()),
            Self::TokenRanOut => f.write_str("the token ran out"),
            Self::Drained => f.write_str("the site sent us away"),
        }
    }
}

/// The error and its causes in one line.
fn chain(f: &mut std::fmt::Formatter<'_>, error: &dyn std::error::Error) -> std::fmt::Result {
    write!(f, "{error}")?;
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(f, ": {error}")?;
        cause = error.source();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(code: u16) -> LinkEnd {
        LinkEnd::Lost(LinkLost::Closed { code, reason: String::new() })
    }

    #[test]
    fn close_codes_decide_about_the_next_try_and_the_event() {
        for (code, retry, event) in [
            (1000, Retry::Backoff, 202),
            (1001, Retry::Backoff, 202),
            (1008, Retry::WithFreshToken, 202),
            (1012, Retry::Backoff, 202),
            (1013, Retry::EveryMinute, 202),
            (4003, Retry::Slowly, 202),
            (4004, Retry::Slowly, 206),
            (4005, Retry::Slowly, 207),
            (4008, Retry::Backoff, 202),
        ] {
            let end = closed(code);
            assert_eq!(end.retry(), retry, "{code}");
            assert_eq!(end.event("support").unwrap().code().number, event, "{code}");
        }
    }

    #[test]
    fn refused_accounts_and_groups_are_told_apart_from_bad_networks() {
        let group = LinkEnd::GreetingRefused {
            category: "group_mismatch".to_owned(),
            expected_group: Some("Blue".to_owned()),
        };
        assert_eq!(group.event("support").unwrap().code().number, 206);
        assert_eq!(group.retry(), Retry::Slowly);
        let refused = LinkEnd::NoConnection(ConnectError::Refused(Refusal::TooMany));
        assert_eq!(refused.event("support").unwrap().code().number, 204);
        assert_eq!(refused.retry(), Retry::EveryMinute);
        let dark = LinkEnd::NoConnection(ConnectError::TimedOut { waited: Duration::ZERO });
        assert_eq!(dark.event("support").unwrap().code().number, 203);
        assert_eq!(dark.retry(), Retry::Backoff);
        assert!(LinkEnd::TokenRanOut.event("support").is_none());
    }
}
