//! Rules that have been checked, and the resolution of stated users by them.

use crate::trace::{Ended, Step};
use crate::{
    MappingFile, MappingProblem, Outcome, Refusal, Resolution, StatedUser, Trace, Warning,
};

/// Checked mapping rules.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {}

impl RuleSet {
    /// Checks what the operator wrote.
    ///
    /// # Errors
    ///
    /// Every problem there is, in the order of the file.
    pub fn check(_file: MappingFile) -> Result<(Self, Vec<Warning>), Vec<MappingProblem>> {
        Ok((Self {}, Vec::new()))
    }

    /// Says who a stated user is for the vault, and why.
    #[must_use]
    pub fn resolve(&self, stated: &StatedUser<'_>) -> Resolution {
        let mut trace = Trace::new();
        trace.push(Step::Input {
            username: stated.username.to_owned(),
            dn: stated.dn.map(str::to_owned),
            provider: stated.provider.map(str::to_owned),
        });
        trace.push(Step::Result(Ended::Nobody(Refusal::NoRule)));
        Resolution { outcome: Outcome::Nobody(Refusal::NoRule), trace }
    }
}
