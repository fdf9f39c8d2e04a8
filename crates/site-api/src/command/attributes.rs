//! A session's attributes, and its end.

use std::collections::BTreeMap;

use super::{change, done, question, root};
use crate::call::{Answer, Call, Request};
use crate::error::{Error, Input};
use crate::lsid::Lsid;

/// Code name of the attribute every session has.
pub const EXTERNAL_KEY: &str = "external_key";

/// Longest value in bytes.
const VALUE_LIMIT: usize = 1024;
/// All values together, in bytes.
const TOGETHER_LIMIT: usize = 10 * 1024;

/// `get_session_attributes` of a session that is active. Reading rights are enough.
#[derive(Debug, Clone)]
pub struct GetSessionAttributes {
    /// The session.
    pub lsid: Lsid,
}

/// A session's attributes by code name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionAttributes(BTreeMap<String, String>);

impl SessionAttributes {
    /// An attribute by its code name; `None` if it is missing or empty.
    #[must_use]
    pub fn get(&self, code_name: &str) -> Option<&str> {
        self.0.get(code_name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The external key.
    #[must_use]
    pub fn external_key(&self) -> Option<&str> {
        self.get(EXTERNAL_KEY)
    }

    /// All of them, by code name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn read(element: &crate::xml::Element) -> Self {
        let attributes = element.children("custom_attribute").filter_map(|attribute| {
            let name = attribute.attribute("code_name")?;
            Some((name.to_owned(), attribute.text().to_owned()))
        });
        Self(attributes.collect())
    }
}

impl Call for GetSessionAttributes {
    type Answer = SessionAttributes;
    const NAME: &'static str = "get_session_attributes";

    fn request(&self) -> Request {
        question(Self::NAME).ask("lsid", self.lsid.as_str())
    }

    fn read(&self, answer: &Answer<'_>) -> Result<SessionAttributes, Error> {
        Ok(SessionAttributes::read(&root(answer, "custom_attributes")?))
    }
}

/// `set_session_attributes`: those not named stay, empty ones are cleared. Needs full access; the
/// fields must exist on the site.
#[derive(Debug, Clone)]
pub struct SetSessionAttributes {
    lsid: Lsid,
    values: BTreeMap<String, String>,
}

impl SetSessionAttributes {
    /// Values by code name; [`EXTERNAL_KEY`] is one of them.
    ///
    /// # Errors
    ///
    /// [`Input::AttributeName`]; [`Input::AttributeLength`] beyond 1024 bytes for one value or
    /// 10 KiB for all.
    pub fn new<'a>(
        lsid: Lsid,
        values: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Input> {
        let mut kept = BTreeMap::new();
        let mut together = 0;
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        for (name, value) in values {
            if name.is_empty() || name.len() > 64 || !name.bytes().all(fine) {
                return Err(Input::AttributeName { name: name.chars().take(64).collect() });
            }
            let (name, length) = (name.to_owned(), value.len());
            if length > VALUE_LIMIT {
                return Err(Input::AttributeLength { name, length, limit: VALUE_LIMIT });
            }
            together += length;
            kept.insert(name, value.to_owned());
        }
        if together > TOGETHER_LIMIT {
            let name = "(all together)".to_owned();
            return Err(Input::AttributeLength { name, length: together, limit: TOGETHER_LIMIT });
        }
        Ok(Self { lsid, values: kept })
    }
}

impl Call for SetSessionAttributes {
    type Answer = ();
    const NAME: &'static str = "set_session_attributes";

    fn request(&self) -> Request {
        let mut fields = vec![("lsid".to_owned(), self.lsid.to_string())];
        let values = self.values.iter();
        fields
            .extend(values.map(|(name, value)| (format!("session.custom.{name}"), value.clone())));
        change(Self::NAME, fields)
    }

    fn read(&self, answer: &Answer<'_>) -> Result<(), Error> {
        done(answer)
    }
}

/// `terminate_session`: ends a session for everybody in it. Needs full access.
#[derive(Debug, Clone)]
pub struct TerminateSession {
    /// The session.
    pub lsid: Lsid,
}

impl Call for TerminateSession {
    type Answer = ();
    const NAME: &'static str = "terminate_session";

    fn request(&self) -> Request {
        change(Self::NAME, vec![("lsid".to_owned(), self.lsid.to_string())])
    }

    fn read(&self, answer: &Answer<'_>) -> Result<(), Error> {
        done(answer)
    }
}
