//! What goes into the vault and comes out of it as files, and endpoint privilege policies.

use super::declare::calls;
use crate::model::{
    EpmPolicy, EpmPolicyId, ImportId, NewEpmApplication, NewImport, ReportDelivery,
    SubscriptionDeliveryId,
};

calls! {
    /// The deliveries of reports that the user has subscribed to, by number.
    ListDeliveries {}
        GET "Subscriptions" / "Delivery"
        => list(ReportDelivery), Recalled, "Report Management (Read)";

    /// A delivered report. 200.
    DownloadDelivery {
        /// The delivery.
        delivery: SubscriptionDeliveryId,
    }
        POST "Subscriptions" / "Delivery" / "Download" query { "id" = delivery }
        => list(ReportDelivery), Recalled, "Report Management (Read)", Safe;

    /// Queues a file that is imported; answers the number of the import. 200.
    CreateImport {
        /// The file.
        new: NewImport,
    }
        POST "Imports" json (new)
        => number(ImportId), Recalled, "Scan Management (Full)";

    /// The endpoint privilege policies.
    ListEpmPolicies {}
        GET "EPMPolicies"
        => list(EpmPolicy), Recalled, "Endpoint Privilege Management (Read)";

    /// Has an endpoint privilege policy know a program.
    AddEpmApplication {
        /// The policy.
        policy: EpmPolicyId,
        /// The program.
        new: NewEpmApplication,
    }
        POST "EPMPolicies" / policy / "EPMApplications" / "Add" json (new)
        => nothing, Recalled, "Endpoint Privilege Management (Full)";
}
