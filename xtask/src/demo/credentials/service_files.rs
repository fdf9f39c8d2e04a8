//! The service's configuration, the secrets it points to, and the list of what is secret.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::stage::{APPROVER, Doors, SITE, VAULT};
use crate::demo::private_file::write_private;
use crate::demo::sweep::Planted;

/// What the simulators were given: the service's secrets come from there.
pub(super) struct DemoData {
    vault: toml::Table,
    site: toml::Table,
}

impl DemoData {
    /// Reads both simulators' files.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let table = |name: &str| {
            let path = folder.join(name);
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            text.parse().with_context(|| format!("{} is not TOML", path.display()))
        };
        Ok(Self { vault: table("ps-sim.toml")?, site: table("site-sim.toml")? })
    }

    /// Every secret in them.
    pub(super) fn planted(&self) -> Vec<Planted> {
        let mut planted = Vec::new();
        plant_table("vault", &self.vault, &mut planted);
        plant_table("site", &self.site, &mut planted);
        planted
    }

    /// Writes the configuration and the files it points to, each for this user only. Returns
    /// those that hold secrets because that is their purpose.
    pub(super) fn write_service_files(
        &self,
        folder: &Path,
        doors: &Doors,
        further_config: &str,
    ) -> anyhow::Result<Vec<PathBuf>> {
        let key_file = folder.join("vault-api-key");
        let secret_file = folder.join("site-client-secret");
        write_private(&key_file, first(&self.vault, "registration", "key")?)?;
        write_private(&secret_file, first(&self.site, "account", "client-secret")?)?;
        let client_id = first(&self.site, "account", "client-id")?;
        let config = format!("{}{further_config}", config(doors, client_id));
        write_private(&folder.join("config.toml"), &config)?;
        Ok(vec![key_file, secret_file])
    }
}

/// What a demo has beside the Password Safe: nothing, as a rule.
#[derive(Default)]
pub(super) struct Further {
    /// Goes to the end of the configuration.
    pub(super) config: String,
    /// Files to copy: from where, and their names in the demo's folder.
    pub(super) files: Vec<(PathBuf, &'static str)>,
    /// Which of them hold secrets because that is their purpose, by their names in the folder.
    pub(super) secret_files: Vec<&'static str>,
    /// Files whose texts behind `password` are secret: a name for them, and where they are.
    pub(super) keep_secrets: Vec<(&'static str, PathBuf)>,
}

impl Further {
    /// Copies the files. Those with secrets become this user's own.
    pub(super) fn lay_out(&self, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
        for (from, name) in &self.files {
            let to = folder.join(name);
            if let Some(above) = to.parent() {
                fs::create_dir_all(above)?;
            }
            if self.secret_files.contains(name) {
                write_private(&to, &fs::read_to_string(from)?)?;
            } else {
                fs::copy(from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
            }
        }
        Ok(self.secret_files.iter().map(|name| folder.join(name)).collect())
    }

    pub(super) fn planted(&self) -> anyhow::Result<Vec<Planted>> {
        let mut planted = Vec::new();
        for (place, path) in &self.keep_secrets {
            let text = fs::read_to_string(path)?;
            let table: toml::Table = match path.extension() {
                Some(ending) if ending == "json" => serde_json::from_str(&text)?,
                _ => text.parse()?,
            };
            plant_table(place, &table, &mut planted);
        }
        Ok(planted)
    }
}

fn config(doors: &Doors, client_id: &str) -> String {
    let Doors { vault_url, site_url, token_url } = doors;
    format!(
        r#"# Written by `cargo xtask demo credentials`.
state-dir = "state"

[log]
format = "json"
level = "debug"

[[site]]
name = "demo-site"
url = "{site_url}"
token-url = "{token_url}"
client-id = "{client_id}"
client-secret = {{ file = "site-client-secret" }}
expect-group = "Default"
ca-file = "{SITE}-ca.pem"
system-roots = false

[[vault]]
name = "demo-vault"
url = "{vault_url}"
api-key = {{ file = "vault-api-key" }}
approver = '{APPROVER}'
ca-file = "{VAULT}-ca.pem"
system-roots = false

[vault.search]
ssh-keys = "beside-passwords"

[mapping]
version = 1

[[mapping.domain]]
id = "acme"
netbios = "ACME"
dns = ["acme.test"]

[[mapping.rule]]
name = "staff"
domain = "acme"
user = '[a-z][a-z0-9._-]{{0,19}}'
runas = '{{netbios}}\{{user}}'
"#
    )
}

/// A text of the first entry of a list of tables.
fn first<'t>(table: &'t toml::Table, list: &str, key: &str) -> anyhow::Result<&'t str> {
    let entry = table.get(list).and_then(|entries| entries.get(0));
    let text = entry.and_then(|entry| entry.get(key)).and_then(toml::Value::as_str);
    text.with_context(|| format!("the demo data has no {key} in its first [[{list}]]"))
}

/// Keys of the simulators' files whose values are secret.
const SECRET_KEYS: [&str; 7] =
    ["key", "password", "private-key", "passphrase", "client-secret", "answer", "value"];

/// A shorter one would be found by chance in any log.
const SHORTEST: usize = 8;

fn plant_table(place: &str, table: &toml::Table, planted: &mut Vec<Planted>) {
    for (key, value) in table {
        plant_value(&format!("{place}.{key}"), key, value, planted);
    }
}

fn plant_value(place: &str, key: &str, value: &toml::Value, planted: &mut Vec<Planted>) {
    match value {
        toml::Value::String(text) if SECRET_KEYS.contains(&key) => {
            planted.push(Planted::new(place, text));
            // Of a key, one line is enough to give it away; its first and last are the same in all.
            let lines = text.lines().filter(|line| !line.starts_with("-----"));
            if text.lines().count() > 1 {
                planted.extend(lines.map(|line| Planted::new(format!("a line of {place}"), line)));
            }
        }
        toml::Value::Array(entries) => {
            for (number, entry) in entries.iter().enumerate() {
                plant_value(&format!("{place}[{number}]"), key, entry, planted);
            }
        }
        toml::Value::Table(table) => plant_table(place, table, planted),
        _ => {}
    }
    planted.retain(|secret| secret.length() >= SHORTEST);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn every_secret_of_the_demo_data_is_planted() {
        let data = DemoData::read(&workspace::root().join("fixtures/data/demo")).unwrap();
        let planted = data.planted();
        for secret in [
            "fake-Helpdesk-01!",
            "fake-Break-Glass!",
            "fake-Root-Passphrase!",
            first(&data.vault, "registration", "key").unwrap(),
            first(&data.site, "account", "client-secret").unwrap(),
        ] {
            let spoken = format!("a line with {secret} in it");
            assert!(planted.iter().any(|planted| planted.stands_in(&spoken)), "{secret}");
        }
        let harmless = r"ACME\joe.user asked for App01\helpdesk-01 at 2026-03-01T08:00:00Z, 424242";
        assert!(!planted.iter().any(|planted| planted.stands_in(harmless)));
    }

    #[test]
    fn one_line_of_a_key_gives_it_away() {
        let table =
            "private-key = \"-----BEGIN X-----\\nMIIabcdefgh\\n-----END X-----\\n\"".parse();
        let mut planted = Vec::new();
        plant_table("vault", &table.unwrap(), &mut planted);
        assert!(planted.iter().any(|secret| secret.stands_in("x MIIabcdefgh y")));
        assert!(!planted.iter().any(|secret| secret.stands_in("-----BEGIN X-----")));
    }
}
