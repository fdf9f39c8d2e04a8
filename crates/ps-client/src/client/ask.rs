//! A call as a client sees it, whichever endpoint makes it.

use crate::endpoint::{ApiRequest, Endpoint};
use crate::error::Error;
use crate::repeat::Repeat;

/// Something that can be asked of the vault, more than once if need be.
pub(crate) trait Ask {
    /// Method and path pattern.
    fn name(&self) -> &'static str;

    /// What asking again would do.
    fn repeat(&self) -> Repeat;

    /// What is sent, if it can be.
    fn request(&self) -> Result<ApiRequest, Error>;

    /// Whether it only looks.
    fn is_read(&self) -> bool {
        self.name().starts_with("GET ")
    }
}

/// What an endpoint asks.
pub(crate) struct Of<'a, E>(pub(crate) &'a E);

impl<E: Endpoint> Ask for Of<'_, E> {
    fn name(&self) -> &'static str {
        E::NAME
    }

    fn repeat(&self) -> Repeat {
        self.0.repeat()
    }

    fn request(&self) -> Result<ApiRequest, Error> {
        self.0.check()?;
        Ok(self.0.request())
    }
}

/// A read whose answer holds no secret, without the endpoint that it came from: whoever wants the
/// same can make it.
pub(crate) struct Read {
    name: &'static str,
    repeat: Repeat,
    request: ApiRequest,
}

impl Read {
    /// What `endpoint` reads; `None` when it does something, or may be told to nobody else.
    pub(crate) fn of<E: Endpoint>(endpoint: &E) -> Result<Option<Self>, Error> {
        let ask = Of(endpoint);
        if E::RELEASES_SECRET || !ask.is_read() {
            return Ok(None);
        }
        let request = ask.request()?;
        let read = Self { name: E::NAME, repeat: endpoint.repeat(), request };
        Ok(read.request.body.is_none().then_some(read))
    }

    /// The same for all who ask the same.
    pub(crate) fn key(&self) -> String {
        let ApiRequest { path, query, .. } = &self.request;
        format!("{} {path:?} {query:?}", self.name)
    }
}

impl Ask for Read {
    fn name(&self) -> &'static str {
        self.name
    }

    fn repeat(&self) -> Repeat {
        self.repeat
    }

    fn request(&self) -> Result<ApiRequest, Error> {
        let ApiRequest { method, path, query, is_list, .. } = &self.request;
        let (method, path, query) = (method.clone(), path.clone(), query.clone());
        Ok(ApiRequest { method, path, query, body: None, is_list: *is_list })
    }
}
