//! A file goes in; what is trusted, or every problem with its place, comes out.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ecm_core::search_key::KeyKind;
use ecm_core::settings::{Approval, JoinedRequests, SshKeys};
use ecm_service::config::VaultConfig;
use ecm_service::config::key::{self, Absent};
use ecm_service::config::site::SiteAddress;
use ecm_service::config::vault::{PasswordSafeConfig, VaultAuth, VaultKind};
use ecm_service::config::{Config, Problems, Surroundings, reference};
use secrecy::ExposeSecret;
use tempfile::TempDir;

/// A folder with a secret file, and a made-up environment.
pub(crate) struct Place {
    folder: TempDir,
    variables: BTreeMap<&'static str, String>,
}

impl Surroundings for Place {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { folder: TempDir::new().unwrap(), variables: BTreeMap::new() };
        place.write("secret", "s3cr3t-value\n", 0o600);
        place
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    pub(crate) fn write(&self, name: &str, content: &str, mode: u32) {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn read(&self, text: &str) -> Result<Config, Problems> {
        Config::read(&self.path(), text, self)
    }

    /// `line: message / advice` of every problem.
    fn problems(&self, text: &str) -> Vec<String> {
        let problems = self.read(text).expect_err("the file has problems");
        let one_line = |p: &ecm_service::config::Problem| {
            format!("{}: {} / {}", p.line.unwrap_or(0), p.message, p.advice)
        };
        problems.problems.iter().map(one_line).collect()
    }
}

pub(crate) const GOOD: &str = r#"state-dir = "state"
[[site]]
name = "support"
url = "wss://support.example.com"
client-id = "abc"
client-secret = { file = "secret" }
[[vault]]
name = "main"
url = "https://vault.example.com/BeyondTrust/api/public/v3"
api-key = { file = "secret" }
"#;

#[test]
fn smallest_file_is_accepted_and_silent_keys_have_their_defaults() {
    let place = Place::new();
    let config = place.read(GOOD).unwrap();
    assert_eq!(config.state_dir, place.folder.path().join("state"));
    assert_eq!(config.stop_grace.as_secs(), 20);
    let site = &config.sites[0];
    let expected = SiteAddress::WebSocket {
        host: "support.example.com".into(),
        port: 443,
        path: "/ecm/v1".into(),
    };
    assert_eq!(site.address, expected);
    assert_eq!(site.token_url.as_str(), "https://support.example.com/oauth2/token");
    assert_eq!(site.client_secret.expose_secret(), "s3cr3t-value");
    assert!(site.trust.system_roots);
    let vault = &config.vaults[0];
    let lending = &vault.settings.lending;
    assert_eq!(lending.release_minutes.minutes(), 360);
    assert_eq!((&lending.approver, lending.approval), (&None, Approval::Refuse));
    let auth = &password_safe(vault).auth;
    assert!(matches!(auth, VaultAuth::ApiKey(key) if key.expose_secret() == "s3cr3t-value"));
}

fn password_safe(vault: &VaultConfig) -> &PasswordSafeConfig {
    match &vault.kind {
        VaultKind::PasswordSafe(config) => config,
        other => unreachable!("{other:?} is no Password Safe"),
    }
}

#[test]
fn every_problem_is_reported_at_once_with_its_line() {
    let place = Place::new();
    let text = r#"state_dir = "state"
stop-grace = "soon"
[[site]]
name = "sup port"
url = "ws://support.example.com"
client-id = ""
client-secret = "hunter2"
[[vault]]
name = "main"
url = "http://vault.example.com"
release-duration-minutes = 1441
aproval = "wait"
"#;
    let problems = place.problems(text);
    let expected = [
        "1: `state-dir` is missing at the top of the file",
        "1: unknown key `state_dir` in the top of the file / did you mean `state-dir`?",
        "2: `soon` is not a length of time",
        "4: a name has 1 to 40 letters",
        "5: `url` must be encrypted",
        "6: `client-id` is empty",
        "7: `client-secret` holds the secret itself; this file must name its place",
        "8: this vault has neither `api-key` nor `oauth`",
        "10: `url` must begin with https://",
        "11: `release-duration-minutes` is out of range / write a number from 1 to 1440",
        "12: unknown key `aproval` in [[vault]] / did you mean `approval`?",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(expected) {
        assert!(problem.starts_with(start), "{problem}\nshould start with\n{start}");
    }
}

#[test]
fn one_wrong_line_is_one_problem() {
    let place = Place::new();
    place.write("open", "x", 0o644);
    place.write("empty", "\n", 0o600);
    place.write("no.pem", "nothing here", 0o644);
    let site = |line: &str| GOOD.replace("[[vault]]", &format!("{line}\n[[vault]]"));
    let vault = |line: &str| format!("{GOOD}{line}\n");
    let secret = |value: &str| GOOD.replacen("{ file = \"secret\" }", value, 1);
    for (text, line, says, advises) in [
        (site("host = \"x\""), 7, "unknown key `host`", "as part of url"),
        (
            site("transport = \"open-websockets\""),
            7,
            "no value of `transport`",
            "\"open-websocket\"",
        ),
        (site("proxy = \"http://joe:pw@proxy:1\""), 7, "`proxy` must be", "http://proxy"),
        (site("ca-file = \"nowhere.pem\""), 7, "cannot be read", "name"),
        (site("ca-file = \"no.pem\""), 7, "holds no PEM certificate", "BEGIN CERTIFICATE"),
        (site("system-roots = false"), 7, "nothing is trusted", "ca-file"),
        (site("expect-group = 3"), 7, "must be string, not a number", "\"Default\""),
        (secret("{ file = \"open\" }"), 6, "may be read by others", "chmod 600"),
        (secret("{ file = \"empty\" }"), 6, "is empty", "line feed"),
        (secret("{ file = \"nowhere\" }"), 6, "cannot be read", "create the file"),
        (secret("{ env = \"NOT_SET\" }"), 6, "NOT_SET is not set", "EnvironmentFile"),
        (secret("{ credential = \"x\" }"), 6, "no credentials folder", "LoadCredential"),
        (secret("{ credential = \"../x\" }"), 6, "without a folder", "LoadCredential"),
        (secret("{ vault = \"x\" }"), 6, "no kind of place", "{ file"),
        (secret("{ file = \"a\", env = \"b\" }"), 6, "exactly one place", "{ file"),
        (vault("run-as-password = \"x\""), 11, "unknown key", "user password"),
        (vault("approval = \"approve-by-approver\""), 11, "no `approver`", "approver ="),
        (vault("oauth = { client-id = \"x\" }"), 11, "not both", "remove one"),
        (vault("[vault.search]\nkinds = [\"locall\"]"), 12, "no value of `kinds`", "\"local\""),
        (vault("reason = \"for {nobody}\""), 11, "unknown placeholder", "{endpoint}"),
        (vault("[vault.search]\nparallel = 0"), 12, "out of range", "1 to 32"),
        (vault("[log]\nlevel = \"h2=trace\""), 12, "no part of this program", "debug"),
        (vault("[log]\nlevel = \"loud\""), 12, "no log level", "debug"),
        (vault("[credential-ids]\nkey = { file = \"secret\" }"), 12, "shorter than 32", "openssl"),
        (vault("[site2]"), 11, "unknown key `site2`", "did you mean `site`?"),
        (GOOD.replace("[[site]]", "[site]"), 2, "must be a repeated table", "[[site]]"),
    ] {
        let problems = place.problems(&text);
        let found = problems.iter().any(|problem| {
            let (head, advice) = problem.split_once(" / ").unwrap();
            head.starts_with(&format!("{line}: "))
                && head.contains(says)
                && advice.contains(advises)
        });
        assert!(found, "wanted line {line}, `{says}`, `{advises}`, got {problems:#?}\nfor\n{text}");
    }
}

#[test]
fn broken_toml_is_placed_and_not_followed_by_misleading_reports() {
    let place = Place::new();
    let problems = place.problems("state-dir = \"x\"\n[[site]\nname = \"a\"\n");
    assert!(problems[0].starts_with("2: not TOML"), "{problems:?}");
    assert!(problems.iter().all(|problem| problem.contains("not TOML")), "{problems:?}");
}

#[test]
fn reports_do_not_repeat_a_secret_that_stands_in_the_file() {
    let place = Place::new();
    for line in [
        "client-secret = \"hunter2\"",
        "client-secret = \"hunter2",
        "client-secret = { value = \"hunter2\" }",
        "client-secret = [\"hunter2\"]",
        "password = \"hunter2\"",
        "client-secret = \"\"\"\nhunter2\nhunter2",
        "proxy = \"http://joe:hunter2@proxy:3128\"",
        "token-url = \"https://joe:hunter2@support.example.com/token\"",
    ] {
        let text = GOOD.replace("client-secret = { file = \"secret\" }", line);
        let problems = place.read(&text).expect_err(line);
        let shown =
            format!("{problems} {problems:?} {}", serde_json::to_string(&problems).unwrap());
        assert!(!shown.contains("hunter2"), "{line}: {shown}");
    }
}

#[test]
fn secrets_come_from_files_variables_and_credentials_without_their_last_line_feed() {
    let mut place = Place::new();
    place.write("cred", "from-credential\r\n", 0o400);
    place.variables.insert("CREDENTIALS_DIRECTORY", place.folder.path().display().to_string());
    place.variables.insert("SITE_SECRET", "from-variable".to_owned());
    for (reference, expected) in [
        ("{ file = \"secret\" }", "s3cr3t-value"),
        ("{ env = \"SITE_SECRET\" }", "from-variable"),
        ("{ credential = \"cred\" }", "from-credential"),
    ] {
        let text = GOOD.replacen("{ file = \"secret\" }", reference, 1);
        let config = place.read(&text).expect(reference);
        assert_eq!(config.sites[0].client_secret.expose_secret(), expected);
    }
}

#[test]
fn debug_form_of_the_trusted_configuration_holds_no_secret() {
    let place = Place::new();
    place.write("key", &"k3y-material-".repeat(4), 0o600);
    let text = format!(
        "{GOOD}client-certificate = {{ file = \"secret\" }}\n[credential-ids]\nkey = {{ file = \"key\" }}\n"
    );
    let config = place.read(&text).unwrap();
    let shown = format!("{config:?}");
    for secret in ["s3cr3t-value", "k3y-material", &format!("{:?}", b"s3cr3t")] {
        assert!(!shown.contains(secret.trim_end_matches(']')), "{secret} in {shown}");
    }
}

#[test]
fn state_dir_comes_from_systemd_when_the_file_is_silent() {
    let mut place = Place::new();
    place.variables.insert("STATE_DIRECTORY", "/var/lib/one:/var/lib/two".to_owned());
    let config = place.read(&GOOD.replace("state-dir = \"state\"\n", "")).unwrap();
    assert_eq!(config.state_dir, Path::new("/var/lib/one"));
}

#[test]
fn oauth_is_accepted_only_when_its_consequence_is_acknowledged() {
    let place = Place::new();
    let base = GOOD.replace("api-key = { file = \"secret\" }\n", "");
    let oauth = "[vault.oauth]\nclient-id = \"app\"\nclient-secret = { file = \"secret\" }\n";
    let acknowledge = "every-user-acts-as-the-application-user";
    let silent = place.problems(&format!("{base}{oauth}"));
    assert!(silent[0].contains(acknowledge) && silent[0].contains("missing"), "{silent:?}");
    let refused = place.problems(&format!("{base}{oauth}{acknowledge} = false\n"));
    assert!(refused[0].contains("acts as the application user"), "{refused:?}");
    let config = place.read(&format!("{base}{oauth}{acknowledge} = true\n")).unwrap();
    assert!(matches!(password_safe(&config.vaults[0]).auth, VaultAuth::OAuth { .. }));
}

#[test]
fn approver_is_asked_only_when_that_is_what_the_operator_wants() {
    let place = Place::new();
    let with = |lines: &str| {
        let config = place.read(&format!("{GOOD}{lines}")).unwrap();
        let lending = config.vaults[0].settings.lending.clone();
        (lending.approver, lending.approval)
    };
    let approver = "approver = 'ACME\\boss'\n";
    let boss = Some("ACME\\boss".to_owned());
    assert_eq!(with(approver), (boss.clone(), Approval::Refuse));
    assert_eq!(with(&format!("{approver}approval = \"approve-by-approver\"\n")).0, boss);
    assert_eq!(with(&format!("{approver}approval = \"wait\"\n")), (None, Approval::Wait));
    assert_eq!(with(&format!("{approver}approval = \"refuse\"\n")), (None, Approval::Refuse));
    assert_eq!(with("approval = \"wait\"\n"), (None, Approval::Wait));
}

#[test]
fn search_and_lending_say_what_the_file_says() {
    let place = Place::new();
    let text = format!(
        "{GOOD}release-duration-minutes = 30\njoined-requests = \"check-in\"\n[vault.search]\n\
         kinds = [\"linked\"]\nmatch-on = [\"fqdn\", \"address\"]\nssh-keys = \"never\"\n\
         public-addresses = true\nparallel = 3\napplication-names = {{ \"SAP GUI\" = \"SAP\" }}\n"
    );
    let settings = place.read(&text).unwrap().vaults[0].settings.clone();
    assert_eq!(settings.lending.release_minutes.minutes(), 30);
    assert_eq!(settings.lending.joined_requests, JoinedRequests::CheckIn);
    let search = settings.search;
    let kinds = (search.local_accounts, search.linked_accounts, search.application_accounts);
    assert_eq!(kinds, (false, true, false));
    assert_eq!(search.match_on, [KeyKind::Fqdn, KeyKind::Address]);
    assert_eq!((search.ssh_keys, search.public_addresses), (SshKeys::Never, true));
    assert_eq!(search.questions_at_a_time, 3);
    assert_eq!(search.application_names["SAP GUI"], "SAP");
}

#[test]
fn problems_of_the_mapping_are_placed_and_told_together() {
    let place = Place::new();
    let text = format!(
        "{GOOD}[mapping]\nversion = \"one\"\n[[mapping.domain]]\nid = \"acme\"\nnetbos = \"ACME\"\n\
         [[mapping.rule]]\nname = \"staff\"\ndomain = \"acme\"\nrun-as = 'x'\n"
    );
    let problems = place.problems(&text);
    for (line, says, advises) in [
        (12, "invalid type", "user-mapping"),
        (15, "unknown key `netbos` in [mapping]", "did you mean `netbios`?"),
        (16, "`runas` is missing", "add runas"),
        (19, "unknown key `run-as` in [mapping]", "did you mean `runas`?"),
    ] {
        let found = problems.iter().any(|problem| {
            let (head, advice) = problem.split_once(" / ").unwrap();
            head.starts_with(&format!("{line}: "))
                && head.contains(says)
                && advice.contains(advises)
        });
        assert!(found, "line {line}, `{says}`: {problems:#?}");
    }
}

#[test]
fn file_without_mapping_is_accepted_with_a_warning() {
    let place = Place::new();
    let config = place.read(GOOD).unwrap();
    assert!(config.warnings[0].message.contains("no [mapping]"), "{:?}", config.warnings);
}

#[test]
fn names_must_differ_within_sites_and_within_vaults() {
    let place = Place::new();
    let site = "[[site]]\nname = \"Support\"\nurl = \"wss://b.example.com\"\nclient-id = \"abc\"\nclient-secret = { file = \"secret\" }\n";
    let problems = place.problems(&format!("{GOOD}{site}"));
    assert!(problems[0].contains("used twice"), "{problems:?}");
}

#[test]
fn example_is_accepted_once_its_secrets_exist() {
    let place = Place::new();
    let text = reference::example()
        .replace("{ credential = \"support-client-secret\" }", "{ file = \"secret\" }")
        .replace("{ file = \"/etc/ecm-service/vault-api-key\" }", "{ file = \"secret\" }");
    if let Err(problems) = place.read(&text) {
        panic!("{problems}");
    }
}

/// Every key of the reference is put into one file. If the reader did not read one of them, it
/// would be refused as unknown; if the reader read one that is not in the reference, its own check
/// would stop the test.
#[test]
fn reference_lists_exactly_the_keys_that_are_read() {
    let place = Place::new();
    let mut text = String::new();
    for table in key::TABLES {
        text.push_str(&format!("{}\n", table.header));
        for key in table.keys {
            text.push_str(&format!("{} = {}\n", key.name, key.example));
        }
    }
    let problems = place.problems(&text);
    assert!(!problems.iter().any(|problem| problem.contains("unknown key")), "{problems:#?}");
    assert!(!problems.iter().any(|problem| problem.contains("must be")), "{problems:#?}");
    for table in key::TABLES {
        for key in table.keys.iter().filter(|key| key.absent == Absent::Refused) {
            let without = text.replace(&format!("{} = {}\n", key.name, key.example), "");
            let wanted = format!("`{}` is missing in {}", key.name, table.header);
            let problems = place.problems(&without);
            assert!(problems.iter().any(|p| p.contains(&wanted)), "{wanted}: {problems:#?}");
        }
    }
}

#[test]
fn each_kind_of_vault_has_its_own_keys() {
    let place = Place::new();
    let with = |vault: &str| {
        let head = GOOD.split("[[vault]]").next().unwrap();
        place.problems(&format!("{head}[[vault]]\nname = \"main\"\n{vault}"))
    };
    for (vault, words) in [
        ("kind = \"flie\"", "did you mean \"file\"?"),
        ("kind = \"password-safe\"\napi-key = { file = \"secret\" }", "`url` is missing"),
        ("kind = \"file\"\nidentity = { file = \"secret\" }", "names no `file`"),
        ("kind = \"file\"\nfile = \"x\"", "neither `identity` nor `passphrase`"),
        (
            "kind = \"file\"\nfile = \"x\"\nidentity = { file = \"secret\" }\n\
             passphrase = { file = \"secret\" }",
            "not by both",
        ),
        (
            "kind = \"file\"\nfile = \"x\"\nidentity = { file = \"secret\" }\n\
             url = \"https://x\"",
            "`url` goes with another kind of [[vault]]",
        ),
        ("kind = \"plugin\"", "names no `plugin`"),
        ("kind = \"plugin\"\nplugin = \"nothing\"", "plugin nothing: "),
        ("kind = \"plugin\"\nplugin = \"../etc\"", "no slash"),
    ] {
        let problems = with(vault);
        assert!(problems.iter().any(|problem| problem.contains(words)), "{vault}: {problems:#?}");
    }
    let api = format!("{GOOD}[broker-api]\nsocket = \"b.sock\"\n");
    let read = place.read(&api).unwrap().broker_api.unwrap();
    assert_eq!((read.name.as_str(), read.in_flight, read.max_links), ("local", 8, 4));
    let twice = place.problems(&format!("{api}name = \"support\"\n"));
    assert!(twice[0].contains("used twice"), "{twice:?}");
}

#[test]
fn vaults_stand_in_for_each_other_in_one_line_without_circles() {
    let vault = |name: &str, other: &str| {
        let line = match other {
            "" => String::new(),
            other => format!("stands-in-for = \"{other}\"\n"),
        };
        format!(
            "[[vault]]\nname = \"{name}\"\nurl = \"https://{name}.acme.test/BeyondTrust/api/public/v3\"\n\
             api-key = {{ file = \"secret\" }}\n{line}"
        )
    };
    let place = Place::new();
    let head = GOOD.split("[[vault]]").next().unwrap();
    let good = format!("{head}{}{}{}", vault("a", ""), vault("b", "a"), vault("c", "b"));
    let config = place.read(&good).unwrap();
    assert_eq!(config.vaults[2].settings.stands_in_for.as_deref(), Some("b"));
    for (vaults, words) in [
        ([("a", ""), ("b", "x")], "there is none"),
        ([("a", "b"), ("b", "a")], "stands in for itself"),
        ([("a", "a"), ("b", "")], "stands in for itself"),
    ] {
        let text: String = vaults.iter().map(|(name, other)| vault(name, other)).collect();
        let problems = place.problems(&format!("{head}{text}"));
        assert!(problems.iter().any(|line| line.contains(words)), "{vaults:?} {problems:?}");
    }
    let two = format!("{head}{}{}{}", vault("a", ""), vault("b", "a"), vault("c", "a"));
    assert!(place.problems(&two)[0].contains("both `b` and `c` stand in for `a`"));
}
