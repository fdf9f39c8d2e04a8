//! What is known of every call without making it.

use crate::repeat::Repeat;

/// A line of the catalogue: what is known of a call without making it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// Method and path pattern, as [`Endpoint::NAME`](super::Endpoint::NAME).
    pub name: &'static str,
    /// The type that makes the call, as a path of this crate.
    pub rust: &'static str,
    /// The permission it needs, in the vault's words.
    pub permission: &'static str,
    /// How sure we are of its shape.
    pub certainty: Certainty,
    /// What a repeat would do.
    pub repeat: Repeat,
}

/// How sure we are of what a call sends and what it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The vendor's documentation says it.
    Confirmed,
    /// Clients in use rely on it.
    Seen,
    /// Known from practice, not confirmed by a text at hand.
    Recalled,
    /// Concluded from other facts.
    Inferred,
}

/// Every call that this crate can make, family by family.
///
/// ```
/// let calls = ps_client::endpoint::calls();
/// let unsafe_to_repeat = calls.filter(|call| call.repeat == ps_client::Repeat::Unsafe);
/// assert!(unsafe_to_repeat.map(|call| call.name).any(|name| name == "POST ISARequests"));
/// ```
pub fn calls() -> impl Iterator<Item = &'static Call> {
    FAMILIES.iter().copied().flatten()
}

/// Every family's calls.
const FAMILIES: &[&[Call]] = &[
    super::access_policies::CALLS,
    super::address_groups::CALLS,
    super::aliases::CALLS,
    super::applications::CALLS,
    super::assets::CALLS,
    super::attributes::CALLS,
    super::auth::CALLS,
    super::credentials::CALLS,
    super::custom_platforms::CALLS,
    super::databases::CALLS,
    super::deliveries::CALLS,
    super::directories::CALLS,
    super::functional_accounts::CALLS,
    super::isa_requests::CALLS,
    super::keystrokes::CALLS,
    super::linked_accounts::CALLS,
    super::managed_accounts::CALLS,
    super::managed_systems::CALLS,
    super::oracle_internet_directories::CALLS,
    super::organizations::CALLS,
    super::password_rules::CALLS,
    super::platforms::CALLS,
    super::propagation_actions::CALLS,
    super::quick_rules::CALLS,
    super::registrations::CALLS,
    super::replay::CALLS,
    super::request_sets::CALLS,
    super::requests::CALLS,
    super::roles::CALLS,
    super::secrets_safe::folders::CALLS,
    super::secrets_safe::safes::CALLS,
    super::secrets_safe::secrets::CALLS,
    super::sessions::CALLS,
    super::smart_rules::CALLS,
    super::surroundings::CALLS,
    super::synced_accounts::CALLS,
    super::user_audits::CALLS,
    super::user_groups::CALLS,
    super::users::CALLS,
    super::workgroups::CALLS,
];
