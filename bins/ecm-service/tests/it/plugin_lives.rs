//! Real processes that hang, die, flood and lie, and the service that bears them.
//!
//! The plugins are shell scripts: nothing else is on every machine. The greeting is always call 1.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use ecm_core::search_key::{KeyKind, SearchKey};
use ecm_core::source::{
    AccountKind, AccountRef, CredentialSource, FindAsk, FoundBatch, FoundSink, GivenBack, LoanRef,
    NewLoan, ReadAsk, SecretKind, SourceFailure,
};
use ecm_service::plugin::caller::State;
use ecm_service::plugin::keeper::{Kept, Plugin};
use ecm_service::plugin::launch::Launch;
use ecm_service::plugin::life::{Introduction, Pace};
use ecm_service::plugin::plugin_settings::hello;
use ecm_service::plugin::source::PluginSource;
use source_plugin::Manifest;
use tempfile::TempDir;

use crate::house::PATIENCE;

/// A plugin that is a shell script, and its folder.
struct Rig {
    folder: TempDir,
    kept: Kept,
    source: PluginSource,
}

const WELCOME: &str = r#"read -r hello
echo '{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"plugin":{"name":"script","version":"1"},"capabilities":["ssh-keys"]}}'
"#;

/// What every answer of this test's good plugin looks like.
const GOOD_FIND: &str = r#"{"batches":[{"key":{"kind":"host","value":"app01"},"kind":"local","accounts":[{"account":{"system":"app01","account":"1","kind":"local"},"system-name":"app01","account-name":"root"}]}]}"#;

fn brisk() -> Pace {
    Pace {
        greeting: PATIENCE,
        call: Duration::from_millis(300),
        write: Duration::from_millis(300),
        look: PATIENCE,
    }
}

impl Rig {
    fn start(body: &str, pace: Pace) -> Self {
        let folder = TempDir::new().unwrap();
        let manifest = Manifest::parse(
            "name = \"script\"\nversion = \"1\"\nprotocol = [1]\ncommand = [\"sh\"]\n\
             capabilities = [\"ssh-keys\"]",
        );
        let kept = Kept::start(Plugin {
            vault: "team".to_owned(),
            launch: Launch {
                program: PathBuf::from("/bin/sh"),
                arguments: vec!["-c".to_owned(), body.to_owned()],
                folder: folder.path().to_owned(),
                environment: [("GIVEN".to_owned(), "yes".to_owned())].into(),
            },
            introduction: Introduction {
                hello: hello("team", &Default::default()).into(),
                manifest: manifest.unwrap(),
            },
            pace,
        });
        let source = PluginSource::new("team".to_owned(), kept.caller());
        Self { folder, kept, source }
    }

