//! A transport and a clock on paper.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, StatusCode};
use site_api::{
    Answer, Call, Client, Clock, Error, HttpAnswer, HttpRequest, SiteAddress, Tokens, Transport,
    TransportError,
};
use zeroize::Zeroizing;

pub(crate) const TOKEN_URL: &str = "https://support.example.com/oauth2/token";

/// Answers in order; token requests are answered with `token-1`, `token-2`, …
#[derive(Default)]
pub(crate) struct Paper {
    answers: Mutex<VecDeque<(u16, String)>>,
    /// `METHOD path?query [bearer]` of each call that is no token request.
    pub(crate) calls: Mutex<Vec<String>>,
    pub(crate) tokens: AtomicU64,
}

impl Transport for Paper {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        assert_eq!(request.headers["connection"], "close");
        if request.url.path() == "/oauth2/token" {
            assert!(request.headers["authorization"].is_sensitive());
            // Whoever comes meanwhile must wait for this one.
            tokio::task::yield_now().await;
            let number = self.tokens.fetch_add(1, Ordering::SeqCst) + 1;
            return Ok(answer(200, &format!(r#"{{"access_token":"token-{number}"}}"#)));
        }
        let bearer = request.headers["authorization"].to_str().unwrap();
        let query = request.url.query().unwrap_or_default();
        let line = format!("{} {}?{query} {bearer}", request.method, request.url.path());
        self.calls.lock().unwrap().push(line);
        let (status, body) = self.answers.lock().unwrap().pop_front().expect("an answer is left");
        Ok(answer(status, &body))
    }
}

fn answer(status: u16, body: &str) -> HttpAnswer {
    let headers = HeaderMap::new();
    let body = Zeroizing::new(body.as_bytes().to_vec());
    HttpAnswer { status: StatusCode::from_u16(status).unwrap(), headers, body }
}

/// A clock that is turned by hand.
pub(crate) struct PaperClock(Instant, AtomicU64);

impl PaperClock {
    pub(crate) fn turn(&self, seconds: u64) {
        self.1.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for PaperClock {
    fn now(&self) -> Instant {
        self.0 + Duration::from_secs(self.1.load(Ordering::SeqCst))
    }
}

/// A client whose calls are answered in this order.
pub(crate) fn client(answers: &[(u16, &str)]) -> (Client<Paper>, Arc<Paper>, Arc<PaperClock>) {
    let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
    let paper = Arc::new(Paper { answers: Mutex::new(answers), ..Paper::default() });
    let clock = Arc::new(PaperClock(Instant::now(), AtomicU64::new(0)));
    let url: url::Url = TOKEN_URL.parse().unwrap();
    let address = SiteAddress::of(&url).unwrap();
    let transport = Arc::clone(&paper);
    let as_port: Arc<dyn Clock> = Arc::<PaperClock>::clone(&clock);
    let tokens = Tokens::new(url, "id".to_owned(), "hunter2".into(), transport, as_port);
    (Client::new(address, Arc::new(tokens)), paper, clock)
}

/// Reads one answer by a call.
pub(crate) fn read<C: Call>(
    call: &C,
    status: u16,
    headers: &[(&'static str, &str)],
    body: &[u8],
) -> Result<C::Answer, Error> {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        })
        .collect();
    let status = StatusCode::from_u16(status).unwrap();
    call.read(&Answer { status, headers: &headers, body })
}
