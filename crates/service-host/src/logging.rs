//! Log lines: where they go, how they look, and levels that change while the service runs.
//!
//! Libraries emit `tracing` events; only this file listens. Events of other people's crates are
//! never let through below `warn`: at `debug` and `trace` network libraries write what they carry,
//! and what they carry here are secrets.

use std::fmt;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterFn, Filtered, Targets};
use tracing_subscriber::layer::{Layered, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people; coloured on a terminal unless `NO_COLOR` is set.
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

/// How a service logs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogConfig {
    /// How lines look.
    pub format: LogFormat,
    /// What is written.
    pub level: Level,
}

/// What is written: a level for our own crates, and exceptions for parts of them.
///
/// ```
/// use service_host::logging::Level;
///
/// let level = Level::parse("info, ecm_service::site_link=trace")?;
/// assert_eq!(level.to_string(), "info,ecm_service::site_link=trace");
/// assert!(Level::parse("h2=trace").is_err());
/// # Ok::<(), service_host::logging::LevelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    default: LevelFilter,
    exceptions: Vec<(String, LevelFilter)>,
}

impl Default for Level {
    fn default() -> Self {
        Self { default: LevelFilter::INFO, exceptions: Vec::new() }
    }
}

/// Why a text is not a level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LevelError {
    /// A word that is no level.
    #[error("`{word}` is no log level")]
    NoLevel {
        /// The word.
        word: String,
    },
    /// A part of the program that is not ours, whose debug lines could hold secrets.
    #[error("`{target}` is no part of this program; only {} can be named", OUR_CRATES.join(", "))]
    Foreign {
        /// The part that was named.
        target: String,
    },
    /// More exceptions than anybody needs.
    #[error("more than {MAX_EXCEPTIONS} directives")]
    TooMany,
}

/// The crates whose events obey the level: those of this workspace that run in a service.
const OUR_CRATES: [&str; 9] = [
    "ecm_service",
    "ecm_core",
    "ecm_protocol",
    "user_mapping",
    "ps_client",
    "site_api",
    "vsc_agent",
    "vsc_core",
    "service_host",
];
const MAX_EXCEPTIONS: usize = 32;

impl Level {
    /// Reads `error` … `trace`, `off`, or directives such as `info,ecm_core=debug`.
    ///
    /// # Errors
    ///
    /// See [`LevelError`].
    pub fn parse(text: &str) -> Result<Self, LevelError> {
        let mut level = Self::default();
        for directive in text.split(',').map(str::trim) {
            match directive.split_once('=') {
                None => level.default = read_word(directive)?,
                Some((target, word)) => {
                    let target = target.trim();
                    let ours = OUR_CRATES.iter().any(|name| {
                        target
                            .strip_prefix(name)
                            .is_some_and(|r| r.is_empty() || r.starts_with("::"))
                    });
                    if !ours {
                        return Err(LevelError::Foreign { target: shorten(target) });
                    }
                    if level.exceptions.len() >= MAX_EXCEPTIONS {
                        return Err(LevelError::TooMany);
                    }
                    level.exceptions.push((target.to_owned(), read_word(word.trim())?));
                }
            }
        }
        Ok(level)
    }

    fn filter(&self) -> Targets {
        Targets::new()
            .with_default(self.default.min(LevelFilter::WARN))
            .with_targets(OUR_CRATES.map(|name| (name, self.default)))
            .with_targets(self.exceptions.iter().map(|(target, level)| (target.clone(), *level)))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.default)?;
        for (target, level) in &self.exceptions {
            write!(f, ",{target}={level}")?;
        }
        Ok(())
    }
}

fn read_word(word: &str) -> Result<LevelFilter, LevelError> {
    match word.to_ascii_lowercase().as_str() {
        "off" => Ok(LevelFilter::OFF),
        "error" => Ok(LevelFilter::ERROR),
        "warn" | "warning" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        "trace" => Ok(LevelFilter::TRACE),
        _ => Err(LevelError::NoLevel { word: shorten(word) }),
    }
}

fn shorten(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// Changes what is written while the service runs.
#[derive(Clone)]
pub struct LogControl {
    filter: reload::Handle<Targets, Base>,
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for LogControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogControl").field("state", &self.state).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct State {
    /// What holds when no change for a time is in force.
    usual: Level,
    current: Level,
    /// Counts changes, so that the end of an older "for 15m" does not undo a newer change.
    change: u64,
}

impl LogControl {
    /// The level in force.
    #[must_use]
    pub fn level(&self) -> Level {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).current.clone()
    }

    /// Sets the level; with `duration`, the usual one comes back by itself after that time.
    ///
    /// Must be called within a tokio runtime when `duration` is given.
    pub fn set(&self, level: Level, duration: Option<Duration>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.change += 1;
        if duration.is_none() {
            state.usual = level.clone();
        }
        self.put(&mut state, level);
        if let Some(duration) = duration {
            let (control, change) = (self.clone(), state.change);
            tokio::spawn(async move {
                tokio::time::sleep(duration).await;
                control.end(change);
            });
        }
    }

    fn end(&self, change: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.change == change {
            let usual = state.usual.clone();
            self.put(&mut state, usual);
        }
    }

    fn put(&self, state: &mut State, level: Level) {
        // Fails only when the subscriber is gone, that is at the very end of the program.
        let _ = self.filter.reload(level.filter());
        state.current = level;
    }
}

/// Somebody else who follows spans, such as an exporter of traces.
pub type SpanLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// What is below the log: the spans, and whoever else follows them.
type Base = Layered<Filtered<Option<SpanLayer>, FilterFn, Registry>, Registry>;

/// Our own spans, as the log has them at `debug`, and no events.
fn our_spans() -> FilterFn {
    FilterFn::new(|metadata| {
        metadata.is_span()
            && *metadata.level() <= tracing::Level::DEBUG
            && OUR_CRATES.iter().any(|name| {
                let rest = metadata.target().strip_prefix(name);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            })
    })
}

/// Builds the subscriber that writes to `writer`, and the handle that changes its level.
pub fn subscriber<W>(
    config: &LogConfig,
    colours: bool,
    writer: W,
    spans: Option<SpanLayer>,
) -> (impl tracing::Subscriber + Send + Sync + 'static, LogControl)
where
    W: for<'w> tracing_subscriber::fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(config.level.filter());
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = match config.format {
        LogFormat::Human => lines.with_ansi(colours).boxed(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
        }
    };
    let state = State { usual: config.level.clone(), current: config.level.clone(), change: 0 };
    let control = LogControl { filter: handle, state: Arc::new(Mutex::new(state)) };
    let base = tracing_subscriber::registry().with(spans.with_filter(our_spans()));
    (base.with(lines.with_filter(filter)), control)
}

/// Starts logging to stderr for the whole process.
///
/// # Errors
///
/// When logging was started before.
pub fn start(config: &LogConfig) -> Result<LogControl, tracing_subscriber::util::TryInitError> {
    start_with(config, None)
}

/// The same, with somebody else who follows the spans of this program.
///
/// # Errors
///
/// When logging was started before.
pub fn start_with(
    config: &LogConfig,
    spans: Option<SpanLayer>,
) -> Result<LogControl, tracing_subscriber::util::TryInitError> {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colours = std::io::stderr().is_terminal() && !no_color;
    let (subscriber, control) = subscriber(config, colours, std::io::stderr, spans);
    subscriber.try_init()?;
    Ok(control)
}
