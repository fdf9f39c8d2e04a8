//! Secrets: credentials, texts and files.

use std::fmt;

use secrecy::{ExposeSecret, SecretSlice};

use crate::body::{Body, Form, Json, Rule, multipart};
use crate::endpoint::declare::{calls, paged};
use crate::endpoint::{ApiAnswer, ApiRequest, Endpoint};
use crate::error::Error;
use crate::model::{
    CredentialSecret, FileSecret, FolderId, SecretDestination, SecretId, SecretMove, SecretShare,
    StoredSecret, TextSecret,
};
use crate::repeat::Repeat;

/// Version of the body that describes a file: the one whose owners are users and groups.
const VERSION: &str = "3.1";

/// The largest file that Secrets Safe takes, in bytes.
pub const MAX_FILE: usize = 5_000_000;

/// Puts a file into a folder. 201. *Seen.* 409: there is a secret of this title.
///
/// Call: `POST Secrets-Safe/Folders/{folder}/secrets/file`. Permission: Secrets-Safe
/// (Read/Write). The contents are at most [`MAX_FILE`] bytes long, so they are held in memory,
/// which is wiped.
#[derive(Clone)]
pub struct CreateFileSecret {
    /// The folder.
    pub folder: FolderId,
    /// What is known of it.
    pub new: FileSecret,
    /// Its contents.
    pub contents: SecretSlice<u8>,
}

/// Replaces a file and what is known of it. 200 or 204. *Seen.*
///
/// Call: `PUT Secrets-Safe/Secrets/{secret}/file`. Permission: Secrets-Safe (Read/Write), or
/// owning it. Without contents the file stays as it is.
#[derive(Clone)]
pub struct UpdateFileSecret {
    /// The secret.
    pub secret: SecretId,
    /// What is known of it.
    pub new: FileSecret,
    /// Its contents, if they change.
    pub contents: Option<SecretSlice<u8>>,
}

fn file_form(new: &FileSecret, contents: &[u8]) -> Form {
    multipart(Some(&Json::of_body(new)), "file", &new.file_name, contents)
}

fn check_file(
    name: &'static str,
    new: &FileSecret,
    contents: Option<&SecretSlice<u8>>,
) -> Result<(), Error> {
    new.check().map_err(|rule| Error::misuse(name, rule))?;
    if contents.is_some_and(|contents| contents.expose_secret().len() > MAX_FILE) {
        return Err(Error::misuse(name, "a file has at most 5,000,000 bytes"));
    }
    Ok(())
}

impl Endpoint for CreateFileSecret {
    type Answer = StoredSecret;
    const NAME: &'static str = "POST Secrets-Safe/Folders/{folder}/secrets/file";

    fn request(&self) -> ApiRequest {
        let path = ["Secrets-Safe", "Folders", self.folder.as_str(), "secrets", "file"];
        let form = file_form(&self.new, self.contents.expose_secret());
        ApiRequest::new(http::Method::POST, &path).set("version", &VERSION).multipart(form)
    }

    fn read(&self, answer: &ApiAnswer) -> Result<StoredSecret, Error> {
        answer.object(Self::NAME)
    }

    fn check(&self) -> Result<(), Error> {
        check_file(Self::NAME, &self.new, Some(&self.contents))
    }

    fn repeat(&self) -> Repeat {
        Repeat::Unsafe
    }
}

impl Endpoint for UpdateFileSecret {
    type Answer = ();
    const NAME: &'static str = "PUT Secrets-Safe/Secrets/{secret}/file";

    fn request(&self) -> ApiRequest {
        let path = ["Secrets-Safe", "Secrets", self.secret.as_str(), "file"];
        let request = ApiRequest::new(http::Method::PUT, &path).set("version", &VERSION);
        match &self.contents {
            Some(contents) => request.multipart(file_form(&self.new, contents.expose_secret())),
            None => request.json(Json::of_body(&self.new)),
        }
    }

    fn read(&self, answer: &ApiAnswer) -> Result<(), Error> {
        answer.body(Self::NAME).map(|_| ())
    }

    fn check(&self) -> Result<(), Error> {
        check_file(Self::NAME, &self.new, self.contents.as_ref())
    }
}

impl fmt::Debug for CreateFileSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CreateFileSecret({}, {:?})", self.folder, self.new)
    }
}

