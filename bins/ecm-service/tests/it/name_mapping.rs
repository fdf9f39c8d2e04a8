//! Who is who: `explain-name`, directories in the configuration, and rules that are replaced while
//! the service runs.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use directory_rig::{Place, RigError, SambaAd};
use ecm_protocol::message::Category;
use ecm_service::exit::Exit;
use site_sim::Search;
use tempfile::TempDir;

use crate::house::{House, Plan, jump_client};

const GOOD: &str = r#"state-dir = "state"
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

const MAPPING: &str = r#"[mapping]
[[mapping.domain]]
id = "acme"
netbios = "ACME"
dns = ["acme.test"]
[[mapping.rule]]
name = "staff"
domain = "acme"
form = ["bare", "down-level", "upn", "dn"]
runas = '{netbios}\{user}'
"#;

/// A folder with a configuration, and secrets that only we may read.
struct Desk(TempDir);

impl Desk {
    fn new(config: &str) -> Self {
        let desk = Self(TempDir::new().unwrap());
        desk.put("secret", "Planted-S3cret");
        desk.put("config.toml", config);
        desk
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_ecm-service"))
            .args(arguments)
            .arg("--config")
            .arg(self.0.path().join("config.toml"))
            .output()
            .unwrap();
        let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(!stdout.contains("Planted") && !stderr.contains("Planted"));
        (status.code(), stdout, stderr)
    }
}

fn code(exit: Exit) -> Option<i32> {
    Some(i32::from(exit.number()))
}

#[test]
fn explain_name_tells_the_vault_user_and_the_way_to_it() {
    let desk = Desk::new(&format!("{GOOD}{MAPPING}"));
    let (ended, told, _) = desk.run(&["explain-name", r"ACME\Joe.User"]);
    assert_eq!(ended, code(Exit::Ok));
    assert!(
        told.contains("-> decides") && told.ends_with("result     runas='ACME\\joe.user'\n"),
        "{told}"
    );
    let dn = "CN=Joe,DC=acme,DC=test";
    let (ended, told, _) = desk.run(&["explain-name", "joe.user", "--dn", dn, "--json"]);
    assert_eq!(ended, code(Exit::Ok));
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["outcome"]["user"]["candidates"][0], r"ACME\joe.user");
    assert_eq!(told["trace"][0]["dn"], dn);
}

#[test]
fn explain_name_says_why_somebody_is_nobody_and_points_at_what_is_wrong() {
    let desk = Desk::new(&format!("{GOOD}{MAPPING}"));
    let (ended, told, _) = desk.run(&["explain-name", "joe.user"]);
    assert_eq!(ended, code(Exit::Nobody));
    assert!(told.contains("nobody: local_account"), "{told}");
    let (ended, told, _) = desk.run(&["explain-name", "joe;runas=admin"]);
    assert_eq!(ended, code(Exit::Nobody));
    assert!(told.contains("\n  joe;runas=admin\n     ^\n"), "{told}");
    let (ended, _, said) = Desk::new("nonsense").run(&["explain-name", "joe"]);
    assert_eq!(ended, code(Exit::Config));
    assert!(said.contains("not TOML"), "{said}");
}

#[test]
fn many_names_are_told_in_one_table_with_those_who_would_meet() {
    let meeting = "[[mapping.domain]]\nid = \"beta\"\nnetbios = \"BETA\"\n[[mapping.rule]]\n\
                   name = \"moved\"\ndomain = \"beta\"\ncross-domain = \"acme\"\n\
                   runas = 'ACME\\{user}'\n";
    let desk = Desk::new(&format!("{GOOD}{MAPPING}{meeting}"));
    let dn = "CN=Joe,DC=acme,DC=test";
    desk.put("seen", &format!("ACME\\Joe.User\njoe.user\t{dn}\tldap\n\nBETA\\joe.user\njoe\n"));
    let seen = desk.0.path().join("seen");
    let (ended, told, said) = desk.run(&["explain-name", "--from", seen.to_str().unwrap()]);
    assert_eq!(ended, code(Exit::Nobody), "{said}");
    assert_eq!(
        told,
        "ACME\\Joe.User  ACME\\joe.user  staff\n\
         joe.user       ACME\\joe.user  staff\n\
         BETA\\joe.user  ACME\\joe.user  collides with line 1\n\
         joe            nobody         local_account\n\
         4 users, 1 nobody, 1 in collision\n"
    );
    let (_, told, _) = desk.run(&["explain-name", "--json", "--from", seen.to_str().unwrap()]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told[1]["dn"], dn);
    assert_eq!(told[2]["same_vault_user_as"], 1);
    let (ended, _, said) = desk.run(&["explain-name", "--from", "/nowhere/seen"]);
    assert_eq!(ended, code(Exit::Usage));
    assert!(said.contains("/nowhere/seen cannot be read"), "{said}");
}

