//! A release request that is ours, and stays so until it is given back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{RwLock, oneshot};

use super::ForeignRequest;
use super::error::{CheckoutError, NotGivenBack};
use crate::endpoint::Endpoint as _;
use crate::endpoint::requests::{CheckIn, CheckedIn, Created, ListRequests};
use crate::error::{Error, ErrorKind, ReasonCode};
use crate::model::{
    AccountId, ConflictOption, NewRequest, Queue, RequestId, StatusFilter, SystemId,
};
use crate::runtime::Runtime;
use crate::session::Session;
use crate::session::create::Reason;
use crate::transport::Transport;

/// Pauses between tries in the background, in seconds: about four minutes altogether.
const PAUSES: [u64; 7] = [1, 2, 5, 15, 30, 60, 120];

/// What is asked for, and what is done at the end with what was there before.
#[derive(Clone)]
pub(super) struct Terms {
    pub(super) new: NewRequest,
    pub(super) foreign: ForeignRequest,
    /// Whether the reason gets a mark of this request's own.
    pub(super) marks: bool,
    /// The request that this one takes the place of, if nobody else uses that.
    pub(super) replaces: Option<RequestId>,
}

impl Terms {
    /// What is sent: the reason bears a mark by which a request whose making was not answered is
    /// known among others with the same reason.
    ///
    /// Not without a reason, which a policy may demand of people; and not without room for it.
    fn marked(&self, runtime: &dyn Runtime) -> Option<NewRequest> {
        let reason = self.new.reason.as_deref().filter(|reason| !reason.trim().is_empty())?;
        let mark = format!(" [{:08x}]", runtime.random() & 0xffff_ffff);
        let fits = reason.chars().count() + mark.len() <= NewRequest::MAX_REASON;
        (self.marks && fits).then(|| self.new.clone().reason(&format!("{reason}{mark}")))
    }
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
    /// Nobody forgot it: it was to be given back, and could not be yet.
    was_tried: AtomicBool,
    /// A task gives it back already. Dropped with it, it is lost: the runtime is shut down.
    is_in_background: bool,
}

impl<T: Transport> Loan<T> {
    /// Makes the request.
    ///
    /// With a runtime a task does it, so that the answer is heard also when the caller is gone:
    /// then nobody takes the loan from the channel, it is dropped there, and so given back.
    pub(super) async fn open(session: &Session<T>, terms: Terms) -> Result<Self, CheckoutError> {
        let Some(runtime) = session.client().runtime() else {
            let asking = Asking { is_answered: false };
            let wanted = terms.new.clone();
            let outcome = Self::make(session, terms, &wanted, false).await;
            asking.answered();
            return outcome;
        };
        let (give, take) = oneshot::channel();
        let session = session.clone();
        let marked = terms.marked(&**runtime);
        runtime.spawn(Box::pin(async move {
            let wanted = marked.as_ref().unwrap_or(&terms.new).clone();
            let outcome = Self::make(&session, terms, &wanted, marked.is_some()).await;
            if let Err(CheckoutError::Vault(error)) = &outcome
                && matches!(error.kind(), ErrorKind::MaybeMade(_))
            {
                drop(give.send(outcome));
                match marked {
                    Some(marked) => find_and_give_back(&session, &marked).await,
                    None => tracing::warn!(
                        "a release request may have been made, and cannot be told from others"
                    ),
                }
                return;
            }
            // Whoever is gone leaves the loan to be dropped here.
            drop(give.send(outcome));
        }));
        let lost = || Error::misuse("POST Requests", "the runtime that was given is shut down");
        take.await.unwrap_or_else(|_| Err(lost().into()))
    }

    async fn make(
        session: &Session<T>,
        terms: Terms,
        wanted: &NewRequest,
        is_marked: bool,
    ) -> Result<Self, CheckoutError> {
        let gate = session.loans().gate(wanted);
        // The vault may count from when it hears of it, which is not before now.
        let begun = session.client().runtime().map(|runtime| runtime.wall_clock());
        let made = if wanted.conflict_option.is_some() {
            let _alone = gate.write().await;
            if let Some(request) = terms.replaces
                && (session.loans().users(request).count > 1
                    || (session.loans().users(request).is_foreign
                        && terms.foreign == ForeignRequest::Leave))
            {
                return Err(CheckoutError::UsedByOthers { request });
            }
            Self::make_and_enter(session, wanted, is_marked).await?
        } else {
            let _together = gate.read().await;
            Self::make_and_enter(session, wanted, is_marked).await?
        };
        let Created { id: request, reused } = made;
        let mut loan = Self {
            session: session.clone(),
            terms,
            request,
            expires: None,
            is_over: AtomicBool::new(false),
            was_tried: AtomicBool::new(false),
            is_in_background: false,
        };
        match loan.end(begun, reused).await {
            Ok(expires) => loan.expires = expires,
            Err(error) => {
                loan.give_up().await;
                return Err(error.into());
            }
        }
        Ok(loan)
    }

