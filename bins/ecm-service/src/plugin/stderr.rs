//! What a plugin writes to standard error: logged line by line, and its end kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;

/// Longest line that is logged; the rest is dropped.
const LINE: usize = 1024;
/// Lines logged in one second.
const LINES_A_SECOND: u32 = 50;
/// Lines kept to tell why a plugin died.
const KEPT: usize = 5;

/// The last lines; cheap to share.
#[derive(Debug, Clone, Default)]
pub struct LastWords(Arc<Mutex<VecDeque<String>>>);

impl LastWords {
    /// The last lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn keep(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }
}

/// Reads until the stream ends. Lines are logged at `debug` and never above it: a plugin is told
/// to write no secrets there, and nobody can make it obey.
pub async fn listen<R: AsyncRead + Unpin>(vault: String, mut stream: R, last: LastWords) {
    let mut piece = [0; 4096];
    let mut line = Vec::with_capacity(LINE);
    let mut cut = false;
    let mut pace = Pace::new(Instant::now());
    loop {
        let count = match stream.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        for byte in piece.get(..count).unwrap_or_default() {
            if *byte == b'\n' {
                tell(&vault, &line, cut, &last, &mut pace);
                line.clear();
                cut = false;
            } else if line.len() < LINE {
                line.push(*byte);
            } else {
                cut = true;
            }
        }
    }
    if !line.is_empty() {
        tell(&vault, &line, cut, &last, &mut pace);
    }
}

fn tell(vault: &str, line: &[u8], cut: bool, last: &LastWords, pace: &mut Pace) {
    let text = String::from_utf8_lossy(line);
    let mut text = source_plugin::words_for_a_log(&text);
    if cut {
        text.push('…');
    }
    if text.is_empty() {
        return;
    }
    last.keep(&text);
    match pace.step(Instant::now()) {
        Step::Tell { dropped: 0 } => tracing::debug!(vault, "plugin: {text}"),
        Step::Tell { dropped } => tracing::debug!(vault, dropped, "plugin: {text}"),
        Step::Drop => {}
    }
}

/// Lets so many lines a second through.
struct Pace {
    second: Instant,
    told: u32,
    dropped: u64,
}

enum Step {
    Tell { dropped: u64 },
    Drop,
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self { second: now, told: 0, dropped: 0 }
    }

    fn step(&mut self, now: Instant) -> Step {
        if now.duration_since(self.second) >= Duration::from_secs(1) {
            self.second = now;
            self.told = 0;
        }
        if self.told == LINES_A_SECOND {
            self.dropped += 1;
            return Step::Drop;
        }
        self.told += 1;
        Step::Tell { dropped: std::mem::take(&mut self.dropped) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_lines_are_kept_and_long_ones_cut() {
        let mut text: Vec<u8> = (0..100).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        text.extend([b'x'; 100_000]);
        text.extend(b"\nlast words without end");
        let last = LastWords::default();
        listen("v".to_owned(), text.as_slice(), last.clone()).await;
        let lines = last.lines();
        assert_eq!(lines.len(), KEPT);
        assert_eq!(lines[0], "line 97");
        assert!(lines[3].ends_with('…') && lines[3].len() < LINE);
        assert_eq!(lines[4], "last words without end");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_logged_at_a_bounded_pace() {
        let mut pace = Pace::new(Instant::now());
        let told = |pace: &mut Pace| {
            (0..1000).filter(|_| matches!(pace.step(Instant::now()), Step::Tell { .. })).count()
        };
        assert_eq!(told(&mut pace), 50);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(matches!(pace.step(Instant::now()), Step::Tell { dropped: 950 }));
        assert_eq!(told(&mut pace), 49);
    }
}
