//! What directories add to a name, and what is done about what they say. The directories here are
//! tables; the real ones are asked elsewhere.

use user_mapping::{
    AccountState, Answer, Answers, Entry, Key, Outcome, Progress, Question, Refusal, Resolution,
    RuleSet, StatedUser,
};

use crate::setting::{check, rules};

const DOMAINS: &str = r#"
[[domain]]
id = "acme"
netbios = "ACME"
dns = ["acme.test"]
suffix = ["acme-inc.com"]
directory = "when-needed"

[[domain]]
id = "beta"
netbios = "BETA"
dns = ["beta.test"]
directory = "when-needed"

[[rule]]
domain = "acme"
form = ["bare", "down-level", "upn", "dn"]
runas = '{netbios}\{user}'

[[rule]]
domain = "beta"
form = ["bare", "down-level", "upn", "dn"]
runas = '{netbios}\{user}'
"#;

/// A directory of this many people: domain, distinguished name, logon name, principal name.
const PEOPLE: &[(&str, &str, &str, &str)] = &[
    ("acme", "CN=Joe User,OU=HelpDesk,DC=acme,DC=test", "joe.user", "joe.user@acme-inc.com"),
    // The principal name is not the logon name, and is that of somebody else in the other domain.
    ("acme", "CN=Pat,OU=HelpDesk,DC=acme,DC=test", "pat.user", "pat.alias@acme.test"),
    ("beta", "CN=Ann,DC=beta,DC=test", "ann", "ann@partner.example"),
    ("acme", "CN=Twin,DC=acme,DC=test", "twin", "twin@both.example"),
    ("beta", "CN=Twin,DC=beta,DC=test", "twin", "twin@both.example"),
];

fn entry(dn: &str, logon_name: &str, principal_name: &str) -> Entry {
    Entry {
        dn: dn.to_owned(),
        logon_name: logon_name.to_owned(),
        principal_name: Some(principal_name.to_owned()),
        id: Some("S-1-5-21-1-2-3-1104".to_owned()),
        ..Entry::default()
    }
}

fn people(question: &Question) -> Answer {
    let folded = str::to_ascii_lowercase;
    let is_meant = |(domain, dn, logon, principal): &&(&str, &str, &str, &str)| {
        question.domain.as_str() == *domain
            && match &question.by {
                Key::LogonName(name) => folded(logon) == name.as_str(),
                Key::PrincipalName(name) => folded(principal) == name.as_str(),
                Key::Entry(asked) => folded(dn) == folded(asked),
            }
    };
    match PEOPLE.iter().find(is_meant) {
        Some((_, dn, logon, principal)) => Answer::Entry(Box::new(entry(dn, logon, principal))),
        None => Answer::Nobody,
    }
}

/// Resolves with a directory, and counts the questions.
fn resolve(
    rules: &RuleSet,
    stated: &StatedUser<'_>,
    directory: &dyn Fn(&Question) -> Answer,
) -> (Resolution, Vec<Question>) {
    let mut answers = Answers::default();
    let mut asked = Vec::new();
    for _ in 0..4 {
        match rules.resolve_with(stated, &answers) {
            Progress::Done(resolution) => return (*resolution, asked),
            Progress::Ask(questions) => {
                assert!(!questions.is_empty());
                for question in questions {
                    asked.push(question.clone());
                    answers.add(question.clone(), directory(&question));
                }
            }
        }
    }
    panic!("the questions do not end: {asked:#?}");
}

fn ask(rules: &RuleSet, username: &str, dn: &str) -> Result<String, Refusal> {
    let dn = Some(dn).filter(|dn| !dn.is_empty());
    let stated = StatedUser { username, dn, provider: None };
    match resolve(rules, &stated, &people).0.outcome {
        Outcome::User(user) => Ok(user.runas().to_owned()),
        Outcome::Nobody(refusal) => Err(refusal),
    }
}

const JOE: &str = "CN=Joe User,OU=HelpDesk,DC=acme,DC=test";

