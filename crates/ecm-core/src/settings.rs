//! What the operator may decide about the broker. Already checked: the binary's configuration
//! reader builds these from the file and names the line when a value is out of range.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::reason::ReasonTemplate;
use crate::search_key::KeyKind;

/// What holds for all vaults.
#[derive(Debug, Clone)]
pub struct BrokerSettings {
    /// Time for a search when the site names none.
    pub find_deadline: Duration,
    /// Time for a retrieval when the site names none.
    pub retrieve_deadline: Duration,
    /// Most credentials in one answer, even when the site wants more.
    pub max_results: usize,
    /// How many questions of one console user are worked on at a time; 1 or more. Another one is
    /// told that the service is busy, so that nobody starves others.
    pub questions_per_user: usize,
    /// How many requests are given back at a time at stop and at start; 1 or more.
    pub give_back_at_a_time: usize,
}

impl Default for BrokerSettings {
    fn default() -> Self {
        Self {
            find_deadline: Duration::from_secs(15),
            retrieve_deadline: Duration::from_secs(30),
            max_results: 200,
            questions_per_user: 16,
            give_back_at_a_time: 6,
        }
    }
}

/// What holds for one vault.
#[derive(Debug, Clone, Default)]
pub struct VaultSettings {
    /// Which credentials are offered.
    pub search: SearchSettings,
    /// How they are lent.
    pub lending: LendingSettings,
    /// How they are given back.
    pub giving_back: GivingBackSettings,
    /// The vault in whose place this one is asked when that one does not answer. Absent: it is
    /// always asked.
    pub stands_in_for: Option<String>,
}

/// Which credentials are offered.
#[derive(Debug, Clone)]
pub struct SearchSettings {
    /// By what, in which order; a kind left out is not asked for.
    pub match_on: Vec<KeyKind>,
    /// Accounts of the matched system itself.
    pub local_accounts: bool,
    /// Directory accounts linked to the matched system.
    pub linked_accounts: bool,
    /// Accounts of applications, for targets that start one.
    pub application_accounts: bool,
    /// Private keys of accounts, when the site takes keys.
    pub ssh_keys: SshKeys,
    /// Also match by public addresses. Off: many machines share one behind NAT.
    pub public_addresses: bool,
    /// What a site calls an application → the vault's display name. Names compare without
    /// ASCII case; one that is not in the table is asked for as it is.
    pub application_names: BTreeMap<String, String>,
    /// Questions to one vault under way at a time; 1 or more.
    pub questions_at_a_time: usize,
}

impl Default for SearchSettings {
    fn default() -> Self {
        Self {
            match_on: KeyKind::ALL.to_vec(),
            local_accounts: true,
            linked_accounts: true,
            application_accounts: true,
            ssh_keys: SshKeys::InPlaceOfPasswords,
            public_addresses: false,
            application_names: BTreeMap::new(),
            questions_at_a_time: 6,
        }
    }
}

/// When an account's private key is offered. A vault's list does not say whether an account has
/// one, so an offered key may turn out not to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SshKeys {
    /// Never.
    Never,
    /// When the site wants keys and no passwords.
    #[default]
    InPlaceOfPasswords,
    /// Whenever the site wants keys, as an entry of its own beside the password.
    BesidePasswords,
}

/// How credentials are lent.
#[derive(Debug, Clone)]
pub struct LendingSettings {
    /// Release duration asked for, in minutes, 1 to 1440; never more than the account allows.
    pub release_minutes: ReleaseMinutes,
    /// Text of the release request's reason.
    pub reason: ReasonTemplate,
    /// Vault user that approves what the policy does not approve by itself ("global approver").
    pub approver: Option<String>,
    /// What to do while nobody has approved.
    pub approval: Approval,
    /// How often a pending request is looked at.
    pub approval_poll: Duration,
    /// How long a pending request is kept when the site does not ask again.
    pub approval_hold: Duration,
    /// A joined request with less time left than this is renewed, unless somebody else holds it.
    pub renew_below: Duration,
    /// Whose joined requests are ended by us.
    pub joined_requests: JoinedRequests,
}

