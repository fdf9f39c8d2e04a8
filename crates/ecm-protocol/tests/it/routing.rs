//! Which ECM is asked.

use std::time::Instant;

use ecm_protocol::site::{LinkId, LinkState, Router, RouterLimits};

const ONE: LinkId = LinkId(1);
const TWO: LinkId = LinkId(2);
const THREE: LinkId = LinkId(3);

#[expect(clippy::disallowed_methods, reason = "any time will do: the order of calls decides")]
fn now() -> Instant {
    Instant::now()
}

/// Links 1, 2 and so on, ready, in one group.
fn ready(links: u64, group: &str) -> Router {
    let mut router = Router::new(RouterLimits::default());
    join(&mut router, 1..=links, group);
    router
}

fn join(router: &mut Router, links: impl IntoIterator<Item = u64>, group: &str) {
    for link in links {
        router.connect(LinkId(link), group, now()).unwrap();
        router.set_state(LinkId(link), LinkState::Ready);
    }
}

#[test]
fn the_link_connected_longest_is_asked() {
    assert_eq!(ready(3, "Default").leader(None, &[]), Some(ONE));
}

#[test]
fn a_link_that_is_down_or_draining_or_not_welcome_yet_is_passed_over() {
    for state in [LinkState::Down, LinkState::Draining] {
        let mut router = ready(2, "Default");
        router.set_state(ONE, state);
        assert_eq!(router.leader(None, &[]), Some(TWO), "{state:?}");
    }
    let mut router = Router::new(RouterLimits::default());
    router.connect(ONE, "Default", now()).unwrap();
    assert_eq!(router.leader(None, &[]), None);
}

#[test]
fn who_recovers_has_its_old_place_and_who_drains_does_not_come_back() {
    let mut router = ready(2, "Default");
    router.set_state(ONE, LinkState::Down);
    router.set_state(ONE, LinkState::Ready);
    assert_eq!(router.leader(None, &[]), Some(ONE));
    router.set_state(ONE, LinkState::Draining);
    router.set_state(ONE, LinkState::Ready);
    assert_eq!(router.leader(None, &[]), Some(TWO));
}

#[test]
fn a_question_lost_with_its_link_goes_to_the_next_and_not_to_the_same() {
    let mut router = ready(2, "Default");
    assert_eq!(router.leader(None, &[ONE]), Some(TWO));
    router.disconnect(ONE);
    assert_eq!(router.leader(None, &[ONE]), Some(TWO));
    assert_eq!(router.leader(None, &[ONE, TWO]), None);
}

#[test]
fn the_sixth_link_of_a_group_is_refused_and_other_groups_have_their_own_five() {
    let mut router = ready(5, "Default");
    let refused = router.connect(LinkId(6), "default", now()).unwrap_err();
    assert_eq!(refused.to_string(), "5 ECMs of group default are connected already");
    router.connect(LinkId(6), "Berlin", now()).unwrap();
    router.disconnect(THREE);
    router.connect(LinkId(7), "Default", now()).unwrap();
}

#[test]
fn groups_do_not_serve_each_other_but_default_serves_whom_nobody_serves() {
    let mut router = ready(1, "Default");
    join(&mut router, [2], "Berlin");
    assert_eq!(router.leader(Some("berlin"), &[]), Some(TWO));
    assert!(!router.falls_back("Berlin"));
    // Its one ECM is down: another tenant's must not stand in.
    router.set_state(TWO, LinkState::Down);
    assert_eq!(router.leader(Some("Berlin"), &[]), None);
    // Nor when it is gone, nor for a group that was declared and never served.
    router.disconnect(TWO);
    router.know("Rome");
    assert_eq!(router.leader(Some("Berlin"), &[]), None);
    assert_eq!(router.leader(Some("rome"), &[]), None);
    // Nobody knows Paris.
    assert!(router.falls_back("Paris"));
    assert_eq!(router.leader(Some("Paris"), &[]), Some(ONE));
}

#[test]
fn a_newer_link_of_the_same_instance_replaces_the_older() {
    let mut router = ready(2, "Default");
    assert_eq!(router.introduce(ONE, "i-1"), None);
    assert_eq!(router.introduce(TWO, "i-2"), None);
    join(&mut router, [3], "Default");
    assert_eq!(router.introduce(THREE, "i-1"), Some(ONE));
    router.disconnect(ONE);
    assert_eq!(router.leader(None, &[]), Some(TWO));
}

#[test]
fn ranks_follow_the_order_in_which_links_would_be_asked() {
    let mut router = ready(3, "Default");
    let places =
        |router: &Router| [ONE, TWO, THREE].map(|link| router.rank(link).map(|rank| rank.position));
    assert_eq!(places(&router), [Some(1), Some(2), Some(3)]);
    router.set_state(ONE, LinkState::Down);
    assert_eq!(places(&router), [Some(3), Some(1), Some(2)]);
    router.disconnect(TWO);
    assert_eq!(places(&router), [Some(2), None, Some(1)]);
    let rank = router.rank(ONE).unwrap();
    assert_eq!((rank.peers, rank.max_peers), (2, 5));
}
