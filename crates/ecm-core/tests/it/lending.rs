use std::time::Duration;

use ecm_core::settings::{Approval, JoinedRequests, ReleaseMinutes};
use ecm_core::source::{SourceError, SourceFailure};
use ecm_protocol::message::{Category, Credential, CredentialKind, Ticket};
use futures_util::future::join;
use secrecy::ExposeSecret as _;

use crate::fake_vault::{PASSWORD, local};
use crate::house::{House, SITE, find, refused, release, retrieve, user};

#[test]
fn credential_is_lent_with_its_lease() {
    let house = House::new();
    let broker = house.open();
    let lent = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    assert_eq!(lent.lease.expires_at, "2026-03-02T14:00:00Z".parse().unwrap());
    assert!(lent.lease.release_wanted && !lent.lease.shared);
    let Credential::UsernamePassword { username, domain, password } = lent.credential else {
        panic!("another kind")
    };
    assert_eq!((username.as_str(), domain), ("helpdesk-01", None));
    assert_eq!(password.expose_secret(), PASSWORD.as_bytes());
    assert_eq!(house.vault.open_requests(), 1);
}

#[test]
fn reason_carries_what_the_template_says_and_the_marker() {
    let mut house = House::new();
    house.settings.lending.reason =
        ecm_core::reason::ReasonTemplate::parse("{reason} by {user} on {endpoint}, {ref}").unwrap();
    let broker = house.open();
    let mut ask = house.retrieve_ask(&broker, "k1");
    ask.reason = Some("disk full".into());
    ask.ticket = Some(Ticket { system: "ServiceNow".into(), number: "INC0012345".into() });
    let lent = house.retrieve(&broker, &ask).unwrap();
    let reason = house.vault.with(|s| s.requests[&1].reason.clone());
    assert_eq!(reason, format!(r"disk full by ACME\joe on app01, K7Q-4MX [kf:{}]", lent.lease.id));
}

#[test]
fn release_duration_is_cut_to_what_the_account_allows_and_said_so() {
    let mut house = House::new();
    house.settings.lending.release_minutes = ReleaseMinutes::try_from(360).unwrap();
    let mut short = local(20, 1, "Short", "root");
    short.max_release_minutes = Some(15);
    house.vault.add(&["short"], short);
    let broker = house.open();
    let id = house.find(&broker, &find("short")).unwrap().items[0].id.clone();
    let answered = house.clock.run(broker.retrieve(SITE, &retrieve(&id, "k1")));
    let lent = answered.result.unwrap();
    assert_eq!(house.vault.with(|s| s.minutes_asked.clone()), [15]);
    assert_eq!(lent.lease.expires_at, "2026-03-02T08:15:00Z".parse().unwrap());
    assert!(answered.explanation.to_string().contains("release duration 360 min cut to 15 min"));
    let audit = house.audit_lines();
    assert_eq!(audit[0]["rec"]["public"]["clamped-from"], "360");
    assert_eq!(audit[0]["rec"]["public"]["minutes"], "15");
    assert!(house.ledger.text().contains(r#""clamped-from":360"#));
}

#[test]
fn same_key_gets_the_same_lease_and_no_second_request() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    let first = house.retrieve(&broker, &ask).unwrap();
    let second = house.retrieve(&broker, &ask).unwrap();
    assert_eq!(first.lease.id, second.lease.id);
    assert_eq!((house.vault.calls("open"), house.vault.calls("read")), (1, 2));
    assert_eq!(house.vault.open_requests(), 1);
}

#[test]
fn same_key_at_the_same_time_gets_the_same_lease() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    let (first, second) =
        house.clock.run(join(broker.retrieve(SITE, &ask), broker.retrieve(SITE, &ask)));
    assert_eq!(first.result.unwrap().lease.id, second.result.unwrap().lease.id);
    assert_eq!(house.vault.calls("open"), 1);
}

#[test]
fn key_of_another_question_is_refused() {
    let house = House::new();
    let broker = house.open();
    house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    let other = retrieve(&house.id_of(&broker, "adm-joe"), "k1");
    assert_eq!(refused(house.retrieve(&broker, &other)), Category::BadParameters);
    assert_eq!(house.vault.open_requests(), 1);
}

