//! The examples are run as somebody would who has just cloned this.

#![expect(clippy::disallowed_methods, reason = "examples are programs, and programs are files")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// What the simulated company keeps: keys, passwords, the contents of a file.
const PLANTED: [&str; 6] = [
    "0000fa6e",
    "fake-Helpdesk-01!",
    "fake-Portal-Admin!",
    "fake-client-secret",
    "fake file content",
    "SessionId",
];

struct Run {
    ok: bool,
    stdout: String,
    stderr: String,
}

/// Runs an example with the simulated vault.
fn run(name: &str, arguments: &[&str], typed: &str) -> Run {
    let mut command = Command::new(example(name));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // The most that a careless program would log.
    command.env_remove("PS_ADDRESS").env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
    let mut child = command.spawn().unwrap();
    // One that does not ask may be gone already.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { ok: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs it well, and finds nothing in its output that must not be there.
fn quiet(name: &str, arguments: &[&str], typed: &str) -> String {
    let Run { ok, stdout, stderr } = run(name, arguments, typed);
    assert!(ok, "{name}: {stdout}{stderr}");
    for secret in PLANTED {
        assert!(!stdout.contains(secret) && !stderr.contains(secret), "{name}: {stdout}{stderr}");
    }
    stdout
}

/// The program beside this test. Cargo builds it for `cargo test`, but not for `--test it`.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let program =
        profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let changed = [here.join("src"), here.join("examples")].map(|folder| newest(&folder));
    let built = program.metadata().and_then(|metadata| metadata.modified());
    if built.is_err() || built.unwrap() < changed.into_iter().max().unwrap() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "ps-client", "--example", name]);
        assert!(cargo.current_dir(here).status().unwrap().success(), "{name} cannot be built");
    }
    program
}

/// When the newest file in a folder was changed.
fn newest(folder: &Path) -> SystemTime {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let changed = entries.map(|path| {
        if path.is_dir() { newest(&path) } else { path.metadata().unwrap().modified().unwrap() }
    });
    changed.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

#[test]
fn password_is_borrowed_and_shown_only_when_that_is_asked_for() {
    let stdout = quiet("get_password", &[], "");
    let expected = "the password of helpdesk-01 on App01 has 17 characters\ngiven back\n";
    assert_eq!(stdout, expected);
    let shown = run("get_password", &["WEB01", "portal-admin", "--show"], "");
    assert!(shown.ok && shown.stdout.contains("fake-Portal-Admin!"), "{}", shown.stdout);
    let refused = run("get_password", &["App01", "svc-backup"], "");
    assert!(!refused.ok && refused.stderr.contains("you may not request"), "{}", refused.stderr);
}

#[test]
fn second_factor_is_asked_for_and_an_application_is_asked_for_nothing() {
    let stdout = quiet("sign_in", &[], "424242\n");
    assert!(stdout.starts_with("Enter the code of your (pretended) token: "), "{stdout}");
    assert!(stdout.ends_with("signed in as ACME\\mia.factor\n"), "{stdout}");
    assert_eq!(quiet("sign_in", &["oauth"], ""), "signed in as keyferry-automation\n");
    assert!(!run("sign_in", &[], "000000\n").ok);
}

#[test]
fn list_comes_whole_in_pages_of_any_size() {
    let small = quiet("list_accounts", &["2"], "");
    let large = quiet("list_accounts", &["1000"], "");
    let rows = |text: &str| -> Vec<String> {
        let rows = text.lines().filter_map(|line| line.split_once(": "));
        rows.map(|(_, row)| row.to_owned()).collect()
    };
    assert_eq!(rows(&small), rows(&large));
    assert!(large.ends_with(&format!("{} accounts in 1 pages\n", rows(&large).len())), "{large}");
    assert!(rows(&large).contains(&"helpdesk-01 on App01".to_owned()), "{large}");
    assert!(small.contains("page 3: "), "{small}");
}

#[test]
fn password_is_changed_without_being_seen() {
    let stdout = quiet("rotate", &[], "");
    let expected = "the password of helpdesk-01 on App01 is a new one\nthe system takes it\n";
    assert_eq!(stdout, expected);
}

#[test]
fn file_is_counted_or_written_where_only_its_owner_reads_it() {
    assert_eq!(quiet("download_file", &[], ""), "licence.txt: 17 bytes\n");
    let folder = std::env::temp_dir().join(format!("keyferry-example-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let to = folder.join("licence.txt");
    let arguments = ["licence", to.to_str().unwrap()];
    let stdout = quiet("download_file", &arguments, "");
    let (contents, metadata) = (std::fs::read_to_string(&to), std::fs::metadata(&to));
    // A file that is there is not written over.
    let again = run("download_file", &arguments, "");
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(
        (stdout.as_str(), contents.unwrap().as_str()),
        ("licence.txt: 17 bytes\n", "fake file content")
    );
    assert!(!again.ok);
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&metadata.unwrap().permissions()) & 0o777,
        0o600
    );
    #[cfg(not(unix))]
    drop(metadata);
}

#[test]
fn program_without_asynchronous_code_borrows_and_gives_back() {
    let stdout = quiet("blocking", &[], "");
    assert!(stdout.contains("a password of 18 bytes was borrowed and given back\n"), "{stdout}");
}

#[test]
fn each_example_explains_itself() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let examples: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|e| e == "rs")).collect();
    assert!(examples.len() >= 6, "{examples:?}");
    for path in examples {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let help = quiet(name, &["--help"], "");
        assert!(help.starts_with(name) && help.contains("PS_ADDRESS"), "{help}");
    }
}
