//! What can go wrong with a call, sorted by who must act.

use std::fmt;
use std::time::Duration;

use crate::auth::HeaderError;
use crate::transport::TransportError;

/// A call that did not do what it should: what, at which endpoint, and what to do.
///
/// Holds no secret and no address.
#[derive(Debug)]
pub struct Error {
    kind: Box<ErrorKind>,
    endpoint: &'static str,
    status: Option<u16>,
    excerpt: Option<String>,
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
    /// Too many calls.
    Throttled {
        /// How long the vault wants us to wait, if it says.
        retry_after: Option<Duration>,
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
    /// A new request may or may not exist, and it could not be found out.
    MaybeMade(Box<Error>),
    /// The call did not get through.
    Transport(TransportError),
    /// A value cannot be sent.
    Header(HeaderError),
}

impl Error {
    pub(crate) fn new(endpoint: &'static str, kind: ErrorKind) -> Self {
        Self { kind: Box::new(kind), endpoint, status: None, excerpt: None }
    }

    /// A sign-in that failed without a call, for whoever keeps sessions: the vault refused the
    /// same moments ago, or wants a second factor from a program.
    #[must_use]
    pub fn at_sign_in(kind: ErrorKind) -> Self {
        Self::new("POST Auth/SignAppin", kind)
    }

    pub(crate) fn with_answer(mut self, status: u16, excerpt: Option<String>) -> Self {
        self.status = Some(status);
        self.excerpt = excerpt;
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

    /// The beginning of what the vault said about it. For logs, not for other people.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        self.excerpt.as_deref()
    }

    /// Whether the same call may succeed if it is simply made again, and making it twice does
    /// no harm.
    #[must_use]
    pub fn may_repeat(&self) -> bool {
        match &*self.kind {
            ErrorKind::Throttled { .. } | ErrorKind::Server => true,
            ErrorKind::Refused(ReasonCode::NotApproved) => true,
            ErrorKind::Transport(error) => error.may_repeat(),
            _ => false,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match &*self.kind {
            ErrorKind::SignInRefused => {
                "check, in this order: the key or client secret; that the run-as user exists, is active and not quarantined; that a group of the user has the API registration; that the registration's address rules allow this machine; whether it wants a password or a client certificate"
            }
            ErrorKind::TwoFactorWanted => {
                "switch multi-factor enforcement off for this API registration, or sign in with a person present"
            }
            ErrorKind::LicenceInvalid => "the vault's licence must be renewed",
            ErrorKind::VersionDisabled => "switch API version 3 on in the vault",
            ErrorKind::Refused(code) | ErrorKind::Conflict(Some(code)) => code.advice(),
            ErrorKind::Forbidden => "the user lacks the permission that the call's page names",
            ErrorKind::NotFound => "it was deleted, has expired or was given back; search again",
            ErrorKind::Conflict(None) => "somebody else holds it; wait or ask them",
            ErrorKind::Invalid => "the vault's own words are in the log",
            ErrorKind::Throttled { .. } => "wait and repeat",
            ErrorKind::Server => "repeat; if it stays, look at the vault's own log",
            ErrorKind::NotTheApi => {
                "check that the address ends with /BeyondTrust/api/public/v3, and that no proxy asks for a sign-in"
            }
            ErrorKind::Unreadable { .. } => {
                "the vault may be newer than this client; report the endpoint and what it says"
            }
            ErrorKind::MaybeMade(_) => "look at the list of requests before making another",
            ErrorKind::Transport(error) => error.advice(),
            ErrorKind::Header(_) => "correct the value",
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
            ErrorKind::Throttled { .. } => f.write_str("the vault wants fewer calls"),
            ErrorKind::Server => {
                write!(f, "the vault failed with status {}", self.status.unwrap_or(500))
            }
            ErrorKind::NotTheApi => f.write_str("what answered is not the vault's API"),
            ErrorKind::Unreadable { what } => write!(f, "the answer cannot be read: {what}"),
            ErrorKind::MaybeMade(_) => f.write_str("a request may have been made"),
            ErrorKind::Transport(_) => f.write_str("the call did not get through"),
            ErrorKind::Header(_) => f.write_str("a value cannot be sent"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.kind {
            ErrorKind::MaybeMade(cause) => Some(&**cause),
            ErrorKind::Transport(cause) => Some(cause),
            ErrorKind::Header(cause) => Some(cause),
            _ => None,
        }
    }
}

/// The vault's reason for a refusal, four digits in the body of a 403 or 409.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReasonCode {
    /// 4031.
    NoPermission,
    /// 4032.
    RequestorsOnly,
    /// 4033.
    ApproversOnly,
    /// 4034.
    NotApproved,
    /// 4035.
    NoApprovers,
    /// 4091.
    RequestExists,
    /// Another number, kept.
    Other(u16),
}

impl ReasonCode {
    const KNOWN: [(Self, u16); 6] = [
        (Self::NoPermission, 4031),
        (Self::RequestorsOnly, 4032),
        (Self::ApproversOnly, 4033),
        (Self::NotApproved, 4034),
        (Self::NoApprovers, 4035),
        (Self::RequestExists, 4091),
    ];

    /// The first four-digit code of class 403 or 409 in a short text: `4031`, `"4031"`,
    /// `{"code":4031}` and the like.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let digits = text.split(|c: char| !c.is_ascii_digit());
        let codes = digits.filter(|word| word.len() == 4).filter_map(|word| word.parse().ok());
        codes
            .into_iter()
            .find(|code| matches!(code, 4030..=4039 | 4090..=4099))
            .map(Self::from_number)
    }

    /// The code of a number.
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        Self::KNOWN
            .iter()
            .find(|(_, n)| *n == number)
            .map_or(Self::Other(number), |(code, _)| *code)
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::Other(number) => number,
            known => Self::KNOWN.iter().find(|(code, _)| *code == known).map_or(0, |(_, n)| *n),
        }
    }

    /// What it means.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NoPermission => {
                "no permission to request this account, or the account does not belong to the system, or it is not enabled for the API"
            }
            Self::RequestorsOnly => "only requestors may, or this access type is not available",
            Self::ApproversOnly => "only approvers may",
            Self::NotApproved => "the request is not approved yet",
            Self::NoApprovers => {
                "not enough approvers are configured, or too many requests are open"
            }
            Self::RequestExists => "a request for this account exists, of this user or another",
            Self::Other(_) => "a reason that this client does not know",
        }
    }

    /// What to do.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::NoPermission => {
                "check that the account is enabled for API access; that a Smart Rule with it gives the user's group the Requestor role and an access policy, and has been processed; and that the account is linked to this system"
            }
            Self::RequestorsOnly => {
                "give the user the Requestor role, or use another kind of access"
            }
            Self::ApproversOnly => "give the user the Approver role",
            Self::NotApproved => "wait for the approval, or approve it",
            Self::NoApprovers => {
                "configure enough approvers in the access policy, or wait until a request is given back"
            }
            Self::RequestExists => "reuse the existing request, or wait until it is given back",
            Self::Other(_) => "look the number up in the vault's documentation",
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.number(), self.meaning())
    }
}