    fn greeted(body: &str, pace: Pace) -> Self {
        Self::start(&format!("{WELCOME}{body}"), pace)
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    async fn until(&self, what: &str, reached: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !reached(self) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let come = tokio::time::timeout(PATIENCE, waiting).await.is_ok();
        assert!(come, "not within {PATIENCE:?}: {what}; {:?}", self.kept.caller().state());
    }

    /// Waits until the plugin has died of this.
    async fn until_dead_of(&self, words: &str) {
        let died = |rig: &Self| match rig.kept.caller().state() {
            State::Waiting { why } => why.contains(words),
            _ => false,
        };
        self.until(words, died).await;
    }

    async fn find(&self) -> Result<Vec<FoundBatch>, SourceFailure> {
        let sink = Sink::default();
        let asked = self.source.find(&ask(), &sink).await;
        asked.map(|()| sink.0.into_inner().unwrap()).map_err(|error| error.failure)
    }
}

#[derive(Default)]
struct Sink(Mutex<Vec<FoundBatch>>);

impl FoundSink for Sink {
    fn found(&self, batch: FoundBatch) {
        self.0.lock().unwrap().push(batch);
    }
}

fn ask() -> FindAsk {
    FindAsk {
        vault_user: "joe".to_owned(),
        keys: vec![SearchKey { kind: KeyKind::Host, value: "app01".to_owned() }],
        kinds: vec![AccountKind::Local],
        at_a_time: 1,
    }
}

fn account() -> AccountRef {
    AccountRef {
        system: "app01".to_owned(),
        account: "1".to_owned(),
        application: None,
        kind: AccountKind::Local,
    }
}

fn loan() -> LoanRef {
    LoanRef { vault_user: "joe".to_owned(), request: "r-1".to_owned() }
}

fn new_loan() -> NewLoan {
    NewLoan {
        vault_user: "joe".to_owned(),
        account: account(),
        minutes: 1,
        reason: "m".to_owned(),
        marker: "m".to_owned(),
        ticket: None,
        renew: false,
    }
}

/// Answers each further call with the next of these results.
fn answering(results: &[&str]) -> String {
    let answers = results.iter().zip(2..).map(|(result, id)| {
        format!("read -r call\necho '{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}'\n")
    });
    answers.collect::<String>() + "while read -r call; do :; done\n"
}

#[tokio::test]
async fn a_good_plugin_answers_and_ends_with_its_input() {
    let body = answering(&[GOOD_FIND, r#"{"ended":"checked-in"}"#]) + "echo bye > bye\n";
    let rig = Rig::greeted(&body, Pace { call: PATIENCE, ..brisk() });
    let found = rig.find().await.unwrap();
    assert_eq!(found[0].accounts[0].account_name, "root");
    assert_eq!(rig.source.give_back(&loan(), "over").await, Ok(GivenBack::CheckedIn));
    rig.kept.stop().await;
    assert_eq!(rig.file("bye"), "bye\n");
    assert!(matches!(rig.kept.caller().state(), State::Stopped));
    assert_eq!(rig.find().await, Err(SourceFailure::Unreachable));
}

#[tokio::test]
async fn a_plugin_gets_the_environment_it_is_given_and_nothing_else() {
    let rig = Rig::greeted("cat /proc/$$/environ > env; echo done > done\nread -r x", brisk());
    rig.until("it has looked", |rig| rig.file("done") == "done\n").await;
    assert_eq!(rig.file("env"), "GIVEN=yes\0");
}

#[tokio::test]
async fn a_plugin_that_hangs_costs_its_own_calls_and_is_started_again() {
    let life = "echo life >> lives\n";
    let body = format!("{life}{WELCOME}while :; do sleep 1; done");
    let rig = Rig::start(&body, Pace { look: Duration::from_millis(500), ..brisk() });
    assert_eq!(rig.find().await, Err(SourceFailure::Unreachable));
    // What changes something may have happened: nobody knows.
    let error = rig.source.open(&new_loan()).await.unwrap_err();
    assert!(error.may_have_happened, "{error:?}");
    rig.until_dead_of("hangs").await;
    rig.until("another life", |rig| rig.file("lives").lines().count() >= 2).await;
}

#[tokio::test]
async fn a_plugin_that_dies_fails_what_it_was_asked_at_once_and_serves_again() {
    // The first life dies of the first call, the second answers it.
    let body = format!(
        "{WELCOME}if [ ! -e died ]; then read -r call; echo oops >&2; touch died; exit 3; fi\n{}",
        answering(&[GOOD_FIND])
    );
    let rig = Rig::start(&body, Pace { call: PATIENCE, ..brisk() });
    assert_eq!(rig.find().await, Err(SourceFailure::Unreachable));
    rig.until_dead_of("exit status: 3; it said: oops").await;
    rig.until("another life", |rig| matches!(rig.kept.caller().state(), State::Ready(_))).await;
    assert_eq!(rig.find().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_plugin_that_cannot_serve_says_why() {
    let refusal = r#"read -r hello
echo '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no such file"}}'"#;
    let other = WELCOME.replace("\"script\"", "\"other\"");
    let version = WELCOME.replace("\"protocol\":1", "\"protocol\":7");
    for (body, words) in [
        (refusal, "no such file"),
        (other.as_str(), "another name"),
        (version.as_str(), "version"),
        ("echo Starting up...", "standard output"),
        ("exit 5", "exit status: 5"),
        ("read -r hello; kill -9 $$", "signal: 9"),
    ] {
        let rig = Rig::start(body, brisk());
        rig.until_dead_of(words).await;
        assert_eq!(rig.find().await, Err(SourceFailure::Unreachable));
    }
    let silent = Pace { greeting: Duration::from_millis(100), ..brisk() };
    Rig::start("while :; do sleep 1; done", silent).until_dead_of("did not answer").await;
}

#[tokio::test]
async fn a_plugin_that_floods_is_ended_without_filling_memory() {
    let notes = r#"while :; do echo '{"jsonrpc":"2.0","method":"news","params":{}}'; done"#;
    Rig::greeted(notes, brisk()).until_dead_of("keeps answering").await;
    Rig::greeted("yes | tr -d '\\n'", brisk()).until_dead_of("longer than").await;
    let words = "while :; do echo chatter chatter chatter >&2; done";
    let rig = Rig::greeted(&format!("({words}) &\n{}", answering(&[GOOD_FIND])), brisk());
    assert!(rig.find().await.is_ok(), "chatter on standard error harms nobody");
}

#[tokio::test]
async fn a_plugin_that_answers_twice_or_with_other_ids_harms_no_other_call() {
    let lie = r#"echo '{"jsonrpc":"2.0","id":ID,"result":{"batches":[]}}'"#;
    // Before it is asked: an id of the future, and one of the past. Then the answer, twice.
    let (future, past, again) =
        (lie.replace("ID", "77"), lie.replace("ID", "1"), lie.replace("ID", "2"));
    let twice = format!(
        "{future}\n{past}\nread -r call\n\
         echo '{{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{GOOD_FIND}}}'\n{again}\n\
         while read -r call; do :; done"
    );
    let rig = Rig::greeted(&twice, Pace { call: PATIENCE, ..brisk() });
    assert_eq!(rig.find().await.unwrap()[0].accounts.len(), 1);
    assert!(matches!(rig.kept.caller().state(), State::Ready(_)), "a few are borne");

    let again = format!(
        "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do {}; done\nread -r x",
        lie.replace("ID", "99")
    );
    Rig::greeted(&again, brisk()).until_dead_of("keeps answering").await;
}

#[tokio::test]
async fn answers_that_do_not_fit_the_question_are_refused() {
    let other_key = GOOD_FIND.replace("\"value\":\"app01\"", "\"value\":\"app02\"");
    let rig = Rig::greeted(&answering(&[&other_key]), Pace { call: PATIENCE, ..brisk() });
    assert_eq!(rig.find().await, Err(SourceFailure::Broken));
    let read = ReadAsk { loan: loan(), account: account(), kind: SecretKind::Password };
    for answer in [
        r#"{"request":"r-2","password-b64":"cHc="}"#,
        r#"{"request":"r-1","key-b64":"cHc="}"#,
        r#"{"request":"r-1","password-b64":""}"#,
        r#"{"request":"r-1"}"#,
        r#"{}"#,
    ] {
        let rig = Rig::greeted(&answering(&[answer]), Pace { call: PATIENCE, ..brisk() });
        let error = rig.source.read(&read).await.unwrap_err();
        assert_eq!(error.failure, SourceFailure::Broken, "{answer}");
    }
    let rig = Rig::greeted(
        &answering(&[r#"{"request":"r-1","password-b64":"cHc="}"#]),
        Pace { call: PATIENCE, ..brisk() },
    );
    assert!(rig.source.read(&read).await.is_ok());
}

#[tokio::test]
async fn a_search_nobody_waits_for_is_cancelled() {
    let rig = Rig::greeted(
        "read -r call; read -r cancel; echo \"$cancel\" > said; read -r x",
        Pace { call: PATIENCE, ..brisk() },
    );
    rig.until("it serves", |rig| matches!(rig.kept.caller().state(), State::Ready(_))).await;
    let dropped = tokio::time::timeout(Duration::from_millis(200), rig.find()).await;
    assert!(dropped.is_err());
    rig.until("it is told", |rig| rig.file("said").contains("\"cancel\"")).await;
    assert!(rig.file("said").contains("{\"id\":2}"), "{}", rig.file("said"));
}

#[tokio::test]
async fn a_plugin_that_does_not_read_is_ended() {
    // More than a pipe holds: the keys are long, and it reads the greeting alone.
    let rig = Rig::greeted("while :; do sleep 1; done", Pace { call: PATIENCE, ..brisk() });
    let mut big = ask();
    big.keys[0].value = "x".repeat(300_000);
    let sink = Sink::default();
    let error = rig.source.find(&big, &sink).await.unwrap_err();
    assert!(error.message.contains("does not read"), "{error}");
}

#[tokio::test]
async fn whatever_a_plugin_has_started_ends_with_it() {
    // It ignores the end of its input, and has a child that would outlive it.
    let body = "sleep 1000 &\necho $! > child\nexec sleep 1000";
    let rig = Rig::greeted(body, brisk());
    rig.until("the child is there", |rig| rig.file("child").ends_with('\n')).await;
    let child = rig.file("child").trim().to_owned();
    rig.kept.stop().await;
    let is_alive = |child: &str| {
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        // A zombie that nobody has reaped yet is dead.
        !stat.is_empty() && !stat.contains(") Z ")
    };
    rig.until("the child is gone", |_| !is_alive(&child)).await;
}

#[tokio::test]
async fn a_plugin_that_dies_is_missed_even_while_its_child_holds_its_output() {
    let rig = Rig::greeted("sleep 1000 &\nexit 4", brisk());
    rig.until_dead_of("exit status: 4").await;
}

#[tokio::test]
async fn more_calls_than_a_plugin_may_have_open_wait_for_their_turn() {
    // It answers nothing until it has read sixteen calls; a seventeenth must not have come.
    let mut body = String::from("n=0\nwhile [ $n -lt 16 ]; do read -r call; n=$((n+1)); done\n");
    body.push_str("timeout 0.3 sh -c 'read -r call; echo more > more'\n");
    for id in 2..18 {
        body.push_str(&format!("echo '{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{}}}}'\n"));
    }
    body.push_str("id=18\nwhile read -r call; do echo '{\"jsonrpc\":\"2.0\",\"id\":'$id',\"result\":{}}'; id=$((id+1)); done\n");
    let rig = Rig::greeted(&body, Pace { call: PATIENCE, ..brisk() });
    let asked = futures_util::future::join_all((0..20).map(|_| rig.find())).await;
    assert!(asked.iter().all(Result::is_ok), "{asked:?}");
    assert_eq!(rig.file("more"), "");
}
