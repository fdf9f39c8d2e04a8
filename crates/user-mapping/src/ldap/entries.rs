//! What the attributes of an entry say about a user.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ldap3::SearchEntry;

use super::Schema;
use crate::{AccountState, Entry, Sid};

/// Flags of `userAccountControl` ([MS-ADTS] 2.2.16).
const DISABLED: u32 = 0x2;
const NORMAL_ACCOUNT: u32 = 0x200;
/// Flags of `msDS-User-Account-Control-Computed`.
const LOCKED_OUT: u32 = 0x10;

/// Reads an entry; the error says what is wrong with it.
pub(super) fn read_entry(
    found: &SearchEntry,
    schema: &Schema,
    wanted: &BTreeSet<String>,
    now: SystemTime,
) -> Result<Entry, &'static str> {
    let text = |name: &str| only(found, name).map(str::to_owned);
    let (logon, principal, id, state) = match schema {
        Schema::ActiveDirectory => (
            text("sAMAccountName"),
            text("userPrincipalName"),
            // What tells a successor of the same name from whoever left.
            Some(sid(found).ok_or("does not tell its objectSid")?),
            state(found, now)?,
        ),
        Schema::InetOrgPerson { logon_name, principal_name } => {
            (text(logon_name), principal_name.as_deref().and_then(text), None, AccountState::Usable)
        }
    };
    let values = wanted.iter().filter_map(|name| Some((name.clone(), text(name)?)));
    Ok(Entry {
        dn: found.dn.clone(),
        logon_name: logon.ok_or("has not exactly one logon name")?,
        principal_name: principal,
        id: id.map(|sid| sid.to_string()).or_else(|| text("entryUUID")),
        state,
        attributes: values.collect::<BTreeMap<_, _>>(),
        groups: BTreeSet::new(),
    })
}

/// The value of an attribute that has one. Attribute names are compared without case.
fn only<'e>(found: &'e SearchEntry, name: &str) -> Option<&'e str> {
    let (_, values) = found.attrs.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
    match values.as_slice() {
        [value] => Some(value),
        _ => None,
    }
}

/// The same for values that are no text.
pub(super) fn octets(found: &SearchEntry, name: &str) -> Option<Vec<u8>> {
    all_octets(found, name).into_iter().next()
}

/// All values of an attribute as octets; those that happen to be text are among them.
pub(super) fn all_octets(found: &SearchEntry, name: &str) -> Vec<Vec<u8>> {
    let is_it = |other: &str| other.eq_ignore_ascii_case(name);
    let binary = found.bin_attrs.iter().filter(|(other, _)| is_it(other));
    let text = found.attrs.iter().filter(|(other, _)| is_it(other));
    let binary = binary.flat_map(|(_, values)| values.iter().cloned());
    binary
        .chain(text.flat_map(|(_, values)| values.iter().map(|v| v.clone().into_bytes())))
        .collect()
}

fn sid(found: &SearchEntry) -> Option<Sid> {
    octets(found, "objectSid").and_then(|octets| Sid::from_octets(&octets).ok())
}

fn state(found: &SearchEntry, now: SystemTime) -> Result<AccountState, &'static str> {
    let flags = |name: &str| only(found, name).and_then(|text| text.parse::<i64>().ok());
    // An account of which this may not be read could be a disabled one.
    let control = flags("userAccountControl").ok_or("does not tell its userAccountControl")?;
    let is = |flags: i64, flag: u32| flags & i64::from(flag) != 0;
    if !is(control, NORMAL_ACCOUNT) {
        return Ok(AccountState::NotAPerson);
    }
    if is(control, DISABLED) {
        return Ok(AccountState::Disabled);
    }
    if is(flags("msDS-User-Account-Control-Computed").unwrap_or(0), LOCKED_OUT) {
        return Ok(AccountState::Locked);
    }
    let expires = flags("accountExpires").ok_or("does not tell its accountExpires")?;
    if time_of(expires).is_some_and(|expires| expires <= now) {
        return Ok(AccountState::Expired);
    }
    Ok(AccountState::Usable)
}

