//! The built program: what it prints where, and how it ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use ecm_service::exit::Exit;
use tempfile::TempDir;

fn ecm_service(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ecm-service"))
        .args(arguments)
        .env_remove("ECM_SERVICE_CONFIG")
        .env_remove("STATE_DIRECTORY")
        .output()
        .unwrap()
}

fn ends(output: &Output, exit: Exit) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(i32::from(exit.number())), "{stderr}");
}

fn folder_with(config: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, config).unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "s3cr3t").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

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

#[test]
fn help_goes_to_stdout_and_names_every_exit_code() {
    let output = ecm_service(&["--help"]);
    ends(&output, Exit::Ok);
    let text = String::from_utf8(output.stdout).unwrap();
    for exit in Exit::ALL {
        assert!(text.contains(&format!("{:>2}  {}", exit.number(), exit.meaning())), "{text}");
    }
    for command in ["run", "check-config", "config-reference", "log-level", "status", "man"] {
        assert!(text.contains(command), "{command}");
    }
}

#[test]
fn every_command_teaches_with_an_example() {
    for command in
        ["run", "check-config", "config-reference", "log-level", "status", "completions", "man"]
    {
        let output = ecm_service(&["help", command]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.contains("Example") && text.contains(&format!("ecm-service {command}")),
            "{text}"
        );
    }
}

#[test]
fn wrong_command_lines_end_with_64() {
    for arguments in [
        &["serve"][..],
        &["run"],
        &["run", "--confg", "x"],
        &["log-level", "debug"],
        &["log-level", "loud", "--state-dir", "/nowhere"],
        &["log-level", "debug", "--for", "soon", "--state-dir", "/nowhere"],
        &["status", "--config", "a", "--state-dir", "b"],
    ] {
        let output = ecm_service(arguments);
        ends(&output, Exit::Usage);
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn wrong_configurations_end_with_78_and_name_file_and_line() {
    let (_folder, path) = folder_with(&GOOD.replace("client-id", "client-idd"));
    for arguments in [&["check-config", "--config", &path][..], &["run", "--config", &path]] {
        let output = ecm_service(arguments);
        ends(&output, Exit::Config);
        assert!(output.stdout.is_empty());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(&format!("{path}:5:1: unknown key `client-idd`")), "{stderr}");
        assert!(stderr.contains("5 | client-idd = \"abc\""), "{stderr}");
        assert!(stderr.contains("did you mean `client-id`?"), "{stderr}");
    }
    ends(&ecm_service(&["check-config", "--config", "/nowhere/config.toml"]), Exit::Config);
}

#[test]
fn check_config_reports_as_json_too() {
    let (_folder, path) = folder_with(&GOOD.replace("client-id", "client-idd"));
    let output = ecm_service(&["check-config", "--json", "--config", &path]);
    ends(&output, Exit::Config);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(report["problems"][1]["line"], 5, "{report}");
}

#[test]
fn good_configuration_is_summed_up_without_secrets() {
    let (_folder, path) = folder_with(GOOD);
    let output = ecm_service(&["check-config", "--config", &path]);
    ends(&output, Exit::Ok);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("wss://support.example.com:443/ecm/v1"), "{text}");
    assert!(!text.contains("s3cr3t"));
}

#[test]
fn asking_a_service_that_does_not_run_ends_with_69() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().display().to_string();
    for arguments in
        [&["status", "--state-dir", &state][..], &["log-level", "debug", "--state-dir", &state]]
    {
        let output = ecm_service(arguments);
        ends(&output, Exit::Unavailable);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains("no service is running"), "{stderr}");
    }
}

#[test]
fn reference_completions_and_manual_are_printed() {
    for (arguments, part) in [
        (&["config-reference"][..], "[[site]]"),
        (&["config-reference", "--format", "markdown"], "| `client-secret` |"),
        (&["config-reference", "--format", "json"], "\"vault.search.parallel\""),
        (&["completions", "bash"], "complete -F"),
        (&["man"], ".TH ecm-service"),
    ] {
        let output = ecm_service(arguments);
        ends(&output, Exit::Ok);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(part), "{arguments:?}: {text}");
    }
}
