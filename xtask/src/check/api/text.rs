//! A crate's items as a text that people read in review: what says nothing is left out.

use std::collections::HashSet;

/// What nearly every type has. Having one is not written down; not to be sent to or shared with
/// another thread is, by its `!`.
const EVERYWHERE: [&str; 7] =
    ["Freeze", "RefUnwindSafe", "Send", "Sync", "Unpin", "UnsafeUnpin", "UnwindSafe"];

/// The lines of the text.
///
/// Left out are the members of implementations but for their types, since the trait says them;
/// what nearly every type has; and the second of two equal lines, since an implementation is
/// listed with its trait and with its type. The standard traits of a type share a line.
pub(super) fn condense(items: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut told = told(items);
    told.retain(|line| seen.insert(*line));
    let mut lines: Vec<String> = Vec::new();
    let mut standard = Vec::new();
    let mut told = told.into_iter().peekable();
    while let Some(line) = told.next() {
        let Some(of) = Implementation::parse(line).filter(Implementation::is_standard) else {
            lines.push(line.to_owned());
            continue;
        };
        standard.push(of.name());
        let next = told.peek().and_then(|line| Implementation::parse(line));
        if next.is_none_or(|next| !next.is_standard() || next.on != of.on) {
            lines.push(format!("impl {} for {}", standard.join(" + "), of.on));
            standard.clear();
        }
    }
    lines
}

/// The lines that say something.
fn told(items: &[String]) -> Vec<&str> {
    let mut implemented_for = None;
    let mut told = Vec::new();
    for line in items.iter().map(String::as_str) {
        if let Some(of) = Implementation::parse(line) {
            implemented_for = of.on.split('<').next();
            if !of.says_nothing() {
                told.push(line);
            }
            continue;
        }
        implemented_for = implemented_for.filter(|on| is_member(line, on));
        if implemented_for.is_none() || line.starts_with("pub type") {
            told.push(line);
        }
    }
    told
}

/// Whether the line is about something inside the type `on`.
fn is_member(line: &str, on: &str) -> bool {
    let below = |path: &str| path.starts_with("::") || path.starts_with('<');
    !line.starts_with("impl")
        && line.split(' ').any(|word| word.strip_prefix(on).is_some_and(below))
}

/// `impl<T> core::marker::Send for x::A<T> where …`.
struct Implementation<'a> {
    generic: bool,
    of: &'a str,
    on: &'a str,
}

impl<'a> Implementation<'a> {
    /// `None` for everything that is not a trait implemented for a type.
    fn parse(line: &'a str) -> Option<Self> {
        let rest = line.strip_prefix("impl")?;
        let (generic, rest) = match rest.strip_prefix('<') {
            // What a parameter must be can itself have parameters.
            Some(_) => (true, rest.get(end_of_generics(rest)?..)?),
            None => (false, rest),
        };
        let (of, on) = rest.trim_start().split_once(" for ")?;
        Some(Self { generic, of, on })
    }

    fn name(&self) -> &'a str {
        self.of.rsplit("::").next().unwrap_or(self.of)
    }

    fn is_core(&self) -> bool {
        self.of.trim_start_matches('!').starts_with("core::")
    }

    /// A trait of the standard library that shares a line with others.
    fn is_standard(&self) -> bool {
        self.is_core() && !self.generic && !self.of.contains(['<', '!'])
    }

    fn says_nothing(&self) -> bool {
        let keeps_threads_out = self.of.starts_with('!') && matches!(self.name(), "Send" | "Sync");
        let everywhere = EVERYWHERE.contains(&self.name()) && !keeps_threads_out;
        self.is_core() && (everywhere || self.name() == "StructuralPartialEq")
    }
}

/// Where the parameters end that `text` begins with.
fn end_of_generics(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (place, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            // The arrow of a function is no bracket.
            '>' if before != '-' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(place + c.len_utf8());
        }
        before = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condensed(items: &[&str]) -> Vec<String> {
        condense(&items.iter().map(|&line| line.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn standard_traits_share_a_line_and_what_every_type_has_is_left_out() {
        let all = [
            "pub struct x::A",
            "pub x::A::field: u8",
            "impl core::clone::Clone for x::A",
            "pub fn x::A::clone(&self) -> x::A",
            "impl core::marker::StructuralPartialEq for x::A",
            "impl core::fmt::Debug for x::A",
            "pub fn x::A::fmt(&self, &mut core::fmt::Formatter<'_>) -> core::fmt::Result",
            "impl !core::marker::Sync for x::A",
            "impl core::marker::Send for x::A",
            "impl !core::panic::unwind_safe::UnwindSafe for x::A",
            "pub fn x::after()",
        ];
        let expected = [
            "pub struct x::A",
            "pub x::A::field: u8",
            "impl Clone + Debug for x::A",
            "impl !core::marker::Sync for x::A",
            "pub fn x::after()",
        ];
        assert_eq!(condensed(&all), expected);
    }

    #[test]
    fn own_methods_stay_and_those_that_a_trait_demands_do_not() {
        let all = [
            "pub struct x::A<T>",
            "impl<T> x::A<T>",
            "pub fn x::A<T>::own(&self) -> T",
            "impl<T: core::ops::Fn(&str) -> u8> x::Call for x::A<T>",
            "pub type x::A<T>::Answer = u8",
            "pub const x::A<T>::NAME: &'static str",
            "pub fn x::A<T>::read(&self)",
            "impl<T> core::marker::Send for x::A<T> where T: core::marker::Send",
            "impl core::convert::From<u8> for x::A<u8>",
            "pub trait x::Call",
            "pub fn x::Call::read(&self)",
            "impl<T: core::ops::Fn(&str) -> u8> x::Call for x::A<T>",
            "pub fn x::A<T>::read(&self)",
        ];
        let expected = [
            "pub struct x::A<T>",
            "impl<T> x::A<T>",
            "pub fn x::A<T>::own(&self) -> T",
            "impl<T: core::ops::Fn(&str) -> u8> x::Call for x::A<T>",
            "pub type x::A<T>::Answer = u8",
            "impl core::convert::From<u8> for x::A<u8>",
            "pub trait x::Call",
            "pub fn x::Call::read(&self)",
        ];
        assert_eq!(condensed(&all), expected);
    }
}
