//! The cookies of one server session: every one the vault sets, because a load balancer in front
//! of it may have set some of them.

use std::fmt;

use cookie::Cookie;
use http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// Name and value of each cookie. Values are as good as passwords and print redacted.
#[derive(Clone, Default)]
pub(crate) struct Cookies(Vec<(String, SecretString)>);

/// More than any vault sets; a peer cannot make us hold more.
const MAX_COOKIES: usize = 32;
const MAX_COOKIE_BYTES: usize = 4_096;

impl Cookies {
    /// Takes what an answer sets. A cookie that is set anew replaces the old one; one without a
    /// value, or that is over, is forgotten.
    pub(crate) fn take(&mut self, headers: &HeaderMap) {
        for value in headers.get_all(header::SET_COOKIE) {
            let Some(cookie) = value.to_str().ok().and_then(|text| Cookie::parse(text).ok()) else {
                continue;
            };
            self.0.retain(|(name, _)| name != cookie.name());
            let bytes = cookie.name().len() + cookie.value().len();
            let fits = bytes <= MAX_COOKIE_BYTES && self.0.len() < MAX_COOKIES;
            if fits && !is_over(&cookie) && !cookie.value().is_empty() {
                self.0.push((cookie.name().to_owned(), SecretString::from(cookie.value())));
            }
        }
    }

    /// The `Cookie` header, marked sensitive.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        // Sized first: a text that grows leaves copies behind that nobody wipes.
        let bytes = |(name, value): &(String, SecretString)| {
            name.len() + value.expose_secret().len() + "=; ".len()
        };
        let mut text = Zeroizing::new(String::with_capacity(self.0.iter().map(bytes).sum()));
        for (name, value) in &self.0 {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value.expose_secret());
        }
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

impl Cookies {
    /// The values, for taking them out of texts.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.0.iter().map(|(_, value)| value)
    }
}

/// Cookies are deleted by an age of nothing, or a time long past: there is no clock here, and
/// servers write 1970.
fn is_over(cookie: &Cookie<'_>) -> bool {
    let aged_out = cookie.max_age().is_some_and(|age| !age.is_positive());
    let long_past = cookie.expires_datetime().is_some_and(|time| time.year() < 2000);
    aged_out || long_past
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