#[test]
fn id_that_was_not_offered_to_this_user_is_refused() {
    let house = House::new();
    let broker = house.open();
    let mut ask = house.retrieve_ask(&broker, "k1");
    ask.user = user(r"ACME\jane");
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::AccessDenied);
    ask.user = user(r"ACME\joe");
    ask.credential_id.replace_range(5..6, "x");
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::CredentialGone);
    assert_eq!(house.vault.calls("open"), 0);
    assert_eq!(house.audit_events(), ["refused", "refused"]);
}

#[test]
fn account_that_may_not_be_requested_any_more_is_gone() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    house.vault.with(|s| s.accounts.clear());
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::CredentialGone);
    assert!(house.ledger.text().is_empty());
}

#[test]
fn request_the_vault_refused_leaves_nothing_behind() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    house.vault.fail("open", SourceError::new(SourceFailure::InUse, "409"));
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::InUse);
    assert_eq!(broker.leases(), 0);
}

#[test]
fn secret_that_cannot_be_read_is_given_back_at_once() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    house.vault.fail("read", SourceError::new(SourceFailure::Broken, "500"));
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::VaultError);
    assert_eq!((house.vault.open_requests(), broker.leases()), (0, 0));
}

#[test]
fn approver_approves_once_and_the_secret_is_read() {
    let mut house = House::new();
    house.settings.lending.approver = Some("ecm-approver".into());
    house.vault.with(|s| s.approvals_needed = 1);
    let broker = house.open();
    house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    assert_eq!(house.vault.calls("approve ecm-approver"), 1);
    assert_eq!(house.audit_events(), ["approved", "lent"]);
}

#[test]
fn second_approval_is_never_given_by_the_same_approver() {
    let mut house = House::new();
    house.settings.lending.approver = Some("ecm-approver".into());
    house.vault.with(|s| s.approvals_needed = 2);
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::ApprovalNeeded);
    assert_eq!(house.vault.calls("approve"), 1);
    assert_eq!((house.vault.open_requests(), broker.leases()), (0, 0));
}

#[test]
fn approval_that_nobody_gives_is_refused_and_given_back() {
    let house = House::new();
    house.vault.with(|s| s.approvals_needed = 1);
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::ApprovalNeeded);
    assert_eq!((house.vault.open_requests(), broker.leases()), (0, 0));
}

fn waiting_house() -> House {
    let mut house = House::new();
    house.settings.lending.approval = Approval::Wait;
    house.vault.with(|s| s.approvals_needed = 1);
    house
}

#[test]
fn waiting_for_approval_ends_before_the_deadline_and_goes_on_with_the_same_key() {
    let house = waiting_house();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    let pending = house.retrieve(&broker, &ask).unwrap_err();
    assert_eq!(pending.category, Category::ApprovalPending);
    assert_eq!(pending.retry_after_ms, Some(5_000));
    assert!(house.clock.passed() <= Duration::from_secs(27));
    assert!(house.vault.calls("read") > 1);

    house.vault.with(|s| s.requests.values_mut().for_each(|request| request.approvals = 1));
    let lent = house.retrieve(&broker, &ask).unwrap();
    assert_eq!(Some(lent.lease.id), pending.lease_id);
    assert_eq!(house.vault.calls("open"), 1);
    // Lent for as long as the request lives, no longer for as long as approval was awaited.
    assert_eq!(broker.next_due(), Some(lent.lease.expires_at));
}

#[test]
fn approval_that_comes_while_we_wait_is_noticed() {
    let house = waiting_house();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    let vault = house.vault.clone();
    let clock = house.clock.clone();
    let approve = async {
        use ecm_core::ports::Clock as _;
        clock.sleep_until(clock.instant() + Duration::from_secs(7)).await;
        vault.with(|s| s.requests.values_mut().for_each(|request| request.approvals = 1));
    };
    let (answered, ()) = house.clock.run(join(broker.retrieve(SITE, &ask), approve));
    assert!(answered.result.is_ok());
    assert_eq!(house.clock.passed(), Duration::from_secs(10));
}

#[test]
fn pending_request_nobody_asks_for_again_is_given_back() {
    let house = waiting_house();
    let broker = house.open();
    house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap_err();
    assert_eq!(house.vault.open_requests(), 1);
    house.settle(&broker);
    assert_eq!((house.vault.open_requests(), broker.leases()), (0, 0));
    assert!(house.clock.passed() < Duration::from_secs(3600));
}

#[test]
fn nothing_is_lent_when_the_audit_log_cannot_be_written() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    house.audit.fail_from(Some(0));
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::Internal);
    assert_eq!((house.vault.open_requests(), broker.leases()), (0, 0));
}

