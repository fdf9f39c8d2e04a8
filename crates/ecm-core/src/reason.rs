//! The text of a release request's reason, and the marker by which the request is found again.

use std::fmt;

use crate::settings::SettingsError;

/// Longest reason a vault takes, in characters.
pub const MAX_REASON: usize = 1000;

/// Longest value put in for one placeholder, in characters; no value may crowd out the others.
const MAX_VALUE: usize = 300;

/// Room for the marker and the space before it.
const MARKER_ROOM: usize = 80;

/// The words that mark a request as ours: `[kf:<lease id>]`. The lease id has 128 random bits, so
/// nobody can put the marker of a coming lease into a reason of his own.
#[must_use]
pub fn marker(lease_id: &str) -> String {
    format!("[kf:{lease_id}]")
}

/// A checked reason template.
///
/// Placeholders: `{user}` (vault user), `{endpoint}` (first search key or host), `{ref}` (the
/// site's request reference), `{lease}` (lease id), `{reason}` (what the site sent).
///
/// # Examples
///
/// ```
/// use ecm_core::reason::{ReasonTemplate, ReasonValues};
///
/// let template = ReasonTemplate::parse("{reason} on {endpoint}")?;
/// let text = template.fill(&ReasonValues {
///     user: "joe", endpoint: "app01", reference: "K7Q-4MX", lease: "l-1", reason: "disk full",
/// });
/// assert_eq!(text, "disk full on app01 [kf:l-1]");
/// # Ok::<(), ecm_core::settings::SettingsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonTemplate {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    User,
    Endpoint,
    Reference,
    Lease,
    Reason,
}

/// What is put in. Absent values are empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReasonValues<'a> {
    /// The vault user.
    pub user: &'a str,
    /// The endpoint.
    pub endpoint: &'a str,
    /// The site's reference of the question.
    pub reference: &'a str,
    /// The lease.
    pub lease: &'a str,
    /// What the person said.
    pub reason: &'a str,
}

impl ReasonTemplate {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// [`SettingsError::Placeholder`], [`SettingsError::Brace`], [`SettingsError::LongReason`].
    pub fn parse(template: &str) -> Result<Self, SettingsError> {
        let chars = template.chars().count();
        let limit = MAX_REASON - MARKER_ROOM;
        if chars > limit {
            return Err(SettingsError::LongReason { chars, limit });
        }
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let Some((name, after)) = after.split_once('}') else {
                return Err(SettingsError::Brace { at: template.len() - after.len() - 1 });
            };
            parts.push(match name {
                "user" => Part::User,
                "endpoint" => Part::Endpoint,
                "ref" => Part::Reference,
                "lease" => Part::Lease,
                "reason" => Part::Reason,
                _ => return Err(SettingsError::Placeholder { name: name.to_owned() }),
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The reason text: at most [`MAX_REASON`] characters, one line, the marker at its end.
    #[must_use]
    pub fn fill(&self, values: &ReasonValues<'_>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(words) => text.push_str(words),
                Part::User => push_value(&mut text, values.user),
                Part::Endpoint => push_value(&mut text, values.endpoint),
                Part::Reference => push_value(&mut text, values.reference),
                Part::Lease => push_value(&mut text, values.lease),
                Part::Reason => push_value(&mut text, values.reason),
            }
        }
        let marker = marker(values.lease);
        let room = MAX_REASON.saturating_sub(marker.chars().count() + 1);
        let mut bounded: String = text.trim().chars().take(room).collect();
        bounded.push(' ');
        bounded.push_str(&marker);
        bounded
    }
}

impl Default for ReasonTemplate {
    fn default() -> Self {
        Self {
            parts: vec![
                Part::Text("Remote support session on ".into()),
                Part::Endpoint,
                Part::Text(" for ".into()),
                Part::User,
                Part::Text(" (".into()),
                Part::Reference,
                Part::Text(") ".into()),
                Part::Reason,
            ],
        }
    }
}

impl fmt::Display for ReasonTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            f.write_str(match part {
                Part::Text(words) => words,
                Part::User => "{user}",
                Part::Endpoint => "{endpoint}",
                Part::Reference => "{ref}",
                Part::Lease => "{lease}",
                Part::Reason => "{reason}",
            })?;
        }
        Ok(())
    }
}

/// Values come from a site: control characters become spaces, and brackets become parentheses so
/// that no value can look like a marker.
fn push_value(text: &mut String, value: &str) {
    text.extend(value.chars().take(MAX_VALUE).map(|c| match c {
        '[' => '(',
        ']' => ')',
        c if c.is_control() => ' ',
        c => c,
    }));
}
