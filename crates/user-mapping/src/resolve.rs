//! One resolution: from what the site states to a vault user, step by step into the trace.

use crate::account::{BadAccount, VaultAccount};
use crate::directory::{Answers, Question};
use crate::dn::{Dn, LeafUser};
use crate::domains::DomainIndex;
use crate::name::Name;
use crate::persons::Person;
use crate::reconcile::{Disagreement, Facts, Principal, Stated};
use crate::rule::Rule;
use crate::search::{Pending, Search};
use crate::template::{Filling, Template};
use crate::trace::{
    AccountKind, DnRead, Evidence, Misread, NameRead, Reconciled, RunasMade, Step, Trace,
};
use crate::{DecidedBy, DirectoryUse, Refusal, RuleSet, StatedUser, VaultUser, fold};

/// Why there is no vault user, or not yet.
#[derive(Debug)]
pub(crate) enum Stop {
    /// There is none.
    Refused(Refusal),
    /// Directories have to be asked first.
    Ask(Vec<Question>),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Who is asked for, by which rules, with which answers of directories.
pub(crate) struct Resolve<'r> {
    pub(crate) rules: &'r RuleSet,
    pub(crate) answers: &'r Answers,
    /// Whether to tell what the rules say that are not reached.
    pub(crate) to_the_end: bool,
}

