//! Retrieving: lend one credential to one session.

use std::sync::atomic::Ordering;

use ecm_protocol::message::{
    Category, Credential, Lease, Problem, Retrieve, RetrieveResult, Target,
};

use super::{Answered, Broker};
use crate::audit::{AuditEvent, AuditField, AuditRecord};
use crate::credential_id::CredentialRef;
use crate::explanation::Explanation;
use crate::lending::{Borrow, BorrowError, Borrowed, within};
use crate::problem;
use crate::source::{AccountKind, Secret, TicketRef};

impl Broker {
    /// Lends the credential that a row of a search named to a session of `site`, which is the
    /// site's name in the configuration: what one site borrows, no other can name.
    ///
    /// The intention is on the ledger before the vault is asked, and the audit record is on disk
    /// before this returns a secret. A repeat with the same idempotency key goes on with the same
    /// lease, reads the secret anew and makes no second request at the vault.
    ///
    /// When the answer cannot be handed to the site, call
    /// [`undeliverable`](Self::undeliverable).
    pub async fn retrieve(&self, site: &str, ask: &Retrieve) -> Answered<RetrieveResult> {
        let mut explanation = Explanation::default();
        let result = self.lend(site, ask, &mut explanation).await.map_err(|mut problem| {
            problem.request_ref.clone_from(&ask.meta.request_ref);
            problem
        });
        Answered { result, explanation }
    }

    async fn lend(
        &self,
        site: &str,
        ask: &Retrieve,
        explanation: &mut Explanation,
    ) -> Result<RetrieveResult, Problem> {
        let mut record = self.describe(site, ask);
        let outcome = self.lend_described(site, ask, &mut record, explanation).await;
        if let Err(problem) = &outcome {
            let refused = record
                .of_event(AuditEvent::Refused)
                .with(AuditField::Outcome, problem.category.name());
            if let Err(error) = self.desk.trail.record(self.desk.clock.as_ref(), &refused).await {
                tracing::error!(%error, "refusal could not be recorded in the audit log");
            }
        }
        outcome
    }

    async fn lend_described(
        &self,
        site: &str,
        ask: &Retrieve,
        record: &mut AuditRecord,
        explanation: &mut Explanation,
    ) -> Result<RetrieveResult, Problem> {
        if self.stopping.load(Ordering::SeqCst) {
            return Err(Problem::new(Category::Draining));
        }
        let _place = self.fairness.enter(&ask.user)?;
        let started = self.desk.clock.instant();
        let (until, at_last) =
            self.deadlines(started, ask.meta.deadline_ms, self.settings.retrieve_deadline);
        let vault_user = self.vault_user(&ask.user, until, explanation).await;
        if let Some(rule) = &explanation.decided_by {
            record.add(AuditField::Rule, rule);
        }
        let chosen = vault_user?;
        let vault_user = chosen.name.clone();
        record.add(AuditField::VaultUser, &vault_user);
        let wanted = self.check_id(ask, &vault_user, explanation)?;
        // Only a user whom a vault knows was ever offered anything, and the id proves the offer.
        chosen.claim(explanation)?;
        record.add(AuditField::Vault, &wanted.vault);
        record.add(AuditField::SystemId, &wanted.account.system);
        record.add(AuditField::AccountId, &wanted.account.account);
        let endpoint = endpoint(&ask.target);
        let borrow = Borrow {
            site,
            vault: &wanted.vault,
            vault_user: &vault_user,
            account: &wanted.account,
            secret: wanted.secret,
            holder: ask.session.lsid.as_deref(),
            idempotency_key: &ask.idempotency_key,
            credential_id: &ask.credential_id,
            endpoint,
            reference: ask.meta.request_ref.as_deref().unwrap_or_default(),
            reason: ask.reason.as_deref().unwrap_or_default(),
            ticket: ask.ticket.as_ref().map(|ticket| TicketRef {
                system: Some(ticket.system.clone()),
                number: ticket.number.clone(),
            }),
            until,
        };
        let work = self.desk.borrow(&borrow, explanation);
        let borrowed = within(self.desk.clock.as_ref(), at_last, work)
            .await
            .ok_or_else(|| Problem::new(Category::Deadline))?;
        let mut borrowed = borrowed.map_err(|error| {
            log(&error);
            problem::of_borrow(&error)
        })?;
        self.hand_over(ask, record, &mut borrowed).await
    }

