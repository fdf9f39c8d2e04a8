//! Planted secrets are looked for wherever something is printed or written.

use crate::fake_vault::PASSWORD;
use crate::house::{House, SITE, find, release, retrieve};

#[test]
fn planted_secrets_reach_no_file_no_debug_print_and_no_explanation() {
    let mut house = House::new();
    house.settings.search.ssh_keys = ecm_core::settings::SshKeys::BesidePasswords;
    house.settings.lending.approver = Some("ecm-approver".into());
    house.vault.with(|s| s.approvals_needed = 1);
    let broker = house.open();
    let mut printed = String::new();
    let mut ask = find("app01");
    ask.want.kinds = vec![
        ecm_protocol::message::CredentialKind::UsernamePassword,
        ecm_protocol::message::CredentialKind::SshPrivateKey,
    ];
    let found = house.clock.run(broker.find(&ask, None));
    printed += &format!("{found:?}{}", found.explanation);
    for (number, item) in found.result.unwrap().items.iter().enumerate() {
        let lent =
            house.clock.run(broker.retrieve(SITE, &retrieve(&item.id, &format!("k{number}"))));
        printed += &format!("{lent:?}{}", lent.explanation);
        printed += &serde_json::to_string(&lent.explanation).unwrap();
        let lease = lent.result.unwrap().lease.id;
        printed += &format!("{:?}", house.clock.run(broker.release(SITE, &release(&lease))));
    }
    printed += &house.ledger.text();
    printed += &house.audit.text();
    // The search itself works: what is printed does name people and accounts.
    assert!(printed.contains("helpdesk-01") && printed.contains("REDACTED"));
    let base64 = "cGxhbnRlZC1TM2NyZXQ";
    let as_numbers = "112, 108, 97, 110, 116, 101, 100";
    for secret in [PASSWORD, "S3cret", base64, as_numbers] {
        assert!(!printed.contains(secret), "{secret:?} was printed");
    }
}
