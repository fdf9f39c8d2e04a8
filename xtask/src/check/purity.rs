//! Pure crates take values and give values: time, chance, sockets and files come in through ports.

use super::Finding;
use super::named_paths::{self, NamedPath};
use super::rust_source;
use crate::workspace::{SourceFile, SourceTree};

/// The files of a pure crate that reach outside, each behind a feature and a port: some open
/// connections, one has clock and tasks.
const OUTSIDE: [&str; 12] = [
    "crates/user-mapping/src/ldap.rs",
    "crates/user-mapping/src/ldap/cache.rs",
    "crates/user-mapping/src/ldap/connection.rs",
    "crates/user-mapping/src/ldap/discovery.rs",
    "crates/user-mapping/src/ldap/entries.rs",
    "crates/user-mapping/src/ldap/probe.rs",
    "crates/user-mapping/src/ldap/servers.rs",
    "crates/ps-client/src/transport/https.rs",
    "crates/ps-client/src/transport/https/connect.rs",
    "crates/ps-client/src/transport/https/roots.rs",
    "crates/ps-client/src/transport/https/timers.rs",
    "crates/ps-client/src/runtime/tokio.rs",
];

/// A run of path segments that must not occur. A last segment may end in `*`; a rule of one
/// segment is the name of a crate.
const FORBIDDEN: [(&str, Need); 39] = [
    ("Instant::now", Need::Clock),
    ("SystemTime::now", Need::Clock),
    ("Timestamp::now", Need::Clock),
    ("Zoned::now", Need::Clock),
    ("TimeZone::system", Need::File),
    ("TimeZone::get", Need::File),
    ("tokio::time", Need::Clock),
    ("thread::sleep", Need::Clock),
    ("thread::spawn", Need::Runtime),
    ("thread::Builder", Need::Runtime),
    ("tokio::spawn", Need::Runtime),
    ("tokio::task", Need::Runtime),
    ("tokio::runtime", Need::Runtime),
    ("tokio::signal", Need::Runtime),
    ("tokio::process", Need::Runtime),
    ("std::process", Need::Runtime),
    ("std::fs", Need::File),
    ("tokio::fs", Need::File),
    ("std::env", Need::File),
    ("std::io::stdin", Need::File),
    ("std::io::stdout", Need::File),
    ("std::io::stderr", Need::File),
    ("std::os", Need::File),
    ("std::net::Tcp*", Need::Socket),
    ("std::net::Udp*", Need::Socket),
    ("std::net::ToSocketAddrs", Need::Socket),
    ("tokio::net", Need::Socket),
    ("reqwest", Need::Socket),
    ("hyper", Need::Socket),
    ("hyper_util", Need::Socket),
    ("hyper_rustls", Need::Socket),
    ("ureq", Need::Socket),
    ("socket2", Need::Socket),
    ("tokio_rustls", Need::Socket),
    ("tokio_tungstenite", Need::Socket),
    ("rustls_native_certs", Need::File),
    ("tempfile", Need::File),
    ("getrandom", Need::Chance),
    ("rand", Need::Chance),
];

/// What a forbidden name would reach for.
#[derive(Clone, Copy)]
enum Need {
    Clock,
    Socket,
    File,
    Runtime,
    Chance,
}

impl Need {
    fn advice(self) -> &'static str {
        match self {
            Self::Clock => "the time comes in as an argument, or through a clock port",
            Self::Socket => "only the transport file opens connections",
            Self::File => "files and the environment belong to the binaries, behind a port",
            Self::Runtime => "the binary picks the runtime and the threads",
            Self::Chance => "randomness comes in as an argument, or through a port",
        }
    }
}

/// Scans the shipped code (not tests, comments or strings) below the folders of the pure crates.
pub(super) fn check(pure_folders: &[String], tree: &SourceTree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for folder in pure_folders {
        let sources = format!("{folder}/src/");
        let files: Vec<_> = tree
            .with_ending(".rs")
            .filter(|file| {
                file.path.starts_with(&sources) && !OUTSIDE.contains(&file.path.as_str())
            })
            .collect();
        let test_files: Vec<_> = files.iter().flat_map(|file| test_files_of(file)).collect();
        for file in files {
            if !test_files.iter().any(|test| belongs_to(&file.path, test)) {
                findings.extend(check_file(file));
            }
        }
    }
    findings
}

