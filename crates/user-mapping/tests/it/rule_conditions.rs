//! Providers, allow lists and several spellings of one vault user.

use user_mapping::{Outcome, Refusal, Runas, StatedUser};

use crate::setting::{DOMAINS, EVERYBODY, ask, check, rules};

#[test]
fn a_rule_can_be_for_users_of_named_security_providers() {
    let text = r#"
[[rule]]
name = "radius"
domain = "acme"
provider = ["RADIUS", "Token"]
runas = '{netbios}\{user}-r'
"#;
    let rules = rules(&format!("{DOMAINS}{text}{EVERYBODY}"));
    let table = [
        (Some("radius"), r"ACME\joe-r"),
        (Some("TOKEN"), r"ACME\joe-r"),
        (Some("ldap"), r"ACME\joe"),
        (Some(""), r"ACME\joe"),
        (None, r"ACME\joe"),
    ];
    for (provider, expected) in table {
        let stated = StatedUser { username: r"ACME\joe", dn: None, provider };
        let Outcome::User(user) = rules.resolve(&stated).outcome else { panic!("{provider:?}") };
        assert_eq!(user.runas(), expected, "{provider:?}");
    }
}

#[test]
fn with_allow_lists_whoever_is_not_named_is_nobody() {
    let lists = "[[allow]]\nuser = ['joe', 'jim']\ndomain = 'acme'\n[[allow]]\nuser = ['ann']\n\
        [[deny]]\nuser = ['jim']\n";
    let rules = rules(&format!("{lists}{DOMAINS}{EVERYBODY}"));
    let table = [
        (r"ACME\joe", Ok(r"ACME\joe")),
        (r"ACME\JOE", Ok(r"ACME\joe")),
        (r"BETA\joe", Err(Refusal::NotAllowed)),
        (r"BETA\ann", Ok(r"BETA\ann")),
        (r"ACME\jim", Err(Refusal::Denied)),
        (r"ACME\pat", Err(Refusal::NotAllowed)),
    ];
    for (name, expected) in table {
        assert_eq!(ask(&rules, name, ""), expected.map(str::to_owned), "{name}");
    }
    let problems =
        check("[[allow]]\nuser = []\n[[allow]]\nuser = ['a;b']").err().unwrap_or_default();
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["allow[0].user", "allow[1].user[0]"]);
}

#[test]
fn a_rule_can_tell_several_spellings_of_one_vault_user() {
    let text =
        "[[rule]]\ndomain = 'acme'\nrunas = ['{netbios}\\{user}', '{user}@{suffix}', '{user}']";
    let rules = rules(&format!("{DOMAINS}{text}"));
    let stated = StatedUser { username: r"ACME\Joe", ..StatedUser::default() };
    let resolution = rules.resolve(&stated);
    let Outcome::User(user) = &resolution.outcome else { panic!("{}", resolution.trace) };
    let spellings: Vec<_> = user.candidates().iter().map(Runas::as_str).collect();
    assert_eq!(spellings, [r"ACME\joe", "joe@acme-inc.com", "joe"]);
    let last = resolution.trace.to_string();
    let last = last.lines().last().unwrap();
    assert_eq!(last, r"result     runas='ACME\joe', else 'joe@acme-inc.com', else 'joe'");
}

#[test]
fn spellings_of_two_vault_users_are_refused_when_the_file_is_read() {
    let table = [
        (r"['{netbios}\{user}', '{netbios}\{user}-x']", "rule[0].runas[1]", "another user's"),
        (r"['{user}', '{user}@{dns}', '{user}']", "rule[0].runas[2]", "written twice"),
        ("[]", "rule[0].runas", "0 spellings"),
        ("['{user}', 'desk']", "rule[0].runas[1]", "one and the same"),
        (
            "['a{user}', 'b{user}', 'c{user}', 'd{user}', 'e{user}', 'f{user}']",
            "rule[0].runas",
            "6 spellings",
        ),
    ];
    for (list, path, words) in table {
        let problems =
            check(&format!("{DOMAINS}[[rule]]\ndomain = 'acme'\nrunas = {list}")).err().unwrap();
        assert_eq!(problems[0].path, path, "{list} {problems:#?}");
        assert!(problems[0].message.contains(words), "{problems:#?}");
    }
}

#[test]
fn a_rule_of_which_an_earlier_one_takes_everything_is_warned_of() {
    let rule = |more: &str| format!("[[rule]]\ndomain = 'acme'\nrunas = '{{user}}'\n{more}\n");
    let table = [
        ("", "provider = ['a']", true),
        ("provider = ['a', 'B']", "provider = ['b']", true),
        ("provider = ['a']", "", false),
        ("provider = ['a']", "provider = ['b']", false),
        ("user = '[a-z]+'", "user = '[a-z]+'", true),
        ("user = '[a-z]+'", "user = '[a-z]*'", false),
        ("dn-under = 'dc=acme,dc=test'", "dn-under = 'ou=x,dc=acme,dc=test'", true),
        ("dn-under = 'ou=x,dc=acme,dc=test'", "dn-under = 'dc=acme,dc=test'", false),
    ];
    for (first, second, is_hidden) in table {
        let text = format!("{DOMAINS}{}{}", rule(first), rule(second));
        let (_, warnings) = check(&text).unwrap();
        let hidden = warnings.iter().any(|warning| warning.message.contains("takes them all"));
        assert_eq!(hidden, is_hidden, "{first} / {second}: {warnings:#?}");
    }
}
