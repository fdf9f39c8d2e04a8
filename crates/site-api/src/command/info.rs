//! What the site and the API account are.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{missing, question, root};
use crate::call::{Answer, Call, Request};
use crate::error::Error;

/// `get_api_info`: version of the API, name of the company, the site's clock, and what the API
/// account may do. Any right on the Command API is enough.
#[derive(Debug, Clone, Copy, Default)]
pub struct GetApiInfo;

/// What [`GetApiInfo`] answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiInfo {
    /// Version of the API, such as `1.19.0`.
    pub api_version: String,
    /// Name of the company.
    pub company_name: Option<String>,
    /// The site's clock.
    pub timestamp: Option<Timestamp>,
    /// The account's permissions by name, such as `perm_ecm`, with the site's own values.
    pub permissions: BTreeMap<String, String>,
}

/// What an account may do with the Command API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommandRight {
    /// Nothing.
    Deny,
    /// Ask.
    ReadOnly,
    /// Ask and change.
    FullAccess,
}

impl ApiInfo {
    /// Whether a permission is granted; `None` if the site does not say.
    #[must_use]
    pub fn has(&self, permission: &str) -> Option<bool> {
        self.permissions.get(permission).map(|value| super::flag(value) == Some(true))
    }

    /// `perm_command`; `None` if the site does not say or says something new.
    #[must_use]
    pub fn command(&self) -> Option<CommandRight> {
        match self.permissions.get("perm_command")?.as_str() {
            "deny" | "0" => Some(CommandRight::Deny),
            "read_only" => Some(CommandRight::ReadOnly),
            "full_access" | "1" => Some(CommandRight::FullAccess),
            _ => None,
        }
    }
}

impl Call for GetApiInfo {
    type Answer = ApiInfo;
    const NAME: &'static str = "get_api_info";

    fn request(&self) -> Request {
        question(Self::NAME)
    }

    fn read(&self, answer: &Answer<'_>) -> Result<ApiInfo, Error> {
        let root = root(answer, "api_information")?;
        let version = root.text_of("api_version").ok_or_else(|| missing("api_version"))?;
        let permissions = root.child("permissions").map(|permissions| {
            permissions.children("permission").filter_map(|permission| {
                let name = permission.attribute("name")?;
                Some((name.to_owned(), permission.text().to_owned()))
            })
        });
        Ok(ApiInfo {
            api_version: version.to_owned(),
            company_name: super::owned(&root, "company_name"),
            timestamp: root
                .text_of("timestamp")
                .and_then(|text| Timestamp::from_second(text.parse().ok()?).ok()),
            permissions: permissions.into_iter().flatten().collect(),
        })
    }
}
