//! What the name of an entry tells about the person behind it.

use super::{Ava, Dn};
use crate::fold::is_same;

/// The logon name that a distinguished name's leaf states.
///
/// Only `uid` and `sAMAccountName` are logon names; the value of `cn` is made for display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafUser<'d> {
    /// None.
    Absent,
    /// This one.
    One(&'d str),
    /// Several that differ, or one that is no text.
    Unclear,
}

/// Why an entry cannot be a person's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NotAPerson {
    /// The directory's root entry.
    #[error("it is the name of the directory's root")]
    Root,
    /// A deleted entry of Active Directory.
    #[error("it is the name of a deleted entry")]
    Deleted,
    /// The losing entry of a replication conflict in Active Directory.
    #[error("it is the name of the loser of a replication conflict")]
    ReplicationConflict,
    /// A stand-in for a principal of another domain or forest.
    #[error("it stands for a principal of another domain")]
    ForeignPrincipal,
    /// A control character in the leaf.
    #[error("its leaf holds a control character")]
    ControlCharacter,
}

impl NotAPerson {
    /// The name of the reason in logs and documents.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Root => "root_entry",
            Self::Deleted => "deleted_entry",
            Self::ReplicationConflict => "replication_conflict",
            Self::ForeignPrincipal => "foreign_principal",
            Self::ControlCharacter => "control_character",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Root | Self::ControlCharacter => {
                "correct the user's entry, or what the security provider reads from it"
            }
            Self::Deleted => "remove the user from the site: the directory's entry is gone",
            Self::ReplicationConflict => "let the directory's administrator resolve the conflict",
            Self::ForeignPrincipal => {
                "let the security provider search the domain that the user belongs to"
            }
        }
    }
}

/// Names of the attributes that hold logon names, and the object identifier of the one that is
/// not among the well-known types.
const LOGON_NAMES: [&str; 4] = ["uid", "userid", "sAMAccountName", "1.2.840.113556.1.4.221"];

impl Dn<'_> {
    /// The logon name that the leaf states.
    #[must_use]
    pub fn leaf_user(&self) -> LeafUser<'_> {
        let mut found = LeafUser::Absent;
        for ava in self.leaf() {
            if !LOGON_NAMES.iter().any(|name| ava.attribute.is(name)) {
                continue;
            }
            found = match (found, ava.text()) {
                (LeafUser::Absent, Some(user)) => LeafUser::One(user),
                (LeafUser::One(first), Some(user)) if is_same(first, user) => found,
                _ => return LeafUser::Unclear,
            };
        }
        found
    }

    /// Why this cannot be the name of a person's own entry, if something speaks against it.
    ///
    /// ```
    /// use user_mapping::{Dn, NotAPerson};
    ///
    /// let dn = Dn::parse(r"CN=Joe\0ACNF:6b8c8d5e-1111-4222-8333-444455556666,DC=acme,DC=test")?;
    /// assert_eq!(dn.not_a_person(), Some(NotAPerson::ReplicationConflict));
    /// # Ok::<(), user_mapping::DnError>(())
    /// ```
    #[must_use]
    pub fn not_a_person(&self) -> Option<NotAPerson> {
        if self.avas.is_empty() {
            return Some(NotAPerson::Root);
        }
        for text in self.leaf().iter().filter_map(Ava::text) {
            // Active Directory renames such entries to NAME<LF>DEL:<guid> and NAME<LF>CNF:<guid>.
            if text.contains("\nDEL:") {
                return Some(NotAPerson::Deleted);
            }
            if text.contains("\nCNF:") {
                return Some(NotAPerson::ReplicationConflict);
            }
            if text.contains(char::is_control) {
                return Some(NotAPerson::ControlCharacter);
            }
        }
        if self.has_ancestor("Deleted Objects") {
            return Some(NotAPerson::Deleted);
        }
        self.has_ancestor("ForeignSecurityPrincipals").then_some(NotAPerson::ForeignPrincipal)
    }

    fn leaf(&self) -> &[Ava<'_>] {
        self.rdns().next().map_or(&[], super::Rdn::avas)
    }

    fn has_ancestor(&self, container: &str) -> bool {
        self.rdns().skip(1).flat_map(|rdn| rdn.avas()).any(|ava| {
            ava.attribute.is("cn") && ava.text().is_some_and(|text| is_same(text, container))
        })
    }
}
