//! The public API of the libraries that others build on, as a text beside each: a change of it
//! shows in review, and nothing is made public by accident.

mod text;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use public_api::Builder;

use super::{Finding, Report};
use crate::run;
use crate::tools::Toolchain;

/// Crate and text.
const TEXTS: [(&str, &str); 1] = [("ps-client", "crates/ps-client/public-api.txt")];

/// `public-api` reads one format of rustdoc's JSON, and this Rust writes it: a newer one of either
/// must come with the other.
const RUST: &str = "1.95.0";

/// Differences that are printed of one text.
const MOST_LINES: usize = 40;

/// Compares each text with the code, or writes it anew when `bless`. The inner error says why it
/// cannot be done here.
pub(super) fn check(
    root: &Path,
    bless: bool,
    may_install: bool,
) -> anyhow::Result<Result<Report, String>> {
    let toolchain = match Toolchain::prepare(RUST, may_install) {
        Ok(toolchain) => toolchain,
        Err(why) => return Ok(Err(why)),
    };
    let mut report = Report::default();
    let mut looked_at = Vec::new();
    for (name, path) in TEXTS {
        let lines = of_crate(root, name, &toolchain)?;
        looked_at.push(format!("{} items of {name}", lines.len()));
        let text = lines.join("\n") + "\n";
        let file = root.join(path);
        if bless {
            fs::write(&file, text).with_context(|| format!("cannot write {path}"))?;
            continue;
        }
        let known = fs::read_to_string(&file).with_context(|| format!("cannot read {path}"))?;
        report.findings.extend(differences(path, &known, &text));
    }
    report.looked_at = looked_at.join(", ");
    Ok(Ok(report))
}

fn of_crate(root: &Path, name: &str, toolchain: &Toolchain) -> anyhow::Result<Vec<String>> {
    // Said, so that the place of the JSON is known.
    let target = "target";
    let crate_name = name.replace('-', "_");
    let mut rustdoc = toolchain.cargo(root);
    rustdoc.args(["rustdoc", "--quiet", "--lib", "--all-features", "--package", name]);
    rustdoc.args(["--target-dir", target, "--", "-Z", "unstable-options"]);
    rustdoc.args(["--output-format", "json", "--cap-lints", "allow"]);
    // The format is not stable; this one crate is let use it.
    rustdoc.env("RUSTC_BOOTSTRAP", &crate_name);
    anyhow::ensure!(run::succeeds(&mut rustdoc)?, "{} failed", run::line(&rustdoc));
    let json = root.join(target).join("doc").join(format!("{crate_name}.json"));
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .build()
        .context("rustdoc's JSON cannot be read")?;
    let items: Vec<_> = api.items().map(ToString::to_string).collect();
    Ok(text::condense(&items))
}

fn differences(path: &str, known: &str, is: &str) -> Vec<Finding> {
    let (before, now): (HashSet<&str>, HashSet<&str>) =
        (known.lines().collect(), is.lines().collect());
    let gone = known.lines().filter(|line| !now.contains(line)).map(|line| format!("- {line}"));
    let new = is.lines().filter(|line| !before.contains(line)).map(|line| format!("+ {line}"));
    let lines: Vec<_> = gone.chain(new).collect();
    let mut findings: Vec<_> =
        lines.iter().take(MOST_LINES).map(|line| Finding::in_file(path, line)).collect();
    if lines.len() > MOST_LINES {
        let more = format!("and {} lines more", lines.len() - MOST_LINES);
        findings.push(Finding::in_file(path, more));
    }
    if !lines.is_empty() || known != is {
        let advice = "the public API is another; if that is meant: `cargo xtask check api --bless`";
        findings.push(Finding::in_file(path, advice));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::lines;

    #[test]
    fn what_is_new_and_what_is_gone_is_named_with_what_to_do() {
        assert!(differences("a.txt", "pub fn x::a()\n", "pub fn x::a()\n").is_empty());
        let found = lines(&differences(
            "a.txt",
            "pub fn x::a()\npub fn x::b()\n",
            "pub fn x::b()\npub fn x::c()\n",
        ));
        assert_eq!(found[..2], ["a.txt: - pub fn x::a()", "a.txt: + pub fn x::c()"]);
        assert!(found[2].contains("--bless") && found.len() == 3, "{found:?}");
        // The same lines in another order are another text.
        assert_eq!(differences("a.txt", "a\nb\n", "b\na\n").len(), 1);
        let many: String = (0..100).map(|n| format!("pub fn x::f{n}()\n")).collect();
        assert_eq!(differences("a.txt", "", &many).len(), MOST_LINES + 2);
    }
}
