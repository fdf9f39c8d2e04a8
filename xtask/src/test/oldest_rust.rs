//! The libraries with the oldest Rust that is promised, and each set of features by itself.

use anyhow::Context as _;

use super::Outcome;
use super::step::{Setting, ends_well};
use crate::tools::Toolchain;
use crate::workspace::{Metadata, Package};

/// The libraries that others build on.
const PROMISED: [&str; 5] = ["ecm-core", "ecm-protocol", "ps-client", "user-mapping", "vsc-core"];

/// More features than this make too many sets to try each.
const MOST_FEATURES: usize = 5;

/// Compiles without running anything: once with all features, and every crate that has features
/// with each set of them. A feature that only works beside another shows here, and nowhere else.
pub(super) fn run(setting: &Setting) -> anyhow::Result<Outcome> {
    let metadata = Metadata::of_workspace(&setting.root)?;
    let promised = || PROMISED.iter().filter_map(|name| metadata.package(name));
    let version = promised().find_map(|package| package.rust_version.clone());
    let version = version.context("the libraries do not say which Rust they need")?;
    let version = if version.matches('.').count() == 1 { version + ".0" } else { version };
    let toolchain = match Toolchain::prepare(&version, setting.install || setting.in_ci) {
        Ok(toolchain) => toolchain,
        Err(why) => {
            setting.not_run.add("oldest-rust", &why)?;
            return Ok(Outcome::Skipped("that Rust is not there"));
        }
    };
    let mut together = vec!["--all-features".to_owned()];
    together.extend(promised().flat_map(|package| ["-p".to_owned(), package.name.clone()]));
    let mut runs = vec![together];
    for package in promised() {
        runs.extend(sets(package)?.into_iter().map(|set| {
            let name = package.name.clone();
            vec!["-p".to_owned(), name, "--no-default-features".into(), "-F".into(), set]
        }));
    }
    for arguments in runs {
        let mut command = toolchain.cargo(&setting.root);
        command.args(["check", "--lib", "--quiet", "--target-dir", "target/oldest-rust"]);
        // A warning here is code that only some sets of features use.
        command.args(&arguments).env("RUSTFLAGS", "-D warnings");
        match ends_well(&mut command)? {
            Outcome::Passed => {}
            other => return Ok(other),
        }
    }
    Ok(Outcome::Passed)
}

/// Every set of a crate's features but the whole, which is compiled with the others; none for a
/// crate without features.
fn sets(package: &Package) -> anyhow::Result<Vec<String>> {
    let features: Vec<_> = package.features.keys().filter(|name| *name != "default").collect();
    let many = features.len();
    anyhow::ensure!(many <= MOST_FEATURES, "{} has {many} features: try fewer sets", package.name);
    let whole = (1_usize << many) - 1;
    let members = |set: usize| {
        let chosen = features.iter().enumerate().filter(move |(bit, _)| set & (1 << bit) != 0);
        chosen.map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(",")
    };
    Ok((0..whole).map(members).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(features: serde_json::Value) -> Package {
        let package = json!({
            "name": "x", "manifest_path": "/x/Cargo.toml", "rust_version": "1.89",
            "dependencies": [], "features": features,
        });
        serde_json::from_value(package).unwrap()
    }

    #[test]
    fn each_set_of_features_but_the_whole_is_tried() {
        let two = package(json!({"default": ["a"], "a": [], "b": []}));
        assert_eq!(sets(&two).unwrap(), ["", "a", "b"]);
        assert_eq!(sets(&package(json!({}))).unwrap(), [""; 0]);
        let six = package(json!({"a": [], "b": [], "c": [], "d": [], "e": [], "f": []}));
        assert!(sets(&six).unwrap_err().to_string().contains("6 features"));
    }
}