impl Default for LendingSettings {
    fn default() -> Self {
        Self {
            release_minutes: ReleaseMinutes::default(),
            reason: ReasonTemplate::default(),
            approver: None,
            approval: Approval::Refuse,
            approval_poll: Duration::from_secs(5),
            approval_hold: Duration::from_secs(30 * 60),
            renew_below: Duration::from_secs(5 * 60),
            joined_requests: JoinedRequests::Leave,
        }
    }
}

/// How credentials are given back.
#[derive(Debug, Clone)]
pub struct GivingBackSettings {
    /// Time for one try.
    pub try_for: Duration,
    /// Wait after the first failed try; doubles up to `retry_at_most`.
    pub retry_after: Duration,
    /// Longest wait between two tries.
    pub retry_at_most: Duration,
    /// How long a request that should exist but is not in the vault's list may still turn up,
    /// because the vault was slow. After that it counts as never opened.
    pub may_turn_up_for: Duration,
}

impl Default for GivingBackSettings {
    fn default() -> Self {
        Self {
            try_for: Duration::from_secs(10),
            retry_after: Duration::from_secs(5),
            retry_at_most: Duration::from_secs(5 * 60),
            may_turn_up_for: Duration::from_secs(120),
        }
    }
}

/// A release duration: 1 to 1440 minutes, 360 when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct ReleaseMinutes(u32);

impl ReleaseMinutes {
    /// Longest: one day.
    pub const MAX: u32 = 1440;

    /// Minutes.
    #[must_use]
    pub fn minutes(self) -> u32 {
        self.0
    }
}

impl Default for ReleaseMinutes {
    fn default() -> Self {
        Self(360)
    }
}

impl TryFrom<u32> for ReleaseMinutes {
    type Error = SettingsError;

    fn try_from(minutes: u32) -> Result<Self, SettingsError> {
        if (1..=Self::MAX).contains(&minutes) {
            Ok(Self(minutes))
        } else {
            Err(SettingsError::ReleaseMinutes { minutes })
        }
    }
}

impl From<ReleaseMinutes> for u32 {
    fn from(minutes: ReleaseMinutes) -> Self {
        minutes.0
    }
}

/// What to do while nobody has approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approval {
    /// Give the request back at once and say that approval is needed.
    #[default]
    Refuse,
    /// Wait for as long as the site does, then tell it when to ask again.
    Wait,
}

/// Whose joined requests are ended by us.
///
/// A request that the same vault user opened elsewhere (in the vault's own web page, or through
/// another ECM) is joined rather than refused. Checking it in takes it away from whoever opened
/// it, and changes the password under them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JoinedRequests {
    /// Leave them to whoever opened them.
    #[default]
    Leave,
    /// Check them in after our last holder.
    CheckIn,
}

/// A setting out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Release durations have bounds.
    #[error(
        "release duration is {minutes} minutes; it must be 1 to {} minutes",
        ReleaseMinutes::MAX
    )]
    ReleaseMinutes {
        /// What was asked for.
        minutes: u32,
    },
    /// A placeholder nobody knows.
    #[error(
        "reason template has unknown placeholder `{{{name}}}`; known: {{user}} {{endpoint}} {{ref}} {{lease}} {{reason}}"
    )]
    Placeholder {
        /// The name between the braces.
        name: String,
    },
    /// A brace without its partner.
    #[error("reason template has an unmatched `{{` at byte {at}")]
    Brace {
        /// Byte position in the template.
        at: usize,
    },
    /// Too long for the vault.
    #[error("reason template has {chars} characters, limit {limit}")]
    LongReason {
        /// Its length.
        chars: usize,
        /// The limit.
        limit: usize,
    },
}
