//! What follows a password change.

use super::declare::calls;
use crate::model::{
    AccountId, PropagationAction, PropagationActionId, PropagationActionType, SmartRuleId,
};

calls! {
    /// All actions.
    ListPropagationActions {}
        GET "PropagationActions"
        => list(PropagationAction), Seen, "Password Safe Account Management (Read)";

    /// One action. 404: there is none.
    GetPropagationAction {
        /// The action.
        action: PropagationActionId,
    }
        GET "PropagationActions" / action
        => object(PropagationAction), Seen, "Password Safe Account Management (Read)";

    /// The kinds of actions.
    ListPropagationActionTypes {}
        GET "PropagationActionTypes"
        => list(PropagationActionType), Seen, "Password Safe Account Management (Read)";

    /// The actions that follow a change of an account's password.
    ListPropagationActionsOfAccount {
        /// The account.
        account: AccountId,
    }
        GET "ManagedAccounts" / account / "PropagationActions"
        => list(PropagationAction), Seen, "Password Safe Account Management (Read)";

    /// Has an action follow changes of an account's password. 200 or 201.
    AssignPropagationAction {
        /// The account.
        account: AccountId,
        /// The action.
        action: PropagationActionId,
        /// The rule whose systems it is done on.
        rule: Option<SmartRuleId>,
    }
        POST "ManagedAccounts" / account / "PropagationActions" / action
        json { "SmartRuleID" = rule }
        => object(PropagationAction), Seen, "Password Safe Account Management (Full)", Safe;

    /// Has an action no longer follow.
    UnassignPropagationAction {
        /// The account.
        account: AccountId,
        /// The action.
        action: PropagationActionId,
    }
        DELETE "ManagedAccounts" / account / "PropagationActions" / action
        => nothing, Seen, "Password Safe Account Management (Full)";

    /// Has no action follow.
    UnassignPropagationActions {
        /// The account.
        account: AccountId,
    }
        DELETE "ManagedAccounts" / account / "PropagationActions"
        => nothing, Seen, "Password Safe Account Management (Full)";
}
