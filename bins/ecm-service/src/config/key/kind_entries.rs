//! The keys of vaults that are no Password Safe.

use super::entries::{SECRET, key};
use super::{Absent, Key};

/// `plugins.folder`
pub static PLUGINS_FOLDER: Key = key(
    "folder",
    "path",
    Absent::Default("/usr/lib/keyferry/plugins"),
    "Where plugins are: each is a folder with a plugin.toml.",
    "\"/usr/lib/keyferry/plugins\"",
);
/// `vault.kind`
pub static VAULT_KIND: Key = key(
    "kind",
    "\"password-safe\", \"file\" or \"plugin\"",
    Absent::Default("password-safe"),
    "What this vault is: a Password Safe, an age-encrypted file, or a plugin.",
    "\"password-safe\"",
);
/// `vault.file`
pub static VAULT_FILE: Key = key(
    "file",
    "path",
    Absent::Means("needed by kind file, and by no other"),
    "The age-encrypted file with the entries. It is read again when it changes.",
    "\"/etc/ecm-service/team.toml.age\"",
);
/// `vault.identity`
pub static VAULT_IDENTITY: Key = key(
    "identity",
    SECRET,
    Absent::Means("passphrase must be given instead, for kind file"),
    "The age identity file (age-keygen) that opens the file.",
    "{ file = \"/etc/ecm-service/team-identity.txt\" }",
);
/// `vault.passphrase`
pub static VAULT_PASSPHRASE: Key = key(
    "passphrase",
    SECRET,
    Absent::Means("identity must be given instead, for kind file"),
    "The passphrase that opens the file.",
    "{ credential = \"team-passphrase\" }",
);
/// `vault.plugin`
pub static VAULT_PLUGIN: Key = key(
    "plugin",
    "name of a plugin",
    Absent::Means("needed by kind plugin, and by no other"),
    "Which plugin: the name of its folder. `ecm-service plugins list` shows those there are.",
    "\"python-vault\"",
);
/// `vault.settings`
pub static VAULT_SETTINGS: Key = key(
    "settings",
    "table: texts, numbers, switches, secret references",
    Absent::Means("the plugin's own defaults hold"),
    "The plugin's settings; its plugin.toml says which there are. May be written as a table \
     [vault.settings].",
    "{ file = \"/srv/team/vault.json\" }",
);
/// `vault.environment`
pub static VAULT_ENVIRONMENT: Key = key(
    "environment",
    "table of texts",
    Absent::Default("{}"),
    "The plugin's whole environment: it inherits no variable of the service.",
    "{ LANG = \"C.UTF-8\" }",
);
