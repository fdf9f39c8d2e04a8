//! Custom platforms: kinds of targets that somebody defined.

use super::declare::calls;
use crate::model::{CustomPlatform, CustomPlatformId};

calls! {
    /// All custom platforms.
    ListCustomPlatforms {}
        GET "CustomPlatforms"
        => list(CustomPlatform), Seen, "Password Safe System Management (Read)";

    /// One custom platform. 404: there is none.
    GetCustomPlatform {
        /// The platform.
        platform: CustomPlatformId,
    }
        GET "CustomPlatforms" / platform
        => object(CustomPlatform), Seen, "Password Safe System Management (Read)";

    /// Its definition, as XML.
    ExportCustomPlatform {
        /// The platform.
        platform: CustomPlatformId,
    }
        GET "CustomPlatforms" / platform / "Export"
        => file, Seen, "Password Safe System Management (Read)";

    /// Makes a custom platform of a definition. 200.
    ImportCustomPlatform {
        /// The definition, as XML.
        definition: String,
    }
        POST "CustomPlatforms" / "Import" json { "CustomPlatform" = definition }
        => nothing, Seen, "Password Safe System Management (Read/Write)";
}
