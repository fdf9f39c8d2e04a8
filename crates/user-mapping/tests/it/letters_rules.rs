//! Names beyond ASCII, where the policy takes them: only through an exception or a directory, and
//! never when somebody else could be meant.

use user_mapping::{Answer, Answers, Entry, Outcome, Progress, Refusal, StatedUser};

use crate::setting::{ask, check, check_answers, rules};

const DOMAIN: &str = r#"
[policy]
characters = "letters"

[[domain]]
id = "acme"
netbios = "ACME"
dns = ["acme.test"]
directory = "when-needed"
"#;

const TABLES: &str = r#"
[[deny]]
user = ["françois"]

[[exception]]
domain = "acme"
user = "jürgen.groß"
runas = 'ACME\jgross'

[[rule]]
domain = "acme"
form = ["bare", "down-level", "upn", "dn"]
runas = '{netbios}\{user}'
"#;

#[test]
fn letters_are_taken_where_the_policy_says_so_and_nowhere_else() {
    let letters = rules(&format!("{DOMAIN}{TABLES}"));
    check_answers(
        &letters,
        &[
            (r"ACME\jürgen.groß", "", Ok(r"ACME\jgross")),
            // No vault user is made of such letters.
            (r"ACME\zoë", "", Err(Refusal::BadResult)),
            (r"ACME\joe.user", "", Ok(r"ACME\joe.user")),
            (r"ÄCME\joe.user", "", Err(Refusal::BadName)),
            ("ACME＼joe.user", "", Err(Refusal::BadName)),
            ("joe.user＠acme.test", "", Err(Refusal::BadName)),
        ],
    );
    let mixed = ask(&letters, "ACME\\jo\u{435}.user", "");
    assert_eq!(mixed, Err(Refusal::BadName));

    let ascii = DOMAIN.replace("\"letters\"", "\"ascii\"");
    let plain = rules(&format!("{ascii}[[rule]]\ndomain = \"acme\"\nrunas = '{{user}}'\n"));
    assert_eq!(ask(&plain, r"ACME\jürgen.groß", ""), Err(Refusal::BadName));
    let problems = check(&format!("{ascii}{TABLES}")).unwrap_err();
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["deny[0].user[0]", "exception[0].user"]);
}

#[test]
fn whoever_could_be_taken_for_a_denied_or_excepted_user_is_nobody() {
    let rules = rules(&format!("{DOMAIN}{TABLES}"));
    check_answers(
        &rules,
        &[
            (r"ACME\françois", "", Err(Refusal::Denied)),
            // Directories find these equal, in full or but for accents.
            (r"ACME\FRANÇOIS", "", Err(Refusal::Collision)),
            (r"ACME\francois", "", Err(Refusal::Collision)),
            (r"ACME\JÜRGEN.GROSS", "", Err(Refusal::Collision)),
            (r"ACME\jürgen.gross", "", Err(Refusal::Collision)),
            (r"ACME\jurgen.groß", "", Err(Refusal::Collision)),
        ],
    );
}

#[test]
fn two_exceptions_for_users_that_directories_find_equal_are_a_problem() {
    let more = "[[exception]]\ndomain = \"acme\"\nuser = \"jürgen.gross\"\nrunas = 'ACME\\other'\n";
    let problems = check(&format!("{DOMAIN}{TABLES}{more}")).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].path, "exception[1].user");
    assert!(problems[0].message.contains("`jürgen.groß`"), "{}", problems[0].message);
}

#[test]
fn a_directory_translates_such_a_name_into_a_vault_user() {
    let rules = rules(&format!("{DOMAIN}{TABLES}"));
    let stated = StatedUser { username: "zoë@acme.test", ..StatedUser::default() };
    let entry = Entry {
        dn: "CN=Zoë,DC=acme,DC=test".to_owned(),
        logon_name: "zoe".to_owned(),
        principal_name: Some("zoë@acme.test".to_owned()),
        ..Entry::default()
    };
    let mut answers = Answers::default();
    let Progress::Ask(questions) = rules.resolve_with(&stated, &answers) else { panic!() };
    for question in questions {
        answers.add(question, Answer::Entry(Box::new(entry.clone())));
    }
    let Progress::Done(resolution) = rules.resolve_with(&stated, &answers) else { panic!() };
    let Outcome::User(found) = resolution.outcome else { panic!("{}", resolution.trace) };
    assert_eq!(found.runas(), r"ACME\zoe");
}

#[test]
fn two_spellings_of_one_account_are_known_as_one() {
    let rules = rules(
        r#"
        [[domain]]
        id = "acme"
        netbios = "ACME"
        dns = ["acme.test"]
        [[rule]]
        domain = "acme"
        runas = ['{netbios}\{user}', '{user}@{dns}']
        "#,
    );
    let stated = StatedUser { username: r"acme\Joe", ..StatedUser::default() };
    let Outcome::User(found) = rules.resolve(&stated).outcome else { panic!() };
    assert_eq!(found.accounts(), [r"acme\joe", r"acme\joe"]);
}
