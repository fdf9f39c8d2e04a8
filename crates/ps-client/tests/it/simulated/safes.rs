//! Secrets Safe, written and read.

use ps_client::ErrorKind;
use ps_client::endpoint::secrets_safe::folders::*;
use ps_client::endpoint::secrets_safe::safes::*;
use ps_client::endpoint::secrets_safe::secrets::*;
use ps_client::model::*;
use secrecy::ExposeSecret;

use super::{Seat, ask, refused};

fn owners() -> Vec<NewSecretOwner> {
    vec![NewSecretOwner::of_user(UserId::new(109))]
}

pub(super) async fn play(vera: &Seat) {
    let (safe, folder) = places(vera).await;
    let inside = || folder.clone();
    let credential = CredentialSecret::new("Printer", "admin", owners())
        .password("p\"\u{e4}\\w".into())
        .urls(vec![NewSecretUrl::new("https://printer.acme.test")]);
    let version = || "3.1".to_owned();
    let call =
        CreateCredentialSecret { folder: inside(), new: credential.clone(), version: version() };
    let printer = ask!(vera, call.clone());
    assert!(matches!(refused!(vera, call).kind(), ErrorKind::Conflict(None)));
    let secret = || printer.secret.clone();
    let read = ask!(vera, GetSecret { secret: secret() });
    assert_eq!(read.password.unwrap().expose_secret(), "p\"\u{e4}\\w");
    assert_eq!(read.folder_path.as_deref(), Some("Crew/Printers"));
    assert_eq!(read.urls[0].url.as_deref(), Some("https://printer.acme.test"));
    let new = credential.password("second".into()).notes("n".into());
    ask!(vera, UpdateCredentialSecret { secret: secret(), new, version: version() });
    let read = ask!(vera, GetSecret { secret: secret() });
    assert_eq!(read.password.unwrap().expose_secret(), "second");

    let text = |value: &str| TextSecret::new("Note", value.into(), owners());
    let call = CreateTextSecret { folder: inside(), new: text("one"), version: version() };
    let note = ask!(vera, call).secret;
    let new = text("two");
    ask!(vera, UpdateTextSecret { secret: note.clone(), new, version: version() });
    let read = ask!(vera, GetTextSecret { secret: note.clone() });
    assert_eq!(read.text.unwrap().expose_secret(), "two");

    let bytes = b"\x00\xff\r\n--x\r\n\r\nkey".to_vec();
    let new = || FileSecret::new("Disk", "disk.key", owners());
    let call = CreateFileSecret { folder: inside(), new: new(), contents: bytes.clone().into() };
    let disk = ask!(vera, call).secret;
    let download = || DownloadFileSecret { secret: disk.clone() };
    assert_eq!(ask!(vera, download()).as_slice(), bytes);
    let file = ask!(vera, GetFileSecret { secret: disk.clone() });
    assert_eq!(file.file_hash.unwrap().len(), 64);
    let contents = Some(b"other".to_vec().into());
    ask!(vera, UpdateFileSecret { secret: disk.clone(), new: new(), contents });
    assert_eq!(ask!(vera, download()).as_slice(), b"other");
    let described = new().description("of the old laptop");
    ask!(vera, UpdateFileSecret { secret: disk.clone(), new: described, contents: None });
    assert_eq!(ask!(vera, download()).as_slice(), b"other", "what is not sent stays");

    found(vera, &printer.secret, &folder).await;
    shared_and_moved(vera, &printer.secret, &folder, &safe).await;
    for secret in [printer.secret, note, disk] {
        ask!(vera, DeleteSecret { secret: secret.clone() });
        refused!(vera, GetSecret { secret });
    }
    let csv = b"Title,Username,Password\r\nA,a,\"p,\"\"w\"\r\n,b,pw\r\nA,c,pw\r\n".to_vec();
    let done = ask!(vera, ImportIntoFolder { folder: inside(), csv: csv.into() });
    assert_eq!((done.total, done.successful), (Some(3), Some(1)));
    let lines: Vec<_> = done.errors.iter().filter_map(|error| error.line).collect();
    assert_eq!(lines, [3, 4], "one without title, one whose title is taken");
    let imported = ask!(vera, ListSecretsOfFolder { folder: inside() });
    let password = imported[0].password.as_ref().unwrap();
    assert_eq!(password.expose_secret(), "p,\"w");
    ask!(vera, DeleteSecret { secret: imported[0].secret.clone() });
    ask!(vera, DeleteFolder { folder: inside() });
    refused!(vera, GetFolder { folder });
}

