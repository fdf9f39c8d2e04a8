//! How a resolution came about, step by step.

mod tree;

use serde::Serialize;

pub use tree::OneLine;

use crate::directory::Answer;
use crate::{DomainId, Folded, Refusal, Runas};

/// How a resolution came about: what was looked at, in order, up to the step that decided.
///
/// [`Display`](std::fmt::Display) prints one line per step for people, `Serialize` gives the same
/// as data. Names in it are personal data: it belongs in the operator's log, not in answers to
/// the site.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Trace {
    steps: Vec<Step>,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self { steps: Vec::with_capacity(8) }
    }

    pub(crate) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// The steps, in order. The first is [`Step::Input`], the last [`Step::Result`].
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The same as [`Display`](std::fmt::Display) prints, on one line: for a log.
    #[must_use]
    pub fn in_one_line(&self) -> OneLine<'_> {
        OneLine(self)
    }
}

/// One step of a resolution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// What the site stated. Over-long text is cut, and ends in `…` then.
    Input {
        /// The user name.
        username: String,
        /// The distinguished name.
        dn: Option<String>,
        /// The security provider.
        provider: Option<String>,
    },
    /// The user name was read.
    Name(NameRead),
    /// The user name could not be read.
    NameError(Misread),
    /// The distinguished name was read.
    Dn(DnRead),
    /// The distinguished name could not be read, or is not that of a person's own entry.
    DnError(Misread),
    /// A directory was asked.
    Directory(Asked),
    /// Name and distinguished name were put together.
    Reconcile(Reconciled),
    /// The deny list was looked through.
    Deny {
        /// The number of the table that names the user; the first in the file is number 1.
        number: Option<usize>,
    },
    /// The allow lists were looked through.
    Allow {
        /// The number of the table that names the user; the first in the file is number 1.
        number: Option<usize>,
    },
    /// The exceptions were looked through.
    Exception {
        /// The number of the one that names the user; the first in the file is number 1.
        number: Option<usize>,
        /// The reason it gives.
        reason: Option<String>,
    },
    /// A rule was tried.
    Rule(RuleTried),
    /// A rule that was not reached, and what it would have said.
    NotReached(RuleTried),
    /// The decision was made into a vault user.
    Runas(RunasMade),
    /// The end.
    Result(Ended),
}

/// What a user name says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NameRead {
    /// How it is spelled.
    pub form: Form,
    /// What kind of account it names.
    pub account: AccountKind,
    /// Its domain part or suffix, as it came.
    pub domain_part: Option<String>,
    /// The domain that this part stands for.
    pub domain: Option<DomainMatch>,
    /// Its user part.
    pub user: Option<Folded>,
}

/// The spelling of a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// `joe.user`
    Bare,
    /// `ACME\joe.user`
    DownLevel,
    /// `joe.user@acme-inc.com`: a user principal name or an e-mail address.
    Upn,
    /// `uid=joe.user,ou=HelpDesk,dc=acme-inc,dc=com`
    Dn,
}

/// What kind of account a name is that of, as far as the name shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    /// Nothing speaks against a person.
    Person,
    /// A computer's account: the name ends in `$`.
    Machine,
    /// An account of one computer: the domain part is `.`.
    LocalMachine,
    /// An account of the operating system or of a cloud sign-in: the domain part is reserved.
    Special,
    /// A guest of a cloud tenant: the name contains `#EXT#`.
    Guest,
}

/// A configured domain, and the table entry by which it was recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DomainMatch {
    /// The domain.
    pub id: DomainId,
    /// The key of the entry that fits.
    pub by: DomainKey,
}

/// A key of a `[[domain]]` table by which domains are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DomainKey {
    /// `netbios`
    Netbios,
    /// `dns`
    Dns,
    /// `suffix`
    Suffix,
    /// `base`, or the base that a `dns` implies.
    Base,
}

/// What a distinguished name says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DnRead {
    /// How many relative distinguished names it has.
    pub rdns: usize,
    /// The DNS name that its `dc=` parts spell.
    pub dns: Option<String>,
    /// Why they spell none.
    pub no_dns: Option<String>,
    /// The domain it lies in.
    pub domain: Option<DomainMatch>,
    /// The logon name that its leaf states by `uid=` or `sAMAccountName=`.
    pub leaf_user: Option<String>,
}

/// Why a name could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Misread {
    /// The name of the problem in logs and documents.
    pub code: &'static str,
    /// The same in words.
    pub message: String,
    /// Where in the name, in octets from its start.
    pub at: usize,
    /// What to do about it.
    pub advice: &'static str,
}

/// A question to a directory, and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Whose directory.
    pub domain: DomainId,
    /// What the user was looked for by, in words.
    pub by: String,
    /// What it answered.
    pub answer: Answer,
}

/// What name and distinguished name say together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reconciled {
    /// They speak of one person.
    Principal {
        /// The person's domain; `None` is the site itself.
        domain: Option<DomainId>,
        /// The person's name without the domain.
        user: Folded,
        /// What says that the person belongs to this domain.
        evidence: Vec<Evidence>,
    },
    /// They do not, or not clearly.
    Refused {
        /// The reason.
        reason: Refusal,
        /// Over what.
        detail: String,
    },
}

/// What says that a user belongs to a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Evidence {
    /// The user name's own domain part or suffix.
    Name,
    /// The distinguished name.
    Dn,
    /// Nothing but the mapping's default domain.
    Default,
    /// The user's entry in the domain's directory.
    Directory,
}

/// How a rule was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleTried {
    /// Its place; the first rule in the file is number 1.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// The conditions in the order they were tried, up to the first that does not hold.
    pub conditions: Vec<Tried>,
    /// The parts of the user that its expression captured.
    pub captures: Vec<(String, String)>,
    /// Whether all conditions hold, so that this rule decides.
    pub decides: bool,
}

/// A condition and whether it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The condition.
    pub condition: Condition,
    /// Whether it holds.
    pub holds: bool,
}

/// A condition of a rule, named by its key in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// `form`
    Form,
    /// `domain`
    Domain,
    /// `from`
    From,
    /// `provider`
    Provider,
    /// `dn-under`
    DnUnder,
    /// `group`
    Group,
    /// `users`
    Users,
    /// `user`
    User,
}

/// How a decision was made into a vault user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunasMade {
    /// The template, or the exception's literal value.
    pub template: String,
    /// What it gave.
    pub value: String,
    /// Why it is not used.
    pub refused: Option<String>,
}

/// How a resolution ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// With this vault user, in these spellings.
    Runas(Vec<Runas>),
    /// With nobody.
    Nobody(Refusal),
}
