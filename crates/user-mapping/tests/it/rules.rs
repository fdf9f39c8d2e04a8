//! Which rule decides, and what it makes.

use user_mapping::Refusal::{BadResult, Collision, Denied, LocalAccount, NoRule};
use user_mapping::{DecidedBy, Outcome, RuleSet, StatedUser};

use crate::setting::{DOMAINS, ask, check_answers, rules};

fn with_domains(text: &str) -> RuleSet {
    rules(&format!("{DOMAINS}{text}"))
}

#[test]
fn without_rules_everybody_is_nobody() {
    check_answers(&RuleSet::default(), &[("joe", "", Err(LocalAccount))]);
    check_answers(
        &with_domains(""),
        &[(r"ACME\joe", "", Err(NoRule)), ("joe@acme-inc.com", "", Err(NoRule))],
    );
}

#[test]
fn the_first_rule_whose_conditions_all_hold_decides() {
    let rules = with_domains(
        r#"
        [[rule]]
        name = "contractors have -x in the vault"
        domain = "acme"
        form = ["bare", "down-level"]
        from = ["dn"]
        dn-under = "ou=Contractors,dc=acme-inc,dc=com"
        user = '(?<u>[a-z0-9.]+)'
        runas = '{netbios}\{u}-x'

        [[rule]]
        name = "staff"
        domain = "acme"
        form = ["bare", "down-level", "upn"]
        from = ["dn", "name"]
        user = '(?<u>[a-z][a-z0-9._-]{0,19})'
        runas = '{u}@acme-inc.com'

        [[rule]]
        name = "others of beta"
        domain = "beta"
        runas = '{user:upper}@{dns}'
        "#,
    );
    let contractor = "uid=joe,ou=a,OU=contractors,dc=acme-inc,dc=com";
    check_answers(
        &rules,
        &[
            ("joe", contractor, Ok(r"ACME\joe-x")),
            (r"ACME\joe", contractor, Ok(r"ACME\joe-x")),
            // The form is not the contractors' one, the base is not, there is no base at all.
            ("joe@acme-inc.com", contractor, Ok("joe@acme-inc.com")),
            ("Joe", "uid=joe,ou=Staff,dc=acme-inc,dc=com", Ok("joe@acme-inc.com")),
            (r"ACME\joe", "", Ok("joe@acme-inc.com")),
            // The user does not match, and the rule of another domain is not for it.
            (r"ACME\9joe", "", Err(NoRule)),
            (r"ACME\abcdefghijklmnopqrstu", "", Err(NoRule)),
            (r"BETA\joe", "", Ok("JOE@beta.test")),
        ],
    );
}

#[test]
fn where_the_domain_comes_from_is_a_condition() {
    let text = |from: &str| {
        format!("[[rule]]\ndomain = \"acme\"\nfrom = [{from}]\nrunas = '{{netbios}}\\{{user}}'")
    };
    let dn = "cn=Joe,dc=acme,dc=test";
    let only_dn = with_domains(&text("\"dn\""));
    check_answers(
        &only_dn,
        &[
            (r"ACME\joe", "", Err(NoRule)),
            (r"ACME\joe", dn, Ok(r"ACME\joe")),
            ("joe", dn, Ok(r"ACME\joe")),
        ],
    );
    let only_name = with_domains(&text("\"name\""));
    check_answers(&only_name, &[(r"ACME\joe", "", Ok(r"ACME\joe")), ("joe", dn, Err(NoRule))]);
}

#[test]
fn the_rule_that_decides_is_final_even_if_its_result_cannot_be_used() {
    let rules = with_domains(
        r#"
        [[rule]]
        domain = "acme"
        user = '(?<d>[a-z]+)-(?<u>.*)'
        runas = '{d}\{u}'

        [[rule]]
        domain = "acme"
        runas = '{netbios}\{user}'
        "#,
    );
    check_answers(
        &rules,
        &[
            (r"ACME\acme-joe", "", Ok(r"acme\joe")),
            (r"ACME\beta-joe", "", Err(BadResult)),
            (r"ACME\builtin-joe", "", Err(BadResult)),
            (r"ACME\acme-", "", Err(BadResult)),
            (r"ACME\acme-joe$x", "", Ok(r"acme\joe$x")),
            (r"ACME\acme-a&b", "", Ok(r"acme\a&b")),
            (r"ACME\acme-a  b", "", Err(BadResult)),
            (r"ACME\joe", "", Ok(r"ACME\joe")),
        ],
    );
}

#[test]
fn another_domain_is_reached_only_by_its_id() {
    let rules = with_domains(
        r#"
        [[rule]]
        domain = "acme"
        runas = '{netbios}\{user}'
        cross-domain = "beta"

        [[exception]]
        domain = "acme"
        user = "ann"
        runas = "ann.b@beta.test"
        cross-domain = "beta"
        "#,
    );
    check_answers(
        &rules,
        &[(r"ACME\joe", "", Ok(r"BETA\joe")), (r"ACME\ann", "", Ok("ann.b@beta.test"))],
    );
}

