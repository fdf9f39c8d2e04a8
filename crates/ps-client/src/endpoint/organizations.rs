//! Organizations: the tenants of the vault.

use super::declare::calls;
use crate::model::{Organization, OrganizationId};

calls! {
    /// All organizations that the user sees.
    ListOrganizations {}
        GET "Organizations"
        => list(Organization), Confirmed, "any signed-in user";

    /// One organization. 404: there is none.
    GetOrganization {
        /// The organization.
        organization: OrganizationId,
    }
        GET "Organizations" / organization
        => object(Organization), Confirmed, "any signed-in user";

    /// The organization of this name. 404: there is none.
    FindOrganization {
        /// Its name.
        name: String,
    }
        GET "Organizations" query { "name" = name }
        => object(Organization), Confirmed, "any signed-in user";
}
