//! The secrets of managed accounts: read, set, changed, tested.

use secrecy::SecretString;

use super::declare::calls;
use crate::body::Rule;
use crate::model::{
    AccountId, AliasCredential, AliasId, CredentialChange, CredentialTest, CredentialType,
    NewCredential, RequestId, SystemId, TotpCode,
};

calls! {
    /// The secret behind an approved request, as a bare text.
    ///
    /// 403 with 4034: not approved yet; 403 with 4031: the account lost API access; 404: given
    /// back, or over; 400: not of this type.
    GetCredential {
        /// The request.
        request: RequestId,
        /// What of the account.
        kind: CredentialType,
    }
        GET "Credentials" / request query { "type" = kind }
        => secret, Confirmed, "owning the request";

    /// The secret behind an approved request that was made by alias.
    ///
    /// Only the member that was asked for is set. Errors as [`GetCredential`].
    GetAliasCredential {
        /// The alias.
        alias: AliasId,
        /// The request.
        request: RequestId,
        /// What of the account.
        kind: CredentialType,
    }
        GET "Aliases" / alias / "Credentials" / request query { "type" = kind }
        rules secret_is_stored
        => object(AliasCredential), Confirmed, "owning the request";

    /// The current code of an account's time-based one-time password, on newer servers.
    GetTotpCode {
        /// The account.
        account: AccountId,
        /// [`CredentialType::Totp`]; the vault knows no other here.
        kind: CredentialType,
    }
        GET "ManagedAccounts" / account / "Credentials" query { "type" = kind }
        rules code_is_asked_for
        => object(TotpCode), Seen, "Requestor or ISA role on the account";

    /// Sets what the vault holds for an account, and by default what the system has. 204.
    ///
    /// Without a password a random one is made, each time another.
    SetCredential {
        /// The account.
        account: AccountId,
        /// What is set.
        new: NewCredential,
    }
        PUT "ManagedAccounts" / account / "Credentials" json (new)
        => nothing, Confirmed, "Password Safe Account Management (Full) or ISA role", Unsafe;

    /// The same, for an account that is known by names. 204.
    SetCredentialByNames {
        /// The workgroup's name.
        workgroup: String,
        /// The asset's name.
        asset: String,
        /// The account's name.
        account: String,
        /// What is set.
        new: NewCredential,
    }
        PUT "Credentials"
        query { "workgroupName" = workgroup, "assetName" = asset, "accountName" = account }
        json (new)
        => nothing, Confirmed, "Password Safe Account Management (Full) or ISA role", Unsafe;

    /// The same, with the names in the path. 204.
    SetCredentialByPath {
        /// The workgroup's name.
        workgroup: String,
        /// The asset's name.
        asset: String,
        /// The account's name.
        account: String,
        /// What is set.
        new: NewCredential,
    }
        PUT "Workgroups" / workgroup / "Assets" / asset / "ManagedSystems" / "ManagedAccounts"
            / account / "Credentials"
        json (new)
        => nothing, Confirmed, "Password Safe Account Management (Full) or ISA role", Unsafe;

    /// Has the vault change an account's secret. 204.
    ///
    /// Unless it is queued, the system is changed while the call waits, which may take minutes;
    /// when that fails, the 400 holds the log of the change, whose end says why.
    ChangeCredential {
        /// The account.
        account: AccountId,
        /// How.
        change: CredentialChange,
    }
        POST "ManagedAccounts" / account / "Credentials" / "Change" json (change)
        => nothing, Confirmed, "Password Safe Account Management (Full) or ISA role";

    /// Has the vault change the secrets of all accounts of a system, one after the other. 204.
    ChangeCredentialsOfSystem {
        /// The system.
        system: SystemId,
    }
        POST "ManagedSystems" / system / "ManagedAccounts" / "Credentials" / "Change"
        => nothing, Confirmed, "Password Safe Account Management (Full)";

    /// Tries what the vault holds on the system itself.
    TestCredential {
        /// The account.
        account: AccountId,
    }
        POST "ManagedAccounts" / account / "Credentials" / "Test"
        => object(CredentialTest), Confirmed, "Password Safe Account Management (Full)", Safe;
}

impl SetCredential {
    /// Sets this password here and on the system.
    #[must_use]
    pub fn password(account: AccountId, password: SecretString) -> Self {
        Self { account, new: NewCredential::new().password(password) }
    }
}

fn secret_is_stored(call: &GetAliasCredential) -> Result<(), Rule> {
    call.kind.check_stored()
}

fn code_is_asked_for(call: &GetTotpCode) -> Result<(), Rule> {
    match call.kind {
        CredentialType::Totp => Ok(()),
        _ => Err("type is totp here"),
    }
}
