//! Making a release request when answers get lost.

use super::Session;
use crate::endpoint::Endpoint;
use crate::endpoint::requests::{CreateRequest, Created, ListRequests};
use crate::error::{Error, ErrorKind};
use crate::model::{ConflictOption, NewRequest, ReleaseRequest};
use crate::transport::Transport;

const NAME: &str = <CreateRequest<'static> as Endpoint>::NAME;

/// Whose request it is when one with the same reason is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Ours: the reason holds a mark that nobody else has.
    Marked,
    /// The caller's, who was told to make it unique.
    OfCaller,
    /// Perhaps another program's: nothing makes it unique.
    OfAnybody,
}

impl<T: Transport> Session<T> {
    /// Makes a release request, and never two of it.
    ///
    /// If the answer is lost, the request may exist all the same. Then the user's requests are
    /// listed, and the one with the same system, account and reason is taken for it; so put
    /// something unique into the reason. With [`ConflictOption::Reuse`] such a one counts as reused.
    /// Without a reason none is looked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MaybeMade`] when the list does not settle it: look again with
    /// [`find_request`](Self::find_request) before asking again. With any other kind nothing was
    /// made.
    pub async fn create_request(&self, new: &NewRequest) -> Result<Created, Error> {
        self.create(new, Reason::OfCaller).await
    }

    /// The same, by what is known of the reason.
    pub(crate) async fn create(&self, new: &NewRequest, reason: Reason) -> Result<Created, Error> {
        let lost = match self.send(&CreateRequest(new)).await {
            // An error of signing in again names another call; this one was refused before.
            Err(error) if error.may_have_been_executed() && error.endpoint() == NAME => error,
            outcome => return outcome,
        };
        tracing::debug!("the answer to a new release request was lost, looking for the request");
        if new.reason_is_empty() {
            // Anybody's request is like that.
            return Err(Error::new(NAME, ErrorKind::MaybeMade(Box::new(lost))));
        }
        match self.find_request(new).await.as_deref() {
            // Where one that existed was good enough, nobody can tell which it is.
            Ok([row]) => Ok(Created {
                id: row.request,
                reused: match reason {
                    Reason::Marked => false,
                    Reason::OfCaller => new.conflict_option == Some(ConflictOption::Reuse),
                    Reason::OfAnybody => true,
                },
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