#[test]
fn a_directory_tells_what_names_alone_do_not() {
    let rules = rules(DOMAINS);
    let table = [
        // A distinguished name without a logon name.
        (JOE, "", Ok(r"ACME\joe.user")),
        ("cn=joe user,ou=helpdesk,dc=ACME,dc=test", "", Ok(r"ACME\joe.user")),
        // A principal name that is not the logon name.
        ("pat.alias@acme.test", "", Ok(r"ACME\pat.user")),
        ("PAT.Alias@ACME.test", "", Ok(r"ACME\pat.user")),
        // The implicit principal name of a user who has another one.
        ("pat.user@acme.test", "", Ok(r"ACME\pat.user")),
        ("joe.user@ACME", "", Ok(r"ACME\joe.user")),
        // An alternate suffix that the table gives to the domain, and one that it does not know.
        ("joe.user@acme-inc.com", "", Ok(r"ACME\joe.user")),
        ("ann@partner.example", "", Ok(r"BETA\ann")),
        // An alternate suffix has no implicit names.
        ("pat.user@acme-inc.com", "", Err(Refusal::NotFound)),
        ("joe@nobody.example", "", Err(Refusal::NoDomain)),
        ("twin@both.example", "", Err(Refusal::Ambiguous)),
        ("CN=Nobody,DC=acme,DC=test", "", Err(Refusal::NotFound)),
        // Name and entry have to agree.
        ("pat.alias@acme.test", JOE, Err(Refusal::UserConflict)),
        ("joe.user@acme-inc.com", JOE, Ok(r"ACME\joe.user")),
    ];
    for (username, dn, expected) in table {
        assert_eq!(ask(&rules, username, dn), expected.map(str::to_owned), "{username} {dn}");
    }
}

#[test]
fn a_user_of_the_site_itself_is_never_looked_for_in_a_directory() {
    for when in ["when-needed", "always"] {
        let rules = rules(&DOMAINS.replace("when-needed", when));
        for name in ["joe.user", r".\joe.user", r"BUILTIN\joe.user"] {
            let stated = StatedUser { username: name, ..StatedUser::default() };
            let (resolution, asked) = resolve(&rules, &stated, &people);
            assert!(matches!(resolution.outcome, Outcome::Nobody(_)), "{name}");
            assert!(asked.is_empty(), "{name}: {asked:?}");
        }
    }
}

#[test]
fn where_it_is_not_needed_no_directory_is_asked() {
    let rules = rules(DOMAINS);
    for (username, dn) in [(r"ACME\somebody", ""), ("somebody", "uid=somebody,dc=acme,dc=test")] {
        let dn = Some(dn).filter(|dn| !dn.is_empty());
        let (resolution, asked) =
            resolve(&rules, &StatedUser { username, dn, provider: None }, &people);
        assert!(matches!(resolution.outcome, Outcome::User(_)), "{}", resolution.trace);
        assert!(asked.is_empty());
    }
}

#[test]
fn always_means_that_whoever_the_directory_does_not_know_is_nobody() {
    let rules = rules(&DOMAINS.replace("when-needed", "always"));
    assert_eq!(ask(&rules, r"ACME\joe.user", ""), Ok(r"ACME\joe.user".to_owned()));
    assert_eq!(ask(&rules, "joe.user", JOE), Ok(r"ACME\joe.user".to_owned()));
    assert_eq!(ask(&rules, r"ACME\somebody", ""), Err(Refusal::NotFound));
    assert_eq!(ask(&rules, "pat.user", JOE), Err(Refusal::UserConflict));
}

