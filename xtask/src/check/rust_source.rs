//! Rust source as a row of tokens: enough to see names, without comments and string contents.

/// An identifier, a number, `::`, one other character, or `""` in place of any literal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// Counted from 1.
    pub(super) line: usize,
}

impl Token<'_> {
    pub(super) fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// Cuts source text into tokens. Text that is not Rust gives some tokens, never a panic.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { source, at: 0, line: 1, tokens: Vec::new() };
    while lexer.step() {}
    lexer.tokens
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: usize,
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Moves over `length` bytes of the rest and counts the lines in them.
    fn skip(&mut self, length: usize) -> &'a str {
        let passed = self.rest().get(..length).unwrap_or(self.rest());
        self.line += passed.matches('\n').count();
        self.at += passed.len();
        passed
    }

    fn push(&mut self, length: usize) {
        let line = self.line;
        let text = self.skip(length);
        self.tokens.push(Token { text, line });
    }

    fn push_literal(&mut self, length: usize) {
        self.tokens.push(Token { text: "\"\"", line: self.line });
        self.skip(length);
    }

    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return false };
        if rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.skip(block_comment(rest));
        } else if let Some(length) =
            raw_string(rest).or_else(|| string(rest)).or_else(|| char_literal(rest))
        {
            self.push_literal(length);
        } else if first == '\'' {
            let name = rest.get(1..).unwrap_or_default();
            self.skip(1 + name_length(name));
        } else if first.is_alphanumeric() || first == '_' {
            self.push(name_length(rest));
        } else if rest.starts_with("::") {
            self.push(2);
        } else if first.is_whitespace() {
            self.skip(first.len_utf8());
        } else {
            self.push(first.len_utf8());
        }
        true
    }
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}

/// Length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Length of `r"…"`, `r#"…"#`, `br"…"`, `cr"…"`, if the text starts with one.
fn raw_string(text: &str) -> Option<usize> {
    let after_prefix = ["r", "br", "cr"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix).filter(|rest| rest.starts_with(['#', '"'])))?;
    let body = after_prefix.trim_start_matches('#');
    let hashes = after_prefix.len() - body.len();
    let body = body.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let closed = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(text.len() - body.len() + closed)
}

/// Length of `"…"`, `b"…"`, `c"…"`, if the text starts with one.
fn string(text: &str) -> Option<usize> {
    let body = ["\"", "b\"", "c\""].iter().find_map(|prefix| text.strip_prefix(prefix))?;
    Some(text.len() - body.len() + quoted_length(body, '"'))
}

/// Length of `'x'` or `b'x'`, if the text starts with one; a lifetime is none.
fn char_literal(text: &str) -> Option<usize> {
    let body = ["'", "b'"].iter().find_map(|prefix| text.strip_prefix(prefix))?;
    let mut chars = body.chars();
    let first = chars.next()?;
    let is_literal = first == '\\' || chars.next() == Some('\'');
    is_literal.then(|| text.len() - body.len() + quoted_length(body, '\''))
}

/// Length up to and with the closing quote, escapes respected.
fn quoted_length(body: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    body.len()
}

/// The tokens without what is compiled for tests only.
#[derive(Debug)]
pub(super) struct ShippedCode<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    /// Names of modules declared as `#[cfg(test)] mod name;`: their files are test code.
    pub(super) test_modules: Vec<&'a str>,
}

