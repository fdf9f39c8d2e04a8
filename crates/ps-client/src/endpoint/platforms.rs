//! Platforms: the kinds of targets that the vault can manage.

use super::declare::calls;
use crate::model::{EntityKind, EntityType, Platform, PlatformId};

calls! {
    /// All platforms. Not paged.
    ListPlatforms {}
        GET "Platforms"
        => list(Platform), Seen, "any signed-in user";

    /// One platform. 404: there is none.
    GetPlatform {
        /// The platform.
        platform: PlatformId,
    }
        GET "Platforms" / platform
        => object(Platform), Seen, "any signed-in user";

    /// The platforms of one kind of system.
    ListPlatformsOfEntityType {
        /// The kind.
        kind: EntityKind,
    }
        GET "EntityTypes" / kind / "Platforms"
        => list(Platform), Seen, "any signed-in user";

    /// The kinds of systems.
    ListEntityTypes {}
        GET "EntityTypes"
        => list(EntityType), Seen, "any signed-in user";
}
