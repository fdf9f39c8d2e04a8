//! What is refused, or doubted, when rules are loaded.

use user_mapping::{MappingFile, MappingProblem, Warning};

use crate::setting::{DOMAINS, EVERYBODY, check};

/// The paths and messages of the problems of a file that begins with two domains.
fn problems(text: &str) -> Vec<(String, String)> {
    let problems = check(&format!("{DOMAINS}{text}")).expect_err(text);
    let pair = |MappingProblem { path, message, .. }| (path, message);
    problems.into_iter().map(pair).collect()
}

fn warnings(text: &str) -> Vec<(String, String)> {
    let (_, warnings) = check(text).unwrap_or_else(|problems| panic!("{text}\n{problems:#?}"));
    let pair = |Warning { path, message, .. }| (path, message);
    warnings.into_iter().map(pair).collect()
}

fn pair(path: &str, message: &str) -> (String, String) {
    (path.to_owned(), message.to_owned())
}

#[test]
fn unknown_keys_are_refused_rather_than_ignored() {
    for text in [
        "[[domain]]\nid = \"a\"\nnet-bios = \"A\"",
        "[[rule]]\ndomain = \"a\"\nrunas = \"{user}\"\ndn_under = \"dc=x\"",
        "[policy]\nlocal_accounts = \"deny\"",
        "[[exception]]\nuser = \"a\"\nrunas = \"b\"\nshared = true",
        "[[deny]]\nuser = [\"a\"]\nusers = []",
        "[directory]\nurl = \"ldaps://x\"",
    ] {
        assert!(toml::from_str::<MappingFile>(text).is_err(), "{text}");
    }
}