/// Leaves out every item behind `#[cfg(test)]` or `#[cfg(all(test, …))]`.
pub(super) fn shipped_code<'a>(tokens: &[Token<'a>]) -> ShippedCode<'a> {
    let mut shipped = ShippedCode { tokens: Vec::new(), test_modules: Vec::new() };
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        if starts(rest, &["#", "!", "[", "cfg", "(", "test", ")", "]"]) {
            return ShippedCode { tokens: Vec::new(), test_modules: shipped.test_modules };
        }
        if starts(rest, &["#", "[", "cfg", "(", "test", ")", "]"])
            || starts(rest, &["#", "[", "cfg", "(", "all", "(", "test"])
        {
            let mut item = after_attribute(rest);
            while starts(item, &["#", "["]) {
                item = after_attribute(item);
            }
            let after_item = after_item(item);
            let length = item.len() - after_item.len();
            let words: Vec<_> = item.iter().take(length).map(|token| token.text).collect();
            if let [.., "mod", name, ";"] = words.as_slice() {
                shipped.test_modules.push(name);
            }
            rest = after_item;
        } else {
            shipped.tokens.push(*first);
            rest = after;
        }
    }
    shipped
}

fn starts(tokens: &[Token<'_>], texts: &[&str]) -> bool {
    tokens.len() >= texts.len() && tokens.iter().zip(texts).all(|(token, text)| token.text == *text)
}

/// What follows the attribute that `tokens` starts with.
pub(super) fn after_attribute<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "[" => depth += 1,
            "]" if depth <= 1 => return tokens.get(at + 1..).unwrap_or_default(),
            "]" => depth -= 1,
            _ => {}
        }
    }
    &[]
}

/// What follows the item that `tokens` starts with: after its `;` or its closing brace.
fn after_item<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        let ends = match token.text {
            "(" | "[" | "{" => {
                depth += 1;
                false
            }
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                depth == 0 && token.text == "}"
            }
            ";" => depth == 0,
            _ => false,
        };
        if ends {
            return tokens.get(at + 1..).unwrap_or_default();
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source).iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_and_the_inside_of_literals_are_not_seen() {
        let cases: [(&str, &[&str]); 9] = [
            ("a // fs::read\nb", &["a", "b"]),
            ("a /* x /* y */ z */ b", &["a", "b"]),
            (r#"f("std::fs \" more")"#, &["f", "(", "\"\"", ")"]),
            (r###"r#"a " b"# c"###, &["\"\"", "c"]),
            (r#"b"x" c"y" br"z" q"#, &["\"\"", "\"\"", "\"\"", "q"]),
            (r"'\'' 'x' '\u{1F600}' b'\n' e", &["\"\"", "\"\"", "\"\"", "\"\"", "e"]),
            ("fn f<'a>(x: &'a str)", &["fn", "f", "<", ">", "(", "x", ":", "&", "str", ")"]),
            ("r#type x", &["r", "#", "type", "x"]),
            ("a::b", &["a", "::", "b"]),
        ];
        for (source, expected) in cases {
            assert_eq!(texts(source), expected, "{source}");
        }
    }

    #[test]
    fn lines_are_counted_through_strings_and_comments() {
        let lines: Vec<_> = tokens("a\n\"x\ny\" /*\n*/ b").iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 2, 4]);
    }

    #[test]
    fn unfinished_text_ends_quietly() {
        for source in
            ["\"open", "/* open", "r#\"open", "'", "b'", "use a::{b", "#[cfg(test)]", "x as"]
        {
            let all = tokens(source);
            shipped_code(&all);
        }
    }

    #[test]
    fn test_code_is_left_out_and_test_modules_are_named() {
        let all = tokens(
            "fn a() {} #[cfg(test)] #[path = \"x\"] mod tests { fn b() { [0; 3]; } } \
             #[cfg(all(test, unix))] use std::{fs, io}; #[cfg(test)] pub(crate) mod pair; \
             #[cfg(not(test))] fn c() {}",
        );
        let shipped = shipped_code(&all);
        let left: Vec<_> = shipped.tokens.iter().map(|token| token.text).collect();
        assert_eq!(
            left,
            [
                "fn", "a", "(", ")", "{", "}", ";", "#", "[", "cfg", "(", "not", "(", "test", ")",
                ")", "]", "fn", "c", "(", ")", "{", "}"
            ]
        );
        assert_eq!(shipped.test_modules, ["pair"]);
        assert!(shipped_code(&tokens("#![cfg(test)] fn a() {}")).tokens.is_empty());
    }
}
