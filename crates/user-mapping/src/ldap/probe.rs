//! What servers say about themselves: for people who set a directory up.

use serde::Serialize;
use tokio::time::Instant;

use ldap3::{Scope, SearchEntry};

use super::connection::{Connection, Handle, Trouble};
use super::search::Found;
use super::servers::{Servers, Slot};
use super::{LdapSettings, Schema, Security};
use crate::{DomainNames, is_same};

/// What is known of a directory after looking at all of its servers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DirectoryReport {
    /// Why no server is known at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Every server, in the order in which they are tried.
    pub servers: Vec<ServerReport>,
}

/// What is known of one server.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ServerReport {
    /// Its address.
    pub address: String,
    /// Why it cannot be used; what it says of itself is missing then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// How long connecting and signing in took, in milliseconds.
    pub connect_ms: u64,
    /// `LDAPS` or `StartTLS`.
    pub protection: &'static str,
    /// Version of TLS, such as `TLSv1_3`.
    pub tls_version: String,
    /// Cipher suite.
    pub tls_cipher: String,
    /// How we said who we are: `simple`, or `anonymous`.
    pub bind: &'static str,
    /// Whether the sign-in was tied to the TLS channel. It never is: a simple bind cannot be, and
    /// the library that we use ties none. TLS alone protects the password.
    pub channel_binding: bool,
    /// What it is.
    pub kind: DirectoryKind,
    /// Its own name for its host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_name: Option<String>,
    /// Where its domain's entries begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_base: Option<String>,
    /// All bases it has entries below.
    pub bases: Vec<String>,
    /// Ways to sign in beside a name and a password.
    pub sasl_mechanisms: Vec<String>,
    /// The domains of its forest.
    pub domains: Vec<CrossRef>,
    /// Further suffixes of principal names in its forest.
    pub suffixes: Vec<String>,
    /// What probably is not meant.
    pub warnings: Vec<String>,
}

impl DirectoryReport {
    /// What the forest calls the domain otherwise than the mapping does. Only what somebody should
    /// look at is told: names that the mapping leaves out are no fault.
    #[must_use]
    pub fn compare(&self, names: &DomainNames<'_>, base: &str) -> Vec<String> {
        let told = self.servers.iter().find(|server| !server.domains.is_empty());
        let Some(server) = told else { return Vec::new() };
        let same_base =
            |domain: &&CrossRef| match (crate::Dn::parse(&domain.base), crate::Dn::parse(base)) {
                (Ok(theirs), Ok(ours)) => {
                    ours.is_within(&theirs) && ours.dc_run() == theirs.dc_run()
                }
                _ => false,
            };
        let mut differences = Vec::new();
        match server.domains.iter().find(same_base) {
            None => differences.push(format!("its forest has no domain with the base `{base}`")),
            Some(domain) => {
                if let Some(netbios) = names.netbios.filter(|name| !is_same(name, &domain.netbios))
                {
                    differences.push(format!(
                        "the mapping says netbios = \"{netbios}\", the directory `{}`",
                        domain.netbios
                    ));
                }
                let has_dns = names.dns.iter().any(|name| is_same(name, &domain.dns));
                if !names.dns.is_empty() && !has_dns {
                    differences.push(format!(
                        "the directory's DNS name `{}` is not in the mapping's `dns`",
                        domain.dns
                    ));
                }
            }
        }
        let others = server.domains.iter().filter(|domain| !same_base(domain));
        for other in others {
            if names.dns.iter().any(|name| is_same(name, &other.dns)) {
                differences.push(format!(
                    "`{}` is the DNS name of another domain of the forest, {}",
                    other.dns, other.netbios
                ));
            }
        }
        for suffix in names.suffix {
            let is_known = server.suffixes.iter().any(|known| is_same(known, suffix))
                || server.domains.iter().any(|domain| is_same(&domain.dns, suffix));
            if !is_known {
                differences
                    .push(format!("the suffix `{suffix}` of the mapping is none of the forest's"));
            }
        }
        differences
    }
}

/// A domain of a forest: a `crossRef` object ([MS-ADTS] 6.1.1.2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CrossRef {
    /// The NetBIOS name.
    pub netbios: String,
    /// The DNS name.
    pub dns: String,
    /// Where its entries begin.
    pub base: String,
}

/// What kind of directory a server is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DirectoryKind {
    /// Active Directory of Windows.
    ActiveDirectory,
    /// Samba as a domain controller.
    Samba,
    /// OpenLDAP.
    OpenLdap,
    /// Anything else.
    #[default]
    Other,
}

/// Says that a server has Active Directory's abilities ([MS-ADTS] 3.1.1.3.4.3).
const ACTIVE_DIRECTORY: &str = "1.2.840.113556.1.4.800";

/// More domains than this are not told.
const MOST_DOMAINS: i32 = 200;

pub(super) async fn probe(settings: &LdapSettings, servers: &Servers) -> DirectoryReport {
    match servers.current(settings).await {
        Err(problem) => DirectoryReport { problem: Some(problem), servers: Vec::new() },
        Ok(slots) => {
            let mut reports = Vec::new();
            for slot in slots {
                let total = settings.limits.total;
                let report = tokio::time::timeout(total, look_at(&slot, settings)).await;
                reports.push(report.unwrap_or_else(|_| ServerReport {
                    problem: Some(format!("it did not answer within {} s", total.as_secs_f32())),
                    ..ServerReport::of(&slot, settings)
                }));
            }
            DirectoryReport { problem: None, servers: reports }
        }
    }
}

