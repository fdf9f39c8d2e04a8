//! `plugins list`, `check` and `conform`: what an operator and a maker of plugins see.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use ecm_service::exit::Exit;
use serde_json::Value;
use tempfile::TempDir;

use crate::other_vaults::{copy_of_python_vault, has_python};

fn ecm_service(arguments: &[&str]) -> (Output, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_ecm-service"))
        .args(arguments)
        .env_remove("ECM_SERVICE_CONFIG")
        .output()
        .unwrap();
    let code = output.status.code().unwrap();
    (output, code)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Puts a plugin with this description and program into the folder.
fn install(folder: &Path, name: &str, description: &str, program: &str) {
    let plugin = folder.join(name);
    fs::create_dir_all(&plugin).unwrap();
    let head = format!("name = \"{name}\"\nversion = \"1\"\ncommand = [\"./run\"]\n");
    fs::write(plugin.join("plugin.toml"), format!("{head}{description}")).unwrap();
    fs::write(plugin.join("run"), format!("#!/bin/sh\n{program}")).unwrap();
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(plugin.join("run"), mode).unwrap();
}

const REHEARSAL: &str = "protocol = [1]\n[rehearsal]\nvault-user = \"joe\"\nhost = \"app01\"\n";

#[test]
fn the_list_says_why_a_plugin_cannot_be_loaded() {
    let folder = TempDir::new().unwrap();
    let place = folder.path();
    let chmod = |name: &str, mode: u32| {
        fs::set_permissions(place.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    for name in ["good", "inert", "open", "open-file"] {
        install(place, name, "protocol = [1]", "exit 0");
    }
    chmod("inert/run", 0o644);
    chmod("open", 0o777);
    fs::write(place.join("open-file/lib.sh"), "").unwrap();
    chmod("open-file/lib.sh", 0o666);
    install(place, "future", "protocol = [2]", "exit 0");
    install(place, "unreadable", "protocol = 1", "exit 0");
    install(place, "absent", "protocol = [1]", "exit 0");
    fs::remove_file(place.join("absent/run")).unwrap();
    install(place, "renamed", "protocol = [1]", "exit 0");
    fs::rename(place.join("renamed"), place.join("other")).unwrap();
    fs::create_dir(place.join("empty")).unwrap();

    let at = place.display().to_string();
    let (output, code) = ecm_service(&["plugins", "list", "--folder", &at, "--json"]);
    assert_eq!(code, 0);
    let rows = json(&output);
    let problem = |name: &str| {
        let row = rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
        assert_eq!(row["loads"], row["problem"].is_null(), "{row}");
        row["problem"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(problem("good"), "");
    for (name, words) in [
        ("inert", "not executable"),
        ("open", "changed by everybody"),
        ("open-file", "lib.sh may be changed by everybody"),
        ("future", "version [2]"),
        ("unreadable", "line 4"),
        ("absent", "is not there"),
        ("other", "plugin.toml says `renamed`"),
        ("empty", "cannot be read"),
    ] {
        assert!(problem(name).contains(words), "{name}: {}", problem(name));
    }
    let (output, _) = ecm_service(&["plugins", "list", "--folder", &at]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("advice: run: chmod o-w"), "{text}");
    let (_, code) = ecm_service(&["plugins", "list", "--folder", "/nonexistent"]);
    assert_eq!(code, i32::from(Exit::Unavailable.number()));
}

#[test]
fn a_check_greets_the_plugin_and_says_why_it_does_not_serve() {
    let folder = TempDir::new().unwrap();
    let at = folder.path().display().to_string();
    install(folder.path(), "crash", REHEARSAL, "echo no licence here >&2\nexit 7");
    install(folder.path(), "chatty", REHEARSAL, "echo Welcome to chatty 1.0\nread x");
    let refusal =
        r#"read -r x; echo '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no file"}}'"#;
    install(folder.path(), "picky", REHEARSAL, refusal);
    for (name, words) in [
        ("crash", "exit status: 7"),
        ("chatty", "standard output"),
        ("picky", "no file"),
        ("../etc", "cannot be read"),
    ] {
        let (output, code) = ecm_service(&["plugins", "check", name, "--folder", &at]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(code, i32::from(Exit::Failed.number()), "{name}: {text}");
        assert!(text.contains(words), "{name}: {text}");
        assert_eq!(name == "crash", text.contains("it said: no licence here"), "{text}");
    }
}

#[test]
fn the_python_plugin_conforms_and_is_checked_with_the_settings_of_its_vault() {
    if !has_python("conformance of the Python plugin") {
        return;
    }
    let folder = TempDir::new().unwrap();
    copy_of_python_vault(folder.path());
    let at = folder.path().join("python-vault").display().to_string();
    let (output, code) = ecm_service(&["plugins", "conform", &at, "--json"]);
    let report = json(&output);
    assert_eq!(code, 0, "{report:#}");
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() >= 25 && checks.iter().all(|one| one["verdict"] == "pass"), "{report:#}");

    let config = |file: &str| {
        format!(
            "state-dir = \"state\"\n[plugins]\nfolder = \".\"\n[[site]]\nname = \"s\"\n\
             url = \"wss://s.example.com\"\nclient-id = \"a\"\nclient-secret = {{ file = \"secret\" }}\n\
             [[vault]]\nname = \"team\"\nkind = \"plugin\"\nplugin = \"python-vault\"\n\
             [vault.settings]\n{file}\n"
        )
    };
    let secret = folder.path().join("secret");
    fs::write(&secret, "x").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let path = folder.path().join("config.toml");
    let path_text = path.display().to_string();
    let check = |file: &str| {
        fs::write(&path, config(file)).unwrap();
        let (output, code) = ecm_service(&["plugins", "check", "python-vault", "-c", &path_text]);
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (text.concat(), code)
    };
    let (text, code) = check("file = \"vault.json\"");
    assert!(code == 0 && text.contains("team: serves"), "{text}");
    let (text, code) = check("file = \"elsewhere.json\"");
    assert!(code == 2 && text.contains("FileNotFoundError"), "{text}");
    for (settings, words) in [
        ("fil = \"vault.json\"", "did you mean `file`?"),
        ("file = 7", "must be a string"),
        ("", "needs the setting `file`"),
        ("file = { file = \"secret\" }", "must be a string"),
        ("file = 1.5", "of a kind that no plugin takes"),
    ] {
        let (text, code) = check(settings);
        assert_eq!(code, i32::from(Exit::Config.number()), "{settings}: {text}");
        assert!(text.contains(words), "{settings}: {text}");
    }
}

#[test]
fn a_plugin_that_breaks_rules_fails_the_checks_that_name_them() {
    let folder = TempDir::new().unwrap();
    // It answers every call with the same, twice where it is asked for its health, tells a made-up
    // secret on standard error, and does not end.
    let program = r#"
trap '' TERM
while read -r call; do
  id=$(printf %s "$call" | sed 's/.*"id":\([0-9]*\).*/\1/')
  case "$call" in
    *'"hello"'*) r='{"protocol":1,"plugin":{"name":"rogue","version":"1"},"capabilities":["knows"]}';;
    *'"health"'*) r='{"state":"up"}'; echo '{"jsonrpc":"2.0","id":'"$id"',"result":{"state":"up"}}';;
    *'"find"'*) r='{"batches":[{"key":{"kind":"host","value":"app01"},"kind":"local","accounts":[{"account":{"system":"app01","account":"1","kind":"local"},"system-name":"app01","account-name":"root"}]}]}';;
    *'"account"'*'look'*) r='{}';;
    *'"method":"account"'*) r='{"account":{"system":"app01","account":"1","kind":"local"},"system-name":"app01","account-name":"root"}';;
    *'"borrow"'*) r='{"request":"r-1","reused":false}';;
    *'"look-up"'*) r='{"loan":null}';;
    *'"read"'*) r='{"request":"r-1","password-b64":"cm9ndWUtc2VjcmV0"}'; echo 'handing out rogue-secret' >&2;;
    *'"give-back"'*) r='{"ended":"checked-in"}';;
    *) r='{}';;
  esac
  echo '{"jsonrpc":"2.0","id":'"$id"',"result":'"$r"'}'
done
exec sleep 1000"#;
    install(folder.path(), "rogue", REHEARSAL, program);
    let at = folder.path().join("rogue").display().to_string();
    let (output, code) = ecm_service(&["plugins", "conform", &at, "--json"]);
    assert_eq!(code, i32::from(Exit::Failed.number()));
    let report = json(&output);
    let checks = report["checks"].as_array().unwrap();
    let verdict = |words: &str| {
        let check = checks.iter().find(|one| one["name"].as_str().unwrap().contains(words));
        check.unwrap_or_else(|| panic!("no check {words} in {report:#}"))["verdict"].clone()
    };
    for words in [
        "same capabilities",
        "a method that it does not know",
        "a user that it does not know",
        "not there",
        "found by its marker",
        "for nobody but its user",
        "taken back once",
        "read no more",
        "nothing that was not asked",
        "end of its input",
        "no secret to standard error",
    ] {
        assert_eq!(verdict(words), "fail", "{words}: {report:#}");
    }
    for words in ["it greets", "may borrow", "it lends what was found", "of the kind asked for"] {
        assert_eq!(verdict(words), "pass", "{words}: {report:#}");
    }
    assert!(!report.to_string().contains("rogue-secret"), "seen, and not shown");
}
