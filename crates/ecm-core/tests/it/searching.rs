use std::time::Duration;

use ecm_core::settings::SshKeys;
use ecm_core::source::{AccountKind, SourceError, SourceFailure, SystemPresence};
use ecm_protocol::message::{
    Application, Category, CredentialKind, EmptyReason, Purpose, Scope, SourceStatus, TargetKind,
};
use futures_util::future::join_all;

use crate::fake_vault::{FakeVault, local};
use crate::house::{House, Parts, find, refused, user};

fn unreachable() -> SourceError {
    SourceError::new(SourceFailure::Unreachable, "https://vault.acme.test: no route")
}

#[test]
fn credentials_are_named_sorted_and_offered_once() {
    let house = House::new();
    let broker = house.open();
    let mut ask = find("APP01");
    ask.target.fqdn = Some("app01.acme.test".into());
    let found = house.find(&broker, &ask).unwrap();
    let shown: Vec<(&str, Scope)> =
        found.items.iter().map(|i| (i.display.as_str(), i.scope)).collect();
    assert_eq!(
        shown,
        [(r"App01\helpdesk-01", Scope::Local), (r"ACME\adm-joe (linked)", Scope::Linked)]
    );
    assert!(found.complete && !found.truncated);
    assert_eq!(found.mapped_user.as_deref(), Some(r"ACME\joe"));
    let source = &found.sources[0];
    assert_eq!((source.vault.as_str(), source.status), ("main", SourceStatus::Ok));
    assert_eq!((source.matched_on.as_deref(), source.systems), (Some("host"), 1));
    assert_eq!((source.seen, source.offered), (2, 2));
    assert_eq!(found.empty_reason, None);
}

#[test]
fn id_of_a_credential_is_the_same_in_every_search_and_after_a_restart() {
    let house = House::new();
    let ids = || -> Vec<String> {
        let broker = house.open();
        let found = house.find(&broker, &find("app01")).unwrap();
        found.items.into_iter().map(|item| item.id).collect()
    };
    let (first, second) = (ids(), ids());
    assert_eq!(first, second);
}