#[test]
fn what_does_not_fit_together_about_directories_is_told_with_its_line() {
    let with = |directory: &str, lines: &str| {
        let mapping =
            MAPPING.replace("[[mapping.rule]]", &format!("{directory}\n[[mapping.rule]]"));
        Desk::new(&format!("{GOOD}[[directory]]\n{lines}\n{mapping}")).run(&["check-config"])
    };
    let needed = "directory = \"when-needed\"";
    let good = "domain = \"acme\"\nurls = [\"ldaps://dc1.acme.test\"]\nbase = \"dc=acme,dc=test\"";
    let (ended, _, said) = with(needed, good);
    assert_eq!(ended, code(Exit::Ok), "{said}");
    let (ended, _, said) = with("", good);
    assert_eq!(ended, code(Exit::Ok));
    assert!(said.contains("the directory of `acme` is never asked"), "{said}");
    let table = [
        ("domain = \"acme\"", "domain = \"beta\"", "`beta` is not the id of a [[mapping.domain]]"),
        ("ldaps://dc1", "https://dc1", "starts with neither ldaps:// nor ldap://"),
        ("ldaps://dc1.acme.test", "ldaps://dc1/dc=x", "goes on after host and port"),
        ("[\"ldaps://dc1.acme.test\"]", "[]", "urls"),
        ("base =", "discover = \"acme.test\"\nbase =", "either `urls` or `discover`"),
        ("urls = [\"ldaps://dc1.acme.test\"]\n", "", "either `urls` or `discover`"),
        ("urls = [\"ldaps://dc1.acme.test\"]", "discover = \"acme\"", "no DNS name of a domain"),
        ("base =", "dns-servers = [\"192.0.2.53\"]\nbase =", "go with `discover`"),
        (
            "urls = [\"ldaps://dc1.acme.test\"]",
            "discover = \"acme.test\"\ndns-servers = [\"dns\"]",
            "`dns` is no address of a name server",
        ),
        ("dc=acme,dc=test", "dc=acme,,dc=test", "`base`"),
        ("base =", "bind-name = \"cn=x\"\nbase =", "go together"),
        ("base =", "schema = \"posix\"\nbase =", "schema"),
        ("base =", "logon-name = \"uid\"\nbase =", "attributes for names"),
        (
            "base =",
            "principal-name = \"mail)(x=\"\nschema = \"inet-org-person\"\nbase =",
            "no attribute",
        ),
    ];
    for (old, new, words) in table {
        let (ended, _, said) = with(needed, &good.replace(old, new));
        assert_eq!(ended, code(Exit::Config), "{new}");
        assert!(said.contains(words), "{new}: {said}");
    }
    let (ended, _, said) = Desk::new(&format!(
        "{GOOD}{}",
        MAPPING.replace("[[mapping.rule]]", &format!("{needed}\n[[mapping.rule]]"))
    ))
    .run(&["check-config"]);
    assert_eq!(ended, code(Exit::Config));
    assert!(said.contains("there is no [[directory]]"), "{said}");
}

