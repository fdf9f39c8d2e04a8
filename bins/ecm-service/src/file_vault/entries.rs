//! What the decrypted file holds.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Deserialize;
use user_mapping::{Folded, fold};

use super::hosts::HostPattern;

/// Most entries of one file.
pub const ENTRIES: usize = 10_000;

/// The entries, checked.
#[derive(Debug, Default)]
pub struct Entries(Vec<Entry>);

/// One credential.
#[derive(Debug)]
pub struct Entry {
    /// What it is called, for ever; part of credential ids.
    pub id: String,
    /// Which hosts it is for.
    pub hosts: Vec<HostPattern>,
    /// Name of the account.
    pub account: String,
    /// Domain of the account; without one it is the host's own.
    pub domain: Option<String>,
    users: Users,
    /// The password, if there is one.
    pub password: Option<SecretSlice<u8>>,
    /// The private key, if there is one.
    pub ssh_key: Option<SecretSlice<u8>>,
    /// The key's passphrase.
    pub passphrase: Option<SecretSlice<u8>>,
    /// Whether one user at a time may have it.
    pub is_exclusive: bool,
    /// Longest loan in minutes.
    pub max_minutes: Option<u32>,
}

#[derive(Debug)]
enum Users {
    Everybody,
    These(BTreeSet<Folded>),
}

/// What is wrong with the decrypted text. Never quotes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntriesError {
    /// Not TOML, or a key that does not fit.
    #[error("line {line} is not TOML, or holds an unknown key or a value of the wrong kind")]
    Unreadable {
        /// Which line, from 1.
        line: usize,
    },
    /// Another version of the format.
    #[error("`version` must be 1")]
    Version,
    /// Too many.
    #[error("there are more than {ENTRIES} entries")]
    TooMany,
    /// One entry is wrong.
    #[error("entry {number}: {what}")]
    Entry {
        /// Which one, from 1.
        number: usize,
        /// What is wrong.
        what: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    version: u32,
    #[serde(default)]
    entry: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    id: String,
    hosts: Vec<String>,
    account: String,
    domain: Option<String>,
    users: Vec<String>,
    password: Option<SecretString>,
    ssh_key: Option<SecretString>,
    passphrase: Option<SecretString>,
    #[serde(default)]
    lease: Lease,
    max_minutes: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Lease {
    #[default]
    Shared,
    Exclusive,
}

impl Entries {
    /// Reads and checks the decrypted text.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, EntriesError> {
        let file: File = toml::from_str(text).map_err(|error| {
            // The reader's own words may quote a value.
            let at = error.span().map_or(0, |span| span.start);
            let before = text.as_bytes().get(..at).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            EntriesError::Unreadable { line }
        })?;
        if file.version != 1 {
            return Err(EntriesError::Version);
        }
        if file.entry.len() > ENTRIES {
            return Err(EntriesError::TooMany);
        }
        let mut ids = BTreeSet::new();
        let mut entries = Vec::with_capacity(file.entry.len());
        for (at, written) in file.entry.into_iter().enumerate() {
            let id = written.id.clone();
            let wrong = |what| EntriesError::Entry { number: at + 1, what };
            let entry = Entry::check(written).map_err(wrong)?;
            if !ids.insert(id) {
                return Err(wrong("its `id` is used twice"));
            }
            entries.push(entry);
        }
        Ok(Self(entries))
    }

    /// All of them, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one of this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.id == id)
    }
}

