//! `kind = "file"`: an age-encrypted file.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::config::reader::TableReader;
use crate::config::site::read_secret_text;
use crate::config::{Context, key};

/// One encrypted file, checked. The file itself is opened when the service starts, and again
/// whenever it changes.
#[derive(Debug, Clone)]
pub struct FileVaultConfig {
    /// The file.
    pub file: PathBuf,
    /// How it is decrypted.
    pub unlock: Unlock,
}

/// How a file is decrypted.
#[derive(Debug, Clone)]
pub enum Unlock {
    /// By age identities (the content of an identity file).
    Identities(SecretString),
    /// By a passphrase.
    Passphrase(SecretString),
}

impl FileVaultConfig {
    pub(super) fn from_reader(
        reader: &mut TableReader<'_, '_>,
        context: &Context<'_>,
    ) -> Option<Self> {
        let file = match reader.path(&key::VAULT_FILE) {
            Some(path) => Some(context.base.join(path.value)),
            None => {
                if !reader.has(key::VAULT_FILE.name) {
                    let advice = format!("add for example: file = {}", key::VAULT_FILE.example);
                    reader.problem(reader.span(), "this vault names no `file`", advice);
                }
                None
            }
        };
        let has = [&key::VAULT_IDENTITY, &key::VAULT_PASSPHRASE].map(|key| reader.has(key.name));
        let identities = read_secret_text(reader, &key::VAULT_IDENTITY, context);
        let passphrase = read_secret_text(reader, &key::VAULT_PASSPHRASE, context);
        let unlock = match has {
            [true, false] => identities.map(Unlock::Identities),
            [false, true] => passphrase.map(Unlock::Passphrase),
            [both, _] => {
                let message = match both {
                    true => "a file is opened by `identity` or by `passphrase`, not by both",
                    false => "this vault has neither `identity` nor `passphrase`",
                };
                let advice = format!("keep one: identity = {}", key::VAULT_IDENTITY.example);
                reader.problem(reader.span(), message, advice);
                None
            }
        };
        Some(Self { file: file?, unlock: unlock? })
    }
}
