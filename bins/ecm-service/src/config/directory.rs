//! `[[directory]]`: where the users of a domain are written down.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use rustls::pki_types::ServerName;
use secrecy::SecretString;
use service_host::tls::Trust;
use user_mapping::Dn;
use user_mapping::ldap::{Discovery, LdapServer, Schema};

use super::reader::{At, TableReader};
use super::site::read_secret_text;
use super::tls::read_trust;
use super::{Context, key};

/// The directory of one domain, checked.
#[derive(Debug, Clone)]
pub struct DirectoryConfig {
    /// The id of the domain in the mapping.
    pub domain: String,
    /// Its servers; none when they are discovered.
    pub servers: Vec<LdapServer>,
    /// How its servers are found, if they are not written down.
    pub discovery: Option<Discovery>,
    /// Below which entry users are looked for.
    pub base: String,
    /// As whom to ask: name and password.
    pub bind: Option<(String, SecretString)>,
    /// How users are written down.
    pub schema: Schema,
    /// Whose certificates are trusted.
    pub trust: Trust,
}

impl DirectoryConfig {
    pub(crate) fn from_reader(
        mut reader: TableReader<'_, '_>,
        context: &Context<'_>,
        domains: &mut BTreeMap<String, ()>,
    ) -> Option<Self> {
        let domain = read_domain(&mut reader, domains);
        let discovery = read_discovery(&mut reader);
        let servers = read_servers(&mut reader);
        let base = read_base(&mut reader);
        let bind = read_bind(&mut reader, context);
        let schema = read_schema(&mut reader);
        let trust = read_trust(&mut reader, context);
        reader.finish();
        Some(Self {
            domain: domain?,
            servers: servers?,
            discovery: discovery?,
            base: base?,
            bind: bind?,
            schema: schema?,
            trust: trust?,
        })
    }
}

fn read_domain(
    reader: &mut TableReader<'_, '_>,
    domains: &mut BTreeMap<String, ()>,
) -> Option<String> {
    let At { value, span } = reader.text(&key::DIRECTORY_DOMAIN)?;
    if domains.insert(value.to_owned(), ()).is_some() {
        let message = format!("the domain `{value}` has a directory already");
        reader.problem(span, message, "list all of its servers in one `urls`");
        return None;
    }
    Some(value.to_owned())
}

fn read_servers(reader: &mut TableReader<'_, '_>) -> Option<Vec<LdapServer>> {
    let urls = if reader.has(key::DIRECTORY_URLS.name) {
        reader.texts(&key::DIRECTORY_URLS)
    } else {
        None
    };
    let (has_urls, is_discovered) =
        (reader.has(key::DIRECTORY_URLS.name), reader.has(key::DIRECTORY_DISCOVER.name));
    if has_urls == is_discovered {
        reader.problem(
            reader.span(),
            "a directory has either `urls` or `discover`",
            format!(
                "write its servers, for example urls = {}, or the domain to look them up in",
                key::DIRECTORY_URLS.example
            ),
        );
        return None;
    }
    if is_discovered {
        return Some(Vec::new());
    }
    let urls = urls?;
    let mut servers = Vec::new();
    for At { value, span } in urls {
        match LdapServer::parse(value) {
            Ok(server) => servers.push(server),
            Err(error) => {
                let example = key::DIRECTORY_URLS.example;
                reader.problem(
                    span,
                    error.to_string(),
                    format!("write for example: urls = {example}"),
                );
                return None;
            }
        }
    }
    Some(servers)
}

