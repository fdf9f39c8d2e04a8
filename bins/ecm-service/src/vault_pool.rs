//! Signed-in sessions of one vault: one per vault user, shared by everybody who asks as that user,
//! signed in once, signed out when idle, and never more than so many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use ps_client::{Auth, Client, Error, ErrorKind, RunAs, Session, SignedIn, Transport};
use secrecy::SecretString;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use crate::event_code::Event;

/// How the service signs in.
#[derive(Debug, Clone)]
pub enum PoolAuth {
    /// With the key of an API registration, as the vault user.
    Key(SecretString),
    /// By OAuth client credentials: as the application user, whoever asks.
    OAuth {
        /// Client id.
        client_id: String,
        /// Client secret.
        client_secret: SecretString,
        /// Token endpoint, if it is not the vault's own.
        token_url: Option<Url>,
    },
}

/// How many sessions, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct PoolLimits {
    /// Sessions at the same time; 1 or more.
    pub most: usize,
    /// After how much silence one is signed out.
    pub idle: Duration,
}

/// The sessions of one vault.
pub struct VaultPool<T> {
    vault: String,
    client: Client<T>,
    auth: PoolAuth,
    limits: PoolLimits,
    slots: Mutex<HashMap<RunAs, Arc<Slot<T>>>>,
    /// When the operator was last told that sign-ins are refused.
    told_refused: Mutex<Option<Instant>>,
}

struct Slot<T> {
    /// Held while somebody signs in; others who want the same user wait and share the outcome.
    state: AsyncMutex<State<T>>,
    last_used: Mutex<Instant>,
}

enum State<T> {
    SignedOut,
    SignedIn(Session<T>),
    /// Refused at that time. Asking again at once would drive the vault's lock-out counter.
    Refused(Instant),
}

/// How long a refusal is believed.
const REFUSAL: Duration = Duration::from_secs(15);
/// How often the operator is told that sign-ins are refused.
const TELL_AGAIN: Duration = Duration::from_secs(600);
/// How often idle sessions are looked for.
const SWEEP: Duration = Duration::from_secs(5);
/// How many sign-outs run at the same time.
const SIGN_OUTS: usize = 16;

impl<T: Transport> VaultPool<T> {
    /// An empty pool.
    #[must_use]
    pub fn new(vault: String, client: Client<T>, auth: PoolAuth, limits: PoolLimits) -> Self {
        let (slots, told_refused) = (Mutex::default(), Mutex::default());
        Self { vault, client, auth, limits, slots, told_refused }
    }

    /// The session of this vault user: the kept one, or a new one.
    ///
    /// # Errors
    ///
    /// Why the sign-in failed: [`ErrorKind::SignInRefused`] also when the vault refused this user
    /// moments ago and was not asked again.
    pub async fn session(&self, run_as: &RunAs) -> Result<Session<T>, Error> {
        let slot = self.slot(run_as);
        let mut state = slot.state.lock().await;
        match &*state {
            State::SignedIn(session) => return Ok(session.clone()),
            State::Refused(at) if at.elapsed() < REFUSAL => {
                return Err(Error::at_sign_in(ErrorKind::SignInRefused));
            }
            State::SignedOut | State::Refused(_) => {}
        }
        match self.client.sign_in(self.auth_of(run_as)).await {
            Ok(SignedIn::Session(session)) => {
                tracing::debug!(vault = self.vault, user = %run_as, "signed in");
                *state = State::SignedIn(session.clone());
                Ok(session)
            }
            Ok(SignedIn::Challenge(_)) => {
                *state = State::Refused(Instant::now());
                self.tell_refused(run_as, "it wants a second factor");
                Err(Error::at_sign_in(ErrorKind::TwoFactorWanted))
            }
            Err(error) => {
                if matches!(error.kind(), ErrorKind::SignInRefused) {
                    *state = State::Refused(Instant::now());
                    self.tell_refused(run_as, &error.to_string());
                }
                Err(error)
            }
        }
    }

