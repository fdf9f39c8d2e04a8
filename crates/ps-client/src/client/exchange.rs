//! One call, one answer: prepared, let through, sent, counted.

use http::{HeaderMap, HeaderValue, header};
use zeroize::Zeroizing;

use super::Client;
use super::pass::Pass;
use crate::cookies::Cookies;
use crate::endpoint::auth::SignIn;
use crate::endpoint::{ApiAnswer, Endpoint};
use crate::error::{Error, ErrorKind};
use crate::metrics::CallEnd;
use crate::percent;
use crate::transport::{Download, HttpRequest, Transport, TransportError};

impl<T: Transport> Client<T> {
    /// Sends one call in a server session and takes its answer as it is.
    pub(crate) async fn send<E: Endpoint>(
        &self,
        endpoint: &E,
        headers: HeaderMap,
        cookies: &Cookies,
    ) -> Result<ApiAnswer, Error> {
        let request = self.prepare(endpoint, headers, cookies)?;
        let sending = async {
            let answer = self.inner.transport.send(request).await?;
            Ok((answer.status.as_u16(), answer))
        };
        self.watched(endpoint, sending).await.map(ApiAnswer)
    }

    /// The same, but for the body of a success, which comes piece by piece.
    pub(crate) async fn open<E: Endpoint>(
        &self,
        endpoint: &E,
        cookies: &Cookies,
    ) -> Result<Download, Error> {
        let request = self.prepare(endpoint, HeaderMap::new(), cookies)?;
        let opening = async {
            let download = self.inner.transport.open(request).await?;
            Ok((download.status.as_u16(), download))
        };
        self.watched(endpoint, opening).await
    }

    fn prepare<E: Endpoint>(
        &self,
        endpoint: &E,
        mut headers: HeaderMap,
        cookies: &Cookies,
    ) -> Result<HttpRequest, Error> {
        endpoint.check()?;
        let call = endpoint.request();
        if !call.path.iter().all(|part| percent::can_be_path_part(part)) {
            let rule = "an empty name, `.` or `..` cannot be part of a path";
            return Err(Error::misuse(E::NAME, rule));
        }
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(cookie) = cookies.header() {
            headers.insert(header::COOKIE, cookie);
        }
        let limits = self.inner.limits;
        let mut body = Zeroizing::default();
        if let Some(content) = call.body {
            let media_type = HeaderValue::from_str(&content.media_type)
                .map_err(|_| Error::misuse(E::NAME, "a media type has no control characters"))?;
            headers.insert(header::CONTENT_TYPE, media_type);
            body = content.bytes;
        }
        Ok(HttpRequest {
            method: call.method,
            url: self.inner.address.join(&call.path, &call.query),
            headers,
            body,
            max_answer: if call.is_list { limits.list_bytes } else { limits.scalar_bytes },
            is_sign_in: E::NAME == SignIn::NAME,
        })
    }

    /// Lets a call through when it may go, and keeps the books about how it ends.
    async fn watched<E: Endpoint, A>(
        &self,
        endpoint: &E,
        sending: impl Future<Output = Result<(u16, A), TransportError>>,
    ) -> Result<A, Error> {
        let inner = &*self.inner;
        let _permit = inner
            .gate
            .enter()
            .await
            .map_err(|waiting| Error::new(E::NAME, ErrorKind::Crowded { waiting }))?;
        let call = (E::NAME, E::NAME == SignIn::NAME);
        let (clock, breaker) = (inner.runtime.as_ref(), inner.breaker.as_ref());
        let pass = Pass::get(clock, breaker, &*inner.metrics, call)?;
        let outcome = sending.await;
        let (outcome, took) = pass.end(endpoint.repeat(), outcome);
        let status = outcome.as_ref().ok().map(|(status, _)| *status);
        inner.metrics.call(&CallEnd { endpoint: E::NAME, status, took });
        match &outcome {
            Ok(_) => tracing::trace!(endpoint = E::NAME, status, ?took, "the vault answered"),
            Err(_) => tracing::trace!(endpoint = E::NAME, ?took, "the vault did not answer"),
        }
        outcome.map(|(_, answer)| answer)
    }
}
