//! Holds a whole JSON text against the limits of the protocol, before anything is made of it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

use super::FrameError;

/// Levels of nesting.
pub(super) const MAX_DEPTH: usize = 32;

/// Integers that every JSON reader keeps exactly (RFC 8259, 6): 53 bits.
const MAX_INTEGER: u64 = (1 << 53) - 1;

pub(super) fn check(text: &str) -> Result<(), FrameError> {
    if text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('[') {
        return Err(FrameError::Batch);
    }
    let mut finding = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let walked =
        Walk { depth: 0, finding: &mut finding }.deserialize(&mut json).and_then(|()| json.end());
    match (walked, finding) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(Finding::TooDeep)) => Err(FrameError::TooDeep { max: MAX_DEPTH }),
        (Err(_), Some(Finding::Integer)) => Err(FrameError::IntegerTooLarge),
        (Err(error), Some(Finding::Duplicate)) => {
            Err(FrameError::DuplicateMember { line: error.line(), column: error.column() })
        }
        (Err(error), None) => {
            Err(FrameError::NotJson { line: error.line(), column: error.column() })
        }
    }
}

/// What the walk stopped for; serde's error type cannot carry it.
enum Finding {
    TooDeep,
    Duplicate,
    Integer,
}

/// Visits every value and keeps none.
struct Walk<'a> {
    depth: usize,
    finding: &'a mut Option<Finding>,
}

impl Walk<'_> {
    fn stop<E: serde::de::Error>(self, finding: Finding) -> E {
        *self.finding = Some(finding);
        E::custom("limit")
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        if value > MAX_INTEGER { Err(self.stop(Finding::Integer)) } else { Ok(()) }
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.visit_u64(value.unsigned_abs())
    }

    /// serde_json also reads integers beyond 64 bits as this.
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        if value.fract() == 0.0 && value.abs() > 9_007_199_254_740_991.0 {
            return Err(self.stop(Finding::Integer));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.stop(Finding::TooDeep));
        }
        let depth = self.depth + 1;
        while seq.next_element_seed(Walk { depth, finding: &mut *self.finding })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.stop(Finding::TooDeep));
        }
        let depth = self.depth + 1;
        let mut names = Names::default();
        while let Some(Name(name)) = map.next_key()? {
            if !names.insert(name) {
                *self.finding = Some(Finding::Duplicate);
                return Err(A::Error::custom("limit"));
            }
            map.next_value_seed(Walk { depth, finding: &mut *self.finding })?;
        }
        Ok(())
    }
}

/// The name of a member; copied only where it holds escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a member")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

/// Names seen in one object. Few are compared one by one, which needs no hashing; many are hashed,
/// so that an object of thousands does not take thousands of times as long.
#[derive(Default)]
struct Names<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

/// More than any message of the protocol has in one object.
const FEW: usize = 16;

impl<'de> Names<'de> {
    /// Whether the name is new.
    fn insert(&mut self, name: Cow<'de, str>) -> bool {
        if self.few.contains(&name) {
            return false;
        }
        if self.few.len() < FEW {
            self.few.push(name);
            return true;
        }
        self.many.insert(name)
    }
}
