//! What can go wrong, as values.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use zeroize::Zeroizing;

use crate::runtime::Runtime;
use crate::transport::{Cause, Distrust, HttpAnswer, TransportError};

/// One thing that goes wrong, once.
#[derive(Clone)]
pub struct Fault {
    what: What,
    pub(super) executes: bool,
    after: Option<(Duration, Arc<dyn Runtime>)>,
}

#[derive(Clone)]
pub(super) enum What {
    Refused,
    Untrusted(Distrust),
    TimedOut,
    Broken,
    Silence,
    Answer(StatusCode, HeaderMap, Zeroizing<Vec<u8>>),
    Cut(usize),
    Torn(usize),
    Slow(Duration, Arc<dyn Runtime>),
    Late,
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

    /// The vault's own answer, whose body breaks off after this many bytes:
    /// [`TransportError::Broken`]; a download gets those bytes before. The vault executes the call.
    #[must_use]
    pub fn torn(bytes: usize) -> Self {
        Self { executes: true, ..Self::of(What::Torn(bytes)) }
    }

    /// The vault's own answer, each piece of whose body comes `time` later by the timer of
    /// `runtime`; what is not a download comes as one piece.
    #[must_use]
    pub fn slow(time: Duration, runtime: Arc<dyn Runtime>) -> Self {
        Self { executes: true, ..Self::of(What::Slow(time, runtime)) }
    }

    /// The vault's own answer, `time` later by the timer of `runtime`.
    #[must_use]
    pub fn late(time: Duration, runtime: Arc<dyn Runtime>) -> Self {
        Self { executes: true, ..Self::of(What::Late) }.after(time, runtime)
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
            What::Torn(bytes) => format!("torn after {bytes} bytes"),
            What::Slow(time, _) => format!("slow by {time:?}"),
            What::Late => "late".to_owned(),
        };
        let executes = if self.executes { " after execution" } else { "" };
        write!(f, "Fault({what}{executes})")
    }
}

/// What a fault came to when it was no failure.
pub(super) enum Happened {
    /// This answer in place of the vault's.
    Made(HttpAnswer),
    /// This to the vault's answer.
    To(What),
}

impl Fault {
    pub(super) async fn happen(self, max: usize) -> Result<Happened, TransportError> {
        if let Some((time, runtime)) = self.after {
            runtime.sleep(time).await;
        }
        let cause = Cause::from(Scripted);
        match self.what {
            What::Refused => Err(TransportError::Unreachable(cause)),
            What::Untrusted(why) => Err(TransportError::Untrusted { why, cause }),
            What::TimedOut => Err(TransportError::TimedOut(cause)),
            What::Broken => Err(TransportError::Broken(cause)),
            What::Silence => pending().await,
            What::Answer(status, _, body) if status.is_success() && body.len() > max => {
                Err(TransportError::TooLong { max })
            }
            What::Answer(status, headers, mut body) => {
                body.truncate(max);
                Ok(Happened::Made(HttpAnswer { status, headers, body }))
            }
            what => Ok(Happened::To(what)),
        }
    }
}

/// A scripted failure's cause, so that a log shows where it came from.
#[derive(Debug, thiserror::Error)]
#[error("as the test's script says")]
pub(super) struct Scripted;

impl Scripted {
    pub(super) fn broken() -> TransportError {
        TransportError::Broken(Cause::from(Self))
    }
}
