//! A release request that is ours, and stays so until it is given back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{RwLock, oneshot};

use super::ForeignRequest;
use super::error::NotGivenBack;
use crate::endpoint::requests::{CheckIn, Created, ListRequests};
use crate::error::{Error, ErrorKind};
use crate::model::{
    AccountId, ConflictOption, NewRequest, Queue, RequestId, StatusFilter, SystemId,
};
use crate::session::Session;
use crate::transport::Transport;

/// Pauses between tries in the background, in seconds: about four minutes altogether.
const PAUSES: [u64; 7] = [1, 2, 5, 15, 30, 60, 120];

/// What is asked for, and what is done at the end with what was there before.
#[derive(Clone)]
pub(super) struct Terms {
    pub(super) new: NewRequest,
    pub(super) foreign: ForeignRequest,
}

/// Who uses which request, inside one session and its clones.
#[derive(Default)]
pub(crate) struct Loans {
    users: Mutex<HashMap<RequestId, Users>>,
    gates: Mutex<Gates>,
}

type Gates = HashMap<(SystemId, AccountId), Arc<RwLock<()>>>;

#[derive(Clone, Copy, Default)]
struct Users {
    count: usize,
    /// It existed before the first of them asked for it.
    is_foreign: bool,
}

impl Loans {
    /// Another one uses `request`, which the vault says existed, or not.
    fn enter(&self, request: RequestId, existed: bool) {
        let mut all = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let first = Users { count: 0, is_foreign: existed };
        all.entry(request).or_insert(first).count += 1;
    }

    fn leave(&self, request: RequestId) {
        let mut all = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(users) = all.get_mut(&request) {
            users.count -= 1;
            if users.count == 0 {
                all.remove(&request);
            }
        }
    }

    /// One of several leaves; the last one stays, because it has to give back first.
    fn leave_unless_last(&self, request: RequestId) -> bool {
        let mut all = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let users = all.get_mut(&request).filter(|users| users.count > 1);
        users.map(|users| users.count -= 1).is_some()
    }

    fn users(&self, request: RequestId) -> Users {
        let all = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&request).copied().unwrap_or_default()
    }

    /// Who asks for a request that may exist already holds this alone: else it could be given
    /// back by its last user between the vault's answer and our knowing of it. Who makes a new
    /// one, and who gives back, hold it together.
    fn gate(&self, new: &NewRequest) -> Arc<RwLock<()>> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if gates.len() > 4_096 {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        Arc::clone(gates.entry((new.system, new.account)).or_default())
    }
}

/// A release request. Dropped without having been given back, it is given back in the background.
pub(super) struct Loan<T: Transport> {
    session: Session<T>,
    terms: Terms,
    request: RequestId,
    expires: Option<SystemTime>,
    is_over: AtomicBool,
    /// A task gives it back already. Dropped with it, it is lost: the runtime is shut down.
    is_in_background: bool,
}

impl<T: Transport> Loan<T> {
    /// Makes the request.
    ///
    /// With a runtime a task does it, so that the answer is heard also when the caller is gone:
    /// then nobody takes the loan from the channel, it is dropped there, and so given back.
    pub(super) async fn open(session: &Session<T>, terms: Terms) -> Result<Self, Error> {
        let Some(runtime) = session.client().runtime() else {
            let asking = Asking { is_answered: false };
            let outcome = Self::make(session, terms).await;
            asking.answered();
            return outcome;
        };
        let (give, take) = oneshot::channel();
        let session = session.clone();
        runtime.spawn(Box::pin(async move {
            let outcome = Self::make(&session, terms.clone()).await;
            if let Err(error) = &outcome
                && matches!(error.kind(), ErrorKind::MaybeMade(_))
            {
                drop(give.send(outcome));
                find_and_give_back(&session, &terms).await;
                return;
            }
            // Whoever is gone leaves the loan to be dropped here.
            drop(give.send(outcome));
        }));
        let lost = || Error::misuse("POST Requests", "the runtime that was given is shut down");
        take.await.unwrap_or_else(|_| Err(lost()))
    }

    async fn make(session: &Session<T>, terms: Terms) -> Result<Self, Error> {
        let gate = session.loans().gate(&terms.new);
        let made = if terms.new.conflict_option.is_some() {
            let _alone = gate.write().await;
            Self::make_and_enter(session, &terms).await?
        } else {
            let _together = gate.read().await;
            Self::make_and_enter(session, &terms).await?
        };
        let Created { id: request, reused } = made;
        let mut loan = Self {
            session: session.clone(),
            terms,
            request,
            expires: None,
            is_over: AtomicBool::new(false),
            is_in_background: false,
        };
        loan.expires = loan.end(reused).await?;
        Ok(loan)
    }

    async fn make_and_enter(session: &Session<T>, terms: &Terms) -> Result<Created, Error> {
        let created = session.create_request(&terms.new).await?;
        session.loans().enter(created.id, created.reused);
        Ok(created)
    }

    /// When the vault ends it. A reused request has its own end, which only the list tells.
    async fn end(&self, reused: bool) -> Result<Option<SystemTime>, Error> {
        let Some(runtime) = self.session.client().runtime() else { return Ok(None) };
        if !reused {
            let minutes = u64::from(self.terms.new.minutes());
            return Ok(Some(runtime.wall_clock() + Duration::from_secs(60 * minutes)));
        }
        let list = ListRequests { status: StatusFilter::Active, queue: Queue::Requestor };
        let rows = self.session.send(&list).await?;
        let row = rows.into_iter().find(|row| row.request == self.request);
        Ok(row.and_then(|row| row.expires?.system_time()))
    }