    async fn make_and_enter(
        session: &Session<T>,
        wanted: &NewRequest,
        is_marked: bool,
    ) -> Result<Created, Error> {
        let reason = if is_marked { Reason::Marked } else { Reason::OfAnybody };
        let created = session.create(wanted, reason).await?;
        session.loans().enter(created.id, created.reused);
        Ok(created)
    }

    /// When the vault ends it. A reused request has its own end, which only the list tells.
    async fn end(
        &self,
        begun: Option<SystemTime>,
        reused: bool,
    ) -> Result<Option<SystemTime>, Error> {
        let Some(begun) = begun else { return Ok(None) };
        if !reused {
            let minutes = u64::from(self.terms.new.minutes());
            return Ok(Some(begun + Duration::from_secs(60 * minutes)));
        }
        let list = ListRequests { status: StatusFilter::Active, queue: Queue::Requestor };
        let rows = self.session.send(&list).await?;
        let row = rows.into_iter().find(|row| row.request == self.request);
        Ok(row.and_then(|row| row.expires?.system_time()))
    }

    /// Whether the vault still lists it, as it does until it is over. A 404 alone does not tell:
    /// balancers answer that too.
    pub(super) async fn is_listed(&self) -> Result<bool, Error> {
        let rows = self.session.send(&ListRequests::default()).await?;
        Ok(rows.iter().any(|row| row.request == self.request))
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

    /// Gives it back because nothing came of it: once at once, and else in the background.
    pub(super) async fn give_up(self) {
        drop(self.give_back(Some("not used")).await);
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
        self.was_tried.store(true, Ordering::Release);
        // A long reason is not to keep it open.
        let fits = |reason: &str| reason.chars().take(NewRequest::MAX_REASON).collect();
        let check_in = CheckIn { request: self.request, reason: reason.map(fits) };
        if self.session.send(&check_in).await? == CheckedIn::Before && self.is_listed().await? {
            return Err(Error::new(CheckIn::NAME, ErrorKind::NotTheApi));
        }
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
            was_tried: AtomicBool::new(true),
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
                Err(error) if is_final(&error) => return self.lost(&error),
                Err(error) => tracing::debug!(request, %error, "not given back yet"),
            }
            runtime.sleep(Duration::from_secs(pause)).await;
        }
        if let Err(error) = self.try_to_give_back(None).await {
            self.lost(&error);
        }
    }

    /// There is nobody left who could do more.
    fn lost(&self, error: &Error) {
        let request = self.request.number();
        tracing::error!(request, %error, "a release request stays open until it expires");
        self.is_over();
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
        let was_tried = self.was_tried.load(Ordering::Acquire);
        let loan = self.hand_over();
        match self.session.client().runtime().cloned() {
            Some(runtime) => {
                if was_tried {
                    tracing::info!(request, "not given back yet: tried again in the background");
                } else {
                    tracing::warn!(
                        request,
                        "dropped without check-in: given back in the background"
                    );
                }
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

/// The vault will not say anything else however often it is asked.
fn is_final(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Refused(ReasonCode::NoPermission)
            | ErrorKind::Forbidden
            // Vaults count refused sign-ins, and lock the user.
            | ErrorKind::SignInRefused
            | ErrorKind::TwoFactorWanted
            | ErrorKind::LicenceInvalid
    )
}

/// A request whose making was not answered may turn up later. It is known by the mark in its
/// reason.
async fn find_and_give_back<T: Transport>(session: &Session<T>, marked: &NewRequest) {
    let Some(runtime) = session.client().runtime().cloned() else { return };
    let gate = session.loans().gate(marked);
    let mut last_trouble = None;
    for pause in PAUSES {
        runtime.sleep(Duration::from_secs(pause)).await;
        // Nobody is given this request between the look and the end of the check-in.
        let _together = gate.read().await;
        let rows = match session.find_request(marked).await {
            Ok(rows) => rows,
            Err(error) => {
                let is_final = is_final(&error);
                last_trouble = Some(error);
                if is_final {
                    break;
                }
                continue;
            }
        };
        last_trouble = None;
        let unused = |request| session.loans().users(request).count == 0;
        let Some(row) = rows.iter().find(|row| unused(row.request)) else { continue };
        let request = row.request;
        let reason = Some("its making was not answered".to_owned());
        match session.send(&CheckIn { request, reason }).await {
            Ok(CheckedIn::Now) => {
                tracing::warn!(request = request.number(), "found and given back");
                return;
            }
            // The next look at the list tells whether it is over.
            Ok(CheckedIn::Before) => {}
            Err(error) => {
                let is_final = is_final(&error);
                last_trouble = Some(error);
                if is_final {
                    break;
                }
            }
        }
    }
    if let Some(error) = last_trouble {
        tracing::error!(
            %error,
            "a release request may have been made that cannot be looked for or given back: it \
             stays open until it expires"
        );
    }
}

/// Whether asking like this may answer a request that exists.
pub(super) fn renewal_of(new: &NewRequest) -> NewRequest {
    new.clone().on_conflict(ConflictOption::Renew)
}
