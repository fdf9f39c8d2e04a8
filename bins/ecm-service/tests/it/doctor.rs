//! `ecm-service doctor`: every fault is made real, and the check that is for it names it.

use std::collections::BTreeMap;

use ecm_service::doctor::CHECKS;
use ecm_service::exit::Exit;
use serde_json::Value;

use site_sim::{CommandRight, Permissions};

use crate::house::{CLIENT_ID, House, Plan};

const JOE: [&str; 4] = ["--user", r"ACME\joe.user", "--host", "app01"];

/// What the doctor said.
struct Seen {
    exit: Option<i32>,
    findings: Vec<Value>,
}

impl Seen {
    /// The findings of a check, and what it looked at.
    fn of(&self, id: &str, about: &str) -> Vec<&Value> {
        let is_it = |one: &&Value| {
            one["id"] == id && one["about"].as_str().unwrap_or_default().starts_with(about)
        };
        self.findings.iter().filter(is_it).collect()
    }

    /// This check found this, and says what to do; everything before it is good.
    #[track_caller]
    fn names(&self, id: &str, about: &str, level: &str, words: &str) {
        let all = self.of(id, about);
        let found = all.iter().find(|one| one["level"] == level);
        let found =
            found.unwrap_or_else(|| unreachable!("{id} of {about:?}: {:#?}", self.findings));
        let told = format!("{} {}", found["found"], found["advice"]);
        assert!(told.contains(words), "{told}");
        assert!(found["advice"].as_str().is_some_and(|advice| !advice.is_empty()), "{told}");
    }

    /// Nothing is an error but the findings of these checks.
    #[track_caller]
    fn only(&self, ids: &[&str]) {
        for one in &self.findings {
            let id = one["id"].as_str().unwrap();
            assert!(one["level"] != "error" || ids.contains(&id), "{one:#}");
        }
    }
}

fn examine(house: &House, config: Option<&str>, arguments: &[&str]) -> Seen {
    if let Some(text) = config {
        house.replace_file("config.toml", text);
    }
    let all = [&["doctor", "--json"], arguments].concat();
    let output = tokio::task::block_in_place(|| house.command(&all));
    let told = String::from_utf8(output.stdout).unwrap();
    for secret in house.secrets() {
        assert!(!told.contains(&secret));
    }
    let findings = serde_json::from_str(&told)
        .unwrap_or_else(|_| unreachable!("{told}{}", String::from_utf8_lossy(&output.stderr)));
    Seen { exit: output.status.code(), findings }
}

fn code(exit: Exit) -> Option<i32> {
    Some(i32::from(exit.number()))
}

