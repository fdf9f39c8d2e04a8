//! Finding plugins, and saying why one cannot be loaded.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use source_plugin::{Manifest, ManifestError, PROTOCOL};

/// Where plugins are looked for when the configuration is silent.
pub const DEFAULT_FOLDER: &str = "/usr/lib/keyferry/plugins";

/// The description's name.
const MANIFEST: &str = "plugin.toml";
/// Larger than any description.
const MANIFEST_LIMIT: u64 = 256 * 1024;
/// Where a program without a slash is looked for.
const PROGRAM_FOLDERS: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];
/// Most plugins in one folder; more are not looked at.
const PLUGINS: usize = 256;
/// Most files of one plugin whose rights are looked at.
const FILES: usize = 4096;

/// A plugin that can be started.
#[derive(Debug, Clone)]
pub struct Installed {
    /// Its folder, absolute.
    pub folder: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
    /// The program to start.
    pub program: PathBuf,
}

/// What lies in a folder: a name, and what it is or why it cannot be loaded.
pub type Found = (String, Result<Installed, FolderError>);

/// Why a plugin cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// A file or folder cannot be read.
    #[error("{path} cannot be read: {cause}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        cause: io::Error,
    },
    /// Its description is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Folder and description disagree.
    #[error("the folder is `{folder}`, and plugin.toml says `{manifest}`")]
    OtherName {
        /// Name of the folder.
        folder: String,
        /// Name in the description.
        manifest: String,
    },
    /// It speaks another version.
    #[error("it speaks version {spoken:?} of the protocol, this service speaks {PROTOCOL}")]
    Protocol {
        /// What it speaks.
        spoken: Vec<u32>,
    },
    /// Its program is not there.
    #[error("its program {program} is not there")]
    NoProgram {
        /// As written.
        program: String,
    },
    /// Its program may not be executed.
    #[error("its program {path} is not executable")]
    NotExecutable {
        /// The program.
        path: PathBuf,
    },
    /// Everybody could put another program in its place.
    #[error("{path} may be changed by everybody (mode {mode:o})")]
    Writable {
        /// Which file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody else than root and the service's user could.
    #[error("{path} belongs to user {owner}, who is neither root nor this service's user")]
    Owner {
        /// Which file or folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
}

impl FolderError {
    /// What the operator can do about it.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
                "check the name, and `folder` in [plugins]".to_owned()
            }
            Self::Unreadable { .. } => {
                "give the user this service runs as the right to read it".to_owned()
            }
            Self::Manifest(_) => "correct the description, or ask who made the plugin".to_owned(),
            Self::OtherName { manifest, .. } => format!("rename the folder to `{manifest}`"),
            Self::Protocol { .. } => "install a version of the plugin for this service".to_owned(),
            Self::NoProgram { .. } => {
                "install what the plugin needs, or correct `command`".to_owned()
            }
            Self::NotExecutable { path } => format!("run: chmod a+rx {}", path.display()),
            Self::Writable { path, .. } => format!("run: chmod o-w {}", path.display()),
            Self::Owner { path, .. } => format!("run: chown -R root {}", path.display()),
        }
    }
}

/// Every plugin of a folder, by name.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn discover(folder: &Path) -> Result<Vec<Found>, FolderError> {
    let unreadable = |cause| FolderError::Unreadable { path: folder.to_owned(), cause };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)?.take(PLUGINS) {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && entry.path().is_dir() {
            found.push((name, load(&entry.path())));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

/// The plugin of this name.
///
/// # Errors
///
/// Why it cannot be loaded.
pub fn load_by_name(folder: &Path, name: &str) -> Result<Installed, FolderError> {
    if name.contains(['/', '\\']) || name.starts_with('.') {
        let cause = io::Error::new(io::ErrorKind::NotFound, "a plugin's name has no slash");
        return Err(FolderError::Unreadable { path: folder.join(name), cause });
    }
    load(&folder.join(name))
}

/// The plugin in this folder.
///
/// # Errors
///
/// Why it cannot be loaded.
pub fn load(folder: &Path) -> Result<Installed, FolderError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |cause| FolderError::Unreadable { path, cause }
    };
    let folder = fs::canonicalize(folder).map_err(unreadable(folder))?;
    let described = folder.join(MANIFEST);
    let size = fs::metadata(&described).map_err(unreadable(&described))?.len();
    if size > MANIFEST_LIMIT {
        let cause = io::Error::other("it is larger than any description");
        return Err(unreadable(&described)(cause));
    }
    let text = fs::read_to_string(&described).map_err(unreadable(&described))?;
    let manifest = Manifest::parse(&text)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    if name != manifest.name {
        let (folder, manifest) = (name.into_owned(), manifest.name);
        return Err(FolderError::OtherName { folder, manifest });
    }
    if !manifest.protocol.contains(&PROTOCOL) {
        return Err(FolderError::Protocol { spoken: manifest.protocol });
    }
    let program = find_program(&folder, &manifest)?;
    if let Some(parent) = folder.parent() {
        rights::check_folder_above(parent)?;
    }
    rights::check_all(&folder)?;
    rights::check(&program)?;
    rights::check_executable(&program)?;
    Ok(Installed { folder, manifest, program })
}