#[test]
fn vault_is_not_asked_when_the_ledger_cannot_be_written() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    house.ledger.fail_from(Some(0));
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::Internal);
    assert_eq!((house.vault.calls("open"), broker.leases()), (0, 0));
}

#[test]
fn request_is_given_back_when_its_number_cannot_be_written_down() {
    let house = House::new();
    let broker = house.open();
    let ask = house.retrieve_ask(&broker, "k1");
    house.ledger.fail_from(Some(1));
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::Internal);
    house.ledger.fail_from(None);
    house.settle(&broker);
    assert_eq!(house.vault.open_requests(), 0);
    assert_eq!(house.vault.with(|s| s.check_ins.clone()), [(1, 1)].into());
}

#[test]
fn ssh_key_comes_with_its_passphrase() {
    let mut house = House::new();
    house.settings.search.ssh_keys = ecm_core::settings::SshKeys::BesidePasswords;
    let broker = house.open();
    let mut ask = find("app01");
    ask.want.kinds = vec![CredentialKind::SshPrivateKey];
    let id = house.find(&broker, &ask).unwrap().items[0].id.clone();
    let lent = house.retrieve(&broker, &retrieve(&id, "k1")).unwrap();
    let Credential::SshPrivateKey { username, private_key, passphrase, .. } = lent.credential
    else {
        panic!("another kind")
    };
    assert_eq!(username, "helpdesk-01");
    assert_eq!(private_key.expose_secret(), b"planted-S3cret-key");
    assert_eq!(passphrase.unwrap().expose_secret(), b"planted-S3cret-phrase");
}

#[test]
fn vault_that_is_slow_ends_the_retrieval_and_the_request_is_found_later() {
    let house = House::new();
    let broker = house.open();
    let mut ask = house.retrieve_ask(&broker, "k1");
    ask.meta.deadline_ms = Some(0);
    assert_eq!(refused(house.retrieve(&broker, &ask)), Category::Deadline);
    house.settle(&broker);
    assert_eq!(house.vault.open_requests(), 0);
}

#[test]
fn joined_request_about_to_end_is_renewed_unless_somebody_else_holds_it() {
    let account = local(12, 3124, "App01", "helpdesk-01").account;
    for (joined, expected_open) in [(JoinedRequests::CheckIn, 2), (JoinedRequests::Leave, 1)] {
        let mut house = House::new();
        house.settings.lending.joined_requests = joined;
        house.vault.open_elsewhere(r"ACME\joe", &account, Duration::from_secs(120));
        let broker = house.open();
        let lent = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
        let minutes = lent.lease.expires_at.duration_since("2026-03-02T08:00:00Z".parse().unwrap());
        assert_eq!(house.vault.calls("open"), expected_open, "{joined:?}");
        let expected = if joined == JoinedRequests::CheckIn { 360 } else { 2 };
        assert_eq!(minutes.as_mins(), expected, "{joined:?}");
    }
    // Held by another lease of ours: never renewed under it.
    let house = House::new();
    let broker = house.open();
    let first = house.retrieve(&broker, &house.retrieve_ask(&broker, "k1")).unwrap();
    house.clock.advance(Duration::from_secs(358 * 60));
    let second = house.retrieve(&broker, &house.retrieve_ask(&broker, "k2")).unwrap();
    assert_eq!(first.lease.expires_at, second.lease.expires_at);
    assert!(second.lease.shared);
}

#[test]
fn released_lease_is_not_handed_over_by_a_retrieval_still_under_way() {
    for polls in 1..60 {
        let house = House::new();
        let broker = house.open();
        let ask = house.retrieve_ask(&broker, "k1");
        let mut retrieval = Box::pin(broker.retrieve(SITE, &ask));
        let early = house.clock.run_at_most(polls, &mut retrieval);
        if early.is_some() {
            assert!(polls > 5);
            return;
        }
        let lease = house.vault.with(|s| s.requests.get(&1).map(|r| r.reason.clone()));
        let Some(reason) = lease else { continue };
        let id = reason.split_once("[kf:").unwrap().1.trim_end_matches(']').to_owned();
        let released = release(&id);
        let (_, answered) = house.clock.run(join(broker.release(SITE, &released), retrieval));
        assert!(answered.result.is_err(), "after {polls} polls");
        house.settle(&broker);
        assert_eq!(house.vault.open_requests(), 0);
        assert_eq!(house.vault.with(|s| s.check_ins.clone()), [(1, 1)].into());
    }
    panic!("the retrieval never ended");
}
