//! Sets of requests.

use super::rows::models;
use super::{
    AccessType, AccountId, ApplicationId, ReleaseRequest, RequestSetId, SystemId, TicketSystemId,
};
use crate::body::{Rule, bodies};

models! {
    /// A set of requests.
    RequestSet {
        /// The set.
        set: RequestSetId = "RequestSetID",
        /// Its requests, one for each kind of access.
        requests: Vec<ReleaseRequest> = "Requests",
    }
}

bodies! {
    /// A set of requests that is to be.
    NewRequestSet (
        /// The kinds of access, at least two different ones.
        access_types: of(Vec<AccessType>) = "AccessTypes",
        /// The system.
        system: id(SystemId) = "SystemID",
        /// The account.
        account: id(AccountId) = "AccountID",
        /// For so many minutes.
        minutes: number(1, 525_600) = "DurationMinutes",
    ) {
        /// The application, with [`AccessType::App`].
        application: of(ApplicationId) = "ApplicationID",
        /// Why, at most 1000 characters.
        reason: text(1000) = "Reason",
        /// Ticket system.
        ticket_system: of(TicketSystemId) = "TicketSystemID",
        /// Ticket, at most 20 characters.
        ticket_number: text(20) = "TicketNumber",
    } rules several_kinds;
}

fn several_kinds(new: &NewRequestSet) -> Result<(), Rule> {
    let first = new.access_types.first();
    if new.access_types.iter().all(|kind| Some(kind) == first) {
        return Err("a set asks for at least two AccessTypes");
    }
    if new.access_types.contains(&AccessType::App) && new.application.is_none() {
        return Err("access of type App names its application");
    }
    Ok(())
}
