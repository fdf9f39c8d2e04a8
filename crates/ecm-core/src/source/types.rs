//! The plain data that crosses the seam.

use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::{Deserialize, Serialize};

use super::SourceError;
use crate::search_key::SearchKey;

/// How an account belongs to the system it is offered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    /// An account of the system itself.
    Local,
    /// A directory account linked to the system.
    Linked,
    /// An account of an application that runs there.
    Application,
}

impl fmt::Display for AccountKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Linked => "linked",
            Self::Application => "application",
        })
    }
}

/// One account on one system, in the vault's own ids.
///
/// The pair matters: a linked account is requested with the id of the system it is *linked to*.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AccountRef {
    /// The vault's id of the system.
    pub system: String,
    /// The vault's id of the account.
    pub account: String,
    /// The vault's id of the application, for [`AccountKind::Application`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// How the account belongs to the system.
    pub kind: AccountKind,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FindAsk {
    /// Whose accounts.
    pub vault_user: String,
    /// Best first, without repetition.
    pub keys: Vec<SearchKey>,
    /// Which kinds to ask for.
    pub kinds: Vec<AccountKind>,
    /// How many questions may be under way at a time; at least 1.
    pub at_a_time: usize,
}

/// The answer to one question of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FoundBatch {
    /// What was asked for.
    pub key: SearchKey,
    /// Which kind was asked for.
    pub kind: AccountKind,
    /// How many rows the vault answered, offered or not.
    pub seen: usize,
    /// How many of them the user may not request.
    pub not_requestable: usize,
    /// Those to offer, in the vault's order.
    pub accounts: Vec<FoundAccount>,
    /// Set when this question failed; the other members are empty then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<SourceError>,
}

/// An account the user may request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FoundAccount {
    /// Its ids.
    pub account: AccountRef,
    /// Name of the system.
    pub system_name: String,
    /// Name of the account, without domain.
    pub account_name: String,
    /// Directory domain of a linked account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Display name of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// Longest release the vault grants for it, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_release_minutes: Option<u32>,
}

/// Whether the vault knows a system, as far as it tells this user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SystemPresence {
    /// No system of that name or address.
    Absent,
    /// A system is there, without any account this user could see.
    WithoutAccounts,
    /// A system is there and has accounts, none of which this user may request.
    WithAccounts,
    /// The user may not look, or the vault did not say.
    Unknown,
}

/// An account of a system, as the vault's own definition of it says; whether a user may request it
/// is another matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DefinedAccount {
    /// Name of the system.
    pub system_name: String,
    /// Name of the account.
    pub account_name: String,
    /// Its id.
    pub account: String,
    /// Whether the vault shows it through its API at all.
    pub is_api_enabled: bool,
}

/// A loan to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NewLoan {
    /// Who borrows.
    pub vault_user: String,
    /// What.
    pub account: AccountRef,
    /// For how long, in minutes; 1 or more.
    pub minutes: u32,
    /// Reason text, at most 1000 characters; contains `marker`.
    pub reason: String,
    /// The words by which the request can be found again.
    pub marker: String,
    /// Ticket, when the site sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketRef>,
    /// `true` ends an open request of the same user and account and opens a new one, instead of
    /// joining it.
    pub renew: bool,
}

/// A ticket of an outside ticket system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TicketRef {
    /// The system, by the vault's id (digits) or by name; absent = the vault's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The number.
    pub number: String,
}

/// An open release request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OpenLoan {
    /// The vault's number of it, which no other request of that vault has.
    pub request: String,
    /// `true` when it was there before we asked.
    pub reused: bool,
    /// When the vault ends it, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Its reason, if the vault was asked; tells whose request was joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An open request and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LoanRef {
    /// The vault user who opened it.
    pub vault_user: String,
    /// The vault's number of it.
    pub request: String,
}

/// What to read of an open request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReadAsk {
    /// Which request.
    pub loan: LoanRef,
    /// Which account it is for.
    pub account: AccountRef,
    /// Password or key.
    pub kind: SecretKind,
}

/// What kind of secret is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretKind {
    /// A password.
    #[default]
    Password,
    /// A private key, with its passphrase when it has one.
    SshKey,
}

/// A secret, as read. `Debug` shows its kind alone; there is no serde form by accident:
/// a plugin transport must take the bytes out in words.
#[derive(Clone)]
pub enum Secret {
    /// A password; UTF-8 unless the vault says otherwise.
    Password(SecretSlice<u8>),
    /// A private key.
    SshKey {
        /// PEM text as stored.
        key: SecretSlice<u8>,
        /// For a key that is stored encrypted.
        passphrase: Option<SecretSlice<u8>>,
    },
}

impl Secret {
    /// `true` when there is nothing in it: a vault that answers so has nothing to inject.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Password(bytes) | Self::SshKey { key: bytes, .. } => {
                bytes.expose_secret().is_empty()
            }
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Secret::Password([REDACTED])",
            Self::SshKey { passphrase: None, .. } => "Secret::SshKey([REDACTED])",
            Self::SshKey { passphrase: Some(_), .. } => "Secret::SshKey([REDACTED], passphrase)",
        })
    }
}

/// How giving back ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GivenBack {
    /// The vault took it back.
    CheckedIn,
    /// It was over already: expired, cancelled, or checked in by somebody else.
    AlreadyIn,
}
