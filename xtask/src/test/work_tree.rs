//! Tests leave the work tree as they found it.

use std::path::Path;
use std::process::Command;

use super::Outcome;
use crate::run;

/// What `git status` said at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WorkTree {
    /// One line per changed or unknown file.
    Status(Vec<String>),
    /// An unpacked archive, or no git on this machine.
    NoGit,
}

impl WorkTree {
    pub(super) fn look(root: &Path) -> Self {
        let mut command = Command::new("git");
        // A checkout that belongs to another user (usual in containers) is ours all the same: its
        // code is what is running. No lock is taken, so that a git at work elsewhere is not disturbed.
        command
            .args(["-c", "safe.directory=*", "status", "--porcelain", "--untracked-files=all"])
            .env("GIT_OPTIONAL_LOCKS", "0")
            .current_dir(root);
        match run::output(&mut command) {
            Ok(text) => Self::Status(text.lines().map(str::to_owned).collect()),
            Err(_) => Self::NoGit,
        }
    }

    /// Names every file whose state changed from `self` to `after`.
    pub(super) fn compare(&self, after: &Self) -> Outcome {
        let (Self::Status(before), Self::Status(after)) = (self, after) else {
            return Outcome::Skipped("not a git checkout");
        };
        let new = after.iter().filter(|line| !before.contains(line));
        let gone = before.iter().filter(|line| !after.contains(line));
        let changes: Vec<_> = new.chain(gone).map(|line| line.trim()).collect();
        if changes.is_empty() {
            Outcome::Passed
        } else {
            Outcome::Failed(format!("the run changed: {}", changes.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(lines: &[&str]) -> WorkTree {
        WorkTree::Status(lines.iter().map(|&line| line.to_owned()).collect())
    }

    #[test]
    fn files_that_appear_or_change_are_named_and_old_changes_are_not() {
        let before = status(&[" M Cargo.toml", "?? notes"]);
        assert_eq!(before.compare(&before.clone()), Outcome::Passed);
        let after = status(&[" M Cargo.toml", "?? left-behind"]);
        let Outcome::Failed(why) = before.compare(&after) else { panic!("must fail") };
        assert!(
            why.contains("left-behind") && why.contains("notes") && !why.contains("Cargo"),
            "{why}"
        );
    }

    #[test]
    fn without_git_nothing_is_claimed() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(WorkTree::look(folder.path()), WorkTree::NoGit);
        assert!(matches!(WorkTree::NoGit.compare(&status(&[])), Outcome::Skipped(_)));
    }
}
