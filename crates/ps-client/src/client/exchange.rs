//! One call, one answer: prepared, let through, sent, counted.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use zeroize::Zeroizing;

use super::Client;
use super::ask::Ask;
use super::gate::Permit;
use super::pass::Pass;
use crate::cookies::Cookies;
use crate::endpoint::Endpoint as _;
use crate::endpoint::auth::SignIn;
use crate::error::{Error, ErrorKind};
use crate::metrics::CallEnd;
use crate::percent;
use crate::transport::{Download, HttpAnswer, HttpRequest, Transport, TransportError};

/// How an answer is taken.
pub(crate) trait Take {
    /// What is there then.
    type Answer;

    /// Sends, and takes the answer.
    fn take<T: Transport>(
        transport: &T,
        request: HttpRequest,
    ) -> impl Future<Output = Result<Self::Answer, TransportError>> + Send;

    /// Its status and headers.
    fn head(answer: &Self::Answer) -> (StatusCode, &HeaderMap);
}

/// All of it.
pub(crate) struct Whole;

/// The head; the body of a success comes piece by piece.
pub(crate) struct InPieces;

impl Take for Whole {
    type Answer = HttpAnswer;

    fn take<T: Transport>(
        transport: &T,
        request: HttpRequest,
    ) -> impl Future<Output = Result<HttpAnswer, TransportError>> + Send {
        transport.send(request)
    }

    fn head(answer: &HttpAnswer) -> (StatusCode, &HeaderMap) {
        (answer.status, &answer.headers)
    }
}

impl Take for InPieces {
    type Answer = Download;

    fn take<T: Transport>(
        transport: &T,
        request: HttpRequest,
    ) -> impl Future<Output = Result<Download, TransportError>> + Send {
        transport.open(request)
    }

    fn head(answer: &Download) -> (StatusCode, &HeaderMap) {
        (answer.status, &answer.headers)
    }
}

/// An answer, and the place that its call takes among those on their way.
pub(crate) struct Sent<A> {
    pub(crate) answer: A,
    pub(crate) permit: Permit,
}

/// The span of one call. Status and time are put in when they are known.
pub(crate) fn call_span(endpoint: &'static str, lane: usize, attempt: u32) -> Span {
    tracing::debug_span!("vault_call", endpoint, lane, attempt, status = Empty, took_ms = Empty)
}

impl<T: Transport> Client<T> {
    /// Sends one call in a server session and takes its answer as it is.
    pub(crate) async fn send<K: Take>(
        &self,
        ask: &impl Ask,
        headers: HeaderMap,
        cookies: &Cookies,
        span: Span,
    ) -> Result<Sent<K::Answer>, Error> {
        let request = self.prepare(ask, headers, cookies)?;
        self.watched::<K>(ask, request, &span).instrument(span.clone()).await
    }

    fn prepare(
        &self,
        ask: &impl Ask,
        mut headers: HeaderMap,
        cookies: &Cookies,
    ) -> Result<HttpRequest, Error> {
        let name = ask.name();
        let call = ask.request()?;
        if !call.path.iter().all(|part| percent::can_be_path_part(part)) {
            let rule = "an empty name, `.` or `..` cannot be part of a path";
            return Err(Error::misuse(name, rule));
        }
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(cookie) = cookies.header() {
            headers.insert(header::COOKIE, cookie);
        }
        let limits = self.inner.limits;
        let mut body = Zeroizing::default();
        if let Some(content) = call.body {
            let media_type = HeaderValue::from_str(&content.media_type)
                .map_err(|_| Error::misuse(name, "a media type has no control characters"))?;
            headers.insert(header::CONTENT_TYPE, media_type);
            body = content.bytes;
        }
        Ok(HttpRequest {
            method: call.method,
            url: self.inner.address.join(&call.path, &call.query),
            headers,
            body,
            max_answer: if call.is_list { limits.list_bytes } else { limits.scalar_bytes },
            is_sign_in: name == SignIn::NAME,
        })
    }

    /// Lets a call through when it may go, and keeps the books about how it ends.
    async fn watched<K: Take>(
        &self,
        ask: &impl Ask,
        request: HttpRequest,
        span: &Span,
    ) -> Result<Sent<K::Answer>, Error> {
        let inner = &*self.inner;
        let endpoint = ask.name();
        let permit = inner
            .gate
            .enter()
            .await
            .map_err(|waiting| Error::new(endpoint, ErrorKind::Crowded { waiting }))?;
        let (clock, breaker) = (inner.runtime.as_ref(), inner.breaker.as_ref());
        let call = (endpoint, request.is_sign_in);
        let pass = Pass::get(clock, breaker, &*inner.metrics, call)?;
        let outcome = K::take(&inner.transport, request).await;
        let status = outcome.as_ref().ok().map(|answer| K::head(answer).0.as_u16());
        let (outcome, took) = pass.end(ask.repeat(), status, outcome);
        inner.metrics.call(&CallEnd { endpoint, status, took });
        span.record("status", status);
        span.record("took_ms", took.and_then(|took| u64::try_from(took.as_millis()).ok()));
        match &outcome {
            Ok(_) => tracing::trace!(endpoint, status, ?took, "the vault answered"),
            Err(_) => tracing::trace!(endpoint, ?took, "the vault did not answer"),
        }
        outcome.map(|answer| Sent { answer, permit })
    }
}
