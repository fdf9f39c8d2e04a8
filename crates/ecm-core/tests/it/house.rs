//! A broker with everything around it on paper, and the questions a site asks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ecm_core::audit::chain::{self, Head};
use ecm_core::credential_id::CredentialIdKey;
use ecm_core::mapping::{MapUser, Mapped, MappingTrace, Owner, Spellings, Unmapped};
use ecm_core::ports::BoxFuture;
use ecm_core::ports::Clock as _;
use ecm_core::settings::{BrokerSettings, VaultSettings};
use ecm_core::source::CredentialSource as _;
use ecm_core::{Broker, BrokerParts, PartialSink, Vault};
use ecm_protocol::message::{
    Category, CredentialSummary, Find, FindResult, Meta, Phase, Problem, Purpose, Release,
    ReleaseOutcome, Retrieve, RetrieveResult, SessionRef, Target, TargetKind, User, Want,
};

use user_mapping::Probe;

use crate::fake_vault::{FakeVault, linked, local};
use crate::paper::{CountingEntropy, PaperClock, PaperFile};

/// The site that asks unless a test says otherwise.
pub const SITE: &str = "support";

pub struct House {
    pub clock: PaperClock,
    pub vault: FakeVault,
    pub ledger: PaperFile,
    pub audit: PaperFile,
    pub entropy: CountingEntropy,
    pub settings: VaultSettings,
    pub broker: BrokerSettings,
}

impl House {
    /// One vault, `main`, with a local and a linked account on App01.
    pub fn new() -> Self {
        let clock = PaperClock::new();
        let vault = FakeVault::new("main", &clock);
        vault.add(&["app01", "app01.acme.test"], local(12, 3124, "App01", "helpdesk-01"));
        vault.add(&["app01"], linked(12, 4001, "App01", "ACME", "adm-joe"));
        Self {
            clock,
            vault,
            ledger: PaperFile::default(),
            audit: PaperFile::default(),
            entropy: CountingEntropy::default(),
            settings: VaultSettings::default(),
            broker: BrokerSettings::default(),
        }
    }

    /// Starts a broker over what earlier ones left.
    pub fn open(&self) -> Broker {
        self.open_with(vec![self.vault.clone()])
    }

    pub fn open_with(&self, vaults: Vec<FakeVault>) -> Broker {
        self.open_all(vaults.into_iter().map(|vault| (vault, None)).collect())
    }

    /// Each vault stands in for the one before it.
    pub fn open_standing_in(&self, vaults: Vec<FakeVault>) -> Broker {
        let names = vaults.iter().map(|vault| Some(vault.name().to_owned()));
        let before: Vec<_> = std::iter::once(None).chain(names).take(vaults.len()).collect();
        self.open_all(vaults.into_iter().zip(before).collect())
    }

    fn open_all(&self, vaults: Vec<(FakeVault, Option<String>)>) -> Broker {
        let parts = BrokerParts {
            rules: Arc::new(PaperRules),
            ids: CredentialIdKey::new(vec![7; 32].into()).unwrap(),
            vaults: vaults
                .into_iter()
                .map(|(vault, stands_in_for)| Vault {
                    source: Arc::new(vault),
                    settings: VaultSettings { stands_in_for, ..self.settings.clone() },
                })
                .collect(),
            ledger: Box::new(self.ledger.clone()),
            audit: Box::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
            entropy: Box::new(self.entropy.clone()),
            settings: self.broker.clone(),
        };
        self.clock.run(Broker::open(parts)).unwrap().0
    }

    pub fn find(&self, broker: &Broker, ask: &Find) -> Result<FindResult, Problem> {
        self.clock.run(broker.find(ask, None)).result
    }

    pub fn retrieve(&self, broker: &Broker, ask: &Retrieve) -> Result<RetrieveResult, Problem> {
        self.clock.run(broker.retrieve(SITE, ask)).result
    }

    /// The id of the first credential whose name contains `name`.
    pub fn id_of(&self, broker: &Broker, name: &str) -> String {
        let found = self.find(broker, &find("app01")).unwrap();
        found.items.into_iter().find(|item| item.display.contains(name)).unwrap().id
    }

    pub fn retrieve_ask(&self, broker: &Broker, key: &str) -> Retrieve {
        retrieve(&self.id_of(broker, "helpdesk"), key)
    }

