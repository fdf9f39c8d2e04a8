//! What name and distinguished name give together.

use user_mapping::Refusal::{
    BadDn, BadName, DomainConflict, Guest, LocalAccount, Machine, NoDomain, SpecialAccount,
    UnknownDomain, UserConflict,
};
use user_mapping::trace::{Evidence, Reconciled, Step};
use user_mapping::{RuleSet, StatedUser};

use crate::setting::{DOMAINS, EVERYBODY, check_answers, rules};

const JOE: &str = "uid=joe,ou=HelpDesk,dc=acme-inc,dc=com";

fn everybody() -> RuleSet {
    rules(&format!("{DOMAINS}{EVERYBODY}"))
}

#[test]
fn name_and_distinguished_name_must_agree_on_the_domain() {
    check_answers(
        &everybody(),
        &[
            // A name with a domain.
            (r"ACME\joe", "", Ok(r"ACME\joe")),
            (r"acme\Joe", JOE, Ok(r"ACME\joe")),
            (r"acme.test\joe", JOE, Ok(r"ACME\joe")),
            // A partner's directory does not speak for our people.
            (r"ACME\joe", "cn=Joe User,o=Elsewhere", Err(DomainConflict)),
            (r"ACME\joe", "uid=joe,ou=people,o=partner", Err(DomainConflict)),
            (r"ACME\joe", "cn=x,dc=evil+ou=y,dc=test", Err(DomainConflict)),
            (r"ACME\joe", "cn=Joe,DC=beta.test", Err(DomainConflict)),
            ("joe@acme.test", "cn=Someone Else,o=partner", Err(DomainConflict)),
            (r"ACME\joe", "cn=Joe,dc=beta,dc=test", Err(DomainConflict)),
            (r"ACME\joe", "cn=Joe,dc=gamma,dc=test", Err(DomainConflict)),
            ("joe@acme-inc.com", "cn=Joe,dc=beta,dc=test", Err(DomainConflict)),
            (r"GAMMA\joe", "", Err(UnknownDomain)),
            (r"GAMMA\joe", JOE, Err(UnknownDomain)),
            (r"acme-inc.com\joe", JOE, Err(UnknownDomain)),
            ("joe@acme-inc.com", "", Ok(r"ACME\joe")),
            ("joe@ACME.test", "", Ok(r"ACME\joe")),
            ("joe@beta", "", Ok(r"BETA\joe")),
            // A suffix that is not in the table says nothing.
            ("joe@mail.example", JOE, Ok(r"ACME\joe")),
            // Nor does the part before it say that the entry is Joe's.
            ("joe@evil.example", "cn=Else,dc=acme,dc=test", Err(UserConflict)),
            ("joe@mail.example", "", Err(NoDomain)),
            ("joe@mail.example", "cn=Joe,o=Elsewhere", Err(NoDomain)),
            ("joe@mail.example", "cn=Joe,dc=gamma,dc=test", Err(UnknownDomain)),
            // A bare name.
            ("joe", JOE, Ok(r"ACME\joe")),
            ("joe", "cn=Joe,OU=People,O=acme,C=us", Ok(r"ACME\joe")),
            ("joe", "cn=Joe,dc=gamma,dc=test", Err(UnknownDomain)),
            ("joe", "cn=Joe,o=Elsewhere", Err(NoDomain)),
            ("joe", "cn=Joe,dc=acme.test", Err(NoDomain)),
            ("joe", "", Err(LocalAccount)),
        ],
    );
}