async fn places(vera: &Seat) -> (SafeId, FolderId) {
    let new = || SafeSettings::new("Crew");
    let safe = ask!(vera, CreateSafe { new: new() }).safe;
    assert!(matches!(refused!(vera, CreateSafe { new: new() }).kind(), ErrorKind::Conflict(None)));
    ask!(vera, UpdateSafe { safe: safe.clone(), new: new().description("ours") });
    let read = ask!(vera, GetSafe { safe: safe.clone() });
    assert_eq!(read.description.as_deref(), Some("ours"));
    assert_eq!(ask!(vera, ListSafes {}).len(), 1);
    let flag = ask!(vera, ListSafePermissionNames {})[0].name.clone();
    let grant = SafeGrant::new(PrincipalKind::Group, UserGroupId::new(3).into(), vec![flag]);
    ask!(vera, SetSafePermissions { safe: safe.clone(), grant });
    assert_eq!(
        ask!(vera, ListSafePermissions { safe: safe.clone() })[0].principal,
        UserGroupId::new(3).into()
    );
    let principal_kind = PrincipalKind::Group;
    ask!(
        vera,
        DeleteSafePermissions {
            safe: safe.clone(),
            principal_kind,
            principal: UserGroupId::new(3).into()
        }
    );
    assert!(ask!(vera, ListSafePermissions { safe: safe.clone() }).is_empty());
    let spare = ask!(vera, CreateSafe { new: SafeSettings::new("Spare") }).safe;
    ask!(vera, DeleteSafe { safe: spare });

    let parent = FolderId::new(safe.as_str());
    let new = |name: &str| NewFolder::new(name, parent.clone());
    let folder = ask!(vera, CreateFolder { new: new("Machines") }).folder;
    ask!(vera, UpdateFolder { folder: folder.clone(), new: new("Printers") });
    assert_eq!(ask!(vera, GetFolder { folder: folder.clone() }).name, "Printers");
    ask!(vera, SetFolderFavorite { folder: folder.clone(), favorite: true });
    let call = ListFolders { path: Some("Crew".to_owned()), limit: 10, ..ListFolders::default() };
    let listed = ask!(vera, call);
    assert_eq!(listed.len(), 1);
    assert!(listed[0].is_favorite);
    (safe, folder)
}

async fn found(vera: &Seat, secret: &SecretId, folder: &FolderId) {
    ask!(vera, SetSecretFavorite { secret: secret.clone(), favorite: true });
    let search = |change: fn(&mut ListSecrets)| {
        let mut call = ListSecrets { limit: 10, ..ListSecrets::default() };
        change(&mut call);
        call
    };
    let titles =
        |rows: Vec<StoredSecret>| rows.into_iter().map(|one| one.title).collect::<Vec<_>>();
    let favorites = ask!(vera, search(|call| call.favorite = Some(true)));
    assert_eq!(titles(favorites), ["Printer"]);
    let by_path = search(|call| {
        call.path = Some("Crew:Printers".to_owned());
        call.separator = Some(":".to_owned());
        call.decrypt = Some(false);
        call.version = Some("3.2".to_owned());
    });
    let rows = ask!(vera, by_path);
    assert!(rows.iter().all(|one| one.password.is_none()), "asked without passwords");
    assert_eq!(titles(rows), ["Printer", "Note", "Disk"]);
    let late = search(|call| call.after = Some("2999-01-01T00:00:00Z".to_owned()));
    assert!(ask!(vera, late).is_empty());
    assert_eq!(ask!(vera, ListSecretsOfFolder { folder: folder.clone() }).len(), 3);
}

async fn shared_and_moved(vera: &Seat, secret: &SecretId, folder: &FolderId, safe: &SafeId) {
    let new = NewFolder::new("Branch", FolderId::new(safe.as_str()));
    let branch = ask!(vera, CreateFolder { new }).folder;
    let (secret, folder) = (|| secret.clone(), || folder.clone());
    ask!(vera, ShareSecret { secret: secret(), folder: branch.clone() });
    let shares = ask!(vera, ListSharesOfSecret { secret: secret() });
    assert_eq!(shares[0].folder_path.as_deref(), Some("Crew/Branch"));
    assert_eq!(ask!(vera, ListSecretsOfFolder { folder: branch.clone() }).len(), 1);
    ask!(vera, UnshareSecret { secret: secret(), folder: branch.clone() });
    ask!(vera, ShareSecret { secret: secret(), folder: branch.clone() });
    ask!(vera, UnshareSecretEverywhere { secret: secret() });
    assert!(ask!(vera, ListSharesOfSecret { secret: secret() }).is_empty());

    let to = SecretDestination::new(branch.clone(), OnDuplicate::Stop).secrets(vec![secret()]);
    assert_eq!(ask!(vera, MoveSecrets { to }).moved, Some(1));
    let call = ListSecretsOfFolder { folder: branch.clone() };
    assert_eq!(ask!(vera, call)[0].secret, secret());
    let full = refused!(vera, DeleteFolder { folder: branch.clone() });
    assert!(matches!(full.kind(), ErrorKind::Conflict(None)), "a folder must be empty");
    let to = FolderDestination::new(folder(), OnDuplicate::Rename);
    let moved = ask!(vera, MoveFolder { folder: branch.clone(), to });
    assert_eq!((moved.parent, moved.secrets), (Some(folder()), Some(1)));
    let read = ask!(vera, GetSecret { secret: secret() });
    assert_eq!(read.folder_path.as_deref(), Some("Crew/Printers/Branch"));
    let to = FolderDestination::new(branch.clone(), OnDuplicate::Rename);
    refused!(vera, MoveFolder { folder: folder(), to });
    let to = SecretDestination::new(folder(), OnDuplicate::Rename).secrets(vec![secret()]);
    ask!(vera, MoveSecrets { to });
    ask!(vera, DeleteFolder { folder: branch });
}