#[test]
fn the_deny_list_comes_first_then_the_exceptions() {
    let rules = with_domains(
        r#"
        [[deny]]
        user = ["Administrator", "guest"]

        [[deny]]
        user = ["joe"]
        domain = "beta"

        [[exception]]
        domain = "acme"
        user = "Joe"
        runas = 'ACME\jouser'
        reason = "renamed 2026-03, ticket 4711"

        [[rule]]
        domain = "acme"
        runas = '{netbios}\{user}'

        [[rule]]
        domain = "beta"
        runas = '{netbios}\{user}'
        "#,
    );
    check_answers(
        &rules,
        &[
            (r"ACME\ADMINISTRATOR", "", Err(Denied)),
            ("guest@beta.test", "", Err(Denied)),
            (r"BETA\joe", "", Err(Denied)),
            (r"ACME\JOE", "", Ok(r"ACME\jouser")),
            (r"ACME\joe2", "", Ok(r"ACME\joe2")),
        ],
    );
}

#[test]
fn nobody_gets_the_vault_user_that_an_exception_gave_to_somebody_else() {
    let rules = with_domains(
        r#"
        [[exception]]
        domain = "acme"
        user = "joe"
        runas = 'ACME\jouser'

        [[rule]]
        domain = "acme"
        user = 'jo.*'
        runas = '{user}@{suffix}'

        [[rule]]
        domain = "acme"
        user = 'x-(?<u>.*)'
        runas = '{u}'
        "#,
    );
    check_answers(
        &rules,
        &[
            (r"ACME\joe", "", Ok(r"ACME\jouser")),
            // Another spelling of the same account.
            (r"ACME\JOUSER", "", Err(Collision)),
            // The vault's own user of that name is another one.
            (r"ACME\x-jouser", "", Ok("jouser")),
        ],
    );
}

#[test]
fn a_person_keeps_the_vault_user_that_an_exception_repeats() {
    let rules = with_domains(
        r#"
        [[exception]]
        domain = "acme"
        user = "joe"
        runas = 'ACME\joe'

        [[rule]]
        domain = "acme"
        runas = '{netbios}\{user}'
        "#,
    );
    check_answers(
        &rules,
        &[(r"ACME\joe", "", Ok(r"ACME\joe")), ("joe@acme-inc.com", "", Ok(r"ACME\joe"))],
    );
}

#[test]
fn a_shared_vault_user_is_for_those_who_are_named() {
    let rules = with_domains(
        r#"
        [[rule]]
        domain = "acme"
        shared = true
        users = ["Joe", "ann"]
        runas = '{netbios}\desk'
        "#,
    );
    check_answers(
        &rules,
        &[
            (r"ACME\joe", "", Ok(r"ACME\desk")),
            (r"ACME\ANN", "", Ok(r"ACME\desk")),
            (r"ACME\jim", "", Err(NoRule)),
            (r"BETA\joe", "", Err(NoRule)),
        ],
    );
}

#[test]
fn users_of_the_site_itself_need_an_exception_of_their_own() {
    let text = r#"
        [[exception]]
        user = "desk.admin"
        runas = "desk"

        [[exception]]
        user = "ops"
        runas = 'ACME\ops'
        cross-domain = "acme"

        [[rule]]
        domain = "acme"
        runas = '{netbios}\{user}'
        "#;
    let rules = rules(&format!("[policy]\nlocal-accounts = \"exceptions\"\n{DOMAINS}{text}"));
    check_answers(
        &rules,
        &[
            ("desk.admin", "", Ok("desk")),
            ("OPS", "", Ok(r"ACME\ops")),
            ("joe", "", Err(LocalAccount)),
            // A user of the domain is not the user of the site with the same name.
            (r"ACME\desk.admin", "", Ok(r"ACME\desk.admin")),
            (r"ACME\ops", "", Err(Collision)),
        ],
    );
}

#[test]
fn a_vault_user_tells_for_whom_and_by_what_it_was_found() {
    let rules = with_domains(
        r#"
        [[exception]]
        domain = "acme"
        user = "ann"
        runas = 'ACME\ann.b'

        [[rule]]
        name = "staff"
        domain = "acme"
        user = 'j.*'
        runas = '{netbios}\{user}'

        [[rule]]
        domain = "acme"
        runas = '{user}'
        "#,
    );
    let table = [
        (r"acme\Joe", r"ACME\joe", "joe", "staff", DecidedBy::Rule("staff".to_owned())),
        (r"acme\Ann", r"ACME\ann.b", "ann", "exception 1", DecidedBy::Exception(1)),
        (r"acme\bob", "bob", "bob", "rule 2", DecidedBy::Rule("rule 2".to_owned())),
    ];
    for (username, runas, user, shown, decided_by) in table {
        let stated = StatedUser { username, ..StatedUser::default() };
        let Outcome::User(found) = rules.resolve(&stated).outcome else { panic!("{username}") };
        assert_eq!((found.runas(), found.domain_id(), found.user()), (runas, Some("acme"), user));
        assert_eq!(
            (found.decided_by(), found.decided_by().to_string()),
            (&decided_by, shown.to_owned())
        );
    }
}

#[test]
fn an_empty_distinguished_name_is_none() {
    let rules = with_domains("[[rule]]\ndomain = \"acme\"\nrunas = '{netbios}\\{user}'");
    let stated = StatedUser { username: r"ACME\joe", dn: Some(""), provider: None };
    assert!(matches!(rules.resolve(&stated).outcome, Outcome::User(_)));
    assert_eq!(ask(&rules, "joe", ""), Err(LocalAccount));
}