#[test]
fn a_child_domain_is_another_domain() {
    let child = "cn=Joe,ou=x,dc=emea,dc=acme,dc=test";
    check_answers(
        &everybody(),
        &[
            ("joe", child, Err(UnknownDomain)),
            (r"ACME\joe", child, Err(DomainConflict)),
            ("joe", "cn=Joe,dc=corp,ou=x,dc=acme,dc=test", Ok(r"ACME\joe")),
        ],
    );
    let with_child = rules(&format!(
        "{DOMAINS}{EVERYBODY}
        [[domain]]
        id = \"emea\"
        dns = [\"emea.acme.test\"]
        [[rule]]
        domain = \"emea\"
        runas = '{{user}}@{{dns}}'"
    ));
    check_answers(&with_child, &[("joe", child, Ok("joe@emea.acme.test"))]);
}

#[test]
fn the_longest_base_decides() {
    let rules = rules(&format!(
        "{DOMAINS}{EVERYBODY}
        [[domain]]
        id = \"partners\"
        netbios = \"PARTNER\"
        base = [\"ou=Partners,dc=acme,dc=test\"]
        [[rule]]
        domain = \"partners\"
        runas = '{{netbios}}\\{{user}}'"
    ));
    check_answers(
        &rules,
        &[
            ("joe", "cn=Joe,ou=Staff,dc=acme,dc=test", Ok(r"ACME\joe")),
            ("joe", "cn=Joe,ou=a,OU=partners,dc=acme,dc=test", Ok(r"PARTNER\joe")),
            (r"ACME\joe", "cn=Joe,ou=Partners,dc=acme,dc=test", Err(DomainConflict)),
        ],
    );
}

#[test]
fn name_and_leaf_must_agree_on_the_user() {
    check_answers(
        &everybody(),
        &[
            (r"ACME\JOE", JOE, Ok(r"ACME\joe")),
            (r"ACME\jim", JOE, Err(UserConflict)),
            ("jim@acme-inc.com", JOE, Err(UserConflict)),
            ("joe", "sAMAccountName=jim,dc=acme,dc=test", Err(UserConflict)),
            ("joe", "uid=joe+sAMAccountName=jim,dc=acme,dc=test", Err(UserConflict)),
            ("joe", "uid=jo\\D0\\B5,dc=acme,dc=test", Err(UserConflict)),
            ("joe", "uid=joe\u{200b},dc=acme,dc=test", Err(UserConflict)),
            // The display name is not compared.
            ("joe", "cn=Jim,dc=acme,dc=test", Ok(r"ACME\joe")),
            ("joe", "cn=Jim+uid=joe,dc=acme,dc=test", Ok(r"ACME\joe")),
        ],
    );
}

#[test]
fn a_distinguished_name_can_stand_in_the_name_field() {
    check_answers(
        &everybody(),
        &[
            (JOE, "", Ok(r"ACME\joe")),
            (JOE, "UID=Joe; OU=helpdesk; DC=acme-inc; DC=com", Ok(r"ACME\joe")),
            (JOE, "uid=joe,ou=Sales,dc=acme-inc,dc=com", Err(UserConflict)),
            ("cn=Joe User,dc=acme,dc=test", "", Err(BadName)),
            ("uid=joe@acme.test,dc=acme,dc=test", "", Err(BadName)),
            (r"uid=a\;runas\=b,dc=acme,dc=test", "", Err(BadName)),
            ("uid=DC1$,dc=acme,dc=test", "", Err(Machine)),
            ("uid=joe,dc=gamma,dc=test", "", Err(UnknownDomain)),
            ("uid=joe,o=Elsewhere", "", Err(NoDomain)),
            ("uid=joe,cn=Deleted Objects,dc=acme,dc=test", "", Err(BadDn)),
        ],
    );
    // Unless a rule says so, the form is not taken.
    let default_forms =
        rules(&format!("{DOMAINS}[[rule]]\ndomain = \"acme\"\nrunas = '{{netbios}}\\{{user}}'"));
    check_answers(&default_forms, &[(JOE, "", Err(user_mapping::Refusal::NoRule))]);
}

#[test]
fn what_cannot_be_read_is_never_ignored() {
    check_answers(
        &everybody(),
        &[
            ("", JOE, Err(BadName)),
            ("joe;x", JOE, Err(BadName)),
            ("joe\r\nrunas: admin", JOE, Err(BadName)),
            ("ｊoe", JOE, Err(BadName)),
            (r"ACME\joe", "not a dn", Err(BadDn)),
            (r"ACME\joe", "uid=joe,dc=acme,", Err(BadDn)),
            (r"ACME\joe", "<GUID=f3ddad46-4332-4871-ae1a-92aa29b0887f>", Err(BadDn)),
            (r"ACME\joe", " ", Err(BadDn)),
            (r"ACME\joe", r"CN=Joe\0ADEL:e605ab23,CN=Deleted Objects,DC=acme,DC=test", Err(BadDn)),
            (r"ACME\joe", r"CN=Joe\0ACNF:6b8c8d5e,OU=x,DC=acme,DC=test", Err(BadDn)),
            ("joe", "CN=S-1-5-21-1-2-3-4,CN=ForeignSecurityPrincipals,DC=acme,DC=test", Err(BadDn)),
        ],
    );
}

#[test]
fn accounts_that_are_no_persons_are_nobody() {
    check_answers(
        &everybody(),
        &[
            (r"ACME\DC1$", "", Err(Machine)),
            ("DC1$", "cn=DC1,dc=acme,dc=test", Err(Machine)),
            ("DC1$@acme.test", "", Err(Machine)),
            (r".\joe", "", Err(LocalAccount)),
            (r"BUILTIN\Administrators", "", Err(SpecialAccount)),
            (r"AzureAD\joe@acme.com", JOE, Err(SpecialAccount)),
            ("joe_x.com#EXT#@acme-inc.com", "", Err(Guest)),
        ],
    );
}

#[test]
fn a_default_domain_is_only_for_bare_names_without_a_distinguished_name() {
    let text = format!("{DOMAINS}{EVERYBODY}").replacen(
        "id = \"beta\"",
        "id = \"beta\"\ndefault = true",
        1,
    );
    check_answers(
        &rules(&text),
        &[
            ("joe", "", Ok(r"BETA\joe")),
            ("joe", JOE, Ok(r"ACME\joe")),
            ("joe", "cn=Joe,o=Elsewhere", Err(NoDomain)),
            ("joe@mail.example", "", Err(NoDomain)),
            (r"GAMMA\joe", "", Err(UnknownDomain)),
        ],
    );
}

#[test]
fn the_trace_tells_what_the_domain_was_known_by() {
    let table: [(&str, Option<&str>, &[Evidence]); 4] = [
        (r"ACME\joe", None, &[Evidence::Name]),
        (r"ACME\joe", Some(JOE), &[Evidence::Name, Evidence::Dn]),
        ("joe", Some(JOE), &[Evidence::Dn]),
        ("joe@mail.example", Some(JOE), &[Evidence::Dn]),
    ];
    for (username, dn, expected) in table {
        let trace = everybody().resolve(&StatedUser { username, dn, provider: None }).trace;
        let found = trace.steps().iter().find_map(|step| match step {
            Step::Reconcile(Reconciled::Principal { evidence, .. }) => Some(evidence.as_slice()),
            _ => None,
        });
        assert_eq!(found, Some(expected), "{username} {dn:?}");
    }
}

#[test]
fn a_disagreement_is_an_ambiguity_and_a_missing_rule_is_none() {
    use user_mapping::Refusal::{BadResult, Collision, Denied, NoRule};
    for refusal in [DomainConflict, UserConflict, Collision] {
        assert!(refusal.is_ambiguous(), "{refusal}");
    }
    for refusal in
        [BadName, BadDn, UnknownDomain, NoDomain, LocalAccount, Denied, NoRule, BadResult]
    {
        assert!(!refusal.is_ambiguous(), "{refusal}");
    }
}
