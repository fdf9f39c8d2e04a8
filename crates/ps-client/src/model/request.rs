//! Release requests that are to be made, and what they ask for.

use super::words::word_values;
use super::{AccountId, ApplicationId, ScheduleId, SystemId, TicketSystemId};
use crate::body::{Body, Members, Rule};

/// What a request gives access to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AccessType {
    /// To see the password.
    #[default]
    View,
    /// To open a remote desktop session.
    Rdp,
    /// To open a shell session.
    Ssh,
    /// To start an application.
    App,
}

impl AccessType {
    /// The vault's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "View",
            Self::Rdp => "RDP",
            Self::Ssh => "SSH",
            Self::App => "App",
        }
    }

    /// Whether `word` is how the vault calls it.
    #[must_use]
    pub fn is_called(self, word: &str) -> bool {
        self.as_str().eq_ignore_ascii_case(word)
    }
}

/// What happens when the user already has a request for the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConflictOption {
    /// The existing one is answered, with its own duration and reason.
    Reuse,
    /// The existing ones are cancelled.
    Renew,
}

impl ConflictOption {
    /// The vault's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reuse => "reuse",
            Self::Renew => "renew",
        }
    }
}

/// What is read of an account's credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CredentialType {
    /// Its password.
    #[default]
    Password,
    /// Its private key, as stored: an encrypted key stays encrypted.
    DssKey,
    /// The passphrase of its private key.
    Passphrase,
    /// The current code of its time-based one-time password, on newer servers.
    Totp,
}

impl CredentialType {
    /// The word of the query.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::DssKey => "dsskey",
            Self::Passphrase => "passphrase",
            Self::Totp => "totp",
        }
    }
}

impl CredentialType {
    /// The rule of calls that know no one-time codes.
    pub(crate) fn check_stored(self) -> Result<(), Rule> {
        match self {
            Self::Totp => Err("type is password, dsskey or passphrase here"),
            _ => Ok(()),
        }
    }
}

word_values!(AccessType, ConflictOption, CredentialType);

/// A release request that is to be made.
///
/// The vault wants system and account together: for a linked account the system it is used on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequest {
    pub(crate) access_type: AccessType,
    pub(crate) system: SystemId,
    pub(crate) account: AccountId,
    pub(crate) application: Option<ApplicationId>,
    duration_minutes: u32,
    pub(crate) reason: Option<String>,
    pub(crate) schedule: Option<ScheduleId>,
    pub(crate) conflict_option: Option<ConflictOption>,
    ticket_system: Option<TicketSystemId>,
    ticket_number: Option<String>,
    rotate_on_checkin: Option<bool>,
}

impl Body for NewRequest {
    fn members(&self, members: &mut Members<'_>) {
        members.put("AccessType", &self.access_type);
        members.put("SystemID", &self.system);
        members.put("AccountID", &self.account);
        members.put("ApplicationID", &self.application);
        self.terms(members);
    }

    fn check(&self) -> Result<(), Rule> {
        if self.system.number() < 1 || self.account.number() < 1 {
            // The vault says 4031, as if a role were missing.
            return Err("system and account are numbers from 1 on");
        }
        if self.access_type == AccessType::App && self.application.is_none() {
            return Err("access of type App names its application");
        }
        self.check_terms()
    }
}

/// The longest release there is: a year, in minutes.
pub(crate) const MAX_MINUTES: u32 = 525_600;

impl NewRequest {
    /// The longest reason, in characters.
    pub const MAX_REASON: usize = 1_000;

    /// To see the password of `account`, used on `system`, for so many minutes (at least 1, at
    /// most a year).
    #[must_use]
    pub fn view(system: SystemId, account: AccountId, minutes: u32) -> Self {
        Self {
            access_type: AccessType::View,
            system,
            account,
            application: None,
            duration_minutes: minutes.clamp(1, MAX_MINUTES),
            reason: None,
            schedule: None,
            conflict_option: None,
            ticket_system: None,
            ticket_number: None,
            rotate_on_checkin: None,
        }
    }

    /// For another kind of access.
    #[must_use]
    pub fn access_type(mut self, access_type: AccessType) -> Self {
        self.access_type = access_type;
        self
    }

    /// For an account tied to an application.
    #[must_use]
    pub fn application(mut self, application: ApplicationId) -> Self {
        self.application = Some(application);
        self
    }

    /// Why. Longer texts are cut at [`NewRequest::MAX_REASON`].
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.chars().take(Self::MAX_REASON).collect());
        self
    }

    /// Under this schedule of an access policy; else the vault chooses.
    #[must_use]
    pub fn schedule(mut self, schedule: ScheduleId) -> Self {
        self.schedule = Some(schedule);
        self
    }

    /// What to do about an existing request; without it, a conflict is refused.
    #[must_use]
    pub fn on_conflict(mut self, option: ConflictOption) -> Self {
        self.conflict_option = Some(option);
        self
    }

    /// With a ticket, at most 20 characters; without a system the vault's default one is meant.
    #[must_use]
    pub fn ticket(mut self, system: Option<TicketSystemId>, number: &str) -> Self {
        self.ticket_system = system;
        self.ticket_number = Some(number.to_owned());
        self
    }

    /// Whether the password is changed at check-in, where the policy lets us say.
    #[must_use]
    pub fn rotate_on_checkin(mut self, rotate: bool) -> Self {
        self.rotate_on_checkin = Some(rotate);
        self
    }

    /// What is asked, whatever it is asked for: an account, or an alias that leads to one.
    pub(crate) fn terms(&self, members: &mut Members<'_>) {
        members.put("DurationMinutes", &self.duration_minutes);
        members.put("Reason", &self.reason);
        members.put("AccessPolicyScheduleID", &self.schedule);
        members.put("ConflictOption", &self.conflict_option);
        members.put("TicketSystemID", &self.ticket_system);
        members.put("TicketNumber", &self.ticket_number);
        members.put("RotateOnCheckin", &self.rotate_on_checkin);
    }

    /// The rules of what is asked.
    pub(crate) fn check_terms(&self) -> Result<(), Rule> {
        match &self.ticket_number {
            Some(number) if number.chars().count() > 20 => {
                Err("TicketNumber has at most 20 characters")
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn reason_is_empty(&self) -> bool {
        self.reason.as_deref().is_none_or(|reason| reason.trim().is_empty())
    }

    pub(crate) fn has_ticket(&self) -> bool {
        self.ticket_number.as_ref().is_some_and(|number| !number.trim().is_empty())
    }

    /// Minutes asked for.
    #[must_use]
    pub fn minutes(&self) -> u32 {
        self.duration_minutes
    }
}
