//! The client over services of the tower kind, in memory.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::future::{Ready, pending, ready};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use ps_client::endpoint::requests::ListRequests;
use ps_client::transport::tower::{CallFacts, Fate, TowerTransport};
use ps_client::transport::{Distrust, Download, HttpAnswer, HttpRequest};
use ps_client::{Client, SignedIn, Transport, TransportError, VaultAddress};
use tower::load_shed::error::Overloaded;
use tower::timeout::error::Elapsed;
use tower::util::BoxCloneService;
use tower::{Service, ServiceBuilder, service_fn};

use crate::scripted::{ADDRESS, SIGNED_IN, key_auth};

fn request(method: Method, body: &str) -> HttpRequest {
    HttpRequest {
        method,
        url: format!("{ADDRESS}/Requests").parse().unwrap(),
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec().into(),
        max_answer: 10,
        is_sign_in: false,
    }
}

fn get() -> HttpRequest {
    request(Method::GET, "")
}

/// A body that comes in these pieces.
struct Pieces(std::vec::IntoIter<Result<Frame<Bytes>, io::ErrorKind>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(self.0.next().map(|frame| frame.map_err(io::Error::from)))
    }
}

fn data(text: &'static str) -> Result<Frame<Bytes>, io::ErrorKind> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

/// A service that answers this status in these pieces, whatever it is asked.
fn answering(
    status: u16,
    pieces: Vec<Result<Frame<Bytes>, io::ErrorKind>>,
) -> TowerTransport<
    impl Service<Request<Full<Bytes>>, Response = Response<Pieces>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static,
> {
    let pieces = Arc::new(Mutex::new(Some(Pieces(pieces.into_iter()))));
    TowerTransport::new(service_fn(move |_: Request<Full<Bytes>>| {
        let body = pieces.lock().unwrap().take().unwrap();
        let mut answer = Response::new(body);
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        ready(Ok::<_, Infallible>(answer))
    }))
}

async fn answered(
    status: u16,
    pieces: Vec<Result<Frame<Bytes>, io::ErrorKind>>,
) -> Result<HttpAnswer, TransportError> {
    answering(status, pieces).send(get()).await
}

async fn opened(
    status: u16,
    pieces: Vec<Result<Frame<Bytes>, io::ErrorKind>>,
) -> Result<Download, TransportError> {
    answering(status, pieces).open(get()).await
}

/// What a service was asked.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Request<Bytes>>>>);

impl Heard {
    async fn answer(self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, String> {
        let (head, body) = request.into_parts();
        let answer = if head.uri.path().ends_with("SignAppin") { SIGNED_IN } else { "[]" };
        let body = body.collect().await.unwrap().to_bytes();
        self.0.lock().unwrap().push(Request::from_parts(head, body));
        let response = Response::builder().header("set-cookie", "ASP.NET_SessionId=s1; path=/");
        Ok(response.body(Full::from(answer)).unwrap())
    }
}

/// Fails each call with the error that `make` makes.
async fn failed<E>(make: impl Fn() -> E + Clone + Send + 'static) -> TransportError
where
    E: Into<Box<dyn StdError + Send + Sync>> + Send + 'static,
{
    let service =
        service_fn(move |_: Request<Full<Bytes>>| ready(Err::<Response<Full<Bytes>>, E>(make())));
    TowerTransport::new(service).send(get()).await.unwrap_err()
}

/// An error whose cause is below it.
#[derive(Debug)]
struct Above(io::Error);

impl fmt::Display for Above {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("above")
    }
}

impl StdError for Above {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

#[tokio::test]
async fn session_is_used_over_a_stack_of_layers() {
    let heard = Heard::default();
    let answer = heard.clone();
    let service = ServiceBuilder::new()
        .load_shed()
        .concurrency_limit(2)
        .timeout(Duration::from_secs(30))
        .service_fn(move |request| answer.clone().answer(request));
    let client = Client::new(VaultAddress::parse(ADDRESS).unwrap(), TowerTransport::new(service));
    let SignedIn::Session(session) = client.sign_in(key_auth()).await.unwrap() else { panic!() };
    assert!(session.send(&ListRequests::default()).await.unwrap().is_empty());
    let heard = heard.0.lock().unwrap();
    let [sign_in, list] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!(sign_in.method(), Method::POST);
    assert_eq!(sign_in.uri().to_string(), format!("{ADDRESS}/Auth/SignAppin"));
    assert_eq!(sign_in.headers()["content-length"], "0");
    assert!(sign_in.headers()["authorization"].is_sensitive());
    assert!(sign_in.extensions().get::<CallFacts>().unwrap().is_sign_in);
    assert_eq!(list.uri().path(), "/BeyondTrust/api/public/v3/Requests");
    assert_eq!(list.headers()["cookie"], "ASP.NET_SessionId=s1");
    assert!(!list.headers().contains_key("content-length"));
    assert!(!list.extensions().get::<CallFacts>().unwrap().is_sign_in);
}

#[tokio::test]
async fn body_goes_along_without_a_copy_that_nobody_wipes() {
    let heard = Heard::default();
    let answer = heard.clone();
    let transport = TowerTransport::new(service_fn(move |r| answer.clone().answer(r)));
    let request = request(Method::PUT, r#"{"Password":"planted"}"#);
    let place = request.body.as_ptr();
    transport.send(request).await.unwrap();
    let heard = heard.0.lock().unwrap();
    assert_eq!(heard[0].body(), r#"{"Password":"planted"}"#);
    assert_eq!(heard[0].body().as_ptr(), place);
}

#[tokio::test]
async fn answer_is_taken_up_to_its_limit_whatever_its_pieces() {
    let trailers = || Ok(Frame::trailers(HeaderMap::new()));
    let whole = answered(200, vec![data("01234"), data(""), data("56789"), trailers()]).await;
    assert_eq!(whole.unwrap().body.as_slice(), b"0123456789");
    for pieces in [vec![data("01234567890")], vec![data("0123456789"), data("0")]] {
        let error = answered(200, pieces).await.unwrap_err();
        assert!(matches!(error, TransportError::TooLong { max: 10 }), "{error:?}");
    }
    // What comes after the limit is not even looked at.
    let never_read = Err(io::ErrorKind::ConnectionReset);
    let cut = answered(409, vec![data("4091 0123456789"), never_read]).await.unwrap();
    assert_eq!((cut.status.as_u16(), cut.body.as_slice()), (409, &b"4091 01234"[..]));
}

#[tokio::test]
async fn download_comes_piece_by_piece_however_long_and_a_refusal_is_cut() {
    let pieces = vec![data("0123456789"), data(""), data("more"), Err(io::ErrorKind::TimedOut)];
    let mut download = opened(200, pieces).await.unwrap();
    for expected in ["0123456789", "more"] {
        assert_eq!(download.pieces.next().await.unwrap().unwrap().as_slice(), expected.as_bytes());
    }
    let error = download.pieces.next().await.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut(_)), "{error:?}");
    assert!(download.pieces.next().await.unwrap().is_none());
    let mut refusal = opened(403, vec![data("0123456789 and so on")]).await.unwrap();
    assert_eq!(refusal.pieces.next().await.unwrap().unwrap().as_slice(), b"0123456789");
    assert!(refusal.pieces.next().await.unwrap().is_none());
}

#[tokio::test]
async fn body_that_breaks_off_may_have_been_executed_whatever_its_error() {
    for (kind, timed_out) in [
        (io::ErrorKind::ConnectionReset, false),
        (io::ErrorKind::ConnectionRefused, false),
        (io::ErrorKind::TimedOut, true),
    ] {
        let error = answered(200, vec![data("01"), Err(kind)]).await.unwrap_err();
        assert!(error.may_have_been_executed() && !error.may_repeat(), "{error:?}");
        assert_eq!(matches!(error, TransportError::TimedOut(_)), timed_out, "{error:?}");
    }
}

#[tokio::test]
async fn errors_that_say_nothing_was_sent_are_told_from_all_others() {
    use io::ErrorKind as Kind;
    for kind in [Kind::ConnectionRefused, Kind::AddrNotAvailable] {
        let error = failed(move || io::Error::from(kind)).await;
        assert!(error.may_repeat() && !error.may_have_been_executed(), "{error:?}");
        let error = failed(move || Above(io::Error::other(io::Error::from(kind)))).await;
        assert!(error.may_repeat(), "{error:?}");
    }
    // A host that becomes unreachable also ends a connection that stood.
    let late = [Kind::HostUnreachable, Kind::NetworkUnreachable];
    let broken = [Kind::ConnectionReset, Kind::BrokenPipe, Kind::UnexpectedEof, Kind::Other];
    for kind in late.into_iter().chain(broken) {
        let error = failed(move || io::Error::from(kind)).await;
        assert!(matches!(error, TransportError::Broken(_)), "{error:?}");
    }
    let error = failed(|| "no such type was ever seen").await;
    assert!(matches!(error, TransportError::Broken(_)), "{error:?}");
    let error = failed(|| Above(Kind::TimedOut.into())).await;
    assert!(matches!(error, TransportError::TimedOut(_)), "{error:?}");
}

#[tokio::test]
async fn the_program_knows_its_own_errors_best() {
    let service = service_fn(|_: Request<Full<Bytes>>| {
        ready(Err::<Response<Full<Bytes>>, _>(Above(io::ErrorKind::ConnectionReset.into())))
    });
    for (fate, expected) in [
        (Some(Fate::NotSent), "Unreachable("),
        (Some(Fate::Untrusted(Distrust::Expired)), "Untrusted { why: Expired"),
        (Some(Fate::TimedOut), "TimedOut("),
        (Some(Fate::Broken), "Broken("),
        (None, "Broken("),
    ] {
        // It is shown causes, not only the error itself.
        let transport = TowerTransport::new(service)
            .classify(move |error| error.is::<io::Error>().then_some(fate).flatten());
        let error = transport.send(get()).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{error:?}");
        assert!(format!("{:?}", error.source()).contains("ConnectionReset"), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn time_limit_and_shed_load_of_layers_are_told_apart() {
    let hangs = service_fn(|_: Request<Full<Bytes>>| {
        pending::<Result<Response<Full<Bytes>>, Infallible>>()
    });
    let layers = ServiceBuilder::new()
        .load_shed()
        .concurrency_limit(1)
        .timeout(Duration::from_secs(30))
        .service(hangs);
    let transport = TowerTransport::new(layers).classify(|error| {
        let shed = error.is::<Overloaded>().then_some(Fate::NotSent);
        shed.or(error.is::<Elapsed>().then_some(Fate::TimedOut))
    });
    let (first, second) = tokio::join!(transport.send(get()), transport.send(get()));
    let (first, second) = (first.unwrap_err(), second.unwrap_err());
    assert!(matches!(first, TransportError::TimedOut(_)), "{first:?}");
    assert!(matches!(second, TransportError::Unreachable(_)), "{second:?}");
    // The place of the one that timed out is free again.
    let third = transport.send(get()).await.unwrap_err();
    assert!(matches!(third, TransportError::TimedOut(_)), "{third:?}");
}

/// Is ready once, says so only when asked a second time, and panics when it was not asked.
#[derive(Default)]
struct Strict {
    asked: u8,
    fails: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { asked: 0, fails: self.fails }
    }
}

impl Service<Request<Full<Bytes>>> for Strict {
    type Response = Response<Full<Bytes>>;
    type Error = io::Error;
    type Future = Ready<Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.asked += 1;
        if self.fails {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if self.asked == 1 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
        assert_eq!(self.asked, 2, "called without having said that it is ready");
        ready(Ok(Response::new(Full::from("ok"))))
    }
}

#[tokio::test]
async fn service_is_asked_whether_it_is_ready_and_what_is_not_gets_nothing() {
    let transport = TowerTransport::new(Strict::default());
    for transport in [transport.clone(), transport] {
        assert_eq!(transport.send(get()).await.unwrap().body.as_slice(), b"ok");
    }
    let transport = TowerTransport::new(Strict { fails: true, asked: 0 });
    let error = transport.send(get()).await.unwrap_err();
    assert!(error.may_repeat(), "a reset before the call was never the call's: {error:?}");
}

#[tokio::test]
async fn boxed_service_that_threads_cannot_share_will_do_and_is_not_printed() {
    let secret = "planted".to_owned();
    let boxed = BoxCloneService::new(service_fn(move |_: Request<Full<Bytes>>| {
        ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(secret.clone()))))
    }));
    let transport = TowerTransport::new(boxed);
    let printed = format!("{transport:?}");
    assert_eq!(printed, "TowerTransport { .. }");
    let call: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(transport.send(get()));
    assert_eq!(call.await.unwrap().body.as_slice(), b"planted");
}
