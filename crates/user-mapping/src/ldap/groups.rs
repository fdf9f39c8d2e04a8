//! Which of the groups that rules name a user belongs to, itself or through other groups.

use std::collections::{BTreeSet, HashSet};

use ldap3::Scope;

use super::connection::{Handle, Trouble};
use super::entries::{all_octets, octets};
use super::search::Found;
use super::{LdapSettings, Schema};
use crate::{Dn, Entry, FilterValue, Sid, fold};

/// More groups than this are not followed on the way up.
const MOST_GROUPS: usize = 500;

/// Those of `asked` that the user of `entry` belongs to.
pub(super) async fn groups_of(
    handle: &mut Handle,
    settings: &LdapSettings,
    entry: &Entry,
    asked: &BTreeSet<String>,
) -> Result<BTreeSet<String>, Trouble> {
    match settings.schema {
        Schema::ActiveDirectory => by_token(handle, entry, asked).await,
        Schema::InetOrgPerson { .. } => by_members(handle, settings, entry, asked).await,
    }
}

/// Active Directory works out all groups of a user by itself: the security identifiers of
/// `tokenGroups`, which is told in a search of the entry alone ([MS-ADTS] 3.1.1.4.5.19).
async fn by_token(
    handle: &mut Handle,
    entry: &Entry,
    asked: &BTreeSet<String>,
) -> Result<BTreeSet<String>, Trouble> {
    let attribute = ["tokenGroups".to_owned()];
    let user =
        handle.search(&entry.dn, Scope::Base, "(objectClass=user)", &attribute).await?.only();
    let user = user.ok_or_else(|| Trouble::Server("the user's entry is gone".to_owned()))?;
    let tokens: HashSet<Sid> = all_octets(&user, "tokenGroups")
        .iter()
        .filter_map(|octets| Sid::from_octets(octets).ok())
        .collect();
    let mut member_of = BTreeSet::new();
    for group in asked {
        let sid = match Sid::parse(group) {
            Ok(sid) => Some(sid),
            Err(_) => sid_of(handle, group).await?,
        };
        if sid.is_some_and(|sid| tokens.contains(&sid)) {
            member_of.insert(group.clone());
        }
    }
    Ok(member_of)
}

/// The security identifier of the group with this name; `None` if there is none.
async fn sid_of(handle: &mut Handle, group: &str) -> Result<Option<Sid>, Trouble> {
    let attribute = ["objectSid".to_owned()];
    let found = handle.search(group, Scope::Base, "(objectClass=group)", &attribute).await?;
    let octets = found.only().and_then(|entry| octets(&entry, "objectSid"));
    Ok(octets.and_then(|octets| Sid::from_octets(&octets).ok()))
}

/// Elsewhere groups name their members (RFC 4519, RFC 2307): from the user up, level by level.
async fn by_members(
    handle: &mut Handle,
    settings: &LdapSettings,
    entry: &Entry,
    asked: &BTreeSet<String>,
) -> Result<BTreeSet<String>, Trouble> {
    let none = ["1.1".to_owned()];
    let user = FilterValue::text(entry.logon_name.as_str()).to_string();
    let mut seen = HashSet::new();
    let mut level = vec![entry.dn.clone()];
    let mut names = Vec::new();
    while let Some(dn) = level.pop() {
        let value = FilterValue::text(dn.as_str()).to_string();
        let by_user = if dn == entry.dn { format!("(memberUid={user})") } else { String::new() };
        let filter = format!("(|(member={value})(uniqueMember={value}){by_user})");
        let most = i32::try_from(MOST_GROUPS).unwrap_or(i32::MAX);
        let found =
            handle.search_up_to(most, &settings.base, Scope::Subtree, &filter, &none).await?;
        let Found::Entries(groups) = found else { return Err(too_many()) };
        for group in groups {
            if seen.insert(fold(&group.dn)) {
                level.push(group.dn.clone());
                names.push(group.dn);
            }
            if seen.len() > MOST_GROUPS {
                return Err(too_many());
            }
        }
    }
    let names: Vec<Dn<'_>> = names.iter().filter_map(|name| Dn::parse(name).ok()).collect();
    let is_one = |group: &&String| {
        Dn::parse(group).is_ok_and(|group| names.iter().any(|name| name.is_same(&group)))
    };
    Ok(asked.iter().filter(is_one).cloned().collect())
}

fn too_many() -> Trouble {
    Trouble::Settled(format!("the user belongs to more than {MOST_GROUPS} groups"))
}
