//! Who may come in: the browser that brings the printed link first, and no page of anybody else.

use std::io;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Method, StatusCode, header};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Name of the cookie. Cookies of one host are shared by all of its ports, so the port is in it.
const COOKIE: &str = "keyferry-configure";

/// Random octets of a key, a session and a token.
const OCTETS: usize = 32;

/// The door of one configurator.
pub(super) struct Door {
    port: u16,
    /// Digest of the key in the link, until it is used.
    key: Mutex<Option<[u8; 32]>>,
    session: Mutex<Option<Session>>,
}

struct Session {
    /// Digest of the cookie of the browser that was let in.
    visitor: [u8; 32],
    csrf: Zeroizing<String>,
}

/// A key, a session's cookie or a token against forged requests.
type Word = Zeroizing<String>;

impl Door {
    /// A door, and the key that opens it once.
    pub(super) fn new(port: u16) -> io::Result<(Self, Word)> {
        let key = random_word()?;
        let door = Self { port, key: Mutex::new(Some(digest(&key))), session: Mutex::default() };
        Ok((door, key))
    }

    /// Takes the key, once, and gives the cookie's line for whoever brought it.
    pub(super) fn enter(&self, key: &str) -> Result<Word, Refused> {
        let mut kept = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = kept.is_some_and(|kept| kept.ct_eq(&digest(key)).into());
        if !fits {
            return Err(Refused::Link);
        }
        let (Ok(cookie), Ok(csrf)) = (random_word(), random_word()) else {
            return Err(Refused::Link);
        };
        *kept = None;
        let line = format!("{COOKIE}-{}={}; Path=/; HttpOnly; SameSite=Strict", self.port, *cookie);
        let session = Session { visitor: digest(&cookie), csrf };
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        Ok(Zeroizing::new(line))
    }

    /// Whether the request was made to us by name: a page elsewhere could have had its own name
    /// point here (DNS rebinding).
    pub(super) fn check_host(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let ours = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port));
        match host {
            Some(host) if ours.iter().any(|our| our.eq_ignore_ascii_case(host)) => Ok(()),
            _ => Err(Refused::Host),
        }
    }

    /// Lets a request in that has the session's cookie, and, when it changes something, comes from
    /// a page of ours. Gives the token for forms.
    pub(super) fn check(&self, method: &Method, headers: &HeaderMap) -> Result<Word, Refused> {
        let name = format!("{COOKIE}-{}=", self.port);
        let cookies = headers.get_all(header::COOKIE).iter();
        let given = cookies
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(name.as_str()))
            .ok_or(Refused::Session)?;
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let session = session.as_ref().ok_or(Refused::Session)?;
        if !bool::from(session.visitor.ct_eq(&digest(given))) {
            return Err(Refused::Session);
        }
        if method != Method::GET && method != Method::HEAD {
            self.check_origin(headers)?;
        }
        Ok(session.csrf.clone())
    }

    fn check_origin(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let ours = ["127.0.0.1", "localhost"].map(|name| format!("http://{name}:{}", self.port));
        if let Some(origin) = text(header::ORIGIN)
            && !ours.iter().any(|our| our.eq_ignore_ascii_case(origin))
        {
            return Err(Refused::Origin);
        }
        match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
            None | Some(b"same-origin" | b"none") => Ok(()),
            Some(_) => Err(Refused::Origin),
        }
    }

    /// Whether a form brought the token that its page was given.
    pub(super) fn check_token(&self, given: &str) -> Result<(), Refused> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = session
            .as_ref()
            .is_some_and(|session| digest(&session.csrf).ct_eq(&digest(given)).into());
        if fits { Ok(()) } else { Err(Refused::Token) }
    }
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("this link is not, or no longer, good; start `ecm-service configure` again")]
    Link,
    #[error("this address does not belong to the configurator")]
    Host,
    #[error("open the link that `ecm-service configure` printed")]
    Session,
    #[error("the request comes from another page")]
    Origin,
    #[error("the form is of another session; load the page again")]
    Token,
}

impl Refused {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            _ => StatusCode::FORBIDDEN,
        }
    }
}

fn random_word() -> io::Result<Word> {
    let mut octets = Zeroizing::new([0; OCTETS]);
    getrandom::fill(octets.as_mut()).map_err(io::Error::other)?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(octets.as_ref())))
}

/// Words are compared by their digests, which are of one length.
fn digest(word: &str) -> [u8; 32] {
    Sha256::digest(word.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_link_opens_the_door_once() {
        let (door, key) = Door::new(4711).unwrap();
        assert_eq!(door.enter("x").unwrap_err(), Refused::Link);
        let line = door.enter(&key).unwrap();
        assert!(line.contains("HttpOnly; SameSite=Strict"));
        assert_eq!(door.enter(&key).unwrap_err(), Refused::Link);

        let cookie = line.split(';').next().unwrap().to_owned();
        let with = |more: &[(&'static str, &str)]| {
            headers(&[&[("cookie", cookie.as_str())], more].concat())
        };
        let token = door.check(&Method::GET, &with(&[])).unwrap();
        assert_eq!(door.check_token(&token), Ok(()));
        assert_eq!(door.check_token(""), Err(Refused::Token));
        assert!(door.check(&Method::POST, &with(&[("origin", "http://127.0.0.1:4711")])).is_ok());
        for (name, value, refused) in [
            ("origin", "http://evil.example", Refused::Origin),
            ("origin", "null", Refused::Origin),
            ("sec-fetch-site", "same-site", Refused::Origin),
            ("sec-fetch-site", "cross-site", Refused::Origin),
        ] {
            let told = door.check(&Method::POST, &with(&[(name, value)]));
            assert_eq!(told.unwrap_err(), refused, "{name}: {value}");
        }
        let stranger = headers(&[("cookie", "keyferry-configure-4711=guess")]);
        assert_eq!(door.check(&Method::GET, &stranger).unwrap_err(), Refused::Session);
        assert_eq!(door.check(&Method::GET, &HeaderMap::new()).unwrap_err(), Refused::Session);
    }

    #[test]
    fn only_our_own_name_is_answered() {
        let (door, _) = Door::new(4711).unwrap();
        for (host, is_ours) in [
            ("127.0.0.1:4711", true),
            ("localhost:4711", true),
            ("127.0.0.1", false),
            ("127.0.0.1:80", false),
            ("rebound.example:4711", false),
        ] {
            assert_eq!(door.check_host(&headers(&[("host", host)])).is_ok(), is_ours, "{host}");
        }
        assert!(door.check_host(&HeaderMap::new()).is_err());
    }
}
