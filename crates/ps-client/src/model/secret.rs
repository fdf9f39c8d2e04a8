//! Secrets of Secrets Safe: credentials, texts, files.

use secrecy::SecretString;

use super::rows::models;
use super::words::words;
use super::{
    FolderId, OnDuplicate, PasswordRuleId, PrincipalId, SecretId, UserGroupId, UserId, VaultTime,
};
use crate::body::{Rule, bodies};

models! {
    /// A secret. Which value it has depends on its kind, on the call, and on `Decrypt`.
    StoredSecret {
        /// The secret.
        secret: SecretId = "Id",
        /// Its title.
        title: String = "Title",
        /// Description.
        description: Option<String> = "Description",
        /// What kind it is; only lists say so.
        kind: Option<SecretKind> = "SecretType",
        /// User name of a credential.
        username: Option<String> = "Username",
        /// Password of a credential.
        password: Option<SecretString> = "Password",
        /// The text of a text.
        text: Option<SecretString> = "Text",
        /// Name of a file.
        file_name: Option<String> = "FileName",
        /// Its hash, as the vault made it.
        file_hash: Option<String> = "FileHash",
        /// Its folder.
        folder: Option<FolderId> = "FolderId",
        /// The folder's name.
        folder_name: Option<String> = "Folder",
        /// The folder's path.
        folder_path: Option<String> = "FolderPath",
        /// When it was made.
        created: Option<VaultTime> = "CreatedOn",
        /// By whom.
        created_by: Option<String> = "CreatedBy",
        /// When it was changed last.
        modified: Option<VaultTime> = "ModifiedOn",
        /// By whom.
        modified_by: Option<String> = "ModifiedBy",
        /// When its value was changed last (3.2).
        value_modified: Option<VaultTime> = "SecretValueModifiedOn",
        /// Its owners.
        owners: Vec<SecretOwner> = "Owners",
        /// Its owner (3.0).
        owner: Option<PrincipalId> = "OwnerId",
        /// The owner's name (3.0).
        owner_name: Option<String> = "Owner",
        /// Whether the owner is a user or a group, in the vault's words (3.0).
        owner_kind: Option<String> = "OwnerType",
        /// Notes. People write secrets there.
        notes: Option<SecretString> = "Notes",
        /// Addresses it is for.
        urls: Vec<SecretUrl> = "Urls",
        /// Whether the user likes it.
        is_favorite: bool = "IsFavorite",
    }

    /// An owner of a secret.
    SecretOwner {
        /// A group (3.1).
        group: Option<UserGroupId> = "GroupId",
        /// A user (3.1).
        user: Option<UserId> = "UserId",
        /// The owner (3.0).
        owner: Option<PrincipalId> = "OwnerId",
        /// The owner's name (3.1).
        name: Option<String> = "Name",
        /// The owner's name (3.0).
        owner_name: Option<String> = "Owner",
        /// E-mail address.
        email: Option<String> = "Email",
    }

    /// An address that a secret is for.
    SecretUrl {
        /// Its identifier.
        id: Option<String> = "Id",
        /// The secret.
        secret: Option<SecretId> = "CredentialId",
        /// The address.
        url: Option<String> = "Url",
    }

    /// A folder that a secret is shared to.
    SecretShare {
        /// The secret.
        secret: SecretId = "SecretId",
        /// The folder.
        folder: FolderId = "FolderId",
        /// Its path.
        folder_path: Option<String> = "FolderPath",
        /// The secret's title.
        title: Option<String> = "SecretName",
    }

    /// What moving secrets came to.
    SecretMove {
        /// Where they went.
        destination: Option<FolderId> = "DestinationFolderId",
        /// How many were asked for.
        secrets: Option<u32> = "SecretsCount",
        /// How many were moved.
        moved: Option<u32> = "SecretsMovedCount",
        /// How many shares were asked for.
        shares: Option<u32> = "SharesCount",
        /// How many were moved.
        shares_moved: Option<u32> = "SharesMovedCount",
        /// Those that were given another title.
        renamed: Vec<String> = "SecretsRenamed",
        /// Those that stayed.
        skipped: Vec<String> = "SecretsSkipped",
        /// Those that there are none of.
        not_found: Vec<String> = "SecretsNotFound",
        /// Those that would break a rule at the destination.
        invalid: Vec<String> = "SecretsFailedValidation",
        /// Shares that there are none of.
        shares_not_found: Vec<String> = "SharesNotFound",
        /// Shares that would break a rule at the destination.
        shares_invalid: Vec<String> = "SharesFailedValidation",
        /// Shares that cannot leave their safe.
        shares_of_another_safe: Vec<String> = "SharesNotMovedToDifferentSafe",
        /// Shares that are gone, because their secret lies there now.
        shares_removed: Vec<String> = "SharesRemoved",
        /// What went wrong.
        errors: Vec<String> = "Errors",
    }
}

words! {
    /// What kind of secret.
    SecretKind {
        /// User name and password.
        Credential = "Credential",
        /// A text.
        Text = "Text",
        /// A file.
        File = "File",
    }
}

