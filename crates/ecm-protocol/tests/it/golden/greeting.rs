//! The greeting.

use ecm_protocol::message::{
    Capabilities, CredentialKind, EndpointKind, Expectation, Group, Heartbeat, Hello, Instance,
    Limits, Plugin, Product, ProtocolRange, Rank, Reauth, SiteIdentity, SiteLimits, TokenLife,
    VaultState, VaultStatus, Welcome,
};
use secrecy::ExposeSecret;

use super::{answers, asks, is_file, time};
use crate::fixture;
use ecm_protocol::codec::{Envelope, decode, encode_request, read_as};

fn text(text: &str) -> String {
    text.to_owned()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn capabilities() -> Capabilities {
    Capabilities {
        partial_results: true,
        release: true,
        credentials_used: true,
        endpoint_search: vec![EndpointKind::Rdp, EndpointKind::Ssh],
        session_start: false,
        session_events: true,
        health_check: true,
        credential_kinds: vec![CredentialKind::UsernamePassword, CredentialKind::SshPrivateKey],
    }
}

#[test]
fn hello() {
    let expected = Hello {
        protocol: ProtocolRange { min: text("1.0"), max: text("1.2") },
        product: Product {
            name: text("ecm-service"),
            version: text("0.3.0"),
            build: some("a1b2c3d"),
            os: some("linux"),
            arch: some("x86_64"),
        },
        instance: Instance {
            id: text("0192f3a4-7c1e-7000-8000-3b2f6a9d1c55"),
            boot_id: text("0192f3a4-9d00-7000-8000-1122334455aa"),
            hostname: some("ecm-01"),
            started_at: Some(time("2026-03-02T08:00:00Z")),
        },
        plugin: Some(Plugin {
            name: text("password-safe"),
            version: text("0.3.0"),
            vaults: vec![VaultStatus { name: text("main"), state: VaultState::Up }],
        }),
        expect: Some(Expectation { group: some("default") }),
        capabilities: capabilities(),
        limits: Limits { in_flight: 64, message_bytes: 262_144 },
    };
    asks("ecm.hello-full", "ecm.hello", "h1", &expected);
}

#[test]
fn hello_of_an_ecm_that_says_only_what_it_must() {
    let expected = Hello {
        protocol: ProtocolRange { min: text("1.0"), max: text("1.0") },
        product: Product { name: text("x"), version: text("1"), build: None, os: None, arch: None },
        instance: Instance { id: text("a"), boot_id: text("b"), hostname: None, started_at: None },
        plugin: None,
        expect: None,
        capabilities: Capabilities::default(),
        limits: Limits { in_flight: 1, message_bytes: 65_536 },
    };
    asks("ecm.hello-least", "ecm.hello", "1", &expected);
}

#[test]
fn welcome() {
    let expected = Welcome {
        protocol: text("1.1"),
        link_id: text("0192f3a5-0001-7000-8000-000000000001"),
        site: SiteIdentity {
            id: text("examplecorp"),
            product: some("rs"),
            version: some("25.3.1"),
            role: some("primary"),
        },
        group: Group { id: text("0"), name: text("Default") },
        rank: Some(Rank { position: 1, peers: 2, max_peers: 5 }),
        heartbeat: Heartbeat { interval_ms: 20_000, timeout_ms: 50_000 },
        token: Some(TokenLife { expires_in_s: 3540, reauth: some("in_band") }),
        limits: SiteLimits {
            in_flight: 64,
            message_bytes: 262_144,
            find_deadline_ms: 15_000,
            retrieve_deadline_ms: 30_000,
            max_results: 200,
        },
        accepted: Capabilities { credentials_used: false, ..capabilities() },
        clock: Some(time("2026-03-02T08:00:01.25Z")),
    };
    answers("ecm.hello-welcome", "h1", &expected);
}

#[test]
fn welcome_of_a_site_that_knows_neither_rank_nor_token_nor_time() {
    let expected = Welcome {
        protocol: text("1.0"),
        link_id: text("l"),
        site: SiteIdentity { id: text("s"), product: None, version: None, role: None },
        group: Group { id: text("7"), name: text("Berlin") },
        rank: None,
        heartbeat: Heartbeat::default(),
        token: None,
        limits: SiteLimits {
            in_flight: 1,
            message_bytes: 65_536,
            find_deadline_ms: 15_000,
            retrieve_deadline_ms: 30_000,
            max_results: 10,
        },
        accepted: Capabilities::default(),
        clock: None,
    };
    answers("ecm.hello-welcome-least", "1", &expected);
}

#[test]
fn new_token_on_a_live_link() {
    let file = fixture::text("ecm.reauth-ask");
    let Envelope::Request { id, method, params } = decode(file.as_bytes(), 4096).unwrap() else {
        panic!("no request");
    };
    assert_eq!((id.as_str(), method.as_str()), ("e2", "ecm.reauth"));
    let reauth = read_as::<Reauth>(params).unwrap().value;
    assert_eq!(reauth.token.expose_secret(), "new-token");
    is_file("ecm.reauth-ask", encode_request(&id, "ecm.reauth", &reauth).bytes());
}

#[test]
fn kinds_of_a_later_version_are_left_out_of_capabilities() {
    let written = br#"{"credential_kinds":["passkey","token"],"endpoint_search":["vnc","ssh"]}"#;
    let read: Capabilities = serde_json::from_slice(written).unwrap();
    assert_eq!(read.credential_kinds, [CredentialKind::Token]);
    assert_eq!(read.endpoint_search, [EndpointKind::Ssh]);
}
