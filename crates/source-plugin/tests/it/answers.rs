//! What a plugin answers is held against what it was asked.

use std::collections::BTreeSet;

use ecm_core::search_key::{KeyKind, SearchKey};
use ecm_core::source::{AccountKind, AccountRef, FoundAccount, OpenLoan};
use source_plugin::{AnswerError, Batch, Find, check_account, check_batch, check_loan};

fn key(value: &str) -> SearchKey {
    SearchKey { kind: KeyKind::Host, value: value.to_owned() }
}

fn ask() -> Find {
    Find {
        vault_user: "joe".to_owned(),
        keys: vec![key("app01")],
        kinds: vec![AccountKind::Local],
        deadline_ms: 1,
    }
}

fn found(account: &str) -> FoundAccount {
    FoundAccount {
        account: AccountRef {
            system: "app01".to_owned(),
            account: account.to_owned(),
            application: None,
            kind: AccountKind::Local,
        },
        system_name: "app01".to_owned(),
        account_name: "root".to_owned(),
        domain: None,
        application_name: None,
        max_release_minutes: None,
    }
}

fn batch(accounts: Vec<FoundAccount>) -> Batch {
    Batch { key: key("app01"), kind: AccountKind::Local, not_requestable: 0, accounts }
}

#[test]
fn a_batch_must_answer_what_was_asked_and_once() {
    let mut told = BTreeSet::new();
    let good = batch(vec![found("1")]);
    assert_eq!(check_batch(&ask(), &good, &mut told), Ok(()));
    assert_eq!(check_batch(&ask(), &good, &mut told), Err(AnswerError::Twice));

    let refused = |batch: &Batch| check_batch(&ask(), batch, &mut BTreeSet::new()).unwrap_err();
    let other_key = Batch { key: key("app02"), ..batch(vec![]) };
    assert_eq!(refused(&other_key), AnswerError::NotAsked);
    let other_kind = Batch { kind: AccountKind::Linked, ..batch(vec![]) };
    assert_eq!(refused(&other_kind), AnswerError::NotAsked);
    let many = batch((0..1001).map(|n| found(&n.to_string())).collect());
    assert_eq!(refused(&many), AnswerError::TooMany { accounts: 1001 });
    let mut linked = found("1");
    linked.account.kind = AccountKind::Linked;
    assert_eq!(refused(&batch(vec![linked])), AnswerError::OtherAccount);
}

#[test]
fn names_that_could_not_be_shown_or_kept_are_refused() {
    for bad in ["", "a\nb", &"x".repeat(257)] {
        let mut one = found("1");
        bad.clone_into(&mut one.account_name);
        let refused = check_batch(&ask(), &batch(vec![one]), &mut BTreeSet::new());
        assert_eq!(refused, Err(AnswerError::Name { member: "account-name" }), "{bad:?}");
        let mut one = found("1");
        one.domain = Some(bad.to_owned());
        assert!(check_account(&one.account.clone(), &one).is_err(), "{bad:?}");
    }
}

#[test]
fn loans_without_time_and_endless_reasons_are_refused() {
    let mut one = found("1");
    one.max_release_minutes = Some(0);
    assert_eq!(check_account(&one.account.clone(), &one), Err(AnswerError::NoTime));
    let mut loan = OpenLoan {
        request: "r".to_owned(),
        reused: false,
        expires_at: None,
        reason: Some("x".repeat(4000)),
    };
    assert_eq!(check_loan(&loan), Ok(()));
    loan.reason = Some("x".repeat(4001));
    assert_eq!(check_loan(&loan), Err(AnswerError::Reason));
    loan.request = String::new();
    assert_eq!(check_loan(&loan), Err(AnswerError::Name { member: "request" }));
}

#[test]
fn another_account_than_was_asked_for_is_refused() {
    assert_eq!(check_account(&found("1").account, &found("1")), Ok(()));
    let refused = check_account(&found("1").account, &found("2"));
    assert_eq!(refused, Err(AnswerError::OtherAccount));
}
