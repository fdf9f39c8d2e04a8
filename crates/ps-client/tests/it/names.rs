//! Addresses, run-as users, and names on their way into an address.

use proptest::prelude::*;
use ps_client::endpoint::managed_accounts::ListManagedAccounts;
use ps_client::model::{AccountKind, ManagedAccountQuery, VaultTime};
use ps_client::{AddressError, ErrorKind, RunAs, RunAsError, VaultAddress};

use crate::scripted::{Vault, reply};

#[test]
fn address_is_https_to_an_api_and_nothing_else() {
    for good in [
        "https://vault.acme.test/BeyondTrust/api/public/v3",
        " https://vault.acme.test/BeyondTrust/api/public/v3/ ",
        "https://tenant.example:8443/beyondtrust/API/Public/V3",
        "https://old.example/eEye.RetinaCS.Server/api/public/v3",
        "https://[fd00::1]/BeyondTrust/api/public/v3",
    ] {
        let address = VaultAddress::parse(good).unwrap_or_else(|error| panic!("{good}: {error}"));
        assert!(address.to_string().ends_with('/'), "{address}");
    }
    let table = [
        ("vault.acme.test", "not a URL"),
        ("http://vault.acme.test/BeyondTrust/api/public/v3", "by https"),
        ("http://127.0.0.1/BeyondTrust/api/public/v3", "by https"),
        ("https://joe:pw@vault.acme.test/BeyondTrust/api/public/v3", "user name or password"),
        ("https://vault.acme.test/BeyondTrust/api/public/v3?x=1", "query or fragment"),
        ("https://vault.acme.test/BeyondTrust/api/public/v3#x", "query or fragment"),
        ("https://vault.acme.test/", "/BeyondTrust/api/public/v3"),
        ("https://vault.acme.test/BeyondTrust/api/public/v3/Auth", "/BeyondTrust/api/public/v3"),
        ("https://vault.acme.test/BeyondTrust/api/public/v", "/BeyondTrust/api/public/v3"),
    ];
    for (bad, says) in table {
        let error = VaultAddress::parse(bad).unwrap_err();
        assert!(error.to_string().contains(says), "{bad}: {error}");
        assert!(!format!("{error} {error:?}").contains("pw@"), "{error:?}");
    }
    let plain = VaultAddress::parse("ftp://vault.acme.test/BeyondTrust/api/public/v3");
    assert_eq!(plain, Err(AddressError::NotHttps { scheme: "ftp".to_owned() }));
}

#[test]
fn run_as_takes_account_names_and_nothing_that_breaks_the_header() {
    for good in ["joe", r"ACME\joe.user", "joe@acme.test", "Joe User", "svc_$x-1", &"a".repeat(256)]
    {
        assert_eq!(RunAs::new(good).unwrap().as_str(), good);
    }
    let character = |position, character| RunAsError::Character { position, character };
    let table = [
        ("", RunAsError::Empty),
        (&"a".repeat(257), RunAsError::TooLong { bytes: 257 }),
        ("joe; pwd=[x]", character(3, ';')),
        ("joe=1", character(3, '=')),
        ("joe[", character(3, '[')),
        ("joe\r\nX: y", character(3, '\r')),
        ("joe\0", character(3, '\0')),
        ("jo\u{e9}", character(2, 'é')),
        ("a/b", character(1, '/')),
        ("a:b", character(1, ':')),
        (" joe", RunAsError::Spaces),
        ("joe ", RunAsError::Spaces),
        ("joe  user", RunAsError::Spaces),
        (r"A\B\c", RunAsError::Separators),
        (r"ACME\joe@acme", RunAsError::Separators),
        (r"ACME\", RunAsError::HalfName),
        (r"\joe", RunAsError::HalfName),
        ("@acme.test", RunAsError::HalfName),
        ("joe@", RunAsError::HalfName),
    ];
    for (bad, expected) in table {
        assert_eq!(RunAs::new(bad), Err(expected), "{bad:?}");
    }
}

/// Names with `&`, `+`, `#`, `%`, spaces and backslashes were cut or changed by several clients.
#[tokio::test]
async fn names_with_any_character_arrive_in_the_query_as_they_are() {
    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("GET ManagedAccounts", reply(200, "[]"));
    let query = ManagedAccountQuery {
        account_name: Some(r"A&B\joe+x#1%20 ü".to_owned()),
        ..ManagedAccountQuery::default()
    };
    session.managed_accounts(&query).await.unwrap();
    assert_eq!(
        vault.last().query,
        "accountName=A%26B%5Cjoe%2Bx%231%2520%20%C3%BC&limit=1000&offset=0",
    );
}

proptest! {
    #[test]
    fn any_text_survives_the_way_into_a_query(name in "\\PC{1,40}|[\\x01-\\x7f]{1,40}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let vault = Vault::open();
            let session = vault.session().await;
            vault.on("GET ManagedAccounts", reply(200, "[]"));
            let query = ManagedAccountQuery::default().on_system(&name);
            session.managed_accounts(&query).await.unwrap();
            let sent = vault.last().query;
            let value = sent.strip_prefix("systemName=").unwrap().split('&').next().unwrap();
            prop_assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            prop_assert_eq!(decoded(value), name);
            Ok(())
        })?;
    }

    #[test]
    fn run_as_never_holds_what_ends_a_header_or_one_of_its_parts(name in "\\PC*|[ -~]{0,20}") {
        if let Ok(run_as) = RunAs::new(&name) {
            prop_assert!(run_as.as_str().bytes().all(|b| (b' '..=b'~').contains(&b)));
            prop_assert!(!run_as.as_str().contains([';', '=', '[', ']', ',']));
        }
    }
}

