//! Any service of the tower kind as transport: the program's own HTTP client, with whatever
//! layers it has around it.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes};
use http::response::Parts;
use http::{HeaderValue, Method, Request, Response, header};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use tower_service::Service;
use zeroize::Zeroizing;

use super::gather::Gather;
use super::{
    Cause, Distrust, Download, HttpAnswer, HttpRequest, NextPiece, Pieces, Transport,
    TransportError,
};

/// A service as transport: it takes `http::Request<B>` and answers `http::Response` with any body.
///
/// `B` is the body that the service sends; anything that can be made from [`Bytes`] will do
/// (`Full<Bytes>`, and the bodies of axum and reqwest).
///
/// What it promises is what [`Transport`] asks for: an answer is taken up to its limit, in memory
/// that is wiped; the request's body is wiped when the service lets go of it; errors are sorted by
/// what the vault may have done. Time is the service's: without a layer that limits it, a call may
/// wait for ever. The service must neither follow redirects nor repeat calls by itself, nor keep
/// cookies, and whatever it logs must leave out bodies and the headers that are marked sensitive.
///
/// Each call goes to a clone of the service, which is asked whether it is ready first.
///
/// # Examples
///
/// A time limit and shedding of load, with the two errors of these layers told apart:
///
/// ```
/// use std::time::Duration;
///
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use ps_client::transport::tower::{Fate, TowerTransport};
/// use tower::ServiceBuilder;
/// use tower::load_shed::error::Overloaded;
/// use tower::timeout::error::Elapsed;
///
/// let vault = tower::service_fn(|_: Request<Full<Bytes>>| async {
///     Ok::<_, std::io::Error>(Response::new(Full::new(Bytes::from_static(b"[]"))))
/// });
/// let service = ServiceBuilder::new()
///     .load_shed()
///     .concurrency_limit(8)
///     .timeout(Duration::from_secs(30))
///     .service(vault);
/// let transport = TowerTransport::new(service).classify(|error| {
///     if error.is::<Overloaded>() {
///         Some(Fate::NotSent)
///     } else if error.is::<Elapsed>() {
///         Some(Fate::TimedOut)
///     } else {
///         None
///     }
/// });
/// # fn takes(_: impl ps_client::Transport) {}
/// # takes(transport);
/// ```
pub struct TowerTransport<S, B = Full<Bytes>> {
    /// Cloned for each call; behind a lock, so that services which only one thread may look at
    /// at a time will do.
    service: Mutex<S>,
    sorting: Sorting,
    body: PhantomData<fn() -> B>,
}

/// What became of a call that failed: what the vault may have done decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// Nothing was sent; [`TransportError::Unreachable`].
    NotSent,
    /// Nothing was sent, because the vault is not trusted; [`TransportError::Untrusted`].
    Untrusted(Distrust),
    /// No answer in time; [`TransportError::TimedOut`].
    TimedOut,
    /// It may have been executed; [`TransportError::Broken`].
    Broken,
}

/// What a service is told about a call besides the request itself, among the request's extensions:
/// for a layer that gives a sign-in more time than the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallFacts {
    /// Whether this is a sign-in, which may wait for a person's second factor.
    pub is_sign_in: bool,
    /// The longest body that will be taken, in bytes.
    pub max_answer: usize,
}

impl<S, B> TowerTransport<S, B> {
    /// Sends through clones of this service.
    #[must_use]
    pub fn new(service: S) -> Self {
        Self { service: Mutex::new(service), sorting: Sorting(None), body: PhantomData }
    }

