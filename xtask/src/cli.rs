//! What can be typed after `cargo xtask`.

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 all is well, 1 something failed and was printed, 2 the command could \
                  not do its work (or was typed wrongly).\nNO_COLOR=1 turns colours off."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything that must pass: format, checks, clippy, tests, doctests, documentation
    ///
    /// This is the list CI runs (`.ci/run`). All steps run even if one fails, and a table at the
    /// end says how each ended. Tests that need an outside tool which is not there are listed
    /// with the reason; when CI is set, such a gap is a failure.
    Test(TestOptions),
    /// Check the rules a compiler does not know: layers, docs, size, words, secrets
    ///
    /// Takes about a second without names. `api` and `semver` compile something, and run only
    /// when they are named.
    Check(CheckOptions),
    /// Make docs/reference/password-safe-coverage.md: which calls ps-client and other clients make
    ///
    /// It is made of the catalogue of ps-client and of
    /// fixtures/data/ps-client/other-clients.tsv. `cargo xtask test` fails when it is out of date.
    Coverage(CoverageOptions),
    /// Watch the main job run over real sockets: simulators, and the shipped programs between them
    ///
    /// Without a name every demo runs. Each tells its story on stdout and checks every promise it
    /// makes; one that does not hold makes the exit code 1.
    Demo(DemoOptions),
    /// Run every benchmark of the workspace
    ///
    /// Reports stay in target/criterion. What follows `--` goes to criterion, for example
    /// `cargo xtask bench -- --save-baseline before`.
    Bench {
        /// Arguments for criterion
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Attack the parsers with libFuzzer, one target after the other
    ///
    /// What breaks one is kept as a regression beside it. Needs a C++ compiler, and nothing but
    /// the stable toolchain.
    Fuzz(FuzzOptions),
    /// Ends a demo's processes when the demo is gone; started by the demo itself
    #[command(hide = true)]
    Janitor,
}

#[derive(Debug, Args)]
pub(crate) struct CoverageOptions {
    /// Write nothing; exit code 1 when the page is out of date
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FuzzOptions {
    /// Which target; all of them when none is named
    pub(crate) target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
}

#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// Which demo; all of them when none is named
    #[arg(value_enum)]
    pub(crate) name: Option<DemoName>,
    /// Leave everything running at the end, and print how to talk to it and how to stop it
    #[arg(long)]
    pub(crate) keep: bool,
    /// Print the story as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// One of the demos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoName {
    /// A password reaches a session and goes back: search, retrieve, release
    Credentials,
    /// Who is who: names that a site sends, and the vault users an Active Directory makes of them
    Names,
    /// Credentials from a Password Safe, an encrypted file and a plugin in Python, in one service
    Sources,
    /// A card in a reader at one desk is used by programs at another, through a blind relay
    Card,
}

impl DemoName {
    /// Every demo, in the order they run.
    pub(crate) const ALL: [Self; 4] = [Self::Credentials, Self::Sources, Self::Names, Self::Card];
}

#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// Run only this step; may be repeated (names: `--list`)
    #[arg(long, value_name = "STEP")]
    pub(crate) only: Vec<String>,
    /// Print the steps and what each runs, and stop
    #[arg(long)]
    pub(crate) list: bool,
    /// Stop at the first step that fails
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Never install missing Debian packages, even as root
    #[arg(long)]
    pub(crate) no_install: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// Which checks to run; all of the quick ones when none is named
    #[arg(value_enum)]
    pub(crate) checks: Vec<CheckName>,
    /// `api`: write the texts anew instead of comparing them
    #[arg(long)]
    pub(crate) bless: bool,
    /// `semver`: the git revision to compare with; the newest tag `v…` when none is named
    #[arg(long, value_name = "REVISION")]
    pub(crate) baseline: Option<String>,
    /// Never install a Rust or build a program that is missing
    #[arg(long)]
    pub(crate) no_install: bool,
}

/// One of the rules that `cargo xtask check` looks after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckName {
    /// Crates depend on each other only as drawn, and pure crates name no clock, socket or file
    Layers,
    /// Links in *.md resolve, every crate is on the map, versions in prose are true
    Docs,
    /// No Rust file is longer than 600 lines; those above 400 are listed
    Size,
    /// No unfinished work, no switched-off tests, no path or host of one machine
    Words,
    /// No span records its arguments, no secret is kept in a plain type
    Secrets,
    /// The public API of ps-client is the one in its public-api.txt
    Api,
    /// The changes of ps-client fit its version number (cargo-semver-checks)
    Semver,
}

impl CheckName {
    /// The checks that only read, in the order they run.
    pub(crate) const QUICK: [Self; 5] =
        [Self::Layers, Self::Docs, Self::Size, Self::Words, Self::Secrets];

    /// The name as it is typed.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::Docs => "docs",
            Self::Size => "size",
            Self::Words => "words",
            Self::Secrets => "secrets",
            Self::Api => "api",
            Self::Semver => "semver",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_check_can_be_typed_by_the_name_it_prints() {
        for check in CheckName::value_variants() {
            assert_eq!(CheckName::from_str(check.as_str(), false), Ok(*check));
        }
    }
}
