//! What is asked and answered after the greeting, named as it lies in JSON.

use ecm_core::search_key::SearchKey;
use ecm_core::source::{
    AccountKind, AccountRef, FoundAccount, FoundBatch, GivenBack, LoanRef, NewLoan, OpenLoan,
    Secret, SecretKind, SystemPresence,
};
use secrecy::SecretSlice;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A question: its method, its answer, and whether asking it changes anything.
pub trait Ask: Serialize {
    /// What is answered.
    type Answer: DeserializeOwned;
    /// The method's name.
    const METHOD: &'static str;
    /// Whether it changes something: such a call is not cancelled, and one without an answer may
    /// have happened.
    const CHANGES: bool;
}

macro_rules! ask {
    ($ask:ty => $answer:ty, $method:literal, changes: $changes:literal) => {
        impl Ask for $ask {
            type Answer = $answer;
            const METHOD: &'static str = $method;
            const CHANGES: bool = $changes;
        }
    };
}

ask!(crate::Hello => crate::Welcome, "hello", changes: false);
ask!(Find => Found, "find", changes: false);
ask!(Account => FoundAccount, "account", changes: false);
ask!(Borrow => OpenLoan, "borrow", changes: true);
ask!(LookUp => LookedUp, "look-up", changes: false);
ask!(Read => ReadAnswer, "read", changes: false);
ask!(GiveBack => Given, "give-back", changes: true);
ask!(Health => HealthState, "health", changes: false);
ask!(Knows => Known, "knows", changes: false);
ask!(Presence => PresenceAnswer, "presence", changes: false);
ask!(Approve => Done, "approve", changes: true);

/// Which accounts may this vault user borrow, on what these keys name?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Find {
    /// Whose accounts.
    pub vault_user: String,
    /// Best evidence first, without repetition.
    pub keys: Vec<SearchKey>,
    /// Which kinds of accounts.
    pub kinds: Vec<AccountKind>,
    /// How long the service waits, in milliseconds; it may cancel earlier.
    pub deadline_ms: u64,
}

/// The end of a search. What `partial` has told before is not repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Found {
    /// Batches that no `partial` has told.
    #[serde(default)]
    pub batches: Vec<Batch>,
}

/// The answer to one key and kind of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Batch {
    /// One of the keys asked for.
    pub key: SearchKey,
    /// One of the kinds asked for.
    pub kind: AccountKind,
    /// Accounts there that this user may not request; they are counted, never named.
    #[serde(default)]
    pub not_requestable: usize,
    /// Those to offer, in the order to be shown.
    #[serde(default)]
    pub accounts: Vec<FoundAccount>,
}

impl From<Batch> for FoundBatch {
    fn from(batch: Batch) -> Self {
        Self {
            seen: batch.accounts.len().saturating_add(batch.not_requestable),
            key: batch.key,
            kind: batch.kind,
            not_requestable: batch.not_requestable,
            accounts: batch.accounts,
            failure: None,
        }
    }
}

/// What is this account, as the user may see it now?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Account {
    /// Whose view.
    pub vault_user: String,
    /// Which account.
    pub account: AccountRef,
    /// As in [`Find::deadline_ms`].
    pub deadline_ms: u64,
}

/// Open a request for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Borrow {
    /// The request to open. Its reason holds the marker.
    #[serde(flatten)]
    pub loan: NewLoan,
    /// As in [`Find::deadline_ms`].
    pub deadline_ms: u64,
}

/// Is there an open request of this user whose reason holds this marker?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LookUp {
    /// Whose request.
    pub vault_user: String,
    /// The words to look for.
    pub marker: String,
    /// As in [`Find::deadline_ms`].
    pub deadline_ms: u64,
}

/// What looking up found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LookedUp {
    /// The request, or `null`. Absent is not "none": a plugin that says nothing has not looked.
    #[serde(deserialize_with = "present")]
    pub loan: Option<OpenLoan>,
}

fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}

/// Read the secret of an open request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Read {
    /// Which request.
    pub loan: LoanRef,
    /// For which account it was opened.
    pub account: AccountRef,
    /// Password or key.
    pub kind: SecretKind,
    /// As in [`Find::deadline_ms`].
    pub deadline_ms: u64,
}

/// A secret on the wire. It names its request, so that a mixed-up answer is seen.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReadAnswer {
    /// The request it was read for.
    pub request: String,
    #[serde(flatten)]
    parts: Parts,
}

#[derive(Debug, Deserialize)]
struct Parts {
    #[serde(rename = "password-b64", default)]
    password: Option<Bytes>,
    #[serde(rename = "key-b64", default)]
    key: Option<Bytes>,
    #[serde(rename = "passphrase-b64", default)]
    passphrase: Option<Bytes>,
}

#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Bytes(#[serde(with = "ecm_protocol::message::secret_bytes")] SecretSlice<u8>);

impl ReadAnswer {
    /// The secret, if it is of the kind that was asked for and nothing else is beside it.
    #[must_use]
    pub fn into_secret(self, kind: SecretKind) -> Option<Secret> {
        let Parts { password, key, passphrase } = self.parts;
        match (kind, password, key, passphrase) {
            (SecretKind::Password, Some(password), None, None) => {
                Some(Secret::Password(password.0))
            }
            (SecretKind::SshKey, None, Some(key), passphrase) => {
                Some(Secret::SshKey { key: key.0, passphrase: passphrase.map(|bytes| bytes.0) })
            }
            _ => None,
        }
    }
}

/// Take an open request back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct GiveBack {
    /// Which request.
    pub loan: LoanRef,
    /// Why, for the vault's own records.
    pub reason: String,
    /// As in [`Find::deadline_ms`].
    pub deadline_ms: u64,
}

/// How giving back ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Given {
    /// Taken back now, or over already.
    pub ended: GivenBack,
}

/// How is the plugin?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Health {
    /// As in [`Find::deadline_ms`].
    pub deadline_ms: u64,
}

/// How the plugin is, and what is behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum HealthState {
    /// All is well.
    Up,
    /// It answers, and something is wrong.
    Degraded {
        /// What, for the operator.
        #[serde(default)]
        detail: Option<String>,
    },
    /// It cannot serve.
    Down {
        /// Why, for the operator.
        #[serde(default)]
        detail: Option<String>,
    },
}

/// Does the vault let this user in?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Knows {
    /// Whom.
    pub vault_user: String,
    /// As in [`Find::deadline_ms`].
    pub deadline_ms: u64,
}

/// Whether it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Whether it does.
    pub known: bool,
}

/// Does the vault know such a system at all?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Presence {
    /// For whom.
    pub vault_user: String,
    /// By these names.
    pub keys: Vec<SearchKey>,
    /// As in [`Find::deadline_ms`].
    pub deadline_ms: u64,
}

/// Whether it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceAnswer {
    /// What the vault tells this user.
    pub presence: SystemPresence,
}

/// Approve a request that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Approve {
    /// In whose name.
    pub approver: String,
    /// Which request.
    pub loan: LoanRef,
    /// Why, for the vault's own records.
    pub reason: String,
    /// As in [`Find::deadline_ms`].
    pub deadline_ms: u64,
}

/// Nothing to say but that it is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}
