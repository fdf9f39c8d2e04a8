//! From what a site knows of an endpoint to an ordered list of questions.

use std::net::IpAddr;

use super::{KeyKind, Keys, MAX_APPLICATION, SearchKey, SearchKeyError};
use super::{canonical, read_host, read_url_host, tells_a_machine};
use crate::settings::SearchSettings;
use crate::source::AccountKind;

/// What a site knows of an endpoint; absent is not empty.
#[derive(Debug, Clone, Default)]
pub struct EndpointFacts<'a> {
    /// Host as given: name or address, with or without port.
    pub host: Option<&'a str>,
    /// Fully qualified name.
    pub fqdn: Option<&'a str>,
    /// Addresses the machine is known by.
    pub addresses: Vec<EndpointAddress>,
    /// URL of a web jump.
    pub url: Option<&'a str>,
    /// Names of the application, most telling first.
    pub applications: Vec<&'a str>,
    /// What the credential is for.
    pub serves: Serves,
}

/// One address.
#[derive(Debug, Clone, Copy)]
pub struct EndpointAddress {
    /// The address.
    pub ip: IpAddr,
    /// `true` for one that others may share.
    pub public: bool,
}

/// What a credential is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Serves {
    /// The machine.
    #[default]
    Machine,
    /// An application alone.
    Application,
    /// The machine first, then an application on it.
    Both,
}

/// What to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPlan {
    /// Keys, best first; at least one.
    pub keys: Vec<SearchKey>,
    /// Kinds of account, at least one unless the settings forbid all.
    pub kinds: Vec<AccountKind>,
    /// Facts that gave no key, and why; for the explanation.
    pub left_out: Vec<String>,
}

impl SearchPlan {
    /// Makes the plan. A fact that cannot be used is left out with a note, as long as another can.
    ///
    /// # Errors
    ///
    /// [`SearchKeyError::UrlWithUser`] always, because such a URL is a mistake to be told; else the
    /// first problem, or [`SearchKeyError::Nothing`], when no key is left.
    ///
    /// # Examples
    ///
    /// ```
    /// use ecm_core::search_key::{EndpointFacts, SearchPlan};
    ///
    /// let facts = EndpointFacts { host: Some("APP01.acme.test.:3389"), ..Default::default() };
    /// let plan = SearchPlan::new(&facts, &Default::default())?;
    /// let keys: Vec<String> = plan.keys.iter().map(ToString::to_string).collect();
    /// assert_eq!(keys, [r#"host="APP01.acme.test""#, r#"short_name="APP01""#]);
    /// # Ok::<(), ecm_core::search_key::SearchKeyError>(())
    /// ```
    pub fn new(
        facts: &EndpointFacts<'_>,
        settings: &SearchSettings,
    ) -> Result<Self, SearchKeyError> {
        let mut keys = Keys::default();
        let mut problems = Vec::new();
        if facts.serves != Serves::Application {
            add_machine(facts, settings, &mut keys, &mut problems);
        }
        if let Some(url) = facts.url {
            match read_url_host(url) {
                Ok(host) => keys.push_host(KeyKind::UrlHost, &host),
                Err(SearchKeyError::UrlWithUser) => return Err(SearchKeyError::UrlWithUser),
                Err(problem) => problems.push(problem),
            }
        }
        if facts.serves != Serves::Machine {
            add_applications(facts, settings, &mut keys, &mut problems);
        }
        let keys = keys.finish(&settings.match_on);
        if keys.is_empty() {
            return Err(problems.into_iter().next().unwrap_or(SearchKeyError::Nothing));
        }
        let left_out = problems.iter().map(ToString::to_string).collect();
        Ok(Self { keys, kinds: kinds(facts.serves, settings), left_out })
    }
}

fn add_machine(
    facts: &EndpointFacts<'_>,
    settings: &SearchSettings,
    keys: &mut Keys,
    problems: &mut Vec<SearchKeyError>,
) {
    let names = [(KeyKind::Host, "hostname", facts.host), (KeyKind::Fqdn, "fqdn", facts.fqdn)];
    for (kind, member, text) in names {
        match text.map(|text| read_host(member, text)) {
            Some(Ok(host)) => keys.push_host(kind, &host),
            Some(Err(problem)) => problems.push(problem),
            None => {}
        }
    }
    for address in &facts.addresses {
        if address.public && !settings.public_addresses {
            continue;
        }
        let ip = canonical(address.ip);
        // Loopback and the like: every machine has them.
        if tells_a_machine(ip) {
            keys.push(KeyKind::Address, ip.to_string());
        }
    }
}

fn add_applications(
    facts: &EndpointFacts<'_>,
    settings: &SearchSettings,
    keys: &mut Keys,
    problems: &mut Vec<SearchKeyError>,
) {
    for name in &facts.applications {
        // Windows publishes a RemoteApp under its alias with two bars before it.
        let name = name.trim().trim_start_matches("||");
        let mapped = settings
            .application_names
            .iter()
            .find(|(from, _)| from.eq_ignore_ascii_case(name))
            .map_or(name, |(_, to)| to.as_str());
        let usable = !mapped.is_empty()
            && mapped.chars().count() <= MAX_APPLICATION
            && !mapped.chars().any(char::is_control);
        if usable {
            keys.push(KeyKind::Application, mapped);
        } else {
            let why = "empty, longer than 256 characters, or with control characters";
            problems.push(SearchKeyError::Unusable { member: "application", why });
        }
    }
}

fn kinds(serves: Serves, settings: &SearchSettings) -> Vec<AccountKind> {
    let machine = serves != Serves::Application;
    let application = serves != Serves::Machine;
    [
        (machine && settings.local_accounts, AccountKind::Local),
        (machine && settings.linked_accounts, AccountKind::Linked),
        (application && settings.application_accounts, AccountKind::Application),
    ]
    .into_iter()
    .filter_map(|(wanted, kind)| wanted.then_some(kind))
    .collect()
}
