//! From a question to searches, and from what they find to an answer.

use std::time::SystemTime;

use ldap3::{ResultEntry, Scope, SearchEntry, SearchOptions};

use super::connection::{Handle, Trouble, refusal};
use super::entries::read_entry;
use super::groups::groups_of;
use super::{LdapSettings, Schema};
use crate::{Answer, FilterValue, Key, Question};

/// Finds the user that a question is about.
pub(super) async fn find(
    mut handle: Handle,
    settings: &LdapSettings,
    question: &Question,
    now: SystemTime,
) -> Result<Answer, Trouble> {
    let Some(asked) = Asked::of(settings, question) else { return Ok(Answer::Nobody) };
    let found = handle.search(&asked.base, asked.scope, &asked.filter, &asked.attributes).await?;
    let mut found = match found {
        Found::Entries(entries) => entries.into_iter(),
        Found::TooMany => return Ok(Answer::Several),
    };
    let (first, second) = (found.next(), found.next());
    let (first, None) = (first, second) else { return Ok(Answer::Several) };
    let Some(first) = first else { return Ok(Answer::Nobody) };
    let mut entry = read_entry(&first, &settings.schema, &question.attributes, now)
        .map_err(|what| Trouble::Settled(format!("the entry `{}` {what}", first.dn)))?;
    if !question.groups.is_empty() {
        entry.groups = groups_of(&mut handle, settings, &entry, &question.groups).await?;
    }
    Ok(Answer::Entry(Box::new(entry)))
}

struct Asked {
    base: String,
    scope: Scope,
    filter: String,
    attributes: Vec<String>,
}

impl Asked {
    /// `None` for what no entry of this schema can be found by.
    fn of(settings: &LdapSettings, question: &Question) -> Option<Self> {
        let (person, logon, principal, always): (_, _, _, &[&str]) = match &settings.schema {
            Schema::ActiveDirectory => (
                "(objectCategory=person)(objectClass=user)",
                "sAMAccountName",
                Some("userPrincipalName"),
                &[
                    "objectSid",
                    "userAccountControl",
                    "msDS-User-Account-Control-Computed",
                    "accountExpires",
                ],
            ),
            Schema::InetOrgPerson { logon_name, principal_name } => (
                "(objectClass=inetOrgPerson)",
                logon_name.as_str(),
                principal_name.as_deref(),
                &["entryUUID"],
            ),
        };
        let by = |attribute: &str, value: &str| {
            format!("(&{person}({attribute}={}))", FilterValue::text(value))
        };
        let (base, scope, filter) = match &question.by {
            Key::LogonName(name) => {
                (settings.base.clone(), Scope::Subtree, by(logon, name.as_str()))
            }
            Key::PrincipalName(name) => {
                (settings.base.clone(), Scope::Subtree, by(principal?, name.as_str()))
            }
            Key::Entry(dn) => (dn.clone(), Scope::Base, format!("(&{person})")),
        };
        let mut attributes = vec![logon.to_owned()];
        attributes.extend(principal.map(str::to_owned));
        attributes.extend(always.iter().map(|name| (*name).to_owned()));
        attributes.extend(question.attributes.iter().cloned());
        Some(Self { base, scope, filter, attributes })
    }
}

/// What a search found.
pub(super) enum Found {
    Entries(Vec<SearchEntry>),
    /// More than was asked for.
    TooMany,
}

impl Found {
    /// The only entry.
    pub(super) fn only(self) -> Option<SearchEntry> {
        match self {
            Self::Entries(entries) => {
                let mut entries = entries.into_iter();
                entries.next().filter(|_| entries.next().is_none())
            }
            Self::TooMany => None,
        }
    }
}

impl Handle {
    /// A search that looks for one entry: two are asked for, so that a second one is noticed.
    pub(super) async fn search(
        &mut self,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: &[String],
    ) -> Result<Found, Trouble> {
        self.search_up_to(2, base, scope, filter, attributes).await
    }

    /// A search for at most so many entries. References to other servers are left aside.
    pub(super) async fn search_up_to(
        &mut self,
        most: i32,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: &[String],
    ) -> Result<Found, Trouble> {
        let seconds = i32::try_from(self.limit.as_secs().max(1)).unwrap_or(i32::MAX);
        let options = SearchOptions::new().sizelimit(most).timelimit(seconds);
        let found = self
            .ldap
            .with_timeout(self.limit)
            .with_search_options(options)
            .search(base, scope, filter, attributes)
            .await
            .map_err(|error| Trouble::of(&error))?;
        let (entries, result) = (found.0, found.1);
        match result.rc {
            0 => {}
            4 => return Ok(Found::TooMany),
            // Only a search of one entry tells so that the entry is not there.
            32 if scope == Scope::Base => return Ok(Found::Entries(Vec::new())),
            32 => {
                return Err(Trouble::Settled(format!("the base `{base}` is not there")));
            }
            // Out of time, busy, unavailable: another server may have more of it.
            code @ (3 | 51 | 52) => return Err(Trouble::Server(refusal(code, &result.text))),
            code => {
                return Err(Trouble::Settled(format!(
                    "the search: {}",
                    refusal(code, &result.text)
                )));
            }
        }
        let entries: Vec<SearchEntry> = entries
            .into_iter()
            .filter(|entry: &ResultEntry| !entry.is_ref() && !entry.is_intermediate())
            .map(SearchEntry::construct)
            .collect();
        // Not every server keeps to the limit that it was given.
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if entries.len() > most { Ok(Found::TooMany) } else { Ok(Found::Entries(entries)) }
    }
}
