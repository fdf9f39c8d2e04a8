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
