//! How the program ends: one list of exit codes, used by every command and printed by `--help`.

use std::process::ExitCode;

/// Why the program ended, as the number its caller sees.
///
/// The numbers are those of `sysexits.h`, so that a service manager can tell "do not try again,
/// the configuration is wrong" (78) from "try again" (69).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was asked for was done.
    Ok,
    /// The name that was asked about stands for nobody.
    Nobody,
    /// What was tested does not work, or did not come out as expected.
    Failed,
    /// It works, and something should be looked at.
    Doubtful,
    /// The command line was not understood.
    Usage,
    /// Something this program needs does not answer: no service behind the control socket.
    Unavailable,
    /// A fault of this program.
    Internal,
    /// A file or folder could not be made, read or written (state folder, ledger, audit log).
    CannotWrite,
    /// The operating system does not let this user do it.
    Permission,
    /// The configuration file is wrong; every problem is listed on stderr.
    Config,
}

impl Exit {
    /// Every code there is, in ascending order.
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::Nobody,
        Self::Failed,
        Self::Doubtful,
        Self::Usage,
        Self::Unavailable,
        Self::Internal,
        Self::CannotWrite,
        Self::Permission,
        Self::Config,
    ];

    /// The number given to the operating system.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Nobody => 1,
            Self::Failed => 2,
            Self::Doubtful => 3,
            Self::Usage => 64,
            Self::Unavailable => 69,
            Self::Internal => 70,
            Self::CannotWrite => 73,
            Self::Permission => 77,
            Self::Config => 78,
        }
    }

    /// One line for the manual.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done",
            Self::Nobody => "the name that was asked about stands for no vault user",
            Self::Failed => "what was tested does not work, or did not come out as expected",
            Self::Doubtful => "it works, and something should be looked at",
            Self::Usage => "the command line was not understood",
            Self::Unavailable => "no running service answers, or something it needs is missing",
            Self::Internal => "a fault of this program; please report it",
            Self::CannotWrite => "the state folder, ledger or audit log cannot be read or written",
            Self::Permission => "the operating system does not allow it for this user",
            Self::Config => "the configuration is wrong; all problems are listed on stderr",
        }
    }

    /// The table that ends `--help`.
    #[must_use]
    pub fn table() -> String {
        let mut table = String::from("Exit codes:\n");
        for exit in Self::ALL {
            table.push_str(&format!("  {:>2}  {}\n", exit.number(), exit.meaning()));
        }
        table
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}