    /// Checks the audit log's chain and gives its lines.
    pub fn audit_lines(&self) -> Vec<serde_json::Value> {
        let text = self.audit.text();
        chain::verify(&Head::default(), &text).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub fn audit_events(&self) -> Vec<String> {
        let lines = self.audit_lines();
        lines.iter().map(|line| line["rec"]["event"].as_str().unwrap().to_owned()).collect()
    }

    pub fn audit_count(&self, event: &str) -> usize {
        self.audit_events().iter().filter(|name| *name == event).count()
    }

    /// Lets time pass until nothing is due any more.
    pub fn settle(&self, broker: &Broker) {
        for _ in 0..50 {
            let Some(due) = broker.next_due() else { return };
            let wait = due.duration_since(self.clock.now());
            self.clock.advance(wait.try_into().unwrap_or_default());
            self.clock.run(broker.give_back_overdue(self.clock.now()));
        }
        panic!("leases never end: {:?}", broker.next_due());
    }
}

/// Everybody of ACME has a vault user of the same name; `twin` has two.
pub struct PaperRules;

impl MapUser for PaperRules {
    fn map_user<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Mapped> {
        let vault_user = match user.username.as_str() {
            r"ACME\twin" => Err(Unmapped::Ambiguous),
            r"ACME\spelled" | r"ACME\spelled-once" => Ok(Spellings {
                names: vec![r"ACME\spelled".into(), "spelled@acme.test".into(), "spelled".into()],
                probe: match user.username.ends_with("once") {
                    true => Probe::ExactlyOne,
                    false => Probe::FirstKnown,
                },
                owner: None,
            }),
            // Two persons that a mistake in the rules makes one.
            name if name.starts_with(r"BETA\") => Ok(Spellings {
                owner: Some(Owner {
                    person: name.to_owned(),
                    directory_id: None,
                    accounts: vec![r"acme\joe".to_owned()],
                }),
                ..Spellings::from(r"ACME\joe")
            }),
            name if name.starts_with(r"ACME\") => Ok(Spellings::from(name)),
            _ => Err(Unmapped::Nobody),
        };
        let text = format!("rule 1 'staff' for {:?}", user.username);
        let mapped = Mapped {
            vault_user,
            decided_by: Some("staff".into()),
            trace: MappingTrace { text, ..MappingTrace::default() },
        };
        Box::pin(async move { mapped })
    }
}

pub fn user(name: &str) -> User {
    User {
        username: name.into(),
        display_name: None,
        email: None,
        dn: None,
        provider: None,
        ids: None,
    }
}

pub fn target(host: &str) -> Target {
    Target { hostname: Some(host.into()), ..Target::of_kind(TargetKind::JumpClient) }
}

pub fn session(lsid: &str) -> SessionRef {
    SessionRef { lsid: Some(lsid.into()), phase: Phase::InSession, custom: BTreeMap::new() }
}

fn meta() -> Meta {
    Meta { request_ref: Some("K7Q-4MX".into()), ..Meta::default() }
}

pub fn find(host: &str) -> Find {
    Find {
        meta: meta(),
        session: session("lsid-1"),
        user: user(r"ACME\joe"),
        target: target(host),
        purpose: Purpose::Logon,
        want: Want::default(),
    }
}

pub fn retrieve(id: &str, key: &str) -> Retrieve {
    Retrieve {
        meta: meta(),
        session: session("lsid-1"),
        user: user(r"ACME\joe"),
        target: target("app01"),
        purpose: Purpose::Logon,
        credential_id: id.into(),
        idempotency_key: key.into(),
        reason: None,
        ticket: None,
    }
}

pub fn release(lease: &str) -> Release {
    Release {
        lease_id: Some(lease.into()),
        idempotency_key: None,
        credential_id: None,
        ended_at: "2026-03-02T09:00:00Z".parse().unwrap(),
        outcome: ReleaseOutcome::SessionEnded,
        injected: true,
    }
}

#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T, Problem>) -> Category {
    let problem = result.unwrap_err();
    assert_eq!(problem.request_ref.as_deref(), Some("K7Q-4MX"));
    problem.category
}

/// Keeps partial results.
#[derive(Default)]
pub struct Parts(Mutex<Vec<Vec<CredentialSummary>>>);

impl Parts {
    pub fn take(&self) -> Vec<Vec<CredentialSummary>> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl PartialSink for Parts {
    fn partial(&self, items: Vec<CredentialSummary>) {
        self.0.lock().unwrap().push(items);
    }
}
