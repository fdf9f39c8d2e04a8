//! Which servers a domain has, as its DNS tells (SRV records, RFC 2782; [MS-ADTS] 6.3.6).
//!
//! DNS answers are not authenticated. So only servers whose names lie in the domain are taken,
//! the connection is encrypted before anything is said, and the certificate has to be for the name
//! that was found. Whoever forges an answer can keep us from a server. Whoever also holds the key
//! of a certificate for any host of the domain, from an authority that is trusted here, can pass
//! for one: where every computer has such a certificate, servers are better written down, or the
//! trusted authority is one that certifies domain controllers only.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use tokio::time::Instant;

use super::srv_order::{Dice, Offer, in_order};
use super::{LdapServer, Security};
use crate::is_same;

/// More servers than this are not taken.
const MOST: usize = 32;
/// An answer is believed for at least this, and for at most that.
const SHORTEST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(3600);
/// The port of LDAPS; there are no SRV records for it.
const LDAPS_PORT: u16 = 636;

/// A domain whose servers are looked up instead of written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// Its DNS name.
    pub domain: String,
    /// A site of Active Directory, whose servers are near.
    pub site: Option<String>,
    /// Which name servers to ask; those of the machine when there are none.
    pub name_servers: Vec<SocketAddr>,
    /// Where chance begins: servers of equal rank are tried in an order drawn from it.
    pub seed: u64,
}

/// A server that was found, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) server: LdapServer,
    pub(super) addresses: Vec<IpAddr>,
}

impl Discovery {
    /// The names to ask for, the first that is there counts.
    fn names(&self) -> Vec<String> {
        let domain = self.domain.trim_end_matches('.');
        let site = self.site.as_ref();
        let near = site.map(|site| format!("_ldap._tcp.{site}._sites.dc._msdcs.{domain}."));
        let far = [format!("_ldap._tcp.dc._msdcs.{domain}."), format!("_ldap._tcp.{domain}.")];
        near.into_iter().chain(far).collect()
    }

    /// Looks the servers up. Gives them in the order in which they are tried, and for how long
    /// that is to be believed.
    pub(super) async fn look_up(&self, dice: &mut Dice) -> Result<(Vec<Found>, Duration), String> {
        let resolver = self.resolver()?;
        let mut troubles = Vec::new();
        for name in self.names() {
            let told = match resolver.srv_lookup(name.as_str()).await {
                Ok(told) => told,
                Err(error) if error.is_no_records_found() => {
                    troubles.push(format!("{name} is not there"));
                    continue;
                }
                Err(error) => return Err(format!("{name}: {error}")),
            };
            let offers: Vec<Offer> = told
                .answers()
                .iter()
                .filter_map(|record| match &record.data {
                    RData::SRV(srv) => Some(Offer {
                        priority: srv.priority,
                        weight: srv.weight,
                        port: srv.port,
                        host: srv.target.to_ascii().trim_end_matches('.').to_owned(),
                    }),
                    _ => None,
                })
                .take(MOST)
                .collect();
            let (offers, strangers) = self.part(offers);
            if offers.is_empty() {
                troubles.push(match strangers.first() {
                    Some(host) => {
                        format!("{name} names `{host}`, which is not in {}", self.domain)
                    }
                    None => format!("{name} says that there is no such service"),
                });
                continue;
            }
            let believed = told.valid_until().saturating_duration_since(Instant::now().into_std());
            let offers = in_order(offers, |end| dice.below(end));
            let looked_up = offers.into_iter().map(async |offer| {
                let told = resolver.lookup_ip(format!("{}.", offer.host)).await.ok()?;
                // In one order, so that the same addresses are known as the same server.
                let mut addresses: Vec<IpAddr> = told.iter().collect();
                addresses.sort_unstable();
                let server =
                    LdapServer { host: offer.host, port: LDAPS_PORT, security: Security::Ldaps };
                Some(Found { server, addresses }).filter(|found| !found.addresses.is_empty())
            });
            let found: Vec<Found> = join_all(looked_up).await.into_iter().flatten().collect();
            if found.is_empty() {
                troubles.push(format!("none of the servers of {name} has an address"));
                continue;
            }
            return Ok((found, believed.clamp(SHORTEST, LONGEST)));
        }
        Err(troubles.join("; "))
    }

    /// Those inside of the domain, and the names of the others.
    fn part(&self, offers: Vec<Offer>) -> (Vec<Offer>, Vec<String>) {
        let (inside, outside): (Vec<_>, Vec<_>) =
            offers.into_iter().partition(|offer| is_within(&offer.host, &self.domain));
        let outside = outside.into_iter().map(|offer| offer.host).filter(|host| !host.is_empty());
        (inside, outside.collect())
    }

    fn resolver(&self) -> Result<TokioResolver, String> {
        let failed = |error: hickory_resolver::net::NetError| format!("no name server: {error}");
        if self.name_servers.is_empty() {
            return TokioResolver::builder_tokio().map_err(failed)?.build().map_err(failed);
        }
        let servers = self.name_servers.iter().map(|address| {
            let mut kinds = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            kinds.iter_mut().for_each(|kind| kind.port = address.port());
            NameServerConfig::new(address.ip(), true, kinds.into())
        });
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            .build()
            .map_err(failed)
    }
}

/// Whether a host is one of the domain: the domain's own name, or below it.
fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.trim_end_matches('.');
    if is_same(host, domain) {
        return true;
    }
    let split = host.len().checked_sub(domain.len()).and_then(|at| host.split_at_checked(at));
    split
        .is_some_and(|(front, end)| is_same(end, domain) && front.len() > 1 && front.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_the_domain_are_taken() {
        for (host, is_inside) in [
            ("dc1.acme.test", true),
            ("DC1.emea.ACME.test", true),
            ("acme.test", true),
            ("dc1.evil.test", false),
            ("dc1.notacme.test", false),
            (".acme.test", false),
            ("acme.test.evil.test", false),
            ("", false),
        ] {
            assert_eq!(is_within(host, "acme.test."), is_inside, "{host}");
        }
    }

    #[test]
    fn servers_that_are_near_are_asked_for_first() {
        let discovery = Discovery {
            domain: "acme.test".to_owned(),
            site: Some("Bonn".to_owned()),
            name_servers: Vec::new(),
            seed: 0,
        };
        assert_eq!(
            discovery.names(),
            [
                "_ldap._tcp.Bonn._sites.dc._msdcs.acme.test.",
                "_ldap._tcp.dc._msdcs.acme.test.",
                "_ldap._tcp.acme.test.",
            ]
        );
    }
}