#[test]
fn what_a_directory_answers_is_held_against_what_was_asked() {
    let rules = rules(&DOMAINS.replace("when-needed", "always"));
    let good = || entry(JOE, "joe.user", "joe.user@acme-inc.com");
    let with = |change: &dyn Fn(&mut Entry)| {
        let mut entry = good();
        change(&mut entry);
        Answer::Entry(Box::new(entry))
    };
    let table: Vec<(&str, Answer, Refusal)> = vec![
        ("several", Answer::Several, Refusal::Ambiguous),
        ("none", Answer::Nobody, Refusal::NotFound),
        ("no answer", Answer::Unavailable("down".into()), Refusal::DirectoryUnavailable),
        (
            "a look-alike",
            with(&|entry| entry.logon_name = "joe.u\u{17f}er".into()),
            Refusal::DirectoryMismatch,
        ),
        (
            "somebody else",
            with(&|entry| entry.logon_name = "administrator".into()),
            Refusal::DirectoryMismatch,
        ),
        (
            "another domain's entry",
            with(&|entry| entry.dn = "CN=Joe User,DC=beta,DC=test".into()),
            Refusal::DirectoryMismatch,
        ),
        (
            "a child domain's entry",
            with(&|entry| entry.dn = "CN=Joe User,DC=emea,DC=acme,DC=test".into()),
            Refusal::DirectoryMismatch,
        ),
        ("no name", with(&|entry| entry.dn = "no name".into()), Refusal::DirectoryMismatch),
        (
            "a deleted entry",
            with(&|entry| {
                entry.dn =
                    r"CN=Joe\0ADEL:e605ab23-2d7f-4c95-a433-cb13919a5501,DC=acme,DC=test".into();
            }),
            Refusal::BadDn,
        ),
        ("disabled", with(&|entry| entry.state = AccountState::Disabled), Refusal::Disabled),
        ("locked", with(&|entry| entry.state = AccountState::Locked), Refusal::Disabled),
        ("expired", with(&|entry| entry.state = AccountState::Expired), Refusal::Disabled),
        ("a computer", with(&|entry| entry.state = AccountState::NotAPerson), Refusal::Machine),
    ];
    let stated = StatedUser { username: r"ACME\joe.user", ..StatedUser::default() };
    for (what, answer, refusal) in table {
        let (resolution, _) = resolve(&rules, &stated, &|_| answer.clone());
        assert_eq!(resolution.outcome, Outcome::Nobody(refusal), "{what}\n{}", resolution.trace);
    }
    let (resolution, _) = resolve(&rules, &stated, &|_| Answer::Entry(Box::new(good())));
    assert!(matches!(resolution.outcome, Outcome::User(_)), "{}", resolution.trace);
}

#[test]
fn without_a_connection_to_its_directory_a_domain_has_nobody() {
    let rules = rules(DOMAINS);
    let stated = StatedUser { username: JOE, ..StatedUser::default() };
    let resolution = rules.resolve(&stated);
    assert_eq!(resolution.outcome, Outcome::Nobody(Refusal::DirectoryUnavailable));
    assert!(resolution.trace.to_string().contains("no directory is connected"));
}

#[test]
fn rules_use_groups_and_attributes_of_the_entry() {
    let text = r#"
[[domain]]
id = "acme"
netbios = "ACME"
dns = ["acme.test"]
directory = "when-needed"

[[rule]]
name = "administrators"
domain = "acme"
group = ["S-1-5-21-1-2-3-512", "CN=Admins,DC=acme,DC=test"]
runas = '{dir.userPrincipalName:lower}'

[[rule]]
name = "desk"
domain = "acme"
group = ["CN=Desk,DC=acme,DC=test"]
shared = true
runas = 'desk'
"#;
    let rules = rules(text);
    let answer = |groups: &[&str], attributes: &[(&str, &str)]| {
        let mut entry = entry(JOE, "joe.user", "joe.user@acme.test");
        entry.groups = groups.iter().map(|&group| group.to_owned()).collect();
        let pair = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        entry.attributes = attributes.iter().map(pair).collect();
        Answer::Entry(Box::new(entry))
    };
    let upn = [("userPrincipalName", "Joe.User@acme.test")];
    let table = [
        (answer(&["CN=Admins,DC=acme,DC=test"], &upn), Ok("joe.user@acme.test")),
        (answer(&["S-1-5-21-1-2-3-512"], &upn), Ok("joe.user@acme.test")),
        (answer(&["S-1-5-21-1-2-3-512"], &[]), Err(Refusal::BadResult)),
        // What an attribute holds is held against the rule's domain like everything else.
        (
            answer(&["S-1-5-21-1-2-3-512"], &[("userPrincipalName", "joe@beta.test")]),
            Err(Refusal::BadResult),
        ),
        (
            answer(&["S-1-5-21-1-2-3-512"], &[("userPrincipalName", "joe;runas=x")]),
            Err(Refusal::BadResult),
        ),
        (answer(&["CN=Desk,DC=acme,DC=test"], &[]), Ok("desk")),
        (answer(&[], &[]), Err(Refusal::NoRule)),
    ];
    let stated = StatedUser { username: r"ACME\joe.user", ..StatedUser::default() };
    for (answer, expected) in table {
        let (resolution, asked) = resolve(&rules, &stated, &|question| {
            assert_eq!(question.attributes.len(), 1);
            assert_eq!(question.groups.len(), 3);
            answer.clone()
        });
        let got = match &resolution.outcome {
            Outcome::User(user) => Ok(user.runas()),
            Outcome::Nobody(refusal) => Err(*refusal),
        };
        assert_eq!(got, expected, "{}", resolution.trace);
        assert_eq!(asked.len(), 1);
    }
}

