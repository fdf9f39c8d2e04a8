//! Every configuration key, once.
//!
//! The reader takes its keys from here, the example file and the table in the manual are printed
//! from here, and the nearest-key advice searches here. A key that is not in this file cannot be
//! read, and a test shows that every key in it is read.

mod entries;
mod kind_entries;
mod site_api_entries;

pub use entries::*;
pub use kind_entries::*;
pub use site_api_entries::*;

/// One key of the configuration file.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// The key as written, kebab-case.
    pub name: &'static str,
    /// What may stand behind the equals sign, in words.
    pub value: &'static str,
    /// What holds when the key is absent.
    pub absent: Absent,
    /// What the key does, one or two sentences.
    pub meaning: &'static str,
    /// A value as it would be written.
    pub example: &'static str,
}

/// What holds when a key is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// The file is refused.
    Refused,
    /// This value is taken.
    Default(&'static str),
    /// Described in words: nothing, or something worked out from other keys.
    Means(&'static str),
}

/// One table of the file and its keys.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Dotted name without brackets; empty for the top of the file.
    pub name: &'static str,
    /// As the header is written: `[log]`, `[[site]]`; empty for the top of the file.
    pub header: &'static str,
    /// What the table is for.
    pub meaning: &'static str,
    /// Its keys, in the order of the example. Sub-tables are not keys.
    pub keys: &'static [&'static Key],
    /// Names of the tables directly below it.
    pub tables: &'static [&'static str],
}

