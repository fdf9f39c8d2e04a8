//! Calls as values: what is sent and how the answer is read, without sending anything.
//!
//! Each family has a file of its own in the same shape. Every endpoint's documentation says
//! method and path, the permission it needs, what it answers, and how sure we are: *confirmed*
//! by the vendor's documentation, *seen* in clients that rely on it, *inferred*.

mod answer;
mod catalogue;
mod declare;
mod message;

pub mod access_policies;
pub mod address_groups;
pub mod aliases;
pub mod applications;
pub mod assets;
pub mod attributes;
pub mod auth;
pub mod credentials;
pub mod custom_platforms;
pub mod databases;
pub mod deliveries;
pub mod directories;
pub mod functional_accounts;
pub mod isa_requests;
pub mod keystrokes;
pub mod linked_accounts;
pub mod managed_accounts;
pub mod managed_systems;
pub mod oracle_internet_directories;
pub mod organizations;
pub mod password_rules;
pub mod platforms;
pub mod propagation_actions;
pub mod quick_rules;
pub mod raw;
pub mod registrations;
pub mod replay;
pub mod request_sets;
pub mod requests;
pub mod roles;
pub mod secrets_safe;
pub mod sessions;
pub mod smart_rules;
pub mod surroundings;
pub mod synced_accounts;
pub mod user_audits;
pub mod user_groups;
pub mod users;
pub mod workgroups;

use crate::error::Error;
use crate::repeat::Repeat;

pub use self::answer::ApiAnswer;
pub use self::catalogue::{Call, Certainty, calls};
pub use self::message::ApiRequest;

/// One call to the vault.
///
/// # Examples
///
/// An endpoint is a plain value; what it would send can be looked at without a vault.
///
/// ```
/// use ps_client::endpoint::{Endpoint, credentials::GetCredential};
/// use ps_client::model::{CredentialType, RequestId};
///
/// let call = GetCredential { request: RequestId::new(77), kind: CredentialType::DssKey };
/// let request = call.request();
/// assert_eq!(request.path(), ["Credentials", "77"]);
/// assert_eq!(request.query(), [("type".into(), "dsskey".to_owned())]);
/// ```
pub trait Endpoint {
    /// What it answers.
    type Answer;

    /// Method and path pattern, for messages: `GET Credentials/{requestId}`.
    const NAME: &'static str;

    /// Whether the answer holds a secret. Then it is neither shared nor remembered.
    const RELEASES_SECRET: bool = true;

    /// What is sent.
    fn request(&self) -> ApiRequest;

    /// Reads the answer, whatever its status.
    ///
    /// # Errors
    ///
    /// [`Error`] for every answer that is not the one hoped for.
    fn read(&self, answer: &ApiAnswer) -> Result<Self::Answer, Error>;

    /// Reads the answer to a repeat, when an earlier try may have been executed: then what is gone
    /// has been deleted, and is no error.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn read_again(&self, answer: &ApiAnswer) -> Result<Self::Answer, Error> {
        self.read(answer)
    }

    /// Looks whether the call can be made at all; a session does so before it sends anything.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::ErrorKind::Misuse) names the rule that is broken.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// What sending the call again would do when the fate of the first is unknown.
    fn repeat(&self) -> Repeat {
        Repeat::Safe
    }
}