/// The outer `Option` is `None` when a key is wrong.
fn read_discovery(reader: &mut TableReader<'_, '_>) -> Option<Option<Discovery>> {
    let site = reader.text(&key::DIRECTORY_DISCOVER_SITE).map(|at| at.value.to_owned());
    let mut name_servers = Vec::new();
    if reader.has(key::DIRECTORY_DNS_SERVERS.name) {
        for At { value, span } in reader.texts(&key::DIRECTORY_DNS_SERVERS)? {
            let with_port = value.parse::<SocketAddr>();
            let alone = value.parse::<IpAddr>().map(|address| SocketAddr::new(address, DNS_PORT));
            match with_port.or(alone) {
                Ok(address) => name_servers.push(address),
                Err(_) => {
                    let message = format!("`{value}` is no address of a name server");
                    let example = key::DIRECTORY_DNS_SERVERS.example;
                    reader.problem(span, message, format!("write for example: {example}"));
                    return None;
                }
            }
        }
    }
    if !reader.has(key::DIRECTORY_DISCOVER.name) {
        if site.is_some() || !name_servers.is_empty() {
            reader.problem(
                reader.span(),
                "`discover-site` and `dns-servers` go with `discover`",
                "add `discover`, or remove them",
            );
            return None;
        }
        return Some(None);
    }
    let At { value, span } = reader.text(&key::DIRECTORY_DISCOVER)?;
    if !value.contains('.') || ServerName::try_from(value).is_err() {
        let message = format!("`{value}` is no DNS name of a domain");
        let example = key::DIRECTORY_DISCOVER.example;
        reader.problem(span, message, format!("write for example: discover = {example}"));
        return None;
    }
    let mut seed = [0; 8];
    // Without chance the order is always the same, which is all that is lost.
    let _ = getrandom::fill(&mut seed);
    let seed = u64::from_le_bytes(seed);
    Some(Some(Discovery { domain: value.to_owned(), site, name_servers, seed }))
}

/// The port of DNS.
const DNS_PORT: u16 = 53;

fn read_base(reader: &mut TableReader<'_, '_>) -> Option<String> {
    let At { value, span } = reader.text(&key::DIRECTORY_BASE)?;
    match Dn::parse(value) {
        Ok(_) => Some(value.to_owned()),
        Err(error) => {
            reader.problem(span, format!("`base`: {error}"), error.problem().advice());
            None
        }
    }
}

/// The outer `Option` is `None` when a key is wrong.
fn read_bind(
    reader: &mut TableReader<'_, '_>,
    context: &Context<'_>,
) -> Option<Option<(String, SecretString)>> {
    let (has_name, has_password) =
        (reader.has(key::DIRECTORY_BIND_NAME.name), reader.has(key::DIRECTORY_BIND_PASSWORD.name));
    if !has_name && !has_password {
        return Some(None);
    }
    if has_name != has_password {
        reader.problem(
            reader.span(),
            "`bind-name` and `bind-password` go together",
            "add the other one; a name without a password would be an anonymous bind",
        );
    }
    let name = reader.text(&key::DIRECTORY_BIND_NAME).map(|at| at.value.to_owned());
    let password = read_secret_text(reader, &key::DIRECTORY_BIND_PASSWORD, context);
    Some(Some((name?, password?)))
}

fn read_schema(reader: &mut TableReader<'_, '_>) -> Option<Schema> {
    let is_wrong = |reader: &TableReader<'_, '_>, key: &key::Key| reader.has(key.name);
    let kinds = [("active-directory", true), ("inet-org-person", false)];
    let is_active_directory = match reader.choice(&key::DIRECTORY_SCHEMA, &kinds) {
        Some(at) => at.value,
        None if is_wrong(reader, &key::DIRECTORY_SCHEMA) => return None,
        None => true,
    };
    let logon_name = read_attribute(reader, &key::DIRECTORY_LOGON_NAME)?;
    let principal_name = read_attribute(reader, &key::DIRECTORY_PRINCIPAL_NAME)?;
    if !is_active_directory {
        let logon_name = logon_name.unwrap_or_else(|| "uid".to_owned());
        return Some(Schema::InetOrgPerson { logon_name, principal_name });
    }
    if logon_name.is_some() || principal_name.is_some() {
        reader.problem(
            reader.span(),
            "Active Directory has its own attributes for names",
            "remove `logon-name` and `principal-name`, or set schema = \"inet-org-person\"",
        );
        return None;
    }
    Some(Schema::ActiveDirectory)
}

/// The outer `Option` is `None` when the key is wrong. What is no attribute could change a filter.
fn read_attribute(
    reader: &mut TableReader<'_, '_>,
    key: &'static key::Key,
) -> Option<Option<String>> {
    let Some(At { value, span }) = reader.text(key) else {
        return if reader.has(key.name) { None } else { Some(None) };
    };
    let is_attribute = value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_attribute {
        return Some(Some(value.to_owned()));
    }
    reader.problem(
        span,
        format!("`{}` is no attribute of a directory", key.name),
        format!("write for example: {} = {}", key.name, key.example),
    );
    None
}
