//! The Configuration API: `/api/config/v1`, answers in JSON, lists in pages.
//!
//! ```
//! use site_api::Call;
//! use site_api::configuration::{JumpClient, List};
//!
//! let list = List::<JumpClient>::all().with("hostname", "APP01")?;
//! let request = list.request();
//! assert_eq!(request.path, "/api/config/v1/jump-client");
//! assert!(List::<JumpClient>::all().with("host", "APP01").is_err());
//! # Ok::<(), site_api::Input>(())
//! ```

mod items;
mod page;

use std::marker::PhantomData;

pub use items::{
    ApiAccount, JumpClient, JumpGroup, Jumpoint, RemoteRdp, SecurityProvider, ShellJump, User,
    WebJump,
};
pub use page::Page;
use serde::de::DeserializeOwned;

use crate::call::{Answer, Call, Request};
use crate::error::{Error, Input};

/// Items a page holds; also the most a site gives.
const PER_PAGE: &str = "100";

/// Something the API has lists of.
pub trait Item: DeserializeOwned + Send + Sync {
    /// What it is called in errors.
    const NAME: &'static str;
    /// Its path below `/api/config/v1/`.
    const PATH: &'static str;
    /// What its list can be filtered by. To any other field a site answers 401, as to a bad token,
    /// so it is not sent.
    const FILTERS: &'static [&'static str];
}

/// One page of a list.
#[derive(Debug)]
pub struct List<I> {
    filters: Vec<(&'static str, String)>,
    page: u32,
    kind: PhantomData<fn() -> I>,
}

impl<I: Item> List<I> {
    /// All items, from the first page.
    #[must_use]
    pub fn all() -> Self {
        Self { filters: Vec::new(), page: 1, kind: PhantomData }
    }

    /// Only items with this value.
    ///
    /// # Errors
    ///
    /// [`Input::Filter`] for a field the list cannot be filtered by.
    pub fn with(mut self, filter: &str, value: impl Into<String>) -> Result<Self, Input> {
        let known = I::FILTERS.iter().find(|known| **known == filter);
        let Some(known) = known else {
            let filter = filter.chars().take(64).collect();
            return Err(Input::Filter { list: I::NAME, filter, known: I::FILTERS.join(", ") });
        };
        self.filters.push((known, value.into()));
        Ok(self)
    }

    /// The same list at another page, counted from 1.
    #[must_use]
    pub fn at(mut self, page: u32) -> Self {
        self.page = page.max(1);
        self
    }

    /// Its page.
    #[must_use]
    pub fn page(&self) -> u32 {
        self.page
    }
}

impl<I: Item> Call for List<I> {
    type Answer = Page<I>;
    const NAME: &'static str = I::NAME;

    fn request(&self) -> Request {
        let mut request = Request::get(format!("/api/config/v1/{}", I::PATH), "application/json");
        for (name, value) in &self.filters {
            request = request.ask(name, value);
        }
        request.ask("per_page", PER_PAGE).ask("current_page", self.page.to_string())
    }

    fn read(&self, answer: &Answer<'_>) -> Result<Page<I>, Error> {
        let items = json(answer.success()?)?;
        Ok(Page::read(items, answer.headers, self.page))
    }
}

/// One item by its id. Ids are unique only for each kind.
#[derive(Debug)]
pub struct One<I> {
    id: u32,
    kind: PhantomData<fn() -> I>,
}

impl<I: Item> One<I> {
    /// The item with this id.
    #[must_use]
    pub fn new(id: u32) -> Self {
        Self { id, kind: PhantomData }
    }
}

impl<I: Item> Call for One<I> {
    type Answer = I;
    const NAME: &'static str = I::NAME;

    fn request(&self) -> Request {
        Request::get(format!("/api/config/v1/{}/{}", I::PATH, self.id), "application/json")
    }

    fn read(&self, answer: &Answer<'_>) -> Result<I, Error> {
        json(answer.success()?)
    }
}

/// Reads a body. The reader's own words are dropped: they can quote it.
fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| {
        let kind = if error.is_data() {
            "its members are not those of this call"
        } else {
            "it is not JSON"
        };
        let reason = format!("{kind} (line {}, column {})", error.line(), error.column());
        Error::Unreadable { reason }
    })
}
