//! Directories.

use super::declare::calls;
use crate::model::{Directory, DirectoryId, DirectorySettings, WorkgroupId};

calls! {
    /// All directories.
    ListDirectories {}
        GET "Directories"
        => list(Directory), Seen, "Password Safe System Management (Read)";

    /// One directory. 404: there is none.
    GetDirectory {
        /// The directory.
        directory: DirectoryId,
    }
        GET "Directories" / directory
        => object(Directory), Seen, "Password Safe System Management (Read)";

    /// Makes a directory. 200 or 201.
    CreateDirectory {
        /// The workgroup.
        workgroup: WorkgroupId,
        /// The directory.
        new: DirectorySettings,
    }
        POST "Workgroups" / workgroup / "Directories" json (new)
        => object(Directory), Seen, "Password Safe System Management (Read/Write)";

    /// Replaces what is known of a directory.
    UpdateDirectory {
        /// The directory.
        directory: DirectoryId,
        /// What it becomes.
        new: DirectorySettings,
    }
        PUT "Directories" / directory json (new)
        => object(Directory), Seen, "Password Safe System Management (Read/Write)";

    /// Takes a directory out of management.
    DeleteDirectory {
        /// The directory.
        directory: DirectoryId,
    }
        DELETE "Directories" / directory
        => nothing, Seen, "Password Safe System Management (Read/Write)";
}
