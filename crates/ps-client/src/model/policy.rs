//! Access policies.

use super::rows::models;
use super::words::words;
use super::{
    AccessPolicyId, AccessType, AccountId, ApplicationId, RoleId, ScheduleId, SmartRuleId,
    SystemId, TicketSystemId, UserGroupId,
};
use crate::body::{Rule, bodies};

models! {
    /// An access policy.
    AccessPolicy {
        /// The policy.
        policy: AccessPolicyId = "AccessPolicyID",
        /// Its name.
        name: String = "Name",
        /// Description.
        description: Option<String> = "Description",
        /// Its schedules. In a test, those that fit the window that was asked for.
        schedules: Vec<AccessSchedule> = "Schedules",
    }

    /// A schedule of an access policy.
    AccessSchedule {
        /// The schedule.
        schedule: ScheduleId = "ScheduleID",
        /// Whether a reason is wanted.
        requires_reason: bool = "RequireReason",
        /// Whether a ticket is wanted.
        requires_ticket: bool = "RequireTicketSystem",
        /// Of which system.
        ticket_system: Option<TicketSystemId> = "TicketSystemID",
        /// The kinds of access it allows.
        access_types: Vec<AllowedAccess> = "AccessTypes",
    }

    /// A kind of access that a schedule allows.
    AllowedAccess {
        /// Which.
        access_type: AllowedAccessType = "AccessType",
        /// Whether it is a session rather than a secret.
        is_session: bool = "IsSession",
        /// Whether sessions are recorded.
        is_recorded: bool = "RecordSession",
        /// How many must approve; none means that requests are approved at once.
        min_approvers: Option<u32> = "MinApprovers",
        /// Requests at the same time.
        max_concurrent: Option<u32> = "MaxConcurrent",
    }

    /// Whom a policy is given to.
    AccessPolicyAssignee {
        /// With which role.
        role: Option<RoleId> = "RoleID",
        /// Its name.
        role_name: Option<String> = "RoleName",
        /// Which user group.
        user_group: Option<UserGroupId> = "UserGroupID",
        /// Its name.
        user_group_name: Option<String> = "UserGroupName",
        /// Whether it is active.
        is_user_group_active: bool = "UserGroupIsActive",
        /// On what.
        rule: Option<SmartRuleId> = "SmartRuleID",
        /// Its title.
        rule_title: Option<String> = "SmartRuleTitle",
        /// Whether it is active.
        is_rule_active: bool = "SmartRuleIsActive",
    }
}

words! {
    /// A kind of access, as policies name it.
    AllowedAccessType {
        /// To see the secret.
        View = "View",
        /// A remote desktop.
        Rdp = "RDP",
        /// A shell.
        Ssh = "SSH",
        /// An application.
        App = "App",
    }
}

bodies! {
    /// What would be asked for.
    AccessTest (
        /// The system.
        system: id(SystemId) = "SystemId",
        /// The account.
        account: id(AccountId) = "AccountId",
        /// For so many minutes.
        minutes: number(1, 525_600) = "DurationMinutes",
    ) {
        /// The kind of access, on newer servers: [`AccessType::View`] unless it is said.
        access_type: of(AccessType) = "AccessType",
        /// The application, with [`AccessType::App`].
        application: of(ApplicationId) = "ApplicationID",
        /// Why, at most 1000 characters.
        reason: text(1000) = "Reason",
        /// Under this schedule of an access policy.
        schedule: of(ScheduleId) = "AccessPolicyScheduleID",
        /// Ticket system.
        ticket_system: of(TicketSystemId) = "TicketSystemID",
        /// Ticket, at most 20 characters.
        ticket_number: text(20) = "TicketNumber",
    } rules application_is_named;
}

fn application_is_named(test: &AccessTest) -> Result<(), Rule> {
    if test.access_type == Some(AccessType::App) && test.application.is_none() {
        return Err("access of type App names its application");
    }
    Ok(())
}
