//! A transport that fails as it is told to, for tests of programs that embed this crate.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use zeroize::Zeroizing;

use super::{Cause, Distrust, HttpAnswer, HttpRequest, Transport, TransportError};
use crate::runtime::Runtime;

/// Any transport, with faults on the way to it and back.
///
/// A script says which call meets which fault; every other call goes through untouched. It is one
/// script for all clones, so that a test keeps one clone and gives the other to a client. Nothing
/// here is chance: the same script and the same calls meet the same faults.
///
/// # Examples
///
/// Will the program look up a release request whose creation was not answered?
///
/// ```
/// use ps_client::transport::fault::{Fault, Faulty};
/// # fn example<T: ps_client::Transport>(vault: T) {
/// let transport = Faulty::new(vault);
/// transport.on("POST Requests", Fault::broken().after_execution());
/// transport.on("GET Requests", Fault::status(503)).on("GET Requests", Fault::throttled(2));
/// let client_side = transport.clone(); // for `Client::new`
/// // … the program runs …
/// assert!(transport.unmet().is_empty(), "{:?} did not happen", transport.unmet());
/// # }
/// ```
pub struct Faulty<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    transport: T,
    script: Mutex<Script>,
}

#[derive(Default)]
struct Script {
    rules: VecDeque<Rule>,
    seen: Vec<Seen>,
}

struct Rule {
    pattern: String,
    skip: usize,
    fault: Fault,
}

/// A call that came by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// Method and path below the vault's address, such as `PUT Requests/77/Checkin`.
    pub route: String,
    /// Whether it met a fault of the script.
    pub faulty: bool,
    /// Whether it was passed on to the vault.
    pub passed_on: bool,
}

/// One thing that goes wrong, once.
#[derive(Clone)]
pub struct Fault {
    what: What,
    executes: bool,
    after: Option<(Duration, Arc<dyn Runtime>)>,
}

#[derive(Clone)]
enum What {
    Refused,
    Untrusted(Distrust),
    TimedOut,
    Broken,
    Silence,
    Answer(StatusCode, HeaderMap, Zeroizing<Vec<u8>>),
    Cut(usize),
    Nothing,
}

impl Fault {
    /// No connection comes about: [`TransportError::Unreachable`].
    #[must_use]
    pub fn refused() -> Self {
        Self::of(What::Refused)
    }

    /// The vault's certificate is not accepted: [`TransportError::Untrusted`].
    #[must_use]
    pub fn untrusted(why: Distrust) -> Self {
        Self::of(What::Untrusted(why))
    }

    /// No answer in time: [`TransportError::TimedOut`], at once.
    #[must_use]
    pub fn timed_out() -> Self {
        Self::of(What::TimedOut)
    }

    /// The connection breaks: [`TransportError::Broken`].
    #[must_use]
    pub fn broken() -> Self {
        Self::of(What::Broken)
    }

    /// Nothing ever comes: for what a program does about calls that hang, and for cancelling.
    #[must_use]
    pub fn silence() -> Self {
        Self::of(What::Silence)
    }

    /// An answer of this status without a body.
    ///
    /// # Panics
    ///
    /// When `status` is not from 100 to 999.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a script that cannot be played is a broken test")]
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).expect("a status is from 100 to 999");
        Self::of(What::Answer(status, HeaderMap::new(), Zeroizing::default()))
    }

    /// The session is over: 401 without a body.
    #[must_use]
    pub fn session_over() -> Self {
        Self::status(401)
    }

    /// Too many calls: 429 with `Retry-After`, in seconds.
    #[must_use]
    pub fn throttled(seconds: u64) -> Self {
        Self::status(429).header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// A success whose body is not what was asked for, such as a sign-in page of a proxy.
    #[must_use]
    pub fn garbage(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).body(body)
    }

    /// The vault's own answer, of whose body only this many bytes come, with its headers as they
    /// were: a proxy that cuts without telling. The vault executes the call.
    #[must_use]
    pub fn cut(bytes: usize) -> Self {
        Self { executes: true, ..Self::of(What::Cut(bytes)) }
    }

    /// The vault's own answer, `time` later by the timer of `runtime`.
    #[must_use]
    pub fn late(time: Duration, runtime: Arc<dyn Runtime>) -> Self {
        Self { executes: true, ..Self::of(What::Nothing) }.after(time, runtime)
    }

    fn of(what: What) -> Self {
        Self { what, executes: false, after: None }
    }

    /// Gives the made answer this body. Without effect on faults that make no answer.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        if let What::Answer(_, _, old) = &mut self.what {
            *old = Zeroizing::new(body.into());
        }
        self
    }

    /// Gives the made answer one more header. Without effect on faults that make no answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if let What::Answer(_, headers, _) = &mut self.what {
            headers.append(name, value);
        }
        self
    }

    /// The vault executes the call before its answer is lost. Without effect on faults that keep
    /// a connection from coming about: nothing can be executed then.
    #[must_use]
    pub fn after_execution(mut self) -> Self {
        self.executes = !matches!(self.what, What::Refused | What::Untrusted(_));
        self
    }

    /// The fault shows only after `time`, by the timer of `runtime`.
    #[must_use]
    pub fn after(mut self, time: Duration, runtime: Arc<dyn Runtime>) -> Self {
        self.after = Some((time, runtime));
        self
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.what {
            What::Refused => "refused".to_owned(),
            What::Untrusted(why) => format!("untrusted ({why})"),
            What::TimedOut => "timed out".to_owned(),
            What::Broken => "broken".to_owned(),
            What::Silence => "silence".to_owned(),
            What::Answer(status, _, body) => format!("status {status}, {} bytes", body.len()),
            What::Cut(bytes) => format!("cut after {bytes} bytes"),
            What::Nothing => "late".to_owned(),
        };
        let executes = if self.executes { " after execution" } else { "" };
        write!(f, "Fault({what}{executes})")
    }
}

