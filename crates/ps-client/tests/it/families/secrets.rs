//! Secrets Safe.

use ps_client::endpoint::Endpoint;
use ps_client::endpoint::secrets_safe::folders::*;
use ps_client::endpoint::secrets_safe::safes::*;
use ps_client::endpoint::secrets_safe::secrets::*;
use ps_client::model::*;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{Tried, read, t, tried};

const SAFE: &str = r#"{"Id":"5afe","Name":"Team","Description":"x"}"#;
const FOLDER: &str = r#"{"Id":"f01d","Name":"Printers","Description":null,"ParentId":"5afe",
    "UserGroupId":1,"UserId":null,"FolderOwnerId":null,"IsFavorite":false}"#;
const SECRET: &str = r#"{"Id":"5ec2","Title":"Printer","Description":null,"Username":"admin",
    "Password":"p\"w","SecretType":"Credential","FolderId":"f01d","Folder":"Printers",
    "FolderPath":"Team/Printers","CreatedOn":"2026-01-01T00:00:00","CreatedBy":"joe",
    "ModifiedOn":"2026-01-01T00:00:00","ModifiedBy":"joe",
    "Owners":[{"GroupId":null,"UserId":7,"Name":"joe","Email":null}],"Notes":null,
    "Urls":[{"Id":"u1","CredentialId":"5ec2","Url":"https://printer"}],"IsFavorite":true}"#;

fn list(row: &str) -> String {
    format!("[{row}]")
}

pub(super) fn try_all(tried: &mut Tried) {
    safes(tried);
    folders(tried);
    secrets(tried);
    changes(tried);
}

fn safes(tried: &mut Tried) {
    let safe = || SafeId::new("5afe");
    let new = || SafeSettings::new("Team").description("x");
    let body = json!({"Name": "Team", "Description": "x"});
    t!(tried: ListSafes {}, "GET Secrets-Safe/Safes", 200 &list(SAFE));
    t!(tried: GetSafe { safe: safe() }, "GET Secrets-Safe/Safes/5afe", 200 SAFE);
    t!(tried: CreateSafe { new: new() }, "POST Secrets-Safe/Safes", {body}, 201 SAFE);
    t!(tried: UpdateSafe { safe: safe(), new: new() },
        "PUT Secrets-Safe/Safes/5afe", {body}, 204 "");
    t!(tried: DeleteSafe { safe: safe() }, "DELETE Secrets-Safe/Safes/5afe", 204 "");
    t!(tried: ListSafePermissionNames {}, "GET Secrets-Safe/Safes/safe-permissions",
        200 r#"[{"PermissionName":"ManageSafe"}]"#);
    t!(tried: ListSafePermissions { safe: safe() }, "GET Secrets-Safe/Safes/5afe/safe-permissions",
        200 r#"[{"PrincipalType":1,"PrincipalID":3,"PermissionFlags":["ManageSafe"],
            "ExpiresOn":null}]"#);
    let grant =
        SafeGrant::new(PrincipalKind::Group, PrincipalId::new("3"), vec!["ManageSafe".to_owned()]);
    t!(tried: SetSafePermissions { safe: safe(), grant },
        "PUT Secrets-Safe/Safes/5afe/safe-permissions",
        {{"PrincipalType": 1, "PrincipalID": 3, "PermissionFlags": ["ManageSafe"]}}, 204 "");
    let principal_kind = PrincipalKind::User;
    t!(tried: DeleteSafePermissions { safe: safe(), principal_kind, principal: PrincipalId::new("7") },
        "DELETE Secrets-Safe/Safes/5afe/safe-permissions",
        {{"PrincipalType": 0, "PrincipalID": 7}}, 204 "");
}

fn folders(tried: &mut Tried) {
    let folder = || FolderId::new("f01d");
    let all = ListFolders {
        path: Some("Team/Printers".to_owned()),
        root_only: Some(false),
        limit: 50,
        ..ListFolders::default()
    };
    t!(tried: all,
        "GET Secrets-Safe/Folders?FolderPath=Team/Printers&RootOnly=false&Limit=50&Offset=0",
        200 &list(FOLDER));
    t!(tried: GetFolder { folder: folder() }, "GET Secrets-Safe/Folders/f01d", 200 FOLDER);
    let new = || NewFolder::new("Printers", FolderId::new("5afe"));
    let body = json!({"Name": "Printers", "ParentId": "5afe"});
    t!(tried: CreateFolder { new: new() }, "POST Secrets-Safe/Folders", {body}, 201 FOLDER);
    t!(tried: UpdateFolder { folder: folder(), new: new() },
        "PUT Secrets-Safe/Folders/f01d", {body}, 204 "");
    t!(tried: DeleteFolder { folder: folder() }, "DELETE Secrets-Safe/Folders/f01d", 204 "");
    t!(tried: MoveFolder {
            folder: folder(), to: FolderDestination::new(folder(), OnDuplicate::Rename),
        }, "PUT Secrets-Safe/Folders/f01d/Move",
        {{"DestinationFolderId": "f01d", "DuplicateNameAction": "Rename"}},
        200 r#"{"FolderId":"f01d","ParentId":"5afe","OldParentId":"a","FolderCount":1,
            "SecretCount":2,"ShareCount":0,"NewFolderName":"a","OldFolderName":"b"}"#);
    t!(tried: SetFolderFavorite { folder: folder(), favorite: true },
        "PUT Secrets-Safe/Folders/f01d/favorite", {{"Favorite": true}}, 204 "");
}

