//! What a form sends.

use axum::body::Body;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use secrecy::SecretString;
use zeroize::Zeroizing;

/// The largest form. A configuration may have 4 MiB; nobody types that.
const LARGEST: usize = 1024 * 1024;

/// Inputs with this end hold secrets.
pub(super) const SECRET_SUFFIX: &str = ".new";

/// The inputs of a form. Those that hold secrets are apart, and nothing prints them.
#[derive(Default)]
pub(super) struct Posted {
    plain: Vec<(String, String)>,
    secret: Vec<(String, SecretString)>,
}

impl Posted {
    /// Reads the body of a request.
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, StatusCode> {
        let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes());
        if !kind.is_some_and(|kind| kind.starts_with(b"application/x-www-form-urlencoded")) {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        // Room for all of it at once: a buffer that grows leaves copies behind.
        let announced = headers.get(header::CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let mut text = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(4096).min(LARGEST)));
        let mut body = Limited::new(body, LARGEST);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
            if let Ok(data) = frame.into_data() {
                text.extend_from_slice(&data);
            }
        }
        let mut posted = Self::default();
        for (name, value) in url::form_urlencoded::parse(&text) {
            if name.ends_with(SECRET_SUFFIX) {
                let value = Zeroizing::new(value.into_owned());
                posted.secret.push((name.into_owned(), SecretString::from(value.as_str())));
            } else {
                posted.plain.push((name.into_owned(), value.into_owned()));
            }
        }
        Ok(posted)
    }

    /// What an input holds; `None` if the form has no such input.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.plain.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The same, nothing for an empty one.
    pub(super) fn filled(&self, name: &str) -> Option<String> {
        self.get(name).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// The secret that was typed for a path.
    pub(super) fn secret(&self, path: &str) -> Option<&SecretString> {
        use secrecy::ExposeSecret as _;
        let is_it = |name: &str| name.strip_suffix(SECRET_SUFFIX) == Some(path);
        let found = self.secret.iter().find(|(name, _)| is_it(name)).map(|(_, secret)| secret);
        found.filter(|secret| !secret.expose_secret().is_empty())
    }
}
