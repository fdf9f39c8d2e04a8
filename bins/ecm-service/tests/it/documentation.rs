//! The manual's tables are printed by the program; this compares them.

use std::path::{Path, PathBuf};

use ecm_service::config::reference;
use ecm_service::event_code;
use ecm_service::exit::Exit;

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate").join(name)
}

/// Compares what stands between the markers with `wanted`. With `KEYFERRY_WRITE_DOCS=1` it is
/// written instead.
fn check(name: &str, wanted: &str) {
    const BEGIN: &str = "<!-- begin: printed by the program -->\n\n";
    const END: &str = "\n<!-- end: printed by the program -->";
    let path = page(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(BEGIN).expect("the page has a begin marker");
    let (found, tail) = rest.split_once(END).expect("the page has an end marker");
    let wanted = format!("{}\n", wanted.trim_end());
    if std::env::var_os("KEYFERRY_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{wanted}{END}{tail}")).unwrap();
    } else {
        assert_eq!(found, wanted, "run this test again with KEYFERRY_WRITE_DOCS=1");
    }
}

#[test]
fn configuration_page_lists_the_keys_the_program_reads() {
    check("configuration.md", &reference::markdown());
}

#[test]
fn event_page_lists_the_events_the_program_logs() {
    check("event-codes.md", &event_code::markdown());
}

#[test]
fn exit_code_page_lists_the_codes_the_program_ends_with() {
    let mut table = String::from("| code | meaning |\n| --- | --- |\n");
    for exit in Exit::ALL {
        table.push_str(&format!("| {} | {} |\n", exit.number(), exit.meaning()));
    }
    check("exit-codes.md", &table);
}

#[test]
fn troubleshooting_page_lists_the_checks_the_doctor_makes() {
    let mut table =
        String::from("| check | what it looks at | when people say |\n| --- | --- | --- |\n");
    for check in ecm_service::doctor::CHECKS {
        table.push_str(&format!("| {} | {} | {} |\n", check.id, check.what, check.symptom));
    }
    check("troubleshoot.md", &table);
}

#[test]
fn metrics_page_lists_what_is_counted() {
    check("metrics.md", &ecm_service::metrics::markdown());
}