impl fmt::Debug for UpdateFileSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UpdateFileSecret({}, {:?})", self.secret, self.new)
    }
}

calls! {
    @also [
        CreateFileSecret "Secrets-Safe (Read/Write)" Seen Unsafe,
        UpdateFileSecret "Secrets-Safe (Read/Write), or owning it" Seen Safe,
    ]

    /// One page of the secrets that the user sees. None is no error.
    ///
    /// Only credentials come with their values; texts and files have calls of their own.
    ListSecrets {
        /// Only in this folder, written as a path.
        path: Option<String>,
        /// What stands between the parts of the path: `/`. Choose another when names hold that.
        separator: Option<String>,
        /// Only of this title.
        title: Option<String>,
        /// Only changed since, `yyyy-MM-ddTHH:mm:ssZ`.
        after: Option<String>,
        /// Only those that the user likes.
        favorite: Option<bool>,
        /// Whether passwords come along, on newer servers: yes.
        decrypt: Option<bool>,
        /// Version of the answer, such as `3.2`.
        version: Option<String>,
        /// Rows to answer.
        limit: u32,
        /// Rows to skip first.
        offset: u32,
    }
        GET "Secrets-Safe" / "Secrets"
        query {
            "Path" = path, "Separator" = separator, "Title" = title, "AfterDate" = after,
            "Favorite" = favorite, "Decrypt" = decrypt, "version" = version,
            "Limit" = limit, "Offset" = offset,
        }
        => list(StoredSecret), Confirmed, "Secrets-Safe (Read), or owning them";

    /// The secrets of a folder.
    ListSecretsOfFolder {
        /// The folder.
        folder: FolderId,
    }
        GET "Secrets-Safe" / "Folders" / folder / "secrets"
        => list(StoredSecret), Confirmed, "Secrets-Safe (Read), or owning them";

    /// A credential, with its password. 404: there is none.
    GetSecret {
        /// The secret.
        secret: SecretId,
    }
        GET "Secrets-Safe" / "Secrets" / secret
        => object(StoredSecret), Confirmed, "Secrets-Safe (Read), or owning it";

    /// A text. 404: there is none.
    GetTextSecret {
        /// The secret.
        secret: SecretId,
    }
        GET "Secrets-Safe" / "Secrets" / secret / "text"
        => object(StoredSecret), Confirmed, "Secrets-Safe (Read), or owning it";

    /// What is known of a file. 404: there is none.
    GetFileSecret {
        /// The secret.
        secret: SecretId,
    }
        GET "Secrets-Safe" / "Secrets" / secret / "file"
        => object(StoredSecret), Confirmed, "Secrets-Safe (Read), or owning it";

    /// The contents of a file, all at once.
    DownloadFileSecret {
        /// The secret.
        secret: SecretId,
    }
        GET "Secrets-Safe" / "Secrets" / secret / "file" / "download"
        => file, Confirmed, "Secrets-Safe (Read), or owning it";

    /// Puts a credential into a folder. 201. 409: there is a secret of this title.
    CreateCredentialSecret {
        /// The folder.
        folder: FolderId,
        /// The credential.
        new: CredentialSecret,
        /// Version of the body: `3.1` or later for owners as this client writes them.
        version: String,
    }
        POST "Secrets-Safe" / "Folders" / folder / "secrets" query { "version" = version }
        json (new)
        rules new_credential_rules
        => object(StoredSecret), Confirmed, "Secrets-Safe (Read/Write)";

    /// Puts a text into a folder. 201. 409: there is a secret of this title.
    CreateTextSecret {
        /// The folder.
        folder: FolderId,
        /// The text.
        new: TextSecret,
        /// Version of the body: `3.1` or later for owners as this client writes them.
        version: String,
    }
        POST "Secrets-Safe" / "Folders" / folder / "secrets" / "text"
        query { "version" = version } json (new)
        rules new_text_rules
        => object(StoredSecret), Confirmed, "Secrets-Safe (Read/Write)";

    /// Replaces a credential. 200 or 204. Some releases may want the password each time, and say so
    /// with 400.
    UpdateCredentialSecret {
        /// The secret.
        secret: SecretId,
        /// What it becomes.
        new: CredentialSecret,
        /// Version of the body: `3.1` or later for owners as this client writes them.
        version: String,
    }
        PUT "Secrets-Safe" / "Secrets" / secret query { "version" = version } json (new)
        rules credential_rules
        => nothing, Confirmed, "Secrets-Safe (Read/Write), or owning it";

    /// Replaces a text. 200 or 204.
    UpdateTextSecret {
        /// The secret.
        secret: SecretId,
        /// What it becomes.
        new: TextSecret,
        /// Version of the body: `3.1` or later for owners as this client writes them.
        version: String,
    }
        PUT "Secrets-Safe" / "Secrets" / secret / "text" query { "version" = version } json (new)
        rules text_rules
        => nothing, Confirmed, "Secrets-Safe (Read/Write), or owning it";

    /// Deletes a secret of any kind. 200 or 204.
    DeleteSecret {
        /// The secret.
        secret: SecretId,
    }
        DELETE "Secrets-Safe" / "Secrets" / secret
        => nothing, Confirmed, "Secrets-Safe (Read/Write), or owning it";

    /// The folders that a secret is shared to.
    ListSharesOfSecret {
        /// The secret.
        secret: SecretId,
    }
        GET "Secrets-Safe" / "Secrets" / secret / "shares"
        => list(SecretShare), Seen, "Secrets-Safe (Read), or owning it";

    /// Shares a secret to a folder. 201 or 204.
    ShareSecret {
        /// The secret.
        secret: SecretId,
        /// The folder.
        folder: FolderId,
    }
        POST "Secrets-Safe" / "Secrets" / secret / "shares" / folder
        => nothing, Seen, "Secrets-Safe (Read/Write), or owning it", Safe;

    /// Takes a secret back from a folder. 200 or 204.
    UnshareSecret {
        /// The secret.
        secret: SecretId,
        /// The folder.
        folder: FolderId,
    }
        DELETE "Secrets-Safe" / "Secrets" / secret / "shares" / folder
        => nothing, Seen, "Secrets-Safe (Read/Write), or owning it";

    /// Takes a secret back from all folders. 200 or 204.
    UnshareSecretEverywhere {
        /// The secret.
        secret: SecretId,
    }
        DELETE "Secrets-Safe" / "Secrets" / secret / "shares"
        => nothing, Seen, "Secrets-Safe (Read/Write), or owning it";

    /// Moves secrets and shares to another folder.
    MoveSecrets {
        /// Which, and where.
        to: SecretDestination,
    }
        PUT "Secrets-Safe" / "Secrets" / "move" json (to)
        => object(SecretMove), Seen, "Secrets-Safe (Read/Write), or owning them";

    /// Marks a secret as liked by the user, or not. 204.
    SetSecretFavorite {
        /// The secret.
        secret: SecretId,
        /// Whether it is liked.
        favorite: bool,
    }
        PUT "Secrets-Safe" / "Secrets" / secret / "favorite" json { "Favorite" = favorite }
        => nothing, Seen, "Secrets-Safe (Read)";
}

