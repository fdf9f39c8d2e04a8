//! `[mapping]`: read by the library `user-mapping`, whose findings are placed in the file here.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, ValueDeserializer};
use user_mapping::{MappingFile, RuleSet};

use super::problem::Findings;
use super::reader::nearest;

/// Reads the table; without one, nobody is anybody. Warnings go to `warnings`.
pub(crate) fn read_mapping(
    written: Option<&Spanned<DeValue<'_>>>,
    findings: &Findings<'_>,
    warnings: &Findings<'_>,
) -> Option<RuleSet> {
    let Some(written) = written else {
        warnings.add(
            0..0,
            "there is no [mapping], so no console user is anybody for the vault",
            "add rules; `ecm-service config-reference` prints an example",
        );
        return Some(RuleSet::default());
    };
    let file = read_file(written, findings)?;
    match RuleSet::check(file) {
        Ok((rules, doubts)) => {
            for doubt in doubts {
                warnings.add(place(written, &doubt.path), doubt.message, doubt.advice);
            }
            Some(rules)
        }
        Err(problems) => {
            for problem in problems {
                findings.add(place(written, &problem.path), problem.message, problem.advice);
            }
            None
        }
    }
}

/// More problems than this are not looked for in one table.
const MOST_PROBLEMS: usize = 50;

/// The deserializer stops at the first problem. So that all are told at once, what it complains
/// about is taken out, and it is asked again.
fn read_file(written: &Spanned<DeValue<'_>>, findings: &Findings<'_>) -> Option<MappingFile> {
    let mut left = written.clone();
    for round in 0..MOST_PROBLEMS {
        let error = match MappingFile::deserialize(ValueDeserializer::from(left.clone())) {
            Ok(file) => return (round == 0).then_some(file),
            Err(error) => error,
        };
        let at = error.span().unwrap_or(written.span());
        let (message, advice) = explain(error.message());
        findings.add(at.clone(), message, advice);
        if !take_out(left.get_mut(), &at) {
            return None;
        }
    }
    None
}

/// The deserializer's words, with the nearest known key as advice.
fn explain(message: &str) -> (String, String) {
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let fallback = "the documentation of user-mapping describes every key of [mapping]";
    match words.split_first() {
        Some((written, known)) if message.starts_with("unknown field") => {
            let advice = nearest(written, known.iter().copied());
            let advice = advice.map_or_else(
                || format!("known here: {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            (format!("unknown key `{written}` in [mapping]"), advice)
        }
        Some((missing, _)) if message.starts_with("missing field") => {
            (format!("`{missing}` is missing"), format!("add {missing} = …"))
        }
        _ => (format!("[mapping] is not as it should be: {message}"), fallback.to_owned()),
    }
}

/// Removes the innermost entry that stands at `at`. Answers whether there was one.
fn take_out(value: &mut DeValue<'_>, at: &Range<usize>) -> bool {
    match value {
        DeValue::Table(table) => take_out_of_table(table, at),
        DeValue::Array(list) => {
            let mut removed = false;
            let mut kept = DeArray::new();
            for entry in list.iter_mut() {
                let inside = !removed && take_out(entry.get_mut(), at);
                let whole = !removed && !inside && covers(&entry.span(), at);
                removed = removed || inside || whole;
                if !whole {
                    kept.push(entry.clone());
                }
            }
            *list = kept;
            removed
        }
        _ => false,
    }
}

fn take_out_of_table(table: &mut DeTable<'_>, at: &Range<usize>) -> bool {
    if table.iter_mut().any(|(_, value)| take_out(value.get_mut(), at)) {
        return true;
    }
    let hit = table
        .iter()
        .find(|(key, value)| covers(&key.span(), at) || covers(&value.span(), at))
        .map(|(key, _)| key.get_ref().to_string());
    hit.is_some_and(|key| table.remove(key.as_str()).is_some())
}

fn covers(span: &Range<usize>, at: &Range<usize>) -> bool {
    span.start <= at.start && at.start < span.end.max(span.start + 1)
}

/// Where `rule[2].user` stands: the value itself, or as much of the way there as is written.
fn place(written: &Spanned<DeValue<'_>>, path: &str) -> Range<usize> {
    let mut here = written;
    for step in path.split('.') {
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (step, None),
        };
        if !name.is_empty() {
            match here.get_ref().get(name) {
                Some(next) => here = next,
                None => return here.span(),
            }
        }
        if let Some(index) = index {
            match here.get_ref().get(index) {
                Some(next) => here = next,
                None => return here.span(),
            }
        }
    }
    here.span()
}
