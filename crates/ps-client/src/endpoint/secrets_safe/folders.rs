//! Folders.

use secrecy::{ExposeSecret, SecretSlice};

use crate::body::multipart;
use crate::endpoint::declare::{calls, paged};
use crate::endpoint::{ApiAnswer, ApiRequest, Endpoint};
use crate::error::Error;
use crate::model::{
    Folder, FolderDestination, FolderId, FolderImport, FolderMove, NewFolder, PrincipalId,
};
use crate::repeat::Repeat;

/// Fills a folder with credentials from a file of comma-separated values. 201. *Seen.*
///
/// Call: `POST Secrets-Safe/Folders/{folder}/upload`. Permission: Secrets-Safe (Read/Write).
/// What the lines must hold is in the vendor's guide; the answer names those that were not taken.
#[derive(Clone, Debug)]
pub struct ImportIntoFolder {
    /// The folder.
    pub folder: FolderId,
    /// The file.
    pub csv: SecretSlice<u8>,
}

impl Endpoint for ImportIntoFolder {
    type Answer = FolderImport;
    const NAME: &'static str = "POST Secrets-Safe/Folders/{folder}/upload";

    fn request(&self) -> ApiRequest {
        let path = ["Secrets-Safe", "Folders", self.folder.as_str(), "upload"];
        let body = multipart(None, "file", "secrets.csv", self.csv.expose_secret());
        ApiRequest::new(http::Method::POST, &path).multipart(body)
    }

    fn read(&self, answer: &ApiAnswer) -> Result<FolderImport, Error> {
        answer.object(Self::NAME)
    }

    fn repeat(&self) -> Repeat {
        Repeat::Unsafe
    }
}

calls! {
    @also [ImportIntoFolder "Secrets-Safe (Read/Write)" Seen Unsafe]

    /// One page of the folders that the user sees.
    ListFolders {
        /// Only with this in their names.
        name: Option<String>,
        /// Only below this path, its parts apart by `/`.
        path: Option<String>,
        /// Whether folders in folders come too: yes.
        include_subfolders: Option<bool>,
        /// Whether only the uppermost ones come: no.
        root_only: Option<bool>,
        /// Only of this owner.
        owner: Option<PrincipalId>,
        /// Rows to answer.
        limit: u32,
        /// Rows to skip first.
        offset: u32,
    }
        GET "Secrets-Safe" / "Folders"
        query {
            "FolderName" = name, "FolderPath" = path, "IncludeSubfolders" = include_subfolders,
            "RootOnly" = root_only, "FolderOwnerId" = owner, "Limit" = limit, "Offset" = offset,
        }
        => list(Folder), Confirmed, "Secrets-Safe (Read)";

    /// One folder. 404: there is none.
    GetFolder {
        /// The folder.
        folder: FolderId,
    }
        GET "Secrets-Safe" / "Folders" / folder
        => object(Folder), Confirmed, "Secrets-Safe (Read)";

    /// Makes a folder, at most seven deep. 201. 409: there is one of this name.
    CreateFolder {
        /// The folder.
        new: NewFolder,
    }
        POST "Secrets-Safe" / "Folders" json (new)
        => object(Folder), Confirmed, "Secrets-Safe (Read/Write)";

    /// Changes a folder. 200 or 204.
    UpdateFolder {
        /// The folder.
        folder: FolderId,
        /// What it becomes.
        new: NewFolder,
    }
        PUT "Secrets-Safe" / "Folders" / folder json (new)
        => nothing, Confirmed, "Secrets-Safe (Read/Write)";

    /// Deletes a folder. 200 or 204. 409: it is not empty.
    DeleteFolder {
        /// The folder.
        folder: FolderId,
    }
        DELETE "Secrets-Safe" / "Folders" / folder
        => nothing, Confirmed, "Secrets-Safe (Read/Write)";

    /// Moves a folder with what lies in it.
    MoveFolder {
        /// The folder.
        folder: FolderId,
        /// Where it goes.
        to: FolderDestination,
    }
        PUT "Secrets-Safe" / "Folders" / folder / "Move" json (to)
        => object(FolderMove), Seen, "Secrets-Safe (Read/Write)";

    /// Marks a folder as liked by the user, or not. 204.
    SetFolderFavorite {
        /// The folder.
        folder: FolderId,
        /// Whether it is liked.
        favorite: bool,
    }
        PUT "Secrets-Safe" / "Folders" / folder / "favorite" json { "Favorite" = favorite }
        => nothing, Seen, "Secrets-Safe (Read)";
}

impl Default for ListFolders {
    /// The first thousand of all.
    fn default() -> Self {
        Self {
            name: None,
            path: None,
            include_subfolders: None,
            root_only: None,
            owner: None,
            limit: 1_000,
            offset: 0,
        }
    }
}

paged! {
    ListFolders of Folder by folder: FolderId;
}
