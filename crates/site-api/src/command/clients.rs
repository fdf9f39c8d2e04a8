//! What is connected to the site at the moment.

use jiff::Timestamp;

use super::{missing, moment, number, owned, question, root};
use crate::call::{Answer, Call, Request};
use crate::error::{Error, Input};
use crate::xml::Element;

/// Ids in one question.
const MAX_IDS: usize = 100;

/// Kinds of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientKind {
    /// A representative's console.
    Representative,
    /// A customer's side of a session.
    SupportCustomer,
    /// Somebody who watches a presentation.
    PresentationAttendee,
    /// A Jumpoint, which pushes clients to machines.
    PushAgent,
}

impl ClientKind {
    /// All kinds.
    pub const ALL: [Self; 4] =
        [Self::Representative, Self::SupportCustomer, Self::PresentationAttendee, Self::PushAgent];

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Representative => "representative",
            Self::SupportCustomer => "support_customer",
            Self::PresentationAttendee => "presentation_attendee",
            Self::PushAgent => "push_agent",
        }
    }

    fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

fn joined(kinds: &[ClientKind]) -> String {
    if kinds.is_empty() {
        return "all".to_owned();
    }
    kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(",")
}

/// `get_connected_client_list`: ids and counts.
#[derive(Debug, Clone, Default)]
pub struct GetConnectedClientList {
    /// Which kinds; empty for all.
    pub kinds: Vec<ClientKind>,
    /// Counts only.
    pub summary_only: bool,
}

/// What [`GetConnectedClientList`] answers. Kinds this crate does not know are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectedClientList {
    /// How many there are of each kind on each appliance.
    pub counts: Vec<ClientCount>,
    /// Kind and id of each.
    pub clients: Vec<(ClientKind, String)>,
}

/// One count of the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCount {
    /// The appliance's id.
    pub appliance: Option<String>,
    /// The kind.
    pub kind: ClientKind,
    /// How many.
    pub count: u64,
}

impl Call for GetConnectedClientList {
    type Answer = ConnectedClientList;
    const NAME: &'static str = "get_connected_client_list";

    fn request(&self) -> Request {
        let request = question(Self::NAME).ask("type", joined(&self.kinds));
        if self.summary_only { request.ask("summary_only", "1") } else { request }
    }

    fn read(&self, answer: &Answer<'_>) -> Result<ConnectedClientList, Error> {
        let root = root(answer, "connected_client_list")?;
        let kind = |element: &Element| ClientKind::named(element.attribute("type")?);
        let mut list = ConnectedClientList::default();
        for summary in root.children("connected_client_summary") {
            for appliance in summary.children("appliance_summary") {
                for count in appliance.children("count") {
                    let Some(kind) = kind(count) else { continue };
                    let number = count.text().parse().map_err(|_| missing("count"))?;
                    let appliance = appliance.attribute("id").map(str::to_owned);
                    list.counts.push(ClientCount { appliance, kind, count: number });
                }
            }
        }
        for client in root.children("connected_client") {
            if let (Some(kind), Some(id)) = (kind(client), client.attribute("id")) {
                list.clients.push((kind, id.to_owned()));
            }
        }
        Ok(list)
    }
}

/// `get_connected_clients`: facts about each.
#[derive(Debug, Clone, Default)]
pub struct GetConnectedClients {
    kinds: Vec<ClientKind>,
    ids: Vec<String>,
}

impl GetConnectedClients {
    /// Clients of these kinds (none: all) with these ids (none: all).
    ///
    /// # Errors
    ///
    /// [`Input::TooManyIds`] for more than 100.
    pub fn new(kinds: Vec<ClientKind>, ids: Vec<String>) -> Result<Self, Input> {
        if ids.len() > MAX_IDS {
            return Err(Input::TooManyIds { count: ids.len(), limit: MAX_IDS });
        }
        Ok(Self { kinds, ids })
    }
}

/// What [`GetConnectedClients`] answers.
pub type ConnectedClients = Vec<ConnectedClient>;

/// A client that is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectedClient {
    /// Kind.
    pub kind: ClientKind,
    /// Id of the connection.
    pub id: String,
    /// Name of its machine.
    pub hostname: Option<String>,
    /// Its platform, in words.
    pub platform: Option<String>,
    /// Its platform's id, such as `winNT-64`.
    pub platform_id: Option<String>,
    /// Offset from UTC in seconds.
    pub timezone_offset: Option<i64>,
    /// Since when.
    pub connected_since: Option<Timestamp>,
    /// User id of a representative. Inferred: no public text shows it.
    pub user_id: Option<u64>,
    /// User name of a representative. Inferred.
    pub username: Option<String>,
    /// Address in its own network. Inferred.
    pub private_ip: Option<String>,
    /// Address the site sees, without the port that may stand behind it. Inferred.
    pub public_ip: Option<String>,
}

impl Call for GetConnectedClients {
    type Answer = ConnectedClients;
    const NAME: &'static str = "get_connected_clients";

    fn request(&self) -> Request {
        let request = question(Self::NAME).ask("type", joined(&self.kinds));
        if self.ids.is_empty() { request } else { request.ask("id", self.ids.join(",")) }
    }

    fn read(&self, answer: &Answer<'_>) -> Result<ConnectedClients, Error> {
        let root = root(answer, "connected_clients")?;
        let mut clients = Vec::new();
        for client in root.all_children() {
            let kind = client.name().strip_prefix("connected_").and_then(ClientKind::named);
            let (Some(kind), Some(id)) = (kind, client.attribute("id")) else { continue };
            let platform = client.child("platform");
            clients.push(ConnectedClient {
                kind,
                id: id.to_owned(),
                hostname: owned(client, "hostname"),
                platform: platform.map(|p| p.text().to_owned()),
                platform_id: platform.and_then(|p| p.attribute("id")).map(str::to_owned),
                timezone_offset: client.text_of("timezone_offset").and_then(|t| t.parse().ok()),
                connected_since: client.child("connected_since").and_then(moment),
                user_id: number(client, "user_id"),
                username: owned(client, "username"),
                private_ip: client.text_of("private_ip").map(without_port),
                public_ip: client.text_of("public_ip").map(without_port),
            });
        }
        Ok(clients)
    }
}

/// An address without the port that may follow it. Bare IPv6 addresses have colons of their own.
fn without_port(text: &str) -> String {
    if let Some((address, _)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.to_owned();
    }
    match text.split_once(':') {
        Some((address, port)) if !port.contains(':') => address.to_owned(),
        _ => text.to_owned(),
    }
}