impl Default for ListSecrets {
    /// The first thousand of all.
    fn default() -> Self {
        Self {
            path: None,
            separator: None,
            title: None,
            after: None,
            favorite: None,
            decrypt: None,
            version: None,
            limit: 1_000,
            offset: 0,
        }
    }
}

/// Before 3.1 owners were other members, which the vault would miss.
fn owners_are_of(version: &str) -> Result<(), Rule> {
    let minor = version.strip_prefix("3.").and_then(|minor| minor.parse::<u32>().ok());
    match minor {
        Some(1..) => Ok(()),
        _ => Err("version is 3.1 or later: owners are written as it has them"),
    }
}

/// Of a new one; one that is there keeps what it has.
fn new_credential_rules(call: &CreateCredentialSecret) -> Result<(), Rule> {
    match (&call.new.password, call.new.password_rule) {
        (None, None) => Err("a credential has a Password, or a PasswordRuleID to make one by"),
        _ => owners_are_of(&call.version),
    }
}

fn credential_rules(call: &UpdateCredentialSecret) -> Result<(), Rule> {
    owners_are_of(&call.version)
}

fn new_text_rules(call: &CreateTextSecret) -> Result<(), Rule> {
    owners_are_of(&call.version)
}

fn text_rules(call: &UpdateTextSecret) -> Result<(), Rule> {
    owners_are_of(&call.version)
}

paged! {
    ListSecrets of StoredSecret by secret: SecretId;
}
