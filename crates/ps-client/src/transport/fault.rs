//! A transport that fails as it is told to, for tests of programs that embed this crate.

mod spoilt;
mod what;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::what::Fault;

use self::spoilt::{Ending, Slow};
use self::what::{Happened, Scripted, What};
use super::{Download, HttpAnswer, HttpRequest, Pieces, Transport, TransportError};

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
        match fault.happen(max).await? {
            Happened::Made(answer) => Ok(answer),
            Happened::To(what) => {
                let Some(mut answer) = answer else { return Err(Scripted::broken()) };
                match what {
                    What::Torn(_) => return Err(Scripted::broken()),
                    What::Cut(bytes) => answer.body.truncate(bytes),
                    What::Slow(time, runtime) => runtime.sleep(time).await,
                    _ => {}
                }
                Ok(answer)
            }
        }
    }

    async fn open(&self, request: HttpRequest) -> Result<Download, TransportError> {
        let Some(fault) = self.script().meet(route(&request)) else {
            return self.inner.transport.open(request).await;
        };
        let max = request.max_answer;
        let answer = match fault.executes {
            true => Some(self.inner.transport.open(request).await?),
            false => None,
        };
        match fault.happen(max).await? {
            Happened::Made(answer) => Ok(answer.into()),
            Happened::To(what) => {
                let Some(Download { status, headers, pieces }) = answer else {
                    return Err(Scripted::broken());
                };
                let pieces: Box<dyn Pieces> = match what {
                    What::Cut(left) => Box::new(Ending { pieces, left, breaks: false }),
                    What::Torn(left) => Box::new(Ending { pieces, left, breaks: true }),
                    What::Slow(time, runtime) => Box::new(Slow { pieces, time, runtime }),
                    _ => pieces,
                };
                Ok(Download { status, headers, pieces })
            }
        }
    }
}
