//! Answers that say the same in another way than most servers do.

use http::HeaderMap;
use ps_client::endpoint::address_groups::ListAddressGroups;

use ps_client::endpoint::auth::SignIn;
use ps_client::endpoint::credentials::{GetAliasCredential, GetCredential};
use ps_client::endpoint::databases::ListDatabases;
use ps_client::endpoint::managed_systems::GetManagedSystem;
use ps_client::endpoint::platforms::GetPlatform;
use ps_client::endpoint::requests::{CreateRequest, ListRequests};
use ps_client::endpoint::secrets_safe::secrets::{DownloadFileSecret, GetSecret};
use ps_client::endpoint::workgroups::{FindWorkgroup, ListWorkgroups};
use ps_client::endpoint::{ApiAnswer, Endpoint};
use ps_client::model::{
    AccountId, AliasId, CredentialType, NewRequest, PlatformId, RequestId, SecretId, SystemId,
};
use ps_client::transport::HttpAnswer;
use ps_client::{Error, ErrorKind};
use secrecy::ExposeSecret;

fn read_as<E: Endpoint>(call: &E, status: u16, kind: &str, body: &str) -> Result<E::Answer, Error> {
    let status = http::StatusCode::from_u16(status).unwrap();
    let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, kind.parse().unwrap())]);
    let body = body.as_bytes().to_vec().into();
    call.read(&ApiAnswer::new(HttpAnswer { status, headers, body }))
}

fn read<E: Endpoint>(call: &E, body: &str) -> Result<E::Answer, Error> {
    read_as(call, 200, "application/json", body)
}

#[test]
fn the_number_of_a_request_is_read_however_it_is_written() {
    let new = NewRequest::view(SystemId::new(12), AccountId::new(34), 60);
    for body in ["77", " 77\r\n", "\"77\"", "\u{feff}77", "\u{feff}\"77\"\n"] {
        let created = read(&CreateRequest(&new), body);
        assert_eq!(created.expect(body).id.number(), 77, "{body:?}");
    }
    for body in ["", "0", "-1", "\"\"", "null", "[77]", "7 7"] {
        let error = read(&CreateRequest(&new), body).expect_err(body);
        assert!(matches!(error.kind(), ErrorKind::Unreadable { .. }), "{body:?}: {error:?}");
    }
}

#[test]
fn a_byte_order_mark_is_passed_over_everywhere() {
    let get = GetCredential { request: RequestId::new(7), kind: CredentialType::Password };
    assert_eq!(read(&get, "\u{feff}\"x y\"").unwrap().expose_secret(), "x y");
    assert_eq!(read(&SignIn, "\u{feff}{\"UserId\":3}").unwrap().user.number(), 3);
    assert_eq!(read(&ListWorkgroups {}, "\u{feff}[]").unwrap().len(), 0);
}

