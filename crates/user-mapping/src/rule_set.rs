//! Rules that have been checked, and the questions that can be put to them.

use crate::directory::{Answer, Answers, Progress};
use crate::domains::{Domains, check_domains};
use crate::findings::Findings;
use crate::persons::{Exceptions, UserLists, check_exceptions, check_lists};
use crate::resolve::{Resolve, Stop};
use crate::rule::{Rule, check_rules};
use crate::trace::{Ended, Step, Trace};
use crate::{
    Characters, DomainId, LocalAccounts, MappingFile, MappingProblem, Outcome, Probe, Resolution,
    StatedUser, Warning,
};

/// Checked mapping rules.
///
/// The deny list is looked at first, then the allow lists, then the exceptions, then the rules from the top. The first
/// rule whose conditions all hold decides, even if what it makes cannot be used. Without a rule
/// that fits, the user is nobody.
///
/// # Examples
///
/// ```
/// use user_mapping::{MappingFile, Outcome, Refusal, RuleSet, StatedUser};
///
/// let file: MappingFile = toml::from_str(r#"
///     [[domain]]
///     id = "acme"
///     netbios = "ACME"
///     dns = ["acme.test"]
///
///     [[rule]]
///     domain = "acme"
///     runas = '{netbios}\{user}'
/// "#)?;
/// let (rules, warnings) = RuleSet::check(file).map_err(|problems| format!("{problems:?}"))?;
/// assert!(warnings.is_empty());
///
/// let stated = StatedUser {
///     username: "Joe.User",
///     dn: Some("CN=Joe User,OU=HelpDesk,DC=acme,DC=test"),
///     provider: Some("ldap"),
/// };
/// let resolution = rules.resolve(&stated);
/// let Outcome::User(vault_user) = &resolution.outcome else { panic!("{}", resolution.trace) };
/// assert_eq!(vault_user.runas(), r"ACME\joe.user");
///
/// // The same name without the distinguished name is a user of the site itself.
/// let local = rules.resolve(&StatedUser { dn: None, ..stated });
/// assert_eq!(local.outcome, Outcome::Nobody(Refusal::LocalAccount));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    pub(crate) domains: Domains,
    pub(crate) local_accounts: LocalAccounts,
    probe: Probe,
    pub(crate) characters: Characters,
    pub(crate) denied: UserLists,
    pub(crate) allowed: UserLists,
    pub(crate) exceptions: Exceptions,
    pub(crate) rules: Vec<Rule>,
}

impl RuleSet {
    /// Checks what the operator wrote.
    ///
    /// An empty file is valid: with it, everybody is nobody.
    ///
    /// # Errors
    ///
    /// Every problem there is, table by table in the order version, domains, deny list,
    /// exceptions, rules.
    pub fn check(file: MappingFile) -> Result<(Self, Vec<Warning>), Vec<MappingProblem>> {
        let mut findings = Findings::default();
        if let Some(version) = file.version.filter(|&version| version != 1) {
            let message = format!("version {version} of the mapping rules is not known");
            findings.problem("version", message, "write `version = 1`, or leave it out");
        }
        let local_accounts = file.policy.local_accounts;
        let characters = file.policy.characters;
        let mut domains = check_domains(&file.domain, &mut findings);
        let denied = file.deny.iter().map(|table| (&table.user[..], table.domain.as_deref()));
        let denied = check_lists("deny", denied, &domains, characters, &mut findings);
        let allowed = file.allow.iter().map(|table| (&table.user[..], table.domain.as_deref()));
        let allowed = check_lists("allow", allowed, &domains, characters, &mut findings);
        let exceptions =
            check_exceptions(&file.exception, &domains, file.policy, &denied, &mut findings);
        let rules = check_rules(&file.rule, &mut domains, characters, &mut findings);
        if !findings.problems.is_empty() {
            return Err(findings.problems);
        }
        if rules.is_empty() && exceptions.is_empty() {
            findings.warning(
                "rule",
                "there is no rule and no exception, so nobody is a vault user",
                "write a [[domain]] and a [[rule]]",
            );
        }
        let probe = file.policy.probe;
        let rules =
            Self { domains, local_accounts, probe, characters, denied, allowed, exceptions, rules };
        Ok((rules, findings.warnings))
    }

    /// Says who a stated user is for the vault, and why.
    ///
    /// Every doubt gives nobody: names that cannot be read, domains that are not in the table,
    /// a name and a distinguished name that contradict each other, results that are not safe.
    /// So does a directory that would have to be asked: [`resolve_with`](Self::resolve_with)
    /// takes its answers.
    #[must_use]
    pub fn resolve(&self, stated: &StatedUser<'_>) -> Resolution {
        self.run_alone(stated, false)
    }

    /// The same, with the trace going on to the rules that are not reached, and what they would
    /// have said.
    #[must_use]
    pub fn explain(&self, stated: &StatedUser<'_>) -> Resolution {
        self.run_alone(stated, true)
    }

