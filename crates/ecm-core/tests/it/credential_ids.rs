use ecm_core::credential_id::{
    CredentialIdError, CredentialIdKey, CredentialRef, MAX_CREDENTIAL_ID,
};
use ecm_core::source::{AccountKind, AccountRef, SecretKind};
use proptest::prelude::*;

fn key(byte: u8) -> CredentialIdKey {
    CredentialIdKey::new(vec![byte; 32].into()).unwrap()
}

fn sample() -> CredentialRef {
    CredentialRef {
        vault: "main".into(),
        vault_user: r"ACME\joe.user".into(),
        account: AccountRef {
            system: "12".into(),
            account: "3124".into(),
            application: None,
            kind: AccountKind::Linked,
        },
        secret: SecretKind::Password,
    }
}

/// Made once with Python's `hmac` and `base64` over the documented form; it must never change,
/// because consoles remember ids.
#[test]
fn id_of_an_account_never_changes() {
    let expected = concat!(
        "e1.",
        "eyJ2IjoibWFpbiIsInMiOiIxMiIsImEiOiIzMTI0IiwiayI6ImxpbmtlZCIsInUiOiJBQ01FXFxqb2UudXNlciJ9",
        ".pcv6ZZY0nZc6VYcaN2RFVw"
    );
    assert_eq!(key(7).make(&sample()).unwrap(), expected);
}

#[test]
fn id_under_another_key_is_forged() {
    let id = key(7).make(&sample()).unwrap();
    assert_eq!(key(8).read(&id), Err(CredentialIdError::Forged));
}

#[test]
fn every_changed_character_is_noticed() {
    let id = key(7).make(&sample()).unwrap();
    for at in 0..id.len() {
        let mut bytes = id.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(key(7).read(&changed).is_err(), "byte {at}");
    }
}

#[test]
fn odd_ids_are_refused() {
    let good = key(7).make(&sample()).unwrap();
    let cases = [
        String::new(),
        "e1".into(),
        "e1.".into(),
        "e1..".into(),
        ".".into(),
        good.replacen("e1.", "e2.", 1),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}\n"),
        good.rsplit_once('.').unwrap().0.to_owned(),
        good[..good.len() - 2].to_owned(),
        r"joe.user\3124\App01\helpdesk-01".into(),
        "e1.é.é".into(),
        "a".repeat(MAX_CREDENTIAL_ID + 1),
    ];
    for case in cases {
        assert!(key(7).read(&case).is_err(), "{case:?}");
    }
}

#[test]
fn names_too_long_for_an_id_are_told() {
    let long = CredentialRef { vault_user: "x".repeat(1000), ..sample() };
    assert!(matches!(key(7).make(&long), Err(CredentialIdError::TooLong { .. })));
}

#[test]
fn short_key_is_refused() {
    let refused = CredentialIdKey::new(vec![7; 31].into()).unwrap_err();
    assert_eq!(refused.to_string(), "credential id key has 31 bytes, needs at least 32");
}

#[test]
fn key_never_reaches_debug_output() {
    let shown =
        format!("{:?}", CredentialIdKey::new(b"planted-S3cret-planted-S3cret-32".to_vec().into()));
    assert!(!shown.contains("S3cret") && !shown.contains("83, 51"), "{shown}");
}

proptest! {
    #[test]
    fn what_was_made_is_read_back(
        vault in "\\PC{0,20}", user in "\\PC{0,60}", system in "[0-9]{1,10}",
        account in "[0-9]{1,10}", application in proptest::option::of("[0-9]{1,10}"),
        kind in prop_oneof![
            Just(AccountKind::Local), Just(AccountKind::Linked), Just(AccountKind::Application)
        ],
        secret in prop_oneof![Just(SecretKind::Password), Just(SecretKind::SshKey)],
    ) {
        let offered = CredentialRef {
            vault, vault_user: user,
            account: AccountRef { system, account, application, kind }, secret,
        };
        let id = key(7).make(&offered).unwrap();
        prop_assert!(id.len() <= MAX_CREDENTIAL_ID);
        prop_assert!(id.bytes().all(|b| b.is_ascii_graphic()));
        prop_assert_eq!(key(7).read(&id).unwrap(), offered);
    }

    #[test]
    fn anything_at_all_is_read_without_panic(text in "\\PC{0,200}") {
        prop_assert!(key(7).read(&text).is_err());
        let prefixed = format!("e1.{text}");
        prop_assert!(key(7).read(&prefixed).is_err());
    }
}
