//! Which servers, how they are asked, and for how long.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use secrecy::SecretString;

use super::Discovery;

/// What is decided about the directory of one domain.
#[derive(Debug, Clone)]
pub struct LdapSettings {
    /// The servers, in the order they are tried. Not looked at when they are discovered.
    pub servers: Vec<LdapServer>,
    /// How the servers are found, if they are not written down.
    pub discovery: Option<Discovery>,
    /// Whom to trust as server, and what to show as client.
    pub tls: Arc<ClientConfig>,
    /// As whom to ask. Without one the questions are anonymous.
    pub bind: Option<LdapBind>,
    /// Below which entry users are looked for, such as `DC=acme,DC=test`.
    pub base: String,
    /// How users are written down.
    pub schema: Schema,
    /// How long to wait.
    pub limits: TimeLimits,
    /// How long to remember.
    pub cache: CacheLimits,
}

/// An account that may read users.
#[derive(Debug, Clone)]
pub struct LdapBind {
    /// Its name: a distinguished name; for Active Directory also `user@domain` or `DOMAIN\user`.
    pub name: String,
    /// Its password. An empty one is refused here: many servers take it for an anonymous bind,
    /// and say "success" (RFC 4513, 5.1.2).
    pub password: SecretString,
}

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapServer {
    /// Its name or address, as its certificate has it.
    pub host: String,
    /// 636 for LDAPS, 389 for StartTLS, as a rule.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: Security,
}

/// How a connection is encrypted. Unencrypted ones are not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first octet on.
    Ldaps,
    /// TLS after a first question in the clear (RFC 4511, 4.14). Nothing else is sent before it.
    StartTls,
}

/// Why a text names no server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LdapUrlError {
    /// It does not start with a scheme that is known.
    #[error("`{0}` starts with neither ldaps:// nor ldap://")]
    Scheme(String),
    /// There is no host, or one that is none.
    #[error("`{0}` names no host")]
    Host(String),
    /// The port is not a number from 1 to 65535.
    #[error("`{0}` has a port that is none")]
    Port(String),
    /// Something follows the host and port.
    #[error("`{0}` goes on after host and port; the base is a setting of its own")]
    Rest(String),
}

impl LdapServer {
    /// Reads `ldaps://host[:port]`, or `ldap://host[:port]` for StartTLS.
    ///
    /// # Errors
    ///
    /// What about it is no such address.
    ///
    /// # Examples
    ///
    /// ```
    /// use user_mapping::ldap::{LdapServer, Security};
    ///
    /// let server = LdapServer::parse("ldaps://dc1.acme.test")?;
    /// assert_eq!((server.port, server.security), (636, Security::Ldaps));
    /// assert_eq!(LdapServer::parse("ldap://[::1]:1389/")?.port, 1389);
    /// assert!(LdapServer::parse("https://dc1.acme.test").is_err());
    /// # Ok::<(), user_mapping::ldap::LdapUrlError>(())
    /// ```
    pub fn parse(url: &str) -> Result<Self, LdapUrlError> {
        let scheme = |name: &str| {
            let (start, rest) = url.split_at_checked(name.len())?;
            start.eq_ignore_ascii_case(name).then_some(rest)
        };
        let (rest, security, default) = match (scheme("ldaps://"), scheme("ldap://")) {
            (Some(rest), _) => (rest, Security::Ldaps, 636),
            (None, Some(rest)) => (rest, Security::StartTls, 389),
            (None, None) => return Err(LdapUrlError::Scheme(without_user(url))),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(LdapUrlError::Rest(without_user(url)));
        }
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.strip_prefix(':').unwrap_or("none"))),
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let port = match port {
            None => default,
            Some(port) => port
                .parse::<u16>()
                .ok()
                .filter(|port| *port > 0)
                .ok_or_else(|| LdapUrlError::Port(without_user(url)))?,
        };
        if rustls::pki_types::ServerName::try_from(host).is_err() {
            return Err(LdapUrlError::Host(without_user(url)));
        }
        Ok(Self { host: host.to_owned(), port, security })
    }
}

/// An address as it can be shown: what stands before an `@` could be a password.
fn without_user(url: &str) -> String {
    match url.rsplit_once('@') {
        None => url.to_owned(),
        Some((front, rest)) => {
            let scheme = front.split_once("://").map_or("", |(scheme, _)| scheme);
            let sign = if scheme.is_empty() { "" } else { "://" };
            format!("{scheme}{sign}…@{rest}")
        }
    }
}

impl std::fmt::Display for LdapServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = match self.security {
            Security::Ldaps => "ldaps",
            Security::StartTls => "ldap",
        };
        match self.host.contains(':') {
            true => write!(f, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(f, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

/// How a directory writes users down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// Active Directory, or Samba as one: `sAMAccountName`, `userPrincipalName`, `objectSid`.
    ActiveDirectory,
    /// `inetOrgPerson` entries (RFC 2798).
    InetOrgPerson {
        /// The attribute of the logon name: `uid` as a rule.
        logon_name: String,
        /// The attribute of principal names, such as `mail`. Without one, principal names find
        /// nobody.
        principal_name: Option<String>,
    },
}

/// How long to wait for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeLimits {
    /// For a connection, with TLS and bind.
    pub connect: Duration,
    /// For one answer of a server.
    pub operation: Duration,
    /// For everything, whatever the number of servers.
    pub total: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(3), operation: seconds(5), total: seconds(10) }
    }
}

/// How long answers are remembered, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheLimits {
    /// An entry. A user who is disabled now is used for so long; never longer, also when no server
    /// answers.
    pub found: Duration,
    /// That there is nobody, or more than one.
    pub not_found: Duration,
    /// How many answers.
    pub answers: usize,
}

impl Default for CacheLimits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { found: seconds(300), not_found: seconds(15), answers: 10_000 }
    }
}
