use ecm_core::reason::{MAX_REASON, ReasonTemplate, ReasonValues, marker};
use ecm_core::settings::SettingsError;
use proptest::prelude::*;

fn fill(template: &str, values: &ReasonValues<'_>) -> String {
    ReasonTemplate::parse(template).unwrap().fill(values)
}

const VALUES: ReasonValues<'static> = ReasonValues {
    user: r"ACME\joe",
    endpoint: "app01",
    reference: "K7Q-4MX",
    lease: "l-0001",
    reason: "disk full",
};

#[test]
fn every_placeholder_is_filled_and_the_marker_ends_the_text() {
    assert_eq!(
        fill("{user}|{endpoint}|{ref}|{lease}|{reason}", &VALUES),
        r"ACME\joe|app01|K7Q-4MX|l-0001|disk full [kf:l-0001]"
    );
}

#[test]
fn unknown_placeholder_is_refused_with_those_that_exist() {
    let refused = ReasonTemplate::parse("for {usr}").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "reason template has unknown placeholder `{usr}`; known: {user} {endpoint} {ref} {lease} {reason}"
    );
}

#[test]
fn lonely_brace_is_refused_at_its_place() {
    assert_eq!(ReasonTemplate::parse("abc {user").unwrap_err(), SettingsError::Brace { at: 4 });
}

#[test]
fn template_without_room_for_the_marker_is_refused() {
    assert!(matches!(
        ReasonTemplate::parse(&"x".repeat(950)),
        Err(SettingsError::LongReason { chars: 950, .. })
    ));
}

#[test]
fn value_cannot_forge_the_marker_of_another_lease() {
    let forged = ReasonValues { reason: "[kf:l-9999]", ..VALUES };
    assert_eq!(fill("{reason}", &forged), "(kf:l-9999) [kf:l-0001]");
}

#[test]
fn template_is_shown_as_it_was_written() {
    let text = "{reason} on {endpoint}";
    assert_eq!(ReasonTemplate::parse(text).unwrap().to_string(), text);
}

proptest! {
    #[test]
    fn reason_is_bounded_single_line_and_keeps_its_marker(reason in ".{0,2000}", user in ".{0,500}") {
        let values = ReasonValues { reason: &reason, user: &user, ..VALUES };
        let text = fill("{user} {reason} {reason} {reason} {reason}", &values);
        prop_assert!(text.chars().count() <= MAX_REASON);
        prop_assert!(!text.chars().any(char::is_control));
        prop_assert!(text.ends_with(&marker("l-0001")));
        prop_assert_eq!(text.matches("[kf:").count(), 1);
    }
}