/// The tables of the file, in the order of the example.
pub static TABLES: &[Table] = &[
    Table {
        name: "",
        header: "",
        meaning: "The service as a whole.",
        keys: &[&STATE_DIR, &STOP_GRACE, &LEASES_AT_STOP, &MAX_RESULTS, &QUESTIONS_PER_USER],
        tables: &[
            "log",
            "credential-ids",
            "broker-api",
            "metrics",
            "traces",
            "plugins",
            "site",
            "vault",
            "directory",
            "mapping",
        ],
    },
    Table {
        name: "log",
        header: "[log]",
        meaning: "What is logged. Logs go to stderr.",
        keys: &[&LOG_FORMAT, &LOG_LEVEL],
        tables: &[],
    },
    Table {
        name: "credential-ids",
        header: "[credential-ids]",
        meaning: "How offered credentials are named towards the site.",
        keys: &[&CREDENTIAL_IDS_KEY],
        tables: &[],
    },
    Table {
        name: "metrics",
        header: "[metrics]",
        meaning: "Counters and times for a monitoring system, as OpenMetrics text at /metrics. They \
                  name sites and vaults of this file, never people, endpoints or accounts.",
        keys: &[&METRICS_LISTEN],
        tables: &[],
    },
    Table {
        name: "traces",
        header: "[traces]",
        meaning: "Traces for a collector. Without this table there are none.",
        keys: &[&TRACES_ENDPOINT, &TRACES_ONE_IN],
        tables: &[],
    },
    Table {
        name: "broker-api",
        header: "[broker-api]",
        meaning: "A socket where programs of this machine use the broker, as a site would.",
        keys: &[&BROKER_SOCKET, &BROKER_NAME, &BROKER_IN_FLIGHT, &BROKER_LINKS],
        tables: &[],
    },
    Table {
        name: "plugins",
        header: "[plugins]",
        meaning: "Vaults that are programs of their own.",
        keys: &[&PLUGINS_FOLDER],
        tables: &[],
    },
    Table {
        name: "site",
        header: "[[site]]",
        meaning: "One remote-support site. Repeat the table for more.",
        keys: &[
            &SITE_NAME,
            &SITE_URL,
            &SITE_TRANSPORT,
            &SITE_CLIENT_ID,
            &SITE_CLIENT_SECRET,
            &SITE_TOKEN_URL,
            &SITE_EXPECT_GROUP,
            &SITE_QUESTIONS,
            &SITE_RECONCILE,
            &SITE_RECONCILE_EVERY,
            &SITE_ENRICH,
            &SITE_TICKET_NUMBER,
            &SITE_TICKET_SYSTEM,
            &CA_FILE,
            &SYSTEM_ROOTS,
            &PROXY,
        ],
        tables: &[],
    },
    Table {
        name: "vault",
        header: "[[vault]]",
        meaning: "One place credentials come from. Repeat the table for more. A Password Safe has \
                  url and either api-key or oauth; a file has file and either identity or \
                  passphrase; a plugin has plugin, settings and environment.",
        keys: &[
            &VAULT_NAME,
            &VAULT_KIND,
            &VAULT_URL,
            &VAULT_API_KEY,
            &VAULT_APPROVER,
            &VAULT_APPROVAL,
            &VAULT_RELEASE_DURATION,
            &VAULT_REASON,
            &VAULT_JOINED_REQUESTS,
            &VAULT_STANDS_IN_FOR,
            &CA_FILE,
            &SYSTEM_ROOTS,
            &VAULT_CLIENT_CERTIFICATE,
            &PROXY,
            &VAULT_CONNECT_TIMEOUT,
            &VAULT_REQUEST_TIMEOUT,
            &VAULT_CALLS,
            &VAULT_MAX_SESSIONS,
            &VAULT_SESSION_IDLE,
            &VAULT_TICKET_SYSTEMS,
            &VAULT_FILE,
            &VAULT_IDENTITY,
            &VAULT_PASSPHRASE,
            &VAULT_PLUGIN,
            &VAULT_SETTINGS,
            &VAULT_ENVIRONMENT,
        ],
        tables: &["oauth", "search"],
    },
    Table {
        name: "vault.search",
        header: "[vault.search]",
        meaning: "How this vault is searched.",
        keys: &[
            &SEARCH_KINDS,
            &SEARCH_MATCH_ON,
            &SEARCH_PUBLIC_ADDRESSES,
            &SEARCH_SSH_KEYS,
            &SEARCH_APPLICATION_NAMES,
            &SEARCH_PARALLEL,
        ],
        tables: &[],
    },
    Table {
        name: "vault.oauth",
        header: "[vault.oauth]",
        meaning: "Sign-in of one application user by OAuth client credentials, instead of api-key.",
        keys: &[&OAUTH_CLIENT_ID, &OAUTH_CLIENT_SECRET, &OAUTH_TOKEN_URL, &OAUTH_ACKNOWLEDGE],
        tables: &[],
    },
    Table {
        name: "directory",
        header: "[[directory]]",
        meaning: "The directory of one domain of the mapping, on one or more servers. It is asked \
                  only where the [[mapping.domain]] says `directory = \"when-needed\"` or \
                  `\"always\"`.",
        keys: &[
            &DIRECTORY_DOMAIN,
            &DIRECTORY_URLS,
            &DIRECTORY_DISCOVER,
            &DIRECTORY_DISCOVER_SITE,
            &DIRECTORY_DNS_SERVERS,
            &DIRECTORY_BASE,
            &DIRECTORY_BIND_NAME,
            &DIRECTORY_BIND_PASSWORD,
            &DIRECTORY_SCHEMA,
            &DIRECTORY_LOGON_NAME,
            &DIRECTORY_PRINCIPAL_NAME,
            &CA_FILE,
            &SYSTEM_ROOTS,
        ],
        tables: &[],
    },
];

/// Keys that are written by people who know other products, and what to tell them.
///
/// Searched before the nearest-key advice: table, key, advice.
pub static REFUSED: &[(&str, &str, &str)] = &[
    (
        "vault",
        "run-as-password",
        "the service cannot know the password of every representative: switch \"user password \
         required\" off in the API registration",
    ),
    (
        "vault",
        "ignore-certificate",
        "certificates are always checked: name the issuing CA with ca-file instead",
    ),
    (
        "site",
        "ignore-certificate",
        "certificates are always checked: name the issuing CA with ca-file instead",
    ),
    ("site", "host", "write it as part of url, for example url = \"wss://support.example.com\""),
    (
        "site",
        "port",
        "write it as part of url, for example url = \"wss://support.example.com:443\"",
    ),
    ("site", "path", "write it as part of url, for example url = \"wss://host/ecm/v1\""),
];

/// The table of this dotted name.
///
/// # Panics
///
/// When there is no such table: the caller names it by a constant.
#[must_use]
pub fn table(name: &str) -> &'static Table {
    #[expect(clippy::expect_used, reason = "called with names of this file only, shown by tests")]
    TABLES.iter().find(|table| table.name == name).expect("the table is in this file")
}
