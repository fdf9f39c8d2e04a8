//! From the `[[rule]]` tables as written to rules that can be trusted.

use super::{Rule, Users};
use crate::account::{Account, VaultAccount};
use crate::dn::Dn;
use crate::domains::{DomainIndex, Domains};
use crate::findings::Findings;
use crate::pattern::Pattern;
use crate::persons::{check_domain, check_user_key, report_account};
use crate::template::Template;
use crate::trace::{Evidence, Form};
use crate::{Characters, DirectoryUse, Folded, FormKey, FromKey, RuleTable, Sid, fold};

/// More spellings of one vault user than this are not tried.
const MOST_CANDIDATES: usize = 5;

pub(crate) fn check_rules(
    tables: &[RuleTable],
    domains: &mut Domains,
    characters: Characters,
    findings: &mut Findings,
) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut names = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        let path = format!("rule[{number}]");
        let mut check = Check { path, domains, characters, findings };
        let name = table.name.clone().unwrap_or_else(|| format!("rule {}", number + 1));
        check.name(&name, &names);
        names.push(name.clone());
        if let Some(rule) = check.rule(number, name, table) {
            check.is_reachable(&rule, &rules);
            check.keeps_domains_apart(&rule, &rules);
            if let Some(domain) = domains.get_mut(rule.domain) {
                domain.groups.extend(rule.groups.iter().flatten().cloned());
                let attributes = rule.templates.iter().flat_map(Template::attributes);
                domain.attributes.extend(attributes.map(str::to_owned));
            }
            rules.push(rule);
        }
    }
    rules
}

struct Check<'a> {
    path: String,
    domains: &'a Domains,
    characters: Characters,
    findings: &'a mut Findings,
}

