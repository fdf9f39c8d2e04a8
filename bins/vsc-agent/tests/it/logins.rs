//! Logging in with the card that is lent: programs of the customer's desk, servers that know nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use pcsc_rig::tool::run;

use crate::house::{House, Plan, Side};
use crate::programs::LIMIT;
use crate::ssh_server::Server;

/// The PIN of the simulated card.
const PIN: &str = "123456";

/// OpenSC's PKCS#11 module, wherever the system's libraries are.
fn module() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let mut modules = folders.map(|folder| folder.path().join("opensc-pkcs11.so"));
    modules.find(|path| path.exists()).unwrap()
}

#[test]
fn ssh_lets_in_whoever_has_the_card_and_its_pin() {
    let test = "SSH with a lent card";
    let plan = Plan { packages: vec!["opensc", "opensc-pkcs11"], ..Plan::default() };
    let Some(server) = Server::start(test) else { return };
    let Some(house) = House::with_shared_card(test, plan) else { return };
    let module = module().display().to_string();

    // The card's public keys, as ssh itself lists them, are let in; the key in a file is not.
    let listed = house.tool(Side::Customer, "ssh-keygen", &["-D", &module]);
    assert!(listed.succeeded(), "{listed:?}");
    let keys = listed.stdout_text();
    assert!(keys.contains("ssh-rsa") || keys.contains("ecdsa-sha2"), "{keys}");
    std::fs::write(server.at("authorized"), &keys).unwrap();
    let config = std::fs::read_to_string(server.at("ssh_config")).unwrap();
    let kept = |line: &&str| !line.starts_with("Identit");
    let without_files: Vec<&str> = config.lines().filter(kept).collect();
    std::fs::write(server.at("card_config"), without_files.join("\n")).unwrap();

    // The agent takes the card's keys for as long as it lives, that is for one login.
    let config = server.at("card_config").display().to_string();
    let script = format!("ssh-add -q -s {module} && ssh -n -F {config} there 'echo let in'");
    let try_with = |pin: &str| {
        let ask = server.at("askpass");
        std::fs::write(&ask, format!("#!/bin/sh\necho {pin}\n")).unwrap();
        std::fs::set_permissions(&ask, std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut agent = house.customer.command("ssh-agent");
        agent
            .args(["sh", "-c", &script])
            .env("SSH_ASKPASS", &ask)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .current_dir(house.customer.folder());
        run(&mut agent, LIMIT).unwrap()
    };
    let refused = try_with("000000");
    assert!(!refused.succeeded() && !refused.stdout_text().contains("let in"), "{refused:?}");
    let welcome = try_with(PIN);
    assert!(welcome.succeeded(), "{welcome:?}\n{}", server.log());
    assert!(welcome.stdout_text().ends_with("let in\n"), "{welcome:?}");

    // Without the card there is no way in any more.
    assert!(house.ask(Side::Rep, &["unshare", "--all"]).succeeded());
    house.wait_for_no_card();
    let gone = try_with(PIN);
    assert!(!gone.succeeded(), "{gone:?}");
}
