//! `ecm-service provision` against a Password Safe that nobody has set up for the service.

use std::process::Output;

use ecm_service::exit::Exit;
use ps_sim::{FaultAction, FaultSettings};
use serde_json::Value;

use crate::house::{House, Plan};

/// Nora is known to the vault, and no group lets her in; `svc-backup` is kept from the API.
const WANTED: &str = r#"
access-policy = "Remote support"

[sign-in]
run-as = 'ACME\vera.vault'

[registration]
name = "Keyferry at the desk"
addresses = ["127.0.0.0/8", "::1"]
key-file = "new-key"

[group]
name = "Remote support requesters"
users = ['ACME\nora.nogroup']

[accounts]
names = ['App01\svc-backup']
quick-rule = "Lent to remote support"
"#;

const NORA: [&str; 5] = ["test", "--user", r"ACME\nora.nogroup", "--host", "app01"];

struct Desk(House);

impl Desk {
    async fn new(wanted: &str) -> Self {
        let house = House::furnish(Plan::default()).await;
        house.replace_file("provision.toml", wanted);
        Self(house)
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.output(arguments);
        let told = String::from_utf8(output.stdout).unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        // The new key is in its file, and nowhere else.
        if let Ok(key) = std::fs::read_to_string(self.0.path("new-key")) {
            assert!(!told.contains(key.trim()) && !said.contains(key.trim()));
        }
        for secret in self.0.secrets() {
            assert!(!told.contains(&secret) && !said.contains(&secret));
        }
        (output.status.code(), told + &said)
    }

    fn output(&self, arguments: &[&str]) -> Output {
        tokio::task::block_in_place(|| self.0.command(arguments))
    }

    fn provision(&self, more: &[&str]) -> (Option<i32>, String) {
        let from = self.0.path("provision.toml").display().to_string();
        self.run(&[&["provision", "--from", from.as_str()], more].concat())
    }

    /// What changes the vault was asked for.
    fn writes(&self) -> usize {
        let reads = |route: &&String| !route.starts_with("GET") && !route.contains("Auth/");
        self.0.vault.routes_called().iter().filter(reads).count()
    }

    /// Whether Nora is offered the account with the key that provisioning made.
    fn nora_is_offered(&self) -> bool {
        let key = std::fs::read_to_string(self.0.path("new-key")).unwrap_or_default();
        self.0.replace_file("api-key", &key);
        let (_, told) = self.run(&NORA);
        told.contains(r"App01\svc-backup")
    }
}

