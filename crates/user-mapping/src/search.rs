//! What a directory adds to a name: the person behind it, held against all that was stated.

use crate::directory::{AccountState, Answer, Answers, Entry, Key, Question};
use crate::dn::Dn;
use crate::domains::{DomainIndex, Domains};
use crate::name::Name;
use crate::persons::Person;
use crate::reconcile::{Disagreement, Facts, Principal, logon_name};
use crate::trace::{Asked, DomainKey, Evidence, Step, Trace};
use crate::{Refusal, fold, is_same};

/// Why a search gives no person yet, or none at all.
#[derive(Debug)]
pub(crate) enum Pending {
    /// These questions have no answer yet.
    Ask(Vec<Question>),
    /// Nobody is meant.
    Refused(Disagreement),
}

impl From<Disagreement> for Pending {
    fn from(disagreement: Disagreement) -> Self {
        Self::Refused(disagreement)
    }
}

/// The directories that may be asked, and what they have said.
pub(crate) struct Search<'a, 'n> {
    pub(crate) domains: &'a Domains,
    pub(crate) answers: &'a Answers,
    pub(crate) facts: &'a Facts<'n>,
}

impl<'n> Search<'_, 'n> {
    /// The person of a domain that is known, whose entry everything stated must agree with.
    pub(crate) fn in_domain(
        &self,
        domain: DomainIndex,
        evidence: Vec<Evidence>,
        trace: &mut Trace,
    ) -> Result<Principal<'n>, Pending> {
        let key = match (self.facts.dn, self.facts.name) {
            (Some(dn), _) => Key::Entry(dn.to_string()),
            (None, Name::Upn(upn)) => Key::PrincipalName(fold(&principal_name(upn))),
            (None, name) => Key::LogonName(fold(name.user().unwrap_or_default())),
        };
        let found = match self.ask(domain, key.clone(), trace)? {
            Some(entry) => Some(entry),
            None => {
                let others = self.others(domain, &key);
                let logon_name = self.implicit(domain);
                let questions = others.iter().map(|&other| (other, &key));
                self.all_answered(questions.chain(logon_name.iter().map(|key| (domain, key))))?;
                if let Some((other, entry)) = self.only_one(&others, &key, trace)? {
                    return self.person(other, Vec::new(), entry);
                }
                logon_name.map(|key| self.ask(domain, key, trace)).transpose()?.flatten()
            }
        };
        let entry =
            found.ok_or_else(|| disagree(Refusal::NotFound, "the directory has no such user"))?;
        self.person(domain, evidence, entry)
    }

    /// The person behind a principal name whose suffix belongs to no domain of the table: exactly
    /// one of the directories must know it.
    pub(crate) fn by_principal_name(&self, trace: &mut Trace) -> Result<Principal<'n>, Pending> {
        let Name::Upn(upn) = self.facts.name else {
            return Err(disagree(Refusal::NoDomain, "nothing tells the domain").into());
        };
        let key = Key::PrincipalName(fold(&principal_name(upn)));
        let found =
            self.only_one(&self.domains.with_directory().collect::<Vec<_>>(), &key, trace)?;
        let (domain, entry) = found
            .ok_or_else(|| disagree(Refusal::NoDomain, "no directory knows this principal name"))?;
        self.person(domain, Vec::new(), entry)
    }

    /// The other domains in which a principal name may be somebody's: suffixes belong to a forest,
    /// and a name that was given to somebody comes before one that follows from a logon name
    /// ([MS-ADTS] 5.1.1.1.1).
    fn others(&self, domain: DomainIndex, key: &Key) -> Vec<DomainIndex> {
        match key {
            Key::PrincipalName(_) => {
                self.domains.with_directory().filter(|&other| other != domain).collect()
            }
            Key::LogonName(_) | Key::Entry(_) => Vec::new(),
        }
    }

    /// `joe@acme.test` is also the user whose logon name is `joe`, unless somebody else's
    /// principal name was set to that. A suffix that is not the domain's own name says no such
    /// thing ([MS-ADTS] 5.1.1.1.1).
    fn implicit(&self, domain: DomainIndex) -> Option<Key> {
        let Name::Upn(upn) = self.facts.name else { return None };
        let is_own = self
            .facts
            .name_domain
            .known()
            .is_some_and(|found| found.index == domain && found.by != DomainKey::Suffix);
        (self.facts.dn.is_none() && is_own).then(|| Key::LogonName(fold(upn.user())))
    }

    /// Asks for whatever has no answer yet, all at once.
    fn all_answered<'k>(
        &self,
        asked: impl Iterator<Item = (DomainIndex, &'k Key)>,
    ) -> Result<(), Pending> {
        let missing: Vec<_> = asked
            .map(|(domain, key)| self.domains.question(domain, key.clone()))
            .filter(|question| self.answers.find(question).is_none())
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(Pending::Ask(missing)) }
    }

    /// The one entry that the directories of these domains know by this key, and whose it is.
    fn only_one(
        &self,
        domains: &[DomainIndex],
        key: &Key,
        trace: &mut Trace,
    ) -> Result<Option<(DomainIndex, Entry)>, Pending> {
        self.all_answered(domains.iter().map(|&domain| (domain, key)))?;
        let mut found = None;
        for &domain in domains {
            if let Some(entry) = self.ask(domain, key.clone(), trace)? {
                if found.is_some() {
                    let detail = "the directories of two domains know this principal name";
                    return Err(disagree(Refusal::Ambiguous, detail).into());
                }
                found = Some((domain, entry));
            }
        }
        Ok(found)
    }

    /// The one entry, `None` for nobody.
    fn ask(
        &self,
        domain: DomainIndex,
        key: Key,
        trace: &mut Trace,
    ) -> Result<Option<Entry>, Pending> {
        let question = self.domains.question(domain, key);
        let Some(answer) = self.answers.find(&question) else {
            return Err(Pending::Ask(vec![question]));
        };
        trace.push(Step::Directory(Asked {
            domain: question.domain.clone(),
            by: question.by.to_string(),
            answer: answer.clone(),
        }));
        match answer {
            Answer::Nobody => Ok(None),
            Answer::Several => {
                Err(disagree(Refusal::Ambiguous, "the directory knows several users like this")
                    .into())
            }
            Answer::Unavailable(why) => Err(disagree(Refusal::DirectoryUnavailable, why).into()),
            Answer::Unusable(why) => Err(disagree(Refusal::DirectoryUnusable, why).into()),
            Answer::Entry(entry) => {
                is_what_was_asked(&question.by, entry)?;
                Ok(Some((**entry).clone()))
            }
        }
    }

    /// Holds the entry against everything that was stated.
    fn person(
        &self,
        domain: DomainIndex,
        mut evidence: Vec<Evidence>,
        entry: Entry,
    ) -> Result<Principal<'n>, Pending> {
        let dn = Dn::parse(&entry.dn).map_err(|error| {
            disagree(Refusal::DirectoryMismatch, format!("the entry's own name: {error}"))
        })?;
        if let Some(reason) = dn.not_a_person() {
            return Err(disagree(Refusal::BadDn, reason.to_string()).into());
        }
        if self.domains.find_by_dn(&dn).map(|found| found.index) != Some(domain) {
            let detail = format!("the entry `{}` lies outside of the domain's bases", entry.dn);
            return Err(disagree(Refusal::DirectoryMismatch, detail).into());
        }
        match entry.state {
            AccountState::Usable => {}
            AccountState::NotAPerson => {
                let detail = "the directory says that this is no person's account";
                return Err(disagree(Refusal::Machine, detail).into());
            }
            state => {
                let detail = format!("the directory says that the account is {}", state.code());
                return Err(disagree(Refusal::Disabled, detail).into());
            }
        }
        let user = logon_name(&entry.logon_name, self.facts.characters)?.to_owned();
        self.agrees(domain, &user, &entry)?;
        evidence.push(Evidence::Directory);
        let person = Person { domain: Some(domain), user: fold(&user) };
        let form = self.facts.name.form();
        Ok(Principal { person, form, evidence, dn: self.facts.dn, entry: Some(entry) })
    }

    /// The name that was stated must be one of the entry's.
    fn agrees(&self, domain: DomainIndex, user: &str, entry: &Entry) -> Result<(), Disagreement> {
        let stated = self.facts.user()?;
        let (agrees, stated) = match self.facts.name {
            Name::Upn(upn) => {
                let whole = principal_name(upn);
                let explicit =
                    entry.principal_name.as_deref().is_some_and(|name| is_same(name, &whole));
                let own_name =
                    self.facts.name_domain.known().is_some_and(|found| {
                        found.index == domain && found.by != DomainKey::Suffix
                    });
                (explicit || (own_name && is_same(upn.user(), user)), whole)
            }
            _ => match stated {
                Some(stated) => (is_same(stated, user), stated.to_owned()),
                None => (true, String::new()),
            },
        };
        if agrees {
            return Ok(());
        }
        let detail = format!("the name says `{stated}`, the directory's entry `{user}`");
        Err(disagree(Refusal::UserConflict, detail))
    }
}

