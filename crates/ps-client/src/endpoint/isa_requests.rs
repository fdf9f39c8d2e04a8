//! Access of information systems administrators: no request, no approval, nothing to give back.

use http::Method;
use secrecy::SecretString;

use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::answer::secret_text;
use crate::error::Error;
use crate::model::{CredentialType, NewIsaRequest};
use crate::repeat::Repeat;

/// `POST ISARequests`: the secret at once. *Confirmed.* 201.
///
/// Permission: ISA role on the account. Answers a bare JSON string; no request number comes
/// back, so there is nothing to check in. 403 with 4031; 404.
#[derive(Clone, Debug)]
pub struct CreateIsaRequest {
    /// What is asked for.
    pub new: NewIsaRequest,
    /// What of the account.
    pub kind: CredentialType,
}

impl Endpoint for CreateIsaRequest {
    type Answer = SecretString;
    const NAME: &'static str = "POST ISARequests";

    fn request(&self) -> ApiRequest {
        ApiRequest::new(Method::POST, &["ISARequests"])
            .query_if_some("type", Some(self.kind.as_str().to_owned()))
            .json(&self.new)
    }

    fn read(&self, answer: &ApiAnswer) -> Result<SecretString, Error> {
        secret_text(answer.body(Self::NAME)?)
            .ok_or_else(|| answer.unreadable(Self::NAME, "it is not a bare JSON string"))
    }

    /// Each call is a release of its own in the vault's audit.
    fn repeat(&self) -> Repeat {
        Repeat::Unsafe
    }
}
