//! "Which credentials may I use here?", asked on every kind of jump item.

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::answers::{Answered, Call, Found, Offer};
use super::items::{Item, items};
use super::stage::{CONSOLE_USER, Stage, VAULT_USER};
use crate::demo::story::{Story, table};

/// An item with what was offered on it.
pub(super) struct OnTheTable {
    pub(super) target: Value,
    pub(super) offers: Vec<Offer>,
}

/// Searches on each item. The story goes on with the first one.
pub(super) fn tell(stage: &mut Stage, story: &mut Story) -> anyhow::Result<OnTheTable> {
    let mut first = None;
    let mut told = Mapping::default();
    for item in items() {
        story.chapter(format!("{CONSOLE_USER} opens {} and asks for credentials", item.title));
        let offers = search(stage, story, &item, &mut told)?;
        first.get_or_insert(OnTheTable { target: item.target, offers });
    }
    first.context("there are no items")
}

/// The mapping trace that was told last; it is not told twice.
#[derive(Default)]
struct Mapping(String);

impl Mapping {
    /// Leaves the trace out of an explanation if it is the one told before.
    fn shorten(&mut self, explanation: &str) -> String {
        let is_search = |line: &&str| line.starts_with("key ") || line.starts_with("asked ");
        let mapping: Vec<_> = explanation.lines().take_while(|line| !is_search(line)).collect();
        let rest: Vec<_> = explanation.lines().skip(mapping.len()).collect();
        let mapping = mapping.join("\n");
        if mapping == self.0 && !mapping.is_empty() {
            return format!("(user mapping: as before)\n{}", rest.join("\n"));
        }
        self.0 = mapping;
        explanation.to_owned()
    }
}

fn search(
    stage: &mut Stage,
    story: &mut Story,
    item: &Item,
    told: &mut Mapping,
) -> anyhow::Result<Vec<Offer>> {
    story.tell(format_args!("asked: user {CONSOLE_USER}, {} for {}", item.purpose, item.target));
    let question = json!({
        "user": { "username": CONSOLE_USER }, "target": item.target, "purpose": item.purpose,
        "want": { "kinds": item.kinds },
    });
    let found: Found = match stage.site.order("/_sim/search", &question)? {
        Answered::Well(found) => found,
        Answered::Refused { error } => bail!("the search was refused: {}", error.message),
    };
    story.tell("why, as the service logged it:");
    story.tell(indented(&told.shorten(&stage.latest_explanation()?)));
    let calls = stage.new_calls()?;
    story.tell("the vault saw:");
    story.tell(indented(&calls_table(&calls)));

    let mut offers = found.items;
    offers.sort_by(|one, other| one.sort.cmp(&other.sort));
    story.tell(format_args!("answered in {} ms:", found.elapsed_ms));
    story.tell(indented(&offers_table(&offers)));

    let mapped = found.mapped_user.as_deref();
    story.claim("the rule makes that the vault user it names", &Some(VAULT_USER), &mapped);
    let foreign = calls.iter().filter(|call| call.user.as_deref().is_some_and(|u| u != VAULT_USER));
    story.claim("every call acted as that user", &0, &foreign.count());
    let created =
        calls.iter().filter(|call| call.method == "POST" && call.path.ends_with("/Requests"));
    story.claim("a search opens no release request", &0, &created.count());
    story.claim("the answer is complete", &true, &found.complete);
    let mut displayed: Vec<_> = offers.iter().map(|offer| offer.display.as_str()).collect();
    displayed.sort_unstable();
    story.claim(format!("offered: {}", item.because), item.offered, displayed.as_slice());
    Ok(offers)
}

/// A name that no rule covers gets nothing, and the vault is not even asked.
pub(super) fn tell_of_a_stranger(stage: &mut Stage, story: &mut Story) -> anyhow::Result<()> {
    let stranger = r"EVIL\joe.user";
    story.chapter(format!("{stranger}, whom no rule covers, asks the same"));
    stage.new_calls()?;
    let question = json!({
        "user": { "username": stranger },
        "target": { "kind": "jump_client", "hostname": "APP01" },
    });
    let answer: Answered<Found> = stage.site.order("/_sim/search", &question)?;
    story.tell("why, as the service logged it:");
    story.tell(indented(&stage.latest_explanation()?));
    let category = match answer {
        Answered::Refused { error } => {
            story.tell(format_args!("answered: {}", error.message));
            error.category
        }
        Answered::Well(_) => None,
    };
    story.claim("the answer is: nobody", &Some("user_unmapped"), &category.as_deref());
    story.claim("the vault was not asked", &0, &stage.new_calls()?.len());
    Ok(())
}

fn offers_table(offers: &[Offer]) -> String {
    let row = |offer: &Offer| {
        let start: String = offer.id.chars().take(14).collect();
        vec![
            offer.display.clone(),
            offer.kind.clone(),
            offer.scope.clone(),
            offer.approval.clone(),
            format!("{start}…"),
        ]
    };
    let rows: Vec<_> = offers.iter().map(row).collect();
    table(&["credential", "kind", "scope", "approval", "id"], &rows)
}

/// The calls as rows: how they ended, as whom, what, with which parameters.
pub(super) fn calls_table(calls: &[Call]) -> String {
    let row = |call: &Call| {
        let path = call.path.split("/public/v3/").last().unwrap_or(&call.path);
        let query = call.query.iter().map(|(name, value)| format!("{name}={value}"));
        let query: Vec<_> = query.collect();
        let details = match &call.body {
            Some(body) if query.is_empty() => body.to_string(),
            _ => query.join("&"),
        };
        vec![
            call.status.map_or_else(|| "cut".to_owned(), |status| status.to_string()),
            call.user.clone().unwrap_or_default(),
            format!("{} {path}", call.method),
            details,
        ]
    };
    let rows: Vec<_> = calls.iter().map(row).collect();
    table(&["status", "as", "call", "with"], &rows)
}

/// Two spaces before each line.
pub(super) fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_mapping_is_told_once_and_another_one_again() {
        let mut told = Mapping::default();
        let first = "input  joe\nresult joe\nkey    host=a";
        assert_eq!(told.shorten(first), first);
        let second = "input  joe\nresult joe\nkey    host=b";
        assert_eq!(told.shorten(second), "(user mapping: as before)\nkey    host=b");
        let other = "input  ann\nresult ann\nkey    host=b";
        assert_eq!(told.shorten(other), other);
    }
}
