//! Searches and what they find.

use ecm_protocol::message::{
    Address, AddressScope, Application, ApprovalNeed, CredentialKind, CredentialSummary,
    EmptyReason, Endpoint, EndpointKind, EndpointsFind, EndpointsFound, Find, FindResult,
    JumpGroup, Meta, Partial, Phase, Preset, Provider, ProviderKind, Purpose, Scope, SessionRef,
    ShellProtocol, SourceReport, SourceStatus, Target, TargetKind, User, UserIds, UsernameFormat,
    Want,
};

use super::{answers, asks, notes};

const SEARCH: &str = "0192f3b0-1111-7000-8000-00000000abcd";

fn text(text: &str) -> String {
    text.to_owned()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A user of whom only the name is known.
pub(super) fn user(username: &str) -> User {
    User {
        username: text(username),
        display_name: None,
        email: None,
        dn: None,
        provider: None,
        ids: None,
    }
}

/// A target of which only kind and host name are known.
pub(super) fn named(kind: TargetKind, hostname: &str) -> Target {
    Target { hostname: some(hostname), ..Target::of_kind(kind) }
}

fn search(target: Target, purpose: Purpose) -> Find {
    Find {
        meta: Meta::default(),
        session: SessionRef { lsid: None, phase: Phase::BeforeSession, custom: Default::default() },
        user: user("joe.user"),
        target,
        purpose,
        want: Want::default(),
    }
}

#[test]
fn search_for_a_jump_client_with_everything_a_site_can_say() {
    let expected = Find {
        meta: Meta {
            request_ref: some("K7Q-4MX"),
            deadline_ms: Some(12_000),
            traceparent: some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            tracestate: None,
        },
        session: SessionRef {
            lsid: some("c69a8e10bea9428f816cfababe9815fe"),
            phase: Phase::InSession,
            custom: [(text("external_key"), text("INC0012345"))].into(),
        },
        user: User {
            username: text("ACME\\joe.user"),
            display_name: some("Joe User"),
            email: some("joe.user@acme-inc.com"),
            dn: some("CN=Joe User,OU=HelpDesk,DC=acme-inc,DC=com"),
            provider: Some(Provider {
                kind: ProviderKind::Ldap,
                name: some("AD Acme"),
                id: some("3"),
            }),
            ids: Some(UserIds { user_id: some("17") }),
        },
        target: Target {
            name: some("App01"),
            fqdn: some("app01.acme-inc.com"),
            addresses: vec![
                Address { ip: [10, 11, 12, 13].into(), scope: AddressScope::Private },
                Address { ip: [203, 0, 113, 7].into(), scope: AddressScope::Public },
            ],
            os: some("Windows Server 2022"),
            console_user: some("ACME\\svc"),
            tag: some("prod"),
            jump_group: Some(JumpGroup { kind: text("shared"), code_name: some("servers") }),
            ..named(TargetKind::JumpClient, "APP01")
        },
        purpose: Purpose::Logon,
        want: Want { kinds: vec![CredentialKind::UsernamePassword], max_results: Some(50) },
    };
    asks("credentials.find-jump-client", "credentials.find", SEARCH, &expected);
}

#[test]
fn search_for_an_application_behind_an_ipv6_literal() {
    let expected = search(
        Target {
            port: Some(3389),
            application: Some(Application {
                remote_app: None,
                exe: some("C:\\Apps\\erp.exe"),
                target_system: some("erp.acme-inc.com"),
                credential_type: some("erp"),
            }),
            preset: Some(Preset { username: some("kiosk"), domain: some("ACME") }),
            ..named(TargetKind::RdpAgent, "2001:db8::17")
        },
        Purpose::Application,
    );
    asks("credentials.find-rdp-agent", "credentials.find", "f-1", &expected);
}

#[test]
fn search_for_a_web_page() {
    let mut expected = search(
        Target {
            url: some("https://erp.acme-inc.com/login?next=%2F"),
            username_format: Some(UsernameFormat::ForceUpnFormat),
            ..Target::of_kind(TargetKind::Web)
        },
        Purpose::Web,
    );
    expected.user = User {
        provider: Some(Provider { kind: ProviderKind::Saml, name: None, id: None }),
        ..user("joe.user@acme-inc.com")
    };
    asks("credentials.find-web", "credentials.find", "f-1", &expected);
}

#[test]
fn search_for_a_shell_whose_host_is_upper_case_with_a_trailing_dot() {
    let expected = search(
        Target {
            port: Some(2222),
            protocol: Some(ShellProtocol::Ssh),
            preset: Some(Preset { username: some("root"), domain: None }),
            ..named(TargetKind::Shell, "DB01.acme-inc.com.")
        },
        Purpose::Ssh,
    );
    asks("credentials.find-shell", "credentials.find", "f-1", &expected);
}

#[test]
fn search_for_a_database_whose_host_carries_its_port() {
    let mut expected = search(
        Target { database: some("ledger"), ..named(TargetKind::TunnelMssql, "db02:1433") },
        Purpose::Database,
    );
    expected.session.phase = Phase::Test;
    asks("credentials.find-tunnel", "credentials.find", "f-1", &expected);
}

#[test]
fn names_in_cyrillic_hebrew_and_with_combining_marks_stay_as_they_are() {
    let mut expected = search(
        Target { name: some("\u{3a9}-1"), ..named(TargetKind::JumpClient, "app01") },
        Purpose::Logon,
    );
    expected.user = User {
        // 200 characters are 400 bytes here; limits count characters.
        display_name: Some("\u{416}".repeat(200)),
        email: some("e\u{301}@acme-inc.com"),
        dn: some(
            "CN=\u{41f}\u{443}\u{43f}\u{43a}\u{438}\u{43d}\\, \u{412}\u{430}\u{441}\u{44f},\
             OU=\u{5e6}\u{5d5}\u{5d5}\u{5ea},DC=acme-inc,DC=com",
        ),
        ..user("\u{438}\u{432}\u{430}\u{43d}.\u{43f}\u{435}\u{442}\u{440}\u{43e}\u{432}")
    };
    asks("credentials.find-odd-names", "credentials.find", "f-1", &expected);
}

fn row(id: &str, display: &str, username: &str, sort: &str) -> CredentialSummary {
    CredentialSummary {
        id: text(id),
        display: text(display),
        kind: CredentialKind::UsernamePassword,
        username: some(username),
        domain: None,
        scope: Scope::Local,
        system: some("App01"),
        approval: ApprovalNeed::Automatic,
        sort: text(sort),
    }
}

fn report(status: SourceStatus, elapsed_ms: u64) -> SourceReport {
    SourceReport {
        vault: text("main"),
        status,
        elapsed_ms,
        matched_on: None,
        systems: 0,
        seen: 0,
        offered: 0,
    }
}

fn nothing(source: SourceReport) -> FindResult {
    FindResult {
        items: Vec::new(),
        complete: true,
        truncated: false,
        mapped_user: None,
        sources: vec![source],
        empty_reason: None,
    }
}

#[test]
fn part_of_a_search() {
    let item = row("e1.eyJ2IjoibWFpbiJ9.qL3J0w", "App01\\helpdesk-01", "helpdesk-01", "10");
    let expected = Partial { for_id: text(SEARCH), seq: 1, items: vec![item] };
    notes("credentials.partial-first", "credentials.partial", &expected);
}

#[test]
fn answer_to_a_search() {
    let expected = FindResult {
        items: vec![CredentialSummary {
            domain: some("ACME"),
            scope: Scope::Linked,
            approval: ApprovalNeed::Needed,
            ..row("e1.eyJ2IjoibWFpbiIsImwiOjF9.p0Xv2A", "ACME\\adm-joe (linked)", "adm-joe", "20")
        }],
        mapped_user: some("joe.user"),
        ..nothing(SourceReport {
            matched_on: some("fqdn"),
            systems: 1,
            seen: 9,
            offered: 2,
            ..report(SourceStatus::Ok, 412)
        })
    };
    answers("credentials.find-answer", SEARCH, &expected);
}

#[test]
fn an_empty_answer_says_why() {
    let expected = FindResult {
        mapped_user: some("joe.user"),
        empty_reason: Some(EmptyReason::NoSystem),
        ..nothing(report(SourceStatus::Ok, 31))
    };
    answers("credentials.find-answer-empty", "f-1", &expected);
}

#[test]
fn an_answer_at_the_deadline_says_that_it_is_not_complete() {
    let expected = FindResult { complete: false, ..nothing(report(SourceStatus::Failed, 10_800)) };
    answers("credentials.find-answer-in-haste", "f-1", &expected);
}

#[test]
fn search_for_external_jump_items() {
    let expected = EndpointsFind {
        meta: Meta { deadline_ms: Some(5_000), ..Meta::default() },
        user: user("joe.user"),
        kinds: vec![EndpointKind::Rdp, EndpointKind::Ssh],
        text: text("app"),
        recent: Some(10),
    };
    asks("endpoints.find-ask", "endpoints.find", "p-1", &expected);
    let found = EndpointsFound {
        items: vec![Endpoint {
            id: text("n-1"),
            display: text("App01"),
            kind: EndpointKind::Rdp,
            hostname: text("app01.acme-inc.com"),
            port: Some(3390),
            network_id: some("berlin"),
        }],
        truncated: false,
    };
    answers("endpoints.find-answer", "p-1", &found);
}
