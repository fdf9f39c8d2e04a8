//! OpenLDAP.

use std::time::{Duration, Instant, SystemTime};

use directory_rig::{OpenLdap, Place};
use user_mapping::ldap::{LdapDirectory, LdapSettings, Schema};
use user_mapping::{Answer, Key, Question, Refusal, RuleSet, fold};

use super::{check, rules, settings, started, why_not};

const RULES: &str = r#"
[[domain]]
id = "inc"
netbios = "INC"
base = ["dc=acme-inc,dc=com"]
suffix = ["acme-inc.com"]
directory = "always"

[[rule]]
name = "staff"
domain = "inc"
form = ["bare", "down-level", "upn", "dn"]
group = ["cn=Staff,dc=acme-inc,dc=com"]
runas = '{netbios}\{user}-staff'

[[rule]]
name = "by mail"
domain = "inc"
form = ["bare", "down-level", "upn", "dn"]
user = 'lucic|sven.*|pat\.user'
runas = '{user}'
"#;

fn of(server: &OpenLdap, url: &str) -> LdapSettings {
    let bind = (OpenLdap::SERVICE_DN, OpenLdap::SERVICE_PASSWORD);
    let settings = settings(&[url], server.ca_pem(), bind, OpenLdap::BASE_DN);
    let schema = Schema::InetOrgPerson {
        logon_name: "uid".to_owned(),
        principal_name: Some("mail".to_owned()),
    };
    LdapSettings { schema, ..settings }
}

/// The question that a rule set without further wishes asks about a logon name.
fn question(rules: &RuleSet, user: &str) -> Question {
    let domain = rules.domains().next().unwrap().clone();
    let by = Key::LogonName(fold(user));
    Question { domain, by, attributes: Default::default(), groups: Default::default() }
}

