//! Keys about how much a site may ask, and what is asked of it beside the link.

use super::entries::key;
use super::{Absent, Key};

/// `site.questions-at-a-time`
pub static SITE_QUESTIONS: Key = key(
    "questions-at-a-time",
    "1 to 2000",
    Absent::Default("64"),
    "How many questions of this site are worked on at a time; the site may want fewer. One more is \
     told that the service is busy. Each takes some hundred kilobytes at most.",
    "64",
);
/// `site.reconcile`
pub static SITE_RECONCILE: Key = key(
    "reconcile",
    "true or false",
    Absent::Default("true"),
    "Whether the ledger is compared with the site's reports, so that credentials of sessions that \
     ended while nobody listened are given back. The API account needs the right to session \
     reports; without it, the log says so once and nothing is compared.",
    "true",
);
/// `site.reconcile-every`
pub static SITE_RECONCILE_EVERY: Key = key(
    "reconcile-every",
    "duration, 1s to 1d",
    Absent::Default("10m"),
    "How often that is done, beside once at start. No call is made while nothing is lent.",
    "\"10m\"",
);
/// `site.enrich`
pub static SITE_ENRICH: Key = key(
    "enrich",
    "true or false",
    Absent::Default("false"),
    "Whether full name and private address of a Jump Client that is known by its host name alone \
     are taken from the site's Configuration API, within half a second. Nothing is added when \
     several have that name.",
    "false",
);
/// `site.ticket-number-attribute`
pub static SITE_TICKET_NUMBER: Key = key(
    "ticket-number-attribute",
    "code name of a session attribute",
    Absent::Means("no ticket is taken from the session"),
    "Session attribute that holds the ticket number, `external_key` for the external key. It goes \
     into the release request when the site's question names no ticket. Read by the Command API.",
    "\"external_key\"",
);
/// `vault.ticket-systems`
pub static VAULT_TICKET_SYSTEMS: Key = key(
    "ticket-systems",
    "table of texts, each a number",
    Absent::Means("a ticket system is named by the vault's number of it"),
    "Which of the vault's ticket systems a name that comes with a ticket means. May be written as a \
     table [vault.ticket-systems].",
    "{ ServiceNow = \"3\" }",
);
/// `site.ticket-system-attribute`
pub static SITE_TICKET_SYSTEM: Key = key(
    "ticket-system-attribute",
    "code name of a session attribute",
    Absent::Means("the vault's own ticket system"),
    "Session attribute that holds the ticket system's name. Only with ticket-number-attribute.",
    "\"ticket_system\"",
);
