//! A Password Safe, an encrypted file and a plugin in another language, in one service.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use age::secrecy::ExposeSecret;
use base64::Engine as _;
use ecm_protocol::message::{Category, CredentialKind, Want};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use site_sim::{EndSession, Retrieve, Search};

use crate::house::{House, Plan, jump_client};

const JOE: &str = r"ACME\joe.user";
const ANN: &str = r"ACME\ann.admin";

const PYTHON_SECRETS: [&str; 2] = ["python-Kept-This-One!", "python-And-That-One?"];
const FILE_SECRETS: [&str; 2] = ["file-Kept-This-Secret!", "file-For-One-At-A-Time?"];

const ENTRIES: &str = r#"
version = 1
[[entry]]
id = "shared"
hosts = ["app0*"]
account = "file-shared"
users = ['ACME\joe.user', 'ACME\ann.admin']
password = "file-Kept-This-Secret!"
[[entry]]
id = "one-at-a-time"
hosts = ["app01"]
account = "file-exclusive"
users = ["*"]
lease = "exclusive"
password = "file-For-One-At-A-Time?"
"#;

/// The folder of the plugins that come with the house.
pub(crate) fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/plugins")
}

/// Whether the Python plugin can run here; notes when it cannot.
pub(crate) fn has_python(test: &str) -> bool {
    let found = Command::new("python3").arg("--version").output();
    if found.is_ok_and(|output| output.status.success()) {
        return true;
    }
    let is_set = |name: &&str| std::env::var_os(name).is_some();
    let must = ["CI", "KEYFERRY_REQUIRE_ALL"].iter().any(is_set);
    assert!(!must, "{test} could not run: there is no python3");
    if let Some(list) = std::env::var_os("KEYFERRY_NOT_RUN") {
        let mut list = fs::OpenOptions::new().create(true).append(true).open(list).unwrap();
        writeln!(list, "{test}: there is no python3").unwrap();
    }
    false
}