    /// Says who a stated user is with what directories have answered so far, or what they have to
    /// be asked first. Whoever asks them calls again with the answers; two rounds are enough.
    ///
    /// # Examples
    ///
    /// ```
    /// use user_mapping::{
    ///     Answer, Answers, Entry, MappingFile, Outcome, Progress, RuleSet, StatedUser,
    /// };
    ///
    /// let file: MappingFile = toml::from_str(r#"
    ///     [[domain]]
    ///     id = "acme"
    ///     netbios = "ACME"
    ///     dns = ["acme.test"]
    ///     directory = "when-needed"
    ///
    ///     [[rule]]
    ///     domain = "acme"
    ///     form = ["upn", "dn"]
    ///     from = ["directory"]
    ///     runas = '{netbios}\{user}'
    /// "#)?;
    /// let (rules, _) = RuleSet::check(file).map_err(|problems| format!("{problems:?}"))?;
    ///
    /// // Nothing in this distinguished name is a logon name.
    /// let dn = "CN=Joe User,OU=HelpDesk,DC=acme,DC=test";
    /// let stated = StatedUser { username: dn, ..StatedUser::default() };
    /// let mut answers = Answers::default();
    /// let Progress::Ask(questions) = rules.resolve_with(&stated, &answers) else { panic!() };
    ///
    /// // What a directory would say:
    /// let logon_name = "joe.user".to_owned();
    /// let entry = Entry { dn: dn.to_owned(), logon_name, ..Entry::default() };
    /// for question in questions {
    ///     answers.add(question, Answer::Entry(Box::new(entry.clone())));
    /// }
    /// let Progress::Done(resolution) = rules.resolve_with(&stated, &answers) else { panic!() };
    /// let Outcome::User(vault_user) = resolution.outcome else { panic!("{}", resolution.trace) };
    /// assert_eq!(vault_user.runas(), r"ACME\joe.user");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn resolve_with(&self, stated: &StatedUser<'_>, answers: &Answers) -> Progress {
        self.run(stated, answers, false)
    }

    /// [`explain`](Self::explain) with what directories have answered so far.
    #[must_use]
    pub fn explain_with(&self, stated: &StatedUser<'_>, answers: &Answers) -> Progress {
        self.run(stated, answers, true)
    }

    /// The ids of all domains, in the order of the file.
    pub fn domains(&self) -> impl Iterator<Item = &DomainId> {
        self.domains.ids()
    }

    /// Under which names a domain is known.
    #[must_use]
    pub fn names_of(&self, id: &str) -> Option<DomainNames<'_>> {
        let domain = self.domains.find_by_id(id).and_then(|index| self.domains.get(index))?;
        let netbios = domain.netbios.as_deref();
        Some(DomainNames { netbios, dns: &domain.dns, suffix: &domain.suffix })
    }

    /// The ids of those whose directory may be asked.
    pub fn domains_with_directory(&self) -> impl Iterator<Item = &DomainId> {
        self.domains.with_directory().filter_map(|index| self.domains.id(index))
    }

    /// What the user part of a name may be made of.
    #[must_use]
    pub fn characters(&self) -> Characters {
        self.characters
    }

    /// Which of several spellings of a vault user is to be used.
    #[must_use]
    pub fn probe(&self) -> Probe {
        self.probe
    }

    fn run_alone(&self, stated: &StatedUser<'_>, to_the_end: bool) -> Resolution {
        let mut answers = Answers::default();
        loop {
            match self.run(stated, &answers, to_the_end) {
                Progress::Done(resolution) => return *resolution,
                // Each round answers at least one question that had no answer, and there are two
                // per domain at most.
                Progress::Ask(questions) => {
                    for question in questions {
                        let why = "no directory is connected".to_owned();
                        answers.add(question, Answer::Unavailable(why));
                    }
                }
            }
        }
    }

    fn run(&self, stated: &StatedUser<'_>, answers: &Answers, to_the_end: bool) -> Progress {
        let mut trace = Trace::new();
        trace.push(Step::Input {
            username: shorten(stated.username, MAX_TRACED_NAME),
            dn: stated.dn.map(|dn| shorten(dn, MAX_TRACED_DN)),
            provider: stated.provider.map(|provider| shorten(provider, MAX_TRACED_NAME)),
        });
        let resolve = Resolve { rules: self, answers, to_the_end };
        let outcome = match resolve.decide(stated, &mut trace) {
            Ok(vault_user) => {
                trace.push(Step::Result(Ended::Runas(vault_user.candidates.clone())));
                Outcome::User(vault_user)
            }
            Err(Stop::Refused(refusal)) => {
                trace.push(Step::Result(Ended::Nobody(refusal)));
                Outcome::Nobody(refusal)
            }
            Err(Stop::Ask(questions)) => return Progress::Ask(questions),
        };
        Progress::Done(Box::new(Resolution { outcome, trace }))
    }
}

/// The names of a domain in the mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainNames<'r> {
    /// The left side of `ACME\joe.user`.
    pub netbios: Option<&'r str>,
    /// DNS names.
    pub dns: &'r [String],
    /// Suffixes of principal names.
    pub suffix: &'r [String],
}

/// How much of what a site states is kept in a trace, in octets.
const MAX_TRACED_NAME: usize = 1024;
const MAX_TRACED_DN: usize = 4096;

fn shorten(text: &str, octets: usize) -> String {
    if text.len() <= octets {
        return text.to_owned();
    }
    let end = (0..=octets).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
    format!("{}…", text.get(..end).unwrap_or_default())
}