    /// Sorts the service's errors. `classifier` is shown an error, then its cause, and so on; the
    /// first that it knows decides. What it does not know is sorted as without it: input and
    /// output errors by their kind, everything else as [`Fate::Broken`], because what is not known
    /// to be harmless must not be repeated.
    ///
    /// An error of a service that was asked whether it is ready is [`Fate::NotSent`] unless the
    /// classifier says [`Fate::Untrusted`]; an error while the answer's body is read is
    /// [`Fate::TimedOut`] or [`Fate::Broken`], whatever the classifier says.
    #[must_use]
    pub fn classify(
        mut self,
        classifier: impl Fn(&(dyn StdError + 'static)) -> Option<Fate> + Send + Sync + 'static,
    ) -> Self {
        self.sorting = Sorting(Some(Arc::new(classifier)));
        self
    }

    fn service(&self) -> S
    where
        S: Clone,
    {
        self.service.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How errors are sorted.
#[derive(Clone)]
struct Sorting(Option<Classifier>);

type Classifier = Arc<dyn Fn(&(dyn StdError + 'static)) -> Option<Fate> + Send + Sync>;

impl Sorting {
    fn fate(&self, error: &(dyn StdError + 'static)) -> Fate {
        let known = self.0.as_ref();
        let told = known.and_then(|known| causes(error).find_map(|cause| known(cause)));
        told.or_else(|| causes(error).find_map(by_kind)).unwrap_or(Fate::Broken)
    }

    fn before_sending(&self, cause: Cause) -> TransportError {
        match self.fate(&*cause) {
            fate @ Fate::Untrusted(_) => fate.error(cause),
            _ => TransportError::Unreachable(cause),
        }
    }

    fn while_sending(&self, cause: Cause) -> TransportError {
        self.fate(&*cause).error(cause)
    }

    fn after_sending(&self, cause: Cause) -> TransportError {
        match self.fate(&*cause) {
            Fate::TimedOut => TransportError::TimedOut(cause),
            _ => TransportError::Broken(cause),
        }
    }
}

impl Fate {
    fn error(self, cause: Cause) -> TransportError {
        match self {
            Self::NotSent => TransportError::Unreachable(cause),
            Self::Untrusted(why) => TransportError::Untrusted { why, cause },
            Self::TimedOut => TransportError::TimedOut(cause),
            Self::Broken => TransportError::Broken(cause),
        }
    }
}

/// An error and what is below it. The `source` of an input or output error skips what it holds.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        held.map(|held| held as &(dyn StdError + 'static)).or_else(|| error.source())
    })
}

/// Errors that only a connection which is being made can meet say that nothing was sent.
fn by_kind(error: &(dyn StdError + 'static)) -> Option<Fate> {
    match error.downcast_ref::<io::Error>()?.kind() {
        // An unreachable host or network also ends connections that stood, on Linux.
        io::ErrorKind::ConnectionRefused | io::ErrorKind::AddrNotAvailable => Some(Fate::NotSent),
        io::ErrorKind::TimedOut => Some(Fate::TimedOut),
        _ => None,
    }
}

impl<S: Clone, B> Clone for TowerTransport<S, B> {
    fn clone(&self) -> Self {
        let service = Mutex::new(self.service());
        Self { service, sorting: self.sorting.clone(), body: PhantomData }
    }
}

/// Says nothing of the service, which may hold a secret of the program's.
impl<S, B> fmt::Debug for TowerTransport<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerTransport").finish_non_exhaustive()
    }
}

impl<S, B, R> Transport for TowerTransport<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Cause>,
    B: From<Bytes> + Send + 'static,
    R: Body + Send + 'static,
    R::Data: Send,
    R::Error: Into<Cause>,
{
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let max = request.max_answer;
        let (head, body) = exchange(self.service(), &self.sorting, request).await?.into_parts();
        take(head, body, max, &self.sorting).await
    }

    async fn open(&self, request: HttpRequest) -> Result<Download, TransportError> {
        let max = request.max_answer;
        let (head, body) = exchange(self.service(), &self.sorting, request).await?.into_parts();
        if !head.status.is_success() {
            return take(head, body, max, &self.sorting).await.map(Download::from);
        }
        let pieces = Box::new(Arriving { body: Box::pin(body), sorting: self.sorting.clone() });
        Ok(Download { status: head.status, headers: head.headers, pieces })
    }
}

async fn exchange<S, B, R>(
    mut service: S,
    sorting: &Sorting,
    request: HttpRequest,
) -> Result<Response<R>, TransportError>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<Cause>,
    B: From<Bytes>,
{
    let ready = poll_fn(|context| service.poll_ready(context)).await;
    ready.map_err(|error| sorting.before_sending(error.into()))?;
    let request = into_http(request).map_err(|error| sorting.before_sending(error.into()))?;
    service.call(request).await.map_err(|error| sorting.while_sending(error.into()))
}

/// Takes the body, no more than `max` bytes of it.
async fn take<R>(
    head: Parts,
    body: R,
    max: usize,
    sorting: &Sorting,
) -> Result<HttpAnswer, TransportError>
where
    R: Body,
    R::Error: Into<Cause>,
{
    let mut gather = Gather::new(head.status, body.size_hint().exact(), max);
    let mut body = pin!(body);
    'frames: while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| sorting.after_sending(error.into()))?;
        let Ok(mut data) = frame.into_data() else { continue };
        while data.has_remaining() {
            let piece = data.chunk();
            let length = piece.len();
            if !gather.take(piece)? {
                break 'frames;
            }
            data.advance(length);
        }
    }
    Ok(HttpAnswer { status: head.status, headers: head.headers, body: gather.whole() })
}

/// The rest of an answer.
struct Arriving<R> {
    body: Pin<Box<R>>,
    sorting: Sorting,
}

impl<R> Pieces for Arriving<R>
where
    R: Body + Send,
    R::Data: Send,
    R::Error: Into<Cause>,
{
    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(async {
            while let Some(frame) = self.body.frame().await {
                let frame = frame.map_err(|error| self.sorting.after_sending(error.into()))?;
                let Ok(mut data) = frame.into_data() else { continue };
                if data.has_remaining() {
                    let mut piece = Zeroizing::new(vec![0; data.remaining()]);
                    data.copy_to_slice(&mut piece);
                    return Ok(Some(piece));
                }
            }
            Ok(None)
        })
    }
}

fn into_http<B: From<Bytes>>(request: HttpRequest) -> Result<Request<B>, http::Error> {
    let facts = CallFacts { is_sign_in: request.is_sign_in, max_answer: request.max_answer };
    let length = request.body.len();
    let needs_length = matches!(request.method, Method::POST | Method::PUT);
    let body = match length {
        0 => Bytes::new(),
        // The buffer itself goes along, and is wiped when the last one lets go of it.
        _ => Bytes::from_owner(request.body),
    };
    let mut converted = Request::builder()
        .method(request.method)
        .uri(request.url.as_str())
        .extension(facts)
        .body(B::from(body))?;
    *converted.headers_mut() = request.headers;
    if length == 0 && needs_length {
        // Most clients leave the length of an empty body out, and IIS answers that with 411.
        converted.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(converted)
}
