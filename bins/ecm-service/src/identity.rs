//! Who this installation is: an id that stays over restarts, and the key of its credential ids.

use std::io::{self, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use secrecy::SecretSlice;
use service_host::state_dir::{StateDir, private_options};
use zeroize::Zeroizing;

use crate::event_code::Event;

/// File with the instance id.
const INSTANCE_FILE: &str = "instance-id";
/// File with the generated key.
const KEY_FILE: &str = "credential-ids.key";
/// Bytes of a generated key.
const KEY_BYTES: usize = 32;

/// Why the identity could not be read or made.
#[derive(Debug, thiserror::Error)]
#[error("{file} in the state folder cannot be used")]
pub struct IdentityError {
    /// Which file.
    pub file: &'static str,
    /// What the operating system said.
    #[source]
    pub cause: io::Error,
}

/// The id of this installation, made once. A site lets a newer link of the same id replace the
/// older one, so it must not be shared by two machines.
///
/// # Errors
///
/// [`IdentityError`] when the file cannot be read or written, or holds something else.
pub fn instance_id(state: &StateDir, now: Timestamp) -> Result<String, IdentityError> {
    let failed = |cause| IdentityError { file: INSTANCE_FILE, cause };
    let path = state.file(INSTANCE_FILE);
    let found = match std::fs::read_to_string(&path) {
        Ok(text) => text.trim().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = uuid_v7(now).map_err(failed)?;
            write_new(&path, id.as_bytes()).map_err(failed)?;
            id
        }
        Err(error) => return Err(failed(error)),
    };
    let is_uuid = found.len() == 36 && found.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if is_uuid {
        Ok(found)
    } else {
        Err(failed(io::Error::new(io::ErrorKind::InvalidData, "it holds no UUID; remove it")))
    }
}

/// The generated key of credential ids, made once. It must outlive restarts: ids are kept by sites.
///
/// # Errors
///
/// [`IdentityError`] when the file cannot be read or written, or holds something else.
pub fn credential_id_key(state: &StateDir) -> Result<SecretSlice<u8>, IdentityError> {
    let failed = |cause| IdentityError { file: KEY_FILE, cause };
    let path = state.file(KEY_FILE);
    match std::fs::read(&path) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            let key = STANDARD.decode(text.trim_ascii()).ok().filter(|key| key.len() >= KEY_BYTES);
            let broken = || io::Error::new(io::ErrorKind::InvalidData, "it holds no key");
            key.map(Into::into).ok_or_else(|| failed(broken()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
            getrandom::fill(key.as_mut_slice()).map_err(|e| failed(io::Error::other(e)))?;
            let text = Zeroizing::new(STANDARD.encode(key.as_slice()));
            write_new(&path, text.as_bytes()).map_err(failed)?;
            Event::credential_id_key_generated(&path).log();
            Ok(key.to_vec().into())
        }
        Err(error) => Err(failed(error)),
    }
}

/// Writes beside and renames: a crash leaves no half file behind.
fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = private_options().open(&beside)?;
    file.set_len(0)?;
    file.write_all(text)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

/// A time-ordered random UUID (RFC 9562, section 5.7).
///
/// # Errors
///
/// When the operating system has no randomness.
pub fn uuid_v7(now: Timestamp) -> io::Result<String> {
    let mut random = [0_u8; 10];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let high = (u128::from(millis) & 0xffff_ffff_ffff) << 80;
    let low = random.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    // The version (7) and variant (binary 10) bits take the place of random ones.
    let number = (high | low) & !(0xf << 76) & !(0x3 << 62) | 0x7 << 76 | 0x2 << 62;
    let hex = format!("{number:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    Ok([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn ids_have_version_variant_and_time() {
        // The time of the example in RFC 9562, appendix A.6.
        let now: Timestamp = "2022-02-22T19:22:22Z".parse().unwrap();
        let id = uuid_v7(now).unwrap();
        assert!(id.starts_with("017f22e2-79b0-7"), "{id}");
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{id}");
        assert_ne!(id, uuid_v7(now).unwrap());
    }

    #[test]
    fn identity_and_key_stay_over_restarts_and_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(folder.path()).unwrap();
        let first = instance_id(&state, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(instance_id(&state, Timestamp::MAX).unwrap(), first);
        let key = credential_id_key(&state).unwrap();
        assert_eq!(key.expose_secret().len(), KEY_BYTES);
        assert_eq!(credential_id_key(&state).unwrap().expose_secret(), key.expose_secret());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(state.file(KEY_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::write(state.file(KEY_FILE), "short").unwrap();
        assert!(credential_id_key(&state).is_err());
    }
}
