//! The keys themselves, table by table.

use super::{Absent, Key};

pub(super) const fn key(
    name: &'static str,
    value: &'static str,
    absent: Absent,
    meaning: &'static str,
    example: &'static str,
) -> Key {
    Key { name, value, absent, meaning, example }
}

pub(super) const SECRET: &str =
    "secret reference: { file = \"…\" }, { env = \"…\" } or { credential = \"…\" }";

/// `state-dir`
pub static STATE_DIR: Key = key(
    "state-dir",
    "path",
    Absent::Means("systemd's STATE_DIRECTORY; without it the file is refused"),
    "Folder for the ledger of open release requests, the audit log, the control socket and the \
     generated credential-id key. One process at a time may use it.",
    "\"/var/lib/ecm-service\"",
);
/// `stop-grace`
pub static STOP_GRACE: Key = key(
    "stop-grace",
    "duration, 1s to 5m",
    Absent::Default("20s"),
    "How long a stopping service may take to finish running questions and to give back what it \
     has borrowed.",
    "\"20s\"",
);

/// `leases-at-stop`
pub static LEASES_AT_STOP: Key = key(
    "leases-at-stop",
    "\"give-back\" or \"keep\"",
    Absent::Default("give-back"),
    "What becomes of what sessions hold when the service stops in good order: all of it is given \
     back, or it is left on the ledger for the next run, which goes on with it. After a crash \
     everything is given back.",
    "\"keep\"",
);
/// `max-results`
pub static MAX_RESULTS: Key = key(
    "max-results",
    "1 to 1000",
    Absent::Default("200"),
    "How many credentials one answer holds at most, whatever the site wants.",
    "200",
);

/// `questions-per-user`
pub static QUESTIONS_PER_USER: Key = key(
    "questions-per-user",
    "1 to 1000",
    Absent::Default("16"),
    "How many questions of one console user are worked on at a time. Another one is told that the \
     service is busy, so that one user, or a script in one user's name, cannot starve others.",
    "16",
);

/// `log.format`
pub static LOG_FORMAT: Key = key(
    "format",
    "\"human\" or \"json\"",
    Absent::Default("human"),
    "How log lines are written to stderr.",
    "\"human\"",
);
/// `log.level`
pub static LOG_LEVEL: Key = key(
    "level",
    "level or directives",
    Absent::Default("info"),
    "error, warn, info, debug, trace, or directives such as info,ecm_core=debug. \
     `ecm-service log-level` changes it while the service runs.",
    "\"info\"",
);

/// `credential-ids.key`
pub static CREDENTIAL_IDS_KEY: Key = key(
    "key",
    SECRET,
    Absent::Means("a key is made once and kept in the state folder"),
    "Key that authenticates credential ids, at least 32 bytes. Several ECMs that serve the same \
     site must share one, or a credential offered by one is refused by the next.",
    "{ file = \"/etc/ecm-service/credential-ids.key\" }",
);

/// `site.name`
pub static SITE_NAME: Key = key(
    "name",
    "short name",
    Absent::Refused,
    "What this site is called in logs and in the ledger. Letters, digits, dot, dash, underscore.",
    "\"support\"",
);
/// `site.url`
pub static SITE_URL: Key = key(
    "url",
    "wss://host[:port][/path], tls://host:port or unix:/path",
    Absent::Refused,
    "Where the site listens. wss goes with transport open-websocket (path /ecm/v1 when none is \
     given), tls and unix with open-framed.",
    "\"wss://support.example.com/ecm/v1\"",
);
/// `site.transport`
pub static SITE_TRANSPORT: Key = key(
    "transport",
    "\"open-websocket\" or \"open-framed\"",
    Absent::Default("open-websocket"),
    "How messages are carried: WebSocket over TLS, or frames with a length over TLS or a Unix \
     socket.",
    "\"open-websocket\"",
);
/// `site.client-id`
pub static SITE_CLIENT_ID: Key = key(
    "client-id",
    "string",
    Absent::Refused,
    "OAuth client id of the API account this service uses at the site.",
    "\"0123456789abcdef0123456789abcdef01234567\"",
);
/// `site.client-secret`
pub static SITE_CLIENT_SECRET: Key = key(
    "client-secret",
    SECRET,
    Absent::Refused,
    "OAuth client secret of that account.",
    "{ credential = \"support-client-secret\" }",
);
/// `site.token-url`
pub static SITE_TOKEN_URL: Key = key(
    "token-url",
    "https URL",
    Absent::Means("https://HOST[:PORT]/oauth2/token of the site's URL; needed for unix sockets"),
    "Where tokens are fetched.",
    "\"https://support.example.com/oauth2/token\"",
);
/// `site.expect-group`
pub static SITE_EXPECT_GROUP: Key = key(
    "expect-group",
    "string",
    Absent::Means("any group is accepted"),
    "Name of the ECM group this service must be put into. If the site puts it elsewhere, it \
     refuses to serve, so that a wrong assignment cannot serve the wrong tenant.",
    "\"Default\"",
);

