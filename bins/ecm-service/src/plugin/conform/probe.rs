//! Talking to a plugin one call at a time, and noting everything it says.

use std::collections::BTreeMap;
use std::time::Duration;

use ecm_core::source::SourceError;
use ecm_protocol::codec::{Frame, encode_whole};
use secrecy::{ExposeSecret, SecretSlice};
use serde_json::{Value, json};
use source_plugin::{
    Ask, Batch, CallId, Calls, Heard, LINE_LIMIT, Line, LineReader, encode_call, encode_cancel,
    failure_of, read_line, read_result,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::super::launch::{Launch, Process, Streams};
use super::super::life::LEAVE;
use super::super::stderr::{LastWords, listen};

/// How long a call of the conformance test may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A plugin under test.
pub(super) struct Probe {
    process: Process,
    stdin: ChildStdin,
    stdout: ChildStdout,
    lines: LineReader,
    calls: Calls,
    /// Answers that came before they were waited for.
    early: BTreeMap<CallId, Zeroizing<Vec<u8>>>,
    listener: JoinHandle<()>,
    pub(super) last_words: LastWords,
    /// Lines that answered nothing.
    pub(super) strays: usize,
}

/// What a call came to: an answer, or the plugin's own failure. `Err` around it: no answer at all.
pub(super) type Outcome<T> = Result<Result<T, SourceError>, String>;

impl Probe {
    pub(super) fn start(launch: &Launch) -> Result<Self, String> {
        let (process, streams) = Process::start(launch).map_err(|error| error.to_string())?;
        let Streams { stdin, stdout, stderr } = streams;
        let last_words = LastWords::default();
        Ok(Self {
            process,
            stdin,
            stdout,
            lines: LineReader::new(LINE_LIMIT),
            calls: Calls::new(),
            early: BTreeMap::new(),
            listener: tokio::spawn(listen("conform".to_owned(), stderr, last_words.clone())),
            last_words,
            strays: 0,
        })
    }

    pub(super) fn deadline_ms() -> u64 {
        u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX)
    }

    /// Asks and waits for the answer.
    pub(super) async fn ask<A: Ask>(&mut self, ask: &A) -> Outcome<A::Answer> {
        let id = self.begin(ask, 0).await?;
        Ok(self.answer::<A>(id).await?.1)
    }

    /// Writes a call and does not wait.
    pub(super) async fn begin<A: Ask>(&mut self, ask: &A, parts: usize) -> Result<CallId, String> {
        let id = self.calls.begin(parts);
        self.write(&encode_call(id, ask)).await?;
        Ok(id)
    }

    /// Says that nobody waits for a call.
    pub(super) async fn cancel(&mut self, id: CallId) -> Result<(), String> {
        self.calls.cancel(id);
        self.write(&encode_cancel(id)).await
    }

    /// Calls a method that is in no protocol; `true` when it is refused.
    pub(super) async fn ask_nonsense(&mut self) -> Result<bool, String> {
        let id = self.calls.begin(0);
        let number: Value = json!(id);
        let call = json!({"jsonrpc": "2.0", "id": number, "method": "teleport", "params": {}});
        self.write(&encode_whole(&call)).await?;
        let line = self.wait_for(id, &mut Vec::new()).await?;
        Ok(matches!(read_line(&line), Ok(Line::Failure { .. })))
    }

    /// Waits for the answer to a call, and collects its parts.
    pub(super) async fn answer<A: Ask>(
        &mut self,
        id: CallId,
    ) -> Result<(Vec<Batch>, Result<A::Answer, SourceError>), String> {
        let mut parts = Vec::new();
        let line = self.wait_for(id, &mut parts).await?;
        let answer = match read_line(&line).map_err(|error| error.to_string())? {
            Line::Result { result, .. } => {
                Ok(read_result(result).map_err(|error| error.to_string())?)
            }
            Line::Failure { error, .. } => {
                Err(failure_of(error).map_err(|error| error.to_string())?)
            }
            Line::Partial { .. } | Line::Unknown => return Err("not an answer".to_owned()),
        };
        Ok((parts, answer))
    }

    async fn wait_for(
        &mut self,
        wanted: CallId,
        parts: &mut Vec<Batch>,
    ) -> Result<Zeroizing<Vec<u8>>, String> {
        if let Some(line) = self.early.remove(&wanted) {
            return Ok(line);
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let line = timeout_at(until, self.line()).await;
            let line = line.map_err(|_| format!("no answer within {PATIENCE:?}"))??;
            let read = read_line(&line).map_err(|error| error.to_string())?;
            match self.calls.hear(&read) {
                Heard::Answer(id) if id == wanted => {
                    drop(read);
                    return Ok(line);
                }
                Heard::Part(id) if id == wanted => {
                    if let Line::Partial { batch, .. } = read {
                        parts.push(*batch);
                    }
                }
                Heard::Answer(id) => {
                    drop(read);
                    self.early.insert(id, line);
                }
                Heard::Part(_) | Heard::Late | Heard::Unknown => {}
                Heard::Stray => self.strays += 1,
                Heard::TooManyStrays => return Err("it keeps answering what was not asked".into()),
            }
        }
    }

    async fn line(&mut self) -> Result<Zeroizing<Vec<u8>>, String> {
        let mut piece = Zeroizing::new(vec![0; 16 * 1024]);
        loop {
            if let Some(line) = self.lines.poll_line().map_err(|error| error.to_string())? {
                return Ok(line);
            }
            match self.stdout.read(&mut piece).await {
                Ok(0) => return Err("it ended".to_owned()),
                Ok(count) => self.lines.handle_bytes(piece.get(..count).unwrap_or_default()),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    async fn write(&mut self, frame: &Frame) -> Result<(), String> {
        let writing = async {
            self.stdin.write_all(frame.bytes()).await?;
            self.stdin.write_all(b"\n").await?;
            self.stdin.flush().await
        };
        match timeout_at(Instant::now() + PATIENCE, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("it cannot be written to: {error}")),
            Err(_) => Err("it does not read its standard input".to_owned()),
        }
    }

    /// Ends its input. Whether it ends by itself, and which of these secrets it has written to
    /// standard error.
    pub(super) async fn end(self, secrets: &[SecretSlice<u8>]) -> (bool, bool) {
        let Self { process, stdin, stdout, listener, last_words, .. } = self;
        drop((stdin, stdout));
        let ended_alone = process.end(LEAVE).await != "it was killed";
        let _ = tokio::time::timeout(Duration::from_millis(500), listener).await;
        let said = last_words.lines().join("\n");
        let told = secrets.iter().any(|secret| {
            let text = std::str::from_utf8(secret.expose_secret()).unwrap_or_default();
            text.lines().any(|line| line.len() >= 4 && said.contains(line))
        });
        (ended_alone, told)
    }
}
