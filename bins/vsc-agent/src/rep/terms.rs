//! On what terms a reader is shared: the profile, and whether the card's PIN stays at its desk.

use vsc_core::guard::{Guard, OwnPin, Policy, Profile, RealPin};

use super::session;
use crate::control::{Refusal, RefusalKind, Spoken};

/// The terms of one share.
#[derive(Debug)]
pub struct Terms {
    /// What may be done with the card.
    pub profile: Profile,
    /// The card's PIN and the one that is handed out for it.
    pub own_pin: Option<OwnPin>,
}

impl Terms {
    /// Terms by a profile's name, and the PIN that stays at this desk.
    ///
    /// # Errors
    ///
    /// [`RefusalKind::NoProfile`], [`RefusalKind::NoPin`].
    pub fn new(
        policy: &Policy,
        profile: Option<&str>,
        own_pin: Option<&Spoken>,
    ) -> Result<Self, Refusal> {
        let profile = match profile {
            Some(name) => policy.profile(name).map_err(|problem| {
                let reason = format!("{}; {}", problem.message, problem.advice);
                Refusal::new(RefusalKind::NoProfile, reason)
            })?,
            None => policy.usual(),
        };
        let own_pin = own_pin.map(keep_at_home).transpose()?;
        Ok(Self { profile: profile.clone(), own_pin })
    }

    /// What the other desk is to use for the card's PIN.
    #[must_use]
    pub fn one_time_pin(&self) -> Option<Spoken> {
        let pin = self.own_pin.as_ref()?.one_time();
        Some(Spoken(pin.digits().to_owned().into()))
    }

    /// The guard of a share that begins now, and whether it keeps a PIN.
    pub(super) fn into_guard(self) -> (Guard, bool) {
        let keeps_pin = self.own_pin.is_some();
        (Guard::new(session::now(), self.profile, self.own_pin), keeps_pin)
    }
}

fn keep_at_home(typed: &Spoken) -> Result<OwnPin, Refusal> {
    let no_pin = |reason: String| Refusal::new(RefusalKind::NoPin, reason);
    let real = RealPin::new(&typed.0).map_err(|error| no_pin(error.to_string()))?;
    let mut random = zeroize::Zeroizing::new([0; 64]);
    getrandom::fill(&mut *random).map_err(|error| {
        Refusal::new(RefusalKind::Failed, format!("no randomness for a one-time PIN: {error}"))
    })?;
    OwnPin::new(real, &random).map_err(|error| no_pin(error.to_string()))
}
