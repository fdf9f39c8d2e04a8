//! `cargo xtask fuzz`: libFuzzer on the parsers, with the toolchain that is there.
//!
//! The targets live beside the crates they attack (`crates/*/fuzz`), in workspaces of their own,
//! laid out as `cargo fuzz` wants them. It asks for a nightly toolchain; the coverage that libFuzzer
//! needs is a stable option of the compiler, which is all this uses. What it cannot do on stable is
//! the address sanitizer: there is no unsafe code to look after.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::cli::FuzzOptions;
use crate::{Verdict, run, workspace};

/// What makes the compiler count where a program went (clang's SanitizerCoverage).
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing -Cdebug-assertions -Ccodegen-units=1";

/// One program that libFuzzer drives.
struct Target {
    name: String,
    /// The folder with the fuzz crate's manifest.
    folder: PathBuf,
}

/// Runs the named target, or all of them one after the other.
pub(crate) fn run(options: &FuzzOptions) -> anyhow::Result<Verdict> {
    let root = workspace::root();
    let targets = targets(&root)?;
    let chosen: Vec<_> = match &options.target {
        None => targets.iter().collect(),
        Some(wanted) => targets.iter().filter(|target| target.name == *wanted).collect(),
    };
    if chosen.is_empty() {
        let names: Vec<_> = targets.iter().map(|target| target.name.as_str()).collect();
        bail!("there is no such target; there is {}", names.join(", "));
    }
    for target in chosen {
        println!("{} for {} s", target.name, options.seconds);
        let program = build(&root, target)?;
        if !attack(&root, target, &program, options.seconds)? {
            let kept = target.folder.join("regressions").join(&target.name);
            println!(
                "{} broke. Its input is printed above and lies in {}: with it, `cargo test` fails \
                 until the bug is gone.",
                target.name,
                kept.strip_prefix(&root).unwrap_or(&kept).display()
            );
            return Ok(Verdict::Failed);
        }
    }
    Ok(Verdict::Passed)
}

/// Every fuzz crate's programs.
fn targets(root: &Path) -> anyhow::Result<Vec<Target>> {
    let mut targets = Vec::new();
    for entry in std::fs::read_dir(root.join("crates")).context("read crates/")? {
        let folder = entry?.path().join("fuzz");
        let Ok(programs) = std::fs::read_dir(folder.join("fuzz_targets")) else { continue };
        for program in programs {
            let path = program?.path();
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
            targets.extend(name.map(|name| Target { name, folder: folder.clone() }));
        }
    }
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(targets)
}

fn build(root: &Path, target: &Target) -> anyhow::Result<PathBuf> {
    let built_in = root.join("target/fuzz");
    let flags = COVERAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    let host = host(root)?;
    let mut command = run::cargo(root);
    command
        .env("RUSTFLAGS", flags)
        .args(["build", "--release", "--target", &host, "--bin", &target.name])
        .arg("--manifest-path")
        .arg(target.folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&built_in);
    if !run::succeeds(&mut command)? {
        bail!(
            "{} cannot be built; libFuzzer needs a C++ compiler (apt-get install g++)",
            target.name
        );
    }
    Ok(built_in.join(host).join("release").join(&target.name))
}

/// The machine's own target triple: with `--target`, build scripts and macros keep their flags.
fn host(root: &Path) -> anyhow::Result<String> {
    let about = run::output(run::cargo(root).arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("cargo -vV names no host")
}

/// Lets libFuzzer try for a while; `false` when it found something.
fn attack(root: &Path, target: &Target, program: &Path, seconds: u64) -> anyhow::Result<bool> {
    let corpus = root.join("target/fuzz/corpus").join(&target.name);
    let found = target.folder.join("regressions").join(&target.name);
    for folder in [&corpus, &found] {
        std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    }
    seed(root, &target.folder, &corpus)?;
    let mut command = Command::new(program);
    command
        .arg(&corpus)
        .arg(&found)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .args(["-max_len=4096", "-timeout=10", "-print_final_stats=1", "-verbosity=0"]);
    let fine = run::succeeds(&mut command)?;
    if fine && std::fs::read_dir(&found)?.next().is_none() {
        // Nothing to keep: no empty folder in the work tree.
        std::fs::remove_dir(&found)?;
    }
    Ok(fine)
}

/// Puts the examples of the wire into the corpus: one file each, and one with all of them as
/// messages in a row.
fn seed(root: &Path, folder: &Path, corpus: &Path) -> anyhow::Result<()> {
    let owner = folder.parent().and_then(Path::file_name).context("a fuzz crate has an owner")?;
    let examples = root.join("fixtures/data").join(owner).join("wire-examples.txt");
    let Ok(text) = std::fs::read_to_string(&examples) else { return Ok(()) };
    let mut row = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let bytes: Result<Vec<u8>, _> = words.map(|word| u8::from_str_radix(word, 16)).collect();
        let bytes = bytes.with_context(|| format!("{}: {name}", examples.display()))?;
        row.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
        row.extend_from_slice(&bytes);
        std::fs::write(corpus.join(name), bytes)?;
    }
    std::fs::write(corpus.join("all-in-a-row"), row)?;
    Ok(())
}
