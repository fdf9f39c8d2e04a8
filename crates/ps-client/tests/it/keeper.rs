//! A vault that keeps server sessions: it knows who is signed in, and nothing else.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use http::{HeaderMap, StatusCode};
use ps_client::transport::{HttpAnswer, HttpRequest};
use ps_client::{Client, ClientBuilder, Transport, TransportError};

use crate::bank::Bank;
use crate::behaviour::WORKGROUPS;
use crate::scripted::SIGNED_IN;

pub(crate) const FILE: &[u8] = b"a file";

/// Answers every call of a live session, and 401 to all others. Every call lets others run before
/// it is executed and before it is answered.
#[derive(Clone, Default)]
pub(crate) struct Keeper(Arc<Mutex<Doors>>);

#[derive(Default)]
pub(crate) struct Doors {
    pub(crate) live: BTreeSet<String>,
    begun: u32,
    /// Each call: its session's cookie, method and path, status.
    pub(crate) calls: Vec<String>,
    /// Statuses that the next calls of a live session get instead of an answer.
    pub(crate) failures: Vec<u16>,
    /// Nobody is let in any more.
    pub(crate) is_shut: bool,
    /// Who signs in now is somebody else.
    pub(crate) is_somebody_else: bool,
}

impl Keeper {
    pub(crate) fn doors(&self) -> MutexGuard<'_, Doors> {
        self.0.lock().unwrap()
    }

    pub(crate) fn builder(&self) -> ClientBuilder<Self> {
        Client::builder(Bank::address(), self.clone())
    }

    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.doors().calls)
    }

    pub(crate) fn count(&self, what: &str) -> usize {
        self.doors().calls.iter().filter(|call| call.contains(what)).count()
    }

    /// As when the vault's web server is recycled.
    pub(crate) fn expire_all(&self) {
        self.doors().live.clear();
    }

    pub(crate) fn expire(&self, session: &str) {
        assert!(self.doors().live.remove(session));
    }

    fn answer(&self, request: &HttpRequest) -> (u16, &'static [u8], Option<String>) {
        let mut doors = self.doors();
        let below = request.url.path().rsplit("/v3/").next().unwrap();
        let cookie = request.headers.get("cookie").and_then(|value| value.to_str().ok());
        let session = cookie.and_then(|text| text.strip_prefix("id=")).unwrap_or("-").to_owned();
        let (status, body, begun) = match below {
            "Auth/SignAppin" if doors.is_shut => (401, b"".as_slice(), None),
            "Auth/SignAppin" => {
                doors.begun += 1;
                let session = format!("s{}", doors.begun);
                doors.live.insert(session.clone());
                let other = br#"{"UserId":8,"UserName":"ACME\\jim"}"#.as_slice();
                let user = if doors.is_somebody_else { other } else { SIGNED_IN.as_bytes() };
                (200, user, Some(session))
            }
            _ if !doors.live.contains(&session) => (401, b"".as_slice(), None),
            "Auth/Signout" => {
                doors.live.remove(&session);
                (200, b"".as_slice(), None)
            }
            _ if !doors.failures.is_empty() => (doors.failures.remove(0), b"".as_slice(), None),
            "Workgroups" => (200, WORKGROUPS.as_bytes(), None),
            "Credentials/7" => (200, b"\"x\"".as_slice(), None),
            file if file.ends_with("download") => (200, FILE, None),
            other => panic!("nobody told the keeper about {other:?}"),
        };
        doors.calls.push(format!("{session} {} {below} {status}", request.method));
        (status, body, begun)
    }
}

impl Transport for Keeper {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        tokio::task::yield_now().await;
        let (status, body, begun) = self.answer(&request);
        tokio::task::yield_now().await;
        let mut headers = HeaderMap::new();
        if let Some(session) = begun {
            headers.insert("set-cookie", format!("id={session}; path=/").parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        Ok(HttpAnswer { status, headers, body: body.to_vec().into() })
    }
}

/// Whether it was over.
pub(crate) fn poll_once<F: Future + ?Sized>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}