/// RFC 3986 read the other way round; nothing of the client's is used.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(if *first == b'%' {
            let hex = std::str::from_utf8(&rest[..2]).unwrap();
            rest = &rest[2..];
            u8::from_str_radix(hex, 16).unwrap()
        } else {
            *first
        });
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn filters_that_the_vault_answers_with_nothing_are_refused_unsent() {
    let named = |kind, name: &str| ManagedAccountQuery {
        account_name: Some(name.to_owned()),
        ..ManagedAccountQuery::of_kind(kind)
    };
    let all = ManagedAccountQuery::default;
    let table = [
        (named(AccountKind::DomainLinked, "joe"), "DOMAIN"),
        (all().of_application("SAP"), "application"),
        (all().at_address("10.0.0.7"), "address"),
        (ManagedAccountQuery::of_kind(AccountKind::Cloud).at_address("10.0.0.7"), "address"),
        (all().on_system(""), "empty"),
    ];
    let vault = Vault::open();
    let session = vault.session().await;
    for (query, says) in table {
        let error = session.managed_accounts(&query).await.unwrap_err();
        let ErrorKind::Misuse { rule } = error.kind() else { panic!("{error:?}") };
        assert!(rule.contains(says), "{rule}");
        assert!(!error.may_repeat());
    }
    assert_eq!(vault.routes(), ["POST Auth/SignAppin"]);
    for query in [
        named(AccountKind::DomainLinked, r"ACME\joe"),
        named(AccountKind::DomainLinked, "joe@acme.test"),
        named(AccountKind::System, "joe"),
        ManagedAccountQuery::of_kind(AccountKind::Application).of_application("SAP"),
        ManagedAccountQuery::of_kind(AccountKind::Database).at_address("10.0.0.7"),
    ] {
        vault.on("GET ManagedAccounts", reply(200, "[]"));
        let list = ListManagedAccounts { query, limit: 10, offset: 0 };
        session.send(&list).await.unwrap();
    }
}

#[test]
fn times_without_a_zone_are_utc_and_others_keep_theirs() {
    let table = [
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z"),
        ("2026-03-01T08:00:00.1230000Z", "2026-03-01T08:00:00.1230000Z"),
        ("2026-03-01T08:00:00+01:00", "2026-03-01T08:00:00+01:00"),
        ("2026-03-01T08:00:00-05:30", "2026-03-01T08:00:00-05:30"),
        ("2026-03-01T08:00:00", "2026-03-01T08:00:00Z"),
        ("2026-03-01T08:00:00.5", "2026-03-01T08:00:00.5Z"),
        ("2026-03-01 08:00:00", "2026-03-01T08:00:00Z"),
        ("2026-03-01", "2026-03-01T00:00:00Z"),
        ("03/01/2026 08:00", "03/01/2026 08:00"),
        ("2026-03-01T08:00:00 PM", "2026-03-01T08:00:00 PM"),
        ("", ""),
    ];
    for (written, expected) in table {
        let time = VaultTime::from(written);
        assert_eq!(time.with_zone(), expected, "{written}");
        assert_eq!(time.as_written(), written);
    }
}
