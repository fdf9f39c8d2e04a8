//! Levels that change while the program runs, and what is never let through.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use service_host::logging::{Level, LogConfig, LogFormat, subscriber};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Paper {
    type Writer = Self;
    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

fn speak() {
    tracing::info!(target: "ecm_core::broker", "at info");
    tracing::debug!(target: "ecm_core::broker", "at debug");
    tracing::debug!(target: "h2::frame", "foreign debug");
    tracing::warn!(target: "h2::frame", "foreign warning");
}

#[tokio::test(start_paused = true)]
async fn level_changes_without_restart_and_comes_back_by_itself() {
    let paper = Paper::default();
    let (subscriber, control) = subscriber(&LogConfig::default(), false, paper.clone(), None);
    let _guard = tracing::subscriber::set_default(subscriber);
    speak();
    let first = paper.take();
    assert!(first.contains("at info") && !first.contains("at debug"), "{first}");

    control.set(Level::parse("debug").unwrap(), Some(Duration::from_secs(900)));
    speak();
    let louder = paper.take();
    assert!(louder.contains("at debug") && louder.contains("foreign warning"), "{louder}");
    assert!(!louder.contains("foreign debug"), "foreign crates write what they carry: {louder}");

    // A newer change outlives the end of an older one.
    control.set(Level::parse("trace").unwrap(), Some(Duration::from_secs(1800)));
    tokio::time::sleep(Duration::from_secs(901)).await;
    assert_eq!(control.level().to_string(), "trace");
    tokio::time::sleep(Duration::from_secs(900)).await;
    assert_eq!(control.level().to_string(), "info");
    speak();
    assert!(!paper.take().contains("at debug"));
}

#[test]
fn json_lines_carry_the_span_of_their_question() {
    let paper = Paper::default();
    let config = LogConfig { format: LogFormat::Json, level: Level::default() };
    let (subscriber, _control) = subscriber(&config, false, paper.clone(), None);
    tracing::subscriber::with_default(subscriber, || {
        let _span =
            tracing::info_span!(target: "ecm_service", "question", "ref" = "K7Q-4MX").entered();
        tracing::info!(target: "ecm_service", outcome = "offered", "question answered");
    });
    let line: serde_json::Value = serde_json::from_str(&paper.take()).unwrap();
    assert_eq!(line["span"]["ref"], "K7Q-4MX");
    assert_eq!(line["outcome"], "offered");
    assert_eq!(line["level"], "INFO");
}
