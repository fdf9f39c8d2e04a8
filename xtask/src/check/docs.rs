//! What the docs say is true: links, paths, the map of crates, the compiler version.

use super::markdown;
use super::{Finding, Report};
use crate::workspace::{Metadata, SourceFile, SourceTree};

const MAP: &str = "ARCHITECTURE.md";
const INDEX: &str = "docs/README.md";

/// Where our files are.
const FOLDERS: [&str; 5] = ["crates/", "bins/", "fixtures/", "docs/", "xtask/"];

/// Files that may name the oldest compiler.
const NAMES_THE_COMPILER: [&str; 3] = ["README.md", "CONTRIBUTING.md", "STYLE.md"];

/// Checks every Markdown file.
pub(super) fn check(metadata: &Metadata, tree: &SourceTree) -> Report {
    let mut report = Report::default();
    let mut links = 0;
    for file in tree.with_ending(".md") {
        for link in markdown::links(&file.text) {
            links += 1;
            if let Some(message) = broken_link(tree, file, &link.target) {
                report.findings.push(Finding::at_line(&file.path, link.line, message));
            }
        }
    }
    report.findings.extend(paths_that_are_gone(tree));
    report.findings.extend(crates_missing_on_the_map(metadata, tree));
    report.findings.extend(pages_missing_in_the_index(tree));
    report.findings.extend(wrong_compiler_versions(metadata, tree));
    report.looked_at = format!("{} pages, {links} links", tree.with_ending(".md").count());
    report
}

