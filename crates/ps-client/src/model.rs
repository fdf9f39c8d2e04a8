//! The vault's own words: identifiers that cannot be mixed up, times, and open enumerations.

mod account;
mod request;
mod system;

pub use self::account::{AccountKind, ManagedAccount, ManagedAccountQuery, RequestableAccount};
pub use self::request::{
    AccessType, ConflictOption, CredentialType, NewIsaRequest, NewRequest, Queue, ReleaseRequest,
    RequestStatus, StatusFilter,
};
pub use self::system::{ManagedSystem, ManagedSystemQuery};

use std::fmt;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i64);

        impl $name {
            /// The identifier with this number.
            #[must_use]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// Its number.
            #[must_use]
            pub const fn number(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

identifier!(
    /// A managed account.
    AccountId
);
identifier!(
    /// A managed system.
    SystemId
);
identifier!(
    /// A release request.
    RequestId
);
identifier!(
    /// An application.
    ApplicationId
);
identifier!(
    /// A user of the vault.
    UserId
);
identifier!(
    /// A ticket system.
    TicketSystemId
);
identifier!(
    /// A schedule of an access policy.
    ScheduleId
);
identifier!(
    /// A workgroup.
    WorkgroupId
);

/// A point in time as the vault wrote it.
///
/// The vault writes ISO 8601 with `Z`, with an offset, with and without fraction, and without
/// any zone at all; the last is to be read as UTC. The text is kept as it came.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VaultTime(String);

impl VaultTime {
    pub(crate) fn from_text(text: String) -> Self {
        Self(text)
    }

    /// As it came.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.0
    }

    /// With a zone in any case: `Z` is added where there is none.
    #[must_use]
    pub fn with_zone(&self) -> String {
        let time = self.0.split_once(['T', ' ']).map_or("", |(_, time)| time);
        if time.contains(['Z', 'z', '+', '-']) { self.0.clone() } else { format!("{}Z", self.0) }
    }
}

impl fmt::Display for VaultTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VaultTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultTime({})", self.0)
    }
}