impl<T> Faulty<T> {
    /// Around `transport`; no fault yet.
    #[must_use]
    pub fn new(transport: T) -> Self {
        Self { inner: Arc::new(Inner { transport, script: Mutex::default() }) }
    }

    /// Lets the next call of this route meet `fault`, after those that were scripted for it
    /// before.
    ///
    /// A route is the method and the path below `…/api/public/v3/`, compared without regard to
    /// case; a part may be `*` for any, and `*` alone is every call: `GET Requests`,
    /// `PUT Requests/*/Checkin`, `* Credentials/77`.
    pub fn on(&self, route: &str, fault: Fault) -> &Self {
        self.on_nth(route, 1, fault)
    }

    /// Lets the `nth` next call of this route, counted from one, meet `fault`. Calls are counted
    /// from now on, and only those that no earlier line of the script takes.
    pub fn on_nth(&self, route: &str, nth: usize, fault: Fault) -> &Self {
        let rule = Rule { pattern: route.to_owned(), skip: nth.saturating_sub(1), fault };
        self.script().rules.push_back(rule);
        self
    }

    /// The lines of the script that no call has met yet: route and fault.
    #[must_use]
    pub fn unmet(&self) -> Vec<(String, Fault)> {
        let script = self.script();
        script.rules.iter().map(|rule| (rule.pattern.clone(), rule.fault.clone())).collect()
    }

    /// Every call so far, in the order in which they came.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.script().seen.clone()
    }

    /// How many calls of this route came so far; patterns as in [`on`](Self::on).
    #[must_use]
    pub fn count(&self, route: &str) -> usize {
        self.script().seen.iter().filter(|seen| matches(route, &seen.route)).count()
    }

    /// The transport inside.
    #[must_use]
    pub fn get_ref(&self) -> &T {
        &self.inner.transport
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.inner.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Script {
    fn meet(&mut self, route: String) -> Option<Fault> {
        let mut met = None;
        for (index, rule) in self.rules.iter_mut().enumerate() {
            if !matches(&rule.pattern, &route) {
                continue;
            }
            if rule.skip == 0 {
                met = Some(index);
                break;
            }
            rule.skip -= 1;
        }
        let fault = met.and_then(|index| self.rules.remove(index)).map(|rule| rule.fault);
        let passed_on = fault.as_ref().is_none_or(|fault| fault.executes);
        self.seen.push(Seen { route, faulty: fault.is_some(), passed_on });
        fault
    }
}

fn matches(pattern: &str, route: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let parts = |text: &str| -> Vec<String> {
        text.split([' ', '/']).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let (pattern, route) = (parts(pattern), parts(route));
    let fits = |(wanted, is): (&String, &String)| wanted == "*" || wanted.eq_ignore_ascii_case(is);
    pattern.len() == route.len() && pattern.iter().zip(&route).all(fits)
}

/// Method and path below the version.
fn route(request: &HttpRequest) -> String {
    let path = request.url.path();
    let below = path.find("/api/public/").and_then(|start| {
        let (_version, below) = path.get(start + "/api/public/".len()..)?.split_once('/')?;
        Some(below)
    });
    format!("{} {}", request.method, below.unwrap_or(path.trim_start_matches('/')))
}

impl<T> Clone for Faulty<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<T> fmt::Debug for Faulty<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let script = self.script();
        let (unmet, seen) = (script.rules.len(), script.seen.len());
        write!(f, "Faulty({unmet} faults to come, {seen} calls so far)")
    }
}

/// A scripted failure's cause, so that a log shows where it came from.
#[derive(Debug, thiserror::Error)]
#[error("as the test's script says")]
struct Scripted;

impl<T: Transport> Transport for Faulty<T> {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let Some(fault) = self.script().meet(route(&request)) else {
            return self.inner.transport.send(request).await;
        };
        let max = request.max_answer;
        let answer = match fault.executes {
            true => Some(self.inner.transport.send(request).await?),
            false => None,
        };
        if let Some((time, runtime)) = fault.after {
            runtime.sleep(time).await;
        }
        let cause = || Cause::from(Scripted);
        match (fault.what, answer) {
            (What::Refused, _) => Err(TransportError::Unreachable(cause())),
            (What::Untrusted(why), _) => Err(TransportError::Untrusted { why, cause: cause() }),
            (What::TimedOut, _) => Err(TransportError::TimedOut(cause())),
            (What::Broken, _) | (What::Cut(_) | What::Nothing, None) => {
                Err(TransportError::Broken(cause()))
            }
            (What::Silence, _) => pending().await,
            (What::Answer(status, _, body), _) if status.is_success() && body.len() > max => {
                Err(TransportError::TooLong { max })
            }
            (What::Answer(status, headers, mut body), _) => {
                body.truncate(max);
                Ok(HttpAnswer { status, headers, body })
            }
            (What::Cut(bytes), Some(mut answer)) => {
                answer.body.truncate(bytes);
                Ok(answer)
            }
            (What::Nothing, Some(answer)) => Ok(answer),
        }
    }
}