/// `ca-file` of a site or vault
pub static CA_FILE: Key = key(
    "ca-file",
    "path of a PEM file",
    Absent::Means("only the machine's own roots are trusted"),
    "Certificates to trust for this connection, besides the machine's roots.",
    "\"/etc/ecm-service/internal-ca.pem\"",
);
/// `system-roots` of a site or vault
pub static SYSTEM_ROOTS: Key = key(
    "system-roots",
    "true or false",
    Absent::Default("true"),
    "Whether the machine's roots are trusted too. With false, only ca-file counts.",
    "true",
);
/// `proxy` of a site or vault
pub static PROXY: Key = key(
    "proxy",
    "http://host:port",
    Absent::Means("connections are made directly, whatever the environment says"),
    "HTTP proxy to go through (CONNECT). Proxies that ask for a password are not supported.",
    "\"http://proxy.example.com:3128\"",
);

/// `vault.name`
pub static VAULT_NAME: Key = key(
    "name",
    "short name",
    Absent::Refused,
    "What this vault is called in logs, answers, credential ids and the ledger. Do not rename it \
     while requests are open.",
    "\"main\"",
);
/// `vault.url`
pub static VAULT_URL: Key = key(
    "url",
    "https URL",
    Absent::Means("needed by kind password-safe, and by no other"),
    "Base address of the vault's API, up to and including /public/v3.",
    "\"https://vault.example.com/BeyondTrust/api/public/v3\"",
);
/// `vault.api-key`
pub static VAULT_API_KEY: Key = key(
    "api-key",
    SECRET,
    Absent::Means("oauth must be given instead"),
    "Key of the API registration. Every question is asked as the vault user behind the \
     representative (run-as).",
    "{ file = \"/etc/ecm-service/vault-api-key\" }",
);
/// `vault.approver`
pub static VAULT_APPROVER: Key = key(
    "approver",
    "vault user name",
    Absent::Means("nobody; needed when approval is approve-by-approver"),
    "The global approver: the vault user that approves requests which the access policy does not \
     approve by itself.",
    "'ACME\\ecm-approver'",
);
/// `vault.approval`
pub static VAULT_APPROVAL: Key = key(
    "approval",
    "\"approve-by-approver\", \"wait\" or \"refuse\"",
    Absent::Means("approve-by-approver when there is an approver, else refuse"),
    "What happens when the policy wants approval: the approver approves at once, the console is \
     told to wait for a person, or the retrieval is refused.",
    "\"approve-by-approver\"",
);
/// `vault.stands-in-for`
pub static VAULT_STANDS_IN_FOR: Key = key(
    "stands-in-for",
    "name of another vault",
    Absent::Means("this vault is always asked"),
    "Fail-over: this vault is searched only when that one is away, that is when it cannot be \
     reached or trusted, is overloaded or broken, or has not answered within half of the time. A \
     refusal is an answer.",
    "\"main\"",
);
/// `vault.release-duration-minutes`
pub static VAULT_RELEASE_DURATION: Key = key(
    "release-duration-minutes",
    "1 to 1440",
    Absent::Default("360"),
    "How long a release request stays valid when nobody gives it back earlier. Clamped to the \
     account's own maximum.",
    "360",
);
/// `vault.reason`
pub static VAULT_REASON: Key = key(
    "reason",
    "text with placeholders",
    Absent::Default("Remote support session on {endpoint} for {user} ({ref}) {reason}"),
    "Reason of each release request. Placeholders: {user}, {endpoint}, {ref}, {lease}, {reason} \
     (what the representative typed).",
    "\"Remote support session on {endpoint} for {user} ({ref}) {reason}\"",
);
/// `vault.joined-requests`
pub static VAULT_JOINED_REQUESTS: Key = key(
    "joined-requests",
    "\"leave\" or \"check-in\"",
    Absent::Default("leave"),
    "What happens at the end of a session to a release request that the vault user had opened \
     elsewhere and this service joined: it stays with whoever opened it, or is checked in.",
    "\"leave\"",
);
/// `vault.client-certificate`
pub static VAULT_CLIENT_CERTIFICATE: Key = key(
    "client-certificate",
    SECRET,
    Absent::Means("no client certificate is shown"),
    "PEM file with the certificate and its private key, when the vault asks for one.",
    "{ file = \"/etc/ecm-service/client.pem\" }",
);
/// `vault.connect-timeout`
pub static VAULT_CONNECT_TIMEOUT: Key = key(
    "connect-timeout",
    "duration, 1s to 1m",
    Absent::Default("5s"),
    "How long a connection to the vault may take.",
    "\"5s\"",
);
/// `vault.request-timeout`
pub static VAULT_REQUEST_TIMEOUT: Key = key(
    "request-timeout",
    "duration, 1s to 5m",
    Absent::Default("20s"),
    "How long one call to the vault may take.",
    "\"20s\"",
);
/// `vault.calls-at-once`
pub static VAULT_CALLS: Key = key(
    "calls-at-once",
    "1 to 1000",
    Absent::Default("64"),
    "How many calls to this vault are under way at a time. More wait in line, sixteen times as many \
     at most; beyond that the site is told that the vault is busy.",
    "128",
);
/// `vault.max-sessions`
pub static VAULT_MAX_SESSIONS: Key = key(
    "max-sessions",
    "1 to 10000",
    Absent::Default("100"),
    "How many vault users may be signed in at the same time. The one idle longest makes room.",
    "100",
);
/// `vault.session-idle`
pub static VAULT_SESSION_IDLE: Key = key(
    "session-idle",
    "duration, 10s to 1h",
    Absent::Default("5m"),
    "After how much silence a vault user is signed out.",
    "\"5m\"",
);

