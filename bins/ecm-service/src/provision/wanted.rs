//! What a vault is to have, as the operator writes it.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use zeroize::Zeroizing;

/// A provisioning file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Wanted {
    /// Who makes the changes.
    pub sign_in: SignIn,
    /// The API registration of this service.
    pub registration: RegistrationWanted,
    /// The name of the access policy under which accounts are released. It is looked at only: the
    /// vault's API makes none.
    pub access_policy: String,
    /// The group of those who may use accounts through this service.
    pub group: GroupWanted,
    /// The accounts.
    #[serde(default)]
    pub accounts: AccountsWanted,
}

/// An administrator of the vault.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SignIn {
    /// The vault user.
    pub run_as: String,
    /// A file with the key of a registration that lets this user in. Absent: the `api-key` of the
    /// service's own configuration.
    pub api_key_file: Option<PathBuf>,
    /// A file with the user's password, if the registration wants it.
    pub password_file: Option<PathBuf>,
}

/// An API registration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RegistrationWanted {
    /// Its name.
    pub name: String,
    /// Where calls may come from: addresses, ranges `a-b`, networks `a/n`.
    pub addresses: Vec<String>,
    /// Where the key of a new registration is written, for `api-key = { file = … }`.
    pub key_file: PathBuf,
}

/// A group of users.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GroupWanted {
    /// Its name.
    pub name: String,
    /// Vault users that belong to it: `DOMAIN\user` or a local name. Others may, too.
    #[serde(default)]
    pub users: Vec<String>,
}

/// Accounts that are to be offered.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AccountsWanted {
    /// Titles of Smart Rules whose accounts are API-enabled and given to the group.
    #[serde(default)]
    pub smart_rules: Vec<String>,
    /// Single accounts, `system\account`. They are collected in the Quick Rule below.
    #[serde(default)]
    pub names: Vec<String>,
    /// The title of the Quick Rule of the single accounts.
    pub quick_rule: Option<String>,
}

/// Why a provisioning file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WantedError {
    /// It cannot be read.
    #[error("{path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// It is no TOML, or not of this shape.
    #[error("{path}: {cause}")]
    Shape {
        /// The file.
        path: PathBuf,
        /// What is wrong where.
        cause: toml::de::Error,
    },
    /// What it says makes no sense.
    #[error("{path}: {}", problems.join("\n  "))]
    Senseless {
        /// The file.
        path: PathBuf,
        /// Each problem with what to do.
        problems: Vec<String>,
    },
}

impl Wanted {
    /// Reads and checks a file. Paths in it are taken from where it lies.
    ///
    /// # Errors
    ///
    /// See [`WantedError`].
    pub fn read(path: &Path) -> Result<Self, WantedError> {
        let text = fs::read_to_string(path)
            .map_err(|cause| WantedError::Unreadable { path: path.to_owned(), cause })?;
        let mut wanted: Self = toml::from_str(&text)
            .map_err(|cause| WantedError::Shape { path: path.to_owned(), cause })?;
        let problems = wanted.problems();
        if !problems.is_empty() {
            return Err(WantedError::Senseless { path: path.to_owned(), problems });
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let SignIn { api_key_file, password_file, .. } = &mut wanted.sign_in;
        let files = api_key_file.iter_mut().chain(password_file);
        for file in files.chain([&mut wanted.registration.key_file]) {
            *file = folder.join(&*file);
        }
        Ok(wanted)
    }

    /// Everything that is wrong, each with what to do.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let named = [
            ("sign-in.run-as", &self.sign_in.run_as),
            ("registration.name", &self.registration.name),
            ("access-policy", &self.access_policy),
            ("group.name", &self.group.name),
        ];
        for (key, text) in named {
            if text.trim().is_empty() {
                problems.push(format!("`{key}` is empty: write a name"));
            }
        }
        if self.registration.addresses.is_empty() {
            problems.push(
                "`registration.addresses` is empty, and then nobody is let in: write the \
                 addresses of the servers that run this service"
                    .to_owned(),
            );
        }
        for address in &self.registration.addresses {
            if address_kind(address).is_none() {
                problems.push(format!(
                    "`{address}` in `registration.addresses` is no address: write 10.0.0.5, \
                     10.0.0.1-10.0.0.9 or 10.0.0.0/24"
                ));
            }
        }
        for name in &self.accounts.names {
            let parts = name.split_once('\\');
            if !parts.is_some_and(|(system, account)| !system.is_empty() && !account.is_empty()) {
                problems.push(format!(
                    "`{name}` in `accounts.names` is no account: write 'system\\account'"
                ));
            }
        }
        match (&self.accounts.quick_rule, self.accounts.names.is_empty()) {
            (None, false) => problems.push(
                "`accounts.names` are collected in a Quick Rule: name it in `accounts.quick-rule`"
                    .to_owned(),
            ),
            (Some(_), true) => problems.push(
                "`accounts.quick-rule` would be empty, which the vault refuses: write \
                 `accounts.names`, or remove it"
                    .to_owned(),
            ),
            _ => {}
        }
        let mut once = BTreeSet::new();
        let titles = self.accounts.smart_rules.iter().chain(&self.accounts.quick_rule);
        for text in titles.chain(&self.group.users).chain(&self.accounts.names) {
            if !once.insert(text.to_lowercase()) {
                problems.push(format!("`{text}` is named twice: remove one"));
            }
        }
        problems
    }

    /// The titles of all rules that the group is given.
    pub fn rules(&self) -> impl Iterator<Item = &String> {
        self.accounts.smart_rules.iter().chain(&self.accounts.quick_rule)
    }
}

