//! Quick Rules: collections that are lists.

use super::declare::calls;
use crate::body::Rule;
use crate::model::{
    AccountId, ManagedAccount, ManagedSystem, NewQuickRule, OrganizationId, SmartRule, SmartRuleId,
    SystemId,
};

calls! {
    /// The Quick Rules that the user may read.
    ListQuickRules {}
        GET "QuickRules"
        => list(SmartRule), Seen, "Read on the rules";

    /// One Quick Rule. 404: there is none.
    GetQuickRule {
        /// The rule.
        rule: SmartRuleId,
    }
        GET "QuickRules" / rule
        => object(SmartRule), Seen, "Read on the rule";

    /// The Quick Rule of this title. 404: there is none.
    FindQuickRule {
        /// Its title.
        title: String,
    }
        GET "QuickRules" query { "title" = title }
        => object(SmartRule), Seen, "Read on the rule";

    /// The Quick Rule of this title in an organization. 404: there is none.
    FindQuickRuleOfOrganization {
        /// The organization.
        organization: OrganizationId,
        /// Its title.
        title: String,
    }
        GET "Organizations" / organization / "QuickRules" query { "title" = title }
        => object(SmartRule), Seen, "Read on the rule";

    /// Makes a Quick Rule. 201.
    CreateQuickRule {
        /// The rule.
        new: NewQuickRule,
    }
        POST "QuickRules" json (new)
        => object(SmartRule), Seen, "Smart Rule Management (Full)";

    /// Deletes a Quick Rule.
    DeleteQuickRule {
        /// The rule.
        rule: SmartRuleId,
    }
        DELETE "QuickRules" / rule
        => nothing, Seen, "Smart Rule Management (Full)";

    /// Deletes the Quick Rule of this title.
    DeleteQuickRuleTitled {
        /// Its title.
        title: String,
    }
        DELETE "QuickRules" query { "title" = title }
        => nothing, Seen, "Smart Rule Management (Full)";

    /// Deletes the Quick Rule of this title in an organization.
    DeleteQuickRuleOfOrganization {
        /// The organization.
        organization: OrganizationId,
        /// Its title.
        title: String,
    }
        DELETE "Organizations" / organization / "QuickRules" query { "title" = title }
        => nothing, Seen, "Smart Rule Management (Full)";

    /// Definitions of the accounts of a Quick Rule.
    ListAccountsOfQuickRule {
        /// The rule.
        rule: SmartRuleId,
    }
        GET "QuickRules" / rule / "ManagedAccounts"
        => list(ManagedAccount), Seen,
        "Password Safe Account Management (Read), and Read on the rule";

    /// Replaces the accounts of a Quick Rule.
    SetAccountsOfQuickRule {
        /// The rule.
        rule: SmartRuleId,
        /// All its accounts, at least one.
        accounts: Vec<AccountId>,
    }
        PUT "QuickRules" / rule / "ManagedAccounts" json { "AccountIDs" = accounts }
        rules rule_keeps_an_account
        => list(ManagedAccount), Seen, "Smart Rule Management (Full)";

    /// Adds an account to a Quick Rule. 200 with all its accounts, or 204 without feedback, which
    /// reads as none.
    AddAccountToQuickRule {
        /// The rule.
        rule: SmartRuleId,
        /// The account.
        account: AccountId,
        /// Whether all its accounts are answered: yes.
        feedback: Option<bool>,
    }
        POST "QuickRules" / rule / "ManagedAccounts" / account query { "feedback" = feedback }
        => list(ManagedAccount), Seen, "Smart Rule Management (Full)", Safe;

    /// Takes an account out of a Quick Rule. Answers as [`AddAccountToQuickRule`].
    RemoveAccountFromQuickRule {
        /// The rule.
        rule: SmartRuleId,
        /// The account.
        account: AccountId,
        /// Whether all its accounts are answered: yes.
        feedback: Option<bool>,
    }
        DELETE "QuickRules" / rule / "ManagedAccounts" / account query { "feedback" = feedback }
        => list(ManagedAccount), Seen, "Smart Rule Management (Full)";

    /// The systems of a Quick Rule.
    ListSystemsOfQuickRule {
        /// The rule.
        rule: SmartRuleId,
    }
        GET "QuickRules" / rule / "ManagedSystems"
        => list(ManagedSystem), Seen,
        "Password Safe System Management (Read), and Read on the rule";

    /// Adds a system to a Quick Rule. Answers as [`AddAccountToQuickRule`].
    AddSystemToQuickRule {
        /// The rule.
        rule: SmartRuleId,
        /// The system.
        system: SystemId,
        /// Whether all its systems are answered: yes.
        feedback: Option<bool>,
    }
        POST "QuickRules" / rule / "ManagedSystems" / system query { "feedback" = feedback }
        => list(ManagedSystem), Seen, "Smart Rule Management (Full)", Safe;

    /// Takes a system out of a Quick Rule. Answers as [`AddAccountToQuickRule`].
    RemoveSystemFromQuickRule {
        /// The rule.
        rule: SmartRuleId,
        /// The system.
        system: SystemId,
        /// Whether all its systems are answered: yes.
        feedback: Option<bool>,
    }
        DELETE "QuickRules" / rule / "ManagedSystems" / system query { "feedback" = feedback }
        => list(ManagedSystem), Seen, "Smart Rule Management (Full)";
}

fn rule_keeps_an_account(call: &SetAccountsOfQuickRule) -> Result<(), Rule> {
    match call.accounts.is_empty() {
        true => Err("AccountIDs is a list of at least one"),
        false => Ok(()),
    }
}
