//! Systems by their other names. Accounts can be searched by a system's *name* only, and that may
//! be neither what DNS calls it nor what stands in the address of its web page.

use std::net::IpAddr;

use ps_client::endpoint::managed_systems::ListManagedSystems;
use ps_client::model::{ManagedSystem, ManagedSystemQuery};
use ps_client::{Session, Transport};
use url::Url;

use crate::search_key::{KeyKind, SearchKey};

/// Rows per page; the vault's own default.
const PAGE: u32 = 1_000;

/// Pages looked through. A vault with more systems has no answer here within any deadline.
const MAX_PAGES: u32 = 10;

/// The vault's systems did not tell.
pub(super) enum Untold {
    /// This user may not read systems, as ordinary requestors may not; or the call failed.
    NotReadable,
    /// There are more than can be looked through.
    TooMany,
}

/// The systems that go by one of `keys`, each with the best key that fits it.
pub(super) async fn called<T: Transport>(
    session: &Session<T>,
    keys: &[SearchKey],
) -> Result<Vec<(SearchKey, ManagedSystem)>, Untold> {
    let mut found = Vec::new();
    for number in 0..MAX_PAGES {
        let page = ListManagedSystems {
            query: ManagedSystemQuery::default(),
            limit: PAGE,
            offset: number * PAGE,
        };
        let systems = session.send(&page).await.map_err(|_| Untold::NotReadable)?;
        let is_last = systems.len() < PAGE as usize;
        for system in systems {
            if let Some(key) = keys.iter().find(|key| goes_by(&system, key)) {
                found.push((key.clone(), system));
            }
        }
        if is_last {
            return Ok(found);
        }
    }
    Err(Untold::TooMany)
}

fn goes_by(system: &ManagedSystem, key: &SearchKey) -> bool {
    let same = |name: &Option<String>| {
        name.as_ref().is_some_and(|name| {
            name.strip_suffix('.').unwrap_or(name).eq_ignore_ascii_case(&key.value)
        })
    };
    match key.kind {
        KeyKind::Application => false,
        KeyKind::Address => {
            let ip = system.ip_address.as_ref().and_then(|ip| ip.trim().parse::<IpAddr>().ok());
            ip.is_some_and(|ip| ip.to_canonical().to_string() == key.value)
        }
        KeyKind::Host | KeyKind::ShortName | KeyKind::Fqdn | KeyKind::UrlHost => {
            system.name.eq_ignore_ascii_case(&key.value)
                || same(&system.host_name)
                || same(&system.dns_name)
                || same(&system.netbios_name)
                || same(&web_host(system))
        }
    }
}

/// The host of the system's web page.
fn web_host(system: &ManagedSystem) -> Option<String> {
    let url = Url::parse(system.access_url.as_deref()?).ok()?;
    Some(url.host_str()?.trim_matches(['[', ']']).to_owned())
}
