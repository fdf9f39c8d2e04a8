//! Saving: secrets to their files, the old text to the versions, the new one in its place at once.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use service_host::state_dir::{make_private, private_options};
use similar::TextDiff;

use super::Draft;

/// So many old versions are kept.
const KEPT: usize = 50;

/// Why a draft was not saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// Somebody changed the file meanwhile.
    #[error(
        "{0} was changed by somebody else since it was loaded; note what you typed, and start anew"
    )]
    ChangedMeanwhile(PathBuf),
    /// A file cannot be written.
    #[error("{path} cannot be written: {cause}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}

/// A text that the file once had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its name, which is the time until which it was in place.
    pub name: String,
}

impl Draft {
    /// How the draft differs from what is on disk, line by line; empty when it does not.
    #[must_use]
    pub fn difference(&self) -> String {
        difference(self.original.as_deref().unwrap_or_default(), &self.text())
    }

    /// The files that typed secrets will be written to.
    pub(super) fn secret_files(&self) -> Vec<PathBuf> {
        self.secrets.keys().map(|file| self.base().join(file)).collect()
    }

    /// Puts the draft in place of the file.
    ///
    /// # Errors
    ///
    /// See [`SaveError`]. Secrets may have been written then, the file itself was not.
    pub fn save(&mut self) -> Result<(), SaveError> {
        let path = self.path().to_owned();
        let there = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(cause) => return Err(SaveError::File { path, cause }),
        };
        if there != self.original {
            return Err(SaveError::ChangedMeanwhile(path));
        }
        for (file, secret) in &self.secrets {
            let file = self.base().join(file);
            let failed = |cause| SaveError::File { path: file.clone(), cause };
            make_private(file.parent().unwrap_or(Path::new("."))).map_err(failed)?;
            write_in_place(&file, secret.expose_secret().as_bytes(), true).map_err(failed)?;
        }
        if let Some(old) = &there {
            self.keep(old)?;
        }
        let text = self.text();
        write_in_place(&path, text.as_bytes(), false)
            .map_err(|cause| SaveError::File { path, cause })?;
        self.original = Some(text);
        self.secrets.clear();
        Ok(())
    }

    fn keep(&self, old: &str) -> Result<(), SaveError> {
        let folder = self.versions_folder();
        let failed = |cause| SaveError::File { path: folder.clone(), cause };
        make_private(&folder).map_err(failed)?;
        let now = Timestamp::now().strftime("%Y-%m-%dT%H-%M-%S%.3fZ").to_string();
        write_in_place(&folder.join(format!("{now}.toml")), old.as_bytes(), true)
            .map_err(failed)?;
        for version in self.versions().iter().skip(KEPT) {
            fs::remove_file(folder.join(format!("{}.toml", version.name))).map_err(failed)?;
        }
        Ok(())
    }

    /// The texts that the file had before, newest first.
    #[must_use]
    pub fn versions(&self) -> Vec<Version> {
        let entries = fs::read_dir(self.versions_folder()).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
            .collect();
        names.sort_by(|one, other| other.cmp(one));
        names.into_iter().map(|name| Version { name }).collect()
    }

    /// The text of a version; `None` if there is none of this name.
    #[must_use]
    pub fn version_text(&self, name: &str) -> Option<String> {
        let version = self.versions().into_iter().find(|version| version.name == name)?;
        fs::read_to_string(self.versions_folder().join(format!("{}.toml", version.name))).ok()
    }

    fn versions_folder(&self) -> PathBuf {
        let mut name = self.path().as_os_str().to_owned();
        name.push(".versions");
        PathBuf::from(name)
    }
}

/// A unified difference.
pub(super) fn difference(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(3).header("as it is", "as it will be").to_string()
}

/// Either the old content or the new is there, whatever happens in between. A file that was there
/// keeps its permissions, unless it is to be private.
fn write_in_place(path: &Path, content: &[u8], is_private: bool) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file = private_options().open(&beside)?;
    file.set_len(0)?;
    file.write_all(content)?;
    if !is_private && let Ok(former) = fs::metadata(path) {
        file.set_permissions(former.permissions())?;
    }
    file.sync_all()?;
    fs::rename(&beside, path)
}
