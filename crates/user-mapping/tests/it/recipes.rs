//! The recipes of the administrators' page, as they stand there.

#![expect(
    clippy::disallowed_methods,
    reason = "the page is read where it stands, so that it cannot say something else"
)]

use std::path::{Path, PathBuf};

use user_mapping::{
    Answer, Answers, Entry, Key, MappingFile, Outcome, Progress, Question, Resolution, RuleSet,
    StatedUser,
};

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate/who-is-who.md")
}

/// The people of the page.
fn directory(question: &Question) -> Answer {
    let people = [
        (
            "CN=Joe User,OU=HelpDesk,DC=acme,DC=test",
            "joe.user",
            "joe.user@acme-inc.com",
            "CN=Admins,",
        ),
        ("CN=Pat,OU=HelpDesk,DC=acme,DC=test", "pat.user", "pat.alias@acme.test", "nothing else"),
    ];
    let found = people.into_iter().find(|(dn, logon, principal, _)| match &question.by {
        Key::LogonName(name) => name.as_str() == *logon,
        Key::PrincipalName(name) => name.as_str() == *principal,
        Key::Entry(asked) => asked.eq_ignore_ascii_case(dn),
    });
    let Some((dn, logon, principal, own_group)) = found else { return Answer::Nobody };
    let is_in =
        |group: &&String| group.starts_with(own_group) || group.starts_with("CN=Domain Users,");
    Answer::Entry(Box::new(Entry {
        dn: dn.to_owned(),
        logon_name: logon.to_owned(),
        principal_name: Some(principal.to_owned()),
        groups: question.groups.iter().filter(is_in).cloned().collect(),
        attributes: [("userPrincipalName".to_owned(), principal.to_owned())]
            .into_iter()
            .filter(|(name, _)| question.attributes.contains(name))
            .collect(),
        ..Entry::default()
    }))
}

fn explain(rules: &RuleSet, stated: &StatedUser<'_>) -> Resolution {
    let mut answers = Answers::default();
    for _ in 0..4 {
        match rules.explain_with(stated, &answers) {
            Progress::Done(resolution) => return *resolution,
            Progress::Ask(questions) => {
                for question in questions {
                    answers.add(question.clone(), directory(&question));
                }
            }
        }
    }
    panic!("the questions do not end");
}

/// What stands between a line that is `begin` and the next line of three backticks.
fn block<'p>(section: &'p str, begin: &str) -> &'p str {
    let (_, rest) = section.split_once(&format!("\n```{begin}\n")).expect(section);
    rest.split_once("```").unwrap().0
}

/// The head of a section's table, and the cells of its rows.
fn table(section: &str) -> (Vec<&str>, Vec<Vec<&str>>) {
    fn row(line: &str) -> Vec<&str> {
        line.trim_matches('|').split('|').map(str::trim).collect()
    }
    let mut lines = section.lines().filter(|line| line.starts_with('|'));
    let head = row(lines.next().unwrap());
    (head, lines.skip(1).map(row).collect())
}

#[test]
fn every_recipe_of_the_page_does_what_its_table_says() {
    let text = std::fs::read_to_string(page()).unwrap();
    let (_, recipes) = text.split_once("\n## Recipes\n").unwrap();
    let (recipes, _) = recipes.split_once("\n## ").unwrap();
    let mut written = text.clone();
    let mut count = 0;
    for section in recipes.split("\n### ").skip(1) {
        let title = section.lines().next().unwrap();
        let file: MappingFile =
            toml::from_str(&block(section, "toml").replace("mapping.", "")).expect(title);
        let (rules, _) = RuleSet::check(file).unwrap_or_else(|found| panic!("{title}: {found:#?}"));
        let (head, rows) = table(section);
        for (number, row) in rows.iter().enumerate() {
            let cell = |name: &str| {
                let column = head.iter().position(|head| *head == name);
                column.map(|column| row[column].trim_matches('`')).filter(|cell| !cell.is_empty())
            };
            let username = cell("name").unwrap();
            let (dn, provider) = (cell("DN"), cell("provider"));
            let explained = explain(&rules, &StatedUser { username, dn, provider });
            let got = match &explained.outcome {
                Outcome::User(user) => user.runas().to_owned(),
                Outcome::Nobody(refusal) => format!("nobody: `{refusal}"),
            };
            assert_eq!(
                Some(got.as_str()),
                cell("vault user"),
                "{title}: {username}\n{}",
                explained.trace
            );
            if number == 0 {
                let shown = format!("\n```text\n{}", block(section, "text"));
                let trace = format!("\n```text\n{}\n", explained.trace);
                if std::env::var_os("KEYFERRY_WRITE_DOCS").is_some() {
                    let changed = section.replace(&shown, &trace);
                    written = written.replace(section, &changed);
                } else {
                    assert_eq!(shown, trace, "run this test again with KEYFERRY_WRITE_DOCS=1");
                }
            }
        }
        count += 1;
    }
    assert!(count >= 14, "{count} recipes");
    if written != text {
        std::fs::write(page(), written).unwrap();
    }
}
