//! Release requests: opened or joined, approved, read, given back.

use jiff::Timestamp;
use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::requests::{Approve, CheckIn, CheckedIn, ListRequests};
use ps_client::model::{
    AccountId, ConflictOption, CredentialType, NewRequest, ReleaseRequest, RequestId, SystemId,
    TicketSystemId,
};
use ps_client::{Session, Transport};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};

use super::PasswordSafeSettings;
use super::failure::{Call, source_error};
use crate::source::{
    GivenBack, LoanRef, NewLoan, OpenLoan, ReadAsk, Secret, SecretKind, SourceError, SourceFailure,
    TicketRef,
};

/// Opens a request to view the credential, or joins an open one.
pub(super) async fn open<T: Transport>(
    session: &Session<T>,
    loan: &NewLoan,
    settings: &PasswordSafeSettings,
) -> Result<OpenLoan, SourceError> {
    let system = SystemId::new(number(&loan.account.system)?);
    let account = AccountId::new(number(&loan.account.account)?);
    // Not with the application's id: that goes with sessions that start it, and a request for one
    // releases no password.
    let option = if loan.renew { ConflictOption::Renew } else { ConflictOption::Reuse };
    let mut new =
        NewRequest::view(system, account, loan.minutes).reason(&loan.reason).on_conflict(option);
    if let Some(ticket) = &loan.ticket {
        new = new.ticket(ticket_system(ticket, settings), &ticket.number);
    }
    let created =
        session.create_request(&new).await.map_err(|error| source_error(Call::Open, &error))?;
    let mut open = OpenLoan {
        request: created.id.to_string(),
        reused: created.reused,
        expires_at: None,
        reason: None,
    };
    if created.reused {
        // Its time and reason are the old ones. When they cannot be read now, the request is
        // still ours to use; the broker then assumes the time it asked for.
        let rows = session.send(&ListRequests::default()).await.unwrap_or_default();
        if let Some(row) = rows.into_iter().find(|row| row.request == created.id) {
            open.expires_at = expiry(&row);
            open.reason = row.reason;
        }
    }
    Ok(open)
}

/// The vault's number of a ticket system.
fn ticket_system(ticket: &TicketRef, settings: &PasswordSafeSettings) -> Option<TicketSystemId> {
    let name = ticket.system.as_deref()?;
    let mapped = settings.ticket_systems.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    mapped.map(|(_, number)| *number).or_else(|| name.parse().ok()).map(TicketSystemId::new)
}

/// The open request whose reason holds `marker`.
pub(super) async fn look_up<T: Transport>(
    session: &Session<T>,
    marker: &str,
) -> Result<Option<OpenLoan>, SourceError> {
    let rows = session
        .send(&ListRequests::default())
        .await
        .map_err(|error| source_error(Call::List, &error))?;
    let holds = |row: &ReleaseRequest| row.reason.as_ref().is_some_and(|r| r.contains(marker));
    Ok(rows.into_iter().find(holds).map(|row| OpenLoan {
        request: row.request.to_string(),
        reused: false,
        expires_at: expiry(&row),
        reason: row.reason,
    }))
}

/// The end of a request; a time the vault wrote in an unknown way counts as not said.
fn expiry(row: &ReleaseRequest) -> Option<Timestamp> {
    row.expires.as_ref()?.with_zone().parse().ok()
}

pub(super) async fn approve<T: Transport>(
    session: &Session<T>,
    loan: &LoanRef,
    reason: &str,
) -> Result<(), SourceError> {
    let approve = Approve { request: request(loan)?, reason: Some(reason.to_owned()) };
    session.send(&approve).await.map_err(|error| source_error(Call::Approve, &error))
}

/// Reads the secret. A key that is not encrypted has no passphrase, which the vault says by
/// refusing the question.
pub(super) async fn read<T: Transport>(
    session: &Session<T>,
    ask: &ReadAsk,
) -> Result<Secret, SourceError> {
    let request = request(&ask.loan)?;
    match ask.kind {
        SecretKind::Password => {
            read_kind(session, request, CredentialType::Password).await.map(Secret::Password)
        }
        SecretKind::SshKey => {
            let key = read_kind(session, request, CredentialType::DssKey).await?;
            let passphrase = match read_kind(session, request, CredentialType::Passphrase).await {
                Ok(passphrase) if passphrase.expose_secret().is_empty() => None,
                Ok(passphrase) => Some(passphrase),
                Err(error) if error.failure == SourceFailure::UnsupportedKind => None,
                Err(error) => return Err(error),
            };
            Ok(Secret::SshKey { key, passphrase })
        }
    }
}

async fn read_kind<T: Transport>(
    session: &Session<T>,
    request: RequestId,
    kind: CredentialType,
) -> Result<SecretSlice<u8>, SourceError> {
    let secret: SecretString = session
        .send(&GetCredential { request, kind })
        .await
        .map_err(|error| source_error(Call::Read, &error))?;
    Ok(SecretSlice::from(secret.expose_secret().as_bytes().to_vec()))
}

pub(super) async fn give_back<T: Transport>(
    session: &Session<T>,
    loan: &LoanRef,
    reason: &str,
) -> Result<GivenBack, SourceError> {
    let request = request(loan)?;
    let check_in = CheckIn { request, reason: Some(reason.to_owned()) };
    match session.send(&check_in).await {
        Ok(CheckedIn::Now) => Ok(GivenBack::CheckedIn),
        Ok(CheckedIn::Before) => is_over(session, request).await.map(|()| GivenBack::AlreadyIn),
        Err(error) => Err(source_error(Call::GiveBack, &error)),
    }
}

/// Whether a request that is "not found" is over. A balancer that has lost its vault answers 404
/// too; only a vault that lists the user's requests without this one has really forgotten it.
async fn is_over<T: Transport>(
    session: &Session<T>,
    request: RequestId,
) -> Result<(), SourceError> {
    let rows = session
        .send(&ListRequests::default())
        .await
        .map_err(|error| source_error(Call::List, &error))?;
    if rows.iter().all(|row| row.request != request) {
        return Ok(());
    }
    let words = format!("request {request} is not found at its check-in, and listed as open");
    Err(SourceError::new(SourceFailure::Broken, words))
}

fn request(loan: &LoanRef) -> Result<RequestId, SourceError> {
    number(&loan.request).map(RequestId::new)
}

/// Ids are opaque to the broker; here they are the vault's numbers again.
fn number(id: &str) -> Result<i64, SourceError> {
    id.parse().map_err(|_| SourceError::new(SourceFailure::Gone, "not an id of this vault"))
}
