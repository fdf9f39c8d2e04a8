//! The domains that exist for the mapping. What is not among them is unknown.

mod check;

use std::collections::{BTreeSet, HashMap};

pub(crate) use check::check_domains;

use crate::directory::{Key, Question};
use crate::dn::Dn;
use crate::trace::{DomainKey, DomainMatch};
use crate::{DirectoryUse, DomainId, fold};

/// A place in the table of domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DomainIndex(usize);

/// The checked `[[domain]]` tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Domains {
    domains: Vec<Domain>,
    default: Option<DomainIndex>,
    /// Folded names to their owners. INVARIANT: no text has two owners, whatever the keys.
    netbios: HashMap<String, DomainIndex>,
    dns: HashMap<String, DomainIndex>,
    suffix: HashMap<String, DomainIndex>,
    /// INVARIANT: no two are the same.
    bases: Vec<Base>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Domain {
    pub(crate) id: DomainId,
    pub(crate) netbios: Option<String>,
    pub(crate) dns: Vec<String>,
    pub(crate) suffix: Vec<String>,
    pub(crate) directory: DirectoryUse,
    /// What the rules of this domain want to know from its directory.
    pub(crate) attributes: BTreeSet<String>,
    pub(crate) groups: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct Base {
    dn: Dn<'static>,
    owner: DomainIndex,
}

/// A domain that was recognised, and by which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) index: DomainIndex,
    pub(crate) by: DomainKey,
}

impl Domains {
    pub(crate) fn find_by_id(&self, id: &str) -> Option<DomainIndex> {
        self.domains.iter().position(|domain| domain.id.as_str() == id).map(DomainIndex)
    }

    /// The domain of a bare name that comes with no distinguished name.
    pub(crate) fn default_domain(&self) -> Option<DomainIndex> {
        self.default
    }

    /// The domain behind the left side of `ACME\joe.user` or `acme.test\joe.user`.
    pub(crate) fn find_by_down_level(&self, part: &str) -> Option<Found> {
        let part = fold(part);
        Self::found(&self.netbios, part.as_str(), DomainKey::Netbios)
            .or_else(|| Self::found(&self.dns, part.as_str(), DomainKey::Dns))
    }

    /// The domain behind the suffix of `joe.user@acme-inc.com`, `@acme.test` or `@ACME`.
    pub(crate) fn find_by_suffix(&self, suffix: &str) -> Option<Found> {
        let suffix = fold(suffix);
        // A name of the domain's own says more than a suffix that is written down beside it.
        Self::found(&self.dns, suffix.as_str(), DomainKey::Dns)
            .or_else(|| Self::found(&self.netbios, suffix.as_str(), DomainKey::Netbios))
            .or_else(|| Self::found(&self.suffix, suffix.as_str(), DomainKey::Suffix))
    }

    fn found(map: &HashMap<String, DomainIndex>, folded: &str, by: DomainKey) -> Option<Found> {
        map.get(folded).map(|&index| Found { index, by })
    }

    /// The domain in whose longest base an entry lies.
    ///
    /// A base with `dc=` parts holds only entries whose `dc=` parts end where its own do:
    /// `uid=x,dc=emea,dc=acme,dc=test` is in a child domain of `acme.test`, with people of its
    /// own, and is not below `dc=acme,dc=test` in this sense.
    pub(crate) fn find_by_dn(&self, dn: &Dn<'_>) -> Option<Found> {
        let dc_run = dn.dc_run();
        self.bases
            .iter()
            .filter(|base| base.dn.dc_run() == dc_run && dn.is_within(&base.dn))
            .max_by_key(|base| base.dn.depth())
            .map(|base| Found { index: base.owner, by: DomainKey::Base })
    }

    pub(crate) fn get(&self, index: DomainIndex) -> Option<&Domain> {
        self.domains.get(index.0)
    }

    pub(crate) fn get_mut(&mut self, index: DomainIndex) -> Option<&mut Domain> {
        self.domains.get_mut(index.0)
    }

    /// When the directory of a domain is asked.
    pub(crate) fn directory(&self, index: DomainIndex) -> DirectoryUse {
        self.get(index).map_or(DirectoryUse::Never, |domain| domain.directory)
    }

    /// The domains whose directory may be asked.
    pub(crate) fn with_directory(&self) -> impl Iterator<Item = DomainIndex> {
        let has = |(at, domain): (usize, &Domain)| {
            (domain.directory != DirectoryUse::Never).then_some(DomainIndex(at))
        };
        self.domains.iter().enumerate().filter_map(has)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &DomainId> {
        self.domains.iter().map(|domain| &domain.id)
    }

    /// The question to the directory of a domain about one user.
    pub(crate) fn question(&self, index: DomainIndex, by: Key) -> Question {
        let domain = self.get(index);
        Question {
            domain: domain.map_or_else(|| DomainId::new(""), |domain| domain.id.clone()),
            by,
            attributes: domain.map(|domain| domain.attributes.clone()).unwrap_or_default(),
            groups: domain.map(|domain| domain.groups.clone()).unwrap_or_default(),
        }
    }

    pub(crate) fn id(&self, index: DomainIndex) -> Option<&DomainId> {
        self.get(index).map(|domain| &domain.id)
    }

    pub(crate) fn matched(&self, found: Found) -> Option<DomainMatch> {
        let id = self.id(found.index)?.clone();
        Some(DomainMatch { id, by: found.by })
    }

    /// The ids there are, for messages about one that is not.
    pub(crate) fn known_ids(&self) -> String {
        if self.domains.is_empty() {
            return "there is no [[domain]] yet".to_owned();
        }
        let ids: Vec<_> = self.domains.iter().map(|domain| format!("`{}`", domain.id)).collect();
        format!("there are {}", ids.join(", "))
    }
}
