//! API registrations.

use super::declare::calls;
use crate::model::{Registration, RegistrationId, RegistrationSettings};

calls! {
    /// All registrations.
    ListRegistrations {
        /// Version of the answer: `3.1` adds personal access tokens.
        version: Option<String>,
    }
        GET "ApiRegistrations" query { "version" = version }
        => list(Registration), Seen, "API Registration Management (Read)";

    /// One registration. 404: there is none.
    GetRegistration {
        /// The registration.
        registration: RegistrationId,
        /// Version of the answer: `3.1` adds personal access tokens.
        version: Option<String>,
    }
        GET "ApiRegistrations" / registration query { "version" = version }
        => object(Registration), Seen, "API Registration Management (Read)";

    /// Makes a registration. 201.
    CreateRegistration {
        /// The registration.
        new: RegistrationSettings,
        /// Version of the body: `3.1` adds personal access tokens.
        version: Option<String>,
    }
        POST "ApiRegistrations" query { "version" = version } json (new)
        => object(Registration), Seen, "API Registration Management (Read/Write)";

    /// Replaces a registration.
    UpdateRegistration {
        /// The registration.
        registration: RegistrationId,
        /// What it becomes.
        new: RegistrationSettings,
        /// Version of the body: `3.1` adds personal access tokens.
        version: Option<String>,
    }
        PUT "ApiRegistrations" / registration query { "version" = version } json (new)
        => object(Registration), Seen, "API Registration Management (Read/Write)";

    /// Deletes a registration.
    DeleteRegistration {
        /// The registration.
        registration: RegistrationId,
    }
        DELETE "ApiRegistrations" / registration
        => nothing, Seen, "API Registration Management (Read/Write)";

    /// The API key of a registration that has one. Reading it is audited.
    GetRegistrationKey {
        /// The registration.
        registration: RegistrationId,
    }
        GET "ApiRegistrations" / registration / "Key"
        => secret, Seen, "API Registration Management (Read)";

    /// Gives a registration a new API key; the old one is refused from then on. 201.
    RotateRegistrationKey {
        /// The registration.
        registration: RegistrationId,
    }
        POST "ApiRegistrations" / registration / "Rotate"
        => secret, Seen, "API Registration Management (Read/Write)";
}
