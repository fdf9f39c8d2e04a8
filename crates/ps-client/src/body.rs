//! Bodies of calls: written straight into memory that is wiped, checked before they are sent.

mod declare;
mod json;
mod multipart;

use secrecy::{ExposeSecret, SecretString};

pub(crate) use self::declare::{bodies, default, limit, parameter, stored};
pub(crate) use self::json::{Json, Members, Written};
pub(crate) use self::multipart::{Form, multipart};

/// Why a call cannot be made like this: a rule of the vault, in its own words for things.
pub(crate) type Rule = &'static str;

/// A JSON object that a call sends.
pub(crate) trait Body {
    /// Writes the members that are set.
    fn members(&self, members: &mut Members<'_>);

    /// The rules that the vault would answer with a refusal that does not always name them.
    fn check(&self) -> Result<(), Rule>;
}

/// A value of a member, or of a query.
pub(crate) trait Value {
    fn write(&self, json: &mut Json);

    /// Whether the member is left out.
    fn is_absent(&self) -> bool {
        false
    }

    /// The text it is, if it is one.
    fn text(&self) -> Option<&str> {
        None
    }

    /// The rules that it breaks wherever it is sent.
    fn check_value(&self) -> Result<(), Rule> {
        Ok(())
    }
}

macro_rules! plain_value {
    ($($type:ty),+) => {$(
        impl Value for $type {
            fn write(&self, json: &mut Json) {
                json.scalar(self);
            }
        }
    )+};
}

plain_value!(&'static str, bool, u32, i64);

impl Value for String {
    fn write(&self, json: &mut Json) {
        json.scalar(self);
    }

    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Value for SecretString {
    fn write(&self, json: &mut Json) {
        json.secret(self.expose_secret());
    }

    fn text(&self) -> Option<&str> {
        Some(self.expose_secret())
    }
}

impl<T: Value> Value for Option<T> {
    fn write(&self, json: &mut Json) {
        match self {
            Some(value) => value.write(json),
            None => json.scalar(&()),
        }
    }

    fn is_absent(&self) -> bool {
        self.as_ref().is_none_or(Value::is_absent)
    }

    fn text(&self) -> Option<&str> {
        self.as_ref()?.text()
    }

    fn check_value(&self) -> Result<(), Rule> {
        self.as_ref().map_or(Ok(()), Value::check_value)
    }
}

impl<T: Value> Value for Vec<T> {
    fn write(&self, json: &mut Json) {
        json.list(self);
    }

    fn check_value(&self) -> Result<(), Rule> {
        self.iter().try_for_each(Value::check_value)
    }
}
