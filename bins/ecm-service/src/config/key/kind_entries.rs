//! The keys of vaults that are no Password Safe, and of the broker API.

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
/// `broker-api.socket`
pub static BROKER_SOCKET: Key = key(
    "socket",
    "path",
    Absent::Means("there is no broker API"),
    "The Unix socket to listen on. Only the service's own user and root may connect.",
    "\"/run/ecm-service/broker.sock\"",
);
/// `broker-api.name`
pub static BROKER_NAME: Key = key(
    "name",
    "short name",
    Absent::Default("local"),
    "What whoever connects is called in logs and in the ledger; another name than any site's.",
    "\"sidecar\"",
);
/// `broker-api.in-flight`
pub static BROKER_IN_FLIGHT: Key = key(
    "in-flight",
    "1 to 64",
    Absent::Default("8"),
    "How many questions of one connection may be open at once.",
    "8",
);
/// `broker-api.max-links`
pub static BROKER_LINKS: Key = key(
    "max-links",
    "1 to 64",
    Absent::Default("4"),
    "How many connections there may be at once.",
    "4",
);

/// `metrics.listen`
pub static METRICS_LISTEN: Key = key(
    "listen",
    "address:port",
    Absent::Refused,
    "Where metrics are offered, over plain HTTP and to whoever can reach it; so an address of the \
     loopback interface, unless a firewall says who that is.",
    "\"127.0.0.1:9464\"",
);
/// `traces.endpoint`
pub static TRACES_ENDPOINT: Key = key(
    "endpoint",
    "http or https URL",
    Absent::Refused,
    "The collector's address for traces, OTLP over HTTP. Sent are the spans of questions and of \
     vault calls, with reference, call, status and time: no names of people, no secrets.",
    "\"http://127.0.0.1:4318/v1/traces\"",
);
/// `traces.one-in`
pub static TRACES_ONE_IN: Key = key(
    "one-in",
    "1 to 1000000",
    Absent::Default("1"),
    "Of how many questions one is traced.",
    "10",
);
