//! Secrets of managed accounts.

use secrecy::SecretString;

use super::rows::models;
use super::{AccountId, AliasId, SystemId};
use crate::answer::{Fields, Property, Readable, RowError};
use crate::body::{Rule, bodies};

models! {
    /// A secret that was read by alias; only what was asked for is set.
    AliasCredential {
        /// The alias.
        alias: AliasId = "AliasID",
        /// Its name.
        alias_name: Option<String> = "AliasName",
        /// The system it led to.
        system: SystemId = "SystemID",
        /// Its name.
        system_name: Option<String> = "SystemName",
        /// The account it led to.
        account: AccountId = "AccountID",
        /// Its name.
        account_name: Option<String> = "AccountName",
        /// Its domain.
        domain: Option<String> = "DomainName",
        /// The password.
        password: Option<SecretString> = "Password",
        /// The private key.
        private_key: Option<SecretString> = "PrivateKey",
        /// Its passphrase.
        passphrase: Option<SecretString> = "Passphrase",
    }

    /// A one-time code.
    TotpCode {
        /// The digits.
        code: SecretString = "Code",
    }
}

/// What trying a secret came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CredentialTest {
    /// Whether the system took it.
    pub success: bool,
}

/// By hand, because an answer that does not say is not a no.
impl Readable for CredentialTest {
    const HOLDS_SECRET: bool = false;

    fn read(fields: &Fields<'_>) -> Result<Self, RowError> {
        let property = "Success";
        let success = Option::of(fields, property)?;
        Ok(Self { success: success.ok_or(RowError { property, missing: true })? })
    }
}

bodies! {
    /// A secret that is set. Without any the vault makes a random password.
    NewCredential () {
        /// The password. Some releases take 128 characters, newer ones 1000.
        password: secret(1000) = "Password",
        /// The public key; wanted with a private key when the system is updated.
        public_key: text(65_536) = "PublicKey",
        /// The private key.
        private_key: secret(65_536) = "PrivateKey",
        /// Its passphrase, if it is encrypted.
        passphrase: secret(1000) = "Passphrase",
        /// Whether the system is given it too: yes unless it is said.
        update_system: flag = "UpdateSystem",
    } rules key_has_its_public_half;

    /// How a secret is changed.
    CredentialChange () {
        /// Whether the change is queued and the call answers at once.
        queue: flag = "Queue",
        /// The new password, on newer servers; else a random one.
        password: secret(1000) = "Password",
        /// Whether the system is given it too, on newer servers.
        update_system: flag = "UpdateSystem",
    };
}

fn key_has_its_public_half(new: &NewCredential) -> Result<(), Rule> {
    let updates = new.update_system.unwrap_or(true);
    if new.private_key.is_some() && new.public_key.is_none() && updates {
        return Err("PrivateKey needs PublicKey, unless UpdateSystem is off");
    }
    Ok(())
}