fn code(exit: Exit) -> Option<i32> {
    Some(i32::from(exit.number()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_shown_carried_out_once_and_taken_back() {
    let desk = Desk::new(WANTED).await;
    let key = std::fs::read_to_string(desk.0.path("api-key")).unwrap();
    let (ended, plan) = desk.provision(&["--plan"]);
    assert_eq!(ended, code(Exit::Doubtful), "{plan}");
    for line in [
        "  access policy `Remote support`, approved at once",
        "+ API registration `Keyferry at the desk`, from 127.0.0.0/8, ::1",
        "+ user group `Remote support requesters`, whose members may use `Keyferry at the desk`",
        r"+ `ACME\nora.nogroup` in `Remote support requesters`",
        r"+ Quick Rule `Lent to remote support` with App01\svc-backup",
        r"~ account `App01\svc-backup` API-enabled",
        "+ `Remote support requesters` may see the rule `Lent to remote support`",
        "+ `Remote support requesters` may ask for the accounts of `Lent to remote support`, under \
         `Remote support`",
        "+ key of `Keyferry at the desk` in its file",
        "8 changes, 0 to do by hand",
    ] {
        assert!(plan.contains(&format!("{line}\n")), "{line}\n{plan}");
    }
    assert_eq!(desk.writes(), 0, "{:?}", desk.0.vault.routes_called());

    // Without a terminal nothing is done that was not confirmed.
    let (ended, said) = desk.provision(&[]);
    assert_eq!((ended, desk.writes()), (code(Exit::Usage), 0), "{said}");

    let (ended, said) = desk.provision(&["--yes"]);
    assert_eq!(ended, code(Exit::Ok), "{said}");
    assert_eq!(said.matches("done  ").count(), 8, "{said}");
    assert!(desk.nora_is_offered());

    desk.0.replace_file("api-key", &key);
    desk.0.vault.clear_calls();
    let (ended, said) = desk.provision(&["--yes"]);
    assert_eq!((ended, desk.writes()), (code(Exit::Ok), 0), "{said}");
    assert!(said.contains("0 changes, 0 to do by hand"), "{said}");

    let (ended, said) = desk.provision(&["--undo", "--yes"]);
    assert_eq!(ended, code(Exit::Ok), "{said}");
    assert!(!desk.nora_is_offered());
    assert!(!desk.0.path("provision.undo.jsonl").exists());
    desk.0.replace_file("api-key", &key);
    let again = desk.provision(&["--plan"]);
    let without_key = plan.replace("+ key of `Keyferry at the desk` in its file\n", "");
    let same = |text: &str| text.replace("8 changes", "7 changes");
    assert_eq!(again.0, code(Exit::Doubtful));
    assert!(same(&again.1).contains("+ API registration") && !without_key.is_empty());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_new_key_is_for_its_owner_alone_and_an_old_one_is_not_written_over() {
    use std::os::unix::fs::MetadataExt as _;
    let desk = Desk::new(WANTED).await;
    desk.0.replace_file("new-key", "precious");
    let (ended, said) = desk.provision(&["--yes"]);
    assert_eq!((ended, desk.writes()), (code(Exit::Failed), 0), "{said}");
    assert!(said.contains("move it away"), "{said}");
    std::fs::remove_file(desk.0.path("new-key")).unwrap();
    assert_eq!(desk.provision(&["--yes"]).0, code(Exit::Ok));
    let mode = std::fs::metadata(desk.0.path("new-key")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_half_way_is_told_and_the_same_command_goes_on_from_there() {
    let desk = Desk::new(WANTED).await;
    let refused = FaultAction::Status { status: 403, body: String::new() };
    desk.0.vault.arm(FaultSettings::once("POST QuickRules", refused)).unwrap();
    let (ended, said) = desk.provision(&["--yes"]);
    assert_eq!(ended, code(Exit::Failed), "{said}");
    assert!(said.contains("the vault refuses: + Quick Rule"), "{said}");
    assert_eq!(said.matches("done  ").count(), 4, "{said}");
    let (ended, said) = desk.provision(&["--yes"]);
    assert_eq!(ended, code(Exit::Ok), "{said}");
    assert_eq!(said.matches("done  ").count(), 4, "{said}");
    assert!(desk.nora_is_offered());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_have_built_on_stays() {
    let desk = Desk::new(WANTED).await;
    assert_eq!(desk.provision(&["--yes"]).0, code(Exit::Ok));
    // Somebody else takes the group for somebody else.
    let others = WANTED.replace("nora.nogroup", "rolf.roleless");
    desk.0.replace_file("others.toml", &others);
    let from = desk.0.path("others.toml").display().to_string();
    let (ended, said) = desk.run(&["provision", "--from", from.as_str(), "--yes"]);
    assert_eq!(ended, code(Exit::Ok), "{said}");
    let (ended, said) = desk.provision(&["--undo", "--yes"]);
    assert_eq!(ended, code(Exit::Doubtful), "{said}");
    let left = "! left: user group `Remote support requesters`: the group has other members";
    assert!(said.contains(left), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_api_cannot_do_is_left_to_people_and_said_where() {
    let wanted = WANTED
        .replace("\"Remote support\"", "\"No such policy\"")
        .replace(r"ACME\nora.nogroup", r"ACME\nobody")
        .replace(r"App01\svc-backup", r"App01\nothing");
    let desk = Desk::new(&wanted).await;
    let (ended, said) = desk.provision(&["--plan", "--json"]);
    assert_eq!(ended, code(Exit::Doubtful), "{said}");
    let told: Value = serde_json::from_str(&said).unwrap();
    let by_hand = told["plan"]["by_hand"].as_array().unwrap();
    let words: Vec<_> = by_hand.iter().map(|one| one["what"].as_str().unwrap()).collect();
    for (place, needle) in
        ["access policy `No such policy`", r"`ACME\nobody`", r"`App01\nothing`"].iter().enumerate()
    {
        assert!(words[place].contains(needle), "{words:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_begun_changes_nothing() {
    let desk = Desk::new(&WANTED.replace("vera.vault", "joe.user")).await;
    let (ended, said) = desk.provision(&["--plan"]);
    assert_eq!(ended, code(Exit::Failed), "{said}");
    assert!(said.contains("the API registrations"), "{said}");
    let desk = Desk::new(&WANTED.replace("key-file", "keyfile")).await;
    let (ended, said) = desk.provision(&["--plan"]);
    assert_eq!(ended, code(Exit::Config), "{said}");
    assert!(said.contains("keyfile"), "{said}");
}
