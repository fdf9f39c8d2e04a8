//! `[broker-api]`: where programs of this machine use the broker.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::reader::TableReader;
use super::{Context, key, read_name};

/// The broker API, checked.
#[derive(Debug, Clone)]
pub struct BrokerApiConfig {
    /// Its name in logs and in the ledger.
    pub name: String,
    /// The socket.
    pub socket: PathBuf,
    /// Questions of one connection at once.
    pub in_flight: u32,
    /// Connections at once.
    pub max_links: usize,
}

impl BrokerApiConfig {
    /// The outer `Option` is `None` when something is wrong.
    pub(crate) fn from_reader(
        mut reader: TableReader<'_, '_>,
        context: &Context<'_>,
        names: &mut BTreeMap<String, ()>,
    ) -> Option<Option<Self>> {
        let has_name = reader.has(key::BROKER_NAME.name);
        let name = if has_name {
            read_name(&mut reader, &key::BROKER_NAME, names)
        } else if names.contains_key("local") {
            let advice = "name the API by `name`, or the site otherwise";
            reader.problem(reader.span(), "a site is called `local`, as the API is", advice);
            None
        } else {
            Some("local".to_owned())
        };
        let has_socket = reader.has(key::BROKER_SOCKET.name);
        let socket = reader.path(&key::BROKER_SOCKET).map(|at| context.base.join(at.value));
        let in_flight = reader.number(&key::BROKER_IN_FLIGHT, 1..=64_u32).unwrap_or(8);
        let max_links = reader.number(&key::BROKER_LINKS, 1..=64_u16).unwrap_or(4);
        reader.finish();
        if !has_socket {
            return Some(None);
        }
        let (name, socket, max_links) = (name?, socket?, usize::from(max_links));
        Some(Some(Self { name, socket, in_flight, max_links }))
    }
}
