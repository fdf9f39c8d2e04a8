//! The service's end of the control socket.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use service_host::control::endpoint::{Listener, Stream};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf};
use tokio::sync::Semaphore;

use super::{Refusal, RefusalKind, Reply, Request};

/// The longest request, in bytes.
const LONGEST_LINE: u64 = 16 * 1024;

/// How many callers are served at once; more wait. One that watches stays.
const CALLERS: usize = 32;

/// How long a caller may take to ask, and to take an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a service answers.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request: by what it returns, after as many lines as it sends itself.
    fn handle(
        &self,
        request: Request,
        answers: &mut Answers,
    ) -> impl Future<Output = Result<Option<Reply>, Refusal>> + Send;
}

/// Where the answers to one request go.
pub struct Answers {
    read: BufReader<ReadHalf<Stream>>,
    write: WriteHalf<Stream>,
    open: bool,
}

impl Answers {
    /// Sends one line; `false` when the asker is gone.
    pub async fn send(&mut self, reply: &Reply) -> bool {
        let mut line = match serde_json::to_vec(reply) {
            Ok(line) => zeroize::Zeroizing::new(line),
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written as JSON");
                self.open = false;
                return false;
            }
        };
        line.push(b'\n');
        let sent = tokio::time::timeout(PATIENCE, self.write.write_all(&line)).await;
        self.open &= matches!(sent, Ok(Ok(())));
        self.open
    }

    /// Resolves when the asker has hung up. What else it says meanwhile is not waited for, and
    /// ends the answers too.
    pub async fn asker_left(&mut self) {
        // Both are the end: a line in the midst of an answer is out of turn.
        let _ = self.read.fill_buf().await;
        self.open = false;
    }

    async fn next_request(&mut self) -> io::Result<Option<Result<Request, Refusal>>> {
        let mut line = zeroize::Zeroizing::new(Vec::with_capacity(256));
        let mut limited = (&mut self.read).take(LONGEST_LINE);
        let read = limited.read_until(b'\n', &mut line);
        if tokio::time::timeout(PATIENCE, read).await?? == 0 {
            return Ok(None);
        }
        let not_understood = |reason: String| {
            let reason = format!("{reason}; see the manual of the control socket");
            Err(Refusal::new(RefusalKind::NotUnderstood, reason))
        };
        if line.last() != Some(&b'\n') {
            self.open = false;
            let reason = format!("a request is one line of at most {LONGEST_LINE} bytes");
            return Ok(Some(not_understood(reason)));
        }
        Ok(Some(serde_json::from_slice(&line).or_else(|error| {
            // The words of the error could quote a code; its place does not.
            not_understood(format!("the request is wrong at column {}", error.column()))
        })))
    }
}

/// Serves callers for as long as it is polled.
pub async fn serve<H: Handler>(mut listener: Listener, handler: Arc<H>) {
    let callers = Arc::new(Semaphore::new(CALLERS));
    loop {
        let Ok(permit) = Arc::clone(&callers).acquire_owned().await else { return };
        match listener.accept().await {
            Ok(stream) => {
                let handler = Arc::clone(&handler);
                tokio::spawn(async move {
                    if let Err(error) = converse(stream, &*handler).await {
                        tracing::debug!(%error, "control socket: caller left");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: others need the processor more than we.
                tracing::warn!(%error, "control socket: cannot accept");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn converse<H: Handler>(stream: Stream, handler: &H) -> io::Result<()> {
    let (read, write) = tokio::io::split(stream);
    let mut answers = Answers { read: BufReader::new(read), write, open: true };
    while answers.open {
        let done = match answers.next_request().await? {
            None => break,
            Some(request) => match request {
                Ok(request) => handler.handle(request, &mut answers).await,
                Err(refusal) => Err(refusal),
            },
        };
        let last = done.unwrap_or_else(|refusal| Some(Reply::Refused(refusal)));
        if let Some(reply) = last {
            answers.send(&reply).await;
        }
    }
    Ok(())
}