/// `vault.oauth.client-id`
pub static OAUTH_CLIENT_ID: Key = key(
    "client-id",
    "string",
    Absent::Refused,
    "OAuth client id of the vault's application user.",
    "\"6fa459ea-ee8a-3ca4-894e-db77e160355e\"",
);
/// `vault.oauth.client-secret`
pub static OAUTH_CLIENT_SECRET: Key = key(
    "client-secret",
    SECRET,
    Absent::Refused,
    "Its secret.",
    "{ credential = \"vault-client-secret\" }",
);
/// `vault.oauth.token-url`
pub static OAUTH_TOKEN_URL: Key = key(
    "token-url",
    "https URL",
    Absent::Means("the vault's own token endpoint"),
    "Where tokens are fetched.",
    "\"https://vault.example.com/BeyondTrust/api/public/v3/Auth/Connect/Token\"",
);
/// `vault.oauth.every-user-acts-as-the-application-user`
pub static OAUTH_ACKNOWLEDGE: Key = key(
    "every-user-acts-as-the-application-user",
    "true",
    Absent::Refused,
    "Must be true. With OAuth the vault knows only one user, the application user: every \
     representative who maps to any vault user sees and uses what that one may use. Prefer \
     api-key where this matters.",
    "true",
);

/// `vault.search.kinds`
pub static SEARCH_KINDS: Key = key(
    "kinds",
    "list of \"local\", \"linked\", \"application\"",
    Absent::Default("all three"),
    "Which kinds of accounts are searched: local accounts of the endpoint, domain accounts linked \
     to it, accounts of applications.",
    "[\"local\", \"linked\", \"application\"]",
);
/// `vault.search.match-on`
pub static SEARCH_MATCH_ON: Key = key(
    "match-on",
    "list of \"host\", \"short-name\", \"fqdn\", \"address\", \"url-host\", \"application\"",
    Absent::Default("all, in this order"),
    "By what an endpoint is looked for, best evidence first. What is left out is not asked for.",
    "[\"host\", \"short-name\", \"fqdn\", \"address\", \"url-host\", \"application\"]",
);
/// `vault.search.public-addresses`
pub static SEARCH_PUBLIC_ADDRESSES: Key = key(
    "public-addresses",
    "true or false",
    Absent::Default("false"),
    "Whether public addresses count too. Many machines behind one router share one.",
    "false",
);
/// `vault.search.ssh-keys`
pub static SEARCH_SSH_KEYS: Key = key(
    "ssh-keys",
    "\"never\", \"in-place-of-passwords\" or \"beside-passwords\"",
    Absent::Default("in-place-of-passwords"),
    "When private keys are offered to a site that takes keys: never, when it wants no passwords, \
     or always beside the password. The vault does not say beforehand who has a key.",
    "\"in-place-of-passwords\"",
);
/// `vault.search.application-names`
pub static SEARCH_APPLICATION_NAMES: Key = key(
    "application-names",
    "table of strings",
    Absent::Means("applications are asked for by the name the site gives"),
    "What a site calls an application, and the vault's display name for it.",
    "{ \"SAP GUI\" = \"SAP Production\" }",
);
/// `vault.search.parallel`
pub static SEARCH_PARALLEL: Key = key(
    "parallel",
    "1 to 32",
    Absent::Default("8"),
    "How many calls one search may make to the vault at the same time.",
    "8",
);