/// A time of Windows: ticks of 100 ns since 1601. Zero and the largest mean never.
fn time_of(ticks: i64) -> Option<SystemTime> {
    const UNIX_EPOCH_SECONDS: u64 = 11_644_473_600;
    if ticks <= 0 || ticks == i64::MAX {
        return None;
    }
    let ticks = u64::try_from(ticks).ok()?;
    let since_1601 = Duration::from_micros(ticks / 10);
    let since_1970 = since_1601.checked_sub(Duration::from_secs(UNIX_EPOCH_SECONDS));
    Some(since_1970.map_or(UNIX_EPOCH, |since| UNIX_EPOCH + since))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn account(attributes: &[(&str, &str)]) -> SearchEntry {
        let pair = |&(name, value): &(&str, &str)| (name.to_owned(), vec![value.to_owned()]);
        let sid = vec![1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
        SearchEntry {
            dn: "CN=Joe,DC=acme,DC=test".to_owned(),
            attrs: attributes.iter().map(pair).collect(),
            bin_attrs: HashMap::from([("objectSid".to_owned(), vec![sid])]),
        }
    }

    #[test]
    fn the_state_of_an_account_is_read_from_its_flags() {
        // 2026-01-01T00:00:00Z, which is 134116992000000000 ticks.
        let now = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let control = "userAccountControl";
        let table: Vec<(Vec<(&str, &str)>, AccountState)> = vec![
            (vec![(control, "512")], AccountState::Usable),
            (vec![(control, "66048")], AccountState::Usable),
            (vec![(control, "514")], AccountState::Disabled),
            (vec![(control, "4096")], AccountState::NotAPerson),
            (vec![(control, "532480")], AccountState::NotAPerson),
            (
                vec![(control, "512"), ("msDS-User-Account-Control-Computed", "16")],
                AccountState::Locked,
            ),
            (vec![(control, "512"), ("accountExpires", "0")], AccountState::Usable),
            (
                vec![(control, "512"), ("accountexpires", "9223372036854775807")],
                AccountState::Usable,
            ),
            (
                vec![(control, "512"), ("accountExpires", "134116992000000000")],
                AccountState::Expired,
            ),
            (
                vec![(control, "512"), ("accountExpires", "134116992000000010")],
                AccountState::Usable,
            ),
            (vec![(control, "512"), ("accountExpires", "1")], AccountState::Expired),
        ];
        for (attributes, expected) in table {
            let mut found = account(&attributes);
            if !found.attrs.keys().any(|name| name.eq_ignore_ascii_case("accountExpires")) {
                found.attrs.insert("accountExpires".to_owned(), vec!["0".to_owned()]);
            }
            assert_eq!(state(&found, now), Ok(expected), "{attributes:?}");
        }
        // What may not be read could say that the account is not to be used.
        assert!(state(&account(&[]), now).is_err());
        assert!(state(&account(&[(control, "512")]), now).is_err());
    }

    #[test]
    fn of_several_values_none_is_taken() {
        let mut entry = account(&[
            ("userAccountControl", "512"),
            ("accountExpires", "0"),
            ("sAMAccountName", "joe"),
        ]);
        entry.attrs.insert("mail".to_owned(), vec!["a@x".to_owned(), "b@x".to_owned()]);
        let wanted = BTreeSet::from(["mail".to_owned(), "SAMACCOUNTNAME".to_owned()]);
        let read = read_entry(&entry, &Schema::ActiveDirectory, &wanted, UNIX_EPOCH).unwrap();
        assert_eq!(read.attributes.len(), 1);
        assert_eq!(read.attributes.get("SAMACCOUNTNAME").map(String::as_str), Some("joe"));
        let sid = entry.bin_attrs.remove("objectSid").unwrap();
        assert!(read_entry(&entry, &Schema::ActiveDirectory, &wanted, UNIX_EPOCH).is_err());
        entry.bin_attrs.insert("objectSid".to_owned(), sid);
        entry.attrs.insert("sAMAccountName".to_owned(), vec!["a".to_owned(), "b".to_owned()]);
        assert!(read_entry(&entry, &Schema::ActiveDirectory, &wanted, UNIX_EPOCH).is_err());
    }
}
