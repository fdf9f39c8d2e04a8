//! Who may depend on whom, as ARCHITECTURE.md draws it.

use std::path::Path;

use super::{Finding, Report};
use crate::workspace::{Dependency, Metadata, Package, SourceTree};

/// One crate's place in the house.
struct Room {
    name: &'static str,
    kind: Kind,
    /// The workspace crates it may link.
    may_use: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Values in, values out: no socket, clock, file or runtime.
    Pure,
    /// What programs have in common towards the operating system and the network.
    Host,
    /// A program that is shipped.
    Program,
    /// A simulator: a dev-dependency, or a process of its own.
    Fixture,
    /// Commands for the people who build this.
    Tool,
}

const ROOMS: [Room; 16] = [
    Room { name: "user-mapping", kind: Kind::Pure, may_use: &[] },
    Room { name: "ps-client", kind: Kind::Pure, may_use: &[] },
    Room { name: "ecm-protocol", kind: Kind::Pure, may_use: &[] },
    Room { name: "site-api", kind: Kind::Pure, may_use: &[] },
    Room { name: "vsc-core", kind: Kind::Pure, may_use: &[] },
    Room {
        name: "ecm-core",
        kind: Kind::Pure,
        may_use: &["user-mapping", "ps-client", "ecm-protocol"],
    },
    Room { name: "source-plugin", kind: Kind::Pure, may_use: &["ecm-core", "ecm-protocol"] },
    Room {
        name: "ecm-service",
        kind: Kind::Program,
        may_use: &[
            "ecm-core",
            "source-plugin",
            "user-mapping",
            "ps-client",
            "ecm-protocol",
            "site-api",
            "service-host",
        ],
    },
    Room { name: "service-host", kind: Kind::Host, may_use: &[] },
    Room { name: "vsc-agent", kind: Kind::Program, may_use: &["vsc-core", "service-host"] },
    Room { name: "ps-sim", kind: Kind::Fixture, may_use: &[] },
    Room { name: "site-sim", kind: Kind::Fixture, may_use: &["ecm-protocol"] },
    Room { name: "card-sim", kind: Kind::Fixture, may_use: &["vsc-core"] },
    Room { name: "pcsc-rig", kind: Kind::Fixture, may_use: &[] },
    Room { name: "directory-rig", kind: Kind::Fixture, may_use: &[] },
    Room { name: "xtask", kind: Kind::Tool, may_use: &[] },
];

/// Crates that reach for the outside world.
const IMPURE: [&str; 22] = [
    "axum",
    "getrandom",
    "hickory-resolver",
    "hyper",
    "hyper-rustls",
    "hyper-util",
    "ldap3",
    "mio",
    "rand",
    "rcgen",
    "reqwest",
    "rustls-native-certs",
    "signal-hook",
    "socket2",
    "tempfile",
    "tokio-rustls",
    "tokio-tungstenite",
    "tokio-util",
    // Its layers sleep; the seam itself, `tower-service`, does nothing by itself.
    "tower",
    "tracing-subscriber",
    "ureq",
    "wiremock",
];

/// What the modules need that open connections: crate, feature, dependencies. All are optional.
const CONNECTING: [(&str, &str, &[&str]); 2] = [
    ("ps-client", "https", &["hyper", "hyper-rustls", "hyper-util", "rustls-native-certs"]),
    ("user-mapping", "ldap", &["hickory-resolver", "ldap3", "tokio-rustls"]),
];

/// The features that these modules and the runtime file are behind: crate, feature, and what it
/// may switch on.
const REACHING: [(&str, &str, &[&str]); 3] = [
    ("ps-client", "tokio-runtime", &["tokio/rt", "tokio/time"]),
    ("ps-client", "https", &["tokio/rt", "tokio/time"]),
    ("user-mapping", "ldap", &["tokio/io-util", "tokio/net", "tokio/rt", "tokio/time"]),
];

/// The features of tokio that neither open nor start nor time anything.
const PURE_TOKIO_FEATURES: [&str; 2] = ["macros", "sync"];

