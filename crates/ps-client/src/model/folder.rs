//! Folders of Secrets Safe.

use secrecy::SecretString;

use super::rows::models;
use super::words::words;
use super::{FolderId, PrincipalId, UserGroupId, UserId};
use crate::body::bodies;

models! {
    /// A folder.
    Folder {
        /// The folder.
        folder: FolderId = "Id",
        /// Its name.
        name: String = "Name",
        /// Description.
        description: Option<String> = "Description",
        /// The folder or safe it lies in.
        parent: Option<FolderId> = "ParentId",
        /// The group it belongs to, of older servers.
        user_group: Option<UserGroupId> = "UserGroupId",
        /// The user it belongs to.
        user: Option<UserId> = "UserId",
        /// Who owns it.
        owner: Option<PrincipalId> = "FolderOwnerId",
        /// Whether the user likes it.
        is_favorite: bool = "IsFavorite",
    }

    /// What moving a folder came to.
    FolderMove {
        /// The folder.
        folder: FolderId = "FolderId",
        /// Where it lies now.
        parent: Option<FolderId> = "ParentId",
        /// Where it lay.
        old_parent: Option<FolderId> = "OldParentId",
        /// How many folders went along.
        folders: Option<u32> = "FolderCount",
        /// How many secrets.
        secrets: Option<u32> = "SecretCount",
        /// How many shares.
        shares: Option<u32> = "ShareCount",
        /// Its name now.
        new_name: Option<String> = "NewFolderName",
        /// Its name before.
        old_name: Option<String> = "OldFolderName",
    }

    /// What filling a folder from a file came to.
    FolderImport {
        /// Lines of the file.
        total: Option<u32> = "TotalNumber",
        /// Secrets that were made.
        successful: Option<u32> = "SuccessfulImport",
        /// Lines that were not taken.
        errors: Vec<FolderImportError> = "Errors",
    }

    /// A line that was not taken.
    FolderImportError {
        /// Its number.
        line: Option<u32> = "LineNumber",
        /// Why not.
        /// It may quote the line, and so a secret.
        error: Option<SecretString> = "Error",
    }
}

words! {
    /// What happens when something of the same name lies at the destination.
    OnDuplicate {
        /// Nothing is moved.
        Stop = "Stop",
        /// It is given another name.
        Rename = "Rename",
        /// It stays.
        Skip = "Skip",
    }
}

bodies! {
    /// A folder that is to be.
    NewFolder (
        /// Its name, at most 256 characters.
        name: text(256) = "Name",
        /// The folder or safe it lies in; of a safe, the safe's identifier.
        parent: of(FolderId) = "ParentId",
    ) {
        /// Description, at most 256 characters.
        description: text(256) = "Description",
        /// The group it belongs to; of older servers.
        user_group: of(UserGroupId) = "UserGroupId",
    };

    /// Where a folder goes.
    FolderDestination (
        /// The folder or safe.
        destination: of(FolderId) = "DestinationFolderId",
        /// What happens when a folder of the same name lies there.
        on_duplicate: of(OnDuplicate) = "DuplicateNameAction",
    ) {};
}
