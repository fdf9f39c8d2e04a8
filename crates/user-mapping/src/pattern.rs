//! The expression that a rule holds against the user part of a name.

use std::collections::BTreeSet;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::template::BUILT_IN_FIELDS;

/// The largest compiled expression, in octets.
const MAX_COMPILED: usize = 64 * 1024;

/// A regular expression for a whole user part: ASCII, case ignored, linear time.
///
/// Unicode is off: otherwise `[a-z]` with case ignored would match the long s and the Kelvin
/// sign, and `\w` letters of any script.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    regex: Regex,
    captures: Vec<String>,
}

/// Why a text is no expression for users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatternProblem {
    #[error("`(?` at byte {at} changes how the expression is read")]
    Flags { at: usize },
    #[error("{0}")]
    Expression(String),
    #[error("a capture is called `{0}`, as a field of `runas` is")]
    CaptureName(String),
}

impl PatternProblem {
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Flags { .. } => {
                "write (?<name>…) or (?:…) only; case is ignored and both ends are anchored anyway"
            }
            Self::Expression(_) => "correct the regular expression",
            Self::CaptureName(_) => "rename the capture, such as (?<u>…)",
        }
    }
}

impl Pattern {
    pub(crate) fn read(text: &str) -> Result<Self, PatternProblem> {
        refuse_flags(text)?;
        // Alone first: `a)|(b` would be a whole expression only between other parentheses, and
        // would escape the anchors there.
        compile(text)?;
        let regex = compile(&format!(r"\A(?i-u:{text})\z"))?;
        let captures: Vec<_> = regex.capture_names().flatten().map(str::to_owned).collect();
        match captures.iter().find(|name| BUILT_IN_FIELDS.contains(&name.as_str())) {
            Some(name) => Err(PatternProblem::CaptureName(name.clone())),
            None => Ok(Self { regex, captures }),
        }
    }

    /// Whether it is written the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }

    /// The names of its captures.
    pub(crate) fn captures(&self) -> &[String] {
        &self.captures
    }

    /// Whether parts of a name can vary outside of the named captures, so that what tells two people
    /// apart is thrown away.
    pub(crate) fn drops(&self) -> bool {
        let mut parser = ParserBuilder::new().unicode(false).utf8(false).build();
        // An expression that was compiled is one that can be parsed.
        parser.parse(self.regex.as_str()).is_ok_and(|hir| varies(&hir))
    }

    /// The captured parts if the whole user part matches.
    pub(crate) fn match_user(&self, user: &str) -> Option<Vec<(String, String)>> {
        let found = self.regex.captures(user.as_bytes())?;
        let part = |name: &String| {
            let octets = found.name(name).map_or(&b""[..], |part| part.as_bytes());
            // Both ends of a match in ASCII text are character boundaries.
            (name.clone(), String::from_utf8_lossy(octets).into_owned())
        };
        Some(self.captures.iter().map(part).collect())
    }
}

/// Whether this part of an expression matches different texts, named captures aside.
fn varies(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) => false,
        // Case is ignored, so that a letter is a class of two.
        HirKind::Class(class) => {
            let folded = |octet: u8| octet.to_ascii_lowercase();
            match class {
                Class::Bytes(class) => {
                    let ranges =
                        class.ranges().iter().flat_map(|range| range.start()..=range.end());
                    ranges.map(folded).collect::<BTreeSet<_>>().len() > 1
                }
                Class::Unicode(_) => true,
            }
        }
        HirKind::Capture(capture) => capture.name.is_none() && varies(&capture.sub),
        HirKind::Repetition(repetition) => {
            repetition.max != Some(repetition.min) || varies(&repetition.sub)
        }
        HirKind::Concat(parts) => parts.iter().any(varies),
        HirKind::Alternation(_) => true,
    }
}

fn compile(text: &str) -> Result<Regex, PatternProblem> {
    let built = RegexBuilder::new(text).unicode(false).size_limit(MAX_COMPILED).build();
    built.map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        PatternProblem::Expression(last.trim_start_matches("error: ").to_owned())
    })
}

/// Refuses `(?s)`, `(?x)`, `(?u)`, `(?-i)` and their like.
fn refuse_flags(text: &str) -> Result<(), PatternProblem> {
    let mut octets = text.bytes().enumerate();
    while let Some((at, octet)) = octets.next() {
        match octet {
            b'\\' => {
                octets.next();
            }
            b'(' => {
                let rest = text.get(at + 1..).unwrap_or_default();
                let is_plain = ["?:", "?<", "?P<"].iter().any(|start| rest.starts_with(start));
                if rest.starts_with('?') && !is_plain {
                    return Err(PatternProblem::Flags { at });
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, user: &str) -> bool {
        Pattern::read(pattern).map(|pattern| pattern.match_user(user).is_some()).unwrap()
    }

    #[test]
    fn an_expression_takes_whole_users_with_ascii_case_ignored() {
        let table = [
            ("[a-z.]+", "joe.user", true),
            ("[a-z.]+", "JOE.User", true),
            ("joe", "xjoey", false),
            ("joe", "joe\n", false),
            ("joe|jim", "joe.x", false),
            ("[a-z]+", "joe.uſer", false),
            ("[a-z]+", "\u{212a}im", false),
            (r"\w+", "é", false),
            (r"\d+", "٣", false),
            ("^joe$", "joe", true),
            ("[^;]+", "joe", true),
            (r"\(\?s\)", "(?s)", true),
        ];
        for (pattern, user, expected) in table {
            assert_eq!(matches(pattern, user), expected, "{pattern} {user:?}");
        }
    }

    #[test]
    fn captures_are_told_by_name() {
        let pattern = Pattern::read("(?<u>[a-z]+)(-(?P<team>x|y))?").unwrap();
        assert_eq!(pattern.captures(), ["u", "team"]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pattern.match_user("joe-y"), Some(vec![pair("u", "joe"), pair("team", "y")]));
        assert_eq!(pattern.match_user("joe"), Some(vec![pair("u", "joe"), pair("team", "")]));
    }

    #[test]
    fn expressions_that_would_be_read_another_way_are_refused() {
        for (pattern, at) in [("(?s).+", 0), ("a(?x: b)", 1), ("(?u)a", 0), ("(?-i:a)", 0)] {
            assert_eq!(
                Pattern::read(pattern).err(),
                Some(PatternProblem::Flags { at }),
                "{pattern}"
            );
        }
        for pattern in ["a)|(b", "[a", "(?<u>a", "(?<=a)b", "[a-z]{1,20}{1,100}{1,100}"] {
            let problem = Pattern::read(pattern).err();
            assert!(
                matches!(problem, Some(PatternProblem::Expression(_))),
                "{pattern} {problem:?}"
            );
        }
        let taken = PatternProblem::CaptureName("user".to_owned());
        assert_eq!(Pattern::read("(?<user>a)").err(), Some(taken));
    }
}