    /// The last steps, in an order that matters: audit on disk, lease still alive, secret out.
    async fn hand_over(
        &self,
        ask: &Retrieve,
        record: &mut AuditRecord,
        borrowed: &mut Borrowed,
    ) -> Result<RetrieveResult, Problem> {
        record.add(AuditField::System, &borrowed.account.system_name);
        record.add(AuditField::Account, &borrowed.account.account_name);
        record.add(AuditField::Lease, &borrowed.lease);
        record.add(AuditField::Request, &borrowed.loan.request);
        record.add(AuditField::Joined, borrowed.loan.joined);
        record.add(AuditField::Minutes, borrowed.minutes);
        record.add(AuditField::ExpiresAt, borrowed.loan.expires_at);
        if let Some(minutes) = borrowed.clamped_from {
            record.add(AuditField::ClampedFrom, minutes);
        }
        let lent = record.of_event(AuditEvent::Lent);
        if let Err(error) = self.desk.trail.record(self.desk.clock.as_ref(), &lent).await {
            tracing::error!(%error, "audit log cannot be written: nothing is lent");
            if borrowed.is_fresh() {
                self.desk.end(&borrowed.lease, "audit log cannot be written").await;
            }
            return Err(problem::internal("the audit log cannot be written, so nothing is lent"));
        }
        borrowed.hand_over().map_err(|error| problem::of_borrow(&error))?;
        Ok(RetrieveResult {
            lease: Lease {
                id: borrowed.lease.clone(),
                expires_at: borrowed.loan.expires_at,
                release_wanted: true,
                shared: borrowed.shared,
            },
            credential: credential(borrowed, &ask.target),
        })
    }

    /// An id must be ours, and must have been offered to the vault user that the mapping yields
    /// *now*: rules may have changed since, and ids travel.
    fn check_id(
        &self,
        ask: &Retrieve,
        vault_user: &str,
        explanation: &mut Explanation,
    ) -> Result<CredentialRef, Problem> {
        let offered = self.ids.read(&ask.credential_id).map_err(|error| {
            explanation.note(error.to_string());
            problem::of_credential_id(&error)
        })?;
        if offered.vault_user != vault_user {
            explanation.note("the credential was offered to another vault user");
            return Err(Problem::new(Category::AccessDenied).with_advice("search again"));
        }
        Ok(offered)
    }

    fn describe(&self, site: &str, ask: &Retrieve) -> AuditRecord {
        AuditRecord::new(self.desk.clock.now(), AuditEvent::Refused)
            .with_some(AuditField::Reference, ask.meta.request_ref.as_ref())
            .with(AuditField::Site, site)
            .with_some(AuditField::Session, ask.session.lsid.as_ref())
            .with(AuditField::ConsoleUser, &ask.user.username)
            .with(AuditField::Endpoint, endpoint(&ask.target))
            .with(AuditField::Purpose, format!("{:?}", ask.purpose).to_ascii_lowercase())
            .with_some(AuditField::Ticket, ask.ticket.as_ref().map(|ticket| &ticket.number))
    }
}

/// What to call the endpoint. Never its URL, which may hold a password.
fn endpoint(target: &Target) -> &str {
    [&target.hostname, &target.fqdn, &target.name]
        .into_iter()
        .find_map(|name| name.as_deref())
        .unwrap_or_default()
}

fn credential(borrowed: &Borrowed, target: &Target) -> Credential {
    let username = borrowed.account.account_name.clone();
    let domain = borrowed.account.domain.clone();
    match (borrowed.secret.clone(), borrowed.account.account.kind) {
        (Secret::SshKey { key, passphrase }, _) => {
            Credential::SshPrivateKey { username, private_key: key, passphrase, public_key: None }
        }
        (Secret::Password(password), AccountKind::Application) => {
            let asked = target.application.clone().unwrap_or_default();
            let name = borrowed.account.application_name.clone();
            Credential::Application {
                username,
                domain,
                password,
                target_system: asked
                    .target_system
                    .unwrap_or_else(|| borrowed.account.system_name.clone()),
                credential_type: asked.credential_type.or(name).unwrap_or_default(),
            }
        }
        (Secret::Password(password), AccountKind::Local | AccountKind::Linked) => {
            Credential::UsernamePassword { username, domain, password }
        }
    }
}

/// The operator's half of a failure; the site hears the other.
fn log(error: &BorrowError) {
    match error {
        BorrowError::Ledger(_) | BorrowError::Entropy(_) => {
            tracing::error!(error = error as &dyn std::error::Error, "nothing could be borrowed");
        }
        _ => tracing::info!(%error, "nothing was borrowed"),
    }
}
