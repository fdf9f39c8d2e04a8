//! The command line: what can be typed, and the help that teaches it.

pub mod plugins;
pub mod vault_file;

use std::path::PathBuf;
use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::exit::Exit;
use crate::trial::JumpItem;
use plugins::PluginsCommand;
use vault_file::VaultFileCommand;

/// Offers vault credentials to remote-support sessions.
#[derive(Debug, Parser)]
#[command(
    name = "ecm-service",
    version,
    about = "Offers vault credentials to remote-support sessions",
    long_about = "An open Endpoint Credential Manager.\n\n\
        It keeps a connection to one or more remote-support sites. When a representative asks \
        which credentials may be used on an endpoint, it finds the vault user behind the \
        representative's name, asks the vault as that user, and offers the answer. The one that is \
        picked is checked out, handed over for injection, and checked in again when the session \
        ends, whatever happens in between.",
    after_help = "Results go to stdout, everything else to stderr. \
        Type `ecm-service help COMMAND` for examples.",
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve: connect to the configured sites and answer them until told to stop.
    #[command(after_long_help = "Examples:\n  \
        ecm-service run --config /etc/ecm-service/config.toml\n  \
        ecm-service run --config config.toml --log-level debug\n\n\
        SIGTERM or Ctrl-C stops the service: it takes no new questions, finishes what runs, \
        gives back what it must, and ends with code 0. A second signal ends it at once.")]
    Run(RunArgs),

    /// Read a configuration file completely and report every problem in it.
    #[command(after_long_help = "Examples:\n  \
        ecm-service check-config --config /etc/ecm-service/config.toml\n  \
        ecm-service check-config --config config.toml --json | jq '.problems[].message'\n\n\
        Secrets are read too (files, environment, systemd credentials), but never shown. Nothing \
        is connected to.")]
    CheckConfig(CheckConfigArgs),

    /// Print a commented example configuration, or the table of all keys.
    #[command(after_long_help = "Examples:\n  \
        ecm-service config-reference > config.toml\n  \
        ecm-service config-reference --format markdown\n  \
        ecm-service config-reference --format json | jq -r '.[].key'")]
    ConfigReference(ConfigReferenceArgs),

    /// Change what a running service logs, without restarting it.
    #[command(after_long_help = "Examples:\n  \
        ecm-service log-level debug --for 15m --config config.toml\n  \
        ecm-service log-level 'info,ecm_service::site_link=trace' --config config.toml\n\n\
        With --for the former level comes back by itself.")]
    LogLevel(LogLevelArgs),

    /// Let a running service read its configuration file anew.
    #[command(after_long_help = "Examples:\n  \
        ecm-service reload --config config.toml\n  \
        ecm-service reload --state-dir /var/lib/ecm-service --json | jq '.restart[]'\n\n\
        Mapping, directories and the log's level are in force at once, for new questions. What else \
        has changed is named, and takes a restart (exit code 3). If anything in the file is wrong, \
        everything stays as it was (exit code 78). SIGHUP does the same.")]
    Reload(ReloadArgs),

    /// Show what a running service is connected to and what it has lent.
    #[command(after_long_help = "Examples:\n  \
        ecm-service status --config config.toml\n  \
        ecm-service status --users --config config.toml\n  \
        ecm-service status --state-dir /var/lib/ecm-service --json | jq '.sites[].state'")]
    Status(StatusArgs),

    /// Explain which vault user a console user stands for, and why.
    #[command(after_long_help = "Examples:\n  \
        ecm-service explain-name 'ACME\\joe.user' --config config.toml\n  \
        ecm-service explain-name joe.user --dn 'uid=joe.user,ou=HelpDesk,dc=acme,dc=test' -c config.toml\n  \
        ecm-service explain-name joe.user@acme-inc.com --provider ldap -c config.toml --json\n\n\
        The rules of the file decide, and its directories are really asked; no vault is. The trace \
        goes on to the rules that are not reached, and what they would have said. Ends with 0 for \
        a vault user and with 1 for nobody.")]
    ExplainName(ExplainNameArgs),

    /// Show what is borrowed, or give it back while no service runs.
    #[command(after_long_help = "Examples:\n  \
        ecm-service ledger list --config config.toml\n  \
        ecm-service ledger list --state-dir /var/lib/ecm-service --json | jq '.[].vault_user'\n  \
        ecm-service ledger reconcile --config config.toml")]
    Ledger {
        /// What to do.
        #[command(subcommand)]
        what: LedgerCommand,
    },

    /// Check the audit log, or show it.
    #[command(after_long_help = "Examples:\n  \
        ecm-service audit verify --config config.toml\n  \
        ecm-service audit verify --state-dir DIR --head 41:9f2c…    # a head that was kept elsewhere\n  \
        ecm-service audit show --last 20 --config config.toml\n  \
        ecm-service audit show --config config.toml --json | jq 'select(.event == \"lent\")'")]
    Audit {
        /// What to do.
        #[command(subcommand)]
        what: AuditCommand,
    },

    /// Find out why something does not work: vaults, sites, certificates, sign-ins, links.
    #[command(after_long_help = "Examples:\n  \
        ecm-service doctor --config config.toml\n  \
        ecm-service doctor -c config.toml --user 'ACME\\joe.user' --host app01\n  \
        ecm-service doctor -c config.toml --json | jq '.[] | select(.level == \"error\")'\n\n\
        Each line is one check: what was found, and what to do. Nothing is changed, and nothing \
        is borrowed. Ends with 0 when all is well, with 3 when something should be looked at, and \
        with 2 when something does not work.")]
    Doctor(DoctorArgs),

    /// Look at the directories: which servers, how protected, which domains, what is otherwise.
    #[command(after_long_help = "Examples:\n  \
        ecm-service directories --config config.toml\n  \
        ecm-service directories -c config.toml --json | jq '.[].report.servers[].problem'\n\n\
        Every server of every [[directory]] is connected to and asked what it is. The names that \
        the forest has for a domain are held against those of the mapping. Ends with 2 when a \
        server cannot be used or something is otherwise than it should be.")]
    Directories(DirectoriesArgs),

    /// Set a Password Safe up for this service: registration, group, roles, API-enabled accounts.
    #[command(after_long_help = "Examples:\n  \
        ecm-service provision -c config.toml --from provision.toml --plan\n  \
        ecm-service provision -c config.toml --from provision.toml\n  \
        ecm-service provision -c config.toml --from provision.toml --undo\n\n\
        What the vault is to have is written in a file; the difference is shown like a diff, and \
        carried out after a question (or --yes). Doing it again changes nothing. Each change is \
        noted in an undo file beside that file, at once. Ends with 0 when the vault has all that \
        is wanted, with 3 when something is still to be done, and with 2 when the vault refused \
        something.")]
    Provision(ProvisionArgs),

    /// Set everything up, and test it, on a local web page.
    #[command(after_long_help = "Examples:\n  \
        ecm-service configure --config /etc/ecm-service/config.toml\n  \
        ecm-service configure --config config.toml --port 8484   # then: ssh -L 8484:127.0.0.1:8484 SERVER\n\n\
        Prints a link that lets one browser in, once. It listens on the loopback interface alone. \
        What is typed is kept in this process until it is saved; texts that were saved before are \
        kept beside the file. Ends at Ctrl-C, or when nobody has used it for a while.")]
    Configure(ConfigureArgs),

    /// Try the settings: search as a console user, retrieve, compare with saved cases.
    #[command(after_long_help = "Examples:\n  \
        ecm-service test --user 'ACME\\joe.user' --host app01 -c config.toml\n  \
        ecm-service test --user joe.user --dn 'CN=Joe,DC=acme,DC=test' --item web --url https://web01/ -c config.toml\n  \
        ecm-service test --user 'ACME\\joe.user' --host app01 --retrieve 1 -c config.toml\n  \
        ecm-service test --user 'ACME\\joe.user' --host app01 --save 'joe on app01' -c config.toml\n  \
        ecm-service test --all -c config.toml\n\n\
        Neither a site nor a running service is needed, and the site is not contacted. A retrieval \
        is a real one: the secret is read, shown to nobody, and given back. An empty list is a \
        valid answer. What was tried is written to configurator.log in the state folder. Saved \
        cases lie in test-cases.toml beside the configuration. Ends with 2 when something was \
        refused or is otherwise than expected.")]
    Test(TestArgs),

    /// List, check and try plugins: vaults that are programs of their own.
    #[command(subcommand)]
    Plugins(PluginsCommand),

    /// Check vaults that are an encrypted file.
    #[command(subcommand)]
    VaultFile(VaultFileCommand),

    /// Print a completion script for a shell.
    #[command(after_long_help = "Example:\n  \
        ecm-service completions bash > /etc/bash_completion.d/ecm-service")]
    Completions {
        /// The shell to complete for.
        shell: clap_complete::Shell,
    },

    /// Print the manual page.
    #[command(after_long_help = "Example:\n  ecm-service man | man -l -")]
    Man,
}

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// The configuration file.
    #[arg(long, short, value_name = "FILE", env = "ECM_SERVICE_CONFIG")]
    pub config: PathBuf,
    /// What to log, instead of the file's `log.level` (for example `debug`).
    #[arg(long, value_name = "LEVEL", env = "ECM_SERVICE_LOG_LEVEL")]
    pub log_level: Option<String>,
    /// How to write log lines, instead of the file's `log.format`.
    #[arg(long, value_name = "FORMAT", env = "ECM_SERVICE_LOG_FORMAT")]
    pub log_format: Option<LogFormatArg>,
}

