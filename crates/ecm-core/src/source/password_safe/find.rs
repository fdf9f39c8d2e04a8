//! Which accounts: keys × kinds, each one question.

use futures_util::StreamExt as _;
use futures_util::stream;
use ps_client::endpoint::managed_accounts::ListAccountsOfSystem;
use ps_client::model::{
    AccountKind as Kind, ManagedAccountQuery, ManagedSystemQuery, RequestableAccount, SystemId,
};
use ps_client::{Session, Transport};

use super::failure::{Call, source_error};
use crate::ports::BoxFuture;
use crate::search_key::{KeyKind, SearchKey};
use crate::source::{
    AccountKind, AccountRef, FindAsk, FoundAccount, FoundBatch, FoundSink, SourceError,
    SourceFailure, SystemPresence,
};

/// Asks every question that makes sense, some at a time.
pub(super) async fn find<T: Transport>(session: &Session<T>, ask: &FindAsk, sink: &dyn FoundSink) {
    let mut questions: Vec<BoxFuture<'_, FoundBatch>> = Vec::new();
    for key in &ask.keys {
        for kind in ask.kinds.iter().copied().filter(|kind| makes_sense(key, *kind)) {
            questions.push(Box::pin(answer(session, key, kind)));
        }
    }
    let mut answers = stream::iter(questions).buffer_unordered(ask.at_a_time.max(1));
    while let Some(batch) = answers.next().await {
        sink.found(batch);
    }
}

/// Accounts of applications are found by the application, all others by the system.
fn makes_sense(key: &SearchKey, kind: AccountKind) -> bool {
    (key.kind == KeyKind::Application) == (kind == AccountKind::Application)
}

async fn answer<T: Transport>(
    session: &Session<T>,
    key: &SearchKey,
    kind: AccountKind,
) -> FoundBatch {
    let mut batch = FoundBatch {
        key: key.clone(),
        kind,
        seen: 0,
        not_requestable: 0,
        accounts: Vec::new(),
        failure: None,
    };
    match session.managed_accounts(&query(key, kind)).await {
        Ok(rows) => {
            let mine = rows.into_iter().filter(|row| fits(row, key));
            batch.accounts = mine.map(|row| found(row, kind)).collect();
            batch.seen = batch.accounts.len();
        }
        // How some servers say "none".
        Err(error) if source_error(Call::List, &error).failure == SourceFailure::Gone => {}
        Err(error) => batch.failure = Some(source_error(Call::List, &error)),
    }
    batch
}

fn query(key: &SearchKey, kind: AccountKind) -> ManagedAccountQuery {
    let query = ManagedAccountQuery::of_kind(vault_kind(kind));
    match key.kind {
        KeyKind::Address => query.at_address(&key.value),
        KeyKind::Application => query.of_application(&key.value),
        KeyKind::Host | KeyKind::ShortName | KeyKind::Fqdn | KeyKind::UrlHost => {
            query.on_system(&key.value)
        }
    }
}

fn vault_kind(kind: AccountKind) -> Kind {
    match kind {
        AccountKind::Local => Kind::System,
        AccountKind::Linked => Kind::DomainLinked,
        AccountKind::Application => Kind::Application,
    }
}

/// A server or proxy that passes over a filter answers everything the user may request. Accounts
/// of other systems must not be offered for this one, so what can be checked is.
fn fits(row: &RequestableAccount, key: &SearchKey) -> bool {
    match key.kind {
        KeyKind::Address => true,
        KeyKind::Application => {
            row.application_name.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(&key.value))
        }
        KeyKind::Host | KeyKind::ShortName | KeyKind::Fqdn | KeyKind::UrlHost => {
            // Letters beyond ASCII are compared by the vault's own rules, which we do not know.
            !row.system_name.is_ascii() || row.system_name.eq_ignore_ascii_case(&key.value)
        }
    }
}

fn found(row: RequestableAccount, kind: AccountKind) -> FoundAccount {
    FoundAccount {
        account: AccountRef {
            system: row.system.to_string(),
            account: row.account.to_string(),
            application: row.application.map(|id| id.to_string()),
            kind,
        },
        system_name: row.system_name,
        account_name: row.account_name,
        domain: row.domain,
        application_name: row.application_name,
        max_release_minutes: row.maximum_release_minutes.filter(|minutes| *minutes > 0),
    }
}

/// The row of one account, as the vault lists it to this user now.
pub(super) async fn account<T: Transport>(
    session: &Session<T>,
    account: &AccountRef,
) -> Result<FoundAccount, SourceError> {
    let gone = || SourceError::new(SourceFailure::Gone, "the account is not listed any more");
    let system = account.system.parse().map_err(|_| gone())?;
    let query = ManagedAccountQuery {
        system: Some(SystemId::new(system)),
        ..ManagedAccountQuery::of_kind(vault_kind(account.kind))
    };
    let rows =
        session.managed_accounts(&query).await.map_err(|error| source_error(Call::List, &error))?;
    rows.into_iter()
        .map(|row| found(row, account.kind))
        .find(|row| row.account == *account)
        .ok_or_else(gone)
}

/// Whether a system of one of these names exists. Only users that may read systems are told; an
/// ordinary requestor is not, and then nothing is known.
pub(super) async fn presence<T: Transport>(
    session: &Session<T>,
    keys: &[SearchKey],
) -> SystemPresence {
    let names = keys.iter().filter(|key| {
        matches!(key.kind, KeyKind::Host | KeyKind::ShortName | KeyKind::Fqdn | KeyKind::UrlHost)
    });
    let mut asked = false;
    for key in names {
        let query = ManagedSystemQuery { name: Some(key.value.clone()), entity_type: None };
        let Ok(systems) = session.managed_systems(&query).await else {
            return SystemPresence::Unknown;
        };
        asked = true;
        let same = |name: &str| name.eq_ignore_ascii_case(&key.value);
        if let Some(system) = systems.into_iter().find(|system| same(&system.name)) {
            return match session.send(&ListAccountsOfSystem { system: system.system }).await {
                Ok(accounts) if accounts.is_empty() => SystemPresence::WithoutAccounts,
                Ok(_) => SystemPresence::WithAccounts,
                Err(_) => SystemPresence::Unknown,
            };
        }
    }
    // The list cannot be searched by address or application.
    if asked { SystemPresence::Absent } else { SystemPresence::Unknown }
}