bodies! {
    /// An owner that a secret is given (3.1): a user or a group.
    NewSecretOwner () {
        /// A group.
        group: of(UserGroupId) = "GroupId",
        /// A user.
        user: of(UserId) = "UserId",
        /// The owner's name.
        name: text(256) = "Name",
        /// E-mail address.
        email: text(256) = "Email",
    } rules owner_is_one;

    /// An address that a secret is for.
    NewSecretUrl (
        /// The address, at most 2048 characters.
        url: text(2048) = "Url",
    ) {};

    /// A credential in Secrets Safe. A new one has a password, or a rule to make one by.
    CredentialSecret (
        /// Its title, at most 256 characters.
        title: text(256) = "Title",
        /// User name, at most 1000 characters.
        username: text(1000) = "Username",
        /// Its owners, at least one.
        owners: of(Vec<NewSecretOwner>) = "Owners",
    ) {
        /// Description, at most 256 characters.
        description: text(256) = "Description",
        /// The password, at most 256 characters.
        password: secret(256) = "Password",
        /// The rule by which the vault makes one.
        password_rule: of(PasswordRuleId) = "PasswordRuleID",
        /// Notes, at most 4000 characters.
        notes: secret(4000) = "Notes",
        /// Addresses it is for.
        urls: of(Vec<NewSecretUrl>) = "Urls",
        /// The folder it moves to; in changes only.
        folder: of(FolderId) = "FolderId",
    } rules credential_has_an_owner;

    /// A text in Secrets Safe.
    TextSecret (
        /// Its title, at most 256 characters.
        title: text(256) = "Title",
        /// The text, at most 4096 characters.
        text: secret(4096) = "Text",
        /// Its owners, at least one.
        owners: of(Vec<NewSecretOwner>) = "Owners",
    ) {
        /// Description, at most 256 characters.
        description: text(256) = "Description",
        /// Notes, at most 4000 characters.
        notes: secret(4000) = "Notes",
        /// Addresses it is for.
        urls: of(Vec<NewSecretUrl>) = "Urls",
        /// The folder it moves to; in changes only.
        folder: of(FolderId) = "FolderId",
    } rules text_has_an_owner;

    /// A file in Secrets Safe: what is known of it. Its contents go along with the call.
    FileSecret (
        /// Its title, at most 256 characters.
        title: text(256) = "Title",
        /// Name of the file, at most 256 characters.
        file_name: text(256) = "FileName",
        /// Its owners, at least one.
        owners: of(Vec<NewSecretOwner>) = "Owners",
    ) {
        /// Description, at most 256 characters.
        description: text(256) = "Description",
        /// Notes, at most 4000 characters.
        notes: secret(4000) = "Notes",
        /// Addresses it is for.
        urls: of(Vec<NewSecretUrl>) = "Urls",
        /// The folder it moves to; in changes only.
        folder: of(FolderId) = "FolderId",
    } rules file_has_an_owner;

    /// Secrets and shares that go to another folder.
    SecretDestination (
        /// The folder.
        destination: of(FolderId) = "DestinationFolderId",
        /// What happens when a secret of the same title lies there.
        on_duplicate: of(OnDuplicate) = "DuplicateNameAction",
    ) {
        /// The secrets.
        secrets: of(Vec<SecretId>) = "SecretIds",
        /// The shares.
        shares: of(Vec<SecretId>) = "ShareIds",
    } rules something_is_moved;
}

const NO_OWNER: Rule = "a secret has at least one of Owners";

fn owner_is_one(owner: &NewSecretOwner) -> Result<(), Rule> {
    match (owner.group, owner.user) {
        (Some(_), None) | (None, Some(_)) => Ok(()),
        _ => Err("one of Owners is either GroupId or UserId"),
    }
}

fn credential_has_an_owner(new: &CredentialSecret) -> Result<(), Rule> {
    if new.owners.is_empty() { Err(NO_OWNER) } else { Ok(()) }
}

fn text_has_an_owner(new: &TextSecret) -> Result<(), Rule> {
    if new.owners.is_empty() { Err(NO_OWNER) } else { Ok(()) }
}

fn file_has_an_owner(new: &FileSecret) -> Result<(), Rule> {
    if new.owners.is_empty() { Err(NO_OWNER) } else { Ok(()) }
}

fn something_is_moved(new: &SecretDestination) -> Result<(), Rule> {
    let is_empty = |ids: &Option<Vec<SecretId>>| ids.as_ref().is_none_or(Vec::is_empty);
    if is_empty(&new.secrets) && is_empty(&new.shares) {
        return Err("a move names SecretIds or ShareIds");
    }
    Ok(())
}

impl NewSecretOwner {
    /// This user.
    #[must_use]
    pub fn of_user(user: UserId) -> Self {
        Self::new().user(user)
    }

    /// This group.
    #[must_use]
    pub fn of_group(group: UserGroupId) -> Self {
        Self::new().group(group)
    }
}
