//! Building the programs a demo shows, and where cargo put them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::run;

/// The programs by name.
#[derive(Debug)]
pub(super) struct Programs(BTreeMap<String, PathBuf>);

/// The part of cargo's messages that tells of a built program.
#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

impl Programs {
    /// Builds the crates in one go; cargo's progress goes to stderr.
    pub(super) fn build(root: &Path, crates: &[&str]) -> anyhow::Result<Self> {
        let mut command = run::cargo(root);
        command.args(["build", "--bins", "--message-format=json-render-diagnostics"]);
        command.args(crates.iter().flat_map(|name| ["--package", name]));
        command.stdout(Stdio::piped());
        let output = command
            .spawn()
            .and_then(std::process::Child::wait_with_output)
            .with_context(|| format!("cannot start {}", run::line(&command)))?;
        if !output.status.success() {
            bail!("{} failed", run::line(&command));
        }
        Ok(Self(executables(&String::from_utf8_lossy(&output.stdout))))
    }

    pub(super) fn path(&self, name: &str) -> anyhow::Result<&Path> {
        self.0.get(name).map(PathBuf::as_path).with_context(|| format!("cargo built no {name}"))
    }
}

fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    let artifact = |line: &str| {
        let message: Message = serde_json::from_str(line).ok()?;
        let built = message.reason == "compiler-artifact";
        built.then_some((message.target?.name, message.executable?))
    };
    messages.lines().filter_map(artifact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_among_everything_cargo_says() {
        let messages = concat!(
            "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"serde\"},\"executable\":null}\n",
            "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"ps-sim\"},\"executable\":\"/t/ps-sim\"}\n",
            "not json\n{\"reason\":\"build-finished\",\"success\":true}\n",
        );
        let programs = Programs(executables(messages));
        assert_eq!(programs.path("ps-sim").unwrap(), Path::new("/t/ps-sim"));
        assert!(programs.path("serde").is_err());
    }
}
