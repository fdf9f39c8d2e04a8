//! Making a release request when answers get lost.

use super::Session;
use crate::endpoint::Endpoint;
use crate::endpoint::requests::{CreateRequest, Created, ListRequests};
use crate::error::{Error, ErrorKind};
use crate::model::{ConflictOption, NewRequest, ReleaseRequest};
use crate::transport::Transport;

const NAME: &str = <CreateRequest<'static> as Endpoint>::NAME;

impl<T: Transport> Session<T> {
    /// Makes a release request, and never two of it.
    ///
    /// If the answer is lost, the request may exist all the same. Then the user's requests are
    /// listed, and the one with the same system, account and reason is taken for it; so put
    /// something unique into the reason. With [`ConflictOption::Reuse`] such a one counts as reused.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MaybeMade`] when the list does not settle it: look again with
    /// [`find_request`](Self::find_request) before asking again. With any other kind nothing was
    /// made.
    pub async fn create_request(&self, new: &NewRequest) -> Result<Created, Error> {
        self.create(new, false).await
    }

    /// The same; `is_marked` when nobody else's request can have this reason.
    pub(crate) async fn create(&self, new: &NewRequest, is_marked: bool) -> Result<Created, Error> {
        let lost = match self.send(&CreateRequest(new)).await {
            // An error of signing in again names another call; this one was refused before.
            Err(error) if error.may_have_been_executed() && error.endpoint() == NAME => error,
            outcome => return outcome,
        };
        tracing::debug!("the answer to a new release request was lost, looking for the request");
        match self.find_request(new).await.as_deref() {
            // Where one that existed was good enough, nobody can tell which it is.
            Ok([row]) => Ok(Created {
                id: row.request,
                reused: !is_marked && new.conflict_option == Some(ConflictOption::Reuse),
            }),
            // None: the vault may still be at work. Several: the reason was not unique.
            Ok(_) | Err(_) => Err(Error::new(NAME, ErrorKind::MaybeMade(Box::new(lost)))),
        }
    }

    /// The user's open requests that are what [`create_request`](Self::create_request) makes of
    /// `new`.
    ///
    /// # Errors
    ///
    /// As [`ListRequests`].
    pub async fn find_request(&self, new: &NewRequest) -> Result<Vec<ReleaseRequest>, Error> {
        let mut rows = self.send(&ListRequests::default()).await?;
        rows.retain(|row| row.answers(new));
        Ok(rows)
    }
}