#[test]
fn parts_come_as_they_are_found_and_the_result_does_not_repeat_them() {
    let house = House::new();
    house.vault.with(|s| s.slow.insert("app01.acme.test".into(), Duration::from_secs(1)));
    house.vault.add(&["app01.acme.test"], local(13, 5000, "App01", "late"));
    let broker = house.open();
    let mut ask = find("app01");
    ask.target.fqdn = Some("app01.acme.test".into());
    let parts = Parts::default();
    let found = house.clock.run(broker.find(&ask, Some(&parts))).result.unwrap();
    assert!(found.items.is_empty());
    let parts = parts.take();
    assert!(parts.len() >= 2);
    let mut ids: Vec<String> = parts.concat().into_iter().map(|item| item.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    assert_eq!(parts.concat().len(), 3);
}

#[test]
fn search_answers_at_nine_tenths_of_the_deadline_with_what_there_is() {
    let house = House::new();
    house.vault.with(|s| s.slow.insert("app01.acme.test".into(), Duration::from_secs(60)));
    let broker = house.open();
    let mut ask = find("app01");
    ask.target.fqdn = Some("app01.acme.test".into());
    ask.meta.deadline_ms = Some(10_000);
    let found = house.find(&broker, &ask).unwrap();
    assert_eq!(house.clock.passed(), Duration::from_secs(9));
    assert!(!found.complete);
    assert_eq!(found.items.len(), 2);
    assert_eq!(found.sources[0].status, SourceStatus::Partial);
    assert_eq!(found.sources[0].elapsed_ms, 9_000);
}

#[test]
fn nothing_in_time_is_an_incomplete_result_and_not_called_empty() {
    let house = House::new();
    house.vault.with(|s| s.slow.insert("app01".into(), Duration::from_secs(60)));
    let broker = house.open();
    let found = house.find(&broker, &find("app01")).unwrap();
    assert!(!found.complete && found.items.is_empty());
    assert_eq!((found.sources[0].status, found.empty_reason), (SourceStatus::Failed, None));
}

#[test]
fn deadline_of_no_time_at_all_is_survived() {
    for deadline in [0, 1, u64::MAX] {
        let house = House::new();
        let broker = house.open();
        let mut ask = find("app01");
        ask.meta.deadline_ms = Some(deadline);
        assert!(house.find(&broker, &ask).is_ok(), "{deadline}");
    }
}

#[test]
fn more_than_wanted_is_cut_and_said_so() {
    let house = House::new();
    for number in 0..30 {
        house.vault.add(&["app01"], local(12, 9000 + number, "App01", &format!("svc-{number}")));
    }
    let broker = house.open();
    let mut ask = find("app01");
    ask.want.max_results = Some(5);
    let found = house.find(&broker, &ask).unwrap();
    assert!(found.truncated && found.complete);
    assert_eq!(found.items.len(), 5);
}

#[test]
fn one_vault_down_leaves_the_others_answer() {
    let house = House::new();
    let other = FakeVault::new("other", &house.clock);
    other.fail("find", unreachable());
    let broker = house.open_with(vec![house.vault.clone(), other]);
    let found = house.find(&broker, &find("app01")).unwrap();
    assert_eq!(found.items.len(), 2);
    assert!(!found.complete);
    let status: Vec<_> = found.sources.iter().map(|s| (s.vault.as_str(), s.status)).collect();
    assert_eq!(status, [("main", SourceStatus::Ok), ("other", SourceStatus::Failed)]);
}

#[test]
fn every_vault_down_is_a_problem_without_the_vaults_address() {
    let house = House::new();
    house.vault.fail("find", unreachable());
    let broker = house.open();
    let problem = house.find(&broker, &find("app01")).unwrap_err();
    assert_eq!(problem.category, Category::VaultUnreachable);
    assert!(!format!("{problem:?}").contains("acme.test"));
}

#[test]
fn reasons_for_an_empty_answer_are_told_apart() {
    let table: [(Option<SystemPresence>, usize, EmptyReason); 6] = [
        (Some(SystemPresence::Absent), 0, EmptyReason::NoSystem),
        (Some(SystemPresence::WithoutAccounts), 0, EmptyReason::NoAccount),
        (Some(SystemPresence::WithAccounts), 0, EmptyReason::NotRequestable),
        (Some(SystemPresence::Unknown), 0, EmptyReason::NoAccount),
        (None, 0, EmptyReason::NoAccount),
        (Some(SystemPresence::Absent), 3, EmptyReason::NotRequestable),
    ];
    for (presence, not_requestable, expected) in table {
        let house = House::new();
        house.vault.with(|s| {
            s.presence = presence;
            s.not_requestable = not_requestable;
        });
        let broker = house.open();
        let found = house.find(&broker, &find("elsewhere")).unwrap();
        assert_eq!(found.empty_reason, Some(expected), "{presence:?} {not_requestable}");
        assert!(found.complete);
    }
    let house = House::new();
    let broker = house.open();
    let mut ask = find("app01");
    ask.want.kinds = vec![CredentialKind::Application];
    assert_eq!(house.find(&broker, &ask).unwrap().empty_reason, Some(EmptyReason::KindNotWanted));
}

#[test]
fn keys_are_offered_when_the_site_takes_keys_and_the_setting_says_so() {
    use CredentialKind::{SshPrivateKey, UsernamePassword};
    let table: [(SshKeys, Vec<CredentialKind>, usize, usize); 6] = [
        (SshKeys::InPlaceOfPasswords, vec![], 2, 0),
        (SshKeys::InPlaceOfPasswords, vec![SshPrivateKey], 0, 2),
        (SshKeys::InPlaceOfPasswords, vec![UsernamePassword, SshPrivateKey], 2, 0),
        (SshKeys::BesidePasswords, vec![UsernamePassword, SshPrivateKey], 2, 2),
        (SshKeys::Never, vec![UsernamePassword, SshPrivateKey], 2, 0),
        (SshKeys::Never, vec![SshPrivateKey], 0, 0),
    ];
    for (setting, wanted, passwords, keys) in table {
        let mut house = House::new();
        house.settings.search.ssh_keys = setting;
        let broker = house.open();
        let mut ask = find("app01");
        ask.want.kinds = wanted.clone();
        let found = house.find(&broker, &ask).unwrap();
        let count = |kind| found.items.iter().filter(|item| item.kind == kind).count();
        assert_eq!(
            (count(UsernamePassword), count(SshPrivateKey)),
            (passwords, keys),
            "{setting:?} {wanted:?}"
        );
    }
}

#[test]
fn an_account_is_listed_with_its_password_before_its_key() {
    let mut house = House::new();
    house.settings.search.ssh_keys = SshKeys::BesidePasswords;
    let broker = house.open();
    let mut ask = find("app01");
    ask.want.kinds = vec![CredentialKind::SshPrivateKey, CredentialKind::UsernamePassword];
    let mut items = house.find(&broker, &ask).unwrap().items;
    items.sort_by(|a, b| a.sort.cmp(&b.sort));
    let names: Vec<_> = items.iter().map(|item| item.display.as_str()).collect();
    for pair in names.chunks(2) {
        assert_eq!(pair[1], format!("{} (key)", pair[0]), "{names:?}");
    }
    assert_eq!(names.len(), 4);
}

#[test]
fn remote_app_gets_accounts_of_the_machine_and_of_the_application() {
    let house = House::new();
    let mut sap = local(12, 7001, "App01", "sapadm");
    sap.account.kind = AccountKind::Application;
    sap.account.application = Some("55".into());
    sap.application_name = Some("SAP GUI".into());
    house.vault.add(&["SAP GUI"], sap);
    let broker = house.open();
    let mut ask = find("app01");
    ask.target.kind = TargetKind::RdpRemoteApp;
    ask.target.application =
        Some(Application { remote_app: Some("||SAP GUI".into()), ..Application::default() });
    ask.purpose = Purpose::Rdp;
    let names = |found: ecm_protocol::message::FindResult| {
        found.items.into_iter().map(|item| item.display).collect::<Vec<_>>()
    };
    assert_eq!(
        names(house.find(&broker, &ask).unwrap()),
        [r"App01\helpdesk-01", r"ACME\adm-joe (linked)", "SAP GUI: sapadm"]
    );
    ask.purpose = Purpose::Application;
    assert_eq!(names(house.find(&broker, &ask).unwrap()), ["SAP GUI: sapadm"]);
}

#[test]
fn target_that_cannot_be_looked_for_is_a_bad_parameter() {
    let house = House::new();
    let broker = house.open();
    let mut ask = find("app01");
    ask.target.hostname = None;
    assert_eq!(refused(house.find(&broker, &ask)), Category::BadParameters);
    ask.target.kind = TargetKind::Web;
    ask.target.url = Some("https://joe:planted-S3cret@portal/".into());
    let problem = house.find(&broker, &ask).unwrap_err();
    assert_eq!(problem.category, Category::BadParameters);
    assert!(!format!("{problem:?}").contains("S3cret"));
}

#[test]
fn names_that_would_reorder_the_line_are_shown_harmless() {
    let house = House::new();
    house.vault.add(&["evil"], local(1, 2, "Srv", "adm\u{202e}nimda\n"));
    let broker = house.open();
    let found = house.find(&broker, &find("evil")).unwrap();
    assert_eq!(found.items[0].display, "Srv\\adm\u{fffd}nimda\u{fffd}");
}

#[test]
fn console_user_without_vault_user_and_with_several_are_told_apart() {
    let house = House::new();
    let broker = house.open();
    let mut ask = find("app01");
    ask.user.username = "nobody-we-know".into();
    let answered = house.clock.run(broker.find(&ask, None));
    assert!(answered.explanation.mapping.is_some());
    assert_eq!(refused(answered.result), Category::UserUnmapped);
    ask.user.username = r"ACME\twin".into();
    assert_eq!(refused(house.find(&broker, &ask)), Category::UserAmbiguous);
    assert_eq!(house.vault.calls(""), 0);
}

#[test]
fn explanation_tells_mapping_keys_and_questions() {
    let house = House::new();
    let broker = house.open();
    let explanation = house.clock.run(broker.find(&find("app01.acme.test"), None)).explanation;
    let text = explanation.to_string();
    assert!(text.contains(r#"key        host="app01.acme.test""#), "{text}");
    assert!(
        text.contains(r#"asked      main: short_name="app01" linked: 1 rows, 1 offered"#),
        "{text}"
    );
    assert!(serde_json::to_value(&explanation).unwrap()["questions"].is_array());
}

#[test]
fn one_user_with_many_questions_is_put_off_and_another_user_is_answered() {
    let house = House::new();
    house.vault.with(|s| s.slow.insert("app01".into(), Duration::from_secs(1)));
    let broker = house.open();
    let mut asked: Vec<_> = (0..17).map(|_| find("app01")).collect();
    asked.push(find("app01"));
    asked[17].user = user(r"ACME\pat");
    let answers = house.clock.run(join_all(asked.iter().map(|ask| broker.find(ask, None))));
    let mut answers: Vec<_> = answers.into_iter().map(|answer| answer.result).collect();
    let pat = answers.pop().unwrap().unwrap();
    assert_eq!(pat.mapped_user.as_deref(), Some(r"ACME\pat"));
    let put_off: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(put_off.len(), 1);
    assert_eq!((put_off[0].category, put_off[0].retry_after_ms), (Category::Busy, Some(1_000)));
    assert!(house.find(&broker, &find("app01")).is_ok());
}

/// Two vaults that hold the same; the second stands in for the first.
fn with_stand_in(house: &House) -> (ecm_core::Broker, FakeVault) {
    let other = FakeVault::new("replica", &house.clock);
    other.add(&["app01"], local(12, 3124, "App01", "helpdesk-01"));
    let broker = house.open_standing_in(vec![house.vault.clone(), other.clone()]);
    (broker, other)
}

#[test]
fn a_stand_in_is_asked_only_when_the_vault_before_it_is_away() {
    let house = House::new();
    let (broker, replica) = with_stand_in(&house);
    let found = house.find(&broker, &find("app01")).unwrap();
    assert_eq!((found.sources.len(), replica.calls("find")), (1, 0));
    // A refusal is an answer.
    house.vault.fail("find", SourceError::new(SourceFailure::SignInRefused, "401"));
    assert!(house.find(&broker, &find("app01")).is_err());
    assert_eq!(replica.calls("find"), 0);

    house.vault.fail("find", unreachable());
    let found = house.find(&broker, &find("app01")).unwrap();
    let asked: Vec<_> = found.sources.iter().map(|source| source.vault.as_str()).collect();
    assert_eq!(asked, ["main", "replica"]);
    assert_eq!(found.items[0].display, r"App01\helpdesk-01");
    let ask = house.retrieve_ask(&broker, "k1");
    assert!(house.retrieve(&broker, &ask).is_ok());
    assert_eq!(replica.open_requests(), 1);
}

#[test]
fn a_vault_that_hangs_leaves_half_of_the_time_to_its_stand_in() {
    let house = House::new();
    house.vault.with(|s| s.slow.insert("app01".into(), Duration::from_secs(3600)));
    let (broker, _) = with_stand_in(&house);
    let mut ask = find("app01");
    ask.meta.deadline_ms = Some(10_000);
    let found = house.find(&broker, &ask).unwrap();
    assert_eq!(found.items.len(), 1, "{found:?}");
    assert!(house.clock.passed() < Duration::from_secs(5));
}
