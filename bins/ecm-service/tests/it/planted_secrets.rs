//! No secret is found anywhere but where it belongs, however much is logged.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ecm_protocol::message::{CredentialKind, Want};
use site_sim::{EndSession, Search};

use crate::house::{CLIENT_ID, CLIENT_SECRET, House, Plan, jump_client};

const JOE: &str = r"ACME\joe.user";

/// Everything somebody could read: a name for it, and its bytes.
type Readable = Vec<(String, Vec<u8>)>;

/// Log, state folder and configuration, and what the operating system shows of the process.
fn readable(house: &House) -> Readable {
    let files = house.files().into_iter();
    let mut all: Readable = files.map(|(path, text)| (path.display().to_string(), text)).collect();
    for name in ["cmdline", "environ"] {
        let path = format!("/proc/{}/{name}", house.service_pid());
        all.push((path.clone(), fs::read(&path).unwrap()));
    }
    all
}

fn holding<'r>(readable: &'r Readable, words: &str) -> Vec<&'r str> {
    let holds = |text: &[u8]| text.windows(words.len()).any(|window| window == words.as_bytes());
    readable.iter().filter(|(_, text)| holds(text)).map(|(name, _)| name.as_str()).collect()
}

/// The forms in which a secret could slip out: each of its lines, and the whole as it is written
/// on the wire.
fn forms(secret: &str) -> Vec<String> {
    let is_told = |line: &&str| line.len() >= 8 && !line.starts_with("-----");
    let mut forms: Vec<_> = secret.lines().filter(is_told).map(str::to_owned).collect();
    forms.push(STANDARD.encode(secret));
    forms.push(STANDARD.encode(secret.trim_end()));
    forms
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_any_file_log_line_output_or_process_table() {
    let plan = Plan { log_level: "trace".to_owned(), ..Plan::default() };
    let mut house = House::open(plan).await;
    let mut planted = house.secrets();

    let (search, found) = house.search(JOE, "APP01").await;
    let password = house.retrieve(&search, &found, r"App01\helpdesk-01").await;
    house.retrieve(&search, &found, r"App01\break-glass").await;
    let keys = Want { kinds: vec![CredentialKind::SshPrivateKey], ..Want::default() };
    let search = Search { want: keys, ..Search::new(JOE, jump_client("LINUX01")) };
    let found = house.site.search(search.clone()).await.unwrap();
    let key = house.retrieve(&search, &found, r"LINUX01\root (key)").await;
    assert_eq!(key.kind(), CredentialKind::SshPrivateKey);
    // What went wrong is told at length.
    house.vault.recycle();
    let unmapped = Search::new(r"ELSEWHERE\joe.user", jump_client("APP01"));
    house.site.search(unmapped).await.unwrap_err();
    house.site.end_session(EndSession::new(&password.lsid)).await.unwrap();

    let mut readable = readable(&house);
    for arguments in [&["status", "--json"][..], &["log-level", "trace"], &["check-config"]] {
        let output = house.command(arguments);
        readable.push((arguments.join(" "), output.stdout));
        readable.push((arguments.join(" "), output.stderr));
    }
    planted.extend(house.secrets());
    let cookies = house.vault.session_cookies();
    assert!(!cookies.is_empty() && planted.len() > cookies.len() + 10, "there is much to find");
    house.stop_service().await;
    let last = house.files().into_iter().map(|(path, text)| (path.display().to_string(), text));
    readable.extend(last);
    // The search finds what is no secret: in the log, the audit log and the ledger; in the process
    // table; and in an output.
    assert!(holding(&readable, "joe.user").len() >= 3, "{:?}", holding(&readable, "joe.user"));
    assert_eq!(holding(&readable, "run\0--config\0").len(), 1);
    assert_eq!(holding(&readable, "PATH=").len(), 1);
    assert!(holding(&readable, "open_leases").contains(&"status --json"));
    let tokens = readable.iter().filter(|(_, text)| house.site.holds_token(text));
    assert_eq!(tokens.map(|(name, _)| name).collect::<Vec<_>>(), Vec::<&String>::new());
    let basic = STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
    for form in planted.iter().flat_map(|secret| forms(secret)).chain([basic]) {
        assert_eq!(holding(&readable, &form), Vec::<&str>::new(), "{form}");
    }
}
