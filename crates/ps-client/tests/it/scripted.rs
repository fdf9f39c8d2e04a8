//! A vault that plays a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderName, StatusCode};
use ps_client::endpoint::{ApiAnswer, Endpoint};
use ps_client::transport::{HttpAnswer, HttpRequest};
use ps_client::{
    Auth, Client, Error, RunAs, Session, SignedIn, Transport, TransportError, VaultAddress,
};

pub(crate) const ADDRESS: &str = "https://vault.acme.test/BeyondTrust/api/public/v3";
pub(crate) const KEY: &str = "planted-api-key-0123456789abcdef";
pub(crate) const SIGNED_IN: &str = r#"{"UserId":7,"UserName":"ACME\\joe","Name":"Joe","SID":null}"#;

/// Answers each call with the first reply made for its route, and remembers what it was asked.
/// Every call lets others run before it answers, so that calls made together overlap.
#[derive(Clone, Default)]
pub(crate) struct Vault(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    replies: VecDeque<(String, Reply)>,
    calls: Vec<Call>,
}

#[derive(Debug)]
pub(crate) struct Reply(Result<(StatusCode, HeaderMap, Vec<u8>), TransportError>);

#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Method and path below the base, such as `GET ManagedAccounts`.
    pub(crate) route: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) max_answer: usize,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }
}

impl Vault {
    pub(crate) fn on(&self, route: &str, reply: Reply) -> &Self {
        self.0.lock().unwrap().replies.push_back((route.to_owned(), reply));
        self
    }

    /// One that lets everybody in.
    pub(crate) fn open() -> Self {
        let vault = Self::default();
        vault.on("POST Auth/SignAppin", signed_in("ASP.NET_SessionId=s1; path=/; HttpOnly"));
        vault
    }

    pub(crate) fn client(&self) -> Client<Self> {
        Client::new(VaultAddress::parse(ADDRESS).unwrap(), self.clone())
    }

    pub(crate) async fn session(&self) -> Session<Self> {
        expect_session(self.client().sign_in(key_auth()).await)
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.0.lock().unwrap().calls.clone()
    }

    pub(crate) fn routes(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.route).collect()
    }

    pub(crate) fn last(&self) -> Call {
        self.calls().pop().unwrap()
    }

    pub(crate) fn assert_played_out(&self) {
        let left = &self.0.lock().unwrap().replies;
        assert!(left.is_empty(), "nobody asked for {left:?}");
    }
}

pub(crate) fn key_auth() -> Auth {
    Auth::Key { key: KEY.into(), run_as: RunAs::new(r"ACME\joe").unwrap(), password: None }
}

pub(crate) fn expect_session(outcome: Result<SignedIn<Vault>, Error>) -> Session<Vault> {
    expect_signed_in(outcome)
}

pub(crate) fn expect_signed_in<T: Transport>(outcome: Result<SignedIn<T>, Error>) -> Session<T> {
    match outcome.unwrap() {
        SignedIn::Session(session) => session,
        SignedIn::Challenge(challenge) => panic!("asked for {}", challenge.prompt()),
    }
}

pub(crate) fn signed_in(cookie: &str) -> Reply {
    reply(200, SIGNED_IN).with("set-cookie", cookie)
}

pub(crate) fn reply(status: u16, body: &str) -> Reply {
    Reply(Ok((StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body.into())))
}

pub(crate) fn failed(error: TransportError) -> Reply {
    Reply(Err(error))
}

impl Reply {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let (_, headers, _) = self.0.as_mut().unwrap();
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        self
    }

    /// What an endpoint makes of it, without any vault.
    pub(crate) fn read_by<E: Endpoint>(self, endpoint: &E) -> Result<E::Answer, Error> {
        let (status, headers, body) = self.0.unwrap();
        endpoint.read(&ApiAnswer::new(HttpAnswer { status, headers, body: body.into() }))
    }
}

impl Transport for Vault {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let path = request.url.path();
        let below = path.strip_prefix("/BeyondTrust/api/public/v3/").unwrap_or(path);
        let route = format!("{} {below}", request.method);
        let call = Call {
            route: route.clone(),
            query: request.url.query().unwrap_or_default().to_owned(),
            headers: request.headers.clone(),
            body: String::from_utf8(request.body.to_vec()).unwrap(),
            max_answer: request.max_answer,
        };
        let found = {
            let mut script = self.0.lock().unwrap();
            script.calls.push(call);
            let found = script.replies.iter().position(|(wanted, _)| *wanted == route);
            found.and_then(|index| script.replies.remove(index))
        };
        let_others_run().await;
        let (_, Reply(outcome)) = found.unwrap_or_else(|| panic!("no reply to {route}"));
        let (status, headers, body) = outcome?;
        Ok(HttpAnswer { status, headers, body: body.into() })
    }
}

/// Others run first, however often this is polled meanwhile: as with a network.
async fn let_others_run() {
    let (done, told) = tokio::sync::oneshot::channel();
    #[expect(clippy::disallowed_methods, reason = "a test has a runtime")]
    tokio::spawn(async move { done.send(()) });
    told.await.unwrap();
}