impl Resolve<'_> {
    pub(crate) fn decide(
        &self,
        stated: &StatedUser<'_>,
        trace: &mut Trace,
    ) -> Result<VaultUser, Stop> {
        let name = self.read_name(stated.username, trace)?;
        let beside =
            stated.dn.filter(|dn| !dn.is_empty()).map(|dn| read_dn(dn, trace)).transpose()?;
        let dn = match (&name, &beside) {
            (Name::Dn(dn), Some(other)) if !dn.is_same(other) => {
                let detail = "the name is another distinguished name than the one beside it";
                return Err(refuse(Refusal::UserConflict, detail, trace).into());
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
            dn_domain: match (dn.and_then(|dn| self.rules.domains.find_by_dn(dn)), dns_name) {
                (Some(found), _) => Stated::Known(found),
                (None, Some(dns)) => Stated::Unknown(dns),
                (None, None) if dn.is_some() => Stated::Elsewhere,
                (None, None) => Stated::Nothing,
            },
            characters: self.rules.characters,
        };
        if let Some(dn) = dn {
            trace.push(Step::Dn(self.describe_dn(dn, &facts)));
        }
        let principal = self.principal(&facts, trace)?;
        self.map(stated, &principal, trace)
    }

    fn read_name<'a>(&self, text: &'a str, trace: &mut Trace) -> Result<Name<'a>, Refusal> {
        let name = Name::parse_with(text, self.rules.characters).map_err(|error| {
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
            domain: found.and_then(|found| self.rules.domains.matched(found)),
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
        let domains = &self.rules.domains;
        let (part, found) = match name {
            Name::Bare(_) | Name::Dn(_) => return Stated::Nothing,
            Name::DownLevel(name) => (name.domain(), domains.find_by_down_level(name.domain())),
            Name::Upn(upn) => (upn.suffix(), domains.find_by_suffix(upn.suffix())),
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
            domain: found.and_then(|found| self.rules.domains.matched(found)),
            leaf_user: match dn.leaf_user() {
                LeafUser::One(user) => Some(user.to_owned()),
                LeafUser::Absent | LeafUser::Unclear => None,
            },
        }
    }

    /// The person that name, distinguished name and, where it is asked, the directory agree on.
    fn principal<'a>(&self, facts: &Facts<'a>, trace: &mut Trace) -> Result<Principal<'a>, Stop> {
        match self.search_or_reconcile(facts, trace) {
            Ok(principal) => {
                let domain = principal.person.domain;
                trace.push(Step::Reconcile(Reconciled::Principal {
                    domain: domain.and_then(|index| self.rules.domains.id(index)).cloned(),
                    user: principal.person.user.clone(),
                    evidence: principal.evidence.clone(),
                }));
                Ok(principal)
            }
            Err(Pending::Ask(questions)) => Err(Stop::Ask(questions)),
            Err(Pending::Refused(Disagreement { reason, detail })) => {
                Err(refuse(reason, &detail, trace).into())
            }
        }
    }

    fn search_or_reconcile<'a>(
        &self,
        facts: &Facts<'a>,
        trace: &mut Trace,
    ) -> Result<Principal<'a>, Pending> {
        let domains = &self.rules.domains;
        let search = Search { domains, answers: self.answers, facts };
        let has_directory = domains.with_directory().next().is_some();
        let user = facts.user()?;
        let (domain, evidence) = match facts.domain(domains, self.rules.local_accounts) {
            Err(Disagreement { reason: Refusal::NoDomain, .. })
                if has_directory && facts.dn.is_none() && matches!(facts.name, Name::Upn(_)) =>
            {
                return search.by_principal_name(trace);
            }
            domain => domain?,
        };
        if let Some(index) = domain
            && self.must_ask(index, facts, user.is_none(), &evidence)
        {
            return search.in_domain(index, evidence, trace);
        }
        if facts.is_unrelated() {
            return Err(Pending::Refused(Disagreement {
                reason: Refusal::UserConflict,
                detail: "nothing says that the principal name and the distinguished name are one \
                         user's: the suffix is no [[domain]]'s, the distinguished name states no \
                         logon name, and no directory is there to ask"
                    .to_owned(),
            }));
        }
        let user = user.ok_or_else(|| Disagreement {
            reason: Refusal::BadName,
            detail: "the distinguished name states no logon name: its first part has neither uid \
                     nor sAMAccountName, and no directory is there to ask"
                .to_owned(),
        })?;
        Ok(facts.without_directory(domain, user, evidence))
    }

    fn must_ask(
        &self,
        domain: DomainIndex,
        facts: &Facts<'_>,
        is_nameless: bool,
        evidence: &[Evidence],
    ) -> bool {
        let rules_need_it = || {
            let of_domain = |rule: &&Rule| rule.domain() == domain;
            self.rules.rules.iter().filter(of_domain).any(Rule::needs_directory)
        };
        match self.rules.domains.directory(domain) {
            DirectoryUse::Never => false,
            DirectoryUse::Always => true,
            DirectoryUse::WhenNeeded => {
                // A principal name next to a distinguished name is held against its entry too.
                let by_upn = matches!(facts.name, Name::Upn(_))
                    && (evidence.contains(&Evidence::Name) || facts.dn.is_some());
                is_nameless || by_upn || rules_need_it()
            }
        }
    }

    fn map(
        &self,
        stated: &StatedUser<'_>,
        principal: &Principal<'_>,
        trace: &mut Trace,
    ) -> Result<VaultUser, Stop> {
        let person = &principal.person;
        let denied = self.rules.denied.find(person);
        trace.push(Step::Deny { number: denied });
        if denied.is_some() {
            return Err(Refusal::Denied.into());
        }
        if let Some(resemblance) = self.rules.denied.resembling(person) {
            return Err(refuse(Refusal::Collision, &resemblance.of("deny"), trace).into());
        }
        if !self.rules.allowed.is_empty() {
            let allowed = self.rules.allowed.find(person);
            trace.push(Step::Allow { number: allowed });
            if allowed.is_none() {
                return Err(Refusal::NotAllowed.into());
            }
        }
        let exception = self.rules.exceptions.find(person);
        trace.push(Step::Exception {
            number: exception.map(|exception| exception.number),
            reason: exception.and_then(|exception| exception.reason.clone()),
        });
        if let Some(exception) = exception {
            self.others(stated, principal, 0, trace);
            let decided_by = DecidedBy::Exception(exception.number);
            let candidates = vec![exception.vault_account.clone()];
            return Ok(self.vault_user(principal, candidates, decided_by, false));
        }
        if let Some(resemblance) = self.rules.exceptions.resembling(person) {
            return Err(refuse(Refusal::Collision, &resemblance.of("exception"), trace).into());
        }
        if person.domain.is_none() {
            return Err(Refusal::LocalAccount.into());
        }
        for (at, rule) in self.rules.rules.iter().enumerate() {
            let tried = rule.try_on(stated, principal);
            let captures = tried.decides.then(|| tried.captures.clone());
            trace.push(Step::Rule(tried));
            if let Some(captures) = captures {
                self.others(stated, principal, at + 1, trace);
                return Ok(self.apply(rule, &captures, principal, trace)?);
            }
        }
        Err(Refusal::NoRule.into())
    }

    /// What the rules from `first` on would have said.
    fn others(
        &self,
        stated: &StatedUser<'_>,
        principal: &Principal<'_>,
        first: usize,
        trace: &mut Trace,
    ) {
        if self.to_the_end {
            for rule in self.rules.rules.iter().skip(first) {
                trace.push(Step::NotReached(rule.try_on(stated, principal)));
            }
        }
    }

    /// Makes the vault user of the rule that decides, and holds every spelling of it against
    /// every promise.
    fn apply(
        &self,
        rule: &Rule,
        captures: &[(String, String)],
        principal: &Principal<'_>,
        trace: &mut Trace,
    ) -> Result<VaultUser, Refusal> {
        let filling = Filling {
            user: principal.person.user.as_str(),
            captures,
            entry: principal.entry.as_ref(),
        };
        let mut candidates: Vec<VaultAccount> = Vec::with_capacity(rule.templates().len());
        for template in rule.templates() {
            let filled = template.fill(&filling);
            let checked = match &filled {
                Ok(value) => {
                    self.check_account(value, template, rule, principal).and_then(|made| {
                        // What the directory calls the entry's principal name is the entry's.
                        let others = candidates.iter().zip(rule.templates());
                        let differs = others
                            .filter(|(_, other)| !other.is_principal_name())
                            .any(|(other, _)| other.account != made.account);
                        if differs && !template.is_principal_name() {
                            return Err((Refusal::BadResult, BadAccount::OtherAccount.to_string()));
                        }
                        Ok(made)
                    })
                }
                Err(missing) => Err((Refusal::BadResult, missing.to_string())),
            };
            trace.push(Step::Runas(RunasMade {
                template: template.as_written().to_owned(),
                value: filled.unwrap_or_default(),
                refused: checked.as_ref().err().map(|(_, detail)| detail.clone()),
            }));
            candidates.push(checked.map_err(|(refusal, _)| refusal)?);
        }
        let decided_by = DecidedBy::Rule(rule.name().to_owned());
        Ok(self.vault_user(principal, candidates, decided_by, rule.is_shared()))
    }

    fn check_account(
        &self,
        value: &str,
        template: &Template,
        rule: &Rule,
        principal: &Principal<'_>,
    ) -> Result<VaultAccount, (Refusal, String)> {
        let bad = |problem: BadAccount| (Refusal::BadResult, problem.to_string());
        let made =
            VaultAccount::read(value, Some(rule.target()), &self.rules.domains).map_err(bad)?;
        match (made.account.domain, rule.is_for_own_users()) {
            // Whoever may write the attribute could make any of the vault's own users of somebody.
            (None, false) if template.attributes().next().is_some() => {
                return Err(bad(BadAccount::NoDomain));
            }
            (Some(_), true) => return Err(bad(BadAccount::NotOwn)),
            _ => {}
        }
        if self.rules.exceptions.is_taken(&made.account, &principal.person) {
            return Err((Refusal::Collision, "an exception gives it to somebody else".to_owned()));
        }
        let account = Person { domain: made.account.domain, user: made.account.user.clone() };
        if !rule.is_shared()
            && let Some(number) = self.rules.denied.find(&account)
        {
            return Err((Refusal::Denied, format!("deny {number} names the user of that account")));
        }
        Ok(made)
    }

    fn vault_user(
        &self,
        principal: &Principal<'_>,
        candidates: Vec<VaultAccount>,
        decided_by: DecidedBy,
        is_shared: bool,
    ) -> VaultUser {
        let domain = |index: DomainIndex| self.rules.domains.id(index).cloned();
        let accounts = candidates.iter().map(|made| {
            let domain = made.account.domain.and_then(domain);
            format!("{}\\{}", domain.unwrap_or_default(), made.account.user)
        });
        VaultUser {
            accounts: accounts.collect(),
            candidates: candidates.into_iter().map(|made| made.runas).collect(),
            directory_id: principal.entry.as_ref().and_then(|entry| entry.id.clone()),
            domain: principal.person.domain.and_then(domain),
            user: principal.person.user.clone(),
            decided_by,
            is_shared,
        }
    }
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
