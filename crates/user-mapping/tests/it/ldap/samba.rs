//! Samba as an Active Directory domain controller.

use std::time::SystemTime;

use directory_rig::{Place, SambaAd};
use user_mapping::ldap::{DirectoryKind, Discovery, LdapDirectory, LdapSettings};
use user_mapping::{Answer, Outcome, Refusal, StatedUser};

use super::{check, resolve, rules, settings, started, why_not};

const RULES: &str = r#"
[[domain]]
id = "acme"
netbios = "ACME"
dns = ["acme.test"]
directory = "always"

[[rule]]
name = "requesters"
domain = "acme"
form = ["bare", "down-level", "upn", "dn"]
from = ["directory"]
group = ["CN=Requesters,CN=Users,DC=acme,DC=test"]
runas = '{dir.userPrincipalName}'

[[rule]]
name = "all"
domain = "acme"
form = ["bare", "down-level", "upn", "dn"]
runas = '{netbios}\{user}'
"#;

fn of(server: &SambaAd, url: &str) -> LdapSettings {
    let bind = (SambaAd::SERVICE, SambaAd::USER_PASSWORD);
    settings(&[url], server.ca_pem(), bind, SambaAd::BASE_DN)
}

#[tokio::test]
async fn every_spelling_of_a_user_becomes_the_same_vault_user() {
    let place = Place::new().unwrap();
    let Some(server) = started("names against Samba", SambaAd::start(&place)) else { return };
    // The alternate suffix is in no table: the directory alone knows whose it is. What the vault
    // is told must be in the table all the same, so the suffix has to be written down for that.
    let rules = rules(&RULES.replace("dns = ", "suffix = [\"acme-inc.com\"]\ndns = "));
    let joe = "CN=Joe User,OU=HelpDesk,DC=acme,DC=test";
    let table = [
        (r"ACME\joe.user", "", Ok("joe.user@acme-inc.com")),
        (r"acme.test\Joe.User", "", Ok("joe.user@acme-inc.com")),
        ("joe.user@acme-inc.com", "", Ok("joe.user@acme-inc.com")),
        ("joe.user@acme.test", "", Ok("joe.user@acme-inc.com")),
        ("joe.user", joe, Ok("joe.user@acme-inc.com")),
        (joe, "", Ok("joe.user@acme-inc.com")),
        ("cn=JOE USER,ou=helpdesk,dc=acme,dc=test", "", Ok("joe.user@acme-inc.com")),
        // The principal name is not the logon name.
        ("pat.alias@acme.test", "", Ok(r"ACME\pat.user")),
        ("pat.user@acme.test", "", Ok(r"ACME\pat.user")),
        (r#"CN=User\, Pat \"P\" \#1,OU=HelpDesk,DC=acme,DC=test"#, "", Ok(r"ACME\pat.user")),
        ("ian.implicit@acme.test", "", Ok(r"ACME\ian.implicit")),
        ("pat.alias@acme.test", joe, Err(Refusal::UserConflict)),
        ("pat.user", joe, Err(Refusal::UserConflict)),
        (r"ACME\ann.disabled", "", Err(Refusal::Disabled)),
        (r"ACME\eve.expired", "", Err(Refusal::Disabled)),
        ("CN=WS1,CN=Computers,DC=acme,DC=test", "", Err(Refusal::NotFound)),
        (r"ACME\sofia.user", "", Ok(r"ACME\sofia.user")),
        (r"ACME\nobody", "", Err(Refusal::NotFound)),
        ("nobody@acme-inc.com", "", Err(Refusal::NotFound)),
        ("CN=Nobody,DC=acme,DC=test", "", Err(Refusal::NotFound)),
        ("joe.user", "", Err(Refusal::LocalAccount)),
    ];
    for url in [server.ldaps_url(), server.url()] {
        check(&rules, &LdapDirectory::new(of(&server, &url)), &table).await;
    }
}

#[tokio::test]
async fn a_suffix_that_no_table_has_is_found_by_the_directory() {
    let place = Place::new().unwrap();
    let Some(server) = started("suffixes at Samba", SambaAd::start(&place)) else { return };
    let directory = LdapDirectory::new(of(&server, &server.ldaps_url()));
    let rules = rules(&RULES.replace("{dir.userPrincipalName}", "{netbios}\\{user}-r"));
    check(&rules, &directory, &[("joe.user@acme-inc.com", "", Ok(r"ACME\joe.user-r"))]).await;
    let stated = StatedUser { username: "joe.user@acme-inc.com", ..StatedUser::default() };
    let resolution = resolve(&rules, &directory, &stated).await;
    assert!(matches!(resolution.outcome, Outcome::User(_)));
    let trace = resolution.trace.to_string();
    assert!(trace.contains("id S-1-5-21-"), "{trace}");
    assert!(trace.contains("in 'CN=Requesters,CN=Users,DC=acme,DC=test'"), "{trace}");
}

#[tokio::test]
async fn a_group_that_the_controller_does_not_have_is_named() {
    let place = Place::new().unwrap();
    let Some(server) = started("groups of Samba", SambaAd::start(&place)) else { return };
    let directory = LdapDirectory::new(of(&server, &server.ldaps_url()));
    let rules = rules(&RULES.replace("CN=Requesters,CN=Users", "CN=Requestors,CN=Users"));
    let stated = StatedUser { username: r"ACME\joe.user", ..StatedUser::default() };
    let resolution = resolve(&rules, &directory, &stated).await;
    assert_eq!(resolution.outcome, Outcome::Nobody(Refusal::DirectoryUnusable));
    let trace = resolution.trace.to_string();
    assert!(trace.contains("CN=Requestors,CN=Users,DC=acme,DC=test"), "{trace}");
}

#[tokio::test]
async fn a_wrong_password_and_a_dead_controller_are_told_apart() {
    let place = Place::new().unwrap();
    let Some(mut server) = started("errors of Samba", SambaAd::start(&place)) else { return };
    let rules = rules(RULES);
    let stated = StatedUser { username: r"ACME\joe.user", ..StatedUser::default() };
    let mut wrong = of(&server, &server.ldaps_url());
    wrong.bind.as_mut().unwrap().password = "wrong".into();
    let resolution = resolve(&rules, &LdapDirectory::new(wrong), &stated).await;
    assert_eq!(resolution.outcome, Outcome::Nobody(Refusal::DirectoryUnusable));
    assert!(resolution.trace.to_string().contains("password is wrong"), "{}", resolution.trace);

    let directory = LdapDirectory::new(of(&server, &server.ldaps_url()));
    let resolution = resolve(&rules, &directory, &stated).await;
    assert!(matches!(resolution.outcome, Outcome::User(_) | Outcome::Nobody(Refusal::BadResult)));
    server.kill();
    let question = match rules.resolve_with(&stated, &user_mapping::Answers::default()) {
        user_mapping::Progress::Ask(mut questions) => questions.remove(0),
        user_mapping::Progress::Done(done) => panic!("{}", done.trace),
    };
    let answer: Answer = directory.answer(&question, SystemTime::now()).await;
    let why = why_not(answer);
    assert!(why.contains("cannot connect"), "{why}");
}

fn discovered(server: &SambaAd, domain: &str) -> LdapSettings {
    LdapSettings {
        servers: Vec::new(),
        discovery: Some(Discovery {
            domain: domain.to_owned(),
            site: Some("Default-First-Site-Name".to_owned()),
            name_servers: vec![server.dns_address()],
            seed: 7,
        }),
        ..of(server, &server.ldaps_url())
    }
}

#[tokio::test]
async fn servers_are_found_by_the_domain_alone() {
    let place = Place::new().unwrap();
    let Some(mut server) = started("discovery at Samba", SambaAd::start(&place)) else { return };
    let directory = LdapDirectory::new(discovered(&server, "acme.test"));
    let rules = rules(&RULES.replace("{dir.userPrincipalName}", "{netbios}\\{user}-r"));
    check(&rules, &directory, &[(r"ACME\joe.user", "", Ok(r"ACME\joe.user-r"))]).await;
    let report = directory.probe().await;
    assert_eq!(report.servers.len(), 1, "{report:?}");
    assert_eq!(report.servers[0].address, "ldaps://dc1.acme.test:636");

    // The certificate is for the name that was found, so a forged address would not do.
    let mut untrusting = discovered(&server, "acme.test");
    untrusting.tls = super::trusting("");
    let report = LdapDirectory::new(untrusting).probe().await;
    let problem = report.servers[0].problem.as_ref().unwrap();
    assert!(problem.contains("TLS") && problem.contains("UnknownIssuer"), "{problem}");

    let report = LdapDirectory::new(discovered(&server, "nowhere.test")).probe().await;
    let problem = report.problem.unwrap();
    assert!(problem.contains("no server is known: _ldap._tcp."), "{problem}");

    // Without name servers there is no list, and nobody waits for ever.
    server.kill();
    let mut settings = discovered(&server, "acme.test");
    settings.limits.connect = std::time::Duration::from_secs(2);
    let report = LdapDirectory::new(settings).probe().await;
    assert!(report.problem.is_some(), "{report:?}");
}

#[tokio::test]
async fn a_domain_controller_tells_what_it_is_and_what_the_table_says_otherwise() {
    let place = Place::new().unwrap();
    let Some(server) = started("a look at Samba", SambaAd::start(&place)) else { return };
    let directory = LdapDirectory::new(of(&server, &server.ldaps_url()));
    let report = directory.probe().await;
    let told = &report.servers[0];
    assert_eq!((told.problem.as_deref(), told.kind), (None, DirectoryKind::Samba), "{told:?}");
    assert_eq!((told.protection, told.bind, told.channel_binding), ("LDAPS", "simple", false));
    assert!(told.tls_version.starts_with("TLSv1_"), "{told:?}");
    assert_eq!(told.default_base.as_deref(), Some("DC=acme,DC=test"));
    assert!(told.sasl_mechanisms.iter().any(|one| one == "GSSAPI"), "{told:?}");
    assert_eq!(told.domains.len(), 1);
    assert_eq!(
        (told.domains[0].netbios.as_str(), told.domains[0].dns.as_str()),
        ("ACME", "acme.test")
    );
    assert_eq!(told.suffixes, ["acme-inc.com"]);
    assert!(told.warnings.is_empty(), "{:?}", told.warnings);

    let with = |lines: &str| {
        let text = RULES.replace("netbios = \"ACME\"\ndns = [\"acme.test\"]", lines);
        let rules = rules(
            &text
                .replace("{dir.userPrincipalName}", "{user}")
                .replace("{netbios}\\{user}", "{user}"),
        );
        report.compare(&rules.names_of("acme").unwrap(), SambaAd::BASE_DN)
    };
    let good = "netbios = \"ACME\"\ndns = [\"acme.test\"]\nsuffix = [\"acme-inc.com\"]";
    assert_eq!(with(good), Vec::<String>::new());
    let wrong = with("netbios = \"ACMECORP\"\ndns = [\"acme.corp\"]\nsuffix = [\"acme.org\"]");
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    assert!(
        wrong[0].contains("the directory `ACME`") && wrong[2].contains("`acme.org`"),
        "{wrong:?}"
    );

    let mut elsewhere = of(&server, &server.url());
    elsewhere.base = "DC=other,DC=test".to_owned();
    elsewhere.schema = user_mapping::ldap::Schema::InetOrgPerson {
        logon_name: "uid".to_owned(),
        principal_name: None,
    };
    let report = LdapDirectory::new(elsewhere).probe().await;
    assert_eq!(report.servers[0].protection, "StartTLS");
    assert_eq!(report.servers[0].warnings.len(), 2, "{:?}", report.servers[0].warnings);
}
