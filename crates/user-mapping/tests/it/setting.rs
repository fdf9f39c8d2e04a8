//! Rules from text, and questions to them.

use user_mapping::{MappingFile, MappingProblem, Outcome, Refusal, RuleSet, StatedUser, Warning};

/// Two domains, as most tests need them.
pub(crate) const DOMAINS: &str = r#"
[[domain]]
id = "acme"
netbios = "ACME"
dns = ["acme.test"]
suffix = ["acme-inc.com"]
base = ["dc=acme-inc,dc=com", "ou=people,o=ACME,c=US"]

[[domain]]
id = "beta"
netbios = "BETA"
dns = ["beta.test"]
"#;

/// A rule for each of the two, so that every person who is found is also mapped.
pub(crate) const EVERYBODY: &str = r#"
[[rule]]
domain = "acme"
form = ["bare", "down-level", "upn", "dn"]
runas = '{netbios}\{user}'

[[rule]]
domain = "beta"
form = ["bare", "down-level", "upn", "dn"]
runas = '{netbios}\{user}'
"#;

pub(crate) fn check(text: &str) -> Result<(RuleSet, Vec<Warning>), Vec<MappingProblem>> {
    let file: MappingFile = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    RuleSet::check(file)
}

pub(crate) fn rules(text: &str) -> RuleSet {
    check(text).unwrap_or_else(|problems| panic!("{problems:#?}")).0
}

/// The vault user for a name, or why there is none. An empty distinguished name means none.
pub(crate) fn ask(rules: &RuleSet, username: &str, dn: &str) -> Result<String, Refusal> {
    let dn = Some(dn).filter(|dn| !dn.is_empty());
    match rules.resolve(&StatedUser { username, dn, provider: None }).outcome {
        Outcome::User(vault_user) => Ok(vault_user.runas().to_owned()),
        Outcome::Nobody(refusal) => Err(refusal),
    }
}

/// Holds a table of name, distinguished name and answer against rules.
pub(crate) fn check_answers(rules: &RuleSet, table: &[(&str, &str, Result<&str, Refusal>)]) {
    for (username, dn, expected) in table {
        let expected = expected.map(str::to_owned);
        assert_eq!(ask(rules, username, dn), expected, "{username:?} {dn:?}");
    }
}
