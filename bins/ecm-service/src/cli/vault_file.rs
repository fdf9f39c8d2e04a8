//! `ecm-service vault-file …`

use std::path::PathBuf;

use clap::Subcommand;

/// What to do with vault files.
#[derive(Debug, Subcommand)]
pub enum VaultFileCommand {
    /// Open the vault files of a configuration and say what is in them, without any secret.
    #[command(after_long_help = "Examples:\n  \
        ecm-service vault-file check --config /etc/ecm-service/config.toml\n  \
        ecm-service vault-file check lab -c config.toml --json | jq '.[].entries[].id'\n\n\
        Run it before a changed file is put in place: point `file` of a second configuration at \
        it. Ends with 2 when a file cannot be opened or something in it is wrong.")]
    Check(CheckArgs),
}

/// Arguments of `vault-file check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// The vault; all that are files when none is named.
    #[arg(value_name = "VAULT")]
    pub vault: Option<String>,
    /// Open this file instead of the one the configuration names, with the same identity or
    /// passphrase. Needs the name of the vault.
    #[arg(long, value_name = "FILE", requires = "vault")]
    pub file: Option<PathBuf>,
    /// The configuration file.
    #[arg(long, short, value_name = "FILE", env = "ECM_SERVICE_CONFIG")]
    pub config: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}
