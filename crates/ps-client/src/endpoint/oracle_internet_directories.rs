//! Oracle internet directories.

use super::declare::calls;
use crate::model::{
    OracleInternetDirectory, OracleInternetDirectoryId, OracleServices, OracleTest, OrganizationId,
};

calls! {
    /// All of them.
    ListOracleInternetDirectories {}
        GET "OracleInternetDirectories"
        => list(OracleInternetDirectory), Seen, "Password Safe System Management (Read)";

    /// One of them. 404: there is none.
    GetOracleInternetDirectory {
        /// The directory.
        directory: OracleInternetDirectoryId,
    }
        GET "OracleInternetDirectories" / directory
        => object(OracleInternetDirectory), Seen, "Password Safe System Management (Read)";

    /// Those of an organization.
    ListOracleInternetDirectoriesOfOrganization {
        /// The organization.
        organization: OrganizationId,
    }
        GET "Organizations" / organization / "OracleInternetDirectories"
        => list(OracleInternetDirectory), Seen, "Password Safe System Management (Read)";

    /// Asks one for its services. 200.
    QueryOracleServices {
        /// The directory.
        directory: OracleInternetDirectoryId,
    }
        POST "OracleInternetDirectories" / directory / "Services" / "Query"
        => object(OracleServices), Seen, "Password Safe System Management (Read)", Safe;

    /// Tries to reach one. 200.
    TestOracleInternetDirectory {
        /// The directory.
        directory: OracleInternetDirectoryId,
    }
        POST "OracleInternetDirectories" / directory / "Test"
        => object(OracleTest), Seen, "Password Safe System Management (Read)", Safe;
}