fn check_file(file: &SourceFile) -> Vec<Finding> {
    let tokens = rust_source::tokens(&file.text);
    let shipped = rust_source::shipped_code(&tokens).tokens;
    let mut findings = Vec::new();
    for path in named_paths::named_paths(&shipped) {
        if let Some((rule, need)) = FORBIDDEN.iter().find(|(rule, _)| names(&path, rule)) {
            let message = format!("a pure crate names `{rule}`: {}", need.advice());
            findings.push(Finding::at_line(&file.path, path.line, message));
        }
    }
    for window in shipped.windows(3) {
        if let [dot, method, open] = window
            && (dot.text, method.text, open.text) == (".", "elapsed", "(")
        {
            let message = format!("`.elapsed()` reads the clock: {}", Need::Clock.advice());
            findings.push(Finding::at_line(&file.path, method.line, message));
        }
    }
    findings.dedup();
    findings
}

/// Whether the rule's segments occur, in order and side by side, in the path.
fn names(path: &NamedPath<'_>, rule: &str) -> bool {
    let rule: Vec<_> = rule.split("::").collect();
    if let [crate_name] = rule.as_slice() {
        return path.segments.first() == Some(crate_name);
    }
    let glob_opens = path.segments.split_last().is_some_and(|(last, before)| {
        *last == "*" && before.len() < rule.len() && rule.starts_with(before)
    });
    glob_opens
        || path.segments.windows(rule.len()).any(|window| {
            window.iter().zip(&rule).all(|(segment, wanted)| match wanted.strip_suffix('*') {
                Some(start) => segment.starts_with(start),
                None => segment == wanted,
            })
        })
}

/// Where `#[cfg(test)] mod name;` of this file may keep its code, without the `.rs`.
fn test_files_of(file: &SourceFile) -> Vec<String> {
    let tokens = rust_source::tokens(&file.text);
    let stem = file.path.strip_suffix(".rs").unwrap_or(&file.path);
    let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    let home = if matches!(name, "lib" | "main" | "mod") { folder } else { stem };
    let modules = rust_source::shipped_code(&tokens).test_modules;
    modules.iter().map(|module| format!("{home}/{module}")).collect()
}

fn belongs_to(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{lines, tree};

    fn scan(files: &[(&str, &str)]) -> Vec<String> {
        lines(&check(&["crates/ps-client".to_owned()], &tree(files)))
    }

    #[test]
    fn every_forbidden_name_is_found_in_code() {
        for (rule, need) in FORBIDDEN {
            let call = match rule.strip_suffix('*') {
                Some(start) => format!("{start}Stream::connect"),
                None if rule.contains("::") => rule.to_owned(),
                None => format!("{rule}::anything"),
            };
            let found =
                scan(&[("crates/ps-client/src/lib.rs", &format!("\nfn f() {{ {call}(); }}"))]);
            let message = format!("a pure crate names `{rule}`: {}", need.advice());
            assert_eq!(found, [format!("crates/ps-client/src/lib.rs:2: {message}")]);
        }
    }

    #[test]
    fn imports_renames_globs_and_elapsed_are_no_way_around() {
        for code in [
            "use std::fs;",
            "use std::{fmt, fs::{self as disk}};",
            "use std::time::Instant as I; fn f() { I::now(); }",
            "use std::time; fn f() { time::Instant::now(); }",
            "use std::net::*;",
            "use std::*;",
            "fn f(start: Instant) { start.elapsed(); }",
            "pub use std::net::TcpStream;",
        ] {
            assert_ne!(scan(&[("crates/ps-client/src/a.rs", code)]), [""; 0], "{code}");
        }
    }

    #[test]
    fn values_comments_strings_and_tests_are_free() {
        let innocent = "//! Never calls Instant::now.\n            use std::net::{IpAddr, Ipv4Addr}; use std::time::{Duration, Instant}; use std::fmt;\n            fn f(now: Instant) { let rand = env!(\"X\"); g(\"std::fs::read\"); now + Duration::ZERO; }\n            #[cfg(test)] mod tests { use std::time::Instant; fn g() { Instant::now(); } }\n            #[cfg(test)] mod paper;";
        let paper = "fn now() { std::time::Instant::now(); }";
        let files = [
            ("crates/ps-client/src/lib.rs", innocent),
            ("crates/ps-client/src/paper.rs", paper),
            ("crates/ps-client/src/paper/clock.rs", paper),
            ("crates/ps-client/tests/it/main.rs", paper),
            ("bins/ecm-service/src/main.rs", paper),
        ];
        assert_eq!(scan(&files), [""; 0]);
    }

    #[test]
    fn only_the_named_transport_file_may_open_connections() {
        let code = "use reqwest::Client;";
        assert_eq!(scan(&[(OUTSIDE[0], code)]), [""; 0]);
        assert_eq!(scan(&[("crates/ps-client/src/transport/http.rs", code)]).len(), 1);
    }
}
