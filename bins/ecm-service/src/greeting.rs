//! What we tell a site about ourselves.

use ecm_protocol::message::{
    Capabilities, CredentialKind, Expectation, Hello, Instance, Limits, Plugin, Product,
};
use ecm_protocol::version::Version;
use jiff::Timestamp;

use crate::vault_watch::VaultBoard;

/// Who this process is; the same on every link.
#[derive(Debug, Clone)]
pub struct SelfPortrait {
    /// Stays over restarts.
    pub instance_id: String,
    /// New at each start.
    pub boot_id: String,
    /// When the process started.
    pub started_at: Timestamp,
    /// What kinds of vaults it has, for people.
    pub kinds: String,
}

/// The greeting for one site, with the vaults as they are now.
#[must_use]
pub fn hello(
    who: &SelfPortrait,
    expect_group: Option<&str>,
    vaults: &VaultBoard,
    limits: Limits,
) -> Hello {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Hello {
        protocol: Version::range(),
        product: Product {
            name: "ecm-service".to_owned(),
            version: version.clone(),
            build: option_env!("KEYFERRY_BUILD").map(str::to_owned),
            os: Some(std::env::consts::OS.to_owned()),
            arch: Some(std::env::consts::ARCH.to_owned()),
        },
        instance: Instance {
            id: who.instance_id.clone(),
            boot_id: who.boot_id.clone(),
            hostname: host_name(),
            started_at: Some(who.started_at),
        },
        plugin: Some(Plugin { name: who.kinds.clone(), version, vaults: vaults.statuses() }),
        expect: expect_group.map(|group| Expectation { group: Some(group.to_owned()) }),
        capabilities: Capabilities {
            partial_results: true,
            release: true,
            credentials_used: true,
            endpoint_search: Vec::new(),
            session_start: false,
            session_events: true,
            health_check: true,
            credential_kinds: vec![
                CredentialKind::UsernamePassword,
                CredentialKind::SshPrivateKey,
                CredentialKind::Application,
            ],
        },
        limits,
    }
}

/// The machine's name, for people who look at the site's list of ECMs.
fn host_name() -> Option<String> {
    let name = if cfg!(target_os = "linux") {
        std::fs::read_to_string("/proc/sys/kernel/hostname").ok()
    } else {
        std::env::var("COMPUTERNAME").or_else(|_| std::env::var("HOSTNAME")).ok()
    };
    let name = name?.trim().chars().take(253).collect::<String>();
    (!name.is_empty()).then_some(name)
}
