//! The command line: what can be typed, and the help that teaches it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand};

use crate::exit::Exit;
use crate::rep::card_thread::Hold;

/// Shares a smart-card reader with another machine.
#[derive(Debug, Parser)]
#[command(
    name = "vsc-agent",
    version,
    about = "Shares a smart-card reader with another machine",
    long_about = "Carries a smart card from the reader at one desk to a machine elsewhere.\n\n\
        At the desk with the card runs `vsc-agent rep`, at the other one `vsc-agent customer`; a \
        relay that both can reach, and that can read nothing, brings them together. A spoken code \
        pairs the two, then a reader is shared: on the customer's machine a virtual reader shows \
        the card, and any program can use it.\n\n\
        The protocol between the agents is an open one of this project (docs/wire/vsc.md), not \
        that of a vendor's remote-support product.",
    after_help = "Results go to stdout, everything else to stderr. \
        Type `vsc-agent help COMMAND` for examples.",
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
    /// Serve the desk with the card, until told to stop.
    #[command(after_long_help = "Examples:\n  \
        vsc-agent rep --relay wss://relay.example.com\n  \
        vsc-agent rep --relay wss://relay.example.com --hold shared\n  \
        vsc-agent rep --relay wss://relay.example.com --policy policy.toml --profile careful\n  \
        vsc-agent rep --listen 0.0.0.0:4433        (no relay: the customer's agent dials this)")]
    Rep(RepArgs),

    /// Serve the desk where the card is to appear, until told to stop.
    #[command(after_long_help = "Examples:\n  \
        vsc-agent customer --relay wss://relay.example.com\n  \
        vsc-agent customer --relay ws://192.0.2.7:4433       (a representative's agent that listens)\n  \
        vsc-agent customer --relay wss://relay.example.com --driver 127.0.0.1:35963 --slots 2\n\n\
        The virtual reader driver (vpcd) must be installed: docs/operate/virtual-reader.md.")]
    Customer(CustomerArgs),

    /// Bring agents together that cannot reach each other. Reads nothing of what it passes on.
    #[command(after_long_help = "Examples:\n  \
        vsc-agent relay --listen 0.0.0.0:443 --cert fullchain.pem --key key.pem\n  \
        vsc-agent relay --listen 127.0.0.1:8080 --plain --behind-proxy   (the proxy does TLS)\n\n\
        GET /health tells how many connections and mailboxes there are.")]
    Relay(RelayArgs),

    /// Pair with the other desk by a spoken code.
    #[command(after_long_help = "Examples:\n  \
        vsc-agent pair                          (desk with the card: prints the code, then waits)\n  \
        vsc-agent pair 417-lemon-otter-anvil    (other desk: enters it)\n  \
        vsc-agent pair --peer desk-7            (machines that know each other's keys)\n\n\
        A code is good for one attempt. Who enters a wrong one needs a new one.")]
    Pair(PairArgs),

    /// Bring the customer's side to a machine for one visit, by SSH, and pair with it.
    #[command(after_long_help = "Examples:\n  \
        vsc-agent push app01.example.com\n  \
        vsc-agent push admin@app01 --relay wss://relay.example.com --driver 127.0.0.1:35963\n\n\
        The service `vsc-agent rep` must run here, and an SSH client must let you in there without \
        a question. This program is put into a folder of its own there, serves one session, and is \
        removed with everything else when the session ends, when this command is interrupted, or \
        when the connection breaks. A customer's agent that is installed there is used, and stays. \
        The machine needs a virtual reader driver.")]
    Push(PushArgs),

    /// List the readers of this desk, their cards, and which are shared.
    #[command(after_long_help = "Examples:\n  \
        vsc-agent readers\n  \
        vsc-agent readers --watch\n  \
        vsc-agent readers --json | jq -r '.readers[] | select(.card == \"present\") | .name'\n\n\
        Works without the service too; then it cannot tell what is shared.")]
    Readers(ReadersArgs),

    /// Share a reader: its card appears at the other desk.
    #[command(after_long_help = "Examples:\n  \
        vsc-agent share \"ACME Reader 00 00\"\n  \
        vsc-agent share acme                    (a part of the name that no other reader has)\n  \
        vsc-agent share acme --session 2\n  \
        vsc-agent share acme --own-pin          (the card's PIN is asked for here, and stays here)\n  \
        vsc-agent share acme --profile admin    (changes to the card, by consent: see `answer`)")]
    Share(ShareArgs),

    /// Say yes or no to a command for a shared card that a person has to decide on.
    #[command(after_long_help = "Examples:\n  \
        vsc-agent answer                        (waits for questions, and asks at this terminal)\n  \
        vsc-agent answer yes                    (to the only question that waits)\n  \
        vsc-agent answer no 17")]
    Answer(AnswerArgs),

    /// Stop sharing: the card disappears from the other desk.
    #[command(after_long_help = "Examples:\n  vsc-agent unshare acme\n  vsc-agent unshare --all")]
    Unshare(UnshareArgs),

    /// Show sessions, the other desks, what is shared, and what it costs.
    #[command(after_long_help = "Examples:\n  \
        vsc-agent status\n  \
        vsc-agent status --json | jq '.sessions[].shares[].counted'")]
    Status(AskArgs),

    /// End a session, and all that is shared in it.
    #[command(after_long_help = "Examples:\n  vsc-agent end\n  vsc-agent end --session 2")]
    End(EndArgs),

    /// Print this machine's public key, for other machines' files of peers. Makes one if needed.
    #[command(after_long_help = "Example:\n  \
        vsc-agent identity --state-dir /var/lib/vsc-agent >> peers\n\n\
        The line has the machine's name and its key; see --peers of `rep` and `customer`.")]
    Identity(IdentityArgs),

    /// Print a completion script for a shell.
    #[command(after_long_help = "Example:\n  \
        vsc-agent completions bash > /etc/bash_completion.d/vsc-agent")]
    Completions {
        /// The shell to complete for.
        shell: clap_complete::Shell,
    },

    /// Print the manual page.
    #[command(after_long_help = "Example:\n  vsc-agent man | man -l -")]
    Man,
}

