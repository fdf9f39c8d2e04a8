//! Which spelling a text is. The first step that fits decides, and no step is tried twice.

use super::characters::{check_ascii, check_characters, check_letters};
use super::parts::{
    check_down_level_domain, check_suffix, check_upn_user, check_user, find_reserved,
};
use super::{BareName, DownLevelName, Name, NameError, NameProblem, Upn};
use crate::Characters;
use crate::dn::{self, Dn};
use crate::fold::is_same;
use crate::guid::Guid;
use crate::trace::AccountKind;

pub(super) fn classify(text: &str, characters: Characters) -> Result<Name<'_>, NameError> {
    check_characters(text, characters)?;
    refuse_identifiers(text)?;
    if dn::starts_like_dn(text) {
        match read_dn(text) {
            Ok(dn) => return Ok(Name::Dn(dn)),
            Err(error) if !text.contains('@') => return Err(error),
            // An e-mail address can start like a distinguished name. Its `=` is refused below.
            Err(_) => {}
        }
    }
    if let Some((domain, user)) = text.split_once('\\') {
        return down_level(domain, user).map(Name::DownLevel);
    }
    if let Some((user, suffix)) = text.split_once('@') {
        return upn(user, suffix).map(Name::Upn);
    }
    if let Some(at) = text.find('/') {
        return Err(NameError::new(NameProblem::Slash, at));
    }
    check_user(text, 0)?;
    check_letters(text, 0)?;
    Ok(Name::Bare(BareName { user: text, account: person_or_machine(text) }))
}

/// Refuses the identifiers of Active Directory: they are nobody's logon name.
fn refuse_identifiers(text: &str) -> Result<(), NameError> {
    let is_sid = text.get(..4).is_some_and(|start| is_same(start, "S-1-"))
        && text.as_bytes().get(4).is_some_and(u8::is_ascii_digit);
    let problem = if is_sid {
        NameProblem::SidForm
    } else if Guid::parse(text).is_ok() {
        NameProblem::GuidForm
    } else if text.starts_with('<') && text.contains('=') {
        NameProblem::ExtendedDn
    } else {
        return Ok(());
    };
    Err(NameError::new(problem, 0))
}

fn read_dn(text: &str) -> Result<Dn<'_>, NameError> {
    let dn = Dn::parse_lenient(text)
        .map_err(|error| NameError::new(NameProblem::BadDn(error.problem()), error.at()))?;
    // `cn=joe` is more likely a mistake than an entry directly below a directory's root.
    if dn.depth() < 2 { Err(NameError::new(NameProblem::SingleRdn, 0)) } else { Ok(dn) }
}

fn down_level<'a>(domain: &'a str, user: &'a str) -> Result<DownLevelName<'a>, NameError> {
    let after = domain.len() + 1;
    if let Some(at) = user.find('\\') {
        return Err(NameError::new(NameProblem::MultipleBackslashes, after + at));
    }
    if domain.is_empty() {
        return Err(NameError::new(NameProblem::EmptyDomain, 0));
    }
    if user.is_empty() {
        return Err(NameError::new(NameProblem::EmptyName, after));
    }
    check_ascii(domain, 0)?;
    check_letters(user, after)?;
    let account = match find_reserved(domain) {
        Some(reserved) => reserved,
        None => {
            // A SAM name may hold `@`, but then it is unclear which domain is meant.
            for (side, offset) in [(domain, 0), (user, after)] {
                if let Some(at) = side.find('@') {
                    return Err(NameError::new(NameProblem::AtInDownLevel, offset + at));
                }
            }
            check_down_level_domain(domain)?;
            check_user(user, after)?;
            person_or_machine(user)
        }
    };
    Ok(DownLevelName { domain, user, account })
}

fn upn<'a>(user: &'a str, suffix: &'a str) -> Result<Upn<'a>, NameError> {
    let after = user.len() + 1;
    if let Some(at) = suffix.find('@') {
        return Err(NameError::new(NameProblem::MultipleAt, after + at));
    }
    if user.is_empty() {
        return Err(NameError::new(NameProblem::EmptyName, 0));
    }
    if suffix.is_empty() {
        return Err(NameError::new(NameProblem::EmptyDomain, after));
    }
    check_upn_user(user)?;
    check_letters(user, 0)?;
    check_ascii(suffix, after)?;
    check_suffix(suffix, after)?;
    let is_guest = user.to_ascii_uppercase().contains("#EXT#");
    let account = if is_guest { AccountKind::Guest } else { person_or_machine(user) };
    Ok(Upn { user, suffix, account })
}

fn person_or_machine(user: &str) -> AccountKind {
    if user.ends_with('$') { AccountKind::Machine } else { AccountKind::Person }
}
