//! Sends calls: with a token, over a connection of their own.

use std::sync::{Arc, Mutex, PoisonError};

use http::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;
use url::Url;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::budget::Budget;
use crate::call::{Answer, Call, Request};
use crate::configuration::{Item, List};
use crate::error::{Error, Input, refused};
use crate::token::{AccessToken, Tokens};
use crate::transport::{HttpAnswer, HttpRequest, Transport};

/// The longest answer that is taken, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Pages of one list that are read; at 100 items a page more than any site holds.
const MAX_PAGES: u32 = 1000;

/// Where a site is: scheme, host and port, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteAddress(Url);

impl SiteAddress {
    /// Takes `https://host` or `https://host:port`.
    ///
    /// ```
    /// use site_api::SiteAddress;
    /// assert!(SiteAddress::parse("https://support.example.com").is_ok());
    /// assert!(SiteAddress::parse("http://support.example.com").is_err());
    /// assert!(SiteAddress::parse("https://support.example.com/login").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// [`Input::Address`].
    pub fn parse(text: &str) -> Result<Self, Input> {
        let wrong = || {
            let given = text.rsplit('@').next().unwrap_or_default();
            Input::Address { given: given.chars().take(100).collect() }
        };
        let url = Url::parse(text).map_err(|_| wrong())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        if url.scheme() != "https" || url.host().is_none() || !bare || !nobody {
            return Err(wrong());
        }
        Ok(Self(url))
    }

    /// The address of the site a URL points into.
    ///
    /// # Errors
    ///
    /// [`Input::Address`] when it is no https URL.
    pub fn of(url: &Url) -> Result<Self, Input> {
        Self::parse(&url.origin().ascii_serialization())
    }

    fn join(&self, request: &Request) -> Url {
        let mut url = self.0.clone();
        url.set_path(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        url
    }
}

/// A site's APIs. Clones share token and budget.
pub struct Client<T> {
    address: SiteAddress,
    tokens: Arc<Tokens<T>>,
    budget: Arc<Mutex<Option<Budget>>>,
}

impl<T> Clone for Client<T> {
    fn clone(&self) -> Self {
        let Self { address, tokens, budget } = self;
        Self { address: address.clone(), tokens: Arc::clone(tokens), budget: Arc::clone(budget) }
    }
}

impl<T> std::fmt::Debug for Client<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}

impl<T: Transport> Client<T> {
    /// A client of the site with the tokens of an API account. Nothing is sent yet.
    #[must_use]
    pub fn new(address: SiteAddress, tokens: Arc<Tokens<T>>) -> Self {
        Self { address, tokens, budget: Arc::default() }
    }

    /// Sends one call and reads its answer.
    ///
    /// A rejected token is replaced once, and the call repeated: a 401 says that nothing was done.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send<C: Call>(&self, call: &C) -> Result<C::Answer, Error> {
        let answer = self.exchange::<C>(call.request()).await?;
        call.read(&Answer { status: answer.status, headers: &answer.headers, body: &answer.body })
    }

    /// A whole list, page after page.
    ///
    /// # Errors
    ///
    /// See [`Error`]; a list whose pages lead in circles is [`Error::Unreadable`].
    pub async fn all<I: Item>(&self, mut list: List<I>) -> Result<Vec<I>, Error> {
        let mut items = Vec::new();
        for _ in 0..MAX_PAGES {
            let page = self.send(&list).await?;
            items.extend(page.items);
            match page.next {
                None => return Ok(items),
                Some(next) if next > list.page() => list = list.at(next),
                Some(_) => {
                    let reason = format!("the pages of {} lead in circles", I::NAME);
                    return Err(Error::Unreadable { reason });
                }
            }
        }
        Err(Error::Unreadable { reason: format!("{} has no end", I::NAME) })
    }

    /// What the site said last about how many calls are left; only the JSON API says it.
    #[must_use]
    pub fn budget(&self) -> Option<Budget> {
        *self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The account's tokens.
    #[must_use]
    pub fn tokens(&self) -> &Arc<Tokens<T>> {
        &self.tokens
    }

    async fn exchange<C: Call>(&self, request: Request) -> Result<HttpAnswer, Error> {
        if !C::NEEDS_TOKEN {
            return Ok(self.tokens.transport().send(self.dressed(&request, None)?).await?);
        }
        let token = self.tokens.token().await?;
        let answer = self.once(&request, &token).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            self.tokens.proved(&token).await;
            return Ok(answer);
        }
        let seen = Answer { status: answer.status, headers: &answer.headers, body: &answer.body };
        // The other reason for 401 is a field the site does not know; no token cures that.
        let names_token = matches!(refused(&seen), Error::Unauthorized { token: true, .. });
        if !names_token || !self.tokens.rejected(&token).await {
            return Ok(answer);
        }
        let token = self.tokens.token().await?;
        let answer = self.once(&request, &token).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            self.tokens.proved(&token).await;
        }
        Ok(answer)
    }

    async fn once(&self, request: &Request, token: &AccessToken) -> Result<HttpAnswer, Error> {
        let answer = self.tokens.transport().send(self.dressed(request, Some(token))?).await?;
        if let Some(budget) = Budget::read(&answer.headers) {
            *self.budget.lock().unwrap_or_else(PoisonError::into_inner) = Some(budget);
        }
        Ok(answer)
    }

    fn dressed(
        &self,
        request: &Request,
        token: Option<&AccessToken>,
    ) -> Result<HttpRequest, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(request.accept));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        if let Some(token) = token {
            let bearer = Zeroizing::new(format!("Bearer {}", token.secret().expose_secret()));
            let mut value = HeaderValue::from_str(&bearer)
                .map_err(|_| Error::Token(crate::TokenError::Unreadable))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut body = Zeroizing::new(Vec::new());
        if !request.form.is_empty() {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(CONTENT_TYPE, form);
            let mut form = form_urlencoded::Serializer::new(String::new());
            *body = form.extend_pairs(&request.form).finish().into_bytes();
        }
        let (method, url) = (request.method.clone(), self.address.join(request));
        Ok(HttpRequest { method, url, headers, body, max_answer: MAX_ANSWER })
    }
}
