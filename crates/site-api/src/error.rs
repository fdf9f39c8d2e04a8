//! What can go wrong, sorted by who must act.

use std::collections::BTreeMap;
use std::time::Duration;

use http::header::RETRY_AFTER;
use serde::Deserialize;

use crate::budget::number;
use crate::call::Answer;
use crate::text::SiteText;
use crate::token::TokenError;
use crate::transport::TransportError;

/// Why a call brought no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The network: there is no answer at all.
    #[error("no answer from the site")]
    Transport(#[from] TransportError),
    /// The operator, or whoever keeps the site's API accounts: there is no token.
    #[error("no token for the site's APIs")]
    Token(#[from] TokenError),
    /// Status 401: either the token is not accepted, or the request has a field the site does not know: this
    /// API answers both with the same status.
    #[error("the site does not accept the token or a field of the request (401): {message}")]
    Unauthorized {
        /// The site's words.
        message: SiteText,
        /// Whether the answer has the shape of a rejected token.
        token: bool,
    },
    /// 403: the API account lacks a permission.
    #[error("the API account may not do that (403): {message}")]
    Forbidden {
        /// The site's words.
        message: SiteText,
    },
    /// 404 or 405: there is no such thing, or the site has no such API.
    #[error("the site has no such thing ({status})")]
    NotFound {
        /// The status.
        status: u16,
    },
    /// 422: fields of the request are wrong.
    #[error("the site refuses the request (422): {message}{}", shown(.fields))]
    Invalid {
        /// The site's words.
        message: SiteText,
        /// What is wrong with each field.
        fields: BTreeMap<String, Vec<SiteText>>,
    },
    /// 429: too many calls. All programs of the API account share one budget.
    #[error("too many calls to the site (429)")]
    Throttled {
        /// How long the site asks to wait.
        after: Option<Duration>,
    },
    /// An `error` element of the XML APIs, often with status 200.
    #[error("the site says: {message}")]
    Refused {
        /// The site's words. For people: never compare them.
        message: SiteText,
    },
    /// The answer is not what this call answers.
    #[error("the site's answer cannot be read: {reason}")]
    Unreadable {
        /// What is wrong with it, without quoting it.
        reason: String,
    },
    /// Any other status: the site itself is in trouble, or something stands in front of it.
    #[error("the site answers with status {status}: {message}")]
    Server {
        /// The status.
        status: u16,
        /// The site's words.
        message: SiteText,
    },
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Transport(error) => error.advice(),
            Self::Token(error) => error.advice(),
            Self::Unauthorized { token: true, .. } => {
                "check client id and secret, and whether the API account was changed, disabled or \
                 is bound to other addresses"
            }
            Self::Unauthorized { token: false, .. } => {
                "check the API account; if it is right, this site's version does not know a field \
                 that was asked for"
            }
            Self::Forbidden { .. } => {
                "give the API account the permission: Command API for sessions and health, \
                 Configuration API for users and Jump Items, Reporting API for finished sessions"
            }
            Self::NotFound { .. } => {
                "check the site's address and version, and that its XML API is switched on"
            }
            Self::Invalid { .. } => "correct the fields the site names",
            Self::Throttled { .. } => {
                "wait; give this program an API account of its own if it shares one"
            }
            Self::Refused { .. } => "act on the site's own words",
            Self::Unreadable { .. } => {
                "check that the address is the site's own and no portal in front of it; else \
                 report it with the site's version"
            }
            Self::Server { .. } => "look at the site's own log and health, and try again later",
        }
    }

    /// Whether the account can never do this as it is: nobody needs to ask again until it changes.
    #[must_use]
    pub fn is_missing_right(&self) -> bool {
        matches!(self, Self::Forbidden { .. } | Self::NotFound { status: 405 })
    }
}

/// A value that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Input {
    /// A session id that is none.
    #[error(
        "a session id is 1 to 64 letters, digits, `-` and `_`; as a rule 32 hexadecimal digits"
    )]
    Lsid,
    /// A filter this list does not have. The site would answer 401, as to a bad token.
    #[error("{list} cannot be filtered by `{filter}`; it can by: {known}")]
    Filter {
        /// The list.
        list: &'static str,
        /// What was asked for.
        filter: String,
        /// What there is.
        known: String,
    },
    /// An attribute's code name is not letters, digits and `_`.
    #[error("`{name}` is no code name of a session attribute: letters, digits and `_`, at most 64")]
    AttributeName {
        /// The name, cut at 64 characters.
        name: String,
    },
    /// Attributes are longer than the site takes.
    #[error("session attribute {name} is {length} bytes long; {limit} are the limit")]
    AttributeLength {
        /// Its code name, or `(all together)`.
        name: String,
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Too many ids in one question.
    #[error("{count} ids in one question; {limit} are the limit")]
    TooManyIds {
        /// How many there are.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// The site's address.
    #[error("`{given}` is no address of a site: write https://host, with a port if it is not 443")]
    Address {
        /// What was given, without anything that could be a password.
        given: String,
    },
}

/// Longest wait a site may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// Fields of an error bag that are kept, and texts for each.
const BAG: usize = 20;

/// What an answer that is no success says. Understands the three shapes of JSON errors:
/// `{"error", "message"}`, `{"message", "errors": {field: [text]}}` and `{field: [text]}`.
pub(crate) fn refused(answer: &Answer<'_>) -> Error {
    let said = Said::read(answer.body);
    let (status, message) = (answer.status.as_u16(), said.message);
    match status {
        401 => Error::Unauthorized { message, token: said.is_token },
        403 => Error::Forbidden { message },
        404 | 405 => Error::NotFound { status },
        422 => Error::Invalid { message, fields: said.fields },
        429 => {
            let after = number(answer.headers, RETRY_AFTER.as_str());
            Error::Throttled { after: after.map(|s| Duration::from_secs(s).min(LONGEST_WAIT)) }
        }
        _ => Error::Server { status, message },
    }
}

#[derive(Default)]
struct Said {
    message: SiteText,
    fields: BTreeMap<String, Vec<SiteText>>,
    is_token: bool,
}

impl Said {
    fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Member {
            Text(String),
            Texts(Vec<String>),
            Bag(BTreeMap<String, Vec<String>>),
            Other(serde::de::IgnoredAny),
        }
        let Ok(members) = serde_json::from_slice::<BTreeMap<String, Member>>(body) else {
            return Self::default();
        };
        let texts = |texts: Vec<String>| {
            texts.iter().take(BAG).map(|text| SiteText::new(text)).collect::<Vec<_>>()
        };
        let name = |name: &str| SiteText::new(name).as_str().to_owned();
        let mut said = Self::default();
        for (member, value) in members {
            match value {
                Member::Text(text) if member == "message" => said.message = SiteText::new(&text),
                Member::Text(_) if member == "error" => said.is_token = true,
                Member::Texts(value) => {
                    said.fields.insert(name(&member), texts(value));
                }
                Member::Bag(bag) => {
                    let bag = bag.into_iter().take(BAG);
                    said.fields.extend(bag.map(|(field, value)| (name(&field), texts(value))));
                }
                Member::Text(_) | Member::Other(_) => {}
            }
        }
        while said.fields.len() > BAG {
            said.fields.pop_last();
        }
        said
    }
}

fn shown(fields: &BTreeMap<String, Vec<SiteText>>) -> String {
    fields.iter().fold(String::new(), |mut all, (field, texts)| {
        let texts: Vec<_> = texts.iter().map(SiteText::as_str).collect();
        all.push_str(&format!("; {field}: {}", texts.join(" ")));
        all
    })
}
