//! Signing in, for the examples that are about something else.

use std::error::Error;

use ps_client::transport::https::HttpsTransport;
use ps_client::{Session, SignedIn};

use crate::vault::Vault;

/// Signs in where nobody is asked for a second factor.
pub(crate) async fn sign_in(vault: &Vault) -> Result<Session<HttpsTransport>, Box<dyn Error>> {
    match vault.client.sign_in(vault.auth.clone()).await {
        Ok(SignedIn::Session(session)) => Ok(session),
        Ok(SignedIn::Challenge(_)) => Err("this user has a second factor".into()),
        Err(error) => Err(format!("{error}; {}", error.advice()).into()),
    }
}
