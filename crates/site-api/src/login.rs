//! The page people sign in at.

use http::StatusCode;

use crate::call::{Answer, Call, Request};
use crate::error::Error;

/// `GET /login`: needs no token. Whoever sees it reaches the site with this proxy and this trust;
/// what stands on the page does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoginPage;

impl Call for LoginPage {
    type Answer = StatusCode;
    const NAME: &'static str = "login page";
    const NEEDS_TOKEN: bool = false;

    fn request(&self) -> Request {
        Request::get("/login", "text/html")
    }

    /// The status: a success, or a redirect, which is not followed.
    fn read(&self, answer: &Answer<'_>) -> Result<StatusCode, Error> {
        if !answer.status.is_redirection() {
            answer.success()?;
        }
        Ok(answer.status)
    }
}
