//! When two distinguished names are those of one entry.

use super::value::Meaning;
use super::{Ava, Dn, Rdn};
use crate::fold::is_same;

impl Dn<'_> {
    /// Whether both are names of one entry, with ASCII case ignored: the comparison of
    /// identities ([`fold`](crate::fold())).
    ///
    /// The order of the RDNs counts, the order of the parts in an RDN does not. Types are compared
    /// with case ignored, and a known type equals its object identifier.
    #[must_use]
    pub fn is_same(&self, other: &Dn<'_>) -> bool {
        self.equals(other, is_same)
    }

    /// Whether both are written with the same values to the octet. Types are compared as in
    /// [`Dn::is_same`].
    #[must_use]
    pub fn is_identical(&self, other: &Dn<'_>) -> bool {
        self.equals(other, |one, other| one == other)
    }

    /// Whether this entry is the base or lies below it, compared as in [`Dn::is_same`].
    ///
    /// ```
    /// use user_mapping::Dn;
    ///
    /// let base = Dn::parse("ou=HelpDesk,dc=acme-inc,dc=com")?;
    /// assert!(Dn::parse("uid=joe,OU=helpdesk,DC=acme-inc,DC=com")?.is_within(&base));
    /// assert!(!Dn::parse("uid=joe,ou=Sales,dc=acme-inc,dc=com")?.is_within(&base));
    /// # Ok::<(), user_mapping::DnError>(())
    /// ```
    #[must_use]
    pub fn is_within(&self, base: &Dn<'_>) -> bool {
        self.depth() >= base.depth()
            && self
                .rdns()
                .rev()
                .zip(base.rdns().rev())
                .all(|(one, other)| one.equals(other, is_same))
    }

    fn equals(&self, other: &Dn<'_>, values: fn(&str, &str) -> bool) -> bool {
        self.avas.len() == other.avas.len()
            && self.depth() == other.depth()
            && self.rdns().zip(other.rdns()).all(|(one, other)| one.equals(other, values))
    }
}

impl Rdn<'_, '_> {
    /// Compares two sets whose members may repeat: each part takes one equal part of the other
    /// that is not taken yet. There are at most 16.
    fn equals(self, other: Rdn<'_, '_>, values: fn(&str, &str) -> bool) -> bool {
        let mut taken = 0_u16;
        self.avas.len() == other.avas.len()
            && self.avas.iter().all(|ava| {
                let place = other.avas.iter().enumerate().position(|(place, candidate)| {
                    taken & (1 << place) == 0 && ava.equals(candidate, values)
                });
                place.is_some_and(|place| {
                    taken |= 1 << place;
                    true
                })
            })
    }
}

impl Ava<'_> {
    fn equals(&self, other: &Ava<'_>, values: fn(&str, &str) -> bool) -> bool {
        is_same(self.attribute.comparable(), other.attribute.comparable())
            && match (self.meaning(), other.meaning()) {
                (Meaning::Text(one), Meaning::Text(other)) => values(one, other),
                (one, other) => one == other,
            }
    }
}
