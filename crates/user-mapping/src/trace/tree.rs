//! The readable form of a trace: a label and a text per step.

use std::fmt::{self, Write as _};

use super::{
    AccountKind, Asked, Condition, DnRead, DomainKey, DomainMatch, Ended, Evidence, Form, Misread,
    NameRead, Reconciled, RuleTried, RunasMade, Step, Trace,
};
use crate::directory::Answer;
use crate::pointer::visible;

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            write!(f, "{:<11}{}", label(step), Text(step))?;
        }
        Ok(())
    }
}

/// A trace on one line.
#[derive(Debug, Clone, Copy)]
pub struct OneLine<'a>(pub(super) &'a Trace);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.steps.iter().enumerate() {
            let between = if index > 0 { " | " } else { "" };
            write!(f, "{between}{} {}", label(step), Text(step))?;
        }
        Ok(())
    }
}

/// The name of a step.
fn label(step: &Step) -> String {
    match step {
        Step::Input { .. } => "input".to_owned(),
        Step::Name(_) | Step::NameError(_) => "name".to_owned(),
        Step::Dn(_) | Step::DnError(_) => "dn".to_owned(),
        Step::Directory(_) => "directory".to_owned(),
        Step::Reconcile(_) => "reconcile".to_owned(),
        Step::Deny { .. } => "deny".to_owned(),
        Step::Allow { .. } => "allow".to_owned(),
        Step::Exception { .. } => "exception".to_owned(),
        Step::Rule(rule) | Step::NotReached(rule) => format!("rule {}", rule.number),
        Step::Runas(_) => "runas".to_owned(),
        Step::Result(_) => "result".to_owned(),
    }
}

struct Text<'a>(&'a Step);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Step::Input { username, dn, provider } => {
                write!(f, "name={}", Quoted(username))?;
                for (key, value) in [("dn", dn), ("provider", provider)] {
                    if let Some(value) = value {
                        write!(f, "  {key}={}", Quoted(value))?;
                    }
                }
                Ok(())
            }
            Step::Name(name) => write_name(f, name),
            Step::Dn(dn) => write_dn(f, dn),
            Step::NameError(misread) | Step::DnError(misread) => write_misread(f, misread),
            Step::Directory(asked) => write_asked(f, asked),
            Step::Reconcile(reconciled) => write_reconciled(f, reconciled),
            Step::Deny { number } | Step::Allow { number } => write_hit(f, *number),
            Step::Exception { number, reason } => {
                write_hit(f, *number)?;
                reason.as_ref().map_or(Ok(()), |reason| write!(f, "  {}", Quoted(reason)))
            }
            Step::Rule(rule) => {
                write_rule(f, rule)?;
                if rule.decides { f.write_str("  -> decides") } else { Ok(()) }
            }
            Step::NotReached(rule) => {
                write_rule(f, rule)?;
                f.write_str(if rule.decides { "  (would decide)" } else { "  (not reached)" })
            }
            Step::Runas(made) => write_runas(f, made),
            Step::Result(Ended::Runas(candidates)) => {
                for (index, runas) in candidates.iter().enumerate() {
                    let between = if index == 0 { "runas=" } else { ", else " };
                    write!(f, "{between}{}", Quoted(runas.as_str()))?;
                }
                Ok(())
            }
            Step::Result(Ended::Nobody(refusal)) => {
                write!(f, "nobody: {refusal} ({})", refusal.advice())
            }
        }
    }
}

fn write_name(f: &mut fmt::Formatter<'_>, name: &NameRead) -> fmt::Result {
    f.write_str(form_key(name.form))?;
    let kind = match name.account {
        AccountKind::Person => "",
        AccountKind::Machine => ", a computer's account",
        AccountKind::LocalMachine => ", an account of one computer",
        AccountKind::Special => ", a reserved name",
        AccountKind::Guest => ", a guest of a cloud tenant",
    };
    f.write_str(kind)?;
    if let Some(part) = &name.domain_part {
        write!(f, "   domain part {} -> ", Quoted(part))?;
        write_match(f, name.domain.as_ref())?;
    }
    name.user.as_ref().map_or(Ok(()), |user| write!(f, "   user {}", Quoted(user.as_str())))
}

fn write_dn(f: &mut fmt::Formatter<'_>, dn: &DnRead) -> fmt::Result {
    write!(f, "{} RDNs", dn.rdns)?;
    match (&dn.dns, &dn.no_dns) {
        (Some(dns), _) => write!(f, "   domain {dns} -> ")?,
        (None, reason) => {
            write!(f, "   no DNS domain ({}) -> ", reason.as_deref().unwrap_or("none"))?
        }
    }
    write_match(f, dn.domain.as_ref())?;
    dn.leaf_user.as_ref().map_or(Ok(()), |user| write!(f, "   leaf user {}", Quoted(user)))
}

