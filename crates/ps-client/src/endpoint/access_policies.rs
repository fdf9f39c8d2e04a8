//! Access policies: when, how and with whose approval access is given.

use super::declare::calls;
use crate::model::{AccessPolicy, AccessPolicyAssignee, AccessPolicyId, AccessTest};

calls! {
    /// All access policies, with their schedules.
    ListAccessPolicies {}
        GET "AccessPolicies"
        => list(AccessPolicy), Confirmed, "Role Management (Read)";

    /// Whom a policy is given to: by role, user group and rule.
    ListAccessPolicyAssignees {
        /// The policy.
        policy: AccessPolicyId,
    }
        GET "AccessPolicies" / policy / "Assignees"
        => list(AccessPolicyAssignee), Confirmed, "Role Management (Read)";

    /// The policies under which the signed-in user could have an account right now, for so long:
    /// whether a reason or a ticket is wanted, how many must approve, which kinds of access there
    /// are. 403 with 4031 as for a request.
    ///
    /// Nothing is made; so ask this before a request.
    TestAccessPolicies {
        /// What would be asked for.
        test: AccessTest,
    }
        POST "AccessPolicies" / "Test" json (test)
        => list(AccessPolicy), Confirmed, "Requestor role on the account", Safe;
}
