//! A policy as it stands in a file: data, before it is checked as a whole.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::profile::{Permission, Rule};

/// `policy.toml`: which profile shares have, and a site's own profiles.
///
/// # Examples
///
/// ```
/// use vsc_core::guard::{Policy, PolicyFile};
///
/// let file: PolicyFile = toml::from_str(
///     "profile = 'careful'\n\
///      [profiles.careful]\n\
///      based-on = 'use'\n\
///      sign = 'ask'\n\
///      idle-minutes = 10\n",
/// )?;
/// let policy = Policy::check(&file).map_err(|problems| format!("{problems:?}"))?;
/// assert_eq!(policy.usual().name(), "careful");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct PolicyFile {
    /// The profile of shares that name none.
    pub profile: Option<String>,
    /// A site's own profiles, by name.
    pub profiles: BTreeMap<String, ProfileFile>,
}

/// One profile; what is left out is as in the one it is based on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProfileFile {
    /// The built-in profile that it begins with; `use` when left out.
    pub based_on: Option<String>,
    /// Rule for [`Permission::Select`].
    pub select: Option<Rule>,
    /// Rule for [`Permission::Read`].
    pub read: Option<Rule>,
    /// Rule for [`Permission::ReadPersonal`].
    pub read_personal: Option<Rule>,
    /// Rule for [`Permission::Verify`].
    pub verify: Option<Rule>,
    /// Rule for [`Permission::Sign`].
    pub sign: Option<Rule>,
    /// Rule for [`Permission::Decrypt`].
    pub decrypt: Option<Rule>,
    /// Rule for [`Permission::Authenticate`].
    pub authenticate: Option<Rule>,
    /// Rule for [`Permission::Challenge`].
    pub challenge: Option<Rule>,
    /// Rule for [`Permission::Prepare`].
    pub prepare: Option<Rule>,
    /// Rule for [`Permission::Write`].
    pub write: Option<Rule>,
    /// Rule for [`Permission::Keys`].
    pub keys: Option<Rule>,
    /// Rule for [`Permission::Pins`].
    pub pins: Option<Rule>,
    /// Rule for [`Permission::Lifecycle`].
    pub lifecycle: Option<Rule>,
    /// Rule for [`Permission::Administer`].
    pub administer: Option<Rule>,
    /// Rule for [`Permission::Protected`].
    pub protected: Option<Rule>,
    /// Rule for [`Permission::Unknown`].
    pub unknown: Option<Rule>,
    /// How many of a PIN's tries stay with the owner, 1 to 9.
    pub spare_tries: Option<u32>,
    /// How often private keys may be used in a minute, 1 to 6000.
    pub key_uses_per_minute: Option<u32>,
    /// How often PINs may be verified in a minute, 1 to 60.
    pub verifications_per_minute: Option<u32>,
    /// Minutes without a command after which the share ends, 1 to 1440.
    pub idle_minutes: Option<u32>,
    /// Minutes after which the share ends, 1 to 10080.
    pub share_minutes: Option<u32>,
    /// Seconds that the person at the card has for an answer, 5 to 40.
    pub answer_seconds: Option<u32>,
}

impl ProfileFile {
    pub(super) fn rule(&self, permission: Permission) -> Option<Rule> {
        match permission {
            Permission::Select => self.select,
            Permission::Read => self.read,
            Permission::ReadPersonal => self.read_personal,
            Permission::Verify => self.verify,
            Permission::Sign => self.sign,
            Permission::Decrypt => self.decrypt,
            Permission::Authenticate => self.authenticate,
            Permission::Challenge => self.challenge,
            Permission::Prepare => self.prepare,
            Permission::Write => self.write,
            Permission::Keys => self.keys,
            Permission::Pins => self.pins,
            Permission::Lifecycle => self.lifecycle,
            Permission::Administer => self.administer,
            Permission::Protected => self.protected,
            Permission::Unknown => self.unknown,
        }
    }
}

/// What is wrong in a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyProblem {
    /// Where: `profiles.careful.write`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub advice: String,
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path, self.message, self.advice)
    }
}
