//! JSON in memory that is wiped, with no copy left behind.

use std::io;
use std::ops::Range;

use serde::Serialize;
use zeroize::Zeroizing;

use super::{Body, Value};

/// A text of JSON that grows by moving into a new buffer, so that the old one is wiped.
pub(crate) struct Json {
    bytes: Zeroizing<Vec<u8>>,
    secrets: Vec<Range<usize>>,
}

/// A finished text, and where in it secrets stand, quotes included.
pub(crate) struct Written {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    pub(crate) secrets: Vec<Range<usize>>,
}

/// The members of an object that is being written.
pub(crate) struct Members<'a> {
    json: &'a mut Json,
    is_first: bool,
}

impl Json {
    pub(crate) fn of(value: &impl Value) -> Written {
        let mut json = Self::new();
        value.write(&mut json);
        json.finish()
    }

    pub(crate) fn of_body(body: &impl Body) -> Written {
        Self::of_members(|members| body.members(members))
    }

    pub(crate) fn of_members(write: impl FnOnce(&mut Members<'_>)) -> Written {
        let mut json = Self::new();
        json.object(write);
        json.finish()
    }

    fn new() -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(512)), secrets: Vec::new() }
    }

    fn finish(self) -> Written {
        Written { bytes: self.bytes, secrets: self.secrets }
    }

    /// A text that is a secret.
    pub(crate) fn secret(&mut self, text: &str) {
        let start = self.bytes.len();
        self.scalar(text);
        self.secrets.push(start..self.bytes.len());
    }

    /// A text, number, truth value or nothing.
    pub(crate) fn scalar(&mut self, value: &(impl Serialize + ?Sized)) {
        // Writing those to memory cannot fail.
        let written = serde_json::to_writer(&mut *self, value);
        debug_assert!(written.is_ok(), "a scalar is JSON");
    }

    pub(crate) fn list<T: Value>(&mut self, items: &[T]) {
        self.append(b"[");
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.append(b",");
            }
            item.write(self);
        }
        self.append(b"]");
    }

    pub(crate) fn object(&mut self, write: impl FnOnce(&mut Members<'_>)) {
        self.append(b"{");
        write(&mut Members { json: self, is_first: true });
        self.append(b"}");
    }

    fn append(&mut self, bytes: &[u8]) {
        let needed = self.bytes.len() + bytes.len();
        if needed > self.bytes.capacity() {
            let larger = Vec::with_capacity(needed.max(2 * self.bytes.capacity()));
            let mut larger = Zeroizing::new(larger);
            larger.extend_from_slice(&self.bytes);
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(bytes);
    }
}

impl Members<'_> {
    /// One member, unless it is absent.
    pub(crate) fn put(&mut self, property: &'static str, value: &impl Value) {
        if value.is_absent() {
            return;
        }
        if !std::mem::take(&mut self.is_first) {
            self.json.append(b",");
        }
        self.json.scalar(property);
        self.json.append(b":");
        value.write(self.json);
    }
}

impl io::Write for Json {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