    pub(super) fn session(&self) -> &Session<T> {
        &self.session
    }

    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(super) fn request(&self) -> RequestId {
        self.request
    }

    pub(super) fn is_shared(&self) -> bool {
        let users = self.session.loans().users(self.request);
        users.is_foreign || users.count > 1
    }

    /// Whether others in this session use it.
    pub(super) fn has_company(&self) -> bool {
        self.session.loans().users(self.request).count > 1
    }

    pub(super) fn expires_at(&self) -> Option<SystemTime> {
        self.expires
    }

    pub(super) fn time_left(&self) -> Option<Duration> {
        let now = self.session.client().runtime()?.wall_clock();
        Some(self.expires?.duration_since(now).unwrap_or_default())
    }

    /// The vault has ended it: there is nothing to give back.
    pub(super) fn is_over(&self) {
        if !self.is_over.swap(true, Ordering::AcqRel) {
            self.session.loans().leave(self.request);
        }
    }

    /// Gives it back, if nobody else here uses it.
    pub(super) async fn give_back(self, reason: Option<&str>) -> Result<(), NotGivenBack<T>> {
        match self.try_to_give_back(reason).await {
            Ok(()) => Ok(()),
            Err(error) => Err(NotGivenBack { loan: self, error }),
        }
    }

    async fn try_to_give_back(&self, reason: Option<&str>) -> Result<(), Error> {
        if self.is_over.load(Ordering::Acquire) {
            return Ok(());
        }
        let loans = self.session.loans();
        let gate = loans.gate(&self.terms.new);
        let _together = gate.read().await;
        if loans.leave_unless_last(self.request) {
            self.is_over.store(true, Ordering::Release);
            return Ok(());
        }
        let is_foreign = loans.users(self.request).is_foreign;
        if is_foreign && self.terms.foreign == ForeignRequest::Leave {
            self.is_over();
            return Ok(());
        }
        let check_in = CheckIn { request: self.request, reason: reason.map(str::to_owned) };
        self.session.send(&check_in).await?;
        self.is_over();
        Ok(())
    }

    /// The same loan once more, for the task that gives it back; this one is done.
    fn hand_over(&self) -> Self {
        let copy = Self {
            session: self.session.clone(),
            terms: self.terms.clone(),
            request: self.request,
            expires: self.expires,
            is_over: AtomicBool::new(false),
            is_in_background: true,
        };
        self.is_over.store(true, Ordering::Release);
        copy
    }

    async fn give_back_in_the_background(self) {
        let request = self.request.number();
        let Some(runtime) = self.session.client().runtime().cloned() else { return };
        for pause in PAUSES {
            match self.try_to_give_back(None).await {
                Ok(()) => return,
                Err(error) => tracing::debug!(request, %error, "not given back yet"),
            }
            runtime.sleep(Duration::from_secs(pause)).await;
        }
        if let Err(error) = self.try_to_give_back(None).await {
            tracing::error!(request, %error, "a release request stays open until it expires");
            // There is nobody left who could do more.
            self.is_over();
        }
    }
}

impl<T: Transport> Drop for Loan<T> {
    fn drop(&mut self) {
        if self.is_over.load(Ordering::Acquire) {
            return;
        }
        let request = self.request.number();
        if self.is_in_background {
            tracing::error!(
                request,
                "the runtime was shut down under a give-back: the request stays open until it expires"
            );
            self.is_over();
            return;
        }
        let loan = self.hand_over();
        match self.session.client().runtime().cloned() {
            Some(runtime) => {
                tracing::warn!(request, "dropped without check-in: given back in the background");
                runtime.spawn(Box::pin(loan.give_back_in_the_background()));
            }
            None => {
                tracing::warn!(
                    request,
                    "dropped without check-in, and there is no runtime to give it back with: it \
                     stays open until it expires"
                );
                loan.is_over();
            }
        }
    }
}

/// A request on its way without anybody who could hear the answer if the caller goes.
struct Asking {
    is_answered: bool,
}

impl Asking {
    fn answered(mut self) {
        self.is_answered = true;
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if !self.is_answered {
            tracing::warn!(
                "dropped while a release request was being made: it may stay open until it expires"
            );
        }
    }
}

/// A request whose making was not answered may turn up later. It is known by its reason; without
/// one it could be anybody's, and is left alone.
async fn find_and_give_back<T: Transport>(session: &Session<T>, terms: &Terms) {
    let Some(runtime) = session.client().runtime().cloned() else { return };
    if terms.new.reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
        tracing::warn!("a release request without a reason may have been made: it cannot be found");
        return;
    }
    for pause in PAUSES {
        runtime.sleep(Duration::from_secs(pause)).await;
        let rows = match session.find_request(&terms.new).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::debug!(%error, "cannot look for a request that may have been made");
                continue;
            }
        };
        for row in rows.iter().filter(|row| session.loans().users(row.request).count == 0) {
            let request = row.request;
            let reason = Some("its making was not answered".to_owned());
            match session.send(&CheckIn { request, reason }).await {
                Ok(_) => tracing::warn!(request = request.number(), "found and given back"),
                Err(error) => tracing::debug!(%error, "not given back yet"),
            }
        }
    }
}

/// Whether asking like this may answer a request that exists.
pub(super) fn renewal_of(new: &NewRequest) -> NewRequest {
    new.clone().on_conflict(ConflictOption::Renew)
}