#[test]
fn every_problem_of_a_domain_is_told_with_its_place() {
    let table = [
        ("id = \"acme\"\nnetbios = \"C\"", "id", "two domains are called `acme`"),
        ("id = \"a b\"\nnetbios = \"C\"", "id", "`a b` is no id"),
        ("id = \"*\"\nnetbios = \"C\"", "id", "`*` is no id"),
        (r#"id = "c""#, "id", "nothing tells that a user is in `c`"),
        (
            "id = \"c\"\nnetbios = \"ABCDEFGHIJKLMNOP\"",
            "netbios",
            "`ABCDEFGHIJKLMNOP` is no NetBIOS name of a domain",
        ),
        ("id = \"c\"\nnetbios = \"c.test\"", "netbios", "`c.test` is no NetBIOS name of a domain"),
        ("id = \"c\"\nnetbios = \"\"", "netbios", "`` is no NetBIOS name of a domain"),
        ("id = \"c\"\nnetbios = \"acme\"", "netbios", "`acme` belongs to `acme` already"),
        ("id = \"c\"\ndns = [\"c.test\", \"-c\"]", "dns[1]", "`-c` is no DNS name"),
        (
            "id = \"c\"\nsuffix = [\"BETA.test\"]",
            "suffix[0]",
            "`BETA.test` belongs to `beta` already",
        ),
        ("id = \"c\"\nsuffix = [\"acme\"]", "suffix[0]", "`acme` belongs to `acme` already"),
        (
            "id = \"c\"\nbase = [\"DC=ACME,dc=test\"]",
            "base[0]",
            "`DC=ACME,dc=test` is also a base of `acme`",
        ),
        (
            "id = \"c\"\nbase = [\"\"]",
            "base[0]",
            "the empty distinguished name holds every entry there is",
        ),
        (
            "id = \"c\"\nbase = [\"dc=a, dc=b\"]",
            "base[0]",
            "`dc=a, dc=b`: the attribute type is not a keyword at byte 5",
        ),
    ];
    for (text, key, message) in table {
        let expected = vec![pair(&format!("domain[2].{key}"), message)];
        assert_eq!(problems(&format!("[[domain]]\n{text}")), expected, "{text}");
    }
    let second = "[[domain]]\nid = \"c\"\ndefault = true\n[[domain]]\nid = \"d\"\ndefault = true";
    assert_eq!(problems(second), [pair("domain[3].default", "`c` is the default domain already")]);
}

#[test]
fn a_base_inside_another_and_one_that_dns_implies_are_fine() {
    let text = "[[domain]]\nid = \"c\"\nbase = [\"ou=x,dc=acme,dc=test\"]\n\
        [[domain]]\nid = \"d\"\ndns = [\"d.test\"]\nsuffix = [\"d.test\"]\nbase = [\"dc=d,dc=test\"]";
    assert!(check(&format!("{DOMAINS}{EVERYBODY}{text}")).is_ok());
}

#[test]
fn every_problem_of_a_rule_is_told_with_its_place() {
    let constant = "every user of this rule would be one and the same vault user";
    let table = [
        (r#"domain = "*""#, "domain", "a rule is for one domain, `*` is not allowed"),
        (
            r#"domain = "ACME""#,
            "domain",
            "`ACME` is not the id of a [[domain]]; there are `acme`, `beta`",
        ),
        ("domain = \"acme\"\nname = \"\"", "name", "the name is empty or has control characters"),
        ("domain = \"acme\"\nform = []", "form", "no form is taken"),
        ("domain = \"acme\"\nfrom = []", "from", "the domain may come from nowhere"),
        ("domain = \"acme\"\nfrom = [\"default\"]", "from", "there is no default domain"),
        (
            "domain = \"acme\"\ndn-under = \"ou=x;dc=y\"",
            "dn-under",
            "`ou=x;dc=y`: a special character is not escaped at byte 4",
        ),
        (
            "domain = \"acme\"\ndn-under = \"\"",
            "dn-under",
            "every entry lies under the empty distinguished name",
        ),
        (
            "domain = \"acme\"\nuser = '(?s).+'",
            "user",
            "`(?` at byte 0 changes how the expression is read",
        ),
        (
            "domain = \"acme\"\nuser = '(?<user>.+)'",
            "user",
            "a capture is called `user`, as a field of `runas` is",
        ),
        ("domain = \"acme\"\nuser = 'a)|(b'", "user", "unopened group"),
        ("domain = \"acme\"\nuser = '[a-z'", "user", "unclosed character class"),
        (
            "domain = \"acme\"\ncross-domain = \"x\"",
            "cross-domain",
            "`x` is not the id of a [[domain]]; there are `acme`, `beta`",
        ),
        (
            "domain = \"acme\"\nusers = [\"joe\"]",
            "users",
            "`users` is for a shared vault user only",
        ),
    ];
    for (text, key, message) in table {
        let text = format!("[[rule]]\nrunas = '{{netbios}}\\{{user}}'\n{text}");
        assert_eq!(problems(&text), [pair(&format!("rule[0].{key}"), message)], "{text}");
    }
    let table = [
        (r"runas = 'ACME\joe'", "runas", constant),
        (r"runas = '{netbios}\joe'", "runas", constant),
        ("runas = '{u}'", "runas", "`{u}`: there is no field `{u}`"),
        (
            "runas = '{dir.mail}'",
            "runas",
            "`{dir.mail}`: `{dir.mail}` needs a directory, and the rule's domain has none",
        ),
        (
            "runas = '{user}; x'",
            "runas",
            "`{user}; x`: byte 6 is `;`, which a vault user cannot hold",
        ),
        ("runas = '{user'", "runas", "`{user`: `{` at byte 0 does not end"),
        (
            r"runas = 'BETA\{user}'",
            "runas",
            r"`BETA\{user}` is no vault user: its domain `BETA` is not the user's domain",
        ),
        (
            r"runas = 'X\{user}'",
            "runas",
            r"`X\{user}` is no vault user: its domain `X` is not the user's domain",
        ),
        (
            r"runas = 'BUILTIN\{user}'",
            "runas",
            r"`BUILTIN\{user}` is no vault user: it is not a person's account",
        ),
        (
            r"runas = '{netbios}\{user}@x'",
            "runas",
            r"`{netbios}\{user}@x` is no vault user: byte 6 of the vault user is a second separator of user and domain",
        ),
        ("runas = '{user}$'", "runas", "`{user}$` is no vault user: it is not a person's account"),
        (
            "shared = true\nrunas = 'desk'",
            "users",
            "a shared vault user needs to know who shares it",
        ),
        (
            "shared = true\nusers = []\nrunas = 'desk'",
            "users",
            "a shared vault user needs to know who shares it",
        ),
        (
            "shared = true\nuser = '.*'\nrunas = 'desk'",
            "user",
            "a shared vault user is not for whoever matches",
        ),
        (
            "shared = true\nusers = [\"joe\"]\nrunas = '{user}'",
            "runas",
            "a shared vault user is the same for all",
        ),
        (
            "shared = true\nusers = [\"a;b\"]\nrunas = 'desk'",
            "users[0]",
            "`a;b` is no user name: a user name cannot hold this character at byte 1",
        ),
    ];
    for (text, key, message) in table {
        let text = format!("[[rule]]\ndomain = \"acme\"\n{text}");
        assert_eq!(problems(&text), [pair(&format!("rule[0].{key}"), message)], "{text}");
    }
    let no_suffix = "[[rule]]\ndomain = \"beta\"\nrunas = '{user}@{suffix}'";
    assert_eq!(
        problems(no_suffix),
        [pair("rule[0].runas", "`{user}@{suffix}`: the domain has no `suffix`")]
    );
    let twice = "[[rule]]\nname = \"a\"\ndomain = \"acme\"\nuser = 'a.*'\nrunas = '{user}'\n";
    assert_eq!(problems(&twice.repeat(2)), [pair("rule[1].name", "two rules are called `a`")]);
}

#[test]
fn every_problem_of_a_person_is_told_with_its_place() {
    let table = [
        ("[[deny]]\nuser = []", "deny[0].user", "nobody is named"),
        (
            "[[deny]]\nuser = [\"a\", \"ACME\\\\joe\"]",
            "deny[0].user[1]",
            r"`ACME\joe` is no user name: a user name cannot hold this character at byte 4",
        ),
        (
            "[[deny]]\nuser = [\"é\"]",
            "deny[0].user[0]",
            "`é` is no user name: it is not printable ASCII",
        ),
        (
            "[[deny]]\nuser = [\"a\"]\ndomain = \"x\"",
            "deny[0].domain",
            "`x` is not the id of a [[domain]]; there are `acme`, `beta`",
        ),
        (
            "[[exception]]\nuser = \"a\"\nrunas = \"b\"",
            "exception[0].domain",
            "an exception without a domain is for a user of the site itself, and those are denied",
        ),
        (
            "[[exception]]\ndomain = \"acme\"\nuser = \"\"\nrunas = \"b\"",
            "exception[0].user",
            "`` is no user name: the user part of the user name is empty at byte 0",
        ),
        (
            "[[exception]]\ndomain = \"acme\"\nuser = \"a\"\nrunas = 'BETA\\b'",
            "exception[0].runas",
            r"`BETA\b` is no vault user: its domain `BETA` is not the user's domain",
        ),
        (
            "[[exception]]\ndomain = \"acme\"\nuser = \"a\"\nrunas = 'b;c'",
            "exception[0].runas",
            "`b;c` is no vault user: byte 1 of the vault user is `;`, which its header cannot carry",
        ),
        (
            "[[exception]]\ndomain = \"acme\"\nuser = \"a\"\nrunas = 'b'\ncross-domain = \"x\"",
            "exception[0].cross-domain",
            "`x` is not the id of a [[domain]]; there are `acme`, `beta`",
        ),
    ];
    for (text, path, message) in table {
        assert_eq!(problems(text), [pair(path, message)], "{text}");
    }
    let exception = |user: &str, runas: &str| {
        format!("[[exception]]\ndomain = \"acme\"\nuser = \"{user}\"\nrunas = '{runas}'\n")
    };
    let twice = exception("joe", r"ACME\a") + &exception("JOE", r"ACME\b");
    assert_eq!(problems(&twice), [pair("exception[1].user", "`JOE` has an exception already")]);
    // Two spellings of one account.
    let same = exception("joe", r"ACME\a") + &exception("jim", "A@acme.test");
    assert_eq!(
        problems(&same),
        [pair("exception[1].runas", "`A@acme.test` stands for another person already")]
    );
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_tables() {
    let text = "version = 2
        [[domain]]
        id = \"a\"
        netbios = \"A.B\"
        [[deny]]
        user = [\"a:b\"]
        [[exception]]
        domain = \"z\"
        user = \"joe\"
        runas = 'joe'
        [[rule]]
        domain = \"z\"
        form = []
        user = '('
        runas = 'x'";
    let problems = check(text).unwrap_err();
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    let expected = [
        "version",
        "domain[0].netbios",
        "deny[0].user[0]",
        "exception[0].domain",
        "rule[0].domain",
        "rule[0].form",
        "rule[0].user",
    ];
    assert_eq!(paths, expected);
    assert_eq!(
        problems[0].to_string(),
        "version: version 2 of the mapping rules is not known (write `version = 1`, or leave it out)"
    );
}

#[test]
fn what_is_allowed_but_doubtful_is_warned_of() {
    let domains = |text: &str| format!("{DOMAINS}{text}");
    let rule = |text: &str| format!("[[rule]]\n{text}\n");
    let all = rule("domain = \"acme\"\nname = \"all\"\nrunas = '{netbios}\\{user}'");
    assert_eq!(warnings(&domains(&all)), []);
    assert_eq!(
        warnings(""),
        [pair("rule", "there is no rule and no exception, so nobody is a vault user")]
    );

    let defaulted = "[[domain]]\nid = \"c\"\ndefault = true\n";
    assert_eq!(
        warnings(&domains(&(all.clone() + defaulted))),
        [pair(
            "domain[2].default",
            "every bare name without a distinguished name is taken for a user of this domain"
        )]
    );

    let unreachable = [
        "domain = \"acme\"\nuser = 'a.*'\nrunas = '{user}'",
        "domain = \"acme\"\nfrom = [\"dn\"]\nform = [\"upn\"]\nrunas = '{user}'",
    ];
    for later in unreachable {
        let expected = [pair("rule[1]", "no user gets here, because `all` takes them all")];
        assert_eq!(warnings(&domains(&(all.clone() + &rule(later)))), expected, "{later}");
    }
    let reachable = [
        "domain = \"beta\"\nrunas = '{netbios}\\{user}'",
        "domain = \"acme\"\nform = [\"dn\"]\nrunas = '{user}'",
    ];
    for later in reachable {
        assert_eq!(warnings(&domains(&(all.clone() + &rule(later)))), [], "{later}");
    }
    let limited = all.replace("name =", "from = [\"dn\"]\nname =") + &all.replace("all", "rest");
    assert_eq!(warnings(&domains(&limited)), []);

    let lossy = rule("domain = \"acme\"\nuser = '(?<u>[a-z]+)-(?<team>x|y)'\nrunas = '{u}'");
    assert_eq!(
        warnings(&domains(&lossy)),
        [pair("rule[0].user", "users who differ only in `team` become one vault user")]
    );

    let bare = ["acme", "beta"].map(|id| rule(&format!("domain = \"{id}\"\nrunas = '{{user}}'")));
    assert_eq!(
        warnings(&domains(&bare.concat())),
        [pair(
            "rule[1].runas",
            "people of one name in this domain and in that of `rule 1` become one vault user"
        )]
    );

    let outside = rule("domain = \"acme\"\ndn-under = \"ou=x,dc=beta,dc=test\"\nrunas = '{user}'");
    assert_eq!(
        warnings(&domains(&outside)),
        [pair(
            "rule[0].dn-under",
            "no user of the rule's domain lies under `ou=x,dc=beta,dc=test`"
        )]
    );

    let denied = "[[deny]]\nuser = [\"Joe\"]\n\
        [[exception]]\ndomain = \"acme\"\nuser = \"joe\"\nrunas = 'joe'\n";
    assert_eq!(
        warnings(&domains(denied)),
        [pair("exception[0].user", "`joe` is denied by deny[0]")]
    );
}

#[test]
fn a_user_of_the_site_is_never_seen_where_bare_names_are_in_a_domain() {
    let text = "[policy]\nlocal-accounts = \"exceptions\"\n\
        [[domain]]\nid = \"c\"\ndefault = true\n\
        [[exception]]\nuser = \"joe\"\nrunas = 'joe'";
    let paths: Vec<_> = warnings(text).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["domain[0].default", "exception[0].domain"]);
}
