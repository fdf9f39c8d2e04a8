//! What the manual shows is what the program says.

use std::path::{Path, PathBuf};

use serde_json::Value;
use vsc_agent::control::{RefusalKind, Reply, Request};
use vsc_agent::exit::Exit;

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
    for wanted in ["status", "watch", "readers", "pair", "share", "unshare", "end"] {
        assert!(commands.iter().any(|command| command == wanted), "{wanted} has no example");
        assert!(text.contains(&format!("| `{wanted}`")), "{wanted} is not in the table");
    }
    for wanted in ["status", "readers", "code", "paired", "shared", "unshared", "ended", "refused"]
    {
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

/// With `KEYFERRY_WRITE_DOCS=1` the table is written instead of compared.
#[test]
fn the_manual_lists_the_codes_the_program_ends_with() {
    const BEGIN: &str = "<!-- begin: printed by the program -->\n\n";
    const END: &str = "\n<!-- end: printed by the program -->";
    let path = page("smart-card.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(BEGIN).unwrap();
    let (found, tail) = rest.split_once(END).unwrap();
    let mut table = String::from("| code | meaning |\n| --- | --- |\n");
    for exit in Exit::ALL {
        table.push_str(&format!("| {} | {} |\n", exit.number(), exit.meaning()));
    }
    if std::env::var_os("KEYFERRY_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{table}{END}{tail}")).unwrap();
    } else {
        assert_eq!(found, table, "run this test again with KEYFERRY_WRITE_DOCS=1");
    }
}