    /// The vault has ended this user's session and refuses a new one. It is not asked again for a
    /// while, and then from the beginning.
    pub fn refused(&self, run_as: &RunAs) {
        let slot = {
            let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.get(run_as).map(Arc::clone)
        };
        let Some(slot) = slot else { return };
        // Whoever holds the lock signs in just now, and learns it at first hand.
        let Ok(mut state) = slot.state.try_lock() else { return };
        if matches!(*state, State::SignedIn(_)) {
            *state = State::Refused(Instant::now());
            self.tell_refused(run_as, "it ended the session and refuses a new one");
        }
    }

    /// Users that are signed in, or about to be.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether nobody is signed in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Signs idle users out, for ever.
    pub async fn keep_tidy(&self) {
        loop {
            sleep(SWEEP).await;
            let idle = self.take(|slot| slot.idle_for() >= self.limits.idle);
            self.sign_out(idle).await;
        }
    }

    /// Signs everybody out, within `grace`. Sessions left over end by themselves at the vault.
    pub async fn sign_out_all(&self, grace: Duration) {
        let all = self.take(|_| true);
        if timeout(grace, self.sign_out(all)).await.is_err() {
            tracing::debug!(vault = self.vault, "not everybody could be signed out in time");
        }
    }

    fn slot(&self, run_as: &RunAs) -> Arc<Slot<T>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(run_as) {
            *slot.last_used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            return Arc::clone(slot);
        }
        if slots.len() >= self.limits.most {
            let longest_idle = slots.iter().max_by_key(|(_, slot)| slot.idle_for());
            if let Some(user) = longest_idle.map(|(user, _)| user.clone())
                && let Some(slot) = slots.remove(&user)
            {
                // A call that still runs on it signs in again by itself and is served.
                let vault = self.vault.clone();
                tokio::spawn(async move { sign_out_one(&vault, &user, &slot).await });
            }
        }
        let slot = Arc::new(Slot {
            state: AsyncMutex::new(State::SignedOut),
            last_used: Mutex::new(Instant::now()),
        });
        slots.insert(run_as.clone(), Arc::clone(&slot));
        slot
    }

    fn take(&self, wanted: impl Fn(&Slot<T>) -> bool) -> Vec<(RunAs, Arc<Slot<T>>)> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.extract_if(|_, slot| wanted(slot)).collect()
    }

    async fn sign_out(&self, slots: Vec<(RunAs, Arc<Slot<T>>)>) {
        stream::iter(slots)
            .for_each_concurrent(SIGN_OUTS, |(user, slot)| async move {
                sign_out_one(&self.vault, &user, &slot).await;
            })
            .await;
    }

    fn auth_of(&self, run_as: &RunAs) -> Auth {
        match &self.auth {
            PoolAuth::Key(key) => {
                Auth::Key { key: key.clone(), run_as: run_as.clone(), password: None }
            }
            PoolAuth::OAuth { client_id, client_secret, token_url } => Auth::OAuth {
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
                token_url: token_url.clone(),
            },
        }
    }

    /// The vault does not say whether the key is wrong or the user unknown, so this is told now
    /// and then and not for every unknown user.
    fn tell_refused(&self, run_as: &RunAs, why: &str) {
        let mut told = self.told_refused.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|at| at.elapsed() >= TELL_AGAIN) {
            *told = Some(Instant::now());
            Event::vault_refused(&self.vault, &format!("as {run_as}: {why}")).log();
        }
    }
}

