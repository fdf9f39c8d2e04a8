use ecm_core::search_key::{
    EndpointAddress, EndpointFacts, KeyKind, SearchKeyError, SearchPlan, Serves,
};
use ecm_core::settings::SearchSettings;
use ecm_core::source::AccountKind;
use proptest::prelude::*;

fn keys(facts: &EndpointFacts<'_>, settings: &SearchSettings) -> Vec<String> {
    let plan = SearchPlan::new(facts, settings).unwrap();
    plan.keys.iter().map(|key| format!("{}={}", key.kind, key.value)).collect()
}

fn host(text: &str) -> EndpointFacts<'_> {
    EndpointFacts { host: Some(text), ..Default::default() }
}

#[test]
fn host_in_every_spelling_gives_the_keys_it_should() {
    let table: &[(&str, &[&str])] = &[
        ("APP01", &["host=APP01"]),
        ("app01:3389", &["host=app01"]),
        ("app01.", &["host=app01"]),
        ("App01.Acme.Test.", &["host=App01.Acme.Test", "short_name=App01"]),
        ("10.11.12.13", &["host=10.11.12.13", "address=10.11.12.13"]),
        ("10.11.12.13:22", &["host=10.11.12.13", "address=10.11.12.13"]),
        ("2001:DB8::0:1", &["host=2001:db8::1", "address=2001:db8::1"]),
        ("[2001:db8::1]", &["host=2001:db8::1", "address=2001:db8::1"]),
        ("[2001:db8::1]:3389", &["host=2001:db8::1", "address=2001:db8::1"]),
        ("::ffff:10.1.2.3", &["host=10.1.2.3", "address=10.1.2.3"]),
        ("fe80::1%eth0", &["host=fe80::1", "address=fe80::1"]),
        ("münchen-01", &["host=münchen-01"]),
        ("db_01", &["host=db_01"]),
        ("  app01  ", &["host=app01"]),
    ];
    for (text, expected) in table {
        assert_eq!(keys(&host(text), &SearchSettings::default()), *expected, "{text:?}");
    }
}

#[test]
fn host_that_cannot_be_one_is_refused_with_the_reason() {
    let table = [
        ("", "empty"),
        (".", "empty"),
        ("a..b", "empty label"),
        ("app01:", "port is not a number up to 65535"),
        ("app01:99999", "port is not a number up to 65535"),
        ("app01:+80", "port is not a number up to 65535"),
        ("[2001:db8::1", "`[` without `]`"),
        ("[app01]", "no IPv6 address in `[ ]`"),
        ("[10.0.0.1]", "no IPv6 address in `[ ]`"),
        ("[::1]x", "only a port may follow `]`"),
        ("joe@app01", "a character no host name has"),
        ("app01/x", "a character no host name has"),
        ("app 01", "a character no host name has"),
        ("app01&systemName=dc01", "a character no host name has"),
        ("app\u{202e}01", "a character no host name has"),
        ("a:b:c", "a character no host name has"),
    ];
    for (text, why) in table {
        let refused = SearchPlan::new(&host(text), &SearchSettings::default()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("hostname of the target cannot be used: {why}"),
            "{text:?}"
        );
    }
    let long = format!("{}.test", "a".repeat(250));
    assert!(SearchPlan::new(&host(&long), &SearchSettings::default()).is_err());
}

#[test]
fn keys_come_in_order_and_each_once_whatever_the_case() {
    let facts = EndpointFacts {
        host: Some("APP01"),
        fqdn: Some("app01.acme.test"),
        addresses: vec![
            EndpointAddress { ip: "10.11.12.13".parse().unwrap(), public: false },
            EndpointAddress { ip: "203.0.113.7".parse().unwrap(), public: true },
            EndpointAddress { ip: "127.0.0.1".parse().unwrap(), public: false },
            EndpointAddress { ip: "169.254.1.1".parse().unwrap(), public: false },
            EndpointAddress { ip: "::1".parse().unwrap(), public: false },
            EndpointAddress { ip: "10.11.12.13".parse().unwrap(), public: false },
        ],
        ..Default::default()
    };
    let found = keys(&facts, &SearchSettings::default());
    assert_eq!(found, ["host=APP01", "fqdn=app01.acme.test", "address=10.11.12.13"]);

    let open = SearchSettings { public_addresses: true, ..Default::default() };
    assert_eq!(keys(&facts, &open).last().unwrap(), "address=203.0.113.7");

    let order =
        SearchSettings { match_on: vec![KeyKind::Address, KeyKind::Fqdn], ..Default::default() };
    assert_eq!(keys(&facts, &order), ["address=10.11.12.13", "fqdn=app01.acme.test"]);
}

