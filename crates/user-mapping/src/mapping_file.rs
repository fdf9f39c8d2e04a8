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
    /// When there is any, only users that one of them names are anybody. Checked second.
    pub allow: Vec<AllowTable>,
    /// Single persons. Checked before the rules.
    pub exception: Vec<ExceptionTable>,
    /// The rules, in order: the first whose conditions all hold decides.
    pub rule: Vec<RuleTable>,
}

/// `[mapping.policy]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PolicyTable {
    /// What becomes of users of the site itself, who belong to no domain.
    pub local_accounts: LocalAccounts,
    /// Which of the spellings that a rule makes is used.
    pub probe: Probe,
    /// What a console user's name may be made of.
    pub characters: Characters,
}

/// What the user part of a console user's name may be made of. Domains and vault users are ASCII
/// whatever is chosen here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Characters {
    /// Printable ASCII.
    #[default]
    Ascii,
    /// Letters of one script besides, as [`letters_policy`](crate::letters_policy) has it. Such a
    /// user becomes a vault user through an exception, or through what a directory tells.
    Letters,
}

/// Which of several spellings of one vault user is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// The first.
    None,
    /// The first that the vault knows. Only "no such user" goes on to the next.
    #[default]
    FirstKnown,
    /// The only one that the vault knows; nobody when it knows two.
    ExactlyOne,
}

/// When the directory of a domain is asked about a user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DirectoryUse {
    /// There is none, or it is not asked.
    #[default]
    Never,
    /// For what only it can tell: who is behind a principal name or a distinguished name without
    /// a logon name, and whatever the rules of the domain use of it.
    WhenNeeded,
    /// For every user: whoever is not there, or is disabled there, is nobody.
    Always,
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
    /// When the domain's directory is asked.
    #[serde(default)]
    pub directory: DirectoryUse,
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

/// One `[[mapping.allow]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AllowTable {
    /// User names without a domain.
    pub user: Vec<String>,
    /// The id of the domain in which they are allowed. Absent or `*`: in all.
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
    /// Names of security providers, as the site states them; case of ASCII letters is ignored.
    /// Absent: users of any.
    pub provider: Option<Vec<String>>,
    /// Groups of the directory, a distinguished name or a SID each. The user belongs to one of
    /// them, itself or through another group. Needs the domain's `directory`.
    pub group: Option<Vec<String>>,
    /// A regular expression for the whole user part in lower case. Absent: every user.
    pub user: Option<String>,
    /// The users of a shared vault user.
    pub users: Option<Vec<String>>,
    /// Whether all users of this rule stand for one and the same vault user.
    #[serde(default)]
    pub shared: bool,
    /// The template of the vault user, such as `{netbios}\{user}`; or up to five, for spellings of
    /// one vault user (see [`Probe`]).
    pub runas: RunasTemplates,
    /// The id of another domain, if the vault user belongs to that one.
    pub cross_domain: Option<String>,
    /// Whether the vault users are the vault's own, without a domain. Needed where `runas` takes
    /// the whole name from the directory, because an attribute can hold any name.
    #[serde(default)]
    pub own_users: bool,
}

/// The templates of a rule: one text, or a list of texts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a template, or a list of templates")]
pub enum RunasTemplates {
    /// `runas = '{netbios}\{user}'`
    One(String),
    /// `runas = ['{netbios}\{user}', '{user}@{dns}']`
    Several(Vec<String>),
}

impl Default for RunasTemplates {
    fn default() -> Self {
        Self::One(String::new())
    }
}

impl RunasTemplates {
    /// The templates in the order they are tried, each with its place in the list.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Option<usize>, &str)> {
        let (one, several) = match self {
            Self::One(text) => (Some((None, text.as_str())), &[][..]),
            Self::Several(texts) => (None, texts.as_slice()),
        };
        let several = several.iter().enumerate().map(|(at, text)| (Some(at), text.as_str()));
        one.into_iter().chain(several)
    }
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
    /// The entry of the user in the domain's directory.
    Directory,
}
