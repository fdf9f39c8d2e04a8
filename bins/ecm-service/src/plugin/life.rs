//! One life of a plugin: greeting, calls and answers, and why it ended.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ecm_core::source::{SourceError, SourceFailure};
use ecm_protocol::codec::Frame;
use source_plugin::{
    CallId, Calls, Capability, Health, HealthState, Heard, Hello, LINE_LIMIT, Line, LineError,
    LineReader, LineTooLong, Manifest, PROTOCOL, Welcome, encode_call, encode_cancel, failure_of,
    read_line, read_result,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use zeroize::{Zeroize, Zeroizing};

use super::caller::{Abilities, Order, Owed, Told};
use super::launch::{Launch, Process, Streams};
use super::stderr::{LastWords, listen};

/// How long a plugin may take to end once its input has.
pub const LEAVE: Duration = Duration::from_secs(2);
/// How often it is looked whether the process has ended.
const EXIT_LOOK: Duration = Duration::from_millis(500);
/// Bytes read at once.
const PIECE: usize = 16 * 1024;

/// Why a life ended, or did not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LifeEnd {
    /// The program could not be started.
    #[error("it cannot be started: {0}")]
    NotStarted(#[source] io::Error),
    /// No answer to the greeting.
    #[error("it did not answer the greeting within {waited:?}")]
    Silent {
        /// How long was waited.
        waited: Duration,
    },
    /// The greeting was answered with an error.
    #[error("it refuses its settings or the service: {words}")]
    Refused {
        /// Its words.
        words: String,
    },
    /// The greeting was answered with something else.
    #[error("its greeting is wrong: {what}")]
    Greeting {
        /// What is wrong.
        what: String,
    },
    /// It said something that no plugin may say.
    #[error("it wrote a line to standard output that is no answer: {0}")]
    Spoke(#[source] LineError),
    /// It wrote without end.
    #[error(transparent)]
    TooLong(#[from] LineTooLong),
    /// It answered again and again what nobody asked.
    #[error("it keeps answering what was not asked, or answering again")]
    Lies,
    /// Its standard output ended.
    #[error("it ended: {how}")]
    Ended {
        /// Exit status, or how it was ended.
        how: String,
    },
    /// It does not read what is written to it.
    #[error("it does not read its standard input")]
    Deaf,
    /// It does not answer when asked how it is.
    #[error("it hangs: a question about its health stays unanswered")]
    Hangs,
    /// The service stops.
    #[error("the service ended it")]
    Stopped,
}

/// What a plugin is greeted with.
pub struct Introduction {
    /// The greeting.
    pub hello: Arc<Hello>,
    /// What it said of itself beforehand.
    pub manifest: Manifest,
}

/// How long a plugin is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// For the answer to the greeting.
    pub greeting: Duration,
    /// For the answer to a call.
    pub call: Duration,
    /// For it to read what is written to it.
    pub write: Duration,
    /// Between two questions about its health.
    pub look: Duration,
}

impl Pace {
    /// The usual pace, with so long for a call.
    #[must_use]
    pub fn with_calls_of(call: Duration) -> Self {
        let tens = Duration::from_secs(10);
        Self { greeting: tens, call, write: tens, look: Duration::from_secs(30) }
    }
}

/// A plugin that runs.
pub struct Life {
    process: Process,
    reader: Reader,
    frames: UnboundedSender<Frame>,
    writer: JoinHandle<()>,
    deaf: oneshot::Receiver<()>,
    calls: Calls,
    last_words: LastWords,
    listener: JoinHandle<()>,
}

struct Reader {
    stdout: ChildStdout,
    lines: LineReader,
    piece: Zeroizing<Vec<u8>>,
}

impl Reader {
    /// The next line; `None` when there are no more. Dropping the future loses nothing.
    async fn line(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, LineTooLong> {
        loop {
            if let Some(line) = self.lines.poll_line()? {
                return Ok(Some(line));
            }
            match self.stdout.read(&mut self.piece).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(count) => {
                    let came = self.piece.get_mut(..count).unwrap_or_default();
                    self.lines.handle_bytes(came);
                    came.zeroize();
                }
            }
        }
    }
}

enum Happened {
    Told(Option<Told>),
    Line(Result<Option<Zeroizing<Vec<u8>>>, LineTooLong>),
    Deaf,
    /// The process is over, though something it has started may still hold its output open.
    Exited,
    Look,
    Stop,
}

impl Life {
    /// Starts the process; it is greeted next.
    ///
    /// # Errors
    ///
    /// [`LifeEnd::NotStarted`].
    pub fn begin(vault: &str, launch: &Launch, write_within: Duration) -> Result<Self, LifeEnd> {
        let (process, streams) = Process::start(launch).map_err(LifeEnd::NotStarted)?;
        let Streams { stdin, stdout, stderr } = streams;
        let (frames, to_write) = mpsc::unbounded_channel();
        let (tell_deaf, deaf) = oneshot::channel();
        let last_words = LastWords::default();
        Ok(Self {
            process,
            reader: Reader {
                stdout,
                lines: LineReader::new(LINE_LIMIT),
                piece: Zeroizing::new(vec![0; PIECE]),
            },
            frames,
            writer: tokio::spawn(write(stdin, to_write, write_within, tell_deaf)),
            deaf,
            calls: Calls::new(),
            listener: tokio::spawn(listen(vault.to_owned(), stderr, last_words.clone())),
            last_words,
        })
    }

    /// What the plugin wrote to standard error last.
    #[must_use]
    pub fn last_words(&self) -> LastWords {
        self.last_words.clone()
    }

    /// Greets the plugin.
    ///
    /// # Errors
    ///
    /// Why it cannot serve; end it then.
    pub async fn greet(
        &mut self,
        with: &Introduction,
        waited: Duration,
    ) -> Result<Abilities, LifeEnd> {
        let id = self.calls.begin(0);
        self.write(encode_call(id, &*with.hello));
        let answer = timeout(waited, self.reader.line()).await;
        let answer = answer.map_err(|_| LifeEnd::Silent { waited })??;
        let Some(line) = answer else {
            return Err(LifeEnd::Ended { how: "at its greeting".to_owned() });
        };
        let line = read_line(&line).map_err(LifeEnd::Spoke)?;
        let wrong = |what: &str| LifeEnd::Greeting { what: what.to_owned() };
        if self.calls.hear(&line) != Heard::Answer(id) {
            return Err(wrong("its first line answers something else"));
        }
        let welcome: Welcome = match line {
            Line::Result { result, .. } => read_result(result)
                .map_err(|error| LifeEnd::Greeting { what: error.to_string() })?,
            Line::Failure { error, .. } => {
                let words = match failure_of(error) {
                    Ok(failure) => failure.message,
                    Err(error) => error.to_string(),
                };
                return Err(LifeEnd::Refused { words });
            }
            Line::Partial { .. } | Line::Unknown => return Err(wrong("not an answer")),
        };
        if welcome.protocol != PROTOCOL {
            return Err(wrong("it picks a version of the protocol that was not offered"));
        }
        if welcome.plugin.name != with.manifest.name {
            return Err(wrong("it calls itself by another name than its plugin.toml"));
        }
        let greeted = Capability::known(&welcome.capabilities);
        let both = greeted.into_iter().filter(|one| with.manifest.capabilities.contains(one));
        Ok(Abilities {
            version: source_plugin::words_for_a_log(&welcome.plugin.version),
            process: self.process.id(),
            capabilities: both.collect(),
        })
    }

    /// Serves until something ends it. Everybody who waits is told.
    pub(super) async fn serve(
        &mut self,
        orders: &mut UnboundedReceiver<Told>,
        stop: &mut watch::Receiver<bool>,
        pace: &Pace,
        mut healthy: impl FnMut(&HealthState),
    ) -> LifeEnd {
        let mut owed: BTreeMap<CallId, Owed> = BTreeMap::new();
        let mut look: Option<CallId> = None;
        let mut look_at = Instant::now() + pace.look;
        let end = loop {
            let happened = tokio::select! {
                // In this order: what was written before an end is read before the end is seen.
                biased;
                _ = stop.wait_for(|stop| *stop) => Happened::Stop,
                told = orders.recv() => Happened::Told(told),
                _ = &mut self.deaf => Happened::Deaf,
                () = sleep_until(look_at) => Happened::Look,
                line = self.reader.line() => Happened::Line(line),
                () = self.process.exited(EXIT_LOOK) => Happened::Exited,
            };
            match happened {
                Happened::Told(Some(Told::Order(order))) => self.place(order, &mut owed),
                Happened::Told(Some(Told::SomebodyLeft)) => self.sweep(&mut owed),
                Happened::Told(None) | Happened::Stop => break LifeEnd::Stopped,
                Happened::Line(Ok(Some(line))) => match self.heard(line, &mut owed, look) {
                    Ok(None) => {}
                    Ok(Some(health)) => {
                        look = None;
                        look_at = Instant::now() + pace.look;
                        healthy(&health);
                    }
                    Err(end) => break end,
                },
                Happened::Line(Ok(None)) => break LifeEnd::Ended { how: String::new() },
                Happened::Line(Err(error)) => break error.into(),
                Happened::Exited => break LifeEnd::Ended { how: String::new() },
                Happened::Deaf => break LifeEnd::Deaf,
                Happened::Look if look.is_some() => break LifeEnd::Hangs,
                Happened::Look => {
                    let id = self.calls.begin(0);
                    let deadline_ms = u64::try_from(pace.call.as_millis()).unwrap_or(u64::MAX);
                    self.write(encode_call(id, &Health { deadline_ms }));
                    look = Some(id);
                    look_at = Instant::now() + pace.call;
                }
            }
        };
        for (_, owed) in owed {
            let words = format!("the plugin ended while it was asked: {end}");
            let _ = owed.reply.send(Err(SourceError::new(SourceFailure::Unreachable, words)));
        }
        end
    }

    /// Ends the process. Answers how it went, in words.
    pub async fn end(self) -> String {
        // The writer owns the plugin's input; with it, the input ends.
        drop(self.frames);
        self.writer.abort();
        let how = self.process.end(LEAVE).await;
        // What was written before the end is still read, unless somebody else holds the pipe.
        let _ = timeout(Duration::from_millis(200), self.listener).await;
        how
    }

    fn write(&self, frame: Frame) {
        // When the writer has gone, `deaf` tells.
        let _ = self.frames.send(frame);
    }

    fn place(&mut self, order: Order, owed: &mut BTreeMap<CallId, Owed>) {
        if order.owed.reply.is_closed() {
            return;
        }
        let id = self.calls.begin(order.parts);
        self.write((order.encode)(id));
        owed.insert(id, order.owed);
    }

    /// Takes back the calls nobody waits for. One that changes something keeps its place until it
    /// is answered: the plugin still works on it.
    fn sweep(&mut self, owed: &mut BTreeMap<CallId, Owed>) {
        let (calls, frames) = (&mut self.calls, &self.frames);
        owed.retain(|id, owed| {
            let is_left = owed.reply.is_closed() && !owed.changes;
            if is_left {
                calls.cancel(*id);
                // When the writer has gone, `deaf` tells.
                let _ = frames.send(encode_cancel(*id));
            }
            !is_left
        });
    }

    fn heard(
        &mut self,
        line: Zeroizing<Vec<u8>>,
        owed: &mut BTreeMap<CallId, Owed>,
        look: Option<CallId>,
    ) -> Result<Option<HealthState>, LifeEnd> {
        let read = read_line(&line).map_err(LifeEnd::Spoke)?;
        match self.calls.hear(&read) {
            Heard::Answer(id) if Some(id) == look => Ok(Some(health_of(&read))),
            Heard::Answer(id) => {
                drop(read);
                if let Some(owed) = owed.remove(&id) {
                    // Whoever asked may just have left.
                    let _ = owed.reply.send(Ok(line));
                }
                Ok(None)
            }
            Heard::Part(id) => {
                let parts_to = owed.get(&id).and_then(|owed| owed.parts_to.as_ref());
                if let (Line::Partial { batch, .. }, Some(parts_to)) = (read, parts_to) {
                    let _ = parts_to.send(*batch);
                }
                Ok(None)
            }
            Heard::Late | Heard::Unknown | Heard::Stray => Ok(None),
            Heard::TooManyStrays => Err(LifeEnd::Lies),
        }
    }
}

fn health_of(line: &Line<'_>) -> HealthState {
    let said = match line {
        Line::Result { result, .. } => read_result(result).map_err(|error| error.to_string()),
        Line::Failure { error, .. } => match failure_of(error) {
            Ok(failure) => Err(failure.message),
            Err(error) => Err(error.to_string()),
        },
        Line::Partial { .. } | Line::Unknown => Err("no answer".to_owned()),
    };
    said.unwrap_or_else(|words| HealthState::Down { detail: Some(words) })
}

/// Writes what there is to write, in order, until nobody wants to write any more.
async fn write(
    mut stdin: ChildStdin,
    mut frames: UnboundedReceiver<Frame>,
    within: Duration,
    tell_deaf: oneshot::Sender<()>,
) {
    while let Some(frame) = frames.recv().await {
        let writing = async {
            stdin.write_all(frame.bytes()).await?;
            stdin.write_all(b"\n").await?;
            stdin.flush().await
        };
        if !matches!(timeout(within, writing).await, Ok(Ok(()))) {
            let _ = tell_deaf.send(());
            return;
        }
    }
    // Kept alive without a word until here: dropping it would say "deaf".
    drop(tell_deaf);
}