#[test]
fn a_trace_names_the_entry_that_was_found() {
    let rules = rules(DOMAINS);
    let stated = StatedUser { username: "pat.user@acme.test", ..StatedUser::default() };
    let trace = resolve(&rules, &stated, &people).0.trace.to_string();
    let lines: Vec<_> = trace.lines().filter(|line| line.starts_with("directory")).collect();
    assert_eq!(
        lines,
        [
            "directory  acme   by principal name pat.user@acme.test -> nobody",
            "directory  beta   by principal name pat.user@acme.test -> nobody",
            "directory  acme   by logon name pat.user -> 'CN=Pat,OU=HelpDesk,DC=acme,DC=test'   \
             user 'pat.user'   upn pat.alias@acme.test   id S-1-5-21-1-2-3-1104   usable",
        ]
    );
    assert!(
        trace.contains("reconcile  acme   user 'pat.user'   evidence: name, directory"),
        "{trace}"
    );
}

#[test]
fn what_needs_a_directory_is_refused_where_there_is_none() {
    let table = [
        ("group = ['CN=A,DC=acme,DC=test']\nrunas = '{user}'", "rule[0].group"),
        ("from = ['directory']\nrunas = '{user}'", "rule[0].from"),
        ("runas = '{dir.mail}'", "rule[0].runas"),
    ];
    for (text, path) in table {
        let domain = "[[domain]]\nid = 'acme'\nnetbios = 'ACME'\ndns = ['acme.test']\n";
        let text = format!("{domain}[[rule]]\ndomain = 'acme'\n{text}");
        let problems = check(&text).err().unwrap_or_default();
        let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, [path], "{problems:#?}");
    }
    let no_base = "[[domain]]\nid = 'acme'\nnetbios = 'ACME'\ndirectory = 'always'";
    assert_eq!(check(no_base).err().unwrap_or_default()[0].path, "domain[0].directory");
    let group = "[[domain]]\nid = 'acme'\ndns = ['acme.test']\ndirectory = 'always'\n\
        [[rule]]\ndomain = 'acme'\nrunas = '{user}'\ngroup = ['Admins']";
    assert_eq!(check(group).err().unwrap_or_default()[0].path, "rule[0].group[0]");
}

#[test]
fn a_principal_name_that_is_somebodys_in_another_domain_is_that_persons() {
    let rules = rules(DOMAINS);
    // Joe of acme has this logon name; jsmith of beta was given this principal name.
    let stated = StatedUser { username: "joe.user@acme.test", ..StatedUser::default() };
    let beta = |question: &Question| match (question.domain.as_str(), &question.by) {
        ("beta", Key::PrincipalName(name)) if name.as_str() == "joe.user@acme.test" => {
            let entry = entry("CN=J,DC=beta,DC=test", "jsmith", "joe.user@acme.test");
            Answer::Entry(Box::new(entry))
        }
        _ => people(question),
    };
    let (resolution, asked) = resolve(&rules, &stated, &beta);
    let Outcome::User(user) = &resolution.outcome else { panic!("{}", resolution.trace) };
    assert_eq!(user.runas(), r"BETA\jsmith");
    assert_eq!(asked.len(), 3);
    // While that directory does not answer, nobody can tell.
    let silent = |question: &Question| match question.domain.as_str() {
        "beta" => Answer::Unavailable("no route".to_owned()),
        _ => people(question),
    };
    let resolution = resolve(&rules, &stated, &silent).0;
    assert_eq!(resolution.outcome, Outcome::Nobody(Refusal::DirectoryUnavailable));
}