/// A copy of the Python plugin that only its owner may change, in a folder of plugins.
pub(crate) fn copy_of_python_vault(into: &Path) {
    let (from, to) = (plugins().join("python-vault"), into.join("python-vault"));
    fs::create_dir_all(&to).unwrap();
    for file in ["plugin.toml", "python_vault.py", "vault.json"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    let program = fs::Permissions::from_mode(0o755);
    fs::set_permissions(to.join("python_vault.py"), program).unwrap();
}

fn sealed(entries: &str, identity: &age::x25519::Identity) -> Vec<u8> {
    let recipient = identity.to_public();
    age::encrypt(&recipient, entries.as_bytes()).unwrap()
}

/// A house with all three; the identity opens the file.
async fn open_house(with_plugin: bool) -> (House, age::x25519::Identity) {
    let plugin = "[[vault]]\nname = \"team\"\nkind = \"plugin\"\nplugin = \"python-vault\"\n\
                  settings = { file = \"vault.json\" }\n";
    let file = "[[vault]]\nname = \"lab\"\nkind = \"file\"\nfile = \"lab.age\"\n\
                identity = { file = \"lab-identity\" }\n";
    let plugin = if with_plugin { plugin } else { "" };
    let vault_lines = format!("approver = 'ACME\\approver'\n{file}{plugin}");
    let top_lines = "[plugins]\nfolder = \"plugins\"".to_owned();
    let log_level = "trace".to_owned();
    let plan = Plan { vault_lines, top_lines, log_level, ..Plan::default() };
    let mut house = House::furnish(plan).await;
    let identity = age::x25519::Identity::generate();
    house.replace_file("lab-identity", identity.to_string().expose_secret());
    fs::write(house.path("lab.age"), sealed(ENTRIES, &identity)).unwrap();
    if with_plugin {
        copy_of_python_vault(&house.path("plugins"));
    }
    house.start_service();
    house.wait_for_link().await;
    (house, identity)
}

/// What the site proves of a secret that it was handed.
fn proof(secret: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"n0nce").unwrap();
    mac.update(secret.as_bytes());
    let bytes = mac.finalize().into_bytes();
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The process of the plugin that serves now, as the log tells.
fn plugin_process(house: &House) -> Option<String> {
    let log = house.log();
    let line = log.lines().rfind(|line| line.contains("the plugin serves"))?;
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let fields = line.get("fields").unwrap_or(&line);
    Some(fields["process"].to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn three_kinds_of_vaults_answer_together_and_a_plugin_that_dies_takes_none_along() {
    if !has_python("three kinds of vaults") {
        return;
    }
    let (mut house, _) = open_house(true).await;
    house.until("the plugin serves", |house| plugin_process(house).is_some()).await;
    let (search, found) = house.search(JOE, "APP01").await;
    let names: Vec<_> = found.items.iter().map(|item| item.display.as_str()).collect();
    for name in [
        r"App01\helpdesk-01",
        r"APP01\file-shared",
        r"APP01\file-exclusive",
        r"APP01\team-root",
        r"APP01\deploy",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    assert!(!names.contains(&r"APP01\vip-admin"), "not Joe's");

    let safe = house.retrieve(&search, &found, r"App01\helpdesk-01").await;
    assert_eq!(safe.proof, house.vault.proof(r"App01\helpdesk-01", None, "n0nce"));
    let lab = house.retrieve(&search, &found, r"APP01\file-shared").await;
    assert_eq!(lab.proof, proof(FILE_SECRETS[0]));
    let team = house.retrieve(&search, &found, r"APP01\team-root").await;
    assert_eq!(team.proof, proof(PYTHON_SECRETS[0]));
    assert_eq!(house.open_leases(), Some(3));

    // The plugin dies; the others serve on, and it is started again.
    let process = plugin_process(&house).unwrap();
    assert!(Command::new("kill").args(["-KILL", &process]).status().unwrap().success());
    house.until("it serves again", |house| plugin_process(house).as_ref() != Some(&process)).await;
    let (_, again) = house.search(JOE, "APP01").await;
    assert_eq!(again.items.len(), found.items.len());

    for lent in [&safe, &lab, &team] {
        let ended = house.site.end_session(EndSession::new(&lent.lsid)).await.unwrap();
        assert!(ended.is_clean(), "{ended:?}");
    }
    house.until("nothing is owed", |house| house.open_leases() == Some(0)).await;

    // A key comes over the same way.
    let keys = Want { kinds: vec![CredentialKind::SshPrivateKey], ..Want::default() };
    let search = Search { want: keys, ..Search::new(JOE, jump_client("APP01")) };
    let found = house.site.search(search.clone()).await.unwrap();
    let key = house.retrieve(&search, &found, r"APP01\deploy (key)").await;
    assert_eq!(key.kind(), CredentialKind::SshPrivateKey);
    assert_eq!(house.stop_service().await.code(), Some(0));
    assert!(!Path::new(&format!("/proc/{process}")).exists());
    for (path, content) in house.files() {
        // The plugin's own vault is where its secrets belong.
        if path.ends_with("vault.json") {
            continue;
        }
        let text = String::from_utf8_lossy(&content);
        for secret in PYTHON_SECRETS.iter().chain(&FILE_SECRETS).chain(&["only-for-tests-of-the"]) {
            let wire = base64::engine::general_purpose::STANDARD.encode(secret);
            assert!(!text.contains(secret) && !text.contains(&wire), "{secret} is in {path:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_slow_keeps_nobody_elses_answer_waiting() {
    if !has_python("slow plugin") {
        return;
    }
    let lines = "approver = 'ACME\\approver'\n[[vault]]\nname = \"team\"\nkind = \"plugin\"\n\
                 plugin = \"python-vault\"\nrequest-timeout = \"300s\"\n\
                 settings = { file = \"vault.json\", slow-ms = 600000 }\n";
    let top_lines = "[plugins]\nfolder = \"plugins\"".to_owned();
    let plan = Plan { vault_lines: lines.to_owned(), top_lines, ..Plan::default() };
    let mut house = House::furnish(plan).await;
    copy_of_python_vault(&house.path("plugins"));
    house.start_service();
    house.wait_for_link().await;
    let search = Search { deadline_ms: Some(2_000), ..Search::new(JOE, jump_client("APP01")) };
    let found = house.site.search(search).await.unwrap();
    assert!(!found.complete);
    let names: Vec<_> = found.items.iter().map(|item| item.display.as_str()).collect();
    assert!(names.contains(&r"App01\helpdesk-01"), "{names:?}");
    assert!(!names.contains(&r"APP01\team-root"), "{names:?}");
    // Nothing of it is left when the service stops.
    assert_eq!(house.stop_service().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_file_is_read_again_when_it_changes_and_kept_when_it_cannot_be() {
    let (house, identity) = open_house(false).await;
    let path = house.path("lab.age");
    let replace = |content: Vec<u8>| {
        let new = house.path("lab.age.new");
        fs::write(&new, content).unwrap();
        fs::rename(&new, &path).unwrap();
    };
    let has = |found: &site_sim::Found, name: &str| {
        found.items.iter().any(|item| item.username.as_deref() == Some(name))
    };
    let (search, found) = house.search(JOE, "APP01").await;
    assert!(has(&found, "file-shared"));

    let was_read =
        |count: usize| move |house: &House| house.log().matches("vault file read").count() == count;
    house.until("the file was read", was_read(1)).await;
    let other = ENTRIES.replace("file-Kept-This-Secret!", "file-Changed-It!");
    replace(sealed(&other, &identity));
    house.until("the new file is read", was_read(2)).await;
    let lent = house.retrieve(&search, &found, r"APP01\file-shared").await;
    assert_eq!(lent.proof, proof("file-Changed-It!"));

    // Encrypted for somebody else, and then a slip in the text: what was there stays in use.
    replace(sealed(ENTRIES, &age::x25519::Identity::generate()));
    house.until("it is told", |house| house.log().contains("not encrypted for this")).await;
    replace(sealed(&ENTRIES.replace("users", "usres"), &identity));
    house.until("it is told", |house| house.log().contains("unknown key")).await;
    let (_, found) = house.search(JOE, "APP01").await;
    assert!(has(&found, "file-shared"));
    // Who may not have it any more does not get it.
    replace(sealed(&other.replace(r"'ACME\joe.user', ", ""), &identity));
    house.until("the new file is read", was_read(3)).await;
    let row = found.items.iter().find(|row| row.display == r"APP01\file-shared").unwrap();
    let refused = house.site.retrieve(Retrieve::pick(&search, &row.id)).await.unwrap_err();
    assert_eq!(refused.category(), Some(Category::CredentialGone), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exclusive_entry_is_lent_to_one_user_at_a_time() {
    let (house, _) = open_house(false).await;
    let (joes, found) = house.search(JOE, "APP01").await;
    let lent = house.retrieve(&joes, &found, r"APP01\file-exclusive").await;
    assert_eq!(lent.proof, proof(FILE_SECRETS[1]));
    let (anns, found) = house.search(ANN, "APP01").await;
    let row = found.items.iter().find(|row| row.display == r"APP01\file-exclusive").unwrap();
    let refused = house.site.retrieve(Retrieve::pick(&anns, &row.id)).await.unwrap_err();
    assert_eq!(refused.category(), Some(Category::InUse), "{refused}");
    house.site.end_session(EndSession::new(&lent.lsid)).await.unwrap();
    house.until("it is back", |house| house.open_leases() == Some(0)).await;
    house.retrieve(&anns, &found, r"APP01\file-exclusive").await;
}

#[tokio::test]
async fn a_vault_file_is_checked_before_it_is_put_in_place() {
    let lines = "approver = 'ACME\\approver'\n[[vault]]\nname = \"lab\"\nkind = \"file\"\n\
                 file = \"lab.age\"\nidentity = { file = \"lab-identity\" }\n";
    let plan = Plan { vault_lines: lines.to_owned(), ..Plan::default() };
    let house = House::furnish(plan).await;
    let identity = age::x25519::Identity::generate();
    house.replace_file("lab-identity", identity.to_string().expose_secret());
    fs::write(house.path("lab.age"), sealed(ENTRIES, &identity)).unwrap();
    let new = house.path("new.age").display().to_string();
    let check = |arguments: &[&str]| {
        let output = house.command(&[&["vault-file", "check"], arguments].concat());
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        let text = text.concat();
        assert!(FILE_SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
        (text, output.status.code().unwrap())
    };
    let (text, code) = check(&[]);
    assert!(code == 0 && text.contains("file-exclusive on app01, password, exclusive"), "{text}");
    assert_eq!(check(&["main"]).1, 64, "no file");
    for (entries, words) in [
        (ENTRIES.replace("hosts = [\"app01\"]", "hosts = []"), "entry 2: `hosts` is empty"),
        (ENTRIES.replace("version = 1", "version = 9"), "`version` must be 1"),
    ] {
        fs::write(&new, sealed(&entries, &identity)).unwrap();
        let (text, code) = check(&["lab", "--file", &new]);
        assert!(code == 2 && text.contains(words), "{text}");
    }
    fs::write(&new, "no age file").unwrap();
    let (text, code) = check(&["lab", "--file", &new]);
    assert!(code == 2 && text.contains("no age file"), "{text}");
}

/// With `KEYFERRY_WRITE_DOCS=1` the sealed file and its identity are made anew.
#[test]
fn the_demonstrations_vault_file_holds_what_its_plain_text_says() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/data/demo");
    let plain = fs::read_to_string(data.join("lab.toml")).unwrap();
    let (sealed_at, identity_at) = (data.join("lab.toml.age"), data.join("lab-identity.txt"));
    if std::env::var_os("KEYFERRY_WRITE_DOCS").is_some() {
        let identity = age::x25519::Identity::generate();
        let text = identity.to_string();
        fs::write(&identity_at, format!("{}\n", text.expose_secret())).unwrap();
        let armored = age::encrypt_and_armor(&identity.to_public(), plain.as_bytes()).unwrap();
        fs::write(&sealed_at, armored).unwrap();
    }
    let identity = fs::read_to_string(&identity_at).unwrap();
    let identity: age::x25519::Identity = identity.trim().parse().unwrap();
    let opened = age::decrypt(&identity, &fs::read(&sealed_at).unwrap()).unwrap();
    assert_eq!(String::from_utf8(opened).unwrap(), plain);
}
