//! Asking first what a policy wants.

use super::error::{CheckoutError, PolicyProblem};
use crate::endpoint::access_policies::TestAccessPolicies;
use crate::error::{Error, ErrorKind};
use crate::model::{AccessPolicy, AccessSchedule, AccessTest, NewRequest};
use crate::session::Session;
use crate::transport::Transport;

/// Whether some policy gives what `new` asks for.
pub(super) async fn check<T: Transport>(
    session: &Session<T>,
    new: &NewRequest,
    waits: bool,
) -> Result<(), CheckoutError> {
    let test = AccessTest::new(new.system, new.account, new.minutes());
    let policies = match session.send(&TestAccessPolicies { test }).await {
        // A server that cannot be asked beforehand is asked by the request itself.
        Err(error) if cannot_be_asked(&error) => return Ok(()),
        outcome => outcome?,
    };
    problem(&policies, new, waits).map_or(Ok(()), |problem| Err(CheckoutError::Policy(problem)))
}

fn cannot_be_asked(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound) || error.status() == Some(405)
}

/// The least that stands in the way; `None` when one schedule gives access.
fn problem(policies: &[AccessPolicy], new: &NewRequest, waits: bool) -> Option<PolicyProblem> {
    let all = policies.iter().flat_map(|policy| &policy.schedules);
    let wanted = |one: &&AccessSchedule| new.schedule.is_none_or(|id| one.schedule == id);
    let schedules: Vec<_> = all.filter(wanted).collect();
    if schedules.is_empty() {
        return Some(PolicyProblem::NoPolicy);
    }
    let mut least = PolicyProblem::NoSuchAccess(new.access_type);
    for schedule in schedules {
        let kind = new.access_type;
        let gives = |one: &&crate::model::AllowedAccess| kind.is_called(one.access_type.as_str());
        let Some(access) = schedule.access_types.iter().find(gives) else { continue };
        let has_reason = new.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
        let approvers = access.min_approvers.unwrap_or(0);
        let problem = if schedule.requires_reason && !has_reason {
            PolicyProblem::WantsReason
        } else if schedule.requires_ticket && !new.has_ticket() {
            PolicyProblem::WantsTicket
        } else if approvers > 0 && !waits {
            PolicyProblem::WantsApproval(approvers)
        } else {
            return None;
        };
        if effort(problem) < effort(least) {
            least = problem;
        }
    }
    Some(least)
}

/// What is easier to come by than what.
fn effort(problem: PolicyProblem) -> u8 {
    match problem {
        PolicyProblem::WantsReason => 0,
        PolicyProblem::WantsTicket => 1,
        PolicyProblem::WantsApproval(_) => 2,
        PolicyProblem::NoSuchAccess(_) => 3,
        PolicyProblem::NoPolicy => 4,
    }
}
