//! The vault user that a decision made, before it is used.

use crate::domains::{DomainIndex, Domains};
use crate::name::{Name, NameError};
use crate::trace::AccountKind;
use crate::{Folded, Runas, RunasError, fold};

/// A vault user and whose account it is: two spellings of one account have the same account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VaultAccount {
    pub(crate) runas: Runas,
    pub(crate) account: Account,
}

/// An account, whatever its spelling. Without a domain it is one of the vault's own users.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Account {
    pub(crate) domain: Option<DomainIndex>,
    pub(crate) user: Folded,
}

/// Why a vault user must not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadAccount {
    #[error(transparent)]
    Runas(#[from] RunasError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("a distinguished name cannot be a vault user")]
    Dn,
    #[error("it is not a person's account")]
    NotAPerson,
    #[error("its domain `{part}` is not the user's domain")]
    OtherDomain { part: String },
    #[error("an attribute of the directory gave a name without a domain, the vault's own user")]
    NoDomain,
    #[error("it has a domain, and the rule is for the vault's own users")]
    NotOwn,
    #[error("it is another account than the spelling before it")]
    OtherAccount,
}

impl BadAccount {
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Runas(_) => {
                "the vault's header takes printable ASCII without ; = [ ] , \" / : | + * ? < >"
            }
            Self::Name(error) => error.problem().advice(),
            Self::Dn | Self::NotAPerson => r"write a person's user, DOMAIN\user or user@suffix",
            Self::OtherDomain { .. } => {
                "name that domain's id in `cross-domain` if the vault user belongs to it"
            }
            Self::NoDomain => {
                r"write {netbios}\\{dir.ATTRIBUTE}; or `own-users = true` if the vault's own users are meant"
            }
            Self::NotOwn => "remove `own-users`, or write `runas` without a domain",
            Self::OtherAccount => {
                "several `runas` are spellings of one account; write two rules for two"
            }
        }
    }
}

impl VaultAccount {
    /// Reads what was made for a user of `domain`: it must be a person's name in that domain, or
    /// without any, and safe for the vault's header.
    pub(crate) fn read(
        value: &str,
        domain: Option<DomainIndex>,
        domains: &Domains,
    ) -> Result<Self, BadAccount> {
        let runas = Runas::new(value)?;
        let name = Name::parse(value)?;
        let (part, user, found) = match &name {
            Name::Bare(name) => ("", name.user(), None),
            Name::DownLevel(name) => {
                (name.domain(), name.user(), domains.find_by_down_level(name.domain()))
            }
            Name::Upn(upn) => (upn.suffix(), upn.user(), domains.find_by_suffix(upn.suffix())),
            Name::Dn(_) => return Err(BadAccount::Dn),
        };
        if name.account() != AccountKind::Person {
            return Err(BadAccount::NotAPerson);
        }
        let found = found.map(|found| found.index);
        if !part.is_empty() && (found.is_none() || found != domain) {
            return Err(BadAccount::OtherDomain { part: part.to_owned() });
        }
        let account = Account { domain: found, user: fold(user) };
        Ok(Self { runas, account })
    }
}
