//! What may be done with a lent card.

use std::time::Duration;

use serde::Deserialize;

use super::deed::Operation;

/// What a profile says about one kind of command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// It passes.
    Allow,
    /// It passes once the person at the card has agreed to this operation with this key; then
    /// again for as long as the share lasts.
    AskOnce,
    /// It passes each time the person at the card agrees.
    Ask,
    /// It does not pass.
    Refuse,
}

impl Rule {
    /// As it stands in a policy file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::AskOnce => "ask-once",
            Self::Ask => "ask",
            Self::Refuse => "refuse",
        }
    }
}

/// One kind of command, as policy files name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Selecting applications, files and logical channels.
    Select,
    /// Reading what anybody may read, and asking about PINs.
    Read,
    /// Reading what needs a PIN.
    ReadPersonal,
    /// Verifying a user's PIN.
    Verify,
    /// Signing.
    Sign,
    /// Decrypting and agreeing on keys.
    Decrypt,
    /// Proving possession of a key.
    Authenticate,
    /// Random numbers.
    Challenge,
    /// Choosing keys, hashing, checking.
    Prepare,
    /// Writing data.
    Write,
    /// Making, importing and deleting keys.
    Keys,
    /// Changing and unblocking PINs.
    Pins,
    /// Activating, terminating, resetting.
    Lifecycle,
    /// Administrators' proofs, and GlobalPlatform.
    Administer,
    /// Secure messaging.
    Protected,
    /// What is in no table.
    Unknown,
}

impl Permission {
    /// Every kind there is, harmless ones first.
    pub const ALL: [Self; 16] = [
        Self::Select,
        Self::Read,
        Self::ReadPersonal,
        Self::Verify,
        Self::Sign,
        Self::Decrypt,
        Self::Authenticate,
        Self::Challenge,
        Self::Prepare,
        Self::Write,
        Self::Keys,
        Self::Pins,
        Self::Lifecycle,
        Self::Administer,
        Self::Protected,
        Self::Unknown,
    ];

    /// Its key in a policy file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Read => "read",
            Self::ReadPersonal => "read-personal",
            Self::Verify => "verify",
            Self::Sign => "sign",
            Self::Decrypt => "decrypt",
            Self::Authenticate => "authenticate",
            Self::Challenge => "challenge",
            Self::Prepare => "prepare",
            Self::Write => "write",
            Self::Keys => "keys",
            Self::Pins => "pins",
            Self::Lifecycle => "lifecycle",
            Self::Administer => "administer",
            Self::Protected => "protected",
            Self::Unknown => "unknown",
        }
    }

    /// What it covers, for the manual.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Select => "SELECT, MANAGE CHANNEL",
            Self::Read => "READ, GET DATA, GET RESPONSE; VERIFY without a PIN",
            Self::ReadPersonal => {
                "PIV fingerprints, face, iris, printed information; OpenPGP private data"
            }
            Self::Verify => "VERIFY with a user's PIN",
            Self::Sign => "PIV key 9C, COMPUTE DIGITAL SIGNATURE",
            Self::Decrypt => "PIV keys 9D and 82 to 95, DECIPHER, ENCIPHER",
            Self::Authenticate => "PIV keys 9A and 9E, INTERNAL AUTHENTICATE, attestation",
            Self::Challenge => "GET CHALLENGE",
            Self::Prepare => "MANAGE SECURITY ENVIRONMENT (set, restore), HASH, VERIFY SIGNATURE",
            Self::Write => "PUT DATA, UPDATE and ERASE, CREATE and DELETE FILE",
            Self::Keys => "GENERATE ASYMMETRIC KEY PAIR, import, move, delete",
            Self::Pins => "CHANGE REFERENCE DATA, RESET RETRY COUNTER, numbers of tries",
            Self::Lifecycle => "ACTIVATE, DEACTIVATE, TERMINATE, reset of an application",
            Self::Administer => {
                "PIV key 9B, EXTERNAL AUTHENTICATE, administrators' PINs, GlobalPlatform"
            }
            Self::Protected => "secure messaging, ENVELOPE",
            Self::Unknown => "instructions and classes that are in no table",
        }
    }

    /// The weakest rule that a profile may have for it. What changes the card, and what nobody
    /// understands, needs the person at the card each time; a conversation under secure messaging
    /// needs them once.
    #[must_use]
    pub fn weakest(self) -> Rule {
        match self {
            Self::Write
            | Self::Keys
            | Self::Pins
            | Self::Lifecycle
            | Self::Administer
            | Self::Unknown => Rule::Ask,
            Self::Protected => Rule::AskOnce,
            _ => Rule::Allow,
        }
    }

    /// The kind of a command; `None` for what no profile can permit: malformed commands, and
    /// commands for the reader.
    #[must_use]
    pub fn of(operation: Operation) -> Option<Self> {
        Some(match operation {
            Operation::Select => Self::Select,
            Operation::Read | Operation::PinStatus => Self::Read,
            Operation::ReadPersonal => Self::ReadPersonal,
            Operation::Verify => Self::Verify,
            Operation::Sign => Self::Sign,
            Operation::Decrypt => Self::Decrypt,
            Operation::Authenticate => Self::Authenticate,
            Operation::Challenge => Self::Challenge,
            Operation::Prepare => Self::Prepare,
            Operation::Write => Self::Write,
            Operation::Keys => Self::Keys,
            Operation::Pins => Self::Pins,
            Operation::Lifecycle => Self::Lifecycle,
            Operation::Administer => Self::Administer,
            Operation::Protected => Self::Protected,
            Operation::UnknownInstruction | Operation::UnknownClass => Self::Unknown,
            Operation::Reader | Operation::Malformed => return None,
        })
    }
}