fn write_match(f: &mut fmt::Formatter<'_>, domain: Option<&DomainMatch>) -> fmt::Result {
    let Some(domain) = domain else {
        return f.write_str("not in the table");
    };
    let key = match domain.by {
        DomainKey::Netbios => "netbios",
        DomainKey::Dns => "dns",
        DomainKey::Suffix => "suffix",
        DomainKey::Base => "base",
    };
    write!(f, "{} ({key})", domain.id)
}

fn write_misread(f: &mut fmt::Formatter<'_>, misread: &Misread) -> fmt::Result {
    write!(f, "{} at byte {}: {} ({})", misread.code, misread.at, misread.message, misread.advice)
}

fn write_asked(f: &mut fmt::Formatter<'_>, asked: &Asked) -> fmt::Result {
    write!(f, "{}   by {} -> ", asked.domain, Visible(&asked.by))?;
    match &asked.answer {
        Answer::Nobody => f.write_str("nobody"),
        Answer::Several => f.write_str("several users"),
        Answer::Unavailable(why) => write!(f, "no answer: {}", Visible(why)),
        Answer::Unusable(why) => write!(f, "no use: {}", Visible(why)),
        Answer::Entry(entry) => {
            write!(f, "{}   user {}", Quoted(&entry.dn), Quoted(&entry.logon_name))?;
            let optional = [("upn", &entry.principal_name), ("id", &entry.id)];
            for (key, value) in optional {
                if let Some(value) = value {
                    write!(f, "   {key} {}", Visible(value))?;
                }
            }
            write!(f, "   {}", entry.state.code())?;
            for group in &entry.groups {
                write!(f, "   in {}", Quoted(group))?;
            }
            Ok(())
        }
    }
}

fn write_reconciled(f: &mut fmt::Formatter<'_>, reconciled: &Reconciled) -> fmt::Result {
    match reconciled {
        Reconciled::Refused { reason, detail } => write!(f, "{reason}: {}", Visible(detail)),
        Reconciled::Principal { domain: None, user, .. } => {
            write!(f, "a user of the site itself   user {}", Quoted(user.as_str()))
        }
        Reconciled::Principal { domain: Some(domain), user, evidence } => {
            write!(f, "{domain}   user {}   evidence: ", Quoted(user.as_str()))?;
            for (index, evidence) in evidence.iter().enumerate() {
                let word = match evidence {
                    Evidence::Name => "name",
                    Evidence::Dn => "dn",
                    Evidence::Default => "default",
                    Evidence::Directory => "directory",
                };
                write!(f, "{}{word}", if index == 0 { "" } else { ", " })?;
            }
            Ok(())
        }
    }
}

fn write_hit(f: &mut fmt::Formatter<'_>, number: Option<usize>) -> fmt::Result {
    match number {
        None => f.write_str("no"),
        Some(number) => write!(f, "number {number} names this user"),
    }
}

fn write_rule(f: &mut fmt::Formatter<'_>, rule: &RuleTried) -> fmt::Result {
    write!(f, "{}  ", Quoted(&rule.name))?;
    for (index, tried) in rule.conditions.iter().enumerate() {
        let condition = match tried.condition {
            Condition::Form => "form",
            Condition::Domain => "domain",
            Condition::From => "from",
            Condition::Provider => "provider",
            Condition::DnUnder => "dn-under",
            Condition::Group => "group",
            Condition::Users => "users",
            Condition::User => "user",
        };
        let verdict = if tried.holds { "ok" } else { "no" };
        write!(f, "{}{condition} {verdict}", if index == 0 { "" } else { ", " })?;
    }
    for (index, (name, value)) in rule.captures.iter().enumerate() {
        write!(f, "{}{name}={}", if index == 0 { " (" } else { ", " }, Quoted(value))?;
    }
    if !rule.captures.is_empty() {
        f.write_char(')')?;
    }
    Ok(())
}

fn write_runas(f: &mut fmt::Formatter<'_>, made: &RunasMade) -> fmt::Result {
    write!(f, "{} -> {}", Quoted(&made.template), Quoted(&made.value))?;
    made.refused.as_ref().map_or(Ok(()), |why| write!(f, "  refused: {}", Visible(why)))
}

fn form_key(form: Form) -> &'static str {
    match form {
        Form::Bare => "bare",
        Form::DownLevel => "down-level",
        Form::Upn => "upn",
        Form::Dn => "dn",
    }
}

/// Text from outside, in quotes, so that a line of the log is what it seems to be.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", Visible(self.0))
    }
}

/// The same without quotes.
struct Visible<'a>(&'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().flat_map(visible).try_for_each(|character| f.write_char(character))
    }
}
