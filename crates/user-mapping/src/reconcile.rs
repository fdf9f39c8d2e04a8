//! Name and distinguished name put together: one person, or nobody.

use crate::directory::Entry;
use crate::dn::{Dn, LeafUser};
use crate::domains::{DomainIndex, Domains, Found};
use crate::name::Name;
use crate::persons::Person;
use crate::trace::{AccountKind, Evidence, Form};
use crate::{Characters, LocalAccounts, Refusal, fold, is_same};

/// A person, and how it is known that the person is meant.
#[derive(Debug, Clone)]
pub(crate) struct Principal<'a> {
    pub(crate) person: Person,
    pub(crate) form: Form,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) dn: Option<&'a Dn<'a>>,
    /// The person's entry in a directory, when one was asked.
    pub(crate) entry: Option<Entry>,
}

impl Principal<'_> {
    /// Whether the user's entry lies at or below `base`. Where a directory told which entry that
    /// is, its word counts; else what was stated.
    pub(crate) fn lies_within(&self, base: &Dn<'_>) -> bool {
        match &self.entry {
            Some(entry) => Dn::parse(&entry.dn).is_ok_and(|dn| dn.is_within(base)),
            None => self.dn.is_some_and(|dn| dn.is_within(base)),
        }
    }
}

/// Why name and distinguished name give nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disagreement {
    pub(crate) reason: Refusal,
    pub(crate) detail: String,
}

/// What a part of the request says about the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stated<'a> {
    /// Nothing.
    Nothing,
    /// It is this one of the table.
    Known(Found),
    /// It has this name, which is not in the table.
    Unknown(&'a str),
    /// It is somewhere that no domain of the table is, and has no name.
    Elsewhere,
}

impl Stated<'_> {
    pub(crate) fn known(self) -> Option<Found> {
        match self {
            Self::Known(found) => Some(found),
            Self::Nothing | Self::Unknown(_) | Self::Elsewhere => None,
        }
    }
}

/// What name and distinguished name say, each for itself.
pub(crate) struct Facts<'a> {
    pub(crate) name: &'a Name<'a>,
    pub(crate) name_domain: Stated<'a>,
    /// The distinguished name: the one beside the name, or the name itself.
    pub(crate) dn: Option<&'a Dn<'a>>,
    pub(crate) dn_domain: Stated<'a>,
    /// What a logon name may be made of.
    pub(crate) characters: Characters,
}

impl<'a> Facts<'a> {
    /// The domain that both speak of, and what says so. Whatever they do not agree on is a
    /// refusal.
    pub(crate) fn domain(
        &self,
        domains: &Domains,
        local_accounts: LocalAccounts,
    ) -> Result<(Option<DomainIndex>, Vec<Evidence>), Disagreement> {
        use Stated::{Elsewhere, Known, Nothing, Unknown};
        match (self.name_domain, self.dn_domain) {
            (Unknown(part), _) if self.name.form() == Form::DownLevel => refuse(
                Refusal::UnknownDomain,
                format!("no [[domain]] has the netbios or dns name `{part}`"),
            ),
            (Known(found), Nothing) => Ok((Some(found.index), vec![Evidence::Name])),
            (Known(found), Known(other)) if found.index == other.index => {
                Ok((Some(found.index), vec![Evidence::Name, Evidence::Dn]))
            }
            (Known(found), Known(other)) => {
                let id = |found: Found| domains.id(found.index).map(ToString::to_string);
                let ids = [id(found), id(other)].map(Option::unwrap_or_default);
                let [name, dn] = ids;
                let detail = format!("the name is of `{name}`, the distinguished name of `{dn}`");
                refuse(Refusal::DomainConflict, detail)
            }
            (Known(_), Unknown(dns)) => refuse(
                Refusal::DomainConflict,
                format!("the distinguished name lies in `{dns}`, which no [[domain]] has"),
            ),
            (Known(_), Elsewhere) => refuse(
                Refusal::DomainConflict,
                "the distinguished name lies in no [[domain]]'s base, and the name is of one"
                    .to_owned(),
            ),
            // The suffix of a UPN says nothing about the domain unless the table says so.
            (Nothing | Unknown(_) | Elsewhere, Known(found)) => {
                Ok((Some(found.index), vec![Evidence::Dn]))
            }
            (Nothing | Unknown(_) | Elsewhere, Unknown(dns)) => refuse(
                Refusal::UnknownDomain,
                format!("the distinguished name lies in `{dns}`, which no [[domain]] has"),
            ),
            (Unknown(suffix), Nothing | Elsewhere) => refuse(
                Refusal::NoDomain,
                format!(
                    "the suffix `{suffix}` belongs to no [[domain]], and nothing else says more"
                ),
            ),
            (Nothing | Elsewhere, Elsewhere) => refuse(
                Refusal::NoDomain,
                "the distinguished name lies in no [[domain]]'s base".to_owned(),
            ),
            (Nothing | Elsewhere, Nothing) => match domains.default_domain() {
                Some(index) => Ok((Some(index), vec![Evidence::Default])),
                None if local_accounts == LocalAccounts::Exceptions => Ok((None, Vec::new())),
                None => refuse(
                    Refusal::LocalAccount,
                    "a bare name without a distinguished name is a user of the site itself"
                        .to_owned(),
                ),
            },
        }
    }

