//! Requests of information systems administrators.

use super::request::MAX_MINUTES;
use super::{AccountId, SystemId};
use crate::body::{Body, Members, Rule};

/// A request of an information systems administrator: answered with the secret at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIsaRequest {
    system: SystemId,
    account: AccountId,
    duration_minutes: Option<u32>,
    reason: Option<String>,
}

impl Body for NewIsaRequest {
    fn members(&self, members: &mut Members<'_>) {
        members.put("SystemID", &self.system);
        members.put("AccountID", &self.account);
        members.put("DurationMinutes", &self.duration_minutes);
        members.put("Reason", &self.reason);
    }

    fn check(&self) -> Result<(), Rule> {
        if self.system.number() < 1 || self.account.number() < 1 {
            return Err("system and account are numbers from 1 on");
        }
        Ok(())
    }
}

impl NewIsaRequest {
    /// The longest reason, in characters.
    pub const MAX_REASON: usize = 256;

    /// For the account's own ISA release duration.
    #[must_use]
    pub fn new(system: SystemId, account: AccountId) -> Self {
        Self { system, account, duration_minutes: None, reason: None }
    }

    /// For so many minutes.
    #[must_use]
    pub fn minutes(mut self, minutes: u32) -> Self {
        self.duration_minutes = Some(minutes.clamp(1, MAX_MINUTES));
        self
    }

    /// Why. Longer texts are cut at [`NewIsaRequest::MAX_REASON`].
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.chars().take(Self::MAX_REASON).collect());
        self
    }
}
