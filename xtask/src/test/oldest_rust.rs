//! The libraries with the oldest Rust that is promised, and with each feature by itself.

use anyhow::Context as _;

use super::Outcome;
use super::step::{Setting, ends_well};
use crate::tools::Toolchain;
use crate::workspace::{Metadata, Package};

/// The libraries that others build on.
const PROMISED: [&str; 6] =
    ["ecm-core", "ecm-protocol", "ps-client", "site-api", "user-mapping", "vsc-core"];

/// Compiles without running anything: once with all features, and every crate that has features
/// with none and with each alone. A feature that only works beside another shows here, and
/// nowhere else.
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
        runs.extend(sets(package).into_iter().map(|set| {
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

/// Each of a crate's features alone, and none of them; nothing for a crate without features. All
/// of them together are compiled with the other crates.
fn sets(package: &Package) -> Vec<String> {
    let features = package.features.keys().filter(|name| *name != "default");
    let alone: Vec<_> = features.cloned().collect();
    if alone.is_empty() { alone } else { [vec![String::new()], alone].concat() }
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
    fn no_feature_and_each_alone_are_tried() {
        let two = package(json!({"default": ["a"], "a": [], "b": []}));
        assert_eq!(sets(&two), ["", "a", "b"]);
        assert_eq!(sets(&package(json!({}))), [""; 0]);
    }
}