#[test]
fn web_target_is_looked_for_by_the_host_of_its_url() {
    let url = |url| EndpointFacts { url: Some(url), ..Default::default() };
    let table = [
        ("https://Portal.Acme.Test:8443/login?next=/", "url=portal.acme.test"),
        ("https://portal.acme.test./", "url=portal.acme.test"),
        ("https://10.1.2.3/", "url=10.1.2.3"),
        ("https://[2001:db8::1]:443/", "url=2001:db8::1"),
    ];
    for (text, expected) in table {
        assert_eq!(keys(&url(text), &SearchSettings::default()), [expected], "{text}");
    }
}

#[test]
fn url_with_user_information_is_refused_and_never_quoted() {
    for text in [
        "https://joe@portal/",
        "https://joe:planted-S3cret@portal/",
        "https://:planted-S3cret@portal/",
    ] {
        let facts = EndpointFacts { url: Some(text), host: Some("portal"), ..Default::default() };
        let refused = SearchPlan::new(&facts, &SearchSettings::default()).unwrap_err();
        assert_eq!(refused, SearchKeyError::UrlWithUser, "{text}");
        assert!(!format!("{refused} {refused:?}").contains("S3cret"));
    }
}

#[test]
fn unreadable_url_is_refused_and_never_quoted() {
    let facts = EndpointFacts { url: Some("ht!tp://x:planted-S3cret"), ..Default::default() };
    let refused = SearchPlan::new(&facts, &SearchSettings::default()).unwrap_err();
    assert_eq!(refused.to_string(), "url of the target is not a URL");
}

#[test]
fn unusable_fact_is_left_out_with_a_note_when_another_is_there() {
    let facts =
        EndpointFacts { host: Some("a b"), fqdn: Some("app01.acme.test"), ..Default::default() };
    let plan = SearchPlan::new(&facts, &SearchSettings::default()).unwrap();
    assert_eq!(
        plan.left_out,
        ["hostname of the target cannot be used: a character no host name has"]
    );
}

#[test]
fn kinds_follow_the_target_and_the_settings() {
    let application = |serves| EndpointFacts {
        host: Some("rds01"),
        applications: vec!["||SAPGUI", "sapgui", "Finance"],
        serves,
        ..Default::default()
    };
    let all = SearchSettings::default();
    let kinds = |facts: &EndpointFacts<'_>, settings: &SearchSettings| {
        SearchPlan::new(facts, settings).unwrap().kinds
    };
    use AccountKind::{Application, Linked, Local};
    assert_eq!(kinds(&host("app01"), &all), [Local, Linked]);
    assert_eq!(kinds(&application(Serves::Both), &all), [Local, Linked, Application]);
    assert_eq!(kinds(&application(Serves::Application), &all), [Application]);
    let few = SearchSettings { linked_accounts: false, ..Default::default() };
    assert_eq!(kinds(&application(Serves::Both), &few), [Local, Application]);
    assert_eq!(
        keys(&application(Serves::Both), &all),
        ["host=rds01", "application=SAPGUI", "application=Finance"]
    );
    let named = SearchSettings {
        application_names: [("sapgui".to_owned(), "SAP GUI 8".to_owned())].into(),
        ..Default::default()
    };
    assert_eq!(
        keys(&application(Serves::Application), &named),
        ["application=SAP GUI 8", "application=Finance"]
    );
}

#[test]
fn target_without_anything_to_go_by_is_refused() {
    let refused = SearchPlan::new(&EndpointFacts::default(), &SearchSettings::default());
    assert_eq!(refused.unwrap_err(), SearchKeyError::Nothing);
}

proptest! {
    #[test]
    fn any_text_gives_bounded_keys_or_an_error(host in "\\PC{0,300}", url in "\\PC{0,300}", app in "\\PC{0,300}") {
        let facts = EndpointFacts {
            host: Some(&host), url: Some(&url), applications: vec![&app], serves: Serves::Both,
            ..Default::default()
        };
        if let Ok(plan) = SearchPlan::new(&facts, &SearchSettings::default()) {
            prop_assert!(plan.keys.len() <= ecm_core::search_key::MAX_KEYS);
            prop_assert!(plan.keys.iter().all(|key| !key.value.is_empty() && key.value.chars().count() <= 256));
        }
    }
}
