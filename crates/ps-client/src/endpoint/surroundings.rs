//! What the vault knows of its surroundings: its version, nodes, ticket and operating systems.

use super::declare::calls;
use crate::model::{Node, OperatingSystem, ServerVersion, TicketSystem};

calls! {
    /// The server's version.
    GetVersion {}
        GET "Configuration" / "Version"
        => object(ServerVersion), Seen, "any signed-in user";

    /// The nodes that sessions can go through.
    ListNodes {
        /// Whether those that are not in use come too.
        include_inactive: Option<bool>,
    }
        GET "Nodes" query { "includeInactive" = include_inactive }
        => list(Node), Seen, "any signed-in user";

    /// The ticket systems that requests can name.
    ListTicketSystems {}
        GET "TicketSystems"
        => list(TicketSystem), Seen, "any signed-in user";

    /// The operating systems that assets can have.
    ListOperatingSystems {}
        GET "OperatingSystems"
        => list(OperatingSystem), Seen, "any signed-in user";
}
