//! Rules of how passwords and keys are made.

use super::declare::calls;
use crate::model::{DssKeyRule, DssKeyRuleId, PasswordRule, PasswordRuleId};

calls! {
    /// All password rules.
    ListPasswordRules {
        /// Only those enabled for this product.
        product: Option<String>,
    }
        GET "PasswordRules" query { "enabledproducts" = product }
        => list(PasswordRule), Seen, "Password Safe System Management (Read)";

    /// One password rule. 404: there is none.
    GetPasswordRule {
        /// The rule.
        rule: PasswordRuleId,
    }
        GET "PasswordRules" / rule
        => object(PasswordRule), Seen, "Password Safe System Management (Read)";

    /// All rules of keys.
    ListDssKeyRules {}
        GET "DSSKeyRules"
        => list(DssKeyRule), Seen, "Password Safe System Management (Read)";

    /// One rule of keys. 404: there is none.
    GetDssKeyRule {
        /// The rule.
        rule: DssKeyRuleId,
    }
        GET "DSSKeyRules" / rule
        => object(DssKeyRule), Seen, "Password Safe System Management (Read)";
}