fn secrets(tried: &mut Tried) {
    let (folder, secret) = (|| FolderId::new("f01d"), || SecretId::new("5ec2"));
    let all = ListSecrets {
        path: Some("Team".to_owned()),
        separator: Some("/".to_owned()),
        title: Some("Printer".to_owned()),
        decrypt: Some(false),
        version: Some("3.2".to_owned()),
        limit: 10,
        ..ListSecrets::default()
    };
    let line = "GET Secrets-Safe/Secrets?Path=Team&Separator=/&Title=Printer&Decrypt=false\
                &version=3.2&Limit=10&Offset=0";
    let page = format!(r#"{{"TotalCount":1,"Data":[{SECRET}]}}"#);
    let (name, rows) = self::tried(&all, line, &json!(null), (200, &page));
    tried.insert(name);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(row.password.as_ref().unwrap().expose_secret(), "p\"w");
    assert_eq!((row.kind.clone(), row.owners.len()), (Some(SecretKind::Credential), 1));
    assert!(!format!("{row:?}").contains("p\\\"w"));
    t!(tried: ListSecretsOfFolder { folder: folder() },
        "GET Secrets-Safe/Folders/f01d/secrets", 200 &list(SECRET));
    t!(tried: GetSecret { secret: secret() }, "GET Secrets-Safe/Secrets/5ec2", 200 SECRET);
    t!(tried: GetTextSecret { secret: secret() }, "GET Secrets-Safe/Secrets/5ec2/text", 200 SECRET);
    t!(tried: GetFileSecret { secret: secret() }, "GET Secrets-Safe/Secrets/5ec2/file", 200 SECRET);
    let download = DownloadFileSecret { secret: secret() };
    t!(tried: download, "GET Secrets-Safe/Secrets/5ec2/file/download", 200 "\u{1}\u{2} a file");
    t!(tried: ListSharesOfSecret { secret: secret() }, "GET Secrets-Safe/Secrets/5ec2/shares",
        200 r#"[{"SecretId":"5ec2","FolderId":"f01d","FolderPath":"a","SecretName":"Printer"}]"#);
    t!(tried: ShareSecret { secret: secret(), folder: folder() },
        "POST Secrets-Safe/Secrets/5ec2/shares/f01d", 201 "");
    t!(tried: UnshareSecret { secret: secret(), folder: folder() },
        "DELETE Secrets-Safe/Secrets/5ec2/shares/f01d", 204 "");
    t!(tried: UnshareSecretEverywhere { secret: secret() },
        "DELETE Secrets-Safe/Secrets/5ec2/shares", 204 "");
    let to = SecretDestination::new(folder(), OnDuplicate::Skip).secrets(vec![secret()]);
    t!(tried: MoveSecrets { to }, "PUT Secrets-Safe/Secrets/move",
        {{"DestinationFolderId": "f01d", "DuplicateNameAction": "Skip", "SecretIds": ["5ec2"]}},
        200 r#"{"DestinationFolderId":"f01d","SecretsCount":1,"SecretsMovedCount":1,
            "SharesCount":0,"SharesMovedCount":0,"SecretsRenamed":[],"SecretsSkipped":[],
            "SecretsNotFound":[],"Errors":[]}"#);
    t!(tried: SetSecretFavorite { secret: secret(), favorite: false },
        "PUT Secrets-Safe/Secrets/5ec2/favorite", {{"Favorite": false}}, 204 "");
    t!(tried: DeleteSecret { secret: secret() }, "DELETE Secrets-Safe/Secrets/5ec2", 204 "");
}

fn changes(tried: &mut Tried) {
    let (folder, secret) = (|| FolderId::new("f01d"), || SecretId::new("5ec2"));
    let version = || "3.1".to_owned();
    let owners = || vec![NewSecretOwner::of_user(UserId::new(7))];
    let credential = || {
        CredentialSecret::new("Printer", "admin", owners())
            .password("p\"w".into())
            .urls(vec![NewSecretUrl::new("https://printer")])
    };
    let body = json!({
        "Title": "Printer", "Username": "admin", "Owners": [{"UserId": 7}], "Password": "p\"w",
        "Urls": [{"Url": "https://printer"}],
    });
    t!(tried: CreateCredentialSecret { folder: folder(), new: credential(), version: version() },
        "POST Secrets-Safe/Folders/f01d/secrets?version=3.1", {body}, 201 SECRET);
    t!(tried: UpdateCredentialSecret { secret: secret(), new: credential(), version: version() },
        "PUT Secrets-Safe/Secrets/5ec2?version=3.1", {body}, 204 "");
    let text = || TextSecret::new("Note", "the text".into(), owners()).notes("n".into());
    let body = json!({
        "Title": "Note", "Text": "the text", "Owners": [{"UserId": 7}], "Notes": "n",
    });
    t!(tried: CreateTextSecret { folder: folder(), new: text(), version: version() },
        "POST Secrets-Safe/Folders/f01d/secrets/text?version=3.1", {body}, 201 SECRET);
    t!(tried: UpdateTextSecret { secret: secret(), new: text(), version: version() },
        "PUT Secrets-Safe/Secrets/5ec2/text?version=3.1", {body}, 204 "");
    let new = FileSecret::new("Disk", "disk.key", owners());
    t!(tried: UpdateFileSecret { secret: secret(), new, contents: None },
        "PUT Secrets-Safe/Secrets/5ec2/file?version=3.1",
        {{"Title": "Disk", "FileName": "disk.key", "Owners": [{"UserId": 7}]}}, 204 "");
}

#[test]
fn a_file_goes_along_with_what_is_known_of_it() {
    let owners = vec![NewSecretOwner::of_group(UserGroupId::new(3))];
    let call = CreateFileSecret {
        folder: FolderId::new("f01d"),
        new: FileSecret::new("Disk", "disk.key", owners),
        contents: b"\x00\xFFplanted".to_vec().into(),
    };
    call.check().unwrap();
    assert_eq!(crate::sent::line(&call), "POST Secrets-Safe/Folders/f01d/secrets/file?version=3.1");
    let request = call.request();
    let sent = request.body().unwrap();
    let metadata = br#"{"Title":"Disk","FileName":"disk.key","Owners":[{"GroupId":3}]}"#;
    let has = |bytes: &[u8]| sent.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(b"name=\"secretmetadata\"") && has(b"filename=\"disk.key\""));
    assert!(has(metadata), "{}", String::from_utf8_lossy(sent));
    assert!(has(b"\x00\xFFplanted"));
    assert!(!format!("{call:?}").contains("planted"), "{call:?}");
    read(&call, 201, SECRET).unwrap();

    let upload = ImportIntoFolder { folder: FolderId::new("f01d"), csv: b"a,b".to_vec().into() };
    assert_eq!(crate::sent::line(&upload), "POST Secrets-Safe/Folders/f01d/upload");
    let answer = r#"{"totalNumber":2,"errors":[{"lineNumber":2,"error":"no title"}],
        "successfulImport":1}"#;
    let read = read(&upload, 201, answer).unwrap();
    assert_eq!((read.total, read.successful, read.errors[0].line), (Some(2), Some(1), Some(2)));
}

