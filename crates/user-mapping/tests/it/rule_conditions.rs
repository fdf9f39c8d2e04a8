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
    let text = "[[rule]]\ndomain = 'acme'\nrunas = ['{netbios}\\{user}', '{user}@{suffix}', '{user}@{dns}']";
    let rules = rules(&format!("{DOMAINS}{text}"));
    let stated = StatedUser { username: r"ACME\Joe", ..StatedUser::default() };
    let resolution = rules.resolve(&stated);
    let Outcome::User(user) = &resolution.outcome else { panic!("{}", resolution.trace) };
    let spellings: Vec<_> = user.candidates().iter().map(Runas::as_str).collect();
    assert_eq!(spellings, [r"ACME\joe", "joe@acme-inc.com", "joe@acme.test"]);
    let last = resolution.trace.to_string();
    let last = last.lines().last().unwrap();
    assert_eq!(last, r"result     runas='ACME\joe', else 'joe@acme-inc.com', else 'joe@acme.test'");
}

#[test]
fn spellings_of_two_vault_users_are_refused_when_the_file_is_read() {
    let table = [
        (r"['{netbios}\{user}', '{netbios}\{user}-x']", "rule[0].runas[1]", "another user's"),
        (
            r"['{netbios}\{user}', '{user}@{dns}', '{netbios}\{user}']",
            "rule[0].runas[2]",
            "written twice",
        ),
        // Whom the vault does not know would become its own user of that name.
        (r"['{netbios}\{user}', '{user}']", "rule[0].runas[1]", "the vault's own user"),
        (r"['{user}', '{user}@{dns}']", "rule[0].runas[1]", "the vault's own user"),
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

#[test]
fn spellings_made_of_different_parts_of_a_name_are_two_accounts() {
    let list = |user: &str, runas: &str| {
        let text = format!("[[rule]]\ndomain = 'acme'\nuser = '{user}'\nrunas = {runas}");
        let problems = check(&format!("{DOMAINS}{text}")).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.path).collect::<Vec<_>>()
    };
    for (user, runas) in [
        ("adm-(?<u>[a-z]+)", r"['{netbios}\{user}', '{u}@{dns}']"),
        ("(?<a>[a-z]+)-(?<b>[a-z]+)", r"['{netbios}\{a}', '{netbios}\{b}']"),
    ] {
        assert_eq!(list(user, runas), ["rule[0].runas[1]"], "{user} {runas}");
    }
    let one = r"['{netbios}\{u}', '{u}@{dns}', '{u:upper}@{dns}']";
    assert_eq!(list("adm-(?<u>[a-z]+)", one), <[String; 0]>::default());
}

#[test]
fn what_tells_people_apart_and_is_thrown_away_is_warned_of() {
    let outside = "users who differ only outside of the captures become one vault user";
    let together =
        "two fields stand side by side, so that `ab` and `c` give what `a` and `bc` give";
    let table: [(&str, &str, &[&str]); 9] = [
        ("(?<u>[a-z]+)[0-9]*", r"{netbios}\{u}", &[outside]),
        ("(?<u>[a-z]+)-(adm|svc)", r"{netbios}\{u}", &[outside]),
        ("(?:adm-)?(?<u>[a-z]+)", r"{netbios}\{u}", &[outside]),
        ("(?<u>[a-z]+).", r"{netbios}\{u}", &[outside]),
        ("(?<u>[a-z]+)-adm", r"{netbios}\{u}", &[]),
        ("(?<u>[a-z]+)-a{2}", r"{netbios}\{u}", &[]),
        ("(?<u>[a-z]+)[0-9]*", r"{netbios}\{user}", &[]),
        ("(?<u>[a-z]+)-(?<v>[a-z]+)", r"{netbios}\{u}{v}", &[together]),
        ("(?<u>[a-z]+)-(?<v>[a-z]+)", r"{netbios}\{u}.{v}", &[]),
    ];
    for (user, runas, expected) in table {
        let text = format!("[[rule]]\ndomain = 'acme'\nuser = '{user}'\nrunas = '{runas}'");
        let (_, warnings) = check(&format!("{DOMAINS}{text}")).unwrap();
        let messages: Vec<_> = warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(messages, expected, "{user} {runas}");
    }
}

#[test]
fn a_capture_without_text_makes_nobody() {
    let text = r"[[rule]]
        domain = 'acme'
        user = '(?:adm-(?<u>[a-z]+)|[a-z]+)'
        runas = '{netbios}\adm{u}'";
    let rules = rules(&format!("{DOMAINS}{text}"));
    assert_eq!(ask(&rules, r"ACME\adm-joe", ""), Ok(r"ACME\admjoe".to_owned()));
    for name in [r"ACME\joe", r"ACME\pat"] {
        assert_eq!(ask(&rules, name, ""), Err(Refusal::BadResult), "{name}");
    }
}

#[test]
fn two_rules_that_make_one_account_of_two_domains_are_warned_of_however_it_is_spelled() {
    let rule = |domain: &str, runas: &str, more: &str| {
        format!("[[rule]]\ndomain = '{domain}'\nrunas = '{runas}'\n{more}\n")
    };
    for runas in [r"acme\{user}", "{user}@acme.test", "{user}@acme-inc.com"] {
        let text =
            rule("acme", r"{netbios}\{user}", "") + &rule("beta", runas, "cross-domain = 'acme'");
        let (_, warnings) = check(&format!("{DOMAINS}{text}")).unwrap();
        assert_eq!(warnings.len(), 1, "{runas} {warnings:?}");
        assert_eq!(warnings[0].path, "rule[1].runas");
    }
    let apart = rule("acme", r"{netbios}\{user}", "") + &rule("beta", r"{netbios}\{user}", "");
    assert_eq!(check(&format!("{DOMAINS}{apart}")).unwrap().1.len(), 0);
}

#[test]
fn a_denied_user_is_not_made_out_of_another_name() {
    let text = r"
        [[deny]]
        user = ['administrator']
        [[rule]]
        domain = 'acme'
        user = '(?<u>[a-z]+)-x'
        runas = '{netbios}\{u}'";
    let rules = rules(&format!("{DOMAINS}{text}"));
    assert_eq!(ask(&rules, r"ACME\joe-x", ""), Ok(r"ACME\joe".to_owned()));
    assert_eq!(ask(&rules, r"ACME\administrator-x", ""), Err(Refusal::Denied));
}

#[test]
fn lists_name_users_without_their_domain() {
    let table = [
        ("[[deny]]\nuser = ['joe@acme.test']", "deny[0].user[0]"),
        ("[[allow]]\nuser = ['joe@acme.test']", "allow[0].user[0]"),
        ("[[deny]]\nuser = ['host$']", "deny[0].user[0]"),
        (
            "[[exception]]\ndomain = 'acme'\nuser = 'joe@acme.test'\nrunas = 'ACME\\x'",
            "exception[0].user",
        ),
        (
            "[[rule]]\ndomain = 'acme'\nshared = true\nusers = ['joe@acme.test']\nrunas = 'desk'",
            "rule[0].users[0]",
        ),
    ];
    for (text, path) in table {
        let problems = check(&format!("{DOMAINS}{text}")).err().unwrap_or_default();
        let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, [path], "{text}");
    }
}
