//! The DNS name that the `dc=` parts of a distinguished name spell (RFC 2247).

use super::{Dn, Rdn};

/// The longest DNS name in octets.
const MAX_NAME: usize = 253;

/// Why a distinguished name spells no DNS name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NoDnsDomain {
    /// It does not end in `dc=` parts.
    #[error("it does not end in dc= parts")]
    NoDc,
    /// The value of a `dc=` part is not one DNS label.
    #[error("a dc= value is not one DNS label")]
    BadLabel,
    /// A `dc=` part shares its RDN with others.
    #[error("a dc= part is joined to others by +")]
    MultiValued,
    /// The name would be longer than 253 octets.
    #[error("its dc= parts are longer than a DNS name can be")]
    TooLong,
}

impl Dn<'_> {
    /// The DNS name that the trailing run of `dc=` parts spells, in lower case.
    ///
    /// A `dc=` further left does not count: `uid=x,dc=corp,ou=y,dc=acme-inc,dc=com` is in
    /// `acme-inc.com`. Anything odd in the run gives no name, never a part of one.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn dns_domain(&self) -> Result<String, NoDnsDomain> {
        let mut labels = Vec::new();
        for rdn in self.rdns().rev() {
            match rdn.dc() {
                Dc::Label(label) => labels.push(label),
                Dc::Absent => break,
                Dc::Odd(reason) => return Err(reason),
            }
        }
        if labels.is_empty() {
            return Err(NoDnsDomain::NoDc);
        }
        labels.reverse();
        let mut name = labels.join(".");
        if name.len() > MAX_NAME {
            return Err(NoDnsDomain::TooLong);
        }
        name.make_ascii_lowercase();
        Ok(name)
    }

    /// How many RDNs on the right have a `dc=` part: the depth of the directory's own root.
    pub(crate) fn dc_run(&self) -> usize {
        self.rdns().rev().take_while(|rdn| !matches!(rdn.dc(), Dc::Absent)).count()
    }
}

enum Dc<'v> {
    Label(&'v str),
    Absent,
    Odd(NoDnsDomain),
}

impl<'d> Rdn<'d, '_> {
    fn dc(self) -> Dc<'d> {
        match self.avas {
            avas if !avas.iter().any(|ava| ava.attribute.is("dc")) => Dc::Absent,
            [ava] => match ava.text() {
                Some(label) if is_dns_label(label) => Dc::Label(label),
                _ => Dc::Odd(NoDnsDomain::BadLabel),
            },
            _ => Dc::Odd(NoDnsDomain::MultiValued),
        }
    }
}

/// Whether a text is a DNS name as Active Directory uses them: labels of letters, digits, `-` and
/// `_`.
pub(crate) fn is_dns_name(text: &str) -> bool {
    text.len() <= MAX_NAME && text.split('.').all(is_dns_label)
}

fn is_dns_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !label.starts_with('-')
        && !label.ends_with('-')
}