/// The port in an address.
fn port(url: &str) -> String {
    url.split(':').nth(2).unwrap().chars().take_while(char::is_ascii_digit).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_is_well_nothing_is_found_and_the_running_service_is_asked() {
    let house = House::open(Plan::default()).await;
    let seen = examine(&house, None, &JOE);
    seen.only(&[]);
    assert_ne!(seen.exit, code(Exit::Failed));
    let mut levels: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in &seen.findings {
        levels.entry(one["id"].as_str().unwrap()).or_default().push(one["level"].as_str().unwrap());
    }
    for check in CHECKS {
        assert!(levels.contains_key(check.id), "{} was not made: {levels:?}", check.id);
    }
    for id in ["D11", "D12", "D13", "D14", "D15", "D16", "D17", "D20", "D21", "D24", "D27"] {
        assert!(levels[id].contains(&"good"), "{id}: {:#?}", seen.findings);
    }
    let text = tokio::task::block_in_place(|| house.command(&["doctor"]));
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("ok    D13  main: the certificate is trusted\n           0: "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_on_the_way_to_a_vault_is_told_by_its_step() {
    let house = House::furnish(Plan::default()).await;
    let good = house.config();
    let vault = house.vault.url().to_string();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        examine(&house, Some(&good.replace(from, to)), &JOE)
    };
    let host = vault.split('/').nth(2).unwrap();
    let elsewhere = vault.replace(host, "nowhere.invalid");
    with(&vault, &elsewhere).names("D11", "main", "error", "nowhere.invalid cannot be resolved");
    // A port at which nobody listens: the site's control port would, so port 1 is taken.
    let closed = vault.replace(&port(&vault), "1");
    let seen = with(&vault, &closed);
    seen.names("D12", "main", "error", "nobody answers at");
    assert_eq!(seen.of("D15", "main")[0]["level"], "skipped");
    assert_eq!(seen.exit, code(Exit::Failed));

    let seen = with("ca-file = \"vault-ca.pem\"", "ca-file = \"site-ca.pem\"");
    seen.names("D13", "main", "error", "UnknownIssuer");
    seen.names("D13", "main", "error", "if the issuer `CN=");

    let wrong = vault.replace("/public/v3", "/public/v33");
    with(&vault, &wrong).names("D14", "main", "error", "/BeyondTrust/api/public/v3");

    house.vault.advance(std::time::Duration::from_secs(3600));
    let seen = examine(&house, Some(&good), &[]);
    seen.names("D03", "main", "error", "s apart");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_vault_does_not_sign_in_or_offers_nothing_is_told() {
    let mut plan = Plan::default();
    for account in plan.vault.accounts.iter_mut() {
        if account.key().starts_with(r"WEB01\") {
            account.api_enabled = false;
        }
    }
    let house = House::furnish(plan).await;
    let ask = |user: &str, host: &str| examine(&house, None, &["--user", user, "--host", host]);
    // Known to the vault, in no group that has the registration.
    let seen = ask(r"ACME\nora.nogroup", "app01");
    seen.names("D15", "main", "error", "in a group that has the registration");
    // Signed in, and without a role.
    let seen = ask(r"ACME\rolf.roleless", "app01");
    seen.names("D17", r"ACME\rolf", "warning", "the requester role");
    let seen = ask(r"ACME\joe.user", "web01");
    seen.names("D17", r"ACME\joe", "warning", "enable them for API access");
    let seen = ask(r"ACME\joe.user", "nowhere");
    seen.names("D17", r"ACME\joe", "warning", "no system of the vault");
    // The console sends another name than the rules know.
    let seen = ask("joe.user", "app01");
    seen.names("D17", "joe.user", "error", "explain-name");

    house.replace_file("api-key", &"0".repeat(128));
    let seen = examine(&house, None, &JOE);
    seen.names("D15", "main", "error", "is the API key");
    seen.only(&["D15", "D17"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_rule_that_leaves_this_machine_out_is_told() {
    let mut plan = Plan::default();
    for registration in plan.vault.registrations.iter_mut() {
        registration.addresses = vec!["10.99.0.0/16".to_owned()];
    }
    let house = House::furnish(plan).await;
    let seen = examine(&house, None, &JOE);
    seen.names("D15", "main", "error", "authentication rule");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_site_from_using_this_ecm_is_told() {
    let house = House::furnish(Plan::default()).await;
    let good = house.config();
    let site = house.site.ecm_url().to_string();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        examine(&house, Some(&good.replace(from, to)), &[])
    };
    // No route: nobody listens there.
    let closed = site.replace(&port(&site), "1");
    with(&site, &closed).names("D12", "support", "error", "nobody answers at");
    with("ca-file = \"site-ca.pem\"", "ca-file = \"vault-ca.pem\"").names(
        "D13",
        "support",
        "error",
        "UnknownIssuer",
    );
    let lines = "system-roots = false\n\n[[vault]]";
    let seen = with(lines, "system-roots = false\nexpect-group = \"other\"\n[[vault]]");
    seen.names("D28", "support", "error", "another ECM group than `other`");
    house.replace_file("client-secret", "not-the-secret");
    let seen = examine(&house, Some(&good), &[]);
    seen.names("D20", "support", "error", "client-id or client-secret is wrong");
    seen.only(&["D20"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_the_permission_for_ecms_is_told() {
    let mut plan = Plan::default();
    for account in plan.site.accounts.iter_mut() {
        account.perm_ecm = false;
    }
    let house = House::furnish(plan).await;
    let seen = examine(&house, None, &[]);
    seen.names("D21", "support", "error", "the permission for Endpoint Credential Managers");
    seen.names("D23", "support", "error", "perm_ecm");
    seen.only(&["D21", "D23"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_settings_want_and_the_account_may_not_is_told() {
    let lines = "enrich = true\nticket-number-attribute = \"external_key\"".to_owned();
    let house = House::furnish(Plan { site_lines: lines, ..Plan::default() }).await;
    examine(&house, None, &[]).only(&[]);
    let none = Permissions {
        perm_reporting_support: Some(false),
        perm_configuration: Some(false),
        ..Permissions::default()
    };
    assert!(house.site.set_permissions(CLIENT_ID, none));
    let seen = examine(&house, None, &[]);
    seen.names("D23", "support", "warning", "`reconcile` is on");
    seen.names("D23", "support", "warning", "`enrich` is on");
    assert_eq!(seen.exit, code(Exit::Doubtful));
    let deny = Permissions { perm_command: Some(CommandRight::Deny), ..Permissions::default() };
    assert!(house.site.set_permissions(CLIENT_ID, deny));
    examine(&house, None, &[]).names("D23", "support", "warning", "ticket-number-attribute");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_run_out_are_told() {
    let mut plan = Plan::default();
    plan.site.api.calls_per_hour = 5;
    let house = House::furnish(plan).await;
    let mut last = examine(&house, None, &[]);
    for _ in 0..3 {
        last = examine(&house, None, &[]);
    }
    last.names("D29", "support", "warning", "calls");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ecm_that_is_idle_because_another_leads_is_told() {
    let mut house = House::open(Plan::default()).await;
    house.start_second_service().await;
    let second = house.config().replacen(r#"state-dir = "state""#, r#"state-dir = "state-2""#, 1);
    let seen = examine(&house, Some(&second), &[]);
    seen.names("D27", "support", "warning", "connected longest");
    assert_eq!(seen.exit, code(Exit::Doubtful));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_a_killed_service_left_open_are_told_and_given_back() {
    let mut house = House::open(Plan::default()).await;
    let (search, found) = house.search(r"ACME\joe.user", "app01").await;
    house.retrieve(&search, &found, r"App01\helpdesk-01").await;
    house.kill_service().await;
    let seen = examine(&house, None, &[]);
    seen.names("D24", "", "warning", "start it");
    seen.names("D30", "", "error", "1 leases are open");
}
