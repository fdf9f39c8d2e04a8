//! Who shares which reader: one session at a time has a reader, and gives it back by dropping.

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::reader_watch::{CardState, Reader, Readers};
use crate::control::{Refusal, RefusalKind};
use crate::status::{CardIs, ReaderStatus, Sharing, hex};

/// The readers of this desk.
#[derive(Debug)]
pub struct Desk {
    /// What PC/SC shows.
    pub readers: watch::Receiver<Readers>,
    shared: Mutex<HashMap<CString, u32>>,
    questions: AtomicU64,
}

impl Desk {
    /// A desk of which nothing is shared.
    #[must_use]
    pub fn new(readers: watch::Receiver<Readers>) -> Arc<Self> {
        Arc::new(Self { readers, shared: Mutex::default(), questions: AtomicU64::new(1) })
    }

    /// Gives a reader to a session, until the answer is dropped.
    ///
    /// # Errors
    ///
    /// [`RefusalKind::AlreadyShared`].
    pub fn lend(self: &Arc<Self>, reader: CString, session: u32) -> Result<Lent, Refusal> {
        let mut shared = self.shared();
        if let Some(other) = shared.get(&reader) {
            let name = reader.to_string_lossy();
            let reason = if *other == session {
                format!("{name} is shared in session {session} already")
            } else {
                format!("{name} is shared in session {other}; unshare it there first")
            };
            return Err(Refusal::new(RefusalKind::AlreadyShared, reason));
        }
        shared.insert(reader.clone(), session);
        Ok(Lent { desk: Arc::clone(self), reader })
    }

    /// A number for a question to the person at this desk; never given twice.
    #[must_use]
    pub fn next_question(&self) -> u64 {
        self.questions.fetch_add(1, Ordering::Relaxed)
    }

    /// The session that has this reader.
    #[must_use]
    pub fn session_of(&self, reader: &CStr) -> Option<u32> {
        self.shared().get(reader).copied()
    }

    /// The shared readers.
    #[must_use]
    pub fn all_shared(&self) -> Vec<CString> {
        self.shared().keys().cloned().collect()
    }

    /// The one reader that `text` means: its whole name, or a part that no other has.
    ///
    /// # Errors
    ///
    /// [`RefusalKind::NoReader`], [`RefusalKind::WhichReader`].
    pub fn find(&self, text: &str) -> Result<CString, Refusal> {
        let readers = self.readers.borrow();
        let mut names: Vec<_> = readers.list().iter().map(|reader| reader.name.clone()).collect();
        names.extend(self.all_shared());
        names.sort();
        names.dedup();
        if let Readers::NoService(reason) = &*readers
            && names.is_empty()
        {
            return Err(Refusal::new(RefusalKind::NoReader, reason));
        }
        which(text, &names)
    }

    /// All readers, as seen from `session`.
    #[must_use]
    pub fn list(&self, session: Option<u32>) -> (Vec<ReaderStatus>, Option<String>) {
        let readers = self.readers.borrow();
        let shared = self.shared();
        let problem = match &*readers {
            Readers::Seen(_) => None,
            Readers::NoService(reason) => Some(reason.clone()),
        };
        let list = readers.list().iter().map(|reader| {
            let by = shared.get(&reader.name).copied();
            status_of(reader, by, session)
        });
        (list.collect(), problem)
    }

    fn shared(&self) -> MutexGuard<'_, HashMap<CString, u32>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reader's line. `by` is the session that it is shared in.
#[must_use]
pub fn status_of(reader: &Reader, by: Option<u32>, session: Option<u32>) -> ReaderStatus {
    let (card, atr) = match reader.card {
        CardState::Absent => (CardIs::Absent, None),
        CardState::Present(atr) => (CardIs::Present, Some(hex(&atr))),
        CardState::Mute => (CardIs::Mute, None),
        CardState::Unknown => (CardIs::Unknown, None),
    };
    let sharing = match by {
        Some(by) if session.is_none_or(|session| session == by) => Sharing::Here,
        Some(_) => Sharing::Elsewhere,
        None if reader.held => Sharing::Elsewhere,
        None => Sharing::None,
    };
    ReaderStatus { name: reader.display_name(), card, atr, sharing, session: by }
}

fn which(text: &str, names: &[CString]) -> Result<CString, Refusal> {
    if let Some(name) = names.iter().find(|name| name.to_string_lossy() == text) {
        return Ok(name.clone());
    }
    let wanted = text.to_lowercase();
    let meant: Vec<_> = names
        .iter()
        .filter(|name| name.to_string_lossy().to_lowercase().contains(&wanted))
        .collect();
    let listed = |names: &[&CString]| {
        let names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
        names.join("\", \"")
    };
    match meant[..] {
        [one] => Ok(one.clone()),
        [] if names.is_empty() => {
            Err(Refusal::new(RefusalKind::NoReader, "there is no reader; connect one"))
        }
        [] => {
            let all: Vec<_> = names.iter().collect();
            let reason =
                format!("no reader's name holds \"{text}\"; there is \"{}\"", listed(&all));
            Err(Refusal::new(RefusalKind::NoReader, reason))
        }
        _ => {
            let reason = format!(
                "\"{text}\" is in several names: \"{}\"; say more of the one you mean",
                listed(&meant)
            );
            Err(Refusal::new(RefusalKind::WhichReader, reason))
        }
    }
}

/// A reader while a session has it.
#[derive(Debug)]
pub struct Lent {
    desk: Arc<Desk>,
    reader: CString,
}

impl Lent {
    /// Which reader.
    #[must_use]
    pub fn reader(&self) -> &CStr {
        &self.reader
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.desk.shared().remove(&self.reader);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<CString> {
        names.iter().map(|name| CString::new(*name).unwrap()).collect()
    }

    #[test]
    fn a_reader_is_named_in_full_or_by_a_part_that_no_other_has() {
        let there = names(&["ACME Reader 00 00", "ACME Reader 00 01", "Other"]);
        for (text, meant) in [
            ("ACME Reader 00 01", Ok("ACME Reader 00 01")),
            ("other", Ok("Other")),
            ("01", Ok("ACME Reader 00 01")),
            ("acme", Err(RefusalKind::WhichReader)),
            ("", Err(RefusalKind::WhichReader)),
            ("Omnikey", Err(RefusalKind::NoReader)),
        ] {
            let found = which(text, &there).map(|name| name.to_string_lossy().into_owned());
            assert_eq!(found.map_err(|refusal| refusal.kind), meant.map(str::to_owned), "{text}");
        }
        let one = names(&["Reader", "Reader 2"]);
        assert_eq!(which("Reader", &one).unwrap(), one[0], "a whole name beats a part of another");
    }

    #[test]
    fn a_reader_belongs_to_one_session_until_it_is_given_back() {
        let (_keep, readers) = watch::channel(Readers::Seen(Vec::new()));
        let desk = Desk::new(readers);
        let reader = CString::new("R").unwrap();
        let lent = desk.lend(reader.clone(), 1).unwrap();
        let refused = desk.lend(reader.clone(), 2).unwrap_err();
        assert_eq!(refused.kind, RefusalKind::AlreadyShared);
        assert!(refused.reason.contains("session 1"), "{refused}");
        drop(lent);
        assert!(desk.lend(reader, 2).is_ok());
    }
}
