//! Smaller things of the vault that have no family of their own.

use secrecy::SecretString;

use super::rows::models;
use super::words::words;
use super::{
    OracleInternetDirectoryId, OrganizationId, PropagationActionId, PropagationActionTypeId,
    SmartRuleId, SubscriptionDeliveryId,
};
use crate::body::bodies;

models! {
    /// The server's version.
    ServerVersion {
        /// As the server writes it, such as `25.1.0.123`.
        version: String = "Version",
    }

    /// What follows a password change.
    PropagationAction {
        /// The action.
        action: PropagationActionId = "PropagationActionID",
        /// Its kind.
        kind: Option<PropagationActionTypeId> = "PropagationActionTypeID",
        /// Its name.
        name: String = "Name",
        /// Description.
        description: Option<String> = "Description",
        /// The rule whose accounts it is for, where it is given to an account.
        rule: Option<SmartRuleId> = "SmartRuleID",
    }

    /// A kind of what follows a password change.
    PropagationActionType {
        /// The kind.
        kind: PropagationActionTypeId = "PropagationActionTypeID",
        /// Its name.
        name: String = "Name",
    }

    /// An Oracle internet directory.
    OracleInternetDirectory {
        /// The directory.
        directory: OracleInternetDirectoryId = "OracleInternetDirectoryID",
        /// Its organization.
        organization: Option<OrganizationId> = "OrganizationID",
        /// Its name.
        name: String = "Name",
        /// Description.
        description: Option<String> = "Description",
    }

    /// What asking an Oracle internet directory for its services came to.
    OracleServices {
        /// Whether it answered.
        success: bool = "Success",
        /// What it said.
        message: Option<String> = "Message",
        /// Its services.
        services: Vec<OracleService> = "Services",
    }

    /// A service of an Oracle internet directory.
    OracleService {
        /// Its name.
        name: String = "Name",
    }

    /// Whether a directory was reached.
    OracleTest {
        /// Whether it was.
        success: bool = "Success",
    }

    /// A report that was delivered.
    ReportDelivery {
        /// Number of the delivery.
        id: Option<SubscriptionDeliveryId> = "ReportDeliveryId",
        /// Number of its schedule.
        schedule: Option<i64> = "ScheduleId",
        /// Name of its file.
        file_name: Option<String> = "Filename",
        /// Which program reads it.
        application_type: Option<String> = "ApplicationType",
        /// The file, in base 64. Reports name accounts and who used them.
        snapshot: Option<SecretString> = "Snapshot",
    }

    /// An endpoint privilege policy.
    EpmPolicy {
        /// The policy.
        policy: super::EpmPolicyId = "Id",
        /// Its name.
        name: Option<String> = "Name",
    }
}

words! {
    /// How the file of an import is to be read.
    ImportKind {
        /// Of Password Safe.
        PasswordSafe = "PASSWORDSAFE",
        /// Of the scanner.
        Scan = "RETINARTD",
    }
}

bodies! {
    /// A program that an endpoint privilege policy is to know.
    NewEpmApplication (
        /// Group of programs.
        group: text(255) = "GroupName",
        /// Its name.
        name: text(255) = "Name",
        /// Where it lies.
        path: text(1024) = "Path",
        /// Who signed it.
        publisher: text(255) = "Publisher",
        /// Whether what it starts has its rights.
        children_inherit: flag = "ChildrenInheritToken",
    ) {};

    /// A file that is imported; the vault works on it later.
    NewImport (
        /// Number of the workgroup it goes to.
        workgroup: of(super::WorkgroupId) = "WorkgroupID",
        /// Its name.
        file_name: text(255) = "FileName",
        /// Its contents, in base 64.
        contents: secret(67_108_864) = "Base64FileContents",
    ) {
        /// How it is to be read.
        kind: of(ImportKind) = "ImportType",
        /// A filter.
        filter: text(255) = "Filter",
    };
}