/// How to get together with other agents.
#[derive(Debug, clap::Args)]
pub struct MeetingArgs {
    /// The relay, or the other agent if that one listens (wss://HOST:PORT, or ws:// without TLS:
    /// what is carried stays encrypted from agent to agent).
    #[arg(long, value_name = "URL", env = "VSC_AGENT_RELAY", required_unless_present = "listen")]
    pub relay: Option<String>,
    /// No relay: listen here, and let the other agent dial this one.
    #[arg(long, value_name = "ADDR", conflicts_with = "relay")]
    pub listen: Option<SocketAddr>,
    /// Certificate chain for --listen (PEM). Without it, no TLS around the encrypted link.
    #[arg(long, value_name = "FILE", requires = "key", requires = "listen")]
    pub cert: Option<PathBuf>,
    /// Private key for --cert (PEM).
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Further certificate authorities to trust (PEM), besides the machine's.
    #[arg(long, value_name = "FILE", env = "VSC_AGENT_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// An HTTP proxy to go through (http://HOST:PORT).
    #[arg(long, value_name = "URL", env = "VSC_AGENT_PROXY")]
    pub proxy: Option<String>,
    /// How this machine introduces itself to the person at the other desk.
    #[arg(long, value_name = "NAME")]
    pub machine_name: Option<String>,
    /// Where this machine's key is kept; without it there are spoken codes only.
    #[arg(long, value_name = "DIR", env = "VSC_AGENT_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// Machines that may pair by their key: lines of a name and what `identity` printed there.
    #[arg(long, value_name = "FILE", requires = "state_dir")]
    pub peers: Option<PathBuf>,
}

