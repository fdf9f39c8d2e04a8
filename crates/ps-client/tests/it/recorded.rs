//! Answers as they lie on the wire, and what they are read as.

use std::path::Path;

use http::{HeaderMap, HeaderName, StatusCode};
use ps_client::Error;
use ps_client::endpoint::auth::SignIn;
use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::isa_requests::CreateIsaRequest;
use ps_client::endpoint::linked_accounts::ListLinkedAccounts;
use ps_client::endpoint::managed_accounts::{
    GetManagedAccount, ListAccountsOfSystem, ListManagedAccounts,
};
use ps_client::endpoint::managed_systems::{GetManagedSystem, ListManagedSystems};
use ps_client::endpoint::requests::ListRequests;
use ps_client::endpoint::{ApiAnswer, Endpoint};
use ps_client::model::{
    AccountId, CredentialType, ManagedAccountQuery, ManagedSystemQuery, NewIsaRequest, PlatformId,
    RequestId, RequestStatus, RequestableAccount, SystemId,
};
use ps_client::transport::HttpAnswer;
use secrecy::ExposeSecret;

/// Reads `fixtures/data/ps-client/<name>.http`.
fn answer(name: &str) -> ApiAnswer {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/data/ps-client");
    #[expect(clippy::disallowed_methods, reason = "a test reads its table")]
    let text = std::fs::read_to_string(folder.join(format!("{name}.http"))).expect(name);
    let (head, body) = text.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().strip_prefix("HTTP ").unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    let status = StatusCode::from_bytes(status.as_bytes()).unwrap();
    ApiAnswer::new(HttpAnswer { status, headers, body: body.as_bytes().to_vec().into() })
}

fn read<E: Endpoint>(endpoint: &E, name: &str) -> Result<E::Answer, Error> {
    endpoint.read(&answer(name))
}

fn accounts(name: &str) -> Vec<RequestableAccount> {
    let query = ManagedAccountQuery::default();
    read(&ListManagedAccounts { query, limit: 1_000, offset: 0 }, name).expect(name)
}

#[test]
fn account_rows_keep_null_apart_from_zero_and_pass_over_what_is_new() {
    let rows = accounts("managed-accounts-array");
    let [local, linked] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((local.system.number(), local.account.number()), (12, 34));
    assert_eq!((local.system_name.as_str(), local.account_name.as_str()), ("SRV01", "root"));
    assert_eq!((&local.domain, &local.instance, &local.user_principal_name), (&None, &None, &None));
    assert_eq!((local.application, local.last_change.is_some()), (None, false));
    assert_eq!(local.default_release_minutes, Some(120));
    assert_eq!(local.maximum_release_minutes, Some(525_600));
    let next = local.next_change.as_ref().unwrap();
    assert_eq!(next.as_written(), "2026-03-02T00:00:00");
    assert_eq!(next.with_zone(), "2026-03-02T00:00:00Z");
    assert_eq!(local.description.as_deref(), Some("The \"one\" root ä"));
    assert!(!local.is_changing && !local.is_isa);

    assert_eq!(linked.domain.as_deref(), Some("ACME"));
    assert_eq!(linked.user_principal_name.as_deref(), Some("adm-joe@acme.test"));
    assert_eq!((linked.application, linked.platform), (None, Some(PlatformId::new(25))));
    assert_eq!(linked.last_change.as_ref().unwrap().with_zone(), "2026-02-01T10:30:00.1230000Z",);
    assert!(linked.is_changing && linked.is_isa);
}

#[test]
fn member_names_are_read_in_any_case() {
    let rows = accounts("managed-accounts-upper-case");
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.system.number(), row.account.number()), (12, 34));
    assert_eq!(row.application.unwrap().number(), 9);
    assert_eq!(row.application_name.as_deref(), Some("SAP"));
    assert!(row.is_isa);
}

#[test]
fn list_is_read_in_every_shape_it_comes_in() {
    let table = [
        ("managed-accounts-array", 2),
        ("managed-account-object", 1),
        ("managed-accounts-envelope", 1),
        ("managed-accounts-quoted-numbers", 1),
        ("managed-accounts-empty-envelope", 0),
        ("managed-accounts-none", 0),
        ("managed-accounts-nothing", 0),
        ("managed-accounts-null", 0),
    ];
    for (name, expected) in table {
        let rows = accounts(name);
        assert_eq!(rows.len(), expected, "{name}");
        for row in rows {
            assert_eq!((row.system.number(), row.system_name.as_str()), (12, "SRV01"), "{name}");
        }
    }
    let quoted = accounts("managed-accounts-quoted-numbers").remove(0);
    assert!(quoted.is_changing && quoted.is_isa && quoted.application.is_none());
}

