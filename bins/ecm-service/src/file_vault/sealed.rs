//! Opening an age file (age-encryption.org/v1), binary or armored.

use std::io::Read;

use age::armor::ArmoredReader;
use age::{DecryptError, Decryptor, Identity, IdentityFile};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::entries::{Entries, EntriesError};
use crate::config::vault::Unlock;

/// Largest file, encrypted or not.
pub const FILE_LIMIT: usize = 8 * 1024 * 1024;

/// Highest work factor of a passphrase (`log2 N`): about a second on a machine of today, four on a
/// slow one.
const WORK: u8 = 20;

/// Why a file cannot be opened. Never holds anything of its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealedError {
    /// The identity file holds no identity that can be read.
    #[error("the identity file holds no age identity")]
    Identity,
    /// Encrypted for somebody else, or another passphrase.
    #[error("the file is not encrypted for this identity or passphrase")]
    WrongKey,
    /// No age file, or a damaged one.
    #[error("the file is no age file, or damaged: {what}")]
    Damaged {
        /// What is wrong, in the library's words.
        what: String,
    },
    /// The passphrase would take too long.
    #[error("the passphrase's work factor is {required}, at most {WORK} is taken")]
    Work {
        /// What the file says.
        required: u8,
    },
    /// Too large.
    #[error("the decrypted file is larger than {FILE_LIMIT} bytes")]
    TooLarge,
    /// Not UTF-8.
    #[error("the decrypted file is not UTF-8 text")]
    NotText,
    /// The content is wrong.
    #[error("the decrypted file: {0}")]
    Entries(#[from] EntriesError),
}

/// Decrypts and reads a file. Takes a second or more with a passphrase.
///
/// # Errors
///
/// See [`SealedError`].
pub fn open(sealed: &[u8], unlock: &Unlock) -> Result<Entries, SealedError> {
    let decryptor = Decryptor::new(ArmoredReader::new(sealed)).map_err(of_age)?;
    let identities: Vec<Box<dyn Identity>> = match unlock {
        Unlock::Passphrase(passphrase) => {
            let mut identity = age::scrypt::Identity::new(passphrase.clone());
            identity.set_max_work_factor(WORK);
            vec![Box::new(identity)]
        }
        Unlock::Identities(text) => {
            let file = IdentityFile::from_buffer(text.expose_secret().as_bytes());
            let identities = file.ok().and_then(|file| file.into_identities().ok());
            identities.filter(|found| !found.is_empty()).ok_or(SealedError::Identity)?
        }
    };
    let identities = identities.iter().map(|identity| &**identity);
    let mut plain = decryptor.decrypt(identities).map_err(of_age)?;
    // Read into room that never moves: what the allocator moves, it does not wipe.
    let mut text = Zeroizing::new(vec![0; sealed.len().min(FILE_LIMIT) + 1]);
    let mut filled = 0;
    while let Some(room) = text.get_mut(filled..).filter(|room| !room.is_empty()) {
        match plain.read(room) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) => return Err(SealedError::Damaged { what: error.to_string() }),
        }
    }
    if filled > FILE_LIMIT {
        return Err(SealedError::TooLarge);
    }
    let text = text.get(..filled).unwrap_or_default();
    Ok(Entries::parse(std::str::from_utf8(text).map_err(|_| SealedError::NotText)?)?)
}

fn of_age(error: DecryptError) -> SealedError {
    match error {
        DecryptError::NoMatchingKeys
        | DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed => SealedError::WrongKey,
        DecryptError::ExcessiveWork { required, .. } => SealedError::Work { required },
        other => SealedError::Damaged { what: other.to_string() },
    }
}
