//! How the program ends: one list of exit codes, used by every command and printed by `--help`.

use std::process::ExitCode;

use crate::control::RefusalKind;

/// Why the program ended, as the number its caller sees.
///
/// The numbers are those of `sysexits.h`, so that scripts and service managers can tell what may
/// be tried again (69, 75) from what must be changed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was asked for was done.
    Ok,
    /// The command line was not understood.
    Usage,
    /// What was named is not there: a reader, a session, a file.
    NoInput,
    /// Something this program needs does not answer: service, relay, driver, PC/SC.
    Unavailable,
    /// A fault of this program.
    Internal,
    /// A file, folder or socket could not be made, read or written.
    CannotWrite,
    /// It may work when tried again: the reader is shared elsewhere, nobody came in time.
    TryAgain,
    /// The code or the key was wrong.
    NotPaired,
    /// The operating system does not let this user do it.
    Permission,
    /// An option's file is wrong: certificate, key, policy, file of peers.
    Config,
}

impl Exit {
    /// Every code there is, in ascending order.
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::Usage,
        Self::NoInput,
        Self::Unavailable,
        Self::Internal,
        Self::CannotWrite,
        Self::TryAgain,
        Self::NotPaired,
        Self::Permission,
        Self::Config,
    ];

    /// The number given to the operating system.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Usage => 64,
            Self::NoInput => 66,
            Self::Unavailable => 69,
            Self::Internal => 70,
            Self::CannotWrite => 73,
            Self::TryAgain => 75,
            Self::NotPaired => 76,
            Self::Permission => 77,
            Self::Config => 78,
        }
    }

    /// One line for the manual.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done",
            Self::Usage => "the command line was not understood",
            Self::NoInput => "there is no such reader, session, profile or question",
            Self::Unavailable => "no service, relay, reader driver or PC/SC service answers",
            Self::Internal => "a fault of this program; please report it",
            Self::CannotWrite => "a file, folder or socket cannot be made, read or written",
            Self::TryAgain => "not now: the reader is shared already, or too much is going on",
            Self::NotPaired => "the code or the key was wrong, or nobody came in time",
            Self::Permission => "the operating system does not allow it for this user",
            Self::Config => "a certificate, key, policy or file of peers is wrong",
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

impl From<RefusalKind> for Exit {
    fn from(kind: RefusalKind) -> Self {
        match kind {
            RefusalKind::NotUnderstood
            | RefusalKind::WrongService
            | RefusalKind::WhichSession
            | RefusalKind::WhichReader
            | RefusalKind::NoPin => Self::Usage,
            RefusalKind::NoSession
            | RefusalKind::NoReader
            | RefusalKind::NotShared
            | RefusalKind::NoProfile
            | RefusalKind::NoQuestion => Self::NoInput,
            RefusalKind::AlreadyShared | RefusalKind::TooMany => Self::TryAgain,
            RefusalKind::NotPaired => Self::NotPaired,
            RefusalKind::NoRelay | RefusalKind::NotShown => Self::Unavailable,
            RefusalKind::Failed => Self::Internal,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_order_and_none_is_used_twice() {
        let numbers: Vec<_> = Exit::ALL.iter().map(|exit| exit.number()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }
}
