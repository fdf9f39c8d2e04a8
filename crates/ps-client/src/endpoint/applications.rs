//! Applications that accounts are given to.

use super::declare::calls;
use crate::model::{AccountId, Application, ApplicationId};

calls! {
    /// All applications.
    ListApplications {}
        GET "Applications"
        => list(Application), Confirmed,
        "Application Management (Read), or Password Safe Account Management (Read)";

    /// One application. 404: there is none.
    GetApplication {
        /// The application.
        application: ApplicationId,
    }
        GET "Applications" / application
        => object(Application), Confirmed,
        "Application Management (Read), or Password Safe Account Management (Read)";

    /// The applications that an account is given to.
    ListApplicationsOfAccount {
        /// The account.
        account: AccountId,
    }
        GET "ManagedAccounts" / account / "Applications"
        => list(Application), Confirmed, "Password Safe Account Management (Read)";

    /// Gives an account to an application. 201.
    AssignApplication {
        /// The account.
        account: AccountId,
        /// The application.
        application: ApplicationId,
    }
        POST "ManagedAccounts" / account / "Applications" / application
        => nothing, Confirmed, "Password Safe Account Management (Full)", Safe;

    /// Takes an account from an application.
    UnassignApplication {
        /// The account.
        account: AccountId,
        /// The application.
        application: ApplicationId,
    }
        DELETE "ManagedAccounts" / account / "Applications" / application
        => nothing, Confirmed, "Password Safe Account Management (Full)";

    /// Takes an account from all applications.
    UnassignApplications {
        /// The account.
        account: AccountId,
    }
        DELETE "ManagedAccounts" / account / "Applications"
        => nothing, Confirmed, "Password Safe Account Management (Full)";
}
