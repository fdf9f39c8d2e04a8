//! What the manual shows is what the program says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use vsc_agent::control::{RefusalKind, Reply, Request};
use vsc_agent::exit::Exit;
use vsc_core::guard::{Permission, Policy, PolicyFile, Profile, Rule};

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate").join(name)
}

/// The lines of the page's blocks of JSON.
fn examples(text: &str) -> Vec<Value> {
    let blocks = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_line_of_the_control_socket_page_is_understood_and_said_like_that() {
    let text = std::fs::read_to_string(page("vsc-control-socket.md")).unwrap();
    let mut commands = Vec::new();
    let mut answers = Vec::new();
    for example in examples(&text) {
        let name = |member: &str| example.get(member).map(|name| name.as_str().unwrap().to_owned());
        let again = match (name("command"), name("answer")) {
            (Some(command), None) => {
                commands.push(command);
                let request: Request = serde_json::from_value(example.clone()).unwrap();
                serde_json::to_value(request).unwrap()
            }
            (None, Some(answer)) => {
                answers.push(answer);
                let reply: Reply = serde_json::from_value(example.clone()).unwrap();
                serde_json::to_value(reply).unwrap()
            }
            _ => panic!("neither request nor answer: {example}"),
        };
        assert_eq!(again, example);
    }
    for wanted in ["status", "watch", "readers", "pair", "share", "answer", "unshare", "end"] {
        assert!(commands.iter().any(|command| command == wanted), "{wanted} has no example");
        assert!(text.contains(&format!("| `{wanted}`")), "{wanted} is not in the table");
    }
    for wanted in [
        "status", "readers", "code", "paired", "shared", "answered", "unshared", "ended", "refused",
    ] {
        assert!(answers.iter().any(|answer| answer == wanted), "{wanted} has no example");
    }
}

#[test]
fn every_kind_of_refusal_is_on_the_control_socket_page() {
    let text = std::fs::read_to_string(page("vsc-control-socket.md")).unwrap();
    for kind in RefusalKind::ALL {
        let name = serde_json::to_value(kind).unwrap();
        assert!(text.contains(&format!("`{}`", name.as_str().unwrap())), "{name}");
    }
}

#[test]
fn the_manual_lists_the_codes_the_program_ends_with() {
    let mut table = String::from("| code | meaning |\n| --- | --- |\n");
    for exit in Exit::ALL {
        table.push_str(&format!("| {} | {} |\n", exit.number(), exit.meaning()));
    }
    holds_or_is_written("smart-card.md", "", &table);
}

/// The table stands on the page between its two marks. With `KEYFERRY_WRITE_DOCS=1` it is written
/// there instead of compared.
fn holds_or_is_written(name: &str, what: &str, table: &str) {
    let begin = format!("<!-- begin: {what}printed by the program -->\n");
    let end = format!("<!-- end: {what}printed by the program -->");
    let path = page(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(&begin).unwrap();
    let (found, tail) = rest.split_once(&end).unwrap();
    let table = format!("\n{table}\n");
    if std::env::var_os("KEYFERRY_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{head}{begin}{table}{end}{tail}")).unwrap();
    } else {
        assert_eq!(found, table, "run this test again with KEYFERRY_WRITE_DOCS=1");
    }
}

#[test]
fn the_manual_lists_what_each_profile_says() {
    let profiles = [Profile::usual(), Profile::read_only(), Profile::admin()];
    let mut table = String::from("| name | covers | `use` | `read-only` | `admin` |\n");
    table.push_str("| --- | --- | --- | --- | --- |\n");
    for permission in Permission::ALL {
        let rules = profiles.each_ref().map(|profile| profile.rule(permission).name());
        let (name, meaning) = (permission.name(), permission.meaning());
        table.push_str(&format!("| `{name}` | {meaning} | {} |\n", rules.join(" | ")));
    }
    let minutes = |limit: Option<Duration>| {
        limit.map_or("never".to_owned(), |limit| (limit.as_secs() / 60).to_string())
    };
    let mut row = |name: &str, covers: &str, value: &dyn Fn(&Profile) -> String| {
        let values = profiles.each_ref().map(value);
        table.push_str(&format!("| `{name}` | {covers} | {} |\n", values.join(" | ")));
    };
    row("spare-tries", "tries of a PIN that stay with the owner", &|p| p.spare_tries.to_string());
    row("key-uses-per-minute", "signatures, decryptions, authentications", &|p| {
        p.key_uses_per_minute.to_string()
    });
    row("verifications-per-minute", "PINs", &|p| p.verifications_per_minute.to_string());
    row("idle-minutes", "unshared after so long without a command", &|p| minutes(p.idle_limit));
    row("share-minutes", "unshared after so long in any case", &|p| minutes(p.share_limit));
    row("answer-seconds", "for an answer to a question", &|p| {
        p.answer_within.as_secs().to_string()
    });
    holds_or_is_written("card-protections.md", "profiles, ", &table);
}

#[test]
fn the_policy_on_the_page_is_one_that_the_program_takes() {
    let text = std::fs::read_to_string(page("card-protections.md")).unwrap();
    let (_, rest) = text.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let file: PolicyFile = toml::from_str(example).unwrap();
    let policy = Policy::check(&file).unwrap();
    assert_eq!(policy.usual().rule(Permission::Sign), Rule::Ask);
    assert_eq!(policy.usual().name(), "careful");
}