#[test]
fn what_secrets_safe_would_refuse_is_not_sent() {
    let owners = || vec![NewSecretOwner::of_user(UserId::new(7))];
    let folder = FolderId::new("f01d");
    let version = "3.1".to_owned();
    let rule = |error: ps_client::Error| match error.kind() {
        ps_client::ErrorKind::Misuse { rule } => *rule,
        other => panic!("{other:?}"),
    };
    let credential = |new| {
        let call = CreateCredentialSecret { folder: folder.clone(), new, version: version.clone() };
        call.check().err().map(rule)
    };
    let with_password =
        |password: &str| CredentialSecret::new("t", "u", owners()).password(password.into());
    let table = [
        (with_password("p"), None),
        (with_password(""), Some("Password cannot be empty: leave it out to keep what is there")),
        (with_password(&"ä".repeat(256)), None),
        (with_password(&"ä".repeat(257)), Some("Password has at most 256 characters")),
        (
            CredentialSecret::new("t", "u", owners()),
            Some("a credential has a Password, or a PasswordRuleID to make one by"),
        ),
        (
            CredentialSecret::new("t", "u", vec![]).password("p".into()),
            Some("a secret has at least one of Owners"),
        ),
        (
            CredentialSecret::new("", "u", owners()).password("p".into()),
            Some("Title cannot be empty"),
        ),
    ];
    for (new, expected) in table {
        assert_eq!(credential(new), expected);
    }
    let file = |bytes: usize| {
        let new = FileSecret::new("t", "f", owners());
        let contents = vec![0; bytes].into();
        CreateFileSecret { folder: folder.clone(), new, contents }.check().err().map(rule)
    };
    assert_eq!(file(MAX_FILE), None);
    assert_eq!(file(MAX_FILE + 1), Some("a file has at most 5,000,000 bytes"));
}