impl ServerReport {
    /// What is known before anything was asked.
    fn of(slot: &Slot, settings: &LdapSettings) -> Self {
        Self {
            address: slot.address.to_string(),
            protection: match slot.address.security {
                Security::Ldaps => "LDAPS",
                Security::StartTls => "StartTLS",
            },
            bind: if settings.bind.is_some() { "simple" } else { "anonymous" },
            ..Self::default()
        }
    }
}

async fn look_at(slot: &Slot, settings: &LdapSettings) -> ServerReport {
    let mut report = ServerReport::of(slot, settings);
    let began = Instant::now();
    let opened = Connection::open(&slot.address, &slot.at, settings).await;
    report.connect_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let connection = match opened {
        Ok(connection) => connection,
        Err(trouble) => {
            report.problem = Some(trouble.to_string());
            return report;
        }
    };
    report.tls_version.clone_from(&connection.spoken.version);
    report.tls_cipher.clone_from(&connection.spoken.cipher);
    let mut handle = connection.handle(settings.limits.operation);
    if let Err(trouble) = ask(&mut handle, settings, &mut report).await {
        report.problem = Some(trouble.to_string());
    }
    report
}

async fn ask(
    handle: &mut Handle,
    settings: &LdapSettings,
    report: &mut ServerReport,
) -> Result<(), Trouble> {
    // By `*` and `+` a server tells what it likes; some tell these only when they are named.
    let wanted = [
        "defaultNamingContext",
        "namingContexts",
        "configurationNamingContext",
        "supportedSASLMechanisms",
        "supportedCapabilities",
        "vendorName",
        "dnsHostName",
        "structuralObjectClass",
        "objectClass",
    ]
    .map(str::to_owned);
    let root = handle.search("", Scope::Base, "(objectClass=*)", &wanted).await?.only();
    let root = root.ok_or_else(|| Trouble::Settled("it tells nothing of itself".to_owned()))?;
    report.default_base = values(&root, "defaultNamingContext").pop();
    report.bases = values(&root, "namingContexts");
    report.sasl_mechanisms = values(&root, "supportedSASLMechanisms");
    report.host_name = values(&root, "dnsHostName").pop();
    report.kind = kind(&root);
    let configuration = values(&root, "configurationNamingContext").pop();
    if let (Schema::ActiveDirectory, Some(configuration)) = (&settings.schema, configuration) {
        forest(handle, &configuration, report).await?;
    }
    report.warnings = warnings(settings, report);
    Ok(())
}

async fn forest(
    handle: &mut Handle,
    configuration: &str,
    report: &mut ServerReport,
) -> Result<(), Trouble> {
    let partitions = format!("CN=Partitions,{configuration}");
    let wanted = ["nETBIOSName", "dnsRoot", "nCName"].map(str::to_owned);
    let filter = "(&(objectClass=crossRef)(nETBIOSName=*))";
    let found =
        handle.search_up_to(MOST_DOMAINS, &partitions, Scope::OneLevel, filter, &wanted).await?;
    if let Found::Entries(entries) = found {
        report.domains = entries
            .iter()
            .filter_map(|entry| {
                let one = |name: &str| values(entry, name).pop();
                let (netbios, dns, base) = (one("nETBIOSName"), one("dnsRoot"), one("nCName"));
                Some(CrossRef { netbios: netbios?, dns: dns?, base: base? })
            })
            .collect();
    }
    let wanted = ["uPNSuffixes".to_owned()];
    let found = handle.search(&partitions, Scope::Base, "(objectClass=*)", &wanted).await?;
    report.suffixes = found.only().map(|entry| values(&entry, "uPNSuffixes")).unwrap_or_default();
    Ok(())
}

fn kind(root: &SearchEntry) -> DirectoryKind {
    let vendor = values(root, "vendorName").join(" ");
    let is_domain = values(root, "supportedCapabilities").iter().any(|one| one == ACTIVE_DIRECTORY);
    let classes = [values(root, "objectClass"), values(root, "structuralObjectClass")].concat();
    if vendor.to_ascii_lowercase().contains("samba") {
        DirectoryKind::Samba
    } else if is_domain {
        DirectoryKind::ActiveDirectory
    } else if classes.iter().any(|class| is_same(class, "OpenLDAProotDSE")) {
        DirectoryKind::OpenLdap
    } else {
        DirectoryKind::Other
    }
}

fn warnings(settings: &LdapSettings, report: &ServerReport) -> Vec<String> {
    let mut told = Vec::new();
    let is_domain = matches!(report.kind, DirectoryKind::ActiveDirectory | DirectoryKind::Samba);
    match (&settings.schema, is_domain) {
        (Schema::ActiveDirectory, false) => {
            told.push("it is no Active Directory; set schema = \"inet-org-person\"".to_owned());
        }
        (Schema::InetOrgPerson { .. }, true) => {
            told.push("it is an Active Directory; set schema = \"active-directory\"".to_owned());
        }
        _ => {}
    }
    let is_below = |base: &String| match (crate::Dn::parse(&settings.base), crate::Dn::parse(base))
    {
        (Ok(ours), Ok(base)) => ours.is_within(&base),
        _ => false,
    };
    if !report.bases.is_empty() && !report.bases.iter().any(is_below) {
        let bases = report.bases.join(", ");
        told.push(format!("it has no entries below `{}`; it has {bases}", settings.base));
    }
    told
}

/// The values of an attribute; attribute names are compared without case.
fn values(entry: &SearchEntry, name: &str) -> Vec<String> {
    let found = entry.attrs.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    found.map(|(_, values)| values.clone()).unwrap_or_default()
}
