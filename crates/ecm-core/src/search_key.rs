//! What an endpoint may be called in the vault: ordered, distinct search keys.
//!
//! A site knows a machine by the name somebody typed into a jump item, by what the machine calls
//! itself, and by its addresses; the vault knows it by whatever the administrator or a discovery
//! scan wrote. So each spelling that could match becomes a key, best evidence first.

mod plan;

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::Url;

pub use plan::{EndpointAddress, EndpointFacts, SearchPlan, Serves};

/// Most keys one search asks for; more tell a machine no better, and each costs vault calls.
pub const MAX_KEYS: usize = 16;

/// Longest host name (RFC 1035 section 2.3.4), in bytes.
const MAX_HOST: usize = 253;

/// Longest application name a vault filter takes (password-safe `applicationDisplayName`).
const MAX_APPLICATION: usize = 256;

/// Where a key comes from; the order is the default order of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// The host exactly as the site has it, without port and trailing dot.
    Host,
    /// Its first label.
    ShortName,
    /// The fully qualified name.
    Fqdn,
    /// An address.
    Address,
    /// The host of a web jump's URL.
    UrlHost,
    /// The name of an application.
    Application,
}

impl KeyKind {
    /// All kinds, best evidence first.
    pub const ALL: [Self; 6] =
        [Self::Host, Self::ShortName, Self::Fqdn, Self::Address, Self::UrlHost, Self::Application];
}

impl KeyKind {
    /// Its name in a `SourceReport`.
    #[must_use]
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::ShortName => "short_name",
            Self::Fqdn => "fqdn",
            Self::Address => "address",
            Self::UrlHost => "url",
            Self::Application => "application",
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire_name())
    }
}

/// One thing to ask the vault for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SearchKey {
    /// Where it comes from.
    pub kind: KeyKind,
    /// What to ask for, as plain text. An address is in canonical form.
    pub value: String,
}

impl fmt::Display for SearchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}", self.kind, self.value)
    }
}

/// Why a target gives no key. Never quotes a URL, because a URL may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SearchKeyError {
    /// A host name, address or application name that cannot be one.
    #[error("{member} of the target cannot be used: {why}")]
    Unusable {
        /// The member of the target.
        member: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A URL that cannot be read, or has no host.
    #[error("url of the target {why}")]
    BadUrl {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A URL that carries a user name or password.
    #[error("url of the target carries user information")]
    UrlWithUser,
    /// Nothing to search by.
    #[error("target names no host, address, url or application")]
    Nothing,
}

/// A host name split from its port, or the address it spells.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Name(String),
    Address(IpAddr),
}

/// Collects keys: each at most once (ASCII case aside), in the order asked for.
#[derive(Debug, Default)]
struct Keys {
    list: Vec<SearchKey>,
}

impl Keys {
    fn push(&mut self, kind: KeyKind, value: impl Into<String>) {
        self.list.push(SearchKey { kind, value: value.into() });
    }

    /// A host, and what follows from it. An address is asked for as a name too: machines found by
    /// a scan without DNS are *called* by their address in the vault.
    fn push_host(&mut self, kind: KeyKind, host: &Host) {
        match host {
            Host::Name(name) => {
                self.push(kind, name.clone());
                if kind != KeyKind::UrlHost
                    && let Some((short, _)) = name.split_once('.')
                {
                    self.push(KeyKind::ShortName, short);
                }
            }
            Host::Address(address) => {
                self.push(kind, address.to_string());
                if kind != KeyKind::UrlHost {
                    self.push(KeyKind::Address, address.to_string());
                }
            }
        }
    }

    /// Sorted by `order` (kinds not in it are left out), first spelling of a value wins.
    fn finish(self, order: &[KeyKind]) -> Vec<SearchKey> {
        let mut seen = HashSet::new();
        let mut keys: Vec<SearchKey> = Vec::new();
        for kind in order {
            for key in self.list.iter().filter(|key| key.kind == *kind) {
                // An address as a name and the same as an address are different questions.
                let question = match key.kind {
                    KeyKind::Application => 2,
                    KeyKind::Address => 1,
                    _ => 0,
                };
                if seen.insert((question, key.value.to_ascii_lowercase())) {
                    keys.push(key.clone());
                }
            }
        }
        keys.truncate(MAX_KEYS);
        keys
    }
}

/// Reads `host`, `host:port`, `host.`, `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]:3389`.
fn read_host(member: &'static str, text: &str) -> Result<Host, SearchKeyError> {
    let bad = |why| SearchKeyError::Unusable { member, why };
    let text = text.trim();
    let bare = if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']').ok_or_else(|| bad("`[` without `]`"))?;
        if !(after.is_empty() || after.strip_prefix(':').is_some_and(is_port)) {
            return Err(bad("only a port may follow `]`"));
        }
        // Brackets hold an IPv6 literal and nothing else.
        inside.parse::<std::net::Ipv6Addr>().map_err(|_| bad("no IPv6 address in `[ ]`"))?;
        inside
    } else {
        match text.split_once(':') {
            // One colon: a port. Several: an IPv6 literal without brackets.
            Some((host, port)) if !port.contains(':') => {
                if !is_port(port) {
                    return Err(bad("port is not a number up to 65535"));
                }
                host
            }
            _ => text,
        }
    };
    let without_zone = bare.split_once('%').map_or(bare, |(address, _)| address);
    if let Ok(address) = without_zone.parse::<IpAddr>() {
        return Ok(Host::Address(canonical(address)));
    }
    let name = bare.strip_suffix('.').unwrap_or(bare);
    if name.is_empty() {
        return Err(bad("empty"));
    }
    if name.len() > MAX_HOST {
        return Err(bad("longer than 253 bytes"));
    }
    if name.split('.').any(str::is_empty) {
        return Err(bad("empty label"));
    }
    // Letters of any script: internationalised names are the vault's to know. What could end a
    // name, start a path or a query, or hide in a log is not a letter.
    if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '$')) {
        return Err(bad("a character no host name has"));
    }
    Ok(Host::Name(name.to_owned()))
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// One spelling per address: IPv4 in IPv6 clothes is IPv4.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// `true` for an address that tells one machine from another across a network.
fn tells_a_machine(address: IpAddr) -> bool {
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    !(address.is_loopback() || address.is_unspecified() || address.is_multicast() || link_local)
}

/// The host of a URL, refused when it carries user information.
fn read_url_host(text: &str) -> Result<Host, SearchKeyError> {
    let url =
        Url::parse(text.trim()).map_err(|_| SearchKeyError::BadUrl { why: "is not a URL" })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SearchKeyError::UrlWithUser);
    }
    match url.host() {
        Some(url::Host::Ipv4(v4)) => Ok(Host::Address(v4.into())),
        Some(url::Host::Ipv6(v6)) => Ok(Host::Address(canonical(v6.into()))),
        Some(url::Host::Domain(name)) => read_host("url", name),
        None => Err(SearchKeyError::BadUrl { why: "has no host" }),
    }
}