/// Checks the arrows between crates, what pure crates depend on, and that each pure crate tells
/// clippy what it must not call.
pub(super) fn check(metadata: &Metadata, tree: &SourceTree) -> Report {
    let mut report = Report::default();
    let mut arrows = 0;
    for package in &metadata.packages {
        let Some(room) = room(&package.name) else {
            let advice = "this crate is not on the map: draw it in ARCHITECTURE.md and give it a \
                          room in xtask/src/check/layers.rs";
            report.findings.push(Finding::in_file(&package.name, advice));
            continue;
        };
        for dependency in &package.dependencies {
            arrows += 1;
            let broken = match self::room(&dependency.name) {
                Some(used) => broken_arrow(room, used, dependency),
                None if room.kind == Kind::Pure => impure_dependency(room, dependency),
                None => None,
            };
            let finding = broken.map(|message| Finding::in_file(&package.name, message));
            report.findings.extend(finding);
        }
        if room.kind == Kind::Pure {
            report.findings.extend(impure_features(package));
            report.findings.extend(own_clippy_rules(&package.name, tree));
        }
    }
    report.looked_at = format!("{} crates, {arrows} dependencies", metadata.packages.len());
    report
}

/// The folders of the pure crates, for the source scan.
pub(super) fn pure_folders(metadata: &Metadata, root: &Path) -> Vec<String> {
    let is_pure =
        |package: &&Package| room(&package.name).is_some_and(|room| room.kind == Kind::Pure);
    metadata.packages.iter().filter(is_pure).map(|package| package.folder(root)).collect()
}