/// Arguments of `check-config`.
#[derive(Debug, clap::Args)]
pub struct CheckConfigArgs {
    /// The configuration file.
    #[arg(long, short, value_name = "FILE", env = "ECM_SERVICE_CONFIG")]
    pub config: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `provision`.
#[derive(Debug, clap::Args)]
pub struct ProvisionArgs {
    /// What the vault is to have.
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    /// Show what would be done, and do nothing.
    #[arg(long, conflicts_with_all = ["undo", "yes"])]
    pub plan: bool,
    /// Take back what was done, newest first. What others have built on since stays.
    #[arg(long)]
    pub undo: bool,
    /// Do not ask before something is changed.
    #[arg(long, short)]
    pub yes: bool,
    /// Which vault of the configuration; needed when it has several Password Safes.
    #[arg(long, value_name = "NAME")]
    pub vault: Option<String>,
    /// The configuration file.
    #[arg(long, short, value_name = "FILE", env = "ECM_SERVICE_CONFIG")]
    pub config: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `reload`.
#[derive(Debug, clap::Args)]
pub struct ReloadArgs {
    /// Which service.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `explain-name`.
#[derive(Debug, clap::Args)]
pub struct ExplainNameArgs {
    /// The name of the console user, as the site sends it.
    #[arg(value_name = "NAME", required_unless_present = "from")]
    pub name: Option<String>,
    /// The distinguished name beside it.
    #[arg(long, value_name = "DN")]
    pub dn: Option<String>,
    /// What the site calls the user's security provider.
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<String>,
    /// Read many users from a file ("-": standard input), one to a line: the name, and after tabs
    /// the distinguished name and the provider if there are any. Tells who is whom, and which
    /// persons would meet in one vault user.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "dn", "provider"])]
    pub from: Option<PathBuf>,
    /// The configuration file.
    #[arg(long, short, value_name = "FILE", env = "ECM_SERVICE_CONFIG")]
    pub config: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What `ledger` can do.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Show every lease that is not over: whose, what, until when.
    List(BooksArgs),
    /// Give back what an earlier run has left. A running service does this by itself, so it must
    /// be stopped for this.
    Reconcile(ReconcileArgs),
}

/// What `audit` can do.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check the chain: that no line was changed, left out, put in or moved.
    Verify(AuditVerifyArgs),
    /// Show the records.
    Show(AuditShowArgs),
}

/// Arguments of `ledger list`.
#[derive(Debug, clap::Args)]
pub struct BooksArgs {
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
    /// Where the service keeps its state.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Arguments of `ledger reconcile`.
#[derive(Debug, clap::Args)]
pub struct ReconcileArgs {
    /// The configuration file.
    #[arg(long, short, value_name = "FILE", env = "ECM_SERVICE_CONFIG")]
    pub config: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `audit verify`.
#[derive(Debug, clap::Args)]
pub struct AuditVerifyArgs {
    /// A number and hash of a line that was noted earlier, as NUMBER:HASH. Whoever can rewrite the
    /// whole file can rewrite the whole chain, so keep one elsewhere now and then.
    #[arg(long, value_name = "NUMBER:HASH")]
    pub head: Option<String>,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
    /// Where the service keeps its state.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Arguments of `audit show`.
#[derive(Debug, clap::Args)]
pub struct AuditShowArgs {
    /// Only so many, the newest.
    #[arg(long, value_name = "COUNT")]
    pub last: Option<usize>,
    /// Print the records as they are written, one JSON object to a line.
    #[arg(long)]
    pub json: bool,
    /// Where the service keeps its state.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Name of a console user whose search is tried, too.
    #[arg(long, value_name = "NAME", requires = "host")]
    pub user: Option<String>,
    /// The distinguished name beside it.
    #[arg(long, value_name = "DN", requires = "user")]
    pub dn: Option<String>,
    /// Name or address of the endpoint.
    #[arg(long, value_name = "HOST", requires = "user")]
    pub host: Option<String>,
    /// The configuration file.
    #[arg(long, short, value_name = "FILE", env = "ECM_SERVICE_CONFIG")]
    pub config: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `directories`.
#[derive(Debug, clap::Args)]
pub struct DirectoriesArgs {
    /// The configuration file.
    #[arg(long, short, value_name = "FILE", env = "ECM_SERVICE_CONFIG")]
    pub config: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `configure`.
#[derive(Debug, clap::Args)]
pub struct ConfigureArgs {
    /// The configuration file. One that is not there yet is begun.
    #[arg(long, short, value_name = "FILE", env = "ECM_SERVICE_CONFIG")]
    pub config: PathBuf,
    /// The port of the loopback interface; 0 takes any that is free.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// End when nobody has used it for so long.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "30m")]
    pub idle: Duration,
    /// Print the link as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
pub struct TestArgs {
    /// Name of the console user, as the console sends it.
    #[arg(long, value_name = "NAME", required_unless_present_any = ["all", "case"])]
    pub user: Option<String>,
    /// The distinguished name beside it.
    #[arg(long, value_name = "DN", requires = "user")]
    pub dn: Option<String>,
    /// What the site calls the user's security provider.
    #[arg(long, value_name = "PROVIDER", requires = "user")]
    pub provider: Option<String>,
    /// Kind of Jump Item; it decides which of the following fields there are.
    #[arg(long, value_name = "KIND", value_enum, default_value_t, requires = "user")]
    pub item: JumpItem,
    /// Name or address of the endpoint.
    #[arg(long, value_name = "HOST", requires = "user")]
    pub host: Option<String>,
    /// Another address of the endpoint (Jump Client).
    #[arg(long, value_name = "IP", requires = "user")]
    pub additional_ip: Option<String>,
    /// Address of the web page or the cluster.
    #[arg(long, value_name = "URL", requires = "user")]
    pub url: Option<String>,
    /// Name of the application (RDP with an application).
    #[arg(long, value_name = "NAME", requires = "user")]
    pub application: Option<String>,
    /// Retrieve as well: a number of the list, a name, or `all`. May be given several times.
    #[arg(long, value_name = "WHICH", requires = "user")]
    pub retrieve: Vec<String>,
    /// Save the question, with what came of it as what is expected, under this name.
    #[arg(long, value_name = "CASE", requires = "user")]
    pub save: Option<String>,
    /// Run a saved case. May be given several times.
    #[arg(long, value_name = "CASE", conflicts_with = "user")]
    pub case: Vec<String>,
    /// Run every saved case.
    #[arg(long, conflicts_with_all = ["user", "case"])]
    pub all: bool,
    /// Where cases are saved, instead of test-cases.toml beside the configuration.
    #[arg(long, value_name = "FILE")]
    pub cases: Option<PathBuf>,
    /// The configuration file.
    #[arg(long, short, value_name = "FILE", env = "ECM_SERVICE_CONFIG")]
    pub config: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `config-reference`.
#[derive(Debug, clap::Args)]
pub struct ConfigReferenceArgs {
    /// What to print.
    #[arg(long, value_name = "FORMAT", default_value = "toml")]
    pub format: ReferenceFormat,
}

/// Arguments of `log-level`.
#[derive(Debug, clap::Args)]
pub struct LogLevelArgs {
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,ecm_core=debug`.
    pub level: String,
    /// How long it lasts before the former level comes back (for example `15m`).
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    pub duration: Option<Duration>,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
    /// Where the running service is.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Show the console users seen last instead: the name that really came, and what it became.
    #[arg(long)]
    pub users: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
    /// Where the running service is.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// How to find the running service: by its configuration or by its state folder.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct ServiceArgs {
    /// The configuration file of the running service.
    #[arg(long, short, value_name = "FILE", env = "ECM_SERVICE_CONFIG")]
    pub config: Option<PathBuf>,
    /// The state folder of the running service.
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LogFormatArg {
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// What `config-reference` prints.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ReferenceFormat {
    /// A commented example file.
    Toml,
    /// The table of all keys for the manual.
    Markdown,
    /// The table of all keys as data.
    Json,
}

/// The command line as clap sees it, with the exit codes in its long help.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command().after_long_help(format!(
        "Examples:\n  \
        ecm-service config-reference > config.toml    # start from the commented example\n  \
        ecm-service check-config --config config.toml # every problem at once, with line numbers\n  \
        ecm-service run --config config.toml\n\n\
        Results go to stdout, everything else to stderr. NO_COLOR switches colours off.\n\n{}",
        Exit::table()
    ))
}

/// Reads a length of time such as `15m`, `90s` or `1h 30m`.
///
/// # Errors
///
/// A sentence for the command line when it is not a length of time, or not above zero.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let advice = "write a number and a unit, for example 90s, 15m or 1h30m";
    let span: jiff::SignedDuration =
        text.parse().map_err(|_| format!("`{text}` is not a length of time; {advice}"))?;
    match Duration::try_from(span) {
        Ok(length) if length > Duration::ZERO => Ok(length),
        _ => Err(format!("`{text}` must be longer than nothing; {advice}")),
    }
}
