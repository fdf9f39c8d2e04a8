//! The workspace as data: its files, and what cargo knows about its crates.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use crate::run;

/// The folder that holds the workspace's Cargo.toml.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// One text file. `path` is relative to the root, with `/` on every system.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every text file of the project, sorted by path. Git is not asked, so that an unpacked archive
/// is checked as well as a clone.
#[derive(Debug, Default)]
pub(crate) struct SourceTree {
    files: Vec<SourceFile>,
}

impl SourceTree {
    /// Reads all files below `root` that are UTF-8, except build output and git's own.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder)
                .with_context(|| format!("cannot list {}", folder.display()))?;
            for entry in entries {
                let entry = entry?;
                let path = entry.path();
                let kind = entry.file_type()?;
                if matches!(entry.file_name().to_str(), Some(".git" | "target")) {
                    continue;
                }
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() {
                    let bytes = fs::read(&path)
                        .with_context(|| format!("cannot read {}", path.display()))?;
                    if let Ok(text) = String::from_utf8(bytes) {
                        files.push(SourceFile { path: relative(root, &path), text });
                    }
                }
            }
        }
        Ok(Self::of(files))
    }

    pub(crate) fn of(mut files: Vec<SourceFile>) -> Self {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Self { files }
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter()
    }

    pub(crate) fn with_ending<'a>(
        &'a self,
        ending: &'a str,
    ) -> impl Iterator<Item = &'a SourceFile> {
        self.files.iter().filter(move |file| file.path.ends_with(ending))
    }

    pub(crate) fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether `path` is a file, or a folder with a file in it.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| {
            file.path == path
                || file.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

fn relative(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> =
        inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// The part of `cargo metadata --format-version 1 --no-deps` that the checks read.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    /// The members of the workspace.
    pub(crate) packages: Vec<Package>,
}

/// One crate of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Absolute path of its Cargo.toml.
    pub(crate) manifest_path: PathBuf,
    pub(crate) rust_version: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
    /// Feature name to what it switches on (`dep:x`, `x/feature`, …).
    #[serde(default)]
    pub(crate) features: BTreeMap<String, Vec<String>>,
}

/// One line of a crate's dependency tables.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Absent for a normal dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
    pub(crate) optional: bool,
    #[serde(default)]
    pub(crate) features: Vec<String>,
}

impl Metadata {
    /// Asks cargo; needs no network.
    pub(crate) fn of_workspace(root: &Path) -> anyhow::Result<Self> {
        let mut command = run::cargo(root);
        command.args(["metadata", "--format-version", "1", "--no-deps"]);
        serde_json::from_str(&run::output(&mut command)?)
            .context("cargo metadata has an unexpected shape")
    }

    /// The member of this name.
    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }
}

impl Package {
    /// The crate's folder, relative to the workspace root, with `/`.
    pub(crate) fn folder(&self, root: &Path) -> String {
        relative(root, self.manifest_path.parent().unwrap_or(&self.manifest_path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_output_and_git_files_are_not_part_of_the_tree() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["src/lib.rs", "target/debug/lib.rs", ".git/config", "docs/a.md", ".ci/run"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        fs::write(folder.path().join("picture.png"), [0xff, 0xfe]).unwrap();
        let tree = SourceTree::read(folder.path()).unwrap();
        let paths: Vec<_> = tree.files().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, [".ci/run", "docs/a.md", "src/lib.rs"]);
        assert!(tree.has("docs") && tree.has("docs/a.md") && !tree.has("doc"));
    }

    #[test]
    fn cargo_knows_this_crate() {
        let root = root();
        let metadata = Metadata::of_workspace(&root).unwrap();
        let me = metadata.packages.iter().find(|package| package.name == "xtask").unwrap();
        assert_eq!(me.folder(&root), "xtask");
        assert!(me.rust_version.is_some());
    }
}
