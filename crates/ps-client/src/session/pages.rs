//! A list, page after page.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;

use super::Session;
use crate::endpoint::Endpoint;
use crate::endpoint::managed_accounts::ListManagedAccounts;
use crate::endpoint::managed_systems::ListManagedSystems;
use crate::error::{Error, ErrorKind};
use crate::model::{
    AccountId, ApplicationId, ManagedAccountQuery, ManagedSystem, ManagedSystemQuery,
    RequestableAccount, SystemId,
};
use crate::transport::Transport;

/// Rows asked for at once; the vault's own default for accounts, but always said: without it the
/// vault stops there without a word.
const PAGE: u32 = 1_000;

/// A call that lists in pages.
pub trait Paged: Endpoint<Answer = Vec<Self::Row>> {
    /// One row.
    type Row;
    /// What tells two rows apart.
    type Key: Eq + Hash;

    /// Rows per page that it asks for.
    fn limit(&self) -> u32;

    /// The same call, `offset` rows further into the list.
    fn at(&self, offset: u32) -> Self;

    /// What tells `row` apart from others.
    fn key(row: &Self::Row) -> Self::Key;
}

/// Asks for page after page of a list until it ends.
///
/// Servers and proxies exist that pass over the offset and send the first page for ever: a page
/// that brings no row which was not seen before ends the list, and no row comes twice. A page
/// that is not full is the last.
pub struct Pages<T, E: Paged> {
    session: Session<T>,
    list: E,
    offset: u32,
    seen: HashSet<E::Key>,
    is_over: bool,
}

impl<T: Transport> Session<T> {
    /// All accounts that this user may request and the query fits, page after page.
    ///
    /// # Errors
    ///
    /// As [`ListManagedAccounts`]; [`ErrorKind::Unreadable`] when the list does not end.
    pub async fn managed_accounts(
        &self,
        query: &ManagedAccountQuery,
    ) -> Result<Vec<RequestableAccount>, Error> {
        let query = query.clone();
        self.pages(ListManagedAccounts { query, limit: PAGE, offset: 0 }).all().await
    }

    /// All managed systems that the query fits, page after page.
    ///
    /// # Errors
    ///
    /// As [`ListManagedSystems`]; [`ErrorKind::Unreadable`] when the list does not end.
    pub async fn managed_systems(
        &self,
        query: &ManagedSystemQuery,
    ) -> Result<Vec<ManagedSystem>, Error> {
        let query = query.clone();
        self.pages(ListManagedSystems { query, limit: PAGE, offset: 0 }).all().await
    }

    /// The pages of `list`, from its offset on; nothing is sent yet.
    pub fn pages<E: Paged>(&self, list: E) -> Pages<T, E> {
        Pages { session: self.clone(), list, offset: 0, seen: HashSet::new(), is_over: false }
    }
}

impl<T: Transport, E: Paged> Pages<T, E> {
    /// The next page, never empty; `None` at the end. After an error the same page can be asked
    /// for again.
    ///
    /// # Errors
    ///
    /// What the call meets, and [`ErrorKind::Unreadable`] when the list has more rows than the
    /// client takes.
    pub async fn next(&mut self) -> Result<Option<Vec<E::Row>>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let rows = self.session.send(&self.list.at(self.offset)).await?;
        let received = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let mut fresh = rows;
        fresh.retain(|row| self.seen.insert(E::key(row)));
        let limit = self.session.client().limits().list_rows;
        if self.seen.len() > limit {
            self.is_over = true;
            let what = format!("the list has more than {limit} rows");
            return Err(Error::new(E::NAME, ErrorKind::Unreadable { what }));
        }
        self.is_over = received < self.list.limit() || fresh.is_empty();
        self.offset = self.offset.saturating_add(received);
        Ok((!fresh.is_empty()).then_some(fresh))
    }

    /// All that is left.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub async fn all(mut self) -> Result<Vec<E::Row>, Error> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
        }
        Ok(all)
    }
}

impl<T, E: Paged> fmt::Debug for Pages<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pages({} at {}", E::NAME, self.offset)?;
        f.write_str(if self.is_over { ", over)" } else { ")" })
    }
}

impl Paged for ListManagedAccounts {
    type Row = RequestableAccount;
    type Key = (SystemId, AccountId, Option<ApplicationId>);

    fn limit(&self) -> u32 {
        self.limit
    }

    fn at(&self, offset: u32) -> Self {
        Self { offset: self.offset.saturating_add(offset), ..self.clone() }
    }

    fn key(row: &RequestableAccount) -> Self::Key {
        (row.system, row.account, row.application)
    }
}

impl Paged for ListManagedSystems {
    type Row = ManagedSystem;
    type Key = SystemId;

    fn limit(&self) -> u32 {
        self.limit
    }

    fn at(&self, offset: u32) -> Self {
        Self { offset: self.offset.saturating_add(offset), ..self.clone() }
    }

    fn key(row: &ManagedSystem) -> SystemId {
        row.system
    }
}
