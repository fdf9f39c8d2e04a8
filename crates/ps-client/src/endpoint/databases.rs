//! Databases on assets.

use super::declare::calls;
use crate::model::{AssetId, Database, DatabaseId, DatabaseSettings};

calls! {
    /// All databases.
    ListDatabases {}
        GET "Databases"
        => list(Database), Seen, "Asset Management (Read)";

    /// One database. 404: there is none.
    GetDatabase {
        /// The database.
        database: DatabaseId,
    }
        GET "Databases" / database
        => object(Database), Seen, "Asset Management (Read)";

    /// The databases of an asset.
    ListDatabasesOfAsset {
        /// The asset.
        asset: AssetId,
    }
        GET "Assets" / asset / "Databases"
        => list(Database), Seen, "Asset Management (Read)";

    /// Puts a database on an asset. 201.
    CreateDatabase {
        /// The asset.
        asset: AssetId,
        /// The database.
        new: DatabaseSettings,
    }
        POST "Assets" / asset / "Databases" json (new)
        => object(Database), Seen, "Asset Management (Full)";

    /// Replaces what is known of a database.
    UpdateDatabase {
        /// The database.
        database: DatabaseId,
        /// What it becomes.
        new: DatabaseSettings,
    }
        PUT "Databases" / database json (new)
        => object(Database), Seen, "Asset Management (Full)";

    /// Takes a database out of the inventory.
    DeleteDatabase {
        /// The database.
        database: DatabaseId,
    }
        DELETE "Databases" / database
        => nothing, Seen, "Asset Management (Full)";
}
