//! The jump items the representative opens, and what must be offered on each.
//!
//! The expectations are written by hand from `fixtures/data/demo/ps-sim.toml`: who may request
//! what, which accounts are API-enabled, what is linked where.

use serde_json::{Value, json};

/// One jump item and its promise.
pub(super) struct Item {
    /// As the representative sees it.
    pub(super) title: &'static str,
    /// As the site describes it to the ECM.
    pub(super) target: Value,
    /// What the credential is for.
    pub(super) purpose: &'static str,
    /// Kinds of credential the item can take; empty leaves it to the ECM.
    pub(super) kinds: &'static [&'static str],
    /// Display names that must be offered, sorted, and no others.
    pub(super) offered: &'static [&'static str],
    /// Why these.
    pub(super) because: &'static str,
}

/// The five kinds of items of the story.
pub(super) fn items() -> [Item; 5] {
    [
        Item {
            title: "a Jump Client on APP01",
            target: json!({
                "kind": "jump_client", "name": "App01", "hostname": "APP01",
                "fqdn": "app01.acme.test",
                "addresses": [{ "ip": "10.11.12.13", "scope": "private" }],
                "os": "Windows Server 2022",
            }),
            purpose: "logon",
            kinds: &[],
            offered: &[
                r"ACME\adm-joe (linked)",
                r"App01\break-glass",
                r"App01\erp-user",
                r"App01\helpdesk-01",
            ],
            because: "the local accounts of App01 and the domain account linked to it, not \
                      svc-backup, which is not API-enabled",
        },
        Item {
            title: "an RDP item for db01.acme.test:3389",
            target: json!({ "kind": "rdp", "hostname": "db01.acme.test:3389", "port": 3389 }),
            purpose: "rdp",
            kinds: &[],
            offered: &[r"ACME\adm-joe (linked)", r"DB01\sa-reports"],
            because: "what DB01 has, whatever the port, and the domain account linked to it",
        },
        Item {
            title: "an RDP item with the SecureApp \"ACME ERP\"",
            target: json!({
                "kind": "rdp_remote_app", "hostname": "app01.acme.test",
                "application": { "remote_app": "ACME ERP" },
            }),
            purpose: "application",
            kinds: &[],
            offered: &["ACME ERP: erp-user"],
            because: "the account of the one application that the item starts",
        },
        Item {
            title: "a Web Jump to https://portal.acme.test/login",
            target: json!({ "kind": "web", "url": "https://portal.acme.test/login" }),
            purpose: "web",
            kinds: &[],
            offered: &[r"WEB01\portal-admin"],
            because: "what WEB01 has, whose DNS name is the host of the URL",
        },
        Item {
            title: "a Shell Jump to linux01 over SSH",
            target: json!({
                "kind": "shell", "hostname": "linux01.acme.test", "protocol": "ssh", "port": 22,
            }),
            purpose: "ssh",
            kinds: &["username_password", "ssh_private_key"],
            offered: &[r"LINUX01\root", r"LINUX01\root (key)"],
            because: "root's password and root's key, since the item can take both",
        },
    ]
}
