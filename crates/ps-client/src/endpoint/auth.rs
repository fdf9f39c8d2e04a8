//! Signing in and out. [`crate::Client`] makes these calls; they are here to be looked at.

use http::Method;
use secrecy::SecretString;

use super::declare::calls;
use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::answer::{Fields, RowError, plain, secret_text};
use crate::error::{Error, ErrorKind};
use crate::model::UserId;

/// `POST Auth/SignAppin`: begins a server session. *Confirmed.*
///
/// Permission: a group of the user has the API registration. Answers the user, and cookies.
/// 401: refused, or a second factor is wanted; 403: licence; 410: version disabled.
#[derive(Clone, Copy, Debug)]
pub struct SignIn;

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedInUser {
    /// The user.
    pub user: UserId,
    /// Its name as the vault has it.
    pub user_name: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Security identifier, for directory users.
    pub sid: Option<String>,
}

impl SignedInUser {
    fn read(fields: &Fields<'_>) -> Result<Self, RowError> {
        Ok(Self {
            user: UserId::new(fields.id("UserId")?),
            user_name: fields.word("UserName")?,
            name: fields.word("Name")?,
            email: fields.word("EmailAddress")?,
            sid: fields.word("SID")?,
        })
    }
}

impl Endpoint for SignIn {
    type Answer = SignedInUser;
    const NAME: &'static str = "POST Auth/SignAppin";

    fn request(&self) -> ApiRequest {
        ApiRequest::new(Method::POST, &["Auth", "SignAppin"])
    }

    fn read(&self, answer: &ApiAnswer) -> Result<SignedInUser, Error> {
        if answer.0.status == http::StatusCode::FORBIDDEN && !answer.is_html() {
            return Err(Error::new(Self::NAME, ErrorKind::LicenceInvalid).with_answer(403, None));
        }
        let fields = Fields::read(plain(answer.text(Self::NAME)?));
        fields
            .and_then(|fields| SignedInUser::read(&fields))
            .map_err(|error| answer.unreadable(Self::NAME, error))
    }
}

calls! {
    @also [SignIn "a group of the user has the API registration" Confirmed Safe]

    /// Ends the server session. 200; a second time too.
    SignOut {}
        POST "Auth" / "Signout"
        => nothing, Confirmed, "none", Safe;
}

/// Reads the answer of `POST Auth/connect/token` (RFC 6749, 5.1). *Confirmed.*
///
/// Errors are 400 with an OAuth error, or 401.
pub(crate) fn read_token(answer: &ApiAnswer) -> Result<SecretString, Error> {
    const NAME: &str = "POST Auth/connect/token";
    let status = answer.0.status;
    if matches!(status.as_u16(), 400 | 401) {
        return Err(Error::new(NAME, ErrorKind::SignInRefused).with_answer(status.as_u16(), None));
    }
    // The whole text holds the token, so the reader's errors are not passed on.
    let fields = Fields::read(plain(answer.text(NAME)?))
        .map_err(|_| answer.unreadable(NAME, "it is not a token answer"))?;
    let token = fields.raw("access_token").and_then(|raw| secret_text(raw.get().as_bytes()));
    token.ok_or_else(|| answer.unreadable(NAME, "property access_token is missing"))
}
