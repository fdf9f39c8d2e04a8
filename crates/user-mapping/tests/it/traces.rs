//! What operators and programs read about a resolution.

use serde_json::json;
use user_mapping::StatedUser;

use crate::setting::{DOMAINS, rules};

const RULES: &str = r#"
[[rule]]
name = "contractors"
domain = "acme"
dn-under = "ou=Contractors,dc=acme-inc,dc=com"
runas = '{netbios}\{user}-x'

[[rule]]
name = "staff"
domain = "acme"
from = ["dn", "name"]
user = '(?<u>[a-z][a-z0-9._-]{0,19})'
runas = '{netbios}\{u}'
"#;

#[test]
fn a_trace_reads_as_one_step_per_line() {
    let rules = rules(&format!("{DOMAINS}{RULES}"));
    let stated = StatedUser {
        username: r"ACME\Joe.User",
        dn: Some("uid=joe.user,ou=HelpDesk,dc=acme-inc,dc=com"),
        provider: Some("ldap"),
    };
    let expected = r"
input      name='ACME\Joe.User'  dn='uid=joe.user,ou=HelpDesk,dc=acme-inc,dc=com'  provider='ldap'
name       down-level   domain part 'ACME' -> acme (netbios)   user 'joe.user'
dn         4 RDNs   domain acme-inc.com -> acme (base)   leaf user 'joe.user'
reconcile  acme   user 'joe.user'   evidence: name, dn
deny       no
exception  no
rule 1     'contractors'  form ok, domain ok, dn-under no
rule 2     'staff'  form ok, domain ok, from ok, user ok (u='joe.user')  -> decides
runas      '{netbios}\{u}' -> 'ACME\joe.user'
result     runas='ACME\joe.user'";
    let trace = rules.resolve(&stated).trace;
    assert_eq!(format!("\n{trace}"), expected);
    let one_line = trace.in_one_line().to_string();
    assert!(one_line.ends_with(r" | result runas='ACME\joe.user'"), "{one_line}");
}

#[test]
fn a_refusal_names_the_step_the_reason_and_the_way_out() {
    let rules = rules(&format!("{DOMAINS}{RULES}"));
    let table = [
        (
            "joe;x",
            "",
            "name       bad_char at byte 3: a user name cannot hold this character (none of \" / \\ [ ] \
             : ; | = , + * ? < > can stand in a logon name; check what the security provider sends)\n\
             result     nobody: bad_name (correct the user name at the site's security provider)",
        ),
        (
            "joe",
            "cn=Joe,dc=beta,dc=test,",
            "name       bare   user 'joe'\n\
             dn         trailing_separator at byte 23: nothing follows the last separator (remove the \
             separator, or write the part that is missing)\n\
             result     nobody: bad_dn (correct the distinguished name at the site's security \
             provider; it is not ignored, because it may contradict the name)",
        ),
        (
            r"ACME\joe",
            "cn=Joe,dc=beta,dc=test",
            "reconcile  domain_conflict: the name is of `acme`, the distinguished name of `beta`\n\
             result     nobody: domain_conflict (find out at the site's security provider why name \
             and distinguished name disagree)",
        ),
        (
            "joe\u{202e}x",
            "",
            "input      name='joe\\u{202e}x'\n\
             name       control_or_format_char at byte 3: the user name holds a control or format \
             character (remove it from the user's entry; it is never ignored, because names that \
             differ by it may be two people's)",
        ),
    ];
    for (username, dn, expected) in table {
        let dn = Some(dn).filter(|dn| !dn.is_empty());
        let trace = rules.resolve(&StatedUser { username, dn, provider: None }).trace.to_string();
        assert!(trace.contains(expected), "{trace}\n--- does not contain\n{expected}");
    }
}

#[test]
fn a_resolution_is_data_too() {
    let rules = rules(&format!("{DOMAINS}{RULES}"));
    let stated = StatedUser { username: "Joe", dn: Some("cn=Joe,dc=acme,dc=test"), provider: None };
    let data = serde_json::to_value(rules.resolve(&stated)).unwrap();
    let expected = json!({
        "outcome": { "user": {
            "candidates": ["ACME\\joe"], "domain": "acme", "user": "joe",
            "decided_by": { "rule": "staff" }, "is_shared": false
        } },
        "trace": [
            { "step": "input", "username": "Joe", "dn": "cn=Joe,dc=acme,dc=test", "provider": null },
            { "step": "name", "form": "bare", "account": "person", "domain_part": null,
              "domain": null, "user": "joe" },
            { "step": "dn", "rdns": 3, "dns": "acme.test", "no_dns": null,
              "domain": { "id": "acme", "by": "base" }, "leaf_user": null },
            { "step": "reconcile",
              "principal": { "domain": "acme", "user": "joe", "evidence": ["dn"] } },
            { "step": "deny", "number": null },
            { "step": "exception", "number": null, "reason": null },
            { "step": "rule", "number": 1, "name": "contractors", "conditions": [
                { "condition": "form", "holds": true }, { "condition": "domain", "holds": true },
                { "condition": "dn-under", "holds": false } ],
              "captures": [], "decides": false },
            { "step": "rule", "number": 2, "name": "staff", "conditions": [
                { "condition": "form", "holds": true }, { "condition": "domain", "holds": true },
                { "condition": "from", "holds": true }, { "condition": "user", "holds": true } ],
              "captures": [["u", "joe"]], "decides": true },
            { "step": "runas", "template": "{netbios}\\{u}", "value": "ACME\\joe", "refused": null },
            { "step": "result", "runas": ["ACME\\joe"] },
        ]
    });
    assert_eq!(data, expected);
    let nobody = rules.resolve(&StatedUser { username: "joe", ..Default::default() });
    let data = serde_json::to_value(&nobody.outcome).unwrap();
    assert_eq!(data, json!({ "nobody": "local_account" }));
    let last = serde_json::to_value(nobody.trace.steps().last()).unwrap();
    assert_eq!(last, json!({ "step": "result", "nobody": "local_account" }));
}

#[test]
fn an_explanation_goes_on_to_the_rules_that_are_not_reached() {
    let text = "\n[[rule]]\nname = \"others\"\ndomain = \"beta\"\nrunas = '{user}'\n";
    let rules = rules(&format!("{DOMAINS}{RULES}{RULES_BELOW}{text}"));
    let stated = StatedUser { username: r"ACME\joe", ..StatedUser::default() };
    let explained = rules.explain(&stated).trace.to_string();
    let tail = explained.split_once("decides\n").unwrap().1;
    assert_eq!(
        tail,
        r"rule 3     'never'  form ok, domain ok  (would decide)
rule 4     'others'  form ok, domain no  (not reached)
runas      '{netbios}\{u}' -> 'ACME\joe'
result     runas='ACME\joe'"
    );
    let resolved = rules.resolve(&stated).trace.to_string();
    assert!(!resolved.contains("never"), "{resolved}");
}

const RULES_BELOW: &str = r"
[[rule]]
name = 'never'
domain = 'acme'
runas = '{user}'
";