impl Check<'_> {
    /// Checks every key, also when another one is wrong already.
    fn rule(&mut self, number: usize, name: String, table: &RuleTable) -> Option<Rule> {
        let domain = self.domain("domain", &table.domain);
        let forms = self.forms(table.form.as_deref());
        let from = table.from.as_deref().and_then(|from| self.from(from, domain));
        let dn_under = table.dn_under.as_deref().and_then(|text| self.dn_under(text, domain));
        let providers = table.provider.as_deref().map(|names| self.providers(names));
        let groups = table.group.as_deref().map(|groups| self.groups(groups, domain));
        let users = self.users(table);
        let target = match table.cross_domain.as_deref() {
            Some(id) => self.domain("cross-domain", id),
            None => domain,
        };
        let (users, target) = (users?, target?);
        let templates = self.templates(table, &users, domain, target)?;
        let domain = domain?;
        Some(Rule {
            number: number + 1,
            name,
            forms,
            domain,
            from,
            dn_under,
            providers,
            groups,
            users,
            is_shared: table.shared,
            templates,
            target,
            own_users: table.own_users,
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

    fn from(&mut self, keys: &[FromKey], domain: Option<DomainIndex>) -> Option<Vec<Evidence>> {
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
            FromKey::Directory => Evidence::Directory,
        };
        if keys.contains(&FromKey::Directory) {
            self.has_directory("from", domain);
        }
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

    fn has_directory(&mut self, key: &str, domain: Option<DomainIndex>) {
        if domain.is_some_and(|index| self.domains.directory(index) == DirectoryUse::Never) {
            let advice =
                "set `directory = \"when-needed\"` in the [[domain]], or remove the condition";
            self.problem(key, "the rule's domain has no directory to ask", advice);
        }
    }

    fn providers(&mut self, names: &[String]) -> Vec<Folded> {
        if names.is_empty() || names.iter().any(|name| name.trim().is_empty()) {
            let advice = "name some as the site calls them, or leave `provider` out";
            self.problem("provider", "a security provider without a name", advice);
        }
        names.iter().map(|name| fold(name)).collect()
    }

    fn groups(&mut self, groups: &[String], domain: Option<DomainIndex>) -> Vec<String> {
        self.has_directory("group", domain);
        if groups.is_empty() {
            self.problem("group", "no group is named", "name some, or leave `group` out");
        }
        for (place, group) in groups.iter().enumerate() {
            let key = format!("group[{place}]");
            let dn = Dn::parse(group).ok().filter(|dn| dn.depth() > 0);
            match (Sid::parse(group), dn) {
                (Ok(_), _) => {}
                (Err(_), Some(dn)) => {
                    let lies_in = self.domains.find_by_dn(&dn).map(|found| found.index);
                    if domain.is_some() && lies_in != domain {
                        self.findings.warning(
                            format!("{}.{key}", self.path),
                            format!("`{group}` lies outside of the rule's domain"),
                            "the domain's directory has to know it: correct it, or write its SID",
                        );
                    }
                }
                (Err(_), None) => {
                    let advice = "write its distinguished name, or its SID such as S-1-5-21-…-1104";
                    self.problem(&key, format!("`{group}` is no group"), advice);
                }
            }
        }
        groups.to_vec()
    }

    fn users(&mut self, table: &RuleTable) -> Option<Users> {
        let pattern = table.user.as_deref().map(Pattern::read);
        if let Some(Err(problem)) = &pattern {
            self.problem("user", problem.to_string(), problem.advice());
        }
        for (place, user) in table.users.iter().flatten().enumerate() {
            let path = format!("{}.users[{place}]", self.path);
            check_user_key(&path, user, self.characters, self.findings);
        }
        match (table.shared, &table.users, pattern) {
            (false, None, None) => Some(Users::All),
            (false, None, Some(pattern)) => pattern.ok().map(Users::Matching),
            (true, Some(users), None) if !users.is_empty() => {
                Some(Users::Named(users.iter().map(|user| fold(user)).collect()))
            }
            (true, _, Some(_)) => {
                let advice = "name who shares the vault user in `users`, and remove `user`";
                self.problem("user", "a shared vault user is not for whoever matches", advice);
                None
            }
            // Whoever belongs to the group shares it.
            (true, None, None) if table.group.is_some() => Some(Users::All),
            (true, ..) => {
                let message = "a shared vault user needs to know who shares it";
                let advice = "name them: `users = [\"joe.user\", …]`, or their `group`";
                self.problem("users", message, advice);
                None
            }
            (false, Some(_), _) => {
                let advice = "set `shared = true`, or write `user` as an expression";
                self.problem("users", "`users` is for a shared vault user only", advice);
                None
            }
        }
    }

    /// Reads every template; `None` when one cannot be read.
    fn templates(
        &mut self,
        table: &RuleTable,
        users: &Users,
        domain: Option<DomainIndex>,
        target: DomainIndex,
    ) -> Option<Vec<Template>> {
        let count = table.runas.each().count();
        if count == 0 || count > MOST_CANDIDATES {
            let message = format!("{count} spellings of the vault user");
            self.problem("runas", message, format!("write 1 to {MOST_CANDIDATES}"));
            return None;
        }
        let read: Vec<_> = table
            .runas
            .each()
            .map(|(place, text)| {
                let key = place.map_or("runas".to_owned(), |place| format!("runas[{place}]"));
                let template = self.template(&key, text, table.shared, users, domain, target);
                template.map(|template| (key, template))
            })
            .collect();
        let read: Vec<_> = read.into_iter().collect::<Option<_>>()?;
        self.are_one_account(&read, target);
        Some(read.into_iter().map(|(_, template)| template).collect())
    }

    fn template(
        &mut self,
        key: &str,
        text: &str,
        is_shared: bool,
        users: &Users,
        domain: Option<DomainIndex>,
        target: DomainIndex,
    ) -> Option<Template> {
        let captures = match users {
            Users::Matching(pattern) => pattern.captures(),
            Users::All | Users::Named(_) => &[],
        };
        // Names of the domain are the target's; the directory that is asked is the user's own.
        let mut names = self.domains.get(target)?.clone();
        names.directory = domain.map_or(DirectoryUse::Never, |own| self.domains.directory(own));
        let template = match Template::read(text, &names, captures) {
            Ok(template) => template,
            Err(problem) => {
                self.problem(key, format!("`{text}`: {problem}"), problem.advice());
                return None;
            }
        };
        if is_shared && !template.is_constant() {
            let advice = "write the shared vault user without {user}";
            self.problem(key, "a shared vault user is the same for all", advice);
        }
        if !is_shared && template.is_constant() {
            self.problem(
                key,
                "every user of this rule would be one and the same vault user",
                "use {user} or a capture; or set `shared = true` and name the `users`",
            );
        }
        self.captures(key, users, &template);
        self.made_accounts(key, &template, target);
        Some(template)
    }

    /// Several spellings are for one account. What stands for two is a mistake, or an attempt to
    /// make somebody else of a user whom the vault does not know.
    fn are_one_account(&mut self, templates: &[(String, Template)], target: DomainIndex) {
        let account = |template: &Template| {
            let made = template.fill_apart();
            VaultAccount::read(&made, Some(target), self.domains).ok()
        };
        // What attributes hold is compared when there is an entry.
        let is_known = |template: &Template| template.attributes().next().is_none();
        let Some(((_, first), others)) = templates.split_first() else { return };
        let first_account = account(first);
        let mut wrong = Vec::new();
        for (at, (key, template)) in others.iter().enumerate() {
            let is_twice = templates
                .iter()
                .take(at + 1)
                .any(|(_, other)| other.fill_apart() == template.fill_apart());
            if is_twice {
                wrong.push((key.clone(), "is written twice"));
            } else if let (Some(one), Some(other)) = (&first_account, account(template))
                && is_known(first)
                && is_known(template)
            {
                if one.account.user != other.account.user {
                    wrong.push((key.clone(), "is another user's, not another spelling"));
                } else if one.account.domain != other.account.domain {
                    let what = "is another account: without a domain it is the vault's own user, \
                                with one it is the domain's";
                    wrong.push((key.clone(), what));
                }
            }
        }
        for (key, what) in wrong {
            let advice = "several `runas` are spellings of one account; write two rules for two";
            self.problem(&key, format!("this vault user {what}"), advice);
        }
    }

    /// What is captured and thrown away may be what tells two people apart.
    fn captures(&mut self, key: &str, users: &Users, template: &Template) {
        let Users::Matching(pattern) = users else { return };
        if template.uses_user() || template.is_constant() {
            return;
        }
        let captures = pattern.captures();
        for capture in captures.iter().filter(|capture| !template.uses_capture(capture)) {
            self.findings.warning(
                format!("{}.user", self.path),
                format!("users who differ only in `{capture}` become one vault user"),
                "use the capture in `runas`, or make sure that no two such users exist",
            );
        }
        if pattern.drops() {
            self.findings.warning(
                format!("{}.user", self.path),
                "users who differ only outside of the captures become one vault user",
                "capture what varies and use it in `runas`, or make sure that no two such users \
                 exist",
            );
        }
        if template.runs_together() {
            self.findings.warning(
                format!("{}.{key}", self.path),
                "two fields stand side by side, so that `ab` and `c` give what `a` and `bc` give",
                "put a character between them that neither can hold",
            );
        }
    }

    /// What goes wrong in the same way for two different users goes wrong for all.
    fn made_accounts(&mut self, key: &str, template: &Template, target: DomainIndex) {
        // What an attribute holds is not known before there is an entry.
        if template.attributes().next().is_some() {
            return;
        }
        let made = ["x", "y"].map(|user| {
            VaultAccount::read(&template.fill_all_with(user), Some(target), self.domains)
        });
        if let [Err(problem), Err(other)] = &made
            && problem == other
        {
            let path = format!("{}.{key}", self.path);
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
                && takes_as_many(other.dn_under.as_ref(), rule.dn_under.as_ref(), |all, some| {
                    some.is_within(all)
                })
                && takes_as_many(other.providers.as_ref(), rule.providers.as_ref(), |all, some| {
                    some.iter().all(|provider| all.contains(provider))
                })
                && takes_as_many(other.groups.as_ref(), rule.groups.as_ref(), |all, some| {
                    some.iter().all(|group| all.contains(group))
                })
                && match (&other.users, &rule.users) {
                    (Users::All, _) => true,
                    (Users::Matching(all), Users::Matching(some)) => all.is_same(some),
                    (Users::Matching(all), Users::Named(users)) => {
                        users.iter().all(|user| all.match_user(user.as_str()).is_some())
                    }
                    (Users::Named(all), Users::Named(some)) => {
                        some.iter().all(|user| all.contains(user))
                    }
                    (Users::Matching(_) | Users::Named(_), _) => false,
                }
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
        let accounts = |rule: &Rule| -> Vec<Account> {
            let made = rule.templates.iter().filter_map(|template| {
                let name = template.fill_all_with("x");
                VaultAccount::read(&name, Some(rule.target), self.domains).ok()
            });
            made.map(|made| made.account).collect()
        };
        let of_rule = accounts(rule);
        let clash = |other: &&Rule| {
            other.domain != rule.domain
                && !other.is_shared()
                && !rule.is_shared()
                && accounts(other).iter().any(|account| of_rule.contains(account))
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

/// Whether a condition of an earlier rule, where it has one, takes whatever that of a later takes.
fn takes_as_many<C>(
    earlier: Option<&C>,
    later: Option<&C>,
    covers: impl FnOnce(&C, &C) -> bool,
) -> bool {
    match (earlier, later) {
        (None, _) => true,
        (Some(earlier), Some(later)) => covers(earlier, later),
        (Some(_), None) => false,
    }
}
