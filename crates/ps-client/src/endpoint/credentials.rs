//! The secret behind an approved request.

use http::Method;
use secrecy::SecretString;

use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::answer::secret_text;
use crate::error::Error;
use crate::model::{CredentialType, RequestId};

/// `GET Credentials/{requestId}`: the secret. *Confirmed.*
///
/// Permission: owning the request. Answers a bare JSON string. 403 with 4034: not approved yet;
/// 403 with 4031: the account lost API access; 404: given back, or over; 400: not of this type.
#[derive(Clone, Copy, Debug)]
pub struct GetCredential {
    /// The request.
    pub request: RequestId,
    /// What of the account.
    pub kind: CredentialType,
}

impl Endpoint for GetCredential {
    type Answer = SecretString;
    const NAME: &'static str = "GET Credentials/{requestId}";

    fn request(&self) -> ApiRequest {
        ApiRequest::new(Method::GET, &["Credentials", &self.request.to_string()])
            .query_if_some("type", Some(self.kind.as_str().to_owned()))
    }

    fn read(&self, answer: &ApiAnswer) -> Result<SecretString, Error> {
        secret_text(answer.body(Self::NAME)?)
            .ok_or_else(|| answer.unreadable(Self::NAME, "it is not a bare JSON string"))
    }
}
