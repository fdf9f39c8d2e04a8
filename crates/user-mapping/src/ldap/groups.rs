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
    let tokens = all_octets(&user, "tokenGroups");
    // Every user has a primary group at least.
    if tokens.is_empty() {
        let words = "the directory does not tell the user's groups (tokenGroups): the bind account \
                     may not read them";
        return Err(Trouble::Settled(words.to_owned()));
    }
    let unreadable = |_| Trouble::Settled("a group of the user has no readable SID".to_owned());
    let tokens = tokens.iter().map(|octets| Sid::from_octets(octets).map_err(unreadable));
    let tokens: HashSet<Sid> = tokens.collect::<Result<_, _>>()?;
    let mut member_of = BTreeSet::new();
    for group in asked {
        let sid = match Sid::parse(group) {
            Ok(sid) => sid,
            Err(_) => sid_of(handle, group).await.map_err(|trouble| trouble.at(&about(group)))?,
        };
        if tokens.contains(&sid) {
            member_of.insert(group.clone());
        }
    }
    Ok(member_of)
}

/// The security identifier of the group with this name. A group that is not there would have no
/// members, and the next rule would decide about those it was written for.
async fn sid_of(handle: &mut Handle, group: &str) -> Result<Sid, Trouble> {
    let attribute = ["objectSid".to_owned()];
    let found = handle.search(group, Scope::Base, "(objectClass=group)", &attribute).await?;
    let octets = found.only().ok_or_else(no_group).map(|entry| octets(&entry, "objectSid"))?;
    octets
        .and_then(|octets| Sid::from_octets(&octets).ok())
        .ok_or_else(|| Trouble::Settled("its objectSid cannot be read".to_owned()))
}

fn about(group: &str) -> String {
    format!("the group `{group}` of the rules")
}

fn no_group() -> Trouble {
    Trouble::Settled("the directory has no such group".to_owned())
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
    let unreadable =
        |name: &String| Trouble::Settled(format!("the user's group `{name}` has no readable name"));
    let names = names.iter().map(|name| Dn::parse(name).map_err(|_| unreadable(name)));
    let names: Vec<Dn<'_>> = names.collect::<Result<_, _>>()?;
    let mut member_of = BTreeSet::new();
    for group in asked {
        let Ok(dn) = Dn::parse(group) else {
            let words = "groups of this directory have no SID: write the distinguished name";
            return Err(Trouble::Settled(words.to_owned()).at(&about(group)));
        };
        if names.iter().any(|name| name.is_same(&dn)) {
            member_of.insert(group.clone());
        } else {
            let found = handle.search(group, Scope::Base, "(objectClass=*)", &none).await;
            let found = found.map_err(|trouble| trouble.at(&about(group)))?;
            found.only().ok_or_else(|| no_group().at(&about(group)))?;
        }
    }
    Ok(member_of)
}

fn too_many() -> Trouble {
    Trouble::Settled(format!("the user belongs to more than {MOST_GROUPS} groups"))
}
