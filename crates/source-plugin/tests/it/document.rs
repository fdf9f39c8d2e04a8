//! The examples of the description are what this crate writes and reads.

use ecm_core::search_key::{KeyKind, SearchKey};
use ecm_core::source::{
    AccountKind, AccountRef, LoanRef, NewLoan, SecretKind, SourceFailure, TicketRef,
};
use secrecy::SecretSlice;
use serde_json::Value;
use source_plugin::{
    Account, Approve, Ask, Borrow, Calls, Find, GiveBack, Health, Hello, HostIdentity, Knows,
    Limits, Line, LookUp, Presence, Read, SecretSetting, encode_call, encode_cancel, failure_of,
    read_line, read_result,
};

const DOCUMENT: &str = include_str!("../../../../docs/wire/plugin.md");

fn example(marker: &str) -> String {
    let (_, after) = DOCUMENT.split_once(&format!("<!-- {marker} -->\n```json\n")).expect(marker);
    after.split_once("```").expect(marker).0.to_owned()
}

fn account() -> AccountRef {
    AccountRef {
        system: "app01".to_owned(),
        account: "17".to_owned(),
        application: None,
        kind: AccountKind::Local,
    }
}

fn joe() -> String {
    r"ACME\joe.user".to_owned()
}

fn loan() -> LoanRef {
    LoanRef { vault_user: joe(), request: "b1f0-4".to_owned() }
}

fn host_key(kind: KeyKind, value: &str) -> SearchKey {
    SearchKey { kind, value: value.to_owned() }
}

/// Writes the `number`-th call and compares it with the document; then reads the document's answer.
fn both_ways<A: Ask>(number: u64, ask: &A) -> A::Answer {
    let mut calls = Calls::new();
    let id = (0..number).map(|_| calls.begin(0)).last().unwrap();
    let written: Value = serde_json::from_slice(encode_call(id, ask).bytes()).unwrap();
    let shown: Value = serde_json::from_str(&example(&format!("line: {}", A::METHOD))).unwrap();
    assert_eq!(written, shown, "{}", A::METHOD);
    let answer = example(&format!("answer: {}", A::METHOD));
    let Line::Result { id: answered, result } = read_line(answer.as_bytes()).unwrap() else {
        unreachable!("{answer} is a result");
    };
    assert_eq!(answered, id);
    read_result(result).unwrap()
}

#[test]
fn every_example_of_the_description_is_what_is_written_and_read() {
    let token = SecretSlice::from(b"only for this example".to_vec());
    let welcome = both_ways(
        1,
        &Hello {
            protocol: vec![1],
            host: HostIdentity { name: "ecm-service".to_owned(), version: "0.1.0".to_owned() },
            vault: "team".to_owned(),
            limits: Limits { line_bytes: 1_048_576, in_flight: 16, batch_accounts: 1000 },
            settings: [("file".to_owned(), "/srv/team/vault.json".into())].into(),
            secrets: [("token".to_owned(), SecretSetting { bytes: token })].into(),
        },
    );
    assert_eq!((welcome.protocol, welcome.plugin.name.as_str()), (1, "python-vault"));

    let keys =
        vec![host_key(KeyKind::Host, "app01.acme.test"), host_key(KeyKind::ShortName, "app01")];
    let kinds = vec![AccountKind::Local, AccountKind::Linked];
    let find = Find { vault_user: joe(), keys, kinds, deadline_ms: 13_500 };
    assert!(both_ways(2, &find).batches.is_empty());
    let partial = example("partial");
    let Line::Partial { batch, .. } = read_line(partial.as_bytes()).unwrap() else {
        unreachable!("{partial} is a part");
    };
    source_plugin::check_batch(&find, &batch, &mut Default::default()).unwrap();
    assert_eq!(batch.accounts[0].account, account());

    let ask = Account { vault_user: joe(), account: account(), deadline_ms: 20_000 };
    source_plugin::check_account(&account(), &both_ways(3, &ask)).unwrap();
    let borrow = Borrow {
        loan: NewLoan {
            vault_user: joe(),
            account: account(),
            minutes: 60,
            reason: "Remote support session on app01 for joe.user (R-7Q2M) lease 01J9".to_owned(),
            marker: "lease 01J9".to_owned(),
            ticket: Some(TicketRef {
                system: Some("ServiceNow".to_owned()),
                number: "INC0012345".to_owned(),
            }),
            renew: false,
        },
        deadline_ms: 20_000,
    };
    assert_eq!(both_ways(4, &borrow).request, "b1f0-4");
    let marker = "lease 01J9".to_owned();
    let looked = both_ways(5, &LookUp { vault_user: joe(), marker, deadline_ms: 20_000 });
    assert_eq!(looked.loan, None);
    let read =
        Read { loan: loan(), account: account(), kind: SecretKind::Password, deadline_ms: 20_000 };
    let answer = both_ways(6, &read);
    assert_eq!(answer.request, "b1f0-4");
    assert!(answer.into_secret(SecretKind::Password).is_some());
    let reason = "session ended".to_owned();
    both_ways(7, &GiveBack { loan: loan(), reason, deadline_ms: 20_000 });
    let reason = "approved by policy".to_owned();
    let approver = r"ACME\approver".to_owned();
    both_ways(8, &Approve { approver, loan: loan(), reason, deadline_ms: 20_000 });
    both_ways(9, &Health { deadline_ms: 5_000 });
    assert!(both_ways(10, &Knows { vault_user: joe(), deadline_ms: 5_000 }).known);
    let keys = vec![host_key(KeyKind::Host, "app01.acme.test")];
    both_ways(11, &Presence { vault_user: joe(), keys, deadline_ms: 5_000 });

    let failure = example("failure: read");
    let Line::Failure { error, .. } = read_line(failure.as_bytes()).unwrap() else {
        unreachable!("{failure} is a failure");
    };
    let error = failure_of(error).unwrap();
    assert_eq!(error.failure, SourceFailure::AwaitingApproval);
    assert_eq!(error.retry_after_ms, Some(5_000));
    let mut calls = Calls::new();
    calls.begin(0);
    let cancel: Value = serde_json::from_slice(encode_cancel(calls.begin(0)).bytes()).unwrap();
    assert_eq!(cancel, serde_json::from_str::<Value>(&example("cancel")).unwrap());
    assert_eq!(DOCUMENT.matches("```json").count(), 25, "every example is read above");
}

#[test]
fn every_failure_of_the_closed_set_is_described() {
    let words: Vec<Value> = DOCUMENT
        .lines()
        .skip_while(|line| !line.starts_with("| `failure`"))
        .skip(2)
        .filter_map(|line| line.split('`').nth(1))
        .map(Value::from)
        .collect();
    assert_eq!(words.len(), 14);
    for word in words {
        let read: Result<SourceFailure, _> = serde_json::from_value(word.clone());
        assert!(read.is_ok(), "{word}");
    }
}
