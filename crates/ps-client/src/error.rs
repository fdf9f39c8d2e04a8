//! What can go wrong with a call, sorted by who must act.

mod code;
mod excerpt;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::auth::HeaderError;
use crate::repeat::Repeat;
use crate::transport::TransportError;

pub use self::code::ReasonCode;
pub(crate) use self::excerpt::{Excerpt, is_html};

/// A call that did not do what it should: what, at which endpoint, and what to do.
///
/// Holds no secret and no address. Cheap to clone, for those who waited together.
#[derive(Clone, Debug)]
pub struct Error {
    kind: Arc<ErrorKind>,
    endpoint: &'static str,
    status: Option<u16>,
    excerpt: Option<Excerpt>,
    repeat: Repeat,
    retry_after: Option<Duration>,
}

/// What went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The vault does not let us in: unknown key or token, unknown or quarantined user, user
    /// not in the registration's group, address not allowed, password or certificate missing.
    /// The vault does not say which.
    SignInRefused,
    /// A second factor is wanted where nobody can be asked.
    TwoFactorWanted,
    /// The vault's licence is not valid.
    LicenceInvalid,
    /// This version of the API is switched off.
    VersionDisabled,
    /// The vault said no, with its reason.
    Refused(ReasonCode),
    /// The vault said no, without one.
    Forbidden,
    /// There is no such thing, or it is over.
    NotFound,
    /// Something else is in the way.
    Conflict(Option<ReasonCode>),
    /// A value is missing or wrong; the excerpt says which.
    Invalid,
    /// Too many calls; [`Error::retry_after`] may say for how long.
    Throttled,
    /// Nothing was sent: the vault has failed again and again, and is left alone.
    Suspended {
        /// For how long yet.
        left: Duration,
        /// The last of its failures, of whichever call; without the text of an answer.
        last: Box<Error>,
    },
    /// Nothing was sent: too many calls wait for their turn already.
    Crowded {
        /// How many.
        waiting: usize,
    },
    /// The vault failed.
    Server,
    /// What answered is not the API: a proxy's or a sign-in page.
    NotTheApi,
    /// The answer has a shape that is not known.
    Unreadable {
        /// Where and how, never what.
        what: String,
    },
    /// A new request may or may not exist, and the list of requests did not settle it: it could
    /// not be read, it shows several that fit, or it shows none while the vault may still be at
    /// work. What became of the call itself is inside.
    MaybeMade(Box<Error>),
    /// The call did not get through.
    Transport(TransportError),
    /// A value cannot be sent.
    Header(HeaderError),
    /// Nothing was sent: the vault would refuse the call, or answer it with nothing.
    Misuse {
        /// The rule that is broken.
        rule: &'static str,
    },
}

impl Error {
    pub(crate) fn new(endpoint: &'static str, kind: ErrorKind) -> Self {
        let kind = Arc::new(kind);
        Self {
            kind,
            endpoint,
            status: None,
            excerpt: None,
            repeat: Repeat::Unsafe,
            retry_after: None,
        }
    }

    /// Nothing was sent, because `rule` is broken.
    pub(crate) fn misuse(endpoint: &'static str, rule: &'static str) -> Self {
        Self::new(endpoint, ErrorKind::Misuse { rule })
    }

    /// A sign-in that failed without a call, for whoever keeps sessions: the vault refused the
    /// same moments ago, or wants a second factor from a program.
    #[must_use]
    pub fn at_sign_in(kind: ErrorKind) -> Self {
        Self::new("POST Auth/SignAppin", kind)
    }

    pub(crate) fn with_answer(mut self, status: u16, excerpt: Option<Excerpt>) -> Self {
        self.status = Some(status);
        self.excerpt = excerpt;
        self
    }