fn find_program(folder: &Path, manifest: &Manifest) -> Result<PathBuf, FolderError> {
    let written = manifest.command.first().map(String::as_str).unwrap_or_default();
    let missing = || FolderError::NoProgram { program: written.to_owned() };
    if written.contains('/') {
        return fs::canonicalize(folder.join(written)).map_err(|_| missing());
    }
    let mut places = PROGRAM_FOLDERS.iter().map(|place| Path::new(place).join(written));
    places.find(|place| place.is_file()).ok_or_else(missing)
}

#[cfg(unix)]
mod rights {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::{FILES, FolderError, Path, fs};

    const STICKY: u32 = 0o1000;

    fn look(path: &Path) -> Result<fs::Metadata, FolderError> {
        let unreadable = |cause| FolderError::Unreadable { path: path.to_owned(), cause };
        fs::metadata(path).map_err(unreadable)
    }

    /// One file or folder: not for everybody to change, and owned by whom we trust.
    pub(super) fn check(path: &Path) -> Result<(), FolderError> {
        let metadata = look(path)?;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o002 != 0 {
            return Err(FolderError::Writable { path: path.to_owned(), mode });
        }
        let owner = metadata.uid();
        if owner != 0 && owner != rustix::process::geteuid().as_raw() {
            return Err(FolderError::Owner { path: path.to_owned(), owner });
        }
        Ok(())
    }

    /// In a folder that everybody may write to, only the sticky bit keeps a name from being moved.
    pub(super) fn check_folder_above(path: &Path) -> Result<(), FolderError> {
        let mode = look(path)?.permissions().mode() & 0o7777;
        if mode & 0o002 != 0 && mode & STICKY == 0 {
            return Err(FolderError::Writable { path: path.to_owned(), mode });
        }
        Ok(())
    }

    /// The folder and everything in it: a script may load any file that lies beside it.
    pub(super) fn check_all(folder: &Path) -> Result<(), FolderError> {
        let mut left = vec![folder.to_owned()];
        let mut seen = 0;
        while let Some(path) = left.pop() {
            check(&path)?;
            seen += 1;
            if !path.is_dir() || path.is_symlink() {
                continue;
            }
            let unreadable = |cause| FolderError::Unreadable { path: path.clone(), cause };
            for entry in fs::read_dir(&path).map_err(unreadable)? {
                if seen + left.len() >= FILES {
                    let cause = std::io::Error::other("it holds too many files");
                    return Err(FolderError::Unreadable { path: folder.to_owned(), cause });
                }
                left.push(entry.map_err(unreadable)?.path());
            }
        }
        Ok(())
    }

    pub(super) fn check_executable(path: &Path) -> Result<(), FolderError> {
        let executable = rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
        if path.is_file() && executable {
            Ok(())
        } else {
            Err(FolderError::NotExecutable { path: path.to_owned() })
        }
    }
}

#[cfg(not(unix))]
mod rights {
    use super::{FolderError, Path};

    pub(super) fn check(_: &Path) -> Result<(), FolderError> {
        Ok(())
    }

    pub(super) fn check_folder_above(_: &Path) -> Result<(), FolderError> {
        Ok(())
    }

    pub(super) fn check_all(_: &Path) -> Result<(), FolderError> {
        Ok(())
    }

    pub(super) fn check_executable(_: &Path) -> Result<(), FolderError> {
        Ok(())
    }
}