#[test]
fn definitions_and_linked_accounts_are_one_model() {
    let (system, account) = (SystemId::new(12), AccountId::new(56));
    let lists = [
        read(&ListAccountsOfSystem { system }, "account-definitions").unwrap(),
        read(&ListLinkedAccounts { system }, "account-definitions").unwrap(),
    ];
    for rows in lists {
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        // The directory's system, not that of the host it is linked to.
        assert_eq!((row.account, row.system.number()), (account, 3));
        assert_eq!(row.name, "adm-joe");
        assert_eq!(row.distinguished_name.as_deref(), Some("CN=adm-joe,OU=Admins,DC=acme,DC=test"));
        assert_eq!(row.sam_account_name.as_deref(), Some("adm-joe"));
        assert_eq!((row.release_minutes, row.maximum_concurrent_requests), (Some(120), Some(0)));
        assert_eq!((&row.description, row.workgroup), (&None, None));
        assert!(row.is_api_enabled && row.changes_after_release && !row.is_changing);
        assert!(!format!("{row:?}").contains("never-sent"));
    }
    let error = read(&GetManagedAccount { account }, "managed-systems").unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}

#[test]
fn systems_are_read() {
    let list = ListManagedSystems { query: ManagedSystemQuery::default(), limit: 9, offset: 0 };
    let rows = read(&list, "managed-systems").unwrap();
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(
        (row.system.number(), row.name.as_str(), row.entity_type),
        (12, "SRV01", Some(ps_client::model::EntityKind::Asset))
    );
    assert_eq!(row.dns_name.as_deref(), Some("srv01.acme.test"));
    assert_eq!((row.ip_address.as_deref(), row.port), (Some("10.0.0.7"), Some(22)));
    assert_eq!((&row.instance, row.workgroup.unwrap().number()), (&None, 1));
    let one = read(&GetManagedSystem { system: row.system }, "managed-account-object");
    assert!(one.is_err());
}

#[test]
fn open_requests_are_read_with_states_that_are_new_or_missing() {
    let rows = read(&ListRequests::default(), "requests").unwrap();
    let [active, pending, frozen, unsaid] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((active.request.number(), &active.status), (77, &RequestStatus::Active));
    assert_eq!(active.release.as_ref().unwrap().with_zone(), "2026-03-01T08:00:00Z");
    assert_eq!(active.expires.as_ref().unwrap().with_zone(), "2026-03-01T14:00:00+00:00");
    assert_eq!((active.application, active.reason.as_deref()), (None, Some("session 4711")));
    assert_eq!((&pending.status, &pending.approved), (&RequestStatus::Pending, &None));
    assert_eq!(pending.requestor.as_deref(), Some(r"ACME\joe"));
    assert_eq!(frozen.status, RequestStatus::Other("Frozen".to_owned()));
    assert_eq!(unsaid.status, RequestStatus::Unsaid);
}

#[test]
fn signed_in_user_is_read() {
    let user = read(&SignIn, "sign-in").unwrap();
    assert_eq!((user.user.number(), user.user_name.as_deref()), (7, Some(r"ACME\joe")));
    assert_eq!(user.sid.as_deref(), Some("S-1-5-21-1-2-3-1107"));
    assert_eq!((user.email, user.name.as_deref()), (None, Some("Joe User")));
}

#[test]
fn secrets_are_read_with_all_their_escapes_and_nothing_else_is_a_secret() {
    let get = GetCredential { request: RequestId::new(77), kind: CredentialType::Password };
    let new = NewIsaRequest::new(SystemId::new(12), AccountId::new(34));
    let isa = CreateIsaRequest { new, kind: CredentialType::Password };
    let table = [
        ("credential", "p\"ä\\ss / 🔑 <&+#;]"),
        ("credential-key", "-----BEGIN KEY-----\r\nabc\nxyz\t\u{8}\u{c}\r\n-----END KEY-----\r\n"),
    ];
    for (name, expected) in table {
        assert_eq!(read(&get, name).unwrap().expose_secret(), expected, "{name}");
        assert_eq!(read(&isa, name).unwrap().expose_secret(), expected, "{name}");
    }
    // Exit status 0 with an apology in place of the secret: seen, and injected into log-ons.
    for name in ["credential-apology", "managed-accounts-null", "sign-in", "requests"] {
        let error = read(&get, name).unwrap_err();
        assert!(error.to_string().contains("not a bare JSON string"), "{error}");
        assert!(read(&isa, name).is_err());
    }
    // An empty password is none, and would be tried against the account until it is locked.
    assert!(read(&get, "credential-empty").is_err() && read(&isa, "credential-empty").is_err());
}

#[test]
fn broken_json_strings_are_no_secrets() {
    let get = GetCredential { request: RequestId::new(77), kind: CredentialType::Password };
    for body in [
        "",
        "\"",
        "\"a",
        "a\"",
        "\"a\"b\"",
        "\"a\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800x\"",
        "\"\\udc00\"",
        "\"a\nb\"",
        "'a'",
        "12",
        "[\"a\"]",
        "\"\\u00g0\"",
    ] {
        let answer = HttpAnswer {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec().into(),
        };
        assert!(get.read(&ApiAnswer::new(answer)).is_err(), "{body}");
    }
}

proptest::proptest! {
    #[test]
    fn any_password_survives_being_a_json_string(password in "\\PC+|[\\x00-\\x7f]+") {
        let get = GetCredential { request: RequestId::new(77), kind: CredentialType::Password };
        let answer = HttpAnswer {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: serde_json::to_vec(&password).unwrap().into(),
        };
        let read = get.read(&ApiAnswer::new(answer)).unwrap();
        proptest::prop_assert_eq!(read.expose_secret(), password);
    }
}
