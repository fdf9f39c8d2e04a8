//! Searching everything a program left behind for secrets that must not be there.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A secret that was planted on purpose. Never printed; its name is.
pub(super) struct Planted {
    name: String,
    spellings: Vec<(&'static str, String)>,
}

impl std::fmt::Debug for Planted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Planted").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Planted {
    /// The secret and the spellings in which it could leak: as it is, in base64 (as the wire
    /// carries it), in hexadecimal, percent-encoded, and inside a JSON string.
    pub(super) fn new(name: impl Into<String>, secret: &str) -> Self {
        let mut spellings = vec![
            ("plain", secret.to_owned()),
            ("base64", base64(secret.as_bytes())),
            ("hexadecimal", secret.bytes().map(|byte| format!("{byte:02x}")).collect()),
            ("percent-encoded", percent_encoded(secret)),
            ("JSON", json_escaped(secret)),
        ];
        spellings.retain(|(_, text)| !text.is_empty());
        spellings.dedup_by(|one, other| one.1 == other.1);
        Self { name: name.into(), spellings }
    }

    /// How many bytes it has.
    pub(super) fn length(&self) -> usize {
        self.spellings.first().map_or(0, |(_, text)| text.len())
    }

    /// Whether a line holds it in any spelling.
    pub(super) fn stands_in(&self, line: &str) -> bool {
        self.spelling_in(line.as_bytes()).is_some()
    }

    fn spelling_in(&self, bytes: &[u8]) -> Option<&'static str> {
        self.spellings.iter().find_map(|(spelling, text)| {
            let found = bytes
                .windows(text.len())
                .any(|window| window.eq_ignore_ascii_case(text.as_bytes()));
            found.then_some(*spelling)
        })
    }
}

/// What a sweep looked at, and the planted secrets it found.
#[derive(Debug, Default)]
pub(super) struct Swept {
    pub(super) texts: usize,
    pub(super) bytes: usize,
    /// One sentence each, without the secret.
    pub(super) found: Vec<String>,
}

/// Reads every file below `folder`, except `allowed` ones, which are where the secrets belong.
pub(super) fn sweep(
    folder: &Path,
    allowed: &[PathBuf],
    planted: &[Planted],
) -> anyhow::Result<Swept> {
    let mut swept = Swept::default();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in
            fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?
        {
            let path = entry?.path();
            let kind = fs::symlink_metadata(&path)?.file_type();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && !allowed.contains(&path) {
                let bytes =
                    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                swept.look_at(&path.display().to_string(), &bytes, planted);
            }
        }
    }
    Ok(swept)
}

impl Swept {
    /// Looks at one text that is not a file.
    pub(super) fn look_at(&mut self, place: &str, bytes: &[u8], planted: &[Planted]) {
        self.texts += 1;
        self.bytes += bytes.len();
        for secret in planted {
            if let Some(spelling) = secret.spelling_in(bytes) {
                self.found.push(format!("{} stands in {place} ({spelling})", secret.name));
            }
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0_usize, |group, at| {
            (group << 8) | usize::from(chunk.get(at).copied().unwrap_or_default())
        });
        for at in 0..=chunk.len() {
            let digit = (group >> (18 - 6 * at)) & 63;
            text.extend(ALPHABET.get(digit).copied().map(char::from));
        }
    }
    text
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.unwrap_or(&quoted).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "p\"lanted +1/ä";

    #[test]
    fn a_planted_secret_is_found_in_every_spelling() {
        for text in [
            SECRET,
            "key=cCJsYW50ZWQgKzEvw6Q=&x",
            "70226c616e746564202b312fc3a4",
            "70226C616E746564202B312FC3A4",
            "p%22lanted%20%2B1%2F%C3%A4",
            r#"{"a":"p\"lanted +1/ä"}"#,
        ] {
            let mut swept = Swept::default();
            swept.look_at("log", text.as_bytes(), &[Planted::new("the key", SECRET)]);
            assert_eq!(swept.found.len(), 1, "{text}");
            assert!(!swept.found.concat().contains("lanted +1"), "the finding must not quote it");
        }
    }

    #[test]
    fn the_place_where_it_belongs_is_allowed_and_every_other_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("state")).unwrap();
        for name in ["key.secret", "state/ledger", "clean"] {
            let text = if name == "clean" { "nothing" } else { SECRET };
            fs::write(path(name), text).unwrap();
        }
        let planted = [Planted::new("the key", SECRET)];
        let swept = sweep(folder.path(), &[path("key.secret")], &planted).unwrap();
        assert_eq!((swept.texts, swept.found.len()), (2, 1));
        assert!(swept.found.concat().contains("ledger"), "{:?}", swept.found);
        assert!(!format!("{planted:?}").contains("lanted +1"));
    }

    #[test]
    fn base64_follows_rfc_4648() {
        for (text, expected) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), expected, "without padding");
        }
    }
}