/// Directories fold more than we do: OpenLDAP answers `joe.user` when asked for `ｊoe.user`.
fn is_what_was_asked(key: &Key, entry: &Entry) -> Result<(), Disagreement> {
    let (asked, found, same) = match key {
        Key::LogonName(asked) => {
            (asked.as_str(), entry.logon_name.as_str(), fold(&entry.logon_name) == *asked)
        }
        Key::PrincipalName(asked) => {
            let found = entry.principal_name.as_deref().unwrap_or_default();
            (asked.as_str(), found, fold(found) == *asked)
        }
        Key::Entry(asked) => {
            let same = matches!((Dn::parse_lenient(asked), Dn::parse(&entry.dn)),
                (Ok(asked), Ok(found)) if asked.is_same(&found));
            (asked.as_str(), entry.dn.as_str(), same)
        }
    };
    if same {
        return Ok(());
    }
    let detail = format!("asked for `{asked}`, the directory answered `{found}`");
    Err(disagree(Refusal::DirectoryMismatch, detail))
}

fn principal_name(upn: &crate::Upn<'_>) -> String {
    format!("{}@{}", upn.user(), upn.suffix())
}

fn disagree(reason: Refusal, detail: impl Into<String>) -> Disagreement {
    Disagreement { reason, detail: detail.into() }
}
