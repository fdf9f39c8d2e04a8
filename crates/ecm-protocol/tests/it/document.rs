//! `docs/wire/ecm.md` says what the code does.

use ecm_protocol::message::{Category, ConsoleText, Retry};

use crate::fixture;

const DOCUMENT: &str = include_str!("../../../../docs/wire/ecm.md");

#[test]
fn every_json_example_is_a_golden_file() {
    let mut examples = 0;
    let mut blocks = DOCUMENT.split("```json\n");
    let mut before = blocks.next().unwrap();
    for block in blocks {
        let (json, after) = block.split_once("```").unwrap();
        let marker = before.trim_end().lines().last().unwrap();
        let name = marker
            .strip_prefix("<!-- fixture: ")
            .and_then(|rest| rest.strip_suffix(" -->"))
            .unwrap_or_else(|| panic!("no fixture is named above {json}"));
        let shown: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(shown, fixture::json(name), "{name}");
        examples += 1;
        before = after;
    }
    assert_eq!(examples, DOCUMENT.matches("<!-- fixture: ").count());
    assert!(examples >= 15, "{examples} examples");
}

#[test]
fn the_table_of_errors_is_the_one_in_the_code() {
    for category in Category::ALL {
        let again = match category.retry() {
            Retry::No => "no",
            Retry::Yes => "yes",
            Retry::After => "after `retry_after_ms`",
            Retry::Later => "later",
            Retry::SearchAgain => "after a new search",
            Retry::WithData => "with the data",
            Retry::OtherEcm => "at another ECM",
            Retry::Once => "once",
        };
        let class = match category.console_text() {
            ConsoleText::NoSuchUser => "no such user",
            ConsoleText::NoAccount => "no account",
            ConsoleText::Approval => "approval",
            ConsoleText::VaultRefused => "vault refused",
            ConsoleText::VaultUnreachable => "vault unreachable",
            ConsoleText::OurFault => "our fault",
        };
        let (code, name, status) = (category.code(), category.name(), category.status());
        let row = format!("| {code} | `{name}` | {status} | {again} | {class} |\n");
        assert!(DOCUMENT.contains(&row), "the document lacks {row}");
    }
}

#[test]
fn the_document_says_first_that_this_is_not_the_vendors_protocol() {
    let beginning: String = DOCUMENT.lines().take(5).collect::<Vec<_>>().join(" ");
    assert!(beginning.contains("It is not the protocol that the vendor"), "{beginning}");
}
