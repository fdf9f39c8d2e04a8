//! The value of an attribute in a distinguished name, and what of it counts.

use std::borrow::Cow;

use super::ber::Ber;
use super::{AttributeType, Ava, ValueView};

#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    /// Written as text.
    Text(Cow<'a, str>),
    /// Written as `#` and the hexadecimal digits of a BER element. Rare, so it is kept aside.
    Ber(Box<Ber>),
}

impl<'a> From<ValueView<'a>> for Value<'a> {
    fn from(written: ValueView<'a>) -> Self {
        match written {
            ValueView::Plain(text) => Self::Text(Cow::Borrowed(text)),
            ValueView::Escaped(text) => Self::Text(Cow::Owned(text.unescape())),
            ValueView::Hex(text) => {
                let mut octets = Vec::with_capacity(text.digits().len() / 2);
                octets.extend(text.octets());
                Self::Ber(Box::new(Ber { octets, text: text.text() }))
            }
        }
    }
}

/// What of a value counts when names are compared or printed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning<'v> {
    Text(&'v str),
    Ber(&'v [u8]),
}

impl Ava<'_> {
    /// The text of a value counts also where it was written in BER, but only for the types that
    /// are known to be strings; of other types nobody knows whether the two are the same.
    pub(super) fn meaning(&self) -> Meaning<'_> {
        match &self.value {
            Value::Text(text) => Meaning::Text(text),
            Value::Ber(ber) => match &ber.text {
                Some(text) if AttributeType::is_well_known(&self.attribute) => Meaning::Text(text),
                _ => Meaning::Ber(&ber.octets),
            },
        }
    }
}