impl<T> Slot<T> {
    fn idle_for(&self) -> Duration {
        self.last_used.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

async fn sign_out_one<T: Transport>(vault: &str, user: &RunAs, slot: &Slot<T>) {
    let state = std::mem::replace(&mut *slot.state.lock().await, State::SignedOut);
    if let State::SignedIn(session) = state {
        match session.sign_out().await {
            Ok(()) => tracing::debug!(vault, %user, "signed out"),
            Err(error) => tracing::debug!(vault, %user, %error, "not signed out"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use http::{HeaderMap, StatusCode};
    use ps_client::transport::{HttpAnswer, HttpRequest};
    use ps_client::{TransportError, VaultAddress};

    use super::*;

    /// Answers sign-ins and sign-outs, and notes them.
    #[derive(Debug, Clone, Default)]
    struct Vault {
        calls: Arc<Mutex<Vec<String>>>,
        refuses: Arc<AtomicBool>,
    }

    impl Vault {
        fn calls(&self) -> Vec<String> {
            std::mem::take(&mut *self.calls.lock().unwrap())
        }
    }

    impl Transport for Vault {
        async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
            let call = request.url.path().rsplit('/').next().unwrap_or_default().to_owned();
            self.calls.lock().unwrap().push(call);
            // Somebody else has time to ask for the same user meanwhile.
            tokio::task::yield_now().await;
            let refused = self.refuses.load(Ordering::SeqCst);
            Ok(HttpAnswer {
                status: if refused { StatusCode::UNAUTHORIZED } else { StatusCode::OK },
                headers: HeaderMap::new(),
                body: br#"{"UserId":7,"UserName":"joe","Name":"Joe"}"#.to_vec().into(),
            })
        }
    }

    fn pool(vault: &Vault, most: usize) -> VaultPool<Vault> {
        let address = VaultAddress::parse("https://vault.example/BeyondTrust/api/public/v3");
        let client = Client::new(address.unwrap(), vault.clone());
        let limits = PoolLimits { most, idle: Duration::from_secs(300) };
        VaultPool::new("main".to_owned(), client, PoolAuth::Key("k3y".into()), limits)
    }

    fn user(name: &str) -> RunAs {
        RunAs::new(name).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn user_is_signed_in_once_for_everybody_who_asks() {
        let vault = Vault::default();
        let pool = pool(&vault, 10);
        let joe = user("joe");
        let (a, b) = tokio::join!(pool.session(&joe), pool.session(&joe));
        assert!(a.is_ok() && b.is_ok() && pool.session(&joe).await.is_ok());
        assert_eq!(vault.calls(), ["SignAppin"]);
    }

    #[tokio::test(start_paused = true)]
    async fn refused_user_is_not_tried_again_at_once() {
        let vault = Vault::default();
        vault.refuses.store(true, Ordering::SeqCst);
        let pool = pool(&vault, 10);
        let joe = user("joe");
        for _ in 0..3 {
            let error = pool.session(&joe).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::SignInRefused), "{error}");
        }
        assert_eq!(vault.calls().len(), 1);
        vault.refuses.store(false, Ordering::SeqCst);
        tokio::time::advance(REFUSAL).await;
        assert!(pool.session(&joe).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn user_whose_session_the_vault_ended_for_good_is_not_tried_again_at_once() {
        let vault = Vault::default();
        let pool = pool(&vault, 10);
        let joe = user("joe");
        pool.session(&joe).await.unwrap();
        vault.refuses.store(true, Ordering::SeqCst);
        vault.calls();
        // Everybody who works in the session is refused, and each of them tells.
        for _ in 0..3 {
            pool.refused(&joe);
            let error = pool.session(&joe).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::SignInRefused), "{error}");
        }
        pool.refused(&user("nobody"));
        assert!(vault.calls().is_empty());
        vault.refuses.store(false, Ordering::SeqCst);
        tokio::time::advance(REFUSAL).await;
        assert!(pool.session(&joe).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn idle_users_are_signed_out_and_busy_ones_stay() {
        let vault = Vault::default();
        let pool = Arc::new(pool(&vault, 10));
        let tidy = Arc::clone(&pool);
        tokio::spawn(async move { tidy.keep_tidy().await });
        pool.session(&user("joe")).await.unwrap();
        sleep(Duration::from_secs(200)).await;
        pool.session(&user("ann")).await.unwrap();
        sleep(Duration::from_secs(110)).await;
        assert_eq!(vault.calls(), ["SignAppin", "SignAppin", "Signout"]);
        assert_eq!(pool.len(), 1);
        pool.sign_out_all(Duration::from_secs(5)).await;
        assert_eq!(vault.calls(), ["Signout"]);
        assert!(pool.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn longest_idle_user_makes_room() {
        let vault = Vault::default();
        let pool = pool(&vault, 2);
        for name in ["joe", "ann"] {
            pool.session(&user(name)).await.unwrap();
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        pool.session(&user("joe")).await.unwrap();
        pool.session(&user("eve")).await.unwrap();
        sleep(Duration::from_millis(1)).await;
        assert_eq!(pool.len(), 2);
        vault.calls();
        pool.session(&user("joe")).await.unwrap();
        assert!(vault.calls().is_empty(), "joe stayed");
    }
}