/// What every long-running command takes.
#[derive(Debug, clap::Args)]
pub struct ServiceArgs {
    /// What to log: error, warn, info, debug, trace, or directives such as `info,vsc_core=debug`.
    #[arg(long, value_name = "LEVEL", env = "VSC_AGENT_LOG_LEVEL", default_value = "info")]
    pub log_level: String,
    /// How to write log lines.
    #[arg(long, value_name = "FORMAT", env = "VSC_AGENT_LOG_FORMAT", default_value = "human")]
    pub log_format: LogFormatArg,
    /// Write a JSON object with the addresses that are really used here, once all is ready.
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormatArg {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Arguments of `rep`.
#[derive(Debug, clap::Args)]
pub struct RepArgs {
    /// How to get together.
    #[command(flatten)]
    pub meeting: MeetingArgs,
    /// How a card is held while its reader is shared.
    #[arg(long, value_name = "HOW", default_value_t = Hold::Exclusive)]
    pub hold: Hold,
    /// A file of profiles: what the other desk may do with a shared card.
    #[arg(long, value_name = "FILE", env = "VSC_AGENT_POLICY")]
    pub policy: Option<PathBuf>,
    /// The profile of shares that name none: use, read-only, admin, or one of the policy's.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The control socket [default: rep.sock in the user's runtime folder].
    #[arg(long, value_name = "PATH", env = "VSC_AGENT_CONTROL")]
    pub control: Option<PathBuf>,
    /// What is common to services.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Arguments of `customer`.
#[derive(Debug, clap::Args)]
pub struct CustomerArgs {
    /// How to get together.
    #[command(flatten)]
    pub meeting: MeetingArgs,
    /// Where the virtual reader driver listens for its first slot.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:35963")]
    pub driver: SocketAddr,
    /// How many slots the driver has, on consecutive ports.
    #[arg(long, value_name = "COUNT", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub slots: u16,
    /// End when the first session is over.
    #[arg(long)]
    pub once: bool,
    /// The control socket [default: customer.sock in the user's runtime folder].
    #[arg(long, value_name = "PATH", env = "VSC_AGENT_CONTROL")]
    pub control: Option<PathBuf>,
    /// What is common to services.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Arguments of `relay`.
#[derive(Debug, clap::Args)]
pub struct RelayArgs {
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:443")]
    pub listen: SocketAddr,
    /// Certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "key", required_unless_present = "plain")]
    pub cert: Option<PathBuf>,
    /// Private key of the certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// No TLS: something in front of the relay does it.
    #[arg(long, conflicts_with = "cert")]
    pub plain: bool,
    /// Every visitor comes through a proxy: believe the last address of its X-Forwarded-For.
    /// Without this, the limits on one address hit everybody behind the proxy together.
    #[arg(long)]
    pub behind_proxy: bool,
    /// Mailboxes at once; every session has one.
    #[arg(long, value_name = "COUNT", default_value_t = 50_000)]
    pub mailboxes: usize,
    /// What is common to services.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Where the running service is, and how to print what it says.
#[derive(Debug, clap::Args)]
pub struct AskArgs {
    /// The control socket [default: the service of this user that runs].
    #[arg(long, value_name = "PATH", env = "VSC_AGENT_CONTROL")]
    pub control: Option<PathBuf>,
    /// Print the answer as JSON, as it comes from the control socket.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `pair`.
#[derive(Debug, clap::Args)]
pub struct PairArgs {
    /// The code that the other desk was given; its parts may be separated by spaces or hyphens.
    /// "-" reads it from standard input.
    #[arg(value_name = "CODE")]
    pub code: Vec<String>,
    /// Pair with this machine of the file of peers, by key instead of words.
    #[arg(long, value_name = "NAME")]
    pub peer: Option<String>,
    /// Where the service is.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Arguments of `push`.
#[derive(Debug, clap::Args)]
pub struct PushArgs {
    /// The machine, as SSH knows it.
    #[arg(value_name = "[USER@]HOST")]
    pub host: String,
    /// Where that machine finds the relay [default: the relay of this desk's service].
    #[arg(long, value_name = "URL")]
    pub relay: Option<String>,
    /// Further certificate authorities that machine is to trust for the relay (PEM).
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Where the virtual reader driver listens there.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:35963")]
    pub driver: SocketAddr,
    /// How many slots that driver has, on consecutive ports.
    #[arg(long, value_name = "COUNT", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub slots: u16,
    /// This program for that machine, if it is of another system or processor.
    #[arg(long, value_name = "FILE")]
    pub binary: Option<PathBuf>,
    /// The SSH client [default: ssh].
    #[arg(long, value_name = "PROGRAM")]
    pub ssh: Option<PathBuf>,
    /// A configuration file for the SSH client, instead of the user's.
    #[arg(long, value_name = "FILE")]
    pub ssh_config: Option<PathBuf>,
    /// Where the service is.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Arguments of `readers`.
#[derive(Debug, clap::Args)]
pub struct ReadersArgs {
    /// As seen from this session.
    #[arg(long, value_name = "NUMBER")]
    pub session: Option<u32>,
    /// Print again after every change, until interrupted.
    #[arg(long, short)]
    pub watch: bool,
    /// Where the service is.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Arguments of `share`.
#[derive(Debug, clap::Args)]
pub struct ShareArgs {
    /// The reader's name, or a part of it that no other has.
    pub reader: String,
    /// The session to share it in, if there are several.
    #[arg(long, value_name = "NUMBER")]
    pub session: Option<u32>,
    /// What the other desk may do with the card [default: the service's usual profile].
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Keep the card's PIN at this desk: it is asked for here (or read as a line from a standard
    /// input that is no terminal), and a PIN for this share only is printed for the other desk.
    #[arg(long)]
    pub own_pin: bool,
    /// Ask for the PIN by this program, which must speak the protocol of GnuPG's pinentry.
    #[arg(long, value_name = "PROGRAM", requires = "own_pin", env = "VSC_AGENT_PINENTRY")]
    pub pinentry: Option<PathBuf>,
    /// Where the service is.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Arguments of `answer`.
#[derive(Debug, clap::Args)]
pub struct AnswerArgs {
    /// What to say; without it, questions are asked at this terminal as they come.
    pub say: Option<YesOrNo>,
    /// The question's number, if several wait.
    #[arg(requires = "say")]
    pub question: Option<u64>,
    /// Where the service is.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// What can be said to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum YesOrNo {
    /// The command may pass.
    Yes,
    /// It may not.
    No,
}

/// Arguments of `unshare`.
#[derive(Debug, clap::Args)]
pub struct UnshareArgs {
    /// The reader's name, or a part of it that no other has.
    #[arg(required_unless_present = "all")]
    pub reader: Option<String>,
    /// All readers.
    #[arg(long, conflicts_with = "reader")]
    pub all: bool,
    /// Where the service is.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Arguments of `end`.
#[derive(Debug, clap::Args)]
pub struct EndArgs {
    /// The session, if there are several.
    #[arg(long, value_name = "NUMBER")]
    pub session: Option<u32>,
    /// Where the service is.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Arguments of `identity`.
#[derive(Debug, clap::Args)]
pub struct IdentityArgs {
    /// Where this machine's key is kept.
    #[arg(long, value_name = "DIR", env = "VSC_AGENT_STATE_DIR")]
    pub state_dir: PathBuf,
    /// The name to put in front of it [default: the machine's].
    #[arg(long, value_name = "NAME")]
    pub machine_name: Option<String>,
}

/// The whole command, with the table of exit codes at its end.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command().after_long_help(Exit::table())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        command().debug_assert();
    }
}
