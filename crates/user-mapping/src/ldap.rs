//! Real directories over LDAP (RFC 4511): Active Directory, and those that keep `inetOrgPerson`
//! entries, such as OpenLDAP. Behind the feature `ldap`; the only module that opens connections.
//!
//! [`LdapDirectory::answer`] answers the [`Question`]s that a resolution asks. Every connection is
//! encrypted, by LDAPS or by StartTLS, and the server's certificate is verified: there is no way to
//! switch that off. The bind is simple (a name and a password), so that it carries no channel
//! binding; a server that demands one for simple binds refuses us, and says so.
//!
//! What a server sends is checked before the LDAP library sees it, because that library trusts its
//! peer (`ldap/guard.rs` says how).
//!
//! Referrals are never followed. They lead to servers that nobody configured, with our password.

mod cache;
mod connection;
mod discovery;
mod entries;
mod groups;
mod guard;
mod probe;
mod search;
mod servers;
mod settings;
mod srv_order;

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::OnceCell;

pub use discovery::Discovery;
pub use probe::{CrossRef, DirectoryKind, DirectoryReport, ServerReport};
pub use settings::{
    CacheLimits, LdapBind, LdapServer, LdapSettings, LdapUrlError, Schema, Security, TimeLimits,
};

use crate::{Answer, Question};
use cache::Cache;
use servers::Servers;

/// The directory of one domain, on one or more servers that hold the same.
#[derive(Debug)]
pub struct LdapDirectory {
    settings: LdapSettings,
    servers: Servers,
    cache: Cache,
}

impl LdapDirectory {
    /// Prepares it. Nothing is connected to before the first question.
    #[must_use]
    pub fn new(settings: LdapSettings) -> Self {
        let cache = Cache::new(settings.cache.clone());
        let servers = Servers::new(&settings.servers, settings.discovery.as_ref());
        Self { settings, servers, cache }
    }

    /// Answers a question about a user. `now` is held against the date on which accounts expire.
    ///
    /// The servers are asked in order until one answers; "no such user" is an answer. What was
    /// answered is remembered for a while ([`CacheLimits`]), "no answer" is not. The same question
    /// asked twice at once is asked once. Within [`TimeLimits::total`] there is an answer, if need
    /// be [`Answer::Unavailable`].
    ///
    /// It needs tokio with time and I/O, and may be dropped at any point.
    pub async fn answer(&self, question: &Question, now: SystemTime) -> Answer {
        if let Some(known) = self.cache.find(question) {
            return known;
        }
        let cell = self.cache.under_way(question);
        let answer = cell.get_or_init(|| self.ask(question, now)).await.clone();
        self.cache.keep(question, &cell, &answer);
        answer
    }

    /// Looks at every server: whether it answers, how the connection is protected, what it is, and
    /// which domains it knows. For people who set it up; nothing of it is remembered.
    pub async fn probe(&self) -> DirectoryReport {
        probe::probe(&self.settings, &self.servers).await
    }

    /// Forgets what was answered: after the rules or the servers changed.
    pub fn forget(&self) {
        self.cache.clear();
    }

    async fn ask(&self, question: &Question, now: SystemTime) -> Answer {
        let work = self.servers.ask(&self.settings, question, now);
        match tokio::time::timeout(self.settings.limits.total, work).await {
            Ok(answer) => answer,
            Err(_) => {
                let total = self.settings.limits.total.as_secs_f32();
                Answer::Unavailable(format!("no server answered within {total} s"))
            }
        }
    }
}

/// A question that somebody asks at this moment.
type UnderWay = Arc<OnceCell<Answer>>;
