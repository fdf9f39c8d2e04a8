//! `ecm-service plugins …`

use std::path::PathBuf;

use clap::Subcommand;

/// What to do with plugins.
#[derive(Debug, Subcommand)]
pub enum PluginsCommand {
    /// List the plugins there are, and say why one cannot be loaded.
    #[command(after_long_help = "Examples:\n  \
        ecm-service plugins list --config /etc/ecm-service/config.toml\n  \
        ecm-service plugins list --folder ./plugins --json | jq '.[].name'")]
    List(ListArgs),

    /// Load one plugin, greet it, ask how it is, and end it.
    #[command(after_long_help = "Examples:\n  \
        ecm-service plugins check python-vault --config /etc/ecm-service/config.toml\n  \
        ecm-service plugins check python-vault --folder ./plugins --json\n\n\
        With --config it is greeted with the settings of each vault that uses it, and otherwise \
        with those of the [rehearsal] in its plugin.toml. Nothing is searched and nothing is lent. \
        Ends with 2 when it cannot be loaded or does not serve.")]
    Check(CheckArgs),

    /// Try whether a plugin keeps to the protocol: for whoever makes one.
    #[command(after_long_help = "Examples:\n  \
        ecm-service plugins conform ./my-plugin\n  \
        ecm-service plugins conform ./my-plugin --json | jq '.checks[] | select(.verdict == \"fail\")'\n\n\
        It is started with the settings of the [rehearsal] in its plugin.toml, which names a vault \
        user and a host. Something is really borrowed, read and given back, so use test data. \
        Secrets are compared and never shown. Ends with 2 when a check fails.")]
    Conform(ConformArgs),
}

/// Where the plugins are.
#[derive(Debug, clap::Args)]
#[group(required = false, multiple = false)]
pub struct WhereArgs {
    /// The configuration file, whose folder of plugins is meant.
    #[arg(long, short, value_name = "FILE", env = "ECM_SERVICE_CONFIG")]
    pub config: Option<PathBuf>,
    /// The folder the plugins are in.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Arguments of `plugins list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Where they are.
    #[command(flatten)]
    pub place: WhereArgs,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `plugins check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// The plugin.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Where it is.
    #[command(flatten)]
    pub place: WhereArgs,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `plugins conform`.
#[derive(Debug, clap::Args)]
pub struct ConformArgs {
    /// The plugin's folder.
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}
