//! Every path a Rust source names, with imports and renames followed.

use std::collections::BTreeMap;

use super::rust_source::Token;

/// A path as the compiler would see it: `Instant::now` behind `use std::time::Instant` is
/// `std::time::Instant::now`. A glob import ends in `*`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NamedPath<'a> {
    pub(super) segments: Vec<&'a str>,
    pub(super) line: usize,
}

/// Every path the tokens name: those in `use`, one by one, and those in code, with the file's
/// imports and renames applied to their first segment.
pub(super) fn named_paths<'a>(tokens: &[Token<'a>]) -> Vec<NamedPath<'a>> {
    let mut imports = BTreeMap::new();
    let mut paths = Vec::new();
    let mut code = Vec::new();
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        if first.text == "use" {
            let mut reader = UseReader { rest: after, imports: &mut imports, paths: &mut paths };
            reader.read_tree(&[]);
            rest = reader.rest;
        } else {
            code.push(*first);
            rest = after;
        }
    }
    paths.extend(code_paths(&code, &imports));
    paths
}

struct UseReader<'t, 'a, 'm> {
    rest: &'t [Token<'a>],
    imports: &'m mut BTreeMap<&'a str, Vec<&'a str>>,
    paths: &'m mut Vec<NamedPath<'a>>,
}

impl<'a> UseReader<'_, 'a, '_> {
    fn next(&mut self) -> Option<Token<'a>> {
        let (first, after) = self.rest.split_first()?;
        self.rest = after;
        Some(*first)
    }

    /// Reads one branch of a use tree; stops before the `,`, `}` or `;` that ends it.
    fn read_tree(&mut self, prefix: &[&'a str]) {
        let mut path = prefix.to_vec();
        let mut line = self.rest.first().map_or(0, |token| token.line);
        let mut alias = None;
        while let Some(token) = self.rest.first().copied() {
            match token.text {
                "," | "}" | ";" => break,
                "{" => {
                    self.next();
                    while self.rest.first().is_some_and(|token| !matches!(token.text, "}" | ";")) {
                        self.read_tree(&path);
                        if self.rest.first().is_some_and(|token| token.text == ",") {
                            self.next();
                        }
                    }
                    if self.rest.first().is_some_and(|token| token.text == "}") {
                        self.next();
                    }
                    return;
                }
                "as" => {
                    self.next();
                    alias = self.next().map(|token| token.text);
                    continue;
                }
                "::" => {}
                "self" if !path.is_empty() => {}
                text => {
                    path.push(text);
                    line = token.line;
                }
            }
            self.next();
        }
        if let Some(name) = alias.or(path.last().copied()) {
            self.imports.insert(name, path.clone());
            self.paths.push(NamedPath { segments: path, line });
        }
    }
}

fn code_paths<'a>(
    code: &[Token<'a>],
    imports: &BTreeMap<&'a str, Vec<&'a str>>,
) -> Vec<NamedPath<'a>> {
    let mut paths = Vec::new();
    let mut at = 0;
    while let Some(token) = code.get(at) {
        let mut segments = Vec::new();
        let mut end = at;
        while let Some(name) = code.get(end).filter(|token| token.is_name()) {
            segments.push(name.text);
            end += 1;
            if code.get(end).is_some_and(|token| token.text == "::")
                && code.get(end + 1).is_some_and(Token::is_name)
            {
                end += 1;
            } else {
                break;
            }
        }
        if let Some((first, others)) = segments.split_first() {
            let mut full = imports.get(first).cloned().unwrap_or_else(|| vec![*first]);
            full.extend(others);
            if full.len() > 1 {
                paths.push(NamedPath { segments: full, line: token.line });
            }
        }
        at = end.max(at + 1);
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::rust_source::tokens;

    fn paths(source: &str) -> Vec<String> {
        named_paths(&tokens(source)).iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn groups_renames_and_globs_are_spelled_out() {
        assert_eq!(
            paths("use std::{fs, net::{self, TcpStream as Tcp}, io::*};"),
            ["std::fs", "std::net", "std::net::TcpStream", "std::io::*"]
        );
    }

    #[test]
    fn names_in_code_are_followed_through_imports() {
        assert_eq!(
            paths(
                "use std::time::Instant as Now; fn f() { Now::now(); local.now(); ::std::fs::read(x) }"
            ),
            ["std::time::Instant", "std::time::Instant::now", "std::fs::read"]
        );
    }

    #[test]
    fn an_unfinished_import_ends_quietly() {
        for source in ["use a::{b", "use", "use a as", "use {{{", "a::", "::"] {
            named_paths(&tokens(source));
        }
    }
}
