//! `ecm-service test`: the settings are tried against a real vault, without a site.

use std::process::Output;

use ecm_service::exit::Exit;

use ps_sim::RequestState;

use crate::house::{House, Plan};

const JOE: [&str; 4] = ["--user", r"ACME\joe.user", "--host", "app01"];

struct Said {
    exit: Option<i32>,
    told: String,
    complained: String,
}

/// Runs `ecm-service test` without holding up the simulators.
async fn test(house: &House, arguments: &[&str]) -> Said {
    let mut all = vec!["test"];
    all.extend(arguments);
    let Output { status, stdout, stderr } = tokio::task::block_in_place(|| house.command(&all));
    let [told, complained] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
    Said { exit: status.code(), told, complained }
}

fn code(exit: Exit) -> Option<i32> {
    Some(i32::from(exit.number()))
}

/// No secret is in anything that was said or written.
fn nothing_leaked(house: &House, said: &[&Said]) {
    let files = house.files();
    for secret in house.secrets() {
        for said in said {
            assert!(!said.told.contains(&secret) && !said.complained.contains(&secret));
        }
        for (path, content) in &files {
            let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a secret is in {}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_and_a_retrieval_work_without_site_and_service_and_leave_nothing_open() {
    let house = House::furnish(Plan::default()).await;
    // The site is not needed at all.
    let config = house.config();
    let without_site = config
        .split_once("[[site]]")
        .and_then(|(before, rest)| Some((before, rest.split_once("[[vault]]")?.1)))
        .map(|(before, vault)| format!("{before}[[vault]]{vault}"))
        .unwrap();
    house.replace_file("config.toml", &without_site);

    let found = test(&house, &JOE).await;
    assert_eq!(found.exit, code(Exit::Ok), "{}", found.complained);
    assert!(found.told.contains("rule 1     'staff'"), "{}", found.told);
    assert!(found.told.contains("  3  App01\\helpdesk-01  (username_password)"), "{}", found.told);
    assert!(found.told.contains("App01\\svc-backup: not_api_enabled: enable"), "{}", found.told);

    let retrieved = test(&house, &[&JOE[..], &["--retrieve", "3"]].concat()).await;
    assert_eq!(retrieved.exit, code(Exit::Ok), "{}", retrieved.complained);
    assert!(retrieved.told.contains("retrieve   App01\\helpdesk-01: success, given back"));
    assert!(house.vault.requests().iter().all(|request| request.state == RequestState::CheckedIn));
    assert_eq!(house.check_ins(), 1);

    let json =
        test(&house, &[&JOE[..], &["--retrieve", r"App01\helpdesk-01", "--json"]].concat()).await;
    let told: serde_json::Value = serde_json::from_str(&json.told).unwrap();
    assert_eq!(told["vault_user"], r"ACME\joe.user");
    assert_eq!(told["retrieved"][0]["given_back"], true);
    assert_eq!(told["outcome"]["found"]["credentials"][2]["name"], "App01\\helpdesk-01");
    let log = std::fs::read_to_string(house.state().join("configurator.log")).unwrap();
    assert!(log.contains("Z search\n    input      name='ACME\\joe.user'"), "{log}");
    nothing_leaked(&house, &[&found, &retrieved, &json]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_why_nothing_or_not_everything_is_offered() {
    let house = House::furnish(Plan::default()).await;
    let found = test(&house, &["--user", r"ACME\joe.user", "--host", "nowhere"]).await;
    assert_eq!(found.exit, code(Exit::Ok));
    assert!(found.told.contains("no credentials: no system of the vault"), "{}", found.told);

    let nobody = test(&house, &["--user", "joe.user", "--host", "app01"]).await;
    assert_eq!(nobody.exit, code(Exit::Failed));
    assert!(nobody.told.contains("nobody: local_account"), "{}", nobody.told);
    assert!(nobody.told.contains("refused    user_unmapped"), "{}", nobody.told);

    let wrong = test(&house, &["--user", "joe", "--item", "web", "--url", "web01"]).await;
    assert_eq!(wrong.exit, code(Exit::Usage));
    assert!(wrong.complained.contains("--url: this is no URL"), "{}", wrong.complained);

    house.replace_file("api-key", "0".repeat(128).as_str());
    let refused = test(&house, &JOE).await;
    assert_eq!(refused.exit, code(Exit::Failed));
    assert!(refused.told.contains("refused    vault_auth"), "{}", refused.told);
    nothing_leaked(&house, &[&found, &nobody, &wrong, &refused]);
}

#[tokio::test(flavor = "multi_thread")]
async fn saved_cases_are_run_again_and_tell_what_has_changed() {
    let house = House::furnish(Plan::default()).await;
    let save = [&JOE[..], &["--retrieve", "3", "--save", "joe on app01"]].concat();
    assert_eq!(test(&house, &save).await.exit, code(Exit::Ok));
    let twice = test(&house, &save).await;
    assert!(twice.complained.contains("two cases are called `joe on app01`"));
    let nobody = ["--user", "joe.user", "--host", "app01", "--save", "joe of the site"];
    assert_eq!(test(&house, &nobody).await.exit, code(Exit::Failed));

    let all = test(&house, &["--all"]).await;
    assert_eq!(all.exit, code(Exit::Ok), "{}{}", all.told, all.complained);
    assert_eq!(all.told, "ok    joe on app01\nok    joe of the site\n2 cases, 0 failed\n");

    // Somebody makes `joe` another user, and a rule lets local users in.
    let config = house.config().replace("user = '[a-z][a-z0-9._-]{0,19}'", "user = 'pat'");
    house.replace_file("config.toml", &config);
    let all = test(&house, &["--all", "--json"]).await;
    assert_eq!(all.exit, code(Exit::Failed));
    let told: serde_json::Value = serde_json::from_str(&all.told).unwrap();
    assert_eq!((&told[0]["passed"], &told[1]["passed"]), (&false.into(), &true.into()));
    assert!(told[0]["differences"].to_string().contains("it was refused: user_unmapped"));
    let none = test(&house, &["--case", "nobody's"]).await;
    assert_eq!(none.exit, code(Exit::Usage));
}
