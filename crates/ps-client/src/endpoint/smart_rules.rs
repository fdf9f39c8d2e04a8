//! Smart Rules: collections that the vault works out.

use super::declare::{calls, paged};
use crate::model::{
    AccountId, ManagedAccount, NewAccountAttributeRule, NewAssetAttributeRule, OrganizationId,
    RuleKind, SmartRule, SmartRuleAccess, SmartRuleId, UserGroupId,
};

calls! {
    /// The rules that the user may read.
    ListSmartRules {
        /// Only those that collect this; else all.
        kind: Option<RuleKind>,
    }
        GET "SmartRules" query { "type" = kind }
        => list(SmartRule), Seen, "Read on the rules";

    /// One rule. 404: there is none.
    GetSmartRule {
        /// The rule.
        rule: SmartRuleId,
    }
        GET "SmartRules" / rule
        => object(SmartRule), Seen, "Read on the rule";

    /// The rule of this title. 404: there is none.
    FindSmartRule {
        /// Its title.
        title: String,
    }
        GET "SmartRules" query { "title" = title }
        => object(SmartRule), Seen, "Read on the rule";

    /// The rule of this title in an organization. 404: there is none.
    FindSmartRuleOfOrganization {
        /// The organization.
        organization: OrganizationId,
        /// Its title.
        title: String,
    }
        GET "Organizations" / organization / "SmartRules" query { "title" = title }
        => object(SmartRule), Seen, "Read on the rule";

    /// The rules that a user group may do something with.
    ListSmartRulesOfUserGroup {
        /// The group.
        group: UserGroupId,
        /// Only with these access levels: their numbers, with commas between.
        access_levels: Option<String>,
    }
        GET "UserGroups" / group / "SmartRules" query { "accessLevels" = access_levels }
        => list(SmartRuleAccess), Seen, "User Account Management (Read)";

    /// One page of the definitions of the accounts that a rule collects.
    ListAccountsOfSmartRule {
        /// The rule.
        rule: SmartRuleId,
        /// Rows to answer.
        limit: u32,
        /// Rows to skip first.
        offset: u32,
    }
        GET "SmartRules" / rule / "ManagedAccounts" query { "limit" = limit, "offset" = offset }
        => list(ManagedAccount), Seen,
        "Password Safe Account Management (Read), and Read on the rule";

    /// Has the vault work out a rule's members now. 409: it is doing so.
    ///
    /// New accounts can be requested only after the rule that collects them was processed.
    ProcessSmartRule {
        /// The rule.
        rule: SmartRuleId,
        /// Whether it is queued and the call answers at once.
        queue: Option<bool>,
    }
        POST "SmartRules" / rule / "Process" query { "queue" = queue }
        => object(SmartRule), Seen, "Smart Rule Management (Full)", Safe;

    /// Makes a rule that collects assets with an attribute. 201.
    CreateAssetAttributeRule {
        /// The rule.
        new: NewAssetAttributeRule,
    }
        POST "SmartRules" / "FilterAssetAttribute" json (new)
        => object(SmartRule), Seen, "Smart Rule Management (Full)";

    /// Makes a rule that collects accounts with an attribute, on newer servers. 201.
    CreateAccountAttributeRule {
        /// The rule.
        new: NewAccountAttributeRule,
    }
        POST "SmartRules" / "FilterManagedAccountAttribute" json (new)
        => object(SmartRule), Seen, "Smart Rule Management (Full)";

    /// Makes a rule that collects one account. 201. Obsolete: make a Quick Rule.
    CreateSingleAccountRule {
        /// The account.
        account: AccountId,
        /// Its title.
        title: String,
    }
        POST "SmartRules" / "FilterSingleAccount" json { "AccountID" = account, "Title" = title name(75) }
        => object(SmartRule), Seen, "Smart Rule Management (Full)";

    /// Deletes a rule.
    DeleteSmartRule {
        /// The rule.
        rule: SmartRuleId,
    }
        DELETE "SmartRules" / rule
        => nothing, Seen, "Smart Rule Management (Full)";

    /// Deletes the rule of this title.
    DeleteSmartRuleTitled {
        /// Its title.
        title: String,
    }
        DELETE "SmartRules" query { "title" = title }
        => nothing, Seen, "Smart Rule Management (Full)";

    /// Deletes the rule of this title in an organization.
    DeleteSmartRuleOfOrganization {
        /// The organization.
        organization: OrganizationId,
        /// Its title.
        title: String,
    }
        DELETE "Organizations" / organization / "SmartRules" query { "title" = title }
        => nothing, Seen, "Smart Rule Management (Full)";
}

paged! {
    ListAccountsOfSmartRule of ManagedAccount by account: AccountId;
}