#[test]
fn an_attribute_makes_no_user_of_the_vaults_own_unless_the_rule_says_so() {
    let text = |more: &str| {
        format!(
            "[[domain]]
id = 'acme'
netbios = 'ACME'
dns = ['acme.test']
             directory = 'always'
[[rule]]
domain = 'acme'
{more}"
        )
    };
    let table = [
        ("runas = '{dir.mail}'", "administrator", Err(Refusal::BadResult)),
        ("runas = '{dir.mail}'", "joe@acme.test", Ok("joe@acme.test")),
        (r"runas = '{netbios}\{dir.mail}'", "administrator", Ok(r"ACME\administrator")),
        (
            "own-users = true
runas = '{dir.mail}'",
            "e1234",
            Ok("e1234"),
        ),
        (
            "own-users = true
runas = '{dir.mail}'",
            "joe@acme.test",
            Err(Refusal::BadResult),
        ),
        (r"runas = ['{netbios}\{user}', '{netbios}\{dir.mail}']", "boss", Err(Refusal::BadResult)),
        (r"runas = ['{netbios}\{user}', '{netbios}\{dir.mail}']", "joe.user", Ok(r"ACME\joe.user")),
    ];
    for (more, mail, expected) in table {
        let rules = rules(&text(more));
        let stated = StatedUser { username: r"ACME\joe.user", ..StatedUser::default() };
        let resolution = resolve(&rules, &stated, &|_| {
            let mut entry = entry(JOE, "joe.user", "joe.user@acme.test");
            entry.attributes.insert("mail".to_owned(), mail.to_owned());
            Answer::Entry(Box::new(entry))
        })
        .0;
        let got = match &resolution.outcome {
            Outcome::User(user) => Ok(user.runas()),
            Outcome::Nobody(refusal) => Err(*refusal),
        };
        assert_eq!(got, expected, "{more} {mail} {}", resolution.trace);
    }
    // The principal name of the entry is the entry's, whatever its logon name.
    let rules = rules(&text(r"runas = ['{netbios}\{user}', '{dir.userPrincipalName}']"));
    let stated = StatedUser { username: r"ACME\joe.user", ..StatedUser::default() };
    let resolution = resolve(&rules, &stated, &|_| {
        let mut entry = entry(JOE, "joe.user", "j@acme.test");
        entry.attributes.insert("userPrincipalName".to_owned(), "j@acme.test".to_owned());
        Answer::Entry(Box::new(entry))
    })
    .0;
    assert!(matches!(resolution.outcome, Outcome::User(_)), "{}", resolution.trace);
}

#[test]
fn where_an_entry_lies_is_what_the_directory_says() {
    let text = r"
[[domain]]
id = 'acme'
netbios = 'ACME'
dns = ['acme.test']
directory = 'always'
[[rule]]
domain = 'acme'
dn-under = 'OU=Contractors,DC=acme,DC=test'
runas = '{netbios}\{user}-x'
[[rule]]
domain = 'acme'
runas = '{netbios}\{user}'";
    let rules = rules(text);
    let stated = StatedUser { username: r"ACME\pat", ..StatedUser::default() };
    let dn = "CN=Pat,OU=Contractors,DC=acme,DC=test";
    let answer = |_: &Question| Answer::Entry(Box::new(entry(dn, "pat", "pat@acme.test")));
    let resolution = resolve(&rules, &stated, &answer).0;
    let Outcome::User(user) = &resolution.outcome else { panic!("{}", resolution.trace) };
    assert_eq!(user.runas(), r"ACME\pat-x");
}