    /// Whether a principal name of a foreign suffix stands beside a distinguished name that states
    /// no logon name, so that only a directory can tell whether they are one user's.
    pub(crate) fn is_unrelated(&self) -> bool {
        let states_no_user = self.dn.is_some_and(|dn| matches!(dn.leaf_user(), LeafUser::Absent));
        matches!((self.name, self.name_domain), (Name::Upn(_), Stated::Unknown(_)))
            && states_no_user
    }

    /// The person as name and distinguished name alone tell it.
    pub(crate) fn without_directory(
        &self,
        domain: Option<DomainIndex>,
        user: &str,
        evidence: Vec<Evidence>,
    ) -> Principal<'a> {
        let person = Person { domain, user: fold(user) };
        Principal { person, form: self.name.form(), evidence, dn: self.dn, entry: None }
    }

    /// The logon name that both speak of. `None` if a distinguished name is all there is, and it
    /// states none.
    pub(crate) fn user(&self) -> Result<Option<&'a str>, Disagreement> {
        let leaf = self.dn.map_or(LeafUser::Absent, Dn::leaf_user);
        match (self.name.user(), leaf) {
            (_, LeafUser::Unclear) => refuse(
                Refusal::UserConflict,
                "the distinguished name states several logon names".to_owned(),
            ),
            (Some(user), LeafUser::Absent) => Ok(Some(user)),
            (Some(user), LeafUser::One(leaf)) if is_same(user, leaf) => Ok(Some(user)),
            (Some(user), LeafUser::One(leaf)) => refuse(
                Refusal::UserConflict,
                format!("the name says `{user}`, the distinguished name `{leaf}`"),
            ),
            (None, LeafUser::One(leaf)) => logon_name(leaf, self.characters).map(Some),
            (None, LeafUser::Absent) => Ok(None),
        }
    }
}

/// A logon name out of a distinguished name, or out of a directory, must be what a bare name may
/// be.
pub(crate) fn logon_name(leaf: &str, characters: Characters) -> Result<&str, Disagreement> {
    match Name::parse_with(leaf, characters) {
        Ok(Name::Bare(name)) => match Name::Bare(name).account() {
            AccountKind::Machine => {
                refuse(Refusal::Machine, format!("`{leaf}` is a computer's account"))
            }
            _ => Ok(name.user()),
        },
        Ok(_) => refuse(Refusal::BadName, format!("`{leaf}` is no bare logon name")),
        Err(error) => refuse(Refusal::BadName, format!("the logon name of the leaf: {error}")),
    }
}

fn refuse<T>(reason: Refusal, detail: String) -> Result<T, Disagreement> {
    Err(Disagreement { reason, detail })
}
