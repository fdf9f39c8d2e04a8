//! Reason codes.

use std::fmt;

/// The vault's reason for a refusal, four digits in the body of a 403 or 409.
///
/// # Source
///
/// 4031, 4033 and 4034 are *confirmed* by the vendor's documentation; 4032 and 4091 are *seen* in
/// clients; about 4035 the sources disagree; for 4036 there is none.
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
    /// 4036.
    Unexplained,
    /// 4091.
    RequestExists,
    /// Another number, kept.
    Other(u16),
}

impl ReasonCode {
    const KNOWN: [(Self, u16); 7] = [
        (Self::NoPermission, 4031),
        (Self::RequestorsOnly, 4032),
        (Self::ApproversOnly, 4033),
        (Self::NotApproved, 4034),
        (Self::NoApprovers, 4035),
        (Self::Unexplained, 4036),
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
                "not enough approvers are configured, or too many requests are open (descriptions \
                 of this code disagree)"
            }
            Self::Unexplained => "a reason whose meaning is not public",
            Self::RequestExists => "a request for this account exists, of this user or another",
            Self::Other(_) => "a reason that this client does not know",
        }
    }

    /// What to do.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::NoPermission => {
                "four causes share this code; check in this order: the pair (a directory account \
                 is requested with the id of the *host*, and a system id of 0 is refused like \
                 this too); that the account is enabled for API access; that a Smart Rule with it \
                 gives a group of the user the Requestor role and an access policy; and that the \
                 rule has been processed since the account was added"
            }
            Self::RequestorsOnly => {
                "give a group of the user the Requestor role, or ask for an access type that the \
                 policy offers"
            }
            Self::ApproversOnly => "give the user the Approver role",
            Self::NotApproved => {
                "wait for the approval, asking again every 5 to 10 seconds, or check the request \
                 in: a waiting request may hold the account's only slot"
            }
            Self::NoApprovers => {
                "configure enough approvers in the access policy, or wait until a request is given back"
            }
            Self::RequestExists => "reuse the existing request, or wait until it is given back",
            Self::Unexplained | Self::Other(_) => {
                "look the number up in the documentation of the vault's release"
            }
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.number(), self.meaning())
    }
}
