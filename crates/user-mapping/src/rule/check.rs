//! From the `[[rule]]` tables as written to rules that can be trusted.

use super::{Rule, Users};
use crate::account::VaultAccount;
use crate::dn::Dn;
use crate::domains::{DomainIndex, Domains};
use crate::findings::Findings;
use crate::pattern::Pattern;
use crate::persons::{check_domain, check_user_key, report_account};
use crate::template::Template;
use crate::trace::{Evidence, Form};
use crate::{FormKey, FromKey, RuleTable, fold};

pub(crate) fn check_rules(
    tables: &[RuleTable],
    domains: &Domains,
    findings: &mut Findings,
) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut names = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        let mut check = Check { path: format!("rule[{number}]"), domains, findings };
        let name = table.name.clone().unwrap_or_else(|| format!("rule {}", number + 1));
        check.name(&name, &names);
        names.push(name.clone());
        if let Some(rule) = check.rule(number, name, table) {
            check.is_reachable(&rule, &rules);
            check.keeps_domains_apart(&rule, &rules);
            rules.push(rule);
        }
    }
    rules
}

struct Check<'a> {
    path: String,
    domains: &'a Domains,
    findings: &'a mut Findings,
}

impl Check<'_> {
    /// Checks every key, also when another one is wrong already.
    fn rule(&mut self, number: usize, name: String, table: &RuleTable) -> Option<Rule> {
        let domain = self.domain("domain", &table.domain);
        let forms = self.forms(table.form.as_deref());
        let from = table.from.as_deref().and_then(|from| self.from(from));
        let dn_under = table.dn_under.as_deref().and_then(|text| self.dn_under(text, domain));
        let users = self.users(table);
        let target = match table.cross_domain.as_deref() {
            Some(id) => self.domain("cross-domain", id),
            None => domain,
        };
        let (users, target) = (users?, target?);
        let template = self.template(table, &users, target)?;
        let domain = domain?;
        Some(Rule {
            number: number + 1,
            name,
            forms,
            domain,
            from,
            dn_under,
            users,
            template,
            target,
        })
    }

    fn name(&mut self, name: &str, others: &[String]) {
        let is_line = !name.is_empty() && !name.contains(char::is_control);
        if !is_line {
            self.problem(
                "name",
                "the name is empty or has control characters",
                "write a few words",
            );
        }
        if others.iter().any(|other| other == name) {
            self.problem("name", format!("two rules are called `{name}`"), "rename one of them");
        }
    }

    fn domain(&mut self, key: &str, id: &str) -> Option<DomainIndex> {
        if id == "*" {
            let advice = "write one rule per domain, so that each says whom it trusts";
            self.problem(key, "a rule is for one domain, `*` is not allowed", advice);
            return None;
        }
        check_domain(&self.path, key, id, self.domains, self.findings)
    }

    fn forms(&mut self, keys: Option<&[FormKey]>) -> Vec<Form> {
        let Some(keys) = keys else {
            return vec![Form::Bare, Form::DownLevel, Form::Upn];
        };
        if keys.is_empty() {
            self.problem("form", "no form is taken", "name some, or leave `form` out");
        }
        let form = |key: &FormKey| match key {
            FormKey::Bare => Form::Bare,
            FormKey::DownLevel => Form::DownLevel,
            FormKey::Upn => Form::Upn,
            FormKey::Dn => Form::Dn,
        };
        keys.iter().map(form).collect()
    }

    fn from(&mut self, keys: &[FromKey]) -> Option<Vec<Evidence>> {
        if keys.is_empty() {
            self.problem("from", "the domain may come from nowhere", "name some, or leave it out");
        }
        if keys == [FromKey::Default] && self.domains.default_domain().is_none() {
            let advice = "mark a [[domain]] with `default = true`, or remove this rule";
            self.problem("from", "there is no default domain", advice);
        }
        let evidence = |key: &FromKey| match key {
            FromKey::Name => Evidence::Name,
            FromKey::Dn => Evidence::Dn,
            FromKey::Default => Evidence::Default,
        };
        Some(keys.iter().map(evidence).collect())
    }

    fn dn_under(&mut self, text: &str, domain: Option<DomainIndex>) -> Option<Dn<'static>> {
        let dn = match Dn::parse(text) {
            Ok(dn) if dn.depth() > 0 => dn.into_owned(),
            Ok(_) => {
                let message = "every entry lies under the empty distinguished name";
                self.problem("dn-under", message, "write one, or leave `dn-under` out");
                return None;
            }
            Err(error) => {
                let advice = error.problem().advice();
                self.problem("dn-under", format!("`{text}`: {error}"), advice);
                return None;
            }
        };
        let lies_in = self.domains.find_by_dn(&dn).map(|found| found.index);
        if domain.is_some() && lies_in != domain {
            self.findings.warning(
                format!("{}.dn-under", self.path),
                format!("no user of the rule's domain lies under `{text}`"),
                "correct it, or add the `base` to the [[domain]]",
            );
        }
        Some(dn)
    }

    fn users(&mut self, table: &RuleTable) -> Option<Users> {
        let pattern = table.user.as_deref().map(Pattern::read);
        if let Some(Err(problem)) = &pattern {
            self.problem("user", problem.to_string(), problem.advice());
        }
        for (place, user) in table.users.iter().flatten().enumerate() {
            check_user_key(&format!("{}.users[{place}]", self.path), user, self.findings);
        }
        match (table.shared, &table.users, pattern) {
            (false, None, None) => Some(Users::All),
            (false, None, Some(pattern)) => pattern.ok().map(Users::Matching),
            (true, Some(users), None) if !users.is_empty() => {
                Some(Users::Sharing(users.iter().map(|user| fold(user)).collect()))
            }
            (true, _, Some(_)) => {
                let advice = "name who shares the vault user in `users`, and remove `user`";
                self.problem("user", "a shared vault user is not for whoever matches", advice);
                None
            }
            (true, ..) => {
                let message = "a shared vault user needs to know who shares it";
                self.problem("users", message, "name them: `users = [\"joe.user\", …]`");
                None
            }
            (false, Some(_), _) => {
                let advice = "set `shared = true`, or write `user` as an expression";
                self.problem("users", "`users` is for a shared vault user only", advice);
                None
            }
        }
    }

    fn template(
        &mut self,
        table: &RuleTable,
        users: &Users,
        target: DomainIndex,
    ) -> Option<Template> {
        let captures = match users {
            Users::Matching(pattern) => pattern.captures(),
            Users::All | Users::Sharing(_) => &[],
        };
        let template = match Template::read(&table.runas, self.domains.get(target)?, captures) {
            Ok(template) => template,
            Err(problem) => {
                let message = format!("`{}`: {problem}", table.runas);
                self.problem("runas", message, problem.advice());
                return None;
            }
        };
        match users {
            Users::Sharing(_) if !template.is_constant() => {
                let advice = "write the shared vault user without {user}";
                self.problem("runas", "a shared vault user is the same for all", advice);
            }
            Users::All | Users::Matching(_) if template.is_constant() => self.problem(
                "runas",
                "every user of this rule would be one and the same vault user",
                "use {user} or a capture; or set `shared = true` and name the `users`",
            ),
            _ => {}
        }
        self.captures(captures, &template);
        self.made_accounts(&template, target);
        Some(template)
    }

    /// What is captured and thrown away may be what tells two people apart.
    fn captures(&mut self, captures: &[String], template: &Template) {
        if template.uses_user() || template.is_constant() {
            return;
        }
        for capture in captures.iter().filter(|capture| !template.uses_capture(capture)) {
            self.findings.warning(
                format!("{}.user", self.path),
                format!("users who differ only in `{capture}` become one vault user"),
                "use the capture in `runas`, or make sure that no two such users exist",
            );
        }
    }

    /// What goes wrong in the same way for two different users goes wrong for all.
    fn made_accounts(&mut self, template: &Template, target: DomainIndex) {
        let made = ["x", "y"].map(|user| {
            VaultAccount::read(&template.fill_all_with(user), Some(target), self.domains)
        });
        if let [Err(problem), Err(other)] = &made
            && problem == other
        {
            let path = format!("{}.runas", self.path);
            report_account(&path, template.as_written(), problem, self.findings);
        }
    }

    /// Warns of a rule of which an earlier one takes everything.
    fn is_reachable(&mut self, rule: &Rule, earlier: &[Rule]) {
        let takes_all = |other: &&Rule| {
            other.domain == rule.domain
                && rule.forms.iter().all(|form| other.forms.contains(form))
                && match (&other.from, &rule.from) {
                    (None, _) => true,
                    (Some(others), Some(from)) => from.iter().all(|place| others.contains(place)),
                    (Some(_), None) => false,
                }
                && other.dn_under.is_none()
                && matches!(other.users, Users::All)
        };
        if let Some(other) = earlier.iter().find(takes_all) {
            self.findings.warning(
                &self.path,
                format!("no user gets here, because `{}` takes them all", other.name),
                "move this rule up: the first rule that fits decides",
            );
        }
    }

    /// Warns if people of one name in two domains would be one vault user.
    fn keeps_domains_apart(&mut self, rule: &Rule, earlier: &[Rule]) {
        let clash = |other: &&Rule| {
            other.domain != rule.domain
                && !other.is_shared()
                && !rule.is_shared()
                && other.template.fill_all_with("x") == rule.template.fill_all_with("x")
        };
        if let Some(other) = earlier.iter().find(clash) {
            self.findings.warning(
                format!("{}.runas", self.path),
                format!(
                    "people of one name in this domain and in that of `{}` become one vault user",
                    other.name
                ),
                "write the domain into `runas`, or keep the users apart by `user`",
            );
        }
    }

    fn problem(&mut self, key: &str, message: impl Into<String>, advice: impl Into<String>) {
        self.findings.problem(format!("{}.{key}", self.path), message, advice);
    }
}