fn broken_link(tree: &SourceTree, from: &SourceFile, target: &str) -> Option<String> {
    let elsewhere = target.contains("://") || target.starts_with("mailto:");
    let rust_item = target.contains("::");
    if elsewhere || rust_item {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() {
        from.path.clone()
    } else {
        match resolve(&from.path, path) {
            Some(path) => path,
            None => return Some(format!("link `{target}` leads out of the repository")),
        }
    };
    if !path.is_empty() && !tree.has(&path) {
        return Some(format!("link `{target}`: there is no {path}"));
    }
    let page = tree.file(&path).filter(|_| !anchor.is_empty() && path.ends_with(".md"))?;
    let known = markdown::anchors(&page.text).iter().any(|name| name == anchor);
    (!known).then(|| format!("link `{target}`: {path} has no heading for #{anchor}"))
}

/// `None` when the path leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = match from.rsplit_once('/') {
        Some((folder, _)) if !target.starts_with('/') => folder.split('/').collect(),
        _ => Vec::new(),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// A path in backticks that begins in one of our folders is meant to be followed.
fn paths_that_are_gone(tree: &SourceTree) -> Vec<Finding> {
    let ours = |path: &str| FOLDERS.iter().any(|folder| path.starts_with(folder));
    let mut findings = Vec::new();
    for file in tree.with_ending(".md") {
        for (line, span) in markdown::code_spans(&file.text) {
            let is_pattern = span.contains(|c: char| c.is_whitespace() || "*<>{}…".contains(c));
            let path = span.split(['#', ':']).next().unwrap_or(span).trim_end_matches('/');
            if ours(span) && !is_pattern && !tree.has(path) {
                let message = format!("names `{span}`, which is not there");
                findings.push(Finding::at_line(&file.path, line, message));
            }
        }
    }
    findings
}

fn crates_missing_on_the_map(metadata: &Metadata, tree: &SourceTree) -> Vec<Finding> {
    let Some(map) = tree.file(MAP) else {
        return vec![Finding::in_file(MAP, "missing: newcomers read it first")];
    };
    let missing = metadata.packages.iter().filter(|package| !names(&map.text, &package.name));
    missing
        .map(|package| Finding::in_file(MAP, format!("does not name the crate {}", package.name)))
        .collect()
}

/// Whether `name` occurs and is not a part of a longer name.
fn names(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices(name).any(|(at, found)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

fn pages_missing_in_the_index(tree: &SourceTree) -> Vec<Finding> {
    let pages: Vec<_> = tree
        .with_ending(".md")
        .filter(|file| file.path.starts_with("docs/") && file.path != INDEX)
        .collect();
    let Some(index) = tree.file(INDEX) else {
        let missing = !pages.is_empty();
        return missing
            .then(|| Finding::in_file(INDEX, "missing: the index of docs/"))
            .into_iter()
            .collect();
    };
    let listed: Vec<_> = markdown::links(&index.text)
        .iter()
        .filter_map(|link| resolve(INDEX, link.target.split('#').next().unwrap_or_default()))
        .collect();
    let unlisted = pages.iter().filter(|page| !listed.contains(&page.path));
    unlisted
        .map(|page| Finding::in_file(&page.path, format!("no link in {INDEX} leads here")))
        .collect()
}

fn wrong_compiler_versions(metadata: &Metadata, tree: &SourceTree) -> Vec<Finding> {
    let Some(true_version) = metadata.packages.iter().find_map(|p| p.rust_version.as_deref())
    else {
        return vec![Finding::in_file("Cargo.toml", "no `rust-version`")];
    };
    let mut findings = Vec::new();
    for file in NAMES_THE_COMPILER.iter().filter_map(|path| tree.file(path)) {
        for (number, line) in markdown::prose(&file.text) {
            for named in
                line.match_indices("Rust 1.").filter_map(|(at, _)| version_at(&line, at + 5))
            {
                if named != true_version {
                    let message = format!("names Rust {named}, Cargo.toml says {true_version}");
                    findings.push(Finding::at_line(&file.path, number, message));
                }
            }
        }
    }
    findings
}

fn version_at(line: &str, start: usize) -> Option<&str> {
    let rest = line.get(start..)?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
    rest.get(..end).map(|version| version.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{lines, tree};

    fn verdict(files: &[(&str, &str)]) -> Vec<String> {
        let metadata = serde_json::from_value(serde_json::json!({ "packages": [
            { "name": "ecm-core", "manifest_path": "/p/Cargo.toml", "rust_version": "1.88",
              "dependencies": [] },
        ]}))
        .unwrap();
        let mut files = files.to_vec();
        if !files.iter().any(|(path, _)| *path == MAP) {
            files.push((MAP, "`ecm-core` lends"));
        }
        lines(&check(&metadata, &tree(&files)).findings)
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for (link, message) in [
            ("gone.md", "a/b.md:1: link `gone.md`: there is no a/gone.md"),
            ("../../x", "a/b.md:1: link `../../x` leads out of the repository"),
            ("#nowhere", "a/b.md:1: link `#nowhere`: a/b.md has no heading for #nowhere"),
            ("c.md#gone", "a/b.md:1: link `c.md#gone`: a/c.md has no heading for #gone"),
            ("/gone", "a/b.md:1: link `/gone`: there is no gone"),
        ] {
            let text = format!("[x]({link})");
            assert_eq!(verdict(&[("a/b.md", text.as_str()), ("a/c.md", "# Here")]), [message]);
        }
    }

    #[test]
    fn links_that_lead_somewhere_are_fine() {
        let text = "[1](c.md#here) [2](../ARCHITECTURE.md) [3](https://example.org/x) [4](.) [5](..) \
                    [6](crate::Foo) [7](mailto:a@example.org) [8](#top)\n# Top\n";
        assert_eq!(verdict(&[("a/b.md", text), ("a/c.md", "# Here")]), [""; 0]);
    }

    #[test]
    fn a_path_in_prose_that_is_gone_is_found() {
        let text = "see `crates/a/src/lib.rs`, `crates/b/`, `crates/*/x`, `src/gone`, `docs/a b`,\n\
                    `crates/gone.rs` ```not `crates/this` ```";
        let files = [("README.md", text), ("crates/a/src/lib.rs", ""), ("crates/b/c", "")];
        assert_eq!(verdict(&files), ["README.md:2: names `crates/gone.rs`, which is not there"]);
    }

    #[test]
    fn a_crate_that_is_not_on_the_map_is_found() {
        let message = "ARCHITECTURE.md: does not name the crate ecm-core";
        assert_eq!(verdict(&[(MAP, "ecm-core-two and my-ecm-core")]), [message]);
        let empty = serde_json::from_value(serde_json::json!({ "packages": [] })).unwrap();
        let found = lines(&crates_missing_on_the_map(&empty, &tree(&[])));
        assert_eq!(found, ["ARCHITECTURE.md: missing: newcomers read it first"]);
    }

    #[test]
    fn a_page_nobody_links_is_found() {
        let files = [("docs/README.md", "[a](a.md)"), ("docs/a.md", ""), ("docs/b.md", "")];
        assert_eq!(verdict(&files), ["docs/b.md: no link in docs/README.md leads here"]);
        assert_eq!(verdict(&[("docs/a.md", "")]), ["docs/README.md: missing: the index of docs/"]);
    }

    #[test]
    fn a_compiler_version_that_is_not_the_manifests_is_found() {
        let found = verdict(&[("README.md", "Needs Rust 1.88.\n\nNeeds Rust 1.85 or newer.")]);
        assert_eq!(found, ["README.md:3: names Rust 1.85, Cargo.toml says 1.88"]);
    }
}