#[tokio::test]
async fn names_become_users_over_ldaps_and_over_starttls() {
    let test = "names against OpenLDAP";
    let place = Place::new().unwrap();
    let Some(server) = started(test, OpenLdap::start(&place)) else { return };
    let joe = "uid=joe.user,ou=HelpDesk,dc=acme-inc,dc=com";
    let table = [
        (r"INC\joe.user", "", Ok(r"INC\joe.user-staff")),
        ("joe.user", joe, Ok(r"INC\joe.user-staff")),
        (joe, "", Ok(r"INC\joe.user-staff")),
        ("joe.user@acme-inc.com", "", Ok(r"INC\joe.user-staff")),
        ("JOE.USER@ACME-INC.COM", "", Ok(r"INC\joe.user-staff")),
        (r#"cn=User\, Pat "P",ou=HelpDesk,dc=acme-inc,dc=com"#, "", Err(Refusal::BadDn)),
        (r"cn=User\, Pat \22P\22,ou=HelpDesk,dc=acme-inc,dc=com", "", Ok("pat.user")),
        // Two entries have this address.
        ("front.desk@acme-inc.com", "", Err(Refusal::Ambiguous)),
        // The directory takes the long s for an s, and so finds two.
        (r"INC\sven.muster", "", Err(Refusal::Ambiguous)),
        (r"INC\nobody", "", Err(Refusal::NotFound)),
        // No inetOrgPerson, so nobody.
        (r"INC\svc.ecm", "", Err(Refusal::NotFound)),
        // A part of the tree that is elsewhere, where nobody goes.
        ("uid=x,ou=Branch,dc=acme-inc,dc=com", "", Err(Refusal::DirectoryUnusable)),
        (r"INC\kim.user", "", Err(Refusal::NoRule)),
    ];
    let table: Vec<_> =
        table.into_iter().filter(|(name, ..)| !name.starts_with(r#"cn=User\, Pat "P""#)).collect();
    let rules = rules(RULES);
    for url in [server.ldaps_url(), server.url()] {
        let directory = LdapDirectory::new(of(&server, &url));
        check(&rules, &directory, &table).await;
    }
}

#[tokio::test]
async fn what_means_something_in_a_filter_finds_nothing_and_breaks_nothing() {
    let place = Place::new().unwrap();
    let Some(server) = started("filters against OpenLDAP", OpenLdap::start(&place)) else { return };
    let directory = LdapDirectory::new(of(&server, &server.ldaps_url()));
    let rules = rules(RULES);
    for name in
        ["*", "joe*", "joe.user)(uid=*", "(", ")", "\\", "joe\0", "|", "&", "", " ", "=", "é"]
    {
        let asked = question(&rules, name);
        let answer = directory.answer(&asked, SystemTime::now()).await;
        assert_eq!(answer, Answer::Nobody, "{name:?}");
    }
    let joe = directory.answer(&question(&rules, "joe.user"), SystemTime::now()).await;
    let Answer::Entry(joe) = joe else { panic!("{joe:?}") };
    assert_eq!(joe.logon_name, "joe.user");
    assert!(joe.id.is_some_and(|id| id.len() == 36), "an entryUUID");
}

#[tokio::test]
async fn a_group_that_is_not_there_is_not_one_without_members() {
    let place = Place::new().unwrap();
    let Some(server) = started("groups of OpenLDAP", OpenLdap::start(&place)) else { return };
    let directory = LdapDirectory::new(of(&server, &server.ldaps_url()));
    for (group, words) in [
        ("cn=Stuff,dc=acme-inc,dc=com", "the directory has no such group"),
        ("S-1-5-21-1-2-3-1104", "write the distinguished name"),
    ] {
        let rules = rules(&RULES.replace("cn=Staff,dc=acme-inc,dc=com", group));
        let mut asked = question(&rules, "joe.user");
        asked.groups.insert(group.to_owned());
        let why = why_not(directory.answer(&asked, SystemTime::now()).await);
        assert!(why.contains(group) && why.contains(words), "{why}");
        check(&rules, &directory, &[(r"INC\joe.user", "", Err(Refusal::DirectoryUnusable))]).await;
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_trusted_is_told_nothing() {
    let place = Place::new().unwrap();
    let Some(server) = started("trust in OpenLDAP", OpenLdap::start(&place)) else { return };
    let Some(misnamed) = started("trust in OpenLDAP", OpenLdap::start_misnamed(&place)) else {
        return;
    };
    let rules = rules(RULES);
    let asked = question(&rules, "joe.user");
    for url in [server.ldaps_url(), server.url()] {
        let stranger = super::trusting(place.untrusted_ca_pem());
        let directory = LdapDirectory::new(LdapSettings { tls: stranger, ..of(&server, &url) });
        let why = why_not(directory.answer(&asked, SystemTime::now()).await);
        assert!(why.contains("UnknownIssuer"), "{why}");
        assert!(why.contains(&url[..7]), "{why}");
    }
    let directory = LdapDirectory::new(of(&misnamed, &misnamed.ldaps_url()));
    let why = why_not(directory.answer(&asked, SystemTime::now()).await);
    assert!(why.contains("not valid for name"), "{why}");
}

#[tokio::test]
async fn a_bind_that_is_refused_or_would_be_anonymous_is_said_so() {
    let place = Place::new().unwrap();
    let Some(server) = started("binds at OpenLDAP", OpenLdap::start(&place)) else { return };
    let rules = rules(RULES);
    let asked = question(&rules, "joe.user");
    for (password, words) in [("wrong-Planted-1", "password is wrong"), ("", "anonymous")] {
        let mut settings = of(&server, &server.ldaps_url());
        settings.bind.as_mut().unwrap().password = password.into();
        let shown = format!("{settings:?}");
        let directory = LdapDirectory::new(settings);
        let why = why_not(directory.answer(&asked, SystemTime::now()).await);
        assert!(why.contains(words), "{why}");
        assert!(!why.contains("Planted") && !shown.contains("Planted"), "{why} {shown}");
        assert!(!format!("{directory:?}").contains("Planted"));
    }
}

#[tokio::test]
async fn when_a_server_dies_in_a_search_the_next_one_answers() {
    let place = Place::new().unwrap();
    let Some(mut first) = started("fail-over of OpenLDAP", OpenLdap::start(&place)) else { return };
    let Some(second) = started("fail-over of OpenLDAP", OpenLdap::start(&place)) else { return };
    let mut settings = of(&first, &first.ldaps_url());
    settings.servers.push(of(&second, &second.ldaps_url()).servers.remove(0));
    let rules = rules(RULES);
    let asked = question(&rules, "joe.user");
    let directory = LdapDirectory::new(settings.clone());
    let is_joe =
        |answer: &Answer| matches!(answer, Answer::Entry(joe) if joe.logon_name == "joe.user");
    assert!(is_joe(&directory.answer(&asked, SystemTime::now()).await));

    // It takes the question and says nothing; then it is gone in the middle of it.
    first.pause();
    let killing = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        first.kill();
    };
    let (answer, ()) = tokio::join!(directory.answer(&asked, SystemTime::now()), killing);
    assert!(is_joe(&answer), "{answer:?}");

    // Alone it is a clear error, within the deadline.
    settings.servers.truncate(1);
    settings.limits.operation = Duration::from_secs(3);
    settings.limits.connect = Duration::from_secs(3);
    let alone = LdapDirectory::new(settings.clone());
    let begun = Instant::now();
    let why = why_not(alone.answer(&asked, SystemTime::now()).await);
    assert!(why.contains("ldaps://") && why.contains("cannot connect"), "{why}");
    assert!(begun.elapsed() < settings.limits.total);

    // A server that hangs is not waited for longer than allowed either.
    first.restart().unwrap();
    assert!(is_joe(&alone.answer(&asked, SystemTime::now()).await));
    first.pause();
    let why = why_not(alone.answer(&asked, SystemTime::now()).await);
    assert!(why.contains("in time") || why.contains("within"), "{why}");
    first.resume();
    assert!(is_joe(&alone.answer(&asked, SystemTime::now()).await));
}

#[tokio::test]
async fn answers_are_remembered_for_as_long_as_they_may_be() {
    let place = Place::new().unwrap();
    let Some(mut server) = started("memory of OpenLDAP", OpenLdap::start(&place)) else { return };
    let mut settings = of(&server, &server.ldaps_url());
    settings.cache.found = Duration::from_secs(3600);
    settings.cache.not_found = Duration::from_secs(3600);
    let rules = rules(RULES);
    let directory = LdapDirectory::new(settings);
    let (joe, nobody) = (question(&rules, "joe.user"), question(&rules, "nobody"));
    let now = SystemTime::now();
    let (found, same) = tokio::join!(directory.answer(&joe, now), directory.answer(&joe, now));
    assert_eq!(found, same);
    assert_eq!(directory.answer(&nobody, now).await, Answer::Nobody);
    server.kill();
    assert_eq!(directory.answer(&joe, now).await, found);
    assert_eq!(directory.answer(&nobody, now).await, Answer::Nobody);
    directory.forget();
    why_not(directory.answer(&joe, now).await);
}
