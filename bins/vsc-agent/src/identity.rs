//! Keys of machines that know each other: this one's own, and a file of the others'.
//!
//! For managed fleets: two machines whose keys were exchanged beforehand need no spoken words.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use vsc_core::handshake::generate_identity;
use zeroize::Zeroizing;

/// The file of this machine's key in the state folder.
const FILE: &str = "identity.key";

/// In front of a written key, so that nobody takes another kind of key for it.
const PREFIX: &str = "vsc1:";

/// The largest file of peers that is read.
const LARGEST_FILE: u64 = 1024 * 1024;

/// A public key as it is written: `vsc1:` and 32 bytes in Base64.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub [u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let bytes = text.strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok());
        let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        key.map(Self).ok_or(IdentityError::NotAKey)
    }
}

/// This machine's key pair.
pub struct Identity {
    private: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

impl Identity {
    /// Reads the key of a state folder, or makes one.
    ///
    /// # Errors
    ///
    /// See [`IdentityError`].
    pub fn of_folder(folder: &Path) -> Result<Self, IdentityError> {
        let path = folder.join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => Self::read(Zeroizing::new(bytes), &path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(&path),
            Err(cause) => Err(IdentityError::File { path, cause }),
        }
    }

    /// The public half, for the others' files of peers.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    pub(crate) fn private_key(&self) -> Zeroizing<[u8; 32]> {
        self.private.clone()
    }

    fn read(bytes: Zeroizing<Vec<u8>>, path: &Path) -> Result<Self, IdentityError> {
        let (private, public) = bytes
            .split_first_chunk::<32>()
            .and_then(|(private, rest)| Some((private, <[u8; 32]>::try_from(rest).ok()?)))
            .ok_or_else(|| IdentityError::Damaged { path: path.to_owned() })?;
        Ok(Self { private: Zeroizing::new(*private), public: PublicKey(public) })
    }

    /// This machine's line for the others' files of peers.
    #[must_use]
    pub fn peer_line(&self, name: &str) -> String {
        // A name with a space could not be told from the key behind it, one with # from a comment.
        let name = name.replace(|c: char| c.is_whitespace() || c == '#', "-");
        format!("{name} {}", self.public)
    }

    fn make(path: &Path) -> Result<Self, IdentityError> {
        use std::io::Write;
        let (private, public) = generate_identity().map_err(|_| IdentityError::NoKeyMade)?;
        let not_written = |cause| IdentityError::File { path: path.to_owned(), cause };
        let mut options = service_host::state_dir::private_options();
        // Never over a key that another process made in this very moment.
        let mut file = options.create_new(true).open(path).map_err(not_written)?;
        let bytes = Zeroizing::new([&private[..], &public[..]].concat());
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(not_written)?;
        Ok(Self { private, public: PublicKey(public) })
    }
}

/// The machines that this one knows: lines of a name and a public key.
#[derive(Debug, Default)]
pub struct Peers(BTreeMap<String, PublicKey>);

impl Peers {
    /// Reads a file: one machine a line, name and key; `#` begins a comment.
    ///
    /// # Errors
    ///
    /// See [`IdentityError`].
    pub fn of_file(path: &Path) -> Result<Self, IdentityError> {
        let unreadable = |cause| IdentityError::File { path: path.to_owned(), cause };
        if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST_FILE {
            return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
        }
        Self::parse(&std::fs::read_to_string(path).map_err(unreadable)?)
    }

    /// The public key of a machine.
    #[must_use]
    pub fn key_of(&self, name: &str) -> Option<[u8; 32]> {
        self.0.get(name).map(|key| key.0)
    }

    fn parse(text: &str) -> Result<Self, IdentityError> {
        let mut peers = BTreeMap::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.split_once('#').map_or(text, |(before, _)| before).trim();
            if text.is_empty() {
                continue;
            }
            let (name, key) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            let key = key.trim().parse().map_err(|_| IdentityError::Line { line })?;
            if peers.insert(name.to_owned(), key).is_some() {
                return Err(IdentityError::Twice { line, name: name.to_owned() });
            }
        }
        Ok(Self(peers))
    }
}

/// Why a key or a file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// A file cannot be read or written.
    #[error("{path} cannot be used: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The key file does not hold a key.
    #[error("{path} holds no key; remove it, and give the other machines the new public key")]
    Damaged {
        /// Which.
        path: PathBuf,
    },
    /// The text is no public key.
    #[error("a public key is `{PREFIX}` and 44 characters; `vsc-agent identity` prints it")]
    NotAKey,
    /// A line of a file of peers is wrong.
    #[error("line {line} of the file of peers: write a name, a space and a key ({PREFIX}...)")]
    Line {
        /// Which, counted from 1.
        line: usize,
    },
    /// A machine is there twice.
    #[error("line {line} of the file of peers: \"{name}\" was there before")]
    Twice {
        /// Which, counted from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// The cryptography crate made no key.
    #[error("no key could be made")]
    NoKeyMade,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = Identity::of_folder(folder.path()).unwrap();
        let again = Identity::of_folder(folder.path()).unwrap();
        assert_eq!(first.public_key(), again.public_key());
        assert_eq!(first.private_key(), again.private_key());
        assert_eq!(first.public_key().to_string().parse::<PublicKey>().unwrap(), first.public);
    }

    #[test]
    fn a_machines_line_is_found_by_others_whatever_its_name_is_made_of() {
        let folder = tempfile::tempdir().unwrap();
        let identity = Identity::of_folder(folder.path()).unwrap();
        for (name, listed) in [
            ("desk-7", "desk-7"),
            ("desk 7\tupstairs", "desk-7-upstairs"),
            ("desk#7", "desk-7"),
            ("#7", "-7"),
        ] {
            let peers = Peers::parse(&identity.peer_line(name)).unwrap();
            assert_eq!(peers.key_of(listed), Some(identity.public.0), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_private_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        Identity::of_folder(folder.path()).unwrap();
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_not_replaced_silently() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), b"short").unwrap();
        let refused = Identity::of_folder(folder.path());
        assert!(matches!(refused, Err(IdentityError::Damaged { .. })));
    }

    #[test]
    fn a_file_of_peers_names_the_line_that_is_wrong() {
        let key = PublicKey([7; 32]);
        let peers = Peers::parse(&format!("# fleet\n\ndesk-7 {key} # upstairs\n")).unwrap();
        assert_eq!(peers.key_of("desk-7"), Some([7; 32]));
        assert_eq!(peers.key_of("desk-8"), None);
        let wrong = Peers::parse(&format!("a {key}\nb vsc1:AAAA\n"));
        assert!(matches!(wrong, Err(IdentityError::Line { line: 2 })));
        let wrong = Peers::parse(&format!("a {key}\na {key}\n"));
        assert!(matches!(wrong, Err(IdentityError::Twice { line: 2, .. })));
        assert!(matches!(Peers::parse("alone"), Err(IdentityError::Line { line: 1 })));
    }
}
