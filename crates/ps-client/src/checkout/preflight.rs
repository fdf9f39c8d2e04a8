//! Asking first what a policy wants.

use super::error::{CheckoutError, PolicyProblem};
use crate::endpoint::access_policies::TestAccessPolicies;
use crate::model::{AccessPolicy, AccessTest, NewRequest};
use crate::session::Session;
use crate::transport::Transport;

/// Whether some policy gives what `new` asks for.
pub(super) async fn check<T: Transport>(
    session: &Session<T>,
    new: &NewRequest,
    waits: bool,
) -> Result<(), CheckoutError> {
    let test = AccessTest::new(new.system, new.account, new.minutes());
    let policies = session.send(&TestAccessPolicies { test }).await?;
    problem(&policies, new, waits).map_or(Ok(()), |problem| Err(CheckoutError::Policy(problem)))
}

/// The least that stands in the way; `None` when one schedule gives access.
fn problem(policies: &[AccessPolicy], new: &NewRequest, waits: bool) -> Option<PolicyProblem> {
    let schedules: Vec<_> = policies.iter().flat_map(|policy| &policy.schedules).collect();
    if schedules.is_empty() {
        return Some(PolicyProblem::NoPolicy);
    }
    let mut least = Some(PolicyProblem::NoSuchAccess(new.access_type));
    for schedule in schedules {
        let kind = new.access_type;
        let gives = |one: &&crate::model::AllowedAccess| kind.is_called(one.access_type.as_str());
        let Some(access) = schedule.access_types.iter().find(gives) else { continue };
        let has_reason = new.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
        let approvers = access.min_approvers.unwrap_or(0);
        least = if schedule.requires_reason && !has_reason {
            Some(PolicyProblem::WantsReason)
        } else if schedule.requires_ticket && !new.has_ticket() {
            Some(PolicyProblem::WantsTicket)
        } else if approvers > 0 && !waits {
            Some(PolicyProblem::WantsApproval(approvers))
        } else {
            return None;
        };
    }
    least
}
