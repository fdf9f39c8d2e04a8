//! Keeps one site connected: token, dial, talk, wait, again; until told to stop.

use std::sync::Arc;
use std::time::Duration;

use ecm_protocol::message::Hello;
use jiff::Timestamp;
use tokio::sync::watch;

use super::answers::Answers;
use super::backoff::{PROVEN, SHORTEST, around, full_jitter};
use super::pump::{Conversation, Served, StopOrder, converse};
use super::refusal::Retry;
use super::token::{AccessToken, TokenSource};
use super::verdict::LinkEnd;
use super::wire::SiteDialer;
use crate::status::{LinkState, SiteBoard};

/// One site and everything needed to serve it.
pub struct Keeper<D, A> {
    /// Its name in the configuration.
    pub site: String,
    /// How it is reached.
    pub dialer: D,
    /// Where its tokens come from.
    pub tokens: Arc<TokenSource>,
    /// Our greeting, as it is at the time of a connection.
    pub hello: Box<dyn Fn() -> Hello + Send + Sync>,
    /// Who answers.
    pub answers: Arc<A>,
    /// What `status` shows.
    pub board: SiteBoard,
    /// Set once, when the program stops.
    pub stop: watch::Receiver<Option<StopOrder>>,
    /// A number between 0 and 1, spread evenly, for the length of pauses.
    pub random: fn() -> f64,
}

/// Pause where somebody must change something first.
const SLOWLY: Duration = Duration::from_secs(300);
const MINUTE: Duration = Duration::from_secs(60);

impl<D: SiteDialer, A: Answers> Keeper<D, A> {
    /// Serves until the stop order, and to the end of its grace.
    pub async fn keep(mut self) {
        let mut backoff = full_jitter();
        // A site that rejects a fresh token too will reject the next as well.
        let mut fresh_token_tried = false;
        let mut last_told = None;
        while !self.is_stopped() {
            self.board.enter(LinkState::Connecting, Timestamp::now());
            let Some((end, served)) = self.once().await else { break };
            if served > Duration::ZERO {
                if served >= PROVEN {
                    backoff.reset();
                }
                fresh_token_tried = false;
                last_told = None;
            }
            if self.is_stopped() {
                break;
            }
            self.tell(&end, &mut last_told);
            let pause = match end.retry() {
                Retry::WithFreshToken if !fresh_token_tried => {
                    fresh_token_tried = true;
                    SHORTEST
                }
                Retry::WithFreshToken | Retry::Backoff => backoff.next((self.random)()),
                Retry::EveryMinute => around(MINUTE, (self.random)()),
                Retry::Slowly => around(SLOWLY, (self.random)()),
                Retry::After(pause) => pause.max(SHORTEST),
            };
            self.board.enter(LinkState::Waiting, Timestamp::now());
            tracing::debug!(site = self.site, ?pause, "waiting before the next try");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = self.stop.changed() => {}
            }
        }
        self.board.enter(LinkState::Stopped, Timestamp::now());
    }

    /// One connection from token to end. `None` when the stop order came before the greeting.
    async fn once(&mut self) -> Option<(LinkEnd, Duration)> {
        let mut stop = self.stop.clone();
        let connecting = async {
            let token = self.tokens.token().await.map_err(LinkEnd::NoToken)?;
            match self.dialer.connect(&token).await {
                Ok(wire) => Ok((token, wire)),
                Err(error) => Err(self.not_connected(&token, LinkEnd::NoConnection(error)).await),
            }
        };
        let connected = tokio::select! {
            connected = connecting => connected,
            _ = stop.changed() => return None,
        };
        let (token, wire) = match connected {
            Ok(connected) => connected,
            Err(end) => return Some((end, Duration::ZERO)),
        };
        let conversation = Conversation {
            site: &self.site,
            hello: (self.hello)(),
            answers: &self.answers,
            tokens: Some(&self.tokens),
            token: Some(token),
            board: &self.board,
            stop: self.stop.clone(),
        };
        let Served { end, served, token } = converse(wire, conversation).await;
        let end = match &token {
            Some(token) => self.not_connected(token, end).await,
            None => end,
        };
        Some((end, served))
    }

    /// Forgets the token when the site rejects it.
    async fn not_connected(&self, token: &AccessToken, end: LinkEnd) -> LinkEnd {
        if end.retry() == Retry::WithFreshToken || matches!(end, LinkEnd::TokenRanOut) {
            self.tokens.forget(token).await;
        }
        end
    }

    fn is_stopped(&self) -> bool {
        self.stop.borrow().is_some()
    }

    /// Tells the operator once; the same again only in the debug log.
    fn tell(&self, end: &LinkEnd, last_told: &mut Option<String>) {
        let why = end.to_string();
        self.board.edit(|status| status.last_problem = Some(why.clone()));
        match end.event(&self.site) {
            Some(event) if last_told.as_ref() != Some(&why) => event.log(),
            _ => tracing::debug!(site = self.site, why, "no link"),
        }
        *last_told = Some(why);
    }
}
