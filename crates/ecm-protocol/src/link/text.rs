//! How long texts may be; what is longer is refused before anything is done with it.

use crate::codec::FrameError;
use crate::message::{
    EndpointsFind, Find, Meta, Release, Retrieve, SessionRef, SessionStart, Target, User,
};

/// Something whose texts have limits.
pub(crate) trait TextLimits {
    /// The first text that is too long.
    fn check_texts(&self) -> Result<(), FrameError>;
}

fn text(path: &'static str, value: &str, max: usize) -> Result<(), FrameError> {
    // Bytes first: counting characters of a megabyte is work that nobody owes a peer.
    let too_long = value.len() > max * 4 || (value.len() > max && value.chars().count() > max);
    if too_long { Err(FrameError::TextTooLong { path, max }) } else { Ok(()) }
}

fn texts(values: &[(&'static str, Option<&String>, usize)]) -> Result<(), FrameError> {
    values.iter().try_for_each(|(path, value, max)| match value {
        Some(value) => text(path, value, *max),
        None => Ok(()),
    })
}

impl TextLimits for Meta {
    fn check_texts(&self) -> Result<(), FrameError> {
        texts(&[
            ("meta.request_ref", self.request_ref.as_ref(), 64),
            ("meta.traceparent", self.traceparent.as_ref(), 128),
            ("meta.tracestate", self.tracestate.as_ref(), 512),
        ])
    }
}

impl TextLimits for SessionRef {
    fn check_texts(&self) -> Result<(), FrameError> {
        texts(&[("session.lsid", self.lsid.as_ref(), 64)])?;
        self.custom.iter().try_for_each(|(name, value)| {
            text("session.custom", name, 128)?;
            text("session.custom", value, 1024)
        })
    }
}

impl TextLimits for User {
    fn check_texts(&self) -> Result<(), FrameError> {
        text("user.username", &self.username, 256)?;
        texts(&[
            ("user.display_name", self.display_name.as_ref(), 256),
            ("user.email", self.email.as_ref(), 255),
            ("user.dn", self.dn.as_ref(), 2048),
        ])?;
        let Some(provider) = &self.provider else { return Ok(()) };
        texts(&[
            ("user.provider.name", provider.name.as_ref(), 256),
            ("user.provider.id", provider.id.as_ref(), 64),
        ])
    }
}

impl TextLimits for Target {
    fn check_texts(&self) -> Result<(), FrameError> {
        texts(&[
            ("target.name", self.name.as_ref(), 128),
            ("target.hostname", self.hostname.as_ref(), 255),
            ("target.fqdn", self.fqdn.as_ref(), 255),
            ("target.url", self.url.as_ref(), 256),
            ("target.database", self.database.as_ref(), 128),
            ("target.os", self.os.as_ref(), 128),
            ("target.console_user", self.console_user.as_ref(), 256),
            ("target.tag", self.tag.as_ref(), 64),
        ])?;
        if self.addresses.len() > 16 {
            return Err(FrameError::TextTooLong { path: "target.addresses", max: 16 });
        }
        if let Some(application) = &self.application {
            texts(&[
                ("target.application.remote_app", application.remote_app.as_ref(), 512),
                ("target.application.exe", application.exe.as_ref(), 512),
                ("target.application.target_system", application.target_system.as_ref(), 250),
                ("target.application.credential_type", application.credential_type.as_ref(), 250),
            ])?;
        }
        let Some(preset) = &self.preset else { return Ok(()) };
        texts(&[
            ("target.preset.username", preset.username.as_ref(), 128),
            ("target.preset.domain", preset.domain.as_ref(), 64),
        ])
    }
}

impl Target {
    /// A target must be findable, and its address must not carry somebody's password.
    fn check_address(&self) -> Result<(), FrameError> {
        let named = self.hostname.is_some() || self.fqdn.is_some() || self.name.is_some();
        if !named && self.addresses.is_empty() && self.url.is_none() {
            let why = "says neither hostname, fqdn, name, addresses nor url";
            return Err(FrameError::Forbidden { path: "target", why });
        }
        if self.url.as_deref().is_some_and(has_user_info) {
            let why = "carries a user name or password in front of its host";
            return Err(FrameError::Forbidden { path: "target.url", why });
        }
        Ok(())
    }
}

/// Whether the authority of a URL has a part in front of `@` (RFC 3986, 3.2.1). Browsers take
/// `\` for `/`, so we do too.
fn has_user_info(url: &str) -> bool {
    let after_scheme = url.split_once("//").map_or(url, |(_, rest)| rest);
    let end = after_scheme.find(['/', '\\', '?', '#']).unwrap_or(after_scheme.len());
    after_scheme.get(..end).is_some_and(|authority| authority.contains('@'))
}

impl TextLimits for Find {
    fn check_texts(&self) -> Result<(), FrameError> {
        self.meta.check_texts()?;
        self.session.check_texts()?;
        self.user.check_texts()?;
        self.target.check_texts()?;
        self.target.check_address()
    }
}

impl TextLimits for Retrieve {
    fn check_texts(&self) -> Result<(), FrameError> {
        self.meta.check_texts()?;
        self.session.check_texts()?;
        self.user.check_texts()?;
        self.target.check_texts()?;
        self.target.check_address()?;
        text("credential_id", &self.credential_id, 1024)?;
        text("idempotency_key", &self.idempotency_key, 64)?;
        texts(&[("reason", self.reason.as_ref(), 1000)])?;
        let Some(ticket) = &self.ticket else { return Ok(()) };
        text("ticket.system", &ticket.system, 128)?;
        text("ticket.number", &ticket.number, 128)
    }
}

impl TextLimits for Release {
    fn check_texts(&self) -> Result<(), FrameError> {
        texts(&[
            ("lease_id", self.lease_id.as_ref(), 64),
            ("idempotency_key", self.idempotency_key.as_ref(), 64),
            ("credential_id", self.credential_id.as_ref(), 1024),
        ])
    }
}

impl TextLimits for EndpointsFind {
    fn check_texts(&self) -> Result<(), FrameError> {
        self.meta.check_texts()?;
        self.user.check_texts()?;
        text("text", &self.text, 256)
    }
}

impl TextLimits for SessionStart {
    fn check_texts(&self) -> Result<(), FrameError> {
        self.meta.check_texts()?;
        self.session.check_texts()?;
        self.user.check_texts()?;
        self.target.check_texts()?;
        text("credential_id", &self.credential_id, 1024)
    }
}
