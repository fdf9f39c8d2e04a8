//! Which server session a call goes through; beginning and ending them.

use std::sync::Arc;

use http::{HeaderMap, StatusCode};

use super::Session;
use super::lane::{Beginning, Lane, Ride, SigningIn, State};
use crate::client::{Ask, Begun, Of, Permit, Take, Whole, call_span};
use crate::cookies::Cookies;
use crate::endpoint::auth::SignOut;
use crate::endpoint::{ApiAnswer, Endpoint};
use crate::error::{Error, ErrorKind};
use crate::transport::Transport;

/// So often a call is sent again because its server session was over. More than once only when
/// somebody signed out meanwhile.
const MOST_SIGN_INS: u32 = 3;

/// What a call holds while it is on its way: a place in its lane, and one among all calls.
pub(super) struct Held {
    _ride: Ride,
    _permit: Permit,
}

impl<T: Transport> Session<T> {
    /// Makes one attempt at a call; signs in again if the server session is over.
    pub(super) async fn exchange<K: Take>(
        &self,
        ask: &impl Ask,
        attempt: u32,
    ) -> Result<(K::Answer, Held), Error> {
        let failures = self.inner.sign_ins.failures();
        let mut ride = self.ride(failures).await?;
        let (mut sign_ins, mut is_fresh) = (0, false);
        loop {
            let lane = ride.lane();
            let sent_with = lane.state();
            let span = call_span(ask.name(), lane.number(), attempt);
            let sending =
                self.inner.client.send::<K>(ask, HeaderMap::new(), &sent_with.cookies, span);
            let sent = sending.await?;
            let (status, headers) = K::head(&sent.answer);
            if status.is_success() {
                lane.keep_cookies(&sent_with, headers);
            }
            // A session that has just been begun, and is refused all the same, is not over.
            let is_refused = is_fresh && lane.is_still(&sent_with);
            if status != StatusCode::UNAUTHORIZED || is_refused || sign_ins == MOST_SIGN_INS {
                return Ok((sent.answer, Held { _ride: ride, _permit: sent.permit }));
            }
            // The sign-in needs the place.
            drop(sent);
            sign_ins += 1;
            tracing::debug!(endpoint = ask.name(), "the vault's session is over, signing in again");
            let outcome = self.sign_in_again(lane, &sent_with, failures).await;
            is_fresh = outcome.is_ok();
            match outcome {
                Ok(()) => {}
                Err(error) if lane.is_first() => return Err(error),
                Err(error) => ride = self.instead_of(lane, &error, failures).await?,
            }
        }
    }

    /// The server session that the next call goes through: one that is idle, else another one if
    /// there may be more, else the one with the fewest calls.
    async fn ride(&self, failures: u64) -> Result<Ride, Error> {
        let open = || self.lanes().filter(|lane| !lane.is_closed());
        let idle = open().find(|lane| lane.calls() == 0 && lane.is_begun());
        let idle = idle.or_else(|| open().find(|lane| lane.calls() == 0));
        let lane = idle.or_else(|| open().min_by_key(|lane| lane.calls()));
        let ride = lane.unwrap_or(&self.inner.first).ride();
        match self.begun(ride.lane(), failures).await {
            Err(error) if !ride.lane().is_first() => {
                self.instead_of(ride.lane(), &error, failures).await
            }
            outcome => outcome.map(|()| ride),
        }
    }

    /// Begins it unless it is.
    async fn begun(&self, lane: &Arc<Lane>, failures: u64) -> Result<(), Error> {
        if lane.is_begun() {
            return Ok(());
        }
        let state = lane.state();
        if state.is_begun { Ok(()) } else { self.sign_in_again(lane, &state, failures).await }
    }

    /// The first one, after a further one could not be begun. A second factor, or no more places:
    /// one session is better than none, and none of the others asks the same again. A vault that
    /// was away may let us in another time.
    async fn instead_of(&self, lane: &Lane, error: &Error, failures: u64) -> Result<Ride, Error> {
        tracing::debug!(lane = lane.number(), %error, "no further server session");
        if !error.may_repeat() {
            self.inner.further.iter().for_each(|lane| lane.close());
        }
        let ride = self.inner.first.ride();
        self.begun(ride.lane(), failures).await?;
        Ok(ride)
    }

    /// Signs in, unless that has failed since there were so many `failures`.
    async fn sign_in_again(
        &self,
        lane: &Arc<Lane>,
        expired: &State,
        failures: u64,
    ) -> Result<(), Error> {
        let begin = |scout: Option<SigningIn>| -> Beginning {
            let (session, lane) = (self.clone(), Arc::clone(lane));
            Box::pin(async move {
                if let Some(scout) = scout
                    && let Err(error) = scout.await
                {
                    return lane.settle(Err(error));
                }
                let begun = session.begin_again(lane.number()).await;
                session.inner.sign_ins.ended(&begun);
                session.client().metrics().sign_in(lane.number(), begun.is_ok());
                lane.settle(begun)
            })
        };
        lane.sign_in_again(expired, (&self.inner.sign_ins, failures), begin).await
    }

    async fn begin_again(&self, lane: usize) -> Result<Cookies, Error> {
        let client = &self.inner.client;
        match client.begin_session(&self.inner.auth, Cookies::default(), None, lane).await? {
            Begun::Challenge(..) => Err(Error::at_sign_in(ErrorKind::TwoFactorWanted)),
            Begun::Session(again, cookies) if again.user == self.user().user => Ok(cookies),
            Begun::Session(_, cookies) => {
                // The same name now means somebody else: nothing of theirs is ours to touch, nor
                // to leave open.
                if let Err(error) = self.end(lane, &cookies).await {
                    tracing::debug!(%error, "a session of somebody else is left to expire");
                }
                Err(Error::at_sign_in(ErrorKind::SignInRefused))
            }
        }
    }

    /// Ends the server session, and the further ones; also one that is just being begun. What was
    /// ended is not ended twice.
    ///
    /// Calls that are still on their way, and later ones on a clone, begin a new one when they
    /// need it. So what must be given back before the end still can be; sign out when nothing is
    /// left to do.
    ///
    /// # Errors
    ///
    /// Transport errors and failures of the vault: the first of them, after all were tried. A
    /// session that was not ended can be signed out of again, and ends by itself after twenty
    /// minutes without a call.
    pub async fn sign_out(&self) -> Result<(), Error> {
        let mut outcome = Ok(());
        for lane in self.lanes() {
            if let Some(signing_in) = lane.signing_in()
                && let Err(error) = signing_in.await
            {
                tracing::debug!(%error, "there is nothing to sign out of");
            }
            let state = lane.state();
            if !state.is_begun {
                continue;
            }
            let ended = self.end(lane.number(), &state.cookies).await;
            if ended.is_ok() {
                lane.forget(&state);
            }
            outcome = outcome.and(ended);
        }
        outcome
    }

    async fn end(&self, lane: usize, cookies: &Cookies) -> Result<(), Error> {
        let span = call_span(SignOut::NAME, lane, 1);
        let client = &self.inner.client;
        let sent = client.send::<Whole>(&Of(&SignOut {}), HeaderMap::new(), cookies, span).await?;
        match (SignOut {}).read(&ApiAnswer(sent.answer)) {
            Err(error) if matches!(error.kind(), ErrorKind::SignInRefused) => Ok(()),
            outcome => outcome,
        }
    }

    pub(super) fn lanes(&self) -> impl Iterator<Item = &Arc<Lane>> {
        std::iter::once(&self.inner.first).chain(&self.inner.further)
    }
}
