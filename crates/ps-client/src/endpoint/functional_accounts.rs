//! Functional accounts: those that the vault itself uses to manage others.

use super::declare::calls;
use crate::model::{FunctionalAccount, FunctionalAccountId, NewFunctionalAccount};

calls! {
    /// All functional accounts.
    ListFunctionalAccounts {}
        GET "FunctionalAccounts"
        => list(FunctionalAccount), Seen, "Password Safe Account Management (Read)";

    /// One functional account. 404: there is none.
    GetFunctionalAccount {
        /// The account.
        functional_account: FunctionalAccountId,
    }
        GET "FunctionalAccounts" / functional_account
        => object(FunctionalAccount), Seen, "Password Safe Account Management (Read)";

    /// Makes a functional account. 201.
    CreateFunctionalAccount {
        /// The account.
        new: NewFunctionalAccount,
    }
        POST "FunctionalAccounts" json (new)
        => object(FunctionalAccount), Seen, "Password Safe Account Management (Full)";

    /// Deletes a functional account; refused while systems use it.
    DeleteFunctionalAccount {
        /// The account.
        functional_account: FunctionalAccountId,
    }
        DELETE "FunctionalAccounts" / functional_account
        => nothing, Seen, "Password Safe Account Management (Full)";
}
