//! What a call sends.

use std::borrow::Cow;
use std::ops::Range;

use http::Method;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::answer::secret_text;
use crate::body::{Form, Value, Written};

/// What a call sends, but for address and session.
#[derive(Debug)]
pub struct ApiRequest {
    pub(crate) method: Method,
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(Cow<'static, str>, String)>,
    pub(crate) body: Option<Content>,
    pub(crate) is_list: bool,
}

/// A body and its type. `Debug` tells its length only.
pub(crate) struct Content {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    pub(crate) media_type: Cow<'static, str>,
    /// Where secrets stand in it, as texts of JSON.
    secrets: Vec<Range<usize>>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

impl ApiRequest {
    pub(crate) fn new(method: Method, path: &[&str]) -> Self {
        Self {
            method,
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            query: Vec::new(),
            body: None,
            is_list: false,
        }
    }

    /// A member of the query, unless it is absent.
    pub(crate) fn set(mut self, name: &'static str, value: &impl Value) -> Self {
        if !value.is_absent() {
            let json = crate::body::Json::of(value).bytes;
            // A text's JSON form is unquoted again; numbers and truth values are as in a query.
            let is_text = json.starts_with(b"\"");
            let text = is_text.then(|| serde_json::from_slice::<String>(&json).ok()).flatten();
            let plain = || String::from_utf8_lossy(&json).into_owned();
            self.query.push((name.into(), text.unwrap_or_else(plain)));
        }
        self
    }

    pub(crate) fn json(mut self, Written { bytes, secrets }: Written) -> Self {
        self.body = Some(Content { bytes, media_type: "application/json".into(), secrets });
        self
    }

    /// The secrets in its body, as they are and as JSON has them: for taking them out of what a
    /// server echoes.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let Some(Content { bytes, secrets, .. }) = &self.body else { return Vec::new() };
        let texts = secrets.iter().filter_map(|range| bytes.get(range.clone()));
        texts
            .flat_map(|json| {
                let quoted = std::str::from_utf8(json).ok().map(|text| text.trim_matches('"'));
                [secret_text(json), quoted.map(SecretString::from)]
            })
            .flatten()
            .collect()
    }

    /// A body that is not this crate's own.
    pub(crate) fn foreign(mut self, bytes: Zeroizing<Vec<u8>>, media_type: String) -> Self {
        self.body = Some(Content { bytes, media_type: media_type.into(), secrets: Vec::new() });
        self
    }

    pub(crate) fn multipart(mut self, form: Form) -> Self {
        let Form { bytes, media_type, secrets } = form;
        self.body = Some(Content { bytes, media_type: media_type.into(), secrets });
        self
    }

    /// A call that lists something may answer more.
    pub(crate) fn list(mut self) -> Self {
        self.is_list = true;
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path below the vault's address, part by part, not yet percent-encoded.
    #[must_use]
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// The query, not yet percent-encoded.
    #[must_use]
    pub fn query(&self) -> &[(Cow<'static, str>, String)] {
        &self.query
    }

    /// The body, if there is one.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_ref().map(|body| body.bytes.as_slice())
    }
}
