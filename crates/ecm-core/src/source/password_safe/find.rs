//! Which accounts: keys × kinds, each one question.

use futures_util::StreamExt as _;
use futures_util::stream;
use ps_client::endpoint::managed_accounts::ListAccountsOfSystem;
use ps_client::model::{AccountKind as Kind, ManagedAccountQuery, RequestableAccount, SystemId};
use ps_client::{Session, Transport};

use super::failure::{Call, source_error};
use super::{SystemLookup, systems};
use crate::ports::BoxFuture;
use crate::search_key::{KeyKind, SearchKey};
use crate::source::{
    AccountKind, AccountRef, DefinedAccount, FindAsk, FoundAccount, FoundBatch, FoundSink,
    SourceError, SourceFailure, SystemPresence,
};

/// What the answers to some questions came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard {
    /// A machine was found.
    found: bool,
    /// A question failed.
    failed: bool,
    /// The vault does not know the session any more, and refuses another.
    pub(super) refused: bool,
}

/// Asks every question that makes sense, some at a time. When no name or address finds a machine's
/// accounts, systems that go by another name may be asked for theirs.
pub(super) async fn find<T: Transport>(
    session: &Session<T>,
    ask: &FindAsk,
    lookup: SystemLookup,
    sink: &dyn FoundSink,
) -> Heard {
    let mut questions: Vec<BoxFuture<'_, FoundBatch>> = Vec::new();
    for key in &ask.keys {
        for kind in ask.kinds.iter().copied().filter(|kind| makes_sense(key, *kind)) {
            questions.push(Box::pin(answer(session, key, kind)));
        }
    }
    let heard = answer_all(questions, ask.at_a_time, sink).await;
    if heard.found || heard.failed || lookup == SystemLookup::Never {
        return heard;
    }
    let Ok(systems) = systems::called(session, &ask.keys).await else { return heard };
    let mut questions: Vec<BoxFuture<'_, FoundBatch>> = Vec::new();
    for (key, system) in &systems {
        for kind in ask.kinds.iter().copied().filter(|kind| makes_sense(key, *kind)) {
            questions.push(Box::pin(answer_of(session, key, kind, system.system)));
        }
    }
    answer_all(questions, ask.at_a_time, sink).await
}

async fn answer_all(
    questions: Vec<BoxFuture<'_, FoundBatch>>,
    at_a_time: usize,
    sink: &dyn FoundSink,
) -> Heard {
    let mut answers = stream::iter(questions).buffer_unordered(at_a_time.max(1));
    let mut heard = Heard::default();
    while let Some(batch) = answers.next().await {
        heard.found |= batch.seen > 0 && batch.kind != AccountKind::Application;
        if let Some(error) = &batch.failure {
            heard.failed = true;
            heard.refused |= error.failure == SourceFailure::SignInRefused;
        }
        sink.found(batch);
    }
    heard
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
    let rows = session.managed_accounts(&query(key, kind)).await;
    batch(key, kind, rows, |row| fits(row, key))
}

/// The accounts of a system that is known by its number.
async fn answer_of<T: Transport>(
    session: &Session<T>,
    key: &SearchKey,
    kind: AccountKind,
    system: SystemId,
) -> FoundBatch {
    let query = ManagedAccountQuery {
        system: Some(system),
        ..ManagedAccountQuery::of_kind(vault_kind(kind))
    };
    let rows = session.managed_accounts(&query).await;
    batch(key, kind, rows, |row| row.system == system)
}

fn batch(
    key: &SearchKey,
    kind: AccountKind,
    rows: Result<Vec<RequestableAccount>, ps_client::Error>,
    fits: impl Fn(&RequestableAccount) -> bool,
) -> FoundBatch {
    let mut batch = FoundBatch {
        key: key.clone(),
        kind,
        seen: 0,
        not_requestable: 0,
        accounts: Vec::new(),
        failure: None,
    };
    match rows {
        Ok(rows) => {
            batch.accounts = rows.into_iter().filter(fits).map(|row| found(row, kind)).collect();
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

/// Whether a system goes by one of these names. Only users that may read systems are told; an
/// ordinary requestor is not, and then nothing is known.
pub(super) async fn presence<T: Transport>(
    session: &Session<T>,
    keys: &[SearchKey],
) -> SystemPresence {
    if keys.iter().all(|key| key.kind == KeyKind::Application) {
        return SystemPresence::Unknown;
    }
    let Ok(systems) = systems::called(session, keys).await else {
        return SystemPresence::Unknown;
    };
    let mut presence = SystemPresence::Absent;
    for (_, system) in systems {
        match session.send(&ListAccountsOfSystem { system: system.system }).await {
            Ok(accounts) if accounts.is_empty() => presence = SystemPresence::WithoutAccounts,
            Ok(_) => return SystemPresence::WithAccounts,
            Err(_) => return SystemPresence::Unknown,
        }
    }
    presence
}

/// Every account of the systems that go by one of these names, for users that may read systems.
pub(super) async fn defined<T: Transport>(
    session: &Session<T>,
    keys: &[SearchKey],
) -> Option<Vec<DefinedAccount>> {
    let mut all = Vec::new();
    for (_, system) in systems::called(session, keys).await.ok()? {
        let accounts = session.send(&ListAccountsOfSystem { system: system.system }).await.ok()?;
        all.extend(accounts.into_iter().map(|account| DefinedAccount {
            system_name: system.name.clone(),
            account_name: account.name,
            account: account.account.to_string(),
            is_api_enabled: account.is_api_enabled,
        }));
    }
    Some(all)
}