/// What the vault calls this kind of address, `None` if it is none.
pub(super) fn address_kind(text: &str) -> Option<&'static str> {
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    if let Some((network, bits)) = text.split_once('/') {
        let most = if network.contains(':') { 128 } else { 32 };
        let fits = bits.parse::<u8>().is_ok_and(|bits| bits <= most);
        return (is_address(network) && fits).then_some("cidr");
    }
    if let Some((first, last)) = text.split_once('-') {
        return (is_address(first) && is_address(last)).then_some("iprange");
    }
    is_address(text).then_some("host")
}

/// A secret that a file holds, without what an editor puts behind it.
///
/// # Errors
///
/// The file cannot be read, or holds nothing.
pub(crate) fn secret_of(path: &Path) -> Result<SecretString, String> {
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
    match text.trim() {
        "" => Err(format!("{} is empty", path.display())),
        secret => Ok(secret.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        access-policy = "Remote support"
        [sign-in]
        run-as = 'ACME\vera'
        [registration]
        name = "Keyferry"
        addresses = ["10.0.0.5"]
        key-file = "api-key"
        [group]
        name = "Requesters"
        [accounts]
        names = ['App01\helpdesk']
        quick-rule = "Lent by Keyferry"
    "#;

    #[test]
    fn what_makes_no_sense_is_told_with_what_to_do() {
        let good: Wanted = toml::from_str(GOOD).unwrap();
        assert_eq!(good.problems(), <[String; 0]>::default());
        for (from, to, words) in [
            ("\"10.0.0.5\"", "\"app01\"", "`app01`"),
            ("[\"10.0.0.5\"]", "[]", "nobody is let in"),
            ("'App01\\helpdesk'", "'helpdesk'", "`helpdesk`"),
            ("quick-rule = \"Lent by Keyferry\"", "", "name it in"),
            ("\"Requesters\"", "\" \"", "`group.name` is empty"),
            ("names = ['App01\\helpdesk']", "", "would be empty"),
            ("'App01\\helpdesk'", "'A\\b', 'a\\B'", "named twice"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let wanted: Wanted = toml::from_str(&GOOD.replace(from, to)).unwrap();
            let problems = wanted.problems();
            assert_eq!(problems.len(), 1, "{from} {problems:?}");
            assert!(problems[0].contains(words), "{problems:?}");
        }
        assert!(toml::from_str::<Wanted>(&GOOD.replace("key-file", "keyfile")).is_err());
    }

    #[test]
    fn addresses_are_told_apart_as_the_vault_does() {
        for (text, kind) in [
            ("10.0.0.5", Some("host")),
            ("::1", Some("host")),
            ("10.0.0.0/24", Some("cidr")),
            ("fd00::/8", Some("cidr")),
            ("10.0.0.1-10.0.0.9", Some("iprange")),
            ("10.0.0.0/33", None),
            ("app01", None),
            ("", None),
        ] {
            assert_eq!(address_kind(text), kind, "{text}");
        }
    }
}
