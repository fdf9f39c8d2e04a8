//! More time for a borrowed credential.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::loan::{Loan, Terms, renewal_of};
use super::{Checkout, CheckoutError, approval};
use crate::transport::Transport;

/// What a renewal came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// There was time enough; nothing was done.
    NotNeeded,
    /// A new request has taken the place of the old one; the secret is the same.
    Renewed,
    /// The same, but the secret is another one now: where the old one was put, it does not work
    /// any more.
    SecretChanged,
}

impl<T: Transport> Checkout<T> {
    /// Makes a new request in place of this one when less than `least` is left of it, or nobody knows
    /// how much is, and reads
    /// the secret anew: the end of the old request may have changed the password.
    ///
    /// # Errors
    ///
    /// [`CheckoutError::UsedByOthers`] when others in this session use the same request, or its maker
    /// does and it is to be left: a renewal would end it under them. [`CheckoutError::NotRenewed`] when the vault has made no new request:
    /// this guard is as it was. Otherwise as [`begin`](super::CheckoutBuilder::begin), without
    /// waiting for approval. When the vault has made the new request and then does not give the
    /// secret, this guard holds the new request and the old secret; give it back.
    pub async fn renew_if_less_than(&mut self, least: Duration) -> Result<Renewal, CheckoutError> {
        // An end that nobody knows may be near.
        if self.time_left().is_some_and(|left| left >= least) {
            return Ok(Renewal::NotNeeded);
        }
        let request = self.request();
        let terms = self.loan.terms();
        let terms = Terms { new: renewal_of(&terms.new), replaces: Some(request), ..terms.clone() };
        let renewed = Loan::open(self.loan.session(), terms).await?;
        if renewed.request() == request {
            // The answer was lost, and all there is to be found is the old one.
            renewed.is_over();
            return Err(CheckoutError::NotRenewed { request });
        }
        let old = std::mem::replace(&mut self.loan, renewed);
        // Vaults cancel it in favour of the new one, and say that there is no such request. One that
        // does not is told; if it does not hear, tries go on in the background.
        drop(old.give_back(Some("renewed")).await);
        let secret = approval::read(&self.loan, self.kind, None, None, None).await?;
        let is_same = secret.expose_secret() == self.secret.expose_secret();
        self.secret = secret;
        Ok(if is_same { Renewal::Renewed } else { Renewal::SecretChanged })
    }
}
