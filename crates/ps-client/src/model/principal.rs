//! Users and groups where one member stands for either.

use super::{UserGroupId, UserId};
use crate::answer::{FromText, text_property};
use crate::body::{Json, Value};

/// A user or a group: its number, or a GUID where a vault writes one. Compared without case.
#[derive(Clone)]
pub struct PrincipalId(String);

impl PrincipalId {
    /// The one with this number or GUID.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(id.to_owned())
    }

    /// Its number or GUID as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<UserId> for PrincipalId {
    fn from(user: UserId) -> Self {
        Self(user.to_string())
    }
}

impl From<UserGroupId> for PrincipalId {
    fn from(group: UserGroupId) -> Self {
        Self(group.to_string())
    }
}

impl PartialEq for PrincipalId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for PrincipalId {}

impl std::fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Debug for PrincipalId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrincipalId({})", self.0)
    }
}

impl FromText for PrincipalId {
    fn from_text(text: String) -> Self {
        Self(text)
    }
}

text_property!(PrincipalId);

impl Value for PrincipalId {
    fn write(&self, json: &mut Json) {
        match self.0.parse::<i64>() {
            Ok(number) => json.scalar(&number),
            Err(_) => json.scalar(&self.0),
        }
    }

    fn text(&self) -> Option<&str> {
        Some(&self.0)
    }
}
