//! Secrets do not get into spans, and do not rest in types that print themselves.

use super::rust_source::{self, Token};
use super::{Finding, Report};
use crate::workspace::{SourceFile, SourceTree};

/// Whole words of a field's name that say its value is secret.
const SECRET_WORDS: [&str; 6] = ["password", "passphrase", "secret", "token", "cookie", "passwd"];

/// Names of two words that say the same.
const SECRET_PAIRS: [(&str, &str); 3] = [("api", "key"), ("private", "key"), ("client", "secret")];

/// When the last word is one of these, the field is about the secret and does not hold it.
const ABOUT: [&str; 18] = [
    "at", "by", "count", "env", "expiry", "file", "for", "id", "kind", "len", "length", "name",
    "path", "required", "seconds", "ttl", "type", "url",
];

/// Types that show their content to anyone who asks.
const PLAIN: [&str; 3] = ["String", "str", "u8"];

/// Reads the shipped Rust code of libraries and programs; simulators make their secrets up.
pub(super) fn check(tree: &SourceTree) -> Report {
    let mut report = Report::default();
    let mut files = 0;
    for file in tree.with_ending(".rs") {
        let tokens = rust_source::tokens(&file.text);
        files += 1;
        report.findings.extend(spans_with_arguments(file, &tokens));
        let shipped = file.path.contains("/src/") && !file.path.starts_with("fixtures/");
        if shipped && !file.path.starts_with("xtask/") {
            let code = rust_source::shipped_code(&tokens).tokens;
            report.findings.extend(plain_secrets(file, &code));
        }
    }
    report.looked_at = format!("{files} Rust files");
    report
}

/// `#[instrument]` records every argument unless it is told to skip them all.
fn spans_with_arguments(file: &SourceFile, tokens: &[Token<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        if first.text == "#" && after.first().is_some_and(|token| token.text == "[") {
            let length = rest.len() - rust_source::after_attribute(rest).len();
            let words: Vec<_> = rest.iter().take(length).map(|token| token.text).collect();
            if words.contains(&"instrument") && !words.contains(&"skip_all") {
                let message = "`instrument` without `skip_all` records arguments, secrets included";
                findings.push(Finding::at_line(&file.path, first.line, message));
            }
        }
        rest = after;
    }
    findings
}

/// Struct fields `name: Type` whose name says secret and whose type says text or bytes.
fn plain_secrets(file: &SourceFile, code: &[Token<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut rest = code;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if first.text != "struct" {
            continue;
        }
        let header =
            after.iter().take_while(|token| !matches!(token.text, "{" | ";" | "(")).count();
        if after.get(header).is_none_or(|token| token.text != "{") {
            continue;
        }
        for (name, kind) in fields(after.get(header + 1..).unwrap_or_default()) {
            let plain = kind.iter().find(|word| PLAIN.contains(word));
            if let Some(plain) = plain.filter(|_| says_secret(name.text) && !is_wrapped(&kind)) {
                let message = format!(
                    "field `{}` holds a secret as plain `{plain}`: use a secret type, or name it \
                     for what it is",
                    name.text
                );
                findings.push(Finding::at_line(&file.path, name.line, message));
            }
        }
    }
    findings
}

/// The fields of a struct body that starts after its `{`, with the words of their types.
fn fields<'a>(body: &[Token<'a>]) -> Vec<(Token<'a>, Vec<&'a str>)> {
    let mut fields = Vec::new();
    let mut depth = 0_usize;
    let mut current: Option<(Token<'a>, Vec<&'a str>)> = None;
    let mut previous: Option<Token<'a>> = None;
    for token in body {
        match token.text {
            "(" | "[" | "{" | "<" => depth += 1,
            "}" if depth == 0 => break,
            ")" | "]" | "}" | ">" => depth = depth.saturating_sub(1),
            "," if depth == 0 => fields.extend(current.take()),
            ":" if depth == 0 && current.is_none() => {
                current = previous.filter(Token::is_name).map(|name| (name, Vec::new()));
            }
            _ => {}
        }
        if let Some((_, kind)) = &mut current {
            kind.push(token.text);
        }
        previous = Some(*token);
    }
    fields.extend(current);
    fields
}

fn says_secret(field: &str) -> bool {
    let words: Vec<_> = field.split('_').collect();
    if words.last().is_some_and(|last| ABOUT.contains(last)) {
        return false;
    }
    let pair =
        |window: &[&str]| SECRET_PAIRS.iter().any(|(first, second)| *window == [*first, *second]);
    words.iter().any(|word| SECRET_WORDS.contains(word)) || words.windows(2).any(pair)
}

fn is_wrapped(kind: &[&str]) -> bool {
    kind.iter().any(|word| word.starts_with("Secret") || *word == "Zeroizing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{lines, tree};

    fn verdict(path: &str, code: &str) -> Vec<String> {
        lines(&check(&tree(&[(path, code)])).findings)
    }

    #[test]
    fn a_span_that_records_arguments_is_found() {
        for code in [
            "#[instrument]\nfn f() {}",
            "#[tracing::instrument(skip(a), fields(b = %x[0]))]\nfn f() {}",
            "#[cfg_attr(feature = \"x\", tracing::instrument(err))]\nfn f() {}",
        ] {
            let message = "`instrument` without `skip_all` records arguments, secrets included";
            assert_eq!(
                verdict("fixtures/a/src/lib.rs", code),
                [format!("fixtures/a/src/lib.rs:1: {message}")]
            );
        }
        let fine =
            "// #[instrument]\n#[instrument(name = \"x\", skip_all, fields(a = %b))]\nfn f() {}";
        assert_eq!(verdict("crates/a/src/lib.rs", fine), [""; 0]);
    }

    #[test]
    fn a_secret_in_a_plain_type_is_found() {
        for field in [
            "password: String",
            "pub(crate) api_key: Option<String>",
            "old_client_secret: Box<str>",
            "access_token: &'a str",
            "session_cookie: Vec<u8>",
        ] {
            let code = format!("struct A<'a> {{\n  id: u32,\n  #[serde(default)]\n  {field},\n}}");
            let found = verdict("crates/a/src/lib.rs", &code);
            assert!(
                found.len() == 1 && found.concat().starts_with("crates/a/src/lib.rs:4: field"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn secret_types_and_fields_about_secrets_are_fine() {
        let code = "struct A { password: Option<SecretString>, key: Zeroizing<Vec<u8>>, \
            api_key_file: PathBuf, token_url: String, password_id: String, tokens: Vec<Token>, \
            monkey: String, access_token: Zeroizing<String> } \
            struct B(String); fn f(password: String) {} \
            #[cfg(test)] mod tests { struct C { password: String } }";
        assert_eq!(verdict("crates/a/src/lib.rs", code), [""; 0]);
        assert_eq!(verdict("fixtures/a/src/lib.rs", "struct C { password: String }"), [""; 0]);
    }
}