/// `directory.domain`
pub static DIRECTORY_DOMAIN: Key = key(
    "domain",
    "id of a [[mapping.domain]]",
    Absent::Refused,
    "Whose users the directory holds.",
    "\"acme\"",
);
/// `directory.discover`
pub static DIRECTORY_DISCOVER: Key = key(
    "discover",
    "DNS name",
    Absent::Means("the servers are those of urls"),
    "The DNS name of the domain, whose servers are looked up (SRV records) instead of being written \
     down in urls. They are asked by LDAPS, must lie in the domain, and must show a certificate for \
     the name that was found.",
    "\"acme.example.com\"",
);
/// `directory.discover-site`
pub static DIRECTORY_DISCOVER_SITE: Key = key(
    "discover-site",
    "string",
    Absent::Means("all domain controllers are taken"),
    "The site of Active Directory whose servers are near.",
    "\"Default-First-Site-Name\"",
);
/// `directory.dns-servers`
pub static DIRECTORY_DNS_SERVERS: Key = key(
    "dns-servers",
    "list of address[:port]",
    Absent::Means("the machine's own name servers"),
    "Which name servers are asked for servers to discover.",
    "[\"192.0.2.53\"]",
);
/// `directory.urls`
pub static DIRECTORY_URLS: Key = key(
    "urls",
    "list of ldaps://host[:port] or ldap://host[:port]",
    Absent::Means("discover must be given instead"),
    "Its servers, in the order they are tried. Behind ldap:// the connection is encrypted by \
     StartTLS before anything is said; there are no unencrypted ones.",
    "[\"ldaps://dc1.acme.example.com\", \"ldaps://dc2.acme.example.com\"]",
);
/// `directory.base`
pub static DIRECTORY_BASE: Key = key(
    "base",
    "distinguished name",
    Absent::Refused,
    "Below which entry users are looked for.",
    "\"dc=acme,dc=example,dc=com\"",
);
/// `directory.bind-name`
pub static DIRECTORY_BIND_NAME: Key = key(
    "bind-name",
    "distinguished name; for Active Directory also user@domain",
    Absent::Means("the questions are anonymous"),
    "The account that asks. It needs to read users, and nothing more.",
    "\"svc.ecm@acme.example.com\"",
);
/// `directory.bind-password`
pub static DIRECTORY_BIND_PASSWORD: Key = key(
    "bind-password",
    SECRET,
    Absent::Means("the questions are anonymous"),
    "Its password.",
    "{ credential = \"directory-password\" }",
);
/// `directory.schema`
pub static DIRECTORY_SCHEMA: Key = key(
    "schema",
    "\"active-directory\" or \"inet-org-person\"",
    Absent::Default("active-directory"),
    "How users are written down: as Active Directory and Samba do, or as inetOrgPerson entries, \
     such as OpenLDAP has.",
    "\"active-directory\"",
);
/// `directory.logon-name`
pub static DIRECTORY_LOGON_NAME: Key = key(
    "logon-name",
    "attribute",
    Absent::Default("uid"),
    "Which attribute of an inetOrgPerson is the logon name.",
    "\"uid\"",
);
/// `directory.principal-name`
pub static DIRECTORY_PRINCIPAL_NAME: Key = key(
    "principal-name",
    "attribute",
    Absent::Means("no inetOrgPerson is found by a principal name"),
    "Which attribute of an inetOrgPerson holds names like user@suffix. Take one that users cannot \
     change themselves.",
    "\"mail\"",
);