impl Entry {
    fn check(written: Written) -> Result<Self, &'static str> {
        let is_name =
            |text: &str| (1..=128).contains(&text.len()) && !text.chars().any(char::is_control);
        if !is_name(&written.id) {
            return Err("`id` is empty, longer than 128 bytes, or holds a control character");
        }
        if !is_name(&written.account) || !written.domain.as_deref().is_none_or(is_name) {
            return Err("`account` or `domain` is empty, too long, or holds a control character");
        }
        let hosts: Option<Vec<_>> =
            written.hosts.iter().map(|host| HostPattern::parse(host)).collect();
        let hosts = hosts.filter(|hosts| !hosts.is_empty());
        let hosts = hosts.ok_or(
            "`hosts` is empty, or one is no name, address or pattern with at least one letter",
        )?;
        let users = match written.users.as_slice() {
            [] => return Err("`users` is empty: name them, or write [\"*\"] for everybody"),
            [one] if one == "*" => Users::Everybody,
            named if named.iter().all(|user| is_name(user) && !user.contains('*')) => {
                Users::These(named.iter().map(|user| fold(user)).collect())
            }
            _ => return Err("`users` holds something that is no vault user"),
        };
        if written.max_minutes == Some(0) {
            return Err("`max-minutes` is 0");
        }
        if written.password.is_none() && written.ssh_key.is_none() {
            return Err("it has neither `password` nor `ssh-key`");
        }
        if written.passphrase.is_some() && written.ssh_key.is_none() {
            return Err("it has a `passphrase` and no `ssh-key`");
        }
        let secrets = [&written.password, &written.ssh_key, &written.passphrase];
        if secrets.into_iter().flatten().any(|secret| secret.expose_secret().is_empty()) {
            return Err("one of its secrets is empty");
        }
        Ok(Self {
            id: written.id,
            hosts,
            account: written.account,
            domain: written.domain,
            users,
            password: written.password.as_ref().map(bytes_of),
            ssh_key: written.ssh_key.as_ref().map(bytes_of),
            passphrase: written.passphrase.as_ref().map(bytes_of),
            is_exclusive: written.lease == Lease::Exclusive,
            max_minutes: written.max_minutes,
        })
    }

    /// Whether this vault user may have it.
    #[must_use]
    pub fn allows(&self, vault_user: &str) -> bool {
        match &self.users {
            Users::Everybody => true,
            Users::These(users) => users.contains(&fold(vault_user)),
        }
    }

    /// Whether it names this vault user.
    #[must_use]
    pub fn names(&self, vault_user: &str) -> bool {
        matches!(&self.users, Users::These(users) if users.contains(&fold(vault_user)))
    }

    /// Whether it is for this host.
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        self.hosts.iter().any(|pattern| pattern.matches(host))
    }
}

fn bytes_of(text: &SecretString) -> SecretSlice<u8> {
    SecretSlice::from(text.expose_secret().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
version = 1
[[entry]]
id = "root"
hosts = ["app01"]
account = "root"
users = ['ACME\Joe.User']
password = "s3cr3t-f1sh"
"#;

    #[test]
    fn users_are_compared_as_everywhere() {
        let entries = Entries::parse(GOOD).unwrap();
        let entry = entries.get("root").unwrap();
        assert!(entry.allows(r"acme\joe.user") && entry.names(r"acme\joe.user"));
        assert!(!entry.allows(r"acme\ann") && !entry.allows("joe.user"));
        let open = GOOD.replace(r"['ACME\Joe.User']", r#"["*"]"#);
        let entries = Entries::parse(&open).unwrap();
        let entry = entries.get("root").unwrap();
        assert!(entry.allows("anybody") && !entry.names("anybody"));
    }

    #[test]
    fn what_is_wrong_is_placed_and_never_quoted() {
        for (from, to, said) in [
            ("version = 1", "version = 2", "`version`"),
            ("password = \"s3cr3t-f1sh\"", "password = [\"s3cr3t-f1sh\"]", "line 8"),
            ("password = \"s3cr3t-f1sh\"", "passwort = \"s3cr3t-f1sh\"", "line"),
            ("password = \"s3cr3t-f1sh\"", "password = \"s3cr3t-f1sh", "line 8"),
            ("password = \"s3cr3t-f1sh\"", "password = \"\"", "secrets is empty"),
            ("password = \"s3cr3t-f1sh\"", "passphrase = \"s3cr3t-f1sh\"", "neither"),
            (r#"["app01"]"#, r#"["*"]"#, "`hosts`"),
            (r#"["app01"]"#, "[]", "`hosts`"),
            (r"['ACME\Joe.User']", "[]", "`users`"),
            (r"['ACME\Joe.User']", r#"["joe*"]"#, "`users`"),
            (r#"id = "root""#, r#"id = """#, "`id`"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            let error = Entries::parse(&text).unwrap_err();
            let words = format!("{error} {error:?}");
            assert!(words.contains(said), "{words} should tell {said}");
            assert!(!words.contains("s3cr3t"), "{words}");
        }
        let twice = format!("{GOOD}{}", GOOD.replace("version = 1", ""));
        assert!(Entries::parse(&twice).unwrap_err().to_string().contains("twice"));
        assert!(!format!("{:?}", Entries::parse(GOOD).unwrap()).contains("s3cr3t"));
    }
}
