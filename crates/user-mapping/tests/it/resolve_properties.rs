//! What holds for every question.

use proptest::prelude::*;
use user_mapping::trace::{Ended, Step};
use user_mapping::{Outcome, RuleSet, Runas, StatedUser};

use crate::setting::{DOMAINS, rules};

/// Rules that take as much as rules can take.
fn generous() -> RuleSet {
    let text = DOMAINS.replacen("id = \"beta\"", "id = \"beta\"\ndefault = true", 1);
    rules(&format!(
        r#"{text}
        [[rule]]
        domain = "acme"
        form = ["bare", "down-level", "upn", "dn"]
        user = '(?<a>[^b]*)(?<b>.*)'
        runas = '{{b}}{{a}}'

        [[rule]]
        domain = "beta"
        form = ["bare", "down-level", "upn", "dn"]
        user = '(?<a>.*)'
        runas = '{{a:upper}}@{{dns}}'
        "#
    ))
}

fn username() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        r#"(ACME|beta\.test|x)?\\?[a-c ;=@$.:|{}'"é\r\n-]{0,12}(@acme-inc\.com|@beta)?"#,
        "[ -~]{1,12}",
        r"uid=[a-c ;=\\]{0,6},dc=(acme|beta),dc=test",
    ]
}

fn dn() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        2 => Just(None),
        1 => any::<String>().prop_map(Some),
        2 => r"(cn|uid)=[a-c;=\\ ]{0,6},dc=(acme|beta|x),dc=test".prop_map(Some),
    ]
}

proptest! {
    #[test]
    fn no_vault_user_could_change_the_header_that_carries_it(username in username(), dn in dn()) {
        let stated = StatedUser { username: &username, dn: dn.as_deref(), provider: Some(&username) };
        let resolution = generous().resolve(&stated);
        let last = resolution.trace.steps().last();
        match &resolution.outcome {
            Outcome::User(user) => {
                let runas = user.runas();
                prop_assert!(Runas::new(runas).is_ok());
                prop_assert!(runas.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
                prop_assert!(!runas.contains([';', '=', '[', ']', ',', '"', '/', ':', '|', '+', '*', '?', '<', '>']));
                prop_assert!(matches!(last, Some(Step::Result(Ended::Runas(_)))));
            }
            Outcome::Nobody(refusal) => {
                prop_assert_eq!(last, Some(&Step::Result(Ended::Nobody(*refusal))));
            }
        }
    }

    #[test]
    fn a_trace_is_lines_of_what_can_be_seen(username in username(), dn in dn()) {
        let stated = StatedUser { username: &username, dn: dn.as_deref(), provider: None };
        let trace = generous().resolve(&stated).trace;
        let text = trace.to_string();
        prop_assert_eq!(text.lines().count(), trace.steps().len());
        prop_assert!(!text.chars().any(|c| c != '\n' && c.is_control()));
        let hidden = ['\u{200b}', '\u{202e}', '\u{2028}'];
        prop_assert!(!text.contains(hidden));
        prop_assert!(!trace.in_one_line().to_string().contains('\n'));
        prop_assert!(serde_json::to_value(&trace).is_ok());
    }

    #[test]
    fn letter_case_does_not_change_who_it_is(username in "(ACME|BETA)\\\\[a-d]{1,8}") {
        let rules = generous();
        let ask = |username: &str| match rules.resolve(&StatedUser { username, ..Default::default() }).outcome {
            Outcome::User(user) => Some((user.runas().to_owned(), user.user().to_owned())),
            Outcome::Nobody(_) => None,
        };
        // A capture without text makes nobody, whatever the case.
        prop_assert!(username.starts_with("ACME") || ask(&username).is_some());
        prop_assert_eq!(ask(&username), ask(&username.to_ascii_uppercase()));
    }
}

#[test]
fn a_trace_does_not_grow_with_what_is_stated() {
    let long = "é".repeat(1 << 20);
    let stated = StatedUser { username: &long, dn: Some(&long), provider: Some(&long) };
    let trace = generous().resolve(&stated).trace;
    let Some(Step::Input { username, dn, provider }) = trace.steps().first() else {
        panic!("no input")
    };
    assert_eq!((username.len(), username.ends_with('…')), (1024 + 3, true));
    assert_eq!(dn.as_ref().map(String::len), Some(4096 + 3));
    assert_eq!(provider.as_ref().map(String::len), Some(1024 + 3));
}
