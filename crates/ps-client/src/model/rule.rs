//! Smart Rules and Quick Rules: collections that roles are given on.

use super::rows::models;
use super::words::{codes, words};
use super::{AccountId, AttributeId, OrganizationId, SmartRuleId, SystemId, VaultTime};
use crate::body::{Rule, bodies};

models! {
    /// A Smart Rule or Quick Rule.
    SmartRule {
        /// The rule.
        rule: SmartRuleId = "SmartRuleID",
        /// Its organization.
        organization: Option<OrganizationId> = "OrganizationID",
        /// Its title.
        title: String = "Title",
        /// Description.
        description: Option<String> = "Description",
        /// Category.
        category: Option<String> = "Category",
        /// Whether it is in use.
        status: Option<RuleStatus> = "Status",
        /// When its members were worked out last.
        last_processed: Option<VaultTime> = "LastProcessedDate",
        /// Whether it is the vault's own.
        is_read_only: bool = "IsReadOnly",
        /// What it collects.
        kind: Option<RuleKind> = "RuleType",
    }

    /// What a user group may do with a rule.
    SmartRuleAccess {
        /// The rule.
        rule: SmartRuleId = "SmartRuleID",
        /// Its title.
        title: Option<String> = "Title",
        /// What it collects.
        kind: Option<RuleKind> = "RuleType",
        /// The access level.
        level: Option<AccessLevel> = "AccessLevelID",
    }
}

codes! {
    /// Whether a rule is in use.
    RuleStatus {
        /// No.
        Inactive = 0,
        /// Yes.
        Active = 1,
    }

    /// What a permission, or a rule given to a group, allows. [`crate::endpoint::roles`] lists the
    /// vault's own levels.
    AccessLevel {
        /// Nothing.
        None = 0,
        /// To look.
        Read = 1,
        /// To change.
        ReadWrite = 3,
    }
}

words! {
    /// What a rule collects.
    RuleKind {
        /// Assets.
        Asset = "Asset",
        /// Managed accounts.
        ManagedAccount = "ManagedAccount",
        /// Managed systems.
        ManagedSystem = "ManagedSystem",
        /// Vulnerabilities.
        Vulnerabilities = "Vulnerabilities",
        /// In a query: all of them.
        All = "all",
    }
}

bodies! {
    /// A Smart Rule that collects assets with an attribute.
    NewAssetAttributeRule (
        /// The attributes, at least one.
        attributes: some(AttributeId) = "AttributeIDs",
        /// Its title, at most 75 characters.
        title: text(75) = "Title",
        /// Category, at most 50 characters.
        category: text(50) = "Category",
    ) {
        /// Description.
        description: text(1000) = "Description",
        /// Whether its members are worked out at once: yes.
        process_immediately: flag = "ProcessImmediately",
    };

    /// A Smart Rule that collects managed accounts with an attribute, on newer servers.
    NewAccountAttributeRule (
        /// The attributes, at least one.
        attributes: some(AttributeId) = "AttributeIDs",
        /// Its title, at most 75 characters.
        title: text(75) = "Title",
        /// Category, at most 50 characters.
        category: text(50) = "Category",
    ) {
        /// Description.
        description: text(1000) = "Description",
        /// Whether its members are worked out at once: yes.
        process_immediately: flag = "ProcessImmediately",
        /// Only accounts that this rule collects too.
        rule: of(SmartRuleId) = "SmartRuleID",
    };

    /// A Quick Rule: a list of accounts or systems.
    NewQuickRule (
        /// Its title, at most 75 characters.
        title: text(75) = "Title",
    ) {
        /// The accounts, at least one.
        accounts: some(AccountId) = "AccountIDs",
        /// The systems, at least one, on newer servers.
        systems: some(SystemId) = "IDs",
        /// What it collects, on newer servers: accounts unless it is said.
        kind: of(RuleKind) = "RuleType",
        /// Category, at most 50 characters: "Quick Rules".
        category: text(50) = "Category",
        /// Description.
        description: text(1000) = "Description",
    } rules one_kind_of_members;
}

fn one_kind_of_members(new: &NewQuickRule) -> Result<(), Rule> {
    let wants_systems = match new.kind {
        None | Some(RuleKind::ManagedAccount) => false,
        Some(RuleKind::ManagedSystem) => true,
        Some(_) => return Err("RuleType of a Quick Rule is ManagedAccount or ManagedSystem"),
    };
    match (&new.accounts, &new.systems) {
        (Some(_), Some(_)) => Err("a Quick Rule lists AccountIDs, or IDs of systems, not both"),
        (None, None) => Err("a Quick Rule lists AccountIDs, or IDs of systems"),
        (Some(_), None) if wants_systems => Err("RuleType ManagedSystem lists IDs of systems"),
        (None, Some(_)) if !wants_systems => Err("IDs of systems need RuleType ManagedSystem"),
        _ => Ok(()),
    }
}
