//! Rules that have been checked, and the resolution of stated users by them.

use crate::account::VaultAccount;
use crate::dn::{Dn, LeafUser};
use crate::domains::{DomainIndex, Domains, check_domains};
use crate::findings::Findings;
use crate::name::Name;
use crate::persons::{DenyList, Exceptions, check_deny_list, check_exceptions};
use crate::reconcile::{Facts, Principal, Stated};
use crate::rule::{Rule, check_rules};
use crate::trace::{
    AccountKind, DnRead, Ended, Misread, NameRead, Reconciled, RunasMade, Step, Trace,
};
use crate::{
    DecidedBy, LocalAccounts, MappingFile, MappingProblem, Outcome, Refusal, Resolution, Runas,
    StatedUser, VaultUser, Warning, fold,
};

/// Checked mapping rules.
///
/// The deny list is looked at first, then the exceptions, then the rules from the top. The first
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
    domains: Domains,
    local_accounts: LocalAccounts,
    denied: DenyList,
    exceptions: Exceptions,
    rules: Vec<Rule>,
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
        let domains = check_domains(&file.domain, &mut findings);
        let denied = check_deny_list(&file.deny, &domains, &mut findings);
        let exceptions =
            check_exceptions(&file.exception, &domains, local_accounts, &denied, &mut findings);
        let rules = check_rules(&file.rule, &domains, &mut findings);
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
        Ok((Self { domains, local_accounts, denied, exceptions, rules }, findings.warnings))
    }

    /// Says who a stated user is for the vault, and why.
    ///
    /// Every doubt gives nobody: names that cannot be read, domains that are not in the table,
    /// a name and a distinguished name that contradict each other, results that are not safe.
    #[must_use]
    pub fn resolve(&self, stated: &StatedUser<'_>) -> Resolution {
        let mut trace = Trace::new();
        trace.push(Step::Input {
            username: shorten(stated.username, MAX_TRACED_NAME),
            dn: stated.dn.map(|dn| shorten(dn, MAX_TRACED_DN)),
            provider: stated.provider.map(|provider| shorten(provider, MAX_TRACED_NAME)),
        });
        let outcome = match self.decide(stated, &mut trace) {
            Ok(vault_user) => {
                trace.push(Step::Result(Ended::Runas(vault_user.runas.clone())));
                Outcome::User(vault_user)
            }
            Err(refusal) => {
                trace.push(Step::Result(Ended::Nobody(refusal)));
                Outcome::Nobody(refusal)
            }
        };
        Resolution { outcome, trace }
    }

    fn decide(&self, stated: &StatedUser<'_>, trace: &mut Trace) -> Result<VaultUser, Refusal> {
        let name = self.read_name(stated.username, trace)?;
        let beside =
            stated.dn.filter(|dn| !dn.is_empty()).map(|dn| read_dn(dn, trace)).transpose()?;
        let dn = match (&name, &beside) {
            (Name::Dn(dn), Some(other)) if !dn.is_same(other) => {
                let detail = "the name is another distinguished name than the one beside it";
                return Err(refuse(Refusal::UserConflict, detail, trace));
            }
            (Name::Dn(dn), None) => Some(refuse_nobodys(dn, trace)?),
            (_, beside) => beside.as_ref(),
        };
        // What the distinguished name spells has to outlive what refers to it.
        let dns = dn.map(Dn::dns_domain);
        let dns_name = dns.as_ref().and_then(|dns| dns.as_deref().ok());
        let facts = Facts {
            name: &name,
            name_domain: self.name_domain(&name),
            dn,
            dn_domain: match (dn.and_then(|dn| self.domains.find_by_dn(dn)), dns_name) {
                (Some(found), _) => Stated::Known(found),
                (None, Some(dns)) => Stated::Unknown(dns),
                (None, None) => Stated::Nothing,
            },
        };
        if let Some(dn) = dn {
            trace.push(Step::Dn(self.describe_dn(dn, &facts)));
        }
        let principal = self.reconcile(&facts, trace)?;
        self.map(&principal, trace)
    }

    fn read_name<'a>(&self, text: &'a str, trace: &mut Trace) -> Result<Name<'a>, Refusal> {
        let name = Name::parse(text).map_err(|error| {
            trace.push(Step::NameError(Misread {
                code: error.problem().code(),
                message: error.problem().to_string(),
                at: error.at(),
                advice: error.problem().advice(),
            }));
            Refusal::BadName
        })?;
        let found = self.name_domain(&name).known();
        trace.push(Step::Name(NameRead {
            form: name.form(),
            account: name.account(),
            domain_part: name.domain_part().map(str::to_owned),
            domain: found.and_then(|found| self.domains.matched(found)),
            user: name.user().map(fold),
        }));
        match name.account() {
            AccountKind::Person => Ok(name),
            AccountKind::Machine => Err(Refusal::Machine),
            AccountKind::LocalMachine => Err(Refusal::LocalAccount),
            AccountKind::Special => Err(Refusal::SpecialAccount),
            AccountKind::Guest => Err(Refusal::Guest),
        }
    }

    fn name_domain<'a>(&self, name: &Name<'a>) -> Stated<'a> {
        let (part, found) = match name {
            Name::Bare(_) | Name::Dn(_) => return Stated::Nothing,
            Name::DownLevel(name) => {
                (name.domain(), self.domains.find_by_down_level(name.domain()))
            }
            Name::Upn(upn) => (upn.suffix(), self.domains.find_by_suffix(upn.suffix())),
        };
        found.map_or(Stated::Unknown(part), Stated::Known)
    }

    fn describe_dn(&self, dn: &Dn<'_>, facts: &Facts<'_>) -> DnRead {
        let (dns, no_dns) = match dn.dns_domain() {
            Ok(dns) => (Some(dns), None),
            Err(reason) => (None, Some(reason.to_string())),
        };
        let found = facts.dn_domain.known();
        DnRead {
            rdns: dn.depth(),
            dns,
            no_dns,
            domain: found.and_then(|found| self.domains.matched(found)),
            leaf_user: match dn.leaf_user() {
                LeafUser::One(user) => Some(user.to_owned()),
                LeafUser::Absent | LeafUser::Unclear => None,
            },
        }
    }

    fn reconcile<'a>(
        &self,
        facts: &Facts<'a>,
        trace: &mut Trace,
    ) -> Result<Principal<'a>, Refusal> {
        match facts.reconcile(&self.domains, self.local_accounts) {
            Ok(principal) => {
                let domain = principal.person.domain;
                trace.push(Step::Reconcile(Reconciled::Principal {
                    domain: domain.and_then(|index| self.domains.id(index)).cloned(),
                    user: principal.person.user.clone(),
                    evidence: principal.evidence.clone(),
                }));
                Ok(principal)
            }
            Err(disagreement) => Err(refuse(disagreement.reason, &disagreement.detail, trace)),
        }
    }

    fn map(&self, principal: &Principal<'_>, trace: &mut Trace) -> Result<VaultUser, Refusal> {
        let person = &principal.person;
        let denied = self.denied.find(person);
        trace.push(Step::Deny { number: denied });
        if denied.is_some() {
            return Err(Refusal::Denied);
        }
        let exception = self.exceptions.find(person);
        trace.push(Step::Exception {
            number: exception.map(|exception| exception.number),
            reason: exception.and_then(|exception| exception.reason.clone()),
        });
        if let Some(exception) = exception {
            let decided_by = DecidedBy::Exception(exception.number);
            return Ok(self.vault_user(principal, exception.runas.clone(), decided_by));
        }
        if person.domain.is_none() {
            return Err(Refusal::LocalAccount);
        }
        for rule in &self.rules {
            let tried = rule.try_on(principal);
            let captures = tried.decides.then(|| tried.captures.clone());
            trace.push(Step::Rule(tried));
            if let Some(captures) = captures {
                return self.apply(rule, &captures, principal, trace);
            }
        }
        Err(Refusal::NoRule)
    }

    /// Makes the vault user of the rule that decides, and holds it against every promise.
    fn apply(
        &self,
        rule: &Rule,
        captures: &[(String, String)],
        principal: &Principal<'_>,
        trace: &mut Trace,
    ) -> Result<VaultUser, Refusal> {
        let person = &principal.person;
        let value = rule.template().fill(person.user.as_str(), captures);
        let made = VaultAccount::read(&value, Some(rule.target()), &self.domains);
        let checked = match made {
            Err(problem) => Err((Refusal::BadResult, problem.to_string())),
            Ok(made) if !rule.is_shared() && self.exceptions.is_taken(&made.account, person) => {
                Err((Refusal::Collision, "an exception gives it to somebody else".to_owned()))
            }
            Ok(made) => Ok(made.runas),
        };
        trace.push(Step::Runas(RunasMade {
            template: rule.template().as_written().to_owned(),
            value,
            refused: checked.as_ref().err().map(|(_, detail)| detail.clone()),
        }));
        let runas = checked.map_err(|(refusal, _)| refusal)?;
        Ok(self.vault_user(principal, runas, DecidedBy::Rule(rule.name().to_owned())))
    }

    fn vault_user(
        &self,
        principal: &Principal<'_>,
        runas: Runas,
        decided_by: DecidedBy,
    ) -> VaultUser {
        let domain = |index: DomainIndex| self.domains.id(index).cloned();
        VaultUser {
            runas,
            domain: principal.person.domain.and_then(domain),
            user: principal.person.user.clone(),
            decided_by,
        }
    }
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

/// A distinguished name that cannot be read is not ignored: it may contradict the name.
fn read_dn<'a>(text: &'a str, trace: &mut Trace) -> Result<Dn<'a>, Refusal> {
    let dn = Dn::parse_lenient(text).map_err(|error| {
        trace.push(Step::DnError(Misread {
            code: error.problem().code(),
            message: error.problem().to_string(),
            at: error.at(),
            advice: error.problem().advice(),
        }));
        Refusal::BadDn
    })?;
    refuse_nobodys(&dn, trace)?;
    Ok(dn)
}

fn refuse_nobodys<'d, 'a>(dn: &'d Dn<'a>, trace: &mut Trace) -> Result<&'d Dn<'a>, Refusal> {
    let Some(reason) = dn.not_a_person() else {
        return Ok(dn);
    };
    trace.push(Step::DnError(Misread {
        code: reason.code(),
        message: reason.to_string(),
        at: 0,
        advice: reason.advice(),
    }));
    Err(Refusal::BadDn)
}

fn refuse(reason: Refusal, detail: &str, trace: &mut Trace) -> Refusal {
    trace.push(Step::Reconcile(Reconciled::Refused { reason, detail: detail.to_owned() }));
    reason
}
