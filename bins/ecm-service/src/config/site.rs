//! `[[site]]`: one remote-support site.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use service_host::outbound::{Bracketed, ProxyAddress};
use service_host::tls::Trust;
use url::Url;

use super::reader::{At, TableReader};
use super::tls::{read_https_url, read_proxy, read_trust};
use super::{Context, key, read_name};

/// One site, checked.
#[derive(Debug, Clone)]
pub struct SiteConfig {
    /// Its name in logs and in the ledger.
    pub name: String,
    /// Where it listens, and with which transport.
    pub address: SiteAddress,
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: SecretString,
    /// Where tokens are fetched; always https.
    pub token_url: Url,
    /// The ECM group the site must put us into.
    pub expect_group: Option<String>,
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// Proxy for the link, the token call, and every call beside the link.
    pub proxy: Option<ProxyAddress>,
    /// Questions of the site that are worked on at a time, 1 to 2000.
    pub questions_at_a_time: u32,
    /// How often the ledger is compared with ended sessions, 1 s to 1 d; `None` for never.
    pub reconcile_every: Option<Duration>,
    /// What is added to questions from the site's APIs.
    pub enrichment: Enrichment,
}

/// What is added to a site's questions from its APIs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enrichment {
    /// Full name and private address of Jump Clients.
    pub jump_items: bool,
    /// Ticket of a session.
    pub ticket: Option<TicketAttributes>,
}

/// Code names of the session attributes a ticket stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketAttributes {
    /// Its number.
    pub number: String,
    /// Name of its system.
    pub system: Option<String>,
}

/// Where a site listens, and with which transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiteAddress {
    /// `open-websocket`: WebSocket over TLS.
    WebSocket {
        /// Host name or address, without brackets.
        host: String,
        /// Port.
        port: u16,
        /// Path of the upgrade request, `/ecm/v1` by default.
        path: String,
    },
    /// `open-framed` over TLS.
    FramedTls {
        /// Host name or address, without brackets.
        host: String,
        /// Port.
        port: u16,
    },
    /// `open-framed` over a Unix socket.
    FramedUnix {
        /// The socket.
        path: PathBuf,
    },
}

impl fmt::Display for SiteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WebSocket { host, port, path } => {
                write!(f, "wss://{}:{port}{path}", Bracketed(host))
            }
            Self::FramedTls { host, port } => write!(f, "tls://{}:{port}", Bracketed(host)),
            Self::FramedUnix { path } => write!(f, "unix:{}", path.display()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    OpenWebSocket,
    OpenFramed,
}

impl SiteConfig {
    pub(crate) fn from_reader(
        mut reader: TableReader<'_, '_>,
        context: &Context<'_>,
        names: &mut BTreeMap<String, ()>,
    ) -> Option<Self> {
        let name = read_name(&mut reader, &key::SITE_NAME, names);
        let transports =
            [("open-websocket", Transport::OpenWebSocket), ("open-framed", Transport::OpenFramed)];
        let transport = reader
            .choice(&key::SITE_TRANSPORT, &transports)
            .map_or(Transport::OpenWebSocket, |at| at.value);
        let address = read_address(&mut reader, transport);
        let client_id = reader.text(&key::SITE_CLIENT_ID).map(|at| at.value.to_owned());
        let client_secret = read_secret_text(&mut reader, &key::SITE_CLIENT_SECRET, context);
        let token_url = read_token_url(&mut reader, address.as_ref());
        let expect_group = reader.text(&key::SITE_EXPECT_GROUP).map(|at| at.value.to_owned());
        let questions_at_a_time = reader.number(&key::SITE_QUESTIONS, 1..=2000_u32).unwrap_or(64);
        let reconcile_every = read_reconcile(&mut reader);
        let enrichment = read_enrichment(&mut reader);
        let trust = read_trust(&mut reader, context);
        let proxy = read_proxy(&mut reader);
        if let (Some(SiteAddress::FramedUnix { .. }), Some(Some(_))) = (&address, &proxy) {
            reader.problem(
                reader.span_of(&key::PROXY),
                "a Unix socket is not reached through a proxy",
                "remove proxy, or use a tls:// address",
            );
        }
        reader.finish();
        Some(Self {
            name: name?,
            address: address?,
            client_id: client_id?,
            client_secret: client_secret?,
            token_url: token_url?,
            expect_group,
            trust: trust?,
            proxy: proxy?,
            questions_at_a_time,
            reconcile_every,
            enrichment,
        })
    }
}