#[test]
fn whole_numbers_are_read_in_every_notation_and_broken_ones_are_not() {
    let table = [
        ("1433", Some(1433)),
        ("\"1433\"", Some(1433)),
        ("1433.0", Some(1433)),
        ("1.433e3", Some(1433)),
        ("\"1433.0\"", Some(1433)),
        ("1433.5", None),
        ("1e400", None),
        ("true", None),
        ("[1433]", None),
    ];
    for (port, expected) in table {
        let body = format!(r#"[{{"DatabaseID":1,"Port":{port}}}]"#);
        let ports = read(&ListDatabases {}, &body).ok().map(|rows| rows[0].port.unwrap());
        assert_eq!(ports, expected, "{port}");
    }
}

#[test]
fn a_number_or_truth_value_where_a_text_is_expected_does_not_lose_the_list() {
    let rows = read(&ListDatabases {}, r#"[{"DatabaseID":1,"Version":16,"Template":true}]"#);
    let row = rows.unwrap().remove(0);
    assert_eq!((row.version.as_deref(), row.template.as_deref()), (Some("16"), Some("true")));
    let rows = read(
        &ListRequests::default(),
        r#"[{"RequestID":5,"SystemID":1,"AccountID":2,"Status":1,"Reason":42}]"#,
    );
    let row = rows.unwrap().remove(0);
    assert_eq!(
        (format!("{:?}", row.status).as_str(), row.reason.as_deref()),
        (r#"Other("1")"#, Some("42"))
    );
    let secret = read(
        &GetSecret { secret: SecretId::new("5ec2") },
        r#"{"Id":7,"Title":2024,"CreatedOn":20240101,"Urls":[{"Id":5,"Url":"https://a.test"}]}"#,
    );
    let secret = secret.unwrap();
    assert_eq!((secret.secret.as_str(), secret.title.as_str()), ("7", "2024"));
    assert_eq!(secret.urls[0].id.as_deref(), Some("5"));
    assert_eq!(secret.created.unwrap().as_written(), "20240101");
}

#[test]
fn an_empty_secret_is_none_and_a_number_is_a_secret_too() {
    let secret = |body: &str| read(&GetSecret { secret: SecretId::new("5ec2") }, body).unwrap();
    let row = secret(r#"{"Id":"5ec2","Title":"t","Password":"","Notes":123456}"#);
    assert!(row.password.is_none());
    assert_eq!(row.notes.unwrap().expose_secret(), "123456");
    let alias = GetAliasCredential {
        alias: AliasId::new(1),
        request: RequestId::new(2),
        kind: CredentialType::DssKey,
    };
    let body = r#"{"AliasID":1,"SystemID":1,"AccountID":2,"Password":"","PrivateKey":"-----","Passphrase":""}"#;
    let answer = read(&alias, body).unwrap();
    assert!(answer.password.is_none() && answer.passphrase.is_none());
    assert_eq!(answer.private_key.unwrap().expose_secret(), "-----");
}

#[test]
fn nulls_in_a_list_are_passed_over_and_what_is_no_list_is_an_empty_one_or_one_of_one() {
    let table = [
        (r#"[null,{"UserId":7},null]"#, 1),
        (r#"{"UserId":7}"#, 1),
        ("\"\"", 0),
        ("{}", 0),
        ("null", 0),
    ];
    for (owners, expected) in table {
        let body = format!(r#"{{"Id":"5ec2","Title":"t","Owners":{owners}}}"#);
        let secret = read(&GetSecret { secret: SecretId::new("5ec2") }, &body);
        assert_eq!(secret.expect(owners).owners.len(), expected, "{owners}");
    }
}

#[test]
fn a_name_that_is_null_does_not_lose_the_list_and_one_that_is_not_there_is_named() {
    let body = r#"[{"ID":1,"Name":"Default"},{"ID":2,"Name":null},{"ID":3,"Name":""}]"#;
    let rows = read(&ListWorkgroups {}, body).unwrap();
    let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["Default", "", ""]);
    let error = read(&ListWorkgroups {}, r#"[{"ID":1}]"#).unwrap_err();
    assert!(error.to_string().contains("property Name is missing"), "{error}");
}

#[test]
fn one_thing_is_read_from_a_list_of_one_and_from_no_other() {
    let find = FindWorkgroup { name: "Default".to_owned() };
    let row = r#"{"ID":7,"Name":"Default"}"#;
    for body in [
        row.to_owned(),
        format!("[{row}]"),
        format!("\u{feff} [{row}]"),
        format!(r#"{{"TotalCount":1,"Data":[{row}]}}"#),
    ] {
        assert_eq!(read(&find, &body).expect(&body).workgroup.number(), 7, "{body}");
    }
    for body in ["[]", r#"{"TotalCount":0,"Data":[]}"#, r#"{"TotalCount":0}"#] {
        let error = read(&find, body).expect_err(body);
        assert!(matches!(error.kind(), ErrorKind::NotFound), "{body}: {error:?}");
    }
    let error = read(&find, &format!("[{row},{row}]")).unwrap_err();
    assert!(error.to_string().contains("2 rows fit where one is expected"), "{error}");
    let system = GetManagedSystem { system: SystemId::new(1) };
    assert!(matches!(read(&system, "[]").unwrap_err().kind(), ErrorKind::NotFound));
    let platform = GetPlatform { platform: PlatformId::new(1) };
    let error = read(&platform, "[[]]").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unreadable { .. }), "{error:?}");
    assert_eq!(read(&ListAddressGroups {}, "[]").unwrap().len(), 0);
}

#[test]
fn a_stored_web_page_is_a_file_and_a_proxys_is_not() {
    let file = DownloadFileSecret { secret: SecretId::new("5ec2") };
    let page = "<!DOCTYPE html><html>stored</html>";
    let stored = read_as(&file, 200, "application/octet-stream", page).unwrap();
    assert_eq!(stored.as_slice(), page.as_bytes());
    for kind in ["text/html; charset=utf-8", "TEXT/HTML", "application/json"] {
        let error = read_as(&file, 200, kind, page).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotTheApi), "{kind}: {error:?}");
    }
}

#[test]
fn a_proxys_refusal_is_not_taken_for_a_missing_licence() {
    let licence = read(&SignIn, "").map(drop);
    assert!(licence.is_err());
    let refused = |kind: &str, body: &str| read_as(&SignIn, 403, kind, body).unwrap_err();
    assert!(matches!(refused("text/plain", "").kind(), ErrorKind::LicenceInvalid));
    let page = refused("text/html", "<html><title>Blocked</title></html>");
    assert!(matches!(page.kind(), ErrorKind::Forbidden), "{page:?}");
}

#[test]
fn words_where_numbers_are_expected_are_known_by_name_or_kept_as_unknown() {
    use ps_client::endpoint::secrets_safe::safes::ListSafePermissions;
    use ps_client::endpoint::sessions::ListSessions;
    use ps_client::model::{PrincipalKind, SafeId, SessionStatus, UserGroupId};

    let list = ListSessions { status: None, user: None };
    let table = [
        ("1", SessionStatus::InProgress),
        ("\"1\"", SessionStatus::InProgress),
        ("\"InProgress\"", SessionStatus::InProgress),
        ("\"logged\"", SessionStatus::Unnumbered),
        ("77", SessionStatus::Other(77)),
    ];
    for (status, expected) in table {
        let rows = read(&list, &format!(r#"[{{"SessionID":9,"Status":{status}}}]"#));
        assert_eq!(rows.expect(status)[0].status, Some(expected), "{status}");
    }
    assert_eq!(SessionStatus::Unnumbered.code(), None);

    let list = ListSafePermissions { safe: SafeId::new("5afe") };
    let body = r#"[
        {"PrincipalType":"user","PrincipalID":"0B1E-77"},
        {"PrincipalType":1,"PrincipalID":3},
        {"PrincipalType":"Robot","PrincipalID":"4"}
    ]"#;
    let rows = read(&list, body).unwrap();
    let kinds: Vec<_> = rows.iter().map(|row| row.principal_kind).collect();
    use PrincipalKind::{Group, Unnumbered, User};
    assert_eq!(kinds, [User, Group, Unnumbered]);
    assert_eq!(rows[0].principal.as_str(), "0B1E-77");
    assert_eq!(rows[1].principal, UserGroupId::new(3).into());
}

#[test]
fn owners_are_read_by_number_and_by_guid() {
    use ps_client::endpoint::secrets_safe::folders::ListFolders;
    let body = r#"[{"Id":"a","Name":"A","FolderOwnerId":"0b1e-77"},
        {"Id":"b","Name":"B","FolderOwnerId":3},{"Id":"c","Name":"C","FolderOwnerId":null}]"#;
    let rows = read(&ListFolders::default(), body).unwrap();
    let owners: Vec<_> = rows.iter().map(|row| row.owner.as_ref().map(|o| o.as_str())).collect();
    assert_eq!(owners, [Some("0b1e-77"), Some("3"), None]);
    let body = r#"{"Id":"5ec2","Title":"t","OwnerId":"0b1e","Owner":"joe","OwnerType":"User",
        "Owners":[{"OwnerId":"0b1e"}],"Urls":[{"Id":1,"CredentialId":"5ec2","Url":"u"}]}"#;
    let secret = read(&GetSecret { secret: SecretId::new("5ec2") }, body).unwrap();
    assert_eq!(secret.owner, secret.owners[0].owner);
    assert_eq!(
        (secret.owner_name.as_deref(), secret.owner_kind.as_deref()),
        (Some("joe"), Some("User"))
    );
    assert_eq!(secret.urls[0].secret, Some(secret.secret));
}

#[test]
fn an_empty_secret_and_a_test_that_does_not_say_are_no_success() {
    use ps_client::endpoint::credentials::TestCredential;
    let get = GetCredential { request: RequestId::new(7), kind: CredentialType::Password };
    let error = read(&get, "\"\"").unwrap_err();
    assert!(error.to_string().contains("the secret is empty"), "{error}");
    let test = TestCredential { account: AccountId::new(3) };
    assert!(read(&test, r#"{"Success":true}"#).unwrap().success);
    assert!(!read(&test, r#"{"success":"false"}"#).unwrap().success);
    for body in ["{}", r#"{"Success":null}"#, r#"{"Success":"maybe"}"#] {
        read(&test, body).expect_err(body);
    }
}

#[test]
fn a_request_by_alias_is_not_taken_for_one_by_account() {
    let new = NewRequest::view(SystemId::new(12), AccountId::new(34), 60).reason("why");
    let row = |more: &str| {
        let row = r#"{"RequestID":5,"SystemID":12,"AccountID":34,"Reason":"why""#;
        read(&ListRequests::default(), &format!("[{row}{more}}}]")).unwrap().remove(0)
    };
    for (more, answers) in [
        ("", true),
        (r#","AliasID":0"#, true),
        (r#","AliasID":null"#, true),
        (r#","AliasID":8"#, false),
    ] {
        assert_eq!(row(more).answers(&new), answers, "{more}");
    }
    let told = row(r#","AliasID":8,"ManagedSystemName":"SRV01","TotpEnabled":true"#);
    assert_eq!((told.alias, told.has_totp), (Some(AliasId::new(8)), true));
    assert_eq!(told.managed_system_name.as_deref(), Some("SRV01"));
}