/// What may be done with a lent card, how often, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    name: String,
    pub(super) rules: [Rule; Permission::ALL.len()],
    /// So many of a PIN's tries stay with the owner, whatever the other desk sends.
    pub spare_tries: u8,
    /// How often private keys may be used in a minute.
    pub key_uses_per_minute: u16,
    /// How often PINs may be verified in a minute.
    pub verifications_per_minute: u16,
    /// After so long without a command the share ends.
    pub idle_limit: Option<Duration>,
    /// After so long the share ends in any case.
    pub share_limit: Option<Duration>,
    /// How long the person at the card has for an answer.
    pub answer_within: Duration,
}

impl Profile {
    /// The built-in profiles' names.
    pub const BUILT_IN: [&str; 3] = ["use", "read-only", "admin"];

    /// What everyday programs need: select, read, verify, sign, decrypt, authenticate.
    #[must_use]
    pub fn usual() -> Self {
        use Rule::{Allow, Refuse};
        Self {
            name: "use".to_owned(),
            rules: [
                Allow, Allow, Refuse, Allow, Allow, Allow, Allow, Allow, Allow, Refuse, Refuse,
                Refuse, Refuse, Refuse, Refuse, Refuse,
            ],
            spare_tries: 1,
            key_uses_per_minute: 120,
            verifications_per_minute: 20,
            idle_limit: None,
            share_limit: Some(Duration::from_secs(12 * 60 * 60)),
            answer_within: Duration::from_secs(30),
        }
    }

    /// Looking, but not using.
    #[must_use]
    pub fn read_only() -> Self {
        let mut profile = Self { name: "read-only".to_owned(), ..Self::usual() };
        for permission in [
            Permission::Verify,
            Permission::Sign,
            Permission::Decrypt,
            Permission::Authenticate,
            Permission::Challenge,
            Permission::Prepare,
        ] {
            profile.set(permission, Rule::Refuse);
        }
        profile
    }

    /// Everyday use, and everything that changes the card by consent to each command.
    #[must_use]
    pub fn admin() -> Self {
        let mut profile = Self {
            name: "admin".to_owned(),
            idle_limit: Some(Duration::from_secs(15 * 60)),
            share_limit: Some(Duration::from_secs(2 * 60 * 60)),
            ..Self::usual()
        };
        for permission in [
            Permission::ReadPersonal,
            Permission::Write,
            Permission::Keys,
            Permission::Pins,
            Permission::Lifecycle,
            Permission::Administer,
            Permission::Unknown,
        ] {
            profile.set(permission, Rule::Ask);
        }
        profile
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// What it says about this kind of command.
    #[must_use]
    pub fn rule(&self, permission: Permission) -> Rule {
        let place = Permission::ALL.iter().position(|known| *known == permission);
        place.and_then(|place| self.rules.get(place)).copied().unwrap_or(Rule::Refuse)
    }

    pub(super) fn set(&mut self, permission: Permission, rule: Rule) {
        let place = Permission::ALL.iter().position(|known| *known == permission);
        if let Some(place) = place.and_then(|place| self.rules.get_mut(place)) {
            *place = rule;
        }
    }

    /// What it says about a command that does this.
    #[must_use]
    pub fn rule_for(&self, operation: Operation) -> Rule {
        Permission::of(operation).map_or(Rule::Refuse, |permission| self.rule(permission))
    }
}