fn room(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

fn broken_arrow(from: &Room, to: &Room, dependency: &Dependency) -> Option<String> {
    let dev = dependency.kind.as_deref() == Some("dev");
    let allowed = from.may_use.contains(&to.name) || (dev && to.kind == Kind::Fixture);
    if allowed || from.name == to.name {
        return None;
    }
    let why = match to.kind {
        Kind::Tool => "nothing links the tool".to_owned(),
        Kind::Fixture => "simulators are dev-dependencies only".to_owned(),
        Kind::Program => "nothing links a program".to_owned(),
        Kind::Host if from.kind == Kind::Pure => "a pure crate reaches for nothing".to_owned(),
        Kind::Pure | Kind::Host if from.may_use.is_empty() => "it stands alone".to_owned(),
        Kind::Pure | Kind::Host => format!("it may use only {}", from.may_use.join(", ")),
    };
    let kind = dependency.kind.as_deref().unwrap_or("normal");
    Some(format!("{kind} dependency on `{}`: {why}", to.name))
}

fn impure_dependency(room: &Room, dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    if dependency.kind.as_deref() == Some("dev") {
        return None;
    }
    if name == "tokio" {
        let extra: Vec<_> =
            dependency.features.iter().filter(|feature| !is_pure_tokio(feature)).collect();
        return (!extra.is_empty()).then(|| {
            format!("a pure crate switches on {extra:?} of tokio: leave that to the binaries")
        });
    }
    let connecting = CONNECTING
        .iter()
        .find(|(home, _, dependencies)| room.name == *home && dependencies.contains(&name));
    match connecting {
        _ if !IMPURE.contains(&name) => None,
        Some(_) if dependency.optional => None,
        Some((_, feature, _)) => {
            Some(format!("`{name}` must be optional: only the feature `{feature}` brings it in"))
        }
        None => {
            Some(format!("a pure crate depends on `{name}`, which reaches for the outside world"))
        }
    }
}

fn is_pure_tokio(feature: &str) -> bool {
    PURE_TOKIO_FEATURES.contains(&feature)
}

/// `feature = ["tokio/net"]` is no way around.
fn impure_features(package: &Package) -> impl Iterator<Item = Finding> {
    package.features.iter().flat_map(move |(feature, enables)| {
        enables.iter().filter_map(move |enabled| {
            let (name, inner) = enabled.split_once('/')?;
            let impure = name.trim_end_matches('?') == "tokio" && !is_pure_tokio(inner);
            let may = REACHING.iter().any(|(home, its_own, enables)| {
                (package.name.as_str(), feature.as_str()) == (home, its_own)
                    && enables.contains(&enabled.as_str())
            });
            (impure && !may).then(|| {
                let message =
                    format!("feature `{feature}` switches on `{enabled}` in a pure crate");
                Finding::in_file(&package.name, message)
            })
        })
    })
}

/// A crate's clippy.toml replaces the root's, so it must repeat the shared lines.
fn own_clippy_rules(name: &str, tree: &SourceTree) -> Vec<Finding> {
    let path = format!("crates/{name}/clippy.toml");
    let Some(own) = tree.file(&path) else {
        let advice = "missing: a pure crate bans clocks, sockets and files by `disallowed-methods`";
        return vec![Finding::in_file(&path, advice)];
    };
    let own: toml::Table = match own.text.parse() {
        Ok(table) => table,
        Err(error) => {
            return vec![Finding::in_file(&path, format!("not TOML: {}", error.message()))];
        }
    };
    let mut findings = Vec::new();
    let banned: Vec<_> = own
        .get("disallowed-methods")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("path").unwrap_or(entry).as_str())
        .collect();
    for needed in ["std::time::Instant::now", "std::time::SystemTime::now", "std::thread::sleep"] {
        if !banned.contains(&needed) {
            let message = format!("`disallowed-methods` does not name `{needed}`");
            findings.push(Finding::in_file(&path, message));
        }
    }
    let shared: toml::Table =
        tree.file("clippy.toml").and_then(|file| file.text.parse().ok()).unwrap_or_default();
    for (key, value) in shared.iter().filter(|(key, _)| key.starts_with("allow-")) {
        if own.get(key) != Some(value) {
            let message = format!("does not repeat `{key} = {value}` of the root clippy.toml");
            findings.push(Finding::in_file(&path, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{lines, tree};
    use crate::workspace;

    const CLIPPY: &str = "allow-unwrap-in-tests = true\n\
        disallowed-methods = [\n\
          { path = \"std::time::Instant::now\", reason = \"r\" }, \"std::time::SystemTime::now\",\n\
          { path = \"std::thread::sleep\", reason = \"r\" } ]";

    /// What the check says about one crate with one dependency, given as cargo's JSON.
    fn verdict(name: &str, dependency: serde_json::Value) -> Vec<String> {
        verdict_with_features(name, dependency, serde_json::json!({}))
    }

    fn verdict_with_features(
        name: &str,
        mut dependency: serde_json::Value,
        features: serde_json::Value,
    ) -> Vec<String> {
        let defaults = serde_json::json!({ "kind": null, "optional": false, "features": [] });
        for (key, value) in defaults.as_object().unwrap() {
            dependency.as_object_mut().unwrap().entry(key.as_str()).or_insert(value.clone());
        }
        let metadata = serde_json::from_value(serde_json::json!({ "packages": [{
            "name": name, "manifest_path": "/p/Cargo.toml", "rust_version": null,
            "dependencies": [dependency], "features": features,
        }]}))
        .unwrap();
        let clippy = format!("crates/{name}/clippy.toml");
        let files = tree(&[("clippy.toml", "allow-unwrap-in-tests = true"), (&clippy, CLIPPY)]);
        lines(&check(&metadata, &files).findings)
    }

    #[test]
    fn arrows_that_are_not_drawn_are_refused() {
        use serde_json::json;
        for (name, dependency, message) in [
            ("user-mapping", json!({"name": "ps-client"}), "it stands alone"),
            ("ps-client", json!({"name": "ecm-protocol", "kind": "dev"}), "it stands alone"),
            ("ecm-protocol", json!({"name": "ecm-core"}), "it stands alone"),
            ("ecm-core", json!({"name": "ecm-service"}), "nothing links a program"),
            ("ecm-core", json!({"name": "service-host"}), "a pure crate reaches for nothing"),
            ("vsc-agent", json!({"name": "ecm-core"}), "only vsc-core, service-host"),
            ("ecm-core", json!({"name": "ps-sim"}), "simulators are dev-dependencies only"),
            ("ecm-service", json!({"name": "site-sim"}), "simulators are dev-dependencies only"),
            ("ecm-service", json!({"name": "ps-sim", "kind": "build"}), "simulators are dev"),
            ("ecm-service", json!({"name": "xtask", "kind": "dev"}), "nothing links the tool"),
            ("site-sim", json!({"name": "user-mapping"}), "it may use only ecm-protocol"),
            ("new-crate", json!({"name": "serde"}), "not on the map"),
        ] {
            let found = verdict(name, dependency);
            assert!(found.len() == 1 && found.concat().contains(message), "{name}: {found:?}");
        }
    }

    #[test]
    fn pure_crates_may_not_bring_the_world_in() {
        use serde_json::json;
        for (name, dependency, message) in [
            ("ecm-core", json!({"name": "reqwest", "optional": true}), "depends on `reqwest`"),
            ("ps-client", json!({"name": "hyper-util"}), "must be optional"),
            ("ps-client", json!({"name": "reqwest", "optional": true}), "depends on `reqwest`"),
            ("ps-client", json!({"name": "tower", "optional": true}), "depends on `tower`"),
            (
                "ecm-core",
                json!({"name": "tokio", "features": ["sync", "net"]}),
                "[\"net\"] of tokio",
            ),
            ("ecm-protocol", json!({"name": "getrandom"}), "depends on `getrandom`"),
        ] {
            let found = verdict(name, dependency);
            assert!(found.len() == 1 && found.concat().contains(message), "{name}: {found:?}");
        }
        let found = verdict_with_features(
            "ps-client",
            json!({"name": "url"}),
            json!({"x": ["tokio?/time"]}),
        );
        assert_eq!(found, ["ps-client: feature `x` switches on `tokio?/time` in a pure crate"]);
        let runtime = json!({"tokio-runtime": ["tokio/rt", "tokio/time", "tokio/net"]});
        let found = verdict_with_features("ps-client", json!({"name": "url"}), runtime.clone());
        let net = "feature `tokio-runtime` switches on `tokio/net` in a pure crate";
        assert_eq!(found, [format!("ps-client: {net}")]);
        assert_eq!(verdict_with_features("ecm-core", json!({"name": "url"}), runtime).len(), 3);
        let https = json!({"https": ["tokio/time", "tokio/rt", "tokio/net"]});
        let found = verdict_with_features("ps-client", json!({"name": "url"}), https);
        assert_eq!(found, ["ps-client: feature `https` switches on `tokio/net` in a pure crate"]);
    }

    #[test]
    fn the_drawn_arrows_are_fine() {
        use serde_json::json;
        for (name, dependency) in [
            ("ecm-core", json!({"name": "ps-client"})),
            ("ecm-core", json!({"name": "ps-sim", "kind": "dev"})),
            ("ecm-core", json!({"name": "tokio", "features": ["sync"]})),
            ("ecm-core", json!({"name": "tokio", "kind": "dev", "features": ["net"]})),
            ("ps-client", json!({"name": "hyper-util", "optional": true})),
            ("ps-client", json!({"name": "tower-service", "optional": true})),
            ("ps-client", json!({"name": "tower", "kind": "dev"})),
            ("ecm-service", json!({"name": "reqwest"})),
            ("vsc-agent", json!({"name": "service-host"})),
            ("site-sim", json!({"name": "ecm-protocol"})),
        ] {
            assert_eq!(verdict(name, dependency), [""; 0], "{name}");
        }
    }

    #[test]
    fn a_pure_crate_without_its_own_full_clippy_rules_is_named() {
        let shared = ("clippy.toml", "allow-unwrap-in-tests = true\nallow-dbg-in-tests = false");
        assert!(lines(&own_clippy_rules("x", &tree(&[shared]))).concat().contains("missing"));
        let own = "allow-unwrap-in-tests = false\ndisallowed-methods = [\"std::thread::sleep\"]";
        let found = lines(&own_clippy_rules("x", &tree(&[shared, ("crates/x/clippy.toml", own)])));
        assert_eq!(
            found,
            [
                "crates/x/clippy.toml: `disallowed-methods` does not name `std::time::Instant::now`",
                "crates/x/clippy.toml: `disallowed-methods` does not name `std::time::SystemTime::now`",
                "crates/x/clippy.toml: does not repeat `allow-dbg-in-tests = false` of the root clippy.toml",
                "crates/x/clippy.toml: does not repeat `allow-unwrap-in-tests = true` of the root clippy.toml",
            ]
        );
    }

    #[test]
    fn everything_in_the_folder_crates_but_the_host_is_pure_and_scanned() {
        let root = workspace::root();
        let metadata = Metadata::of_workspace(&root).unwrap();
        let folders: Vec<_> =
            metadata.packages.iter().map(|package| package.folder(&root)).collect();
        let libraries: Vec<_> = folders
            .into_iter()
            .filter(|folder| folder.starts_with("crates/") && folder != "crates/service-host")
            .collect();
        assert!(libraries.len() >= 4, "{libraries:?}");
        assert_eq!(pure_folders(&metadata, &root), libraries);
    }
}
