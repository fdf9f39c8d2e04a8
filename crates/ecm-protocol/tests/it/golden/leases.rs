//! Handing over and taking back.

use ecm_protocol::codec::{RequestId, encode_result};
use ecm_protocol::message::{
    Credential, Lease, Phase, Purpose, Release, ReleaseOutcome, ReleaseResult, Retrieve,
    RetrieveResult, Rotation, SessionRef, SessionStart, Target, TargetKind, Ticket, Used, User,
};
use secrecy::{ExposeSecret, SecretSlice};

use super::questions::{named, user};
use super::{answers, asks, is_file, notes, result, time};

fn session() -> SessionRef {
    SessionRef {
        lsid: Some("c69a8e10bea9428f816cfababe9815fe".to_owned()),
        phase: Phase::InSession,
        custom: Default::default(),
    }
}

#[test]
fn retrieval() {
    let mut expected = Retrieve {
        meta: Default::default(),
        session: session(),
        user: User { ..user("ACME\\joe.user") },
        target: named(TargetKind::JumpClient, "APP01"),
        purpose: Purpose::Logon,
        credential_id: "e1.eyJ2IjoibWFpbiJ9.qL3J0w".to_owned(),
        idempotency_key: "0192f3b1-2222-7000-8000-00000000beef".to_owned(),
        reason: Some("INC0012345 disk full".to_owned()),
        ticket: Some(Ticket { system: "ServiceNow".to_owned(), number: "INC0012345".to_owned() }),
    };
    expected.meta.request_ref = Some("K7Q-4MX".to_owned());
    expected.meta.deadline_ms = Some(30_000);
    asks("credentials.retrieve-ask", "credentials.retrieve", "r-77", &expected);
}

/// Reads the file, hands the credential to `check`, writes what was read and compares.
fn handed_over(name: &str, check: impl FnOnce(&Credential) -> bool) {
    let read: RetrieveResult = result(name, "r-77");
    let lease = Lease {
        id: "l-9f2c".to_owned(),
        expires_at: time("2026-03-02T10:05:00Z"),
        release_wanted: true,
        shared: false,
    };
    assert_eq!(read.lease, lease, "{name}");
    assert!(check(&read.credential), "{name} is not the credential expected");
    is_file(name, encode_result(&RequestId::new("r-77").unwrap(), &read).bytes());
}

fn is(secret: &SecretSlice<u8>, expected: &[u8]) -> bool {
    secret.expose_secret() == expected
}

#[test]
fn password() {
    handed_over("credentials.retrieve-password", |credential| {
        matches!(credential, Credential::UsernamePassword { username, domain: None, password }
            if username == "helpdesk-01" && is(password, b"<secret>"))
    });
}

#[test]
fn ssh_key() {
    handed_over("credentials.retrieve-ssh-key", |credential| {
        matches!(credential, Credential::SshPrivateKey {
            username, private_key, passphrase: Some(passphrase), public_key: Some(public_key)
        } if username == "root" && is(private_key, b"key") && is(passphrase, b"phrase")
            && public_key == "ssh-ed25519 AAAA joe")
    });
}

#[test]
fn ssh_certificate() {
    handed_over("credentials.retrieve-ssh-certificate", |credential| {
        matches!(credential, Credential::SshCertificate {
            username, private_key, passphrase: None, public_key: None, certificate
        } if username == "root" && is(private_key, b"key")
            && certificate == "ssh-ed25519-cert-v01@openssh.com AAAA")
    });
}

#[test]
fn client_certificate() {
    handed_over("credentials.retrieve-client-certificate", |credential| {
        matches!(credential, Credential::ClientCertificate { pkcs12, passphrase }
            if is(pkcs12, b"\x30\x82\x01") && is(passphrase, b"phrase"))
    });
}

#[test]
fn token() {
    handed_over(
        "credentials.retrieve-token",
        |credential| matches!(credential, Credential::Token { token, username: None } if is(token, b"token")),
    );
}

#[test]
fn application_password_of_any_bytes() {
    handed_over("credentials.retrieve-application", |credential| {
        matches!(credential, Credential::Application {
            username, domain: Some(domain), password, target_system, credential_type
        } if username == "erp-admin" && domain == "ACME" && is(password, b"\x00\xff\x80")
            && target_system == "erp.acme-inc.com" && credential_type == "erp")
    });
}

#[test]
fn use_of_a_credential() {
    let used = |succeeded| Used { lease_id: "l-9f2c".to_owned(), succeeded };
    notes("credentials.used-worked", "credentials.used", &used(Some(true)));
    notes("credentials.used-unknown", "credentials.used", &used(None));
}

#[test]
fn release() {
    let expected = Release {
        lease_id: Some("l-9f2c".to_owned()),
        idempotency_key: None,
        credential_id: Some("e1.eyJ2IjoibWFpbiJ9.qL3J0w".to_owned()),
        ended_at: time("2026-03-02T09:12:44Z"),
        outcome: ReleaseOutcome::SessionEnded,
        injected: true,
    };
    asks("credentials.release-ask", "credentials.release", "r-78", &expected);
    let queued = ReleaseResult { released: true, rotation: Some(Rotation::Queued) };
    answers("credentials.release-answer", "r-78", &queued);
}

#[test]
fn release_of_a_lease_whose_answer_was_lost() {
    let expected = Release {
        lease_id: None,
        idempotency_key: Some("0192f3b1-2222-7000-8000-00000000beef".to_owned()),
        credential_id: None,
        ended_at: time("2026-03-02T09:12:44.5Z"),
        outcome: ReleaseOutcome::NeverUsed,
        injected: false,
    };
    asks("credentials.release-answer-was-lost", "credentials.release", "r-79", &expected);
    let unknown = ReleaseResult { released: false, rotation: None };
    answers("credentials.release-unknown-lease", "r-79", &unknown);
}

#[test]
fn session_opened_by_the_vault_side() {
    let expected = SessionStart {
        meta: Default::default(),
        session: session(),
        user: user("joe.user"),
        target: Target { ..named(TargetKind::Rdp, "app01") },
        credential_id: "e1.a.b".to_owned(),
    };
    asks("session.start-ask", "session.start", "s-1", &expected);
}
