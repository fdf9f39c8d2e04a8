//! What the operator writes: the tables of the mapping rules, nothing clever.

use serde::Deserialize;

/// The `[mapping]` table of a configuration file, as it is written.
///
/// [`RuleSet::check`](crate::RuleSet::check) turns it into rules that can be trusted. Unknown keys
/// are refused while it is read; everything else is judged there, all at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct MappingFile {
    /// The version of this language: 1, also when absent.
    pub version: Option<u32>,
    /// What holds for every name.
    pub policy: PolicyTable,
    /// The only domains that exist for the mapping.
    pub domain: Vec<DomainTable>,
    /// Users that are nobody, whatever the rules say. Checked first.
    pub deny: Vec<DenyTable>,
    /// Single persons. Checked before the rules.
    pub exception: Vec<ExceptionTable>,
    /// The rules, in order: the first whose conditions all hold decides.
    pub rule: Vec<RuleTable>,
}

/// `[mapping.policy]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PolicyTable {
    /// What becomes of users of the site itself, who belong to no domain.
    pub local_accounts: LocalAccounts,
}

/// What becomes of a bare name that comes without a distinguished name, where no domain is the
/// default: a user of the remote-support site itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalAccounts {
    /// Such a user is nobody.
    #[default]
    Deny,
    /// Such a user is nobody unless an exception without `domain` names the user.
    Exceptions,
}

/// One `[[mapping.domain]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DomainTable {
    /// What rules call this domain.
    pub id: String,
    /// The NetBIOS name, 1 to 15 characters: the left side of `ACME\joe.user`.
    pub netbios: Option<String>,
    /// DNS names of the Active Directory domain. Each implies the base `dc=…` of the same labels.
    #[serde(default)]
    pub dns: Vec<String>,
    /// Suffixes of user principal names and e-mail addresses that belong to this domain only.
    #[serde(default)]
    pub suffix: Vec<String>,
    /// Distinguished names below which this domain's users live (RFC 4514).
    #[serde(default)]
    pub base: Vec<String>,
    /// Whether this is the domain of a bare name without a distinguished name. At most one is.
    #[serde(default)]
    pub default: bool,
}

/// One `[[mapping.deny]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DenyTable {
    /// User names without a domain.
    pub user: Vec<String>,
    /// The id of the domain in which they are denied. Absent or `*`: in all, and local ones too.
    pub domain: Option<String>,
}

/// One `[[mapping.exception]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExceptionTable {
    /// The id of the user's domain. Absent: a user of the site itself (see [`LocalAccounts`]).
    pub domain: Option<String>,
    /// The user name without a domain.
    pub user: String,
    /// The vault user, as the vault spells it.
    pub runas: String,
    /// The id of another domain, if the vault user belongs to that one.
    pub cross_domain: Option<String>,
    /// Why this person is an exception. For the next reader, and for the trace.
    pub reason: Option<String>,
}

/// One `[[mapping.rule]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleTable {
    /// What traces and audit records call this rule. Absent: its place, as in `rule 1`.
    pub name: Option<String>,
    /// Spellings of the user name that this rule takes. Absent: `bare`, `down-level` and `upn`.
    pub form: Option<Vec<FormKey>>,
    /// The id of the domain this rule is for.
    pub domain: String,
    /// Where the domain may have come from; one of them suffices. Absent: from anywhere.
    pub from: Option<Vec<FromKey>>,
    /// A distinguished name (RFC 4514) at or below which the user's own must lie.
    pub dn_under: Option<String>,
    /// A regular expression for the whole user part in lower case. Absent: every user.
    pub user: Option<String>,
    /// The users of a shared vault user.
    pub users: Option<Vec<String>>,
    /// Whether all users of this rule stand for one and the same vault user.
    #[serde(default)]
    pub shared: bool,
    /// The template of the vault user, such as `{netbios}\{user}`.
    pub runas: String,
    /// The id of another domain, if the vault user belongs to that one.
    pub cross_domain: Option<String>,
}

/// A spelling of a user name, as rules write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormKey {
    /// `joe.user`
    Bare,
    /// `ACME\joe.user`
    DownLevel,
    /// `joe.user@acme-inc.com`
    Upn,
    /// `uid=joe.user,ou=HelpDesk,dc=acme-inc,dc=com`
    Dn,
}

/// A place from which a domain can come, as rules write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromKey {
    /// The name itself.
    Name,
    /// The distinguished name beside it.
    Dn,
    /// The domain that is marked `default`.
    Default,
}
