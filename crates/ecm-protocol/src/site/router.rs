//! Which connected ECM is asked.
//!
//! Per group, the healthy, not draining link that has been connected longest. A question for an
//! unknown group, or from a personal Jump Group, goes to the group *Default*.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::message::{Rank, RankChanged};

/// The name of the group that always exists.
const DEFAULT_GROUP: &str = "Default";

/// A link, by the caller's number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u64);

/// How many links there may be.
#[derive(Clone, Copy, Debug)]
pub struct RouterLimits {
    /// Per group.
    pub links_per_group: usize,
}

impl Default for RouterLimits {
    /// Five.
    fn default() -> Self {
        Self { links_per_group: 5 }
    }
}

/// Whether a link may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Upgraded, not welcome yet.
    Greeting,
    /// To be asked.
    Ready,
    /// Says that it cannot serve.
    Down,
    /// Takes no new questions.
    Draining,
}

/// One connected ECM.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The link.
    pub link: LinkId,
    /// Its group's name.
    pub group: String,
    /// The instance, once it said hello.
    pub instance: Option<String>,
    /// Since when.
    pub connected: Instant,
    /// Whether it may be asked.
    pub state: LinkState,
}

/// The sixth ECM of a group: to be refused with status 409 before the upgrade.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{limit} ECMs of group {group} are connected already")]
pub struct TooMany {
    /// The group.
    pub group: String,
    /// The limit.
    pub limit: usize,
}

/// All connected ECMs of a site.
#[derive(Debug, Default)]
pub struct Router {
    limits: RouterLimits,
    /// Group names in ASCII lower case; each list in the order of connection.
    groups: BTreeMap<String, Vec<Seat>>,
}

impl Router {
    /// A site to which nobody is connected.
    #[must_use]
    pub fn new(limits: RouterLimits) -> Self {
        Self { limits, groups: BTreeMap::new() }
    }

    /// This group exists, whether or not an ECM serves it now.
    pub fn know(&mut self, group: &str) {
        self.groups.entry(group.to_ascii_lowercase()).or_default();
    }

    /// A link was upgraded.
    ///
    /// # Errors
    ///
    /// [`TooMany`] when the group is full.
    pub fn connect(&mut self, link: LinkId, group: &str, now: Instant) -> Result<(), TooMany> {
        let seats = self.groups.entry(group.to_ascii_lowercase()).or_default();
        if seats.len() >= self.limits.links_per_group {
            let limit = self.limits.links_per_group;
            return Err(TooMany { group: group.to_owned(), limit });
        }
        seats.push(Seat {
            link,
            group: group.to_owned(),
            instance: None,
            connected: now,
            state: LinkState::Greeting,
        });
        Ok(())
    }

    /// A link said hello. Answers the link it replaces: an older one of the same instance,
    /// which is to be closed with 4005.
    pub fn introduce(&mut self, link: LinkId, instance: &str) -> Option<LinkId> {
        let seat = self.seat_mut(link)?;
        seat.instance = Some(instance.to_owned());
        self.seats()
            .find(|seat| seat.link != link && seat.instance.as_deref() == Some(instance))
            .map(|seat| seat.link)
    }

    /// Notes what a link can.
    pub fn set_state(&mut self, link: LinkId, state: LinkState) {
        if let Some(seat) = self.seat_mut(link) {
            // Who drains does not come back on this link.
            if seat.state != LinkState::Draining {
                seat.state = state;
            }
        }
    }

    /// A link is gone.
    pub fn disconnect(&mut self, link: LinkId) {
        for seats in self.groups.values_mut() {
            seats.retain(|seat| seat.link != link);
        }
    }

    /// Who is to be asked for this group, leaving out those who were asked already.
    #[must_use]
    pub fn leader(&self, group: Option<&str>, tried: &[LinkId]) -> Option<LinkId> {
        self.group(group)?
            .iter()
            .find(|seat| seat.state == LinkState::Ready && !tried.contains(&seat.link))
            .map(|seat| seat.link)
    }

    /// Whether nobody has ever heard of this group and *Default* stands in for it; worth a warning.
    ///
    /// A group that was declared, or had an ECM once, is never stood in for: its questions must
    /// not reach the vault of another tenant.
    #[must_use]
    pub fn falls_back(&self, group: &str) -> bool {
        let known = self.groups.contains_key(&group.to_ascii_lowercase());
        !group.eq_ignore_ascii_case(DEFAULT_GROUP) && !known
    }

    /// A link's place in its group.
    #[must_use]
    pub fn rank(&self, link: LinkId) -> Option<Rank> {
        let seats = self.groups.values().find(|seats| seats.iter().any(|s| s.link == link))?;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        // Ready ones first, in the order of connection, as they would be asked.
        let ready = |seat: &&Seat| seat.state == LinkState::Ready;
        let order = seats.iter().filter(ready).chain(seats.iter().filter(|seat| !ready(seat)));
        let place = order.map(|seat| seat.link).position(|id| id == link)?;
        Some(Rank {
            position: count(place + 1),
            peers: count(seats.len()),
            max_peers: count(self.limits.links_per_group),
        })
    }

    /// The same, as it is told to a link whose place changed.
    #[must_use]
    pub fn rank_changed(&self, link: LinkId) -> Option<RankChanged> {
        self.rank(link).map(|rank| RankChanged { position: rank.position, peers: rank.peers })
    }

    /// Every connected ECM, by group and in the order of connection.
    pub fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.groups.values().flatten()
    }

    fn group(&self, group: Option<&str>) -> Option<&[Seat]> {
        let wanted = group.unwrap_or(DEFAULT_GROUP);
        let name = if self.falls_back(wanted) { DEFAULT_GROUP } else { wanted };
        self.groups.get(&name.to_ascii_lowercase()).map(Vec::as_slice)
    }

    fn seat_mut(&mut self, link: LinkId) -> Option<&mut Seat> {
        self.groups.values_mut().flatten().find(|seat| seat.link == link)
    }
}
