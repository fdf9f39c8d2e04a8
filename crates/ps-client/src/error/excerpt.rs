//! The text of a refusal: bounded, on one's terminal without surprises, without secrets.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// What the vault wrote beside a refusal. Long texts keep their beginning and end: the log of a
/// failed change has its reason near the end.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    text: String,
    /// All of it as it came: of what is shown, secrets may have been cut, or changed, so that they
    /// would not be found in it.
    whole: Arc<Zeroizing<String>>,
}

/// Bytes kept of the beginning and of the end.
const HEAD_BYTES: usize = 1024;
const TAIL_BYTES: usize = 3072;

/// Bytes of either end that are kept as they came: what is shown lies well within, so that no secret
/// in it is cut.
const END_BYTES: usize = 32 * 1024;

/// What is put in a secret's place.
const MASK: &str = "[redacted]";

impl Excerpt {
    /// Reads the body of a refusal; `None` for an empty one.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        let text = if is_html(body) { describe_html(text) } else { unwrap_message(text) };
        (!text.is_empty()).then(|| Self::of(shorten(&Zeroizing::new(text), END_BYTES, END_BYTES)))
    }

    fn of(whole: String) -> Self {
        let whole = Zeroizing::new(whole);
        let plain = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
        let text = Zeroizing::new(whole.chars().map(plain).collect::<String>());
        Self {
            text: shorten(&mask_suspects(&text), HEAD_BYTES, TAIL_BYTES),
            whole: Arc::new(whole),
        }
    }

    /// A remark of our own.
    pub(crate) fn note(text: String) -> Self {
        Self { whole: Arc::new(Zeroizing::new(text.clone())), text }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Masks `secrets` wherever they occur, for a server that echoes what it was sent.
    pub(crate) fn scrub<'a>(&mut self, secrets: impl IntoIterator<Item = &'a SecretString>) {
        let mut secrets: Vec<&str> = secrets.into_iter().map(ExposeSecret::expose_secret).collect();
        // One that holds another goes first, or its rest would stay.
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        let mut scrubbed: Option<Zeroizing<String>> = None;
        for secret in secrets.into_iter().filter(|secret| secret.len() >= 4) {
            let text = scrubbed.as_ref().unwrap_or(&*self.whole);
            if text.contains(secret) {
                scrubbed = Some(Zeroizing::new(text.replace(secret, MASK)));
            }
        }
        if let Some(mut text) = scrubbed {
            *self = Self::of(std::mem::take(&mut *text));
        }
    }
}

/// An HTML page: a proxy, a sign-in page or the web server itself answered, not the API.
pub(crate) fn is_html(body: &[u8]) -> bool {
    let start: Vec<u8> = body
        .iter()
        .skip_while(|byte| byte.is_ascii_whitespace() || matches!(byte, 0xEF | 0xBB | 0xBF))
        .take(9)
        .map(u8::to_ascii_lowercase)
        .collect();
    ["<!doctype", "<html", "<head", "<body"].iter().any(|tag| start.starts_with(tag.as_bytes()))
}

/// The page's title says it all.
fn describe_html(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").zip(lower.find("</title>")).and_then(|(start, end)| {
        let title = text.get(start + "<title>".len()..end)?;
        Some(title.trim().to_owned())
    });
    match title {
        Some(title) if !title.is_empty() => format!("HTML page \"{title}\""),
        _ => "HTML page".to_owned(),
    }
}

/// `"text"` and `{"Message": "text"}` are taken out of their wrapping.
fn unwrap_message(text: &str) -> String {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::String(inner)) => inner,
        Ok(serde_json::Value::Object(members)) => members
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("message"))
            .and_then(|(_, value)| value.as_str())
            .unwrap_or(text)
            .to_owned(),
        _ => text.to_owned(),
    }
}

/// Masks what looks like a secret: what stands behind `key=`, `pwd=` and the like, and long runs
/// without a space that hold both letters and digits.
fn mask_suspects(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let space = word.get(bare.len()..).unwrap_or_default();
        let lower = bare.to_ascii_lowercase();
        let label = LABELS.iter().filter_map(|label| Some(lower.find(label)? + label.len())).min();
        match label.and_then(|end| bare.get(..end)) {
            Some(label) => {
                out.push_str(label);
                out.push_str(MASK);
            }
            None if looks_random(bare) => out.push_str(MASK),
            None => out.push_str(bare),
        }
        out.push_str(space);
    }
    out
}

const LABELS: [&str; 7] =
    ["key=", "pwd=", "password=", "secret=", "token=", "challenge=", "sessionid="];

fn looks_random(word: &str) -> bool {
    let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~+/=".contains(&byte);
    core.len() >= 32
        && core.bytes().all(token)
        && core.bytes().any(|byte| byte.is_ascii_digit())
        && core.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn shorten(text: &str, head_bytes: usize, tail_bytes: usize) -> String {
    if text.len() <= head_bytes + tail_bytes {
        return text.to_owned();
    }
    let head_end = (0..=head_bytes).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let tail_at = text.len() - tail_bytes;
    let tail_start =
        (tail_at..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    let (head, tail) = (text.get(..head_end), text.get(tail_start..));
    let left_out = tail_start - head_end;
    format!("{} […{left_out} bytes left out…] {}", head.unwrap_or(""), tail.unwrap_or(""))
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}
