//! What the user part and the domain part of a name may be.

use super::{NameError, NameProblem};
use crate::dn::is_dns_name;
use crate::fold::is_same;
use crate::trace::AccountKind;

/// The longest user part in octets: that of a sAMAccountName in the schema of Active Directory.
const MAX_USER: usize = 256;

/// The longest NetBIOS name of a domain, in characters.
const MAX_NETBIOS: usize = 15;

/// What cannot stand in a sAMAccountName, nor in a part of a `PS-Auth` header.
const NOT_IN_USER: [u8; 15] = *b"\"/\\[]:;|=,+*?<>";

/// What cannot stand in the NetBIOS name of a domain ([MS-SRVS] 2.2.2.8).
const NOT_IN_NETBIOS: &str = "\"/\\[]:|<>+=;,?* ";

/// Left sides of down-level names that stand for no domain of persons.
const RESERVED: [&str; 10] = [
    "BUILTIN",
    "NT AUTHORITY",
    "NT SERVICE",
    "NT VIRTUAL MACHINE",
    "IIS APPPOOL",
    "Window Manager",
    "Font Driver Host",
    "APPLICATION PACKAGE AUTHORITY",
    "AzureAD",
    "MicrosoftAccount",
];

/// What kind of account the left side of a down-level name announces, if it is no domain.
pub(super) fn find_reserved(domain: &str) -> Option<AccountKind> {
    if domain == "." {
        return Some(AccountKind::LocalMachine);
    }
    RESERVED.iter().any(|name| is_same(name, domain)).then_some(AccountKind::Special)
}

/// Checks the user part that starts `offset` octets into the name.
pub(crate) fn check_user(user: &str, offset: usize) -> Result<(), NameError> {
    check_user_characters(user, offset)?;
    if user.ends_with('.') {
        return Err(NameError::new(NameProblem::TrailingDot, offset + user.len() - 1));
    }
    Ok(())
}

/// Checks the part before `@`.
pub(super) fn check_upn_user(user: &str) -> Result<(), NameError> {
    check_user_characters(user, 0)?;
    let odd_dot = if user.starts_with('.') {
        Some(0)
    } else if user.ends_with('.') {
        Some(user.len() - 1)
    } else {
        user.find("..").map(|at| at + 1)
    };
    odd_dot.map_or(Ok(()), |at| Err(NameError::new(NameProblem::BadDots, at)))
}

fn check_user_characters(user: &str, offset: usize) -> Result<(), NameError> {
    if user.is_empty() {
        return Err(NameError::new(NameProblem::EmptyName, offset));
    }
    if user.len() > MAX_USER {
        return Err(NameError::new(NameProblem::TooLong, offset + MAX_USER));
    }
    if user.starts_with(' ') {
        return Err(NameError::new(NameProblem::OuterSpace, offset));
    }
    if user.ends_with(' ') {
        return Err(NameError::new(NameProblem::OuterSpace, offset + user.len() - 1));
    }
    match user.bytes().position(|octet| NOT_IN_USER.contains(&octet)) {
        Some(at) => Err(NameError::new(NameProblem::BadChar, offset + at)),
        None => Ok(()),
    }
}

/// Checks the left side of a down-level name. Dots are legal in a NetBIOS name but confusing, so
/// what has one is taken for a DNS name.
pub(super) fn check_down_level_domain(domain: &str) -> Result<(), NameError> {
    if domain.contains('.') { check_suffix(domain, 0) } else { check_netbios(domain) }
}

/// Checks the NetBIOS name of a domain.
pub(crate) fn check_netbios(domain: &str) -> Result<(), NameError> {
    let odd = domain.find(|character| NOT_IN_NETBIOS.contains(character));
    let past_end = domain.char_indices().nth(MAX_NETBIOS).map(|(at, _)| at);
    let empty = domain.is_empty().then_some(0);
    match odd.or(past_end).or(empty) {
        Some(at) => Err(NameError::new(NameProblem::BadDomain, at)),
        None => Ok(()),
    }
}

/// Checks a DNS name that starts `offset` octets into the name.
pub(super) fn check_suffix(suffix: &str, offset: usize) -> Result<(), NameError> {
    if is_dns_name(suffix) {
        return Ok(());
    }
    Err(NameError::new(NameProblem::BadDomain, offset))
}