fn read_reconcile(reader: &mut TableReader<'_, '_>) -> Option<Duration> {
    let second = Duration::from_secs(1);
    let wanted = reader.switch(&key::SITE_RECONCILE).is_none_or(|at| at.value);
    let every = reader.duration(&key::SITE_RECONCILE_EVERY, second..=second * 86_400);
    wanted.then(|| every.unwrap_or(second * 600))
}

fn read_enrichment(reader: &mut TableReader<'_, '_>) -> Enrichment {
    let jump_items = reader.switch(&key::SITE_ENRICH).is_some_and(|at| at.value);
    let number = read_attribute(reader, &key::SITE_TICKET_NUMBER);
    let system = read_attribute(reader, &key::SITE_TICKET_SYSTEM);
    if number.is_none() && system.is_some() && !reader.has(key::SITE_TICKET_NUMBER.name) {
        reader.problem(
            reader.span_of(&key::SITE_TICKET_SYSTEM),
            "`ticket-system-attribute` alone makes no ticket",
            "add ticket-number-attribute",
        );
    }
    let ticket = number.map(|number| TicketAttributes { number, system });
    Enrichment { jump_items, ticket }
}

fn read_attribute(reader: &mut TableReader<'_, '_>, key: &'static key::Key) -> Option<String> {
    let At { value, span } = reader.text(key)?;
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if value.is_empty() || value.len() > 64 || !value.bytes().all(fine) {
        reader.problem(
            span,
            format!("`{}` is no code name", key.name),
            "write the attribute's code name: letters, digits and _, at most 64",
        );
        return None;
    }
    Some(value.to_owned())
}

/// Takes a secret reference and fetches what it points to.
pub(crate) fn read_secret_text(
    reader: &mut TableReader<'_, '_>,
    key: &'static key::Key,
    context: &Context<'_>,
) -> Option<SecretString> {
    let At { value, span } = reader.secret(key)?;
    match value.fetch_text(context.base, context.surroundings) {
        Ok(secret) => Some(secret),
        Err(error) => {
            reader.problem(span, error.to_string(), error.advice());
            None
        }
    }
}

fn read_address(reader: &mut TableReader<'_, '_>, transport: Transport) -> Option<SiteAddress> {
    let At { value, span } = reader.text(&key::SITE_URL)?;
    match parse_address(value, transport) {
        Ok(address) => Some(address),
        Err((message, advice)) => {
            reader.problem(span, message, advice);
            None
        }
    }
}