    pub(crate) fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }

    /// How long the vault, or what stands in front of it, wants us to wait, if it says.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(crate) fn with_repeat(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }

    /// Takes `secrets` out of what the vault said, for a server that echoes what it was sent.
    pub(crate) fn scrubbed<'a>(
        mut self,
        secrets: impl IntoIterator<Item = &'a SecretString>,
    ) -> Self {
        if let Some(excerpt) = &mut self.excerpt {
            excerpt.scrub(secrets);
        }
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The call, as method and path pattern.
    #[must_use]
    pub fn endpoint(&self) -> &'static str {
        self.endpoint
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The vault's reason code, if it gave one.
    #[must_use]
    pub fn reason(&self) -> Option<ReasonCode> {
        match *self.kind {
            ErrorKind::Refused(code) | ErrorKind::Conflict(Some(code)) => Some(code),
            _ => None,
        }
    }

    /// What the vault said about it: at most about 4 KiB, beginning and end, with everything
    /// masked that looks like a secret. For logs, not for other people.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        self.excerpt.as_ref().map(Excerpt::as_str)
    }

    /// Whether the same call may succeed if it is simply made again after a while, and making it
    /// twice does no harm. What may have made something that a repeat would make again never may:
    /// look first.
    #[must_use]
    pub fn may_repeat(&self) -> bool {
        let safe = self.repeat == Repeat::Safe;
        match &*self.kind {
            // Decided before anything is done.
            ErrorKind::Throttled | ErrorKind::Refused(ReasonCode::NotApproved) => true,
            ErrorKind::Server => safe,
            ErrorKind::Invalid => safe && self.status == Some(408),
            ErrorKind::Transport(error) => {
                let lost = matches!(error, TransportError::TimedOut(_) | TransportError::Broken(_));
                error.may_repeat() || (safe && lost)
            }
            _ => false,
        }
    }

    /// Whether the vault may have done what it was asked in spite of the error.
    #[must_use]
    pub fn may_have_been_executed(&self) -> bool {
        match &*self.kind {
            ErrorKind::Transport(error) => error.may_have_been_executed(),
            // A balancer's word says nothing about what the vault behind it did.
            ErrorKind::Server | ErrorKind::Unreadable { .. } | ErrorKind::NotTheApi => true,
            ErrorKind::Invalid => self.status == Some(408),
            ErrorKind::MaybeMade(_) => true,
            _ => false,
        }
    }

    /// What it means, in one sentence.
    #[must_use]
    pub fn meaning(&self) -> &'static str {
        match &*self.kind {
            ErrorKind::SignInRefused => "the vault does not let us in, and does not say why",
            ErrorKind::TwoFactorWanted => "the vault wants a second factor from a person",
            ErrorKind::LicenceInvalid => "the vault's licence is not valid",
            ErrorKind::VersionDisabled => "this version of the API is switched off",
            ErrorKind::Refused(code) | ErrorKind::Conflict(Some(code)) => code.meaning(),
            ErrorKind::Forbidden => "the vault refuses this to the signed-in user",
            ErrorKind::NotFound => "the vault does not have it, or it is over",
            ErrorKind::Conflict(None) => "something in the vault is in the way",
            ErrorKind::Invalid => match self.status {
                Some(405) => "this vault does not know the call",
                Some(408) => "the vault gave up waiting for the whole question",
                _ => "the vault finds a value missing or wrong",
            },
            ErrorKind::Throttled => "the vault wants fewer calls",
            ErrorKind::Suspended { .. } => "the vault has failed again and again; nothing was sent",
            ErrorKind::Crowded { .. } => "too many calls wait for the vault; nothing was sent",
            ErrorKind::Server => "the vault, or a balancer in front of it, failed",
            ErrorKind::NotTheApi => "what answered is not the vault's API",
            ErrorKind::Unreadable { .. } => "the vault answered in a way this client does not know",
            ErrorKind::MaybeMade(_) => "a release request may or may not have been made",
            ErrorKind::Transport(error) if error.may_have_been_executed() => {
                "no answer came, and the vault may have done what it was asked"
            }
            ErrorKind::Transport(_) => "the vault was not reached, and nothing has happened there",
            ErrorKind::Header(_) | ErrorKind::Misuse { .. } => "nothing was sent",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match &*self.kind {
            ErrorKind::SignInRefused => {
                "check, in this order: the key or client secret (a rotated key stops at once); \
                 that the run-as user exists, is active and not quarantined; that a group of the \
                 user has the API registration; that the registration's address rules allow this \
                 machine; whether it wants a password or a client certificate"
            }
            ErrorKind::TwoFactorWanted => {
                "switch multi-factor enforcement off for this API registration, or sign in with a \
                 person present"
            }
            ErrorKind::LicenceInvalid => "the vault's licence must be renewed",
            ErrorKind::VersionDisabled => "switch API version 3 on in the vault",
            ErrorKind::Refused(code) | ErrorKind::Conflict(Some(code)) => code.advice(),
            ErrorKind::Forbidden => "the user lacks the permission that the call's page names",
            ErrorKind::NotFound => "it was deleted, has expired or was given back; search again",
            ErrorKind::Conflict(None) => "somebody else holds it; wait or ask them",
            ErrorKind::Invalid => match self.status {
                Some(405) => "check the vault's release",
                Some(408) => "repeat; look at the network in between",
                _ => "see the vault's own words; a policy may want a reason or a ticket",
            },
            ErrorKind::Throttled => "wait and repeat",
            ErrorKind::Suspended { .. } => {
                "wait for the time that is left; the last failure, below this one, says what is wrong"
            }
            ErrorKind::Crowded { .. } => "ask for less at once, or allow more calls at once",
            ErrorKind::Server => "repeat; if it stays, look at the vault's own log",
            ErrorKind::NotTheApi => {
                "check that the address ends with /BeyondTrust/api/public/v3, and that no proxy \
                 asks for a sign-in"
            }
            ErrorKind::Unreadable { .. } => {
                "the vault may be newer than this client; report the endpoint and what it says"
            }
            ErrorKind::MaybeMade(_) => "look at the list of requests before making another",
            ErrorKind::Transport(error) => error.advice(),
            ErrorKind::Header(_) | ErrorKind::Misuse { .. } => "correct the value",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.endpoint)?;
        match &*self.kind {
            ErrorKind::SignInRefused => f.write_str("the vault refused the sign-in"),
            ErrorKind::TwoFactorWanted => f.write_str("the vault wants a second factor"),
            ErrorKind::LicenceInvalid => f.write_str("the vault's licence is not valid"),
            ErrorKind::VersionDisabled => f.write_str("the vault has this API version disabled"),
            ErrorKind::Refused(code) => write!(f, "the vault refused ({code})"),
            ErrorKind::Forbidden => f.write_str("the vault refused without a reason"),
            ErrorKind::NotFound => f.write_str("not found, or over"),
            ErrorKind::Conflict(Some(code)) => write!(f, "conflict ({code})"),
            ErrorKind::Conflict(None) => f.write_str("conflict"),
            ErrorKind::Invalid => f.write_str("the vault calls a value missing or wrong"),
            ErrorKind::Throttled => f.write_str("the vault wants fewer calls"),
            ErrorKind::Suspended { left, .. } => {
                write!(f, "the vault is left alone for another {} ms", left.as_millis())
            }
            ErrorKind::Crowded { waiting } => write!(f, "{waiting} calls wait already"),
            ErrorKind::Server => {
                write!(f, "the vault failed with status {}", self.status.unwrap_or(500))
            }
            ErrorKind::NotTheApi => f.write_str("what answered is not the vault's API"),
            ErrorKind::Unreadable { what } => write!(f, "the answer cannot be read: {what}"),
            ErrorKind::MaybeMade(_) => f.write_str("a request may have been made"),
            ErrorKind::Transport(_) => f.write_str("the call did not get through"),
            ErrorKind::Header(_) => f.write_str("a value cannot be sent"),
            ErrorKind::Misuse { rule } => write!(f, "the call cannot be made like this: {rule}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.kind {
            ErrorKind::MaybeMade(cause) => Some(&**cause),
            ErrorKind::Suspended { last, .. } => Some(&**last),
            ErrorKind::Transport(cause) => Some(cause),
            ErrorKind::Header(cause) => Some(cause),
            _ => None,
        }
    }
}