/// The server, or a note that this machine cannot have one.
#[expect(clippy::panic, reason = "a test that cannot go on shall stop")]
fn started(test: &str, start: Result<SambaAd, RigError>) -> Option<SambaAd> {
    match start {
        Ok(server) => Some(server),
        Err(error) if error.is_unprepared() => {
            let is_set = |name: &&str| std::env::var_os(name).is_some();
            let must = ["CI", "KEYFERRY_REQUIRE_ALL"].iter().any(is_set);
            assert!(!must, "{test} could not run: {error}");
            if let Some(list) = std::env::var_os("KEYFERRY_NOT_RUN") {
                let mut list = fs::OpenOptions::new().create(true).append(true).open(list).unwrap();
                writeln!(list, "{test}: {error}").unwrap();
            }
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn explain_name_asks_a_real_active_directory() {
    let place = Place::new().unwrap();
    let Some(server) = started("explain-name with Samba", SambaAd::start(&place)) else { return };
    let mapping =
        MAPPING.replace("[[mapping.rule]]", "directory = \"when-needed\"\n[[mapping.rule]]");
    let (url, bind, base) = (server.ldaps_url(), SambaAd::SERVICE, SambaAd::BASE_DN);
    let desk = Desk::new(&format!(
        "{GOOD}[[directory]]\ndomain = \"acme\"\nurls = [\"{url}\"]\nbase = \"{base}\"\n\
         bind-name = \"{bind}\"\nbind-password = {{ file = \"password\" }}\nca-file = \"ca.pem\"\n\
         system-roots = false\n{mapping}"
    ));
    desk.put("password", SambaAd::USER_PASSWORD);
    desk.put("ca.pem", place.ca_pem());
    let table = [
        // Known only by a distinguished name.
        ("CN=Joe User,OU=HelpDesk,DC=acme,DC=test", Exit::Ok, r"runas='ACME\joe.user'"),
        // Known only by a principal name with an alternate suffix.
        ("joe.user@acme-inc.com", Exit::Ok, r"runas='ACME\joe.user'"),
        // A user of the site itself, who must not become the one of the same name in the domain.
        ("joe.user", Exit::Nobody, "nobody: local_account"),
        ("ann.disabled@acme.test", Exit::Nobody, "nobody: disabled"),
    ];
    for (name, exit, words) in table {
        let (ended, told, said) = desk.run(&["explain-name", name]);
        assert_eq!(ended, code(exit), "{name}: {told}{said}");
        assert!(told.contains(words), "{name}: {told}");
        assert!(!told.contains(SambaAd::USER_PASSWORD));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_change_while_the_service_runs_and_wrong_ones_change_nothing() {
    let house = House::open(Plan::default()).await;
    let joe = r"ACME\joe.user";
    let (_, found) = house.search(joe, "APP01").await;
    assert_eq!(found.mapped_user.as_deref(), Some(joe));
    let config = house.config();

    house.replace_file("config.toml", &config.replace("[[mapping.rule]]", "[[mapping.role]]"));
    house.signal_service("-HUP");
    house.until("the wrong rules are refused", |house| house.log().contains("\"event\":107")).await;
    assert!(house.log().contains("did you mean `rule`?"), "{}", house.log());
    let (_, found) = house.search(joe, "APP01").await;
    assert_eq!(found.mapped_user.as_deref(), Some(joe), "the rules before are in force");

    let denying = format!("{config}\n[[mapping.deny]]\nuser = [\"joe.user\"]\n");
    house.replace_file("config.toml", &denying);
    house.signal_service("-HUP");
    house.until("the new rules are in force", |house| house.log().contains("\"event\":106")).await;
    let refusal = house.site.search(Search::new(joe, jump_client("APP01"))).await.unwrap_err();
    assert_eq!(refusal.category(), Some(Category::UserUnmapped), "{refusal}");
}

#[test]
fn servers_are_found_looked_at_and_held_against_the_mapping() {
    let place = Place::new().unwrap();
    let Some(server) = started("directories with Samba", SambaAd::start(&place)) else { return };
    let (bind, base, dns) = (SambaAd::SERVICE, SambaAd::BASE_DN, server.dns_address());
    let mapping =
        MAPPING.replace("[[mapping.rule]]", "directory = \"when-needed\"\n[[mapping.rule]]");
    let desk = Desk::new(&format!(
        "{GOOD}[[directory]]\ndomain = \"acme\"\ndiscover = \"acme.test\"\n\
         dns-servers = [\"{dns}\"]\nbase = \"{base}\"\nbind-name = \"{bind}\"\n\
         bind-password = {{ file = \"password\" }}\nca-file = \"ca.pem\"\n\
         system-roots = false\n{mapping}"
    ));
    desk.put("password", SambaAd::USER_PASSWORD);
    desk.put("ca.pem", place.ca_pem());
    let (ended, told, said) = desk.run(&["directories"]);
    assert_eq!(ended, code(Exit::Ok), "{told}{said}");
    for words in [
        "ldaps://dc1.acme.test:636",
        "simple bind in ",
        "no channel binding",
        "is         samba",
        "ACME = acme.test below DC=acme,DC=test",
        "suffixes   acme-inc.com",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains(SambaAd::USER_PASSWORD));
    let (ended, told, _) = desk.run(&["explain-name", "joe.user@acme-inc.com"]);
    assert_eq!(ended, code(Exit::Ok), "{told}");

    let config = fs::read_to_string(desk.0.path().join("config.toml")).unwrap();
    desk.put("config.toml", &config.replace("netbios = \"ACME\"", "netbios = \"ACMECORP\""));
    let (ended, told, _) = desk.run(&["directories", "--json"]);
    assert_eq!(ended, code(Exit::Failed));
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(told[0]["differences"][0].as_str().unwrap().contains("`ACME`"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_by_command_says_what_is_in_force_and_what_takes_a_restart() {
    let house = House::open(Plan::default()).await;
    let reload = |house: &House| {
        let output = tokio::task::block_in_place(|| house.command(&["reload"]));
        let told = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), told + &String::from_utf8(output.stderr).unwrap())
    };
    let config = house.config();
    let joe = r"ACME\joe.user";
    let denying = format!("{config}\n[[mapping.deny]]\nuser = [\"joe.user\"]\n");
    house.replace_file("config.toml", &denying.replace("level = \"debug\"", "level = \"info\""));
    let (ended, said) = reload(&house);
    assert_eq!(ended, code(Exit::Ok), "{said}");
    let refusal = house.site.search(Search::new(joe, jump_client("APP01"))).await.unwrap_err();
    assert_eq!(refusal.category(), Some(Category::UserUnmapped), "{refusal}");
    assert_eq!(house.status()["log_level"], "info");

    house.replace_file("config.toml", &format!("stop-grace = \"30s\"\n{denying}"));
    let (ended, said) = reload(&house);
    assert_eq!(ended, code(Exit::Doubtful), "{said}");
    assert!(said.contains("take a restart: stop-grace"), "{said}");

    let wrong = config.replace("[[mapping.rule]]", "[[mapping.role]]");
    house.replace_file("config.toml", &wrong);
    let (ended, said) = reload(&house);
    assert_eq!(ended, code(Exit::Config), "{said}");
    assert!(said.contains("did you mean `rule`?"), "{said}");
}