fn parse_address(text: &str, transport: Transport) -> Result<SiteAddress, (String, String)> {
    let example = format!("write for example: url = {}", key::SITE_URL.example);
    if let Some(path) = text.strip_prefix("unix:") {
        return match transport {
            Transport::OpenFramed if !path.is_empty() => {
                // Both unix:/run/x and the unix:///run/x that people write by habit.
                let path =
                    if path.starts_with("///") { path.trim_start_matches("//") } else { path };
                let path =
                    if path.starts_with('/') { path } else { text.trim_start_matches("unix:") };
                Ok(SiteAddress::FramedUnix { path: PathBuf::from(path) })
            }
            Transport::OpenFramed => Err(("`url` names no socket".to_owned(), example)),
            Transport::OpenWebSocket => Err((
                "a Unix socket needs the framed transport".to_owned(),
                "add transport = \"open-framed\"".to_owned(),
            )),
        };
    }
    let url =
        Url::parse(text).map_err(|e| (format!("`url` is not a URL: {e}"), example.clone()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err((
            "`url` must not hold a user name or password".to_owned(),
            "the account is given by client-id and client-secret".to_owned(),
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err((
            "`url` must not have a query or fragment".to_owned(),
            "take everything from the ? or # on out of the address".to_owned(),
        ));
    }
    let host = url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned());
    let host = host.filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| ("`url` names no host".to_owned(), example.clone()))?;
    match (url.scheme(), transport) {
        ("wss", Transport::OpenWebSocket) => {
            let path = if matches!(url.path(), "" | "/") { "/ecm/v1" } else { url.path() };
            Ok(SiteAddress::WebSocket {
                host,
                port: url.port().unwrap_or(443),
                path: path.to_owned(),
            })
        }
        ("tls", Transport::OpenFramed) => {
            let port = url.port().ok_or_else(|| {
                ("a tls:// address needs a port".to_owned(), "write tls://host:port".to_owned())
            })?;
            if !matches!(url.path(), "" | "/") {
                return Err((
                    "a tls:// address has no path".to_owned(),
                    "write tls://host:port".to_owned(),
                ));
            }
            Ok(SiteAddress::FramedTls { host, port })
        }
        ("wss", Transport::OpenFramed) => Err((
            "the framed transport has no wss:// addresses".to_owned(),
            "write tls://host:port, or transport = \"open-websocket\"".to_owned(),
        )),
        ("tls", Transport::OpenWebSocket) => Err((
            "a tls:// address needs the framed transport".to_owned(),
            "add transport = \"open-framed\", or write wss://…".to_owned(),
        )),
        ("ws" | "http", _) => {
            Err(("`url` must be encrypted: secrets travel on this connection".to_owned(), example))
        }
        _ => Err((format!("`url` must be {}", key::SITE_URL.value), example)),
    }
}

fn read_token_url(reader: &mut TableReader<'_, '_>, address: Option<&SiteAddress>) -> Option<Url> {
    if reader.has(key::SITE_TOKEN_URL.name) {
        return read_https_url(reader, &key::SITE_TOKEN_URL);
    }
    let (host, port) = match address? {
        SiteAddress::WebSocket { host, port, .. } | SiteAddress::FramedTls { host, port } => {
            (host, port)
        }
        SiteAddress::FramedUnix { .. } => {
            reader.problem(
                reader.span(),
                "`token-url` is missing: it cannot be guessed from a Unix socket",
                format!("add for example: token-url = {}", key::SITE_TOKEN_URL.example),
            );
            return None;
        }
    };
    Url::parse(&format!("https://{}:{port}/oauth2/token", Bracketed(host))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_their_defaults() {
        let web = Transport::OpenWebSocket;
        let framed = Transport::OpenFramed;
        for (text, transport, shown) in [
            ("wss://support.example.com", web, "wss://support.example.com:443/ecm/v1"),
            ("wss://support.example.com:8443/x/y", web, "wss://support.example.com:8443/x/y"),
            ("wss://[2001:db8::1]/", web, "wss://[2001:db8::1]:443/ecm/v1"),
            ("tls://ecm.example.com:7443", framed, "tls://ecm.example.com:7443"),
            ("unix:/run/site.sock", framed, "unix:/run/site.sock"),
            ("unix:///run/site.sock", framed, "unix:/run/site.sock"),
        ] {
            let address = parse_address(text, transport).expect(text);
            assert_eq!(address.to_string(), shown);
        }
    }

    #[test]
    fn addresses_that_would_leak_or_mislead_are_refused() {
        let web = Transport::OpenWebSocket;
        let framed = Transport::OpenFramed;
        for (text, transport) in [
            ("ws://support.example.com", web),
            ("https://support.example.com", web),
            ("wss://joe:secret@support.example.com", web),
            ("wss://support.example.com?token=x", web),
            ("wss://support.example.com", framed),
            ("tls://ecm.example.com", framed),
            ("tls://ecm.example.com:1/x", framed),
            ("unix:", framed),
            ("unix:/run/site.sock", web),
            ("support.example.com", web),
        ] {
            assert!(parse_address(text, transport).is_err(), "{text}");
        }
    }
}
