//! Whatever happens in whatever order, every question has one end on each side.

use std::collections::BTreeMap;

use ecm_protocol::codec::RequestId;
use ecm_protocol::ecm::{Answer, Event};
use ecm_protocol::message::{Category, Problem};
use ecm_protocol::site::Event as SiteEvent;
use proptest::prelude::*;

use super::{Pair, find_within, found, lent, millis, retrieve, rows, seconds};

#[derive(Clone, Copy, Debug)]
enum Step {
    Find(u8),
    Retrieve(u8),
    Part(u8),
    Answer(u8),
    Fail(u8),
    Cancel(u8),
    Wait(u16),
    DrainEcm,
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0_u8..6;
    prop_oneof![
        4 => id.clone().prop_map(Step::Find),
        2 => id.clone().prop_map(Step::Retrieve),
        2 => id.clone().prop_map(Step::Part),
        4 => id.clone().prop_map(Step::Answer),
        1 => id.clone().prop_map(Step::Fail),
        2 => id.prop_map(Step::Cancel),
        2 => (0_u16..2000).prop_map(Step::Wait),
        1 => Just(Step::DrainEcm),
        4 => Just(Step::Settle),
    ]
}

/// How often each id was asked, and ended, by what crossed the wire and what the site was told.
#[derive(Default, Debug)]
struct Count {
    asked: usize,
    answered_on_the_wire: usize,
    ended_at_the_site: usize,
}

fn count(pair: &Pair, asked: &BTreeMap<String, usize>) -> BTreeMap<String, Count> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for (id, times) in asked {
        counts.entry(id.clone()).or_default().asked = *times;
    }
    for frame in &pair.from_ecm {
        let frame: serde_json::Value = serde_json::from_str(frame).unwrap();
        if let (Some(id), None) = (frame["id"].as_str(), frame.get("method")) {
            counts.entry(id.to_owned()).or_default().answered_on_the_wire += 1;
        }
    }
    for event in &pair.site_events {
        match event {
            SiteEvent::Answered { id, .. } => {
                counts.entry(id.as_str().to_owned()).or_default().ended_at_the_site += 1;
            }
            SiteEvent::Closed { unanswered, .. } => {
                for id in unanswered {
                    counts.entry(id.as_str().to_owned()).or_default().ended_at_the_site += 1;
                }
            }
            _ => {}
        }
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_question_ends_once(steps in proptest::collection::vec(step(), 1..60)) {
        let mut pair = Pair::ready();
        let mut asked = BTreeMap::<String, usize>::new();
        let mut kinds = BTreeMap::<u8, bool>::new();
        for step in steps {
            match step {
                Step::Find(n) | Step::Retrieve(n) => {
                    let is_find = matches!(step, Step::Find(_));
                    let ask = if is_find { find_within(Some(1000)) } else { retrieve() };
                    let id = RequestId::new(format!("q{n}")).unwrap();
                    // Refused when the id is in use, or the ECM drains: then it was not asked.
                    if pair.site.ask(pair.now, id, &ask).is_ok() {
                        *asked.entry(format!("q{n}")).or_default() += 1;
                        kinds.insert(n, is_find);
                    }
                }
                Step::Part(n) => {
                    let id = RequestId::new(format!("q{n}")).unwrap();
                    pair.ecm.partial(&id, rows(&["a", "b"]));
                }
                Step::Answer(n) => {
                    let id = RequestId::new(format!("q{n}")).unwrap();
                    let answer = match kinds.get(&n) {
                        Some(false) => lent(),
                        _ => Answer::Find(found(&["a", "c"])),
                    };
                    let _ = pair.ecm.answer(&id, Ok(answer));
                }
                Step::Fail(n) => {
                    let id = RequestId::new(format!("q{n}")).unwrap();
                    let _ = pair.ecm.answer(&id, Err(Problem::new(Category::InUse)));
                }
                Step::Cancel(n) => pair.site.cancel(&RequestId::new(format!("q{n}")).unwrap()),
                Step::Wait(time) => pair.pass(millis(u64::from(time))),
                Step::DrainEcm => pair.ecm.drain(pair.now, seconds(2), "stop"),
                Step::Settle => pair.settle(),
            }
        }
        pair.settle();
        pair.pass(seconds(60));

        let counts = count(&pair, &asked);
        for (id, count) in &counts {
            prop_assert_eq!(count.ended_at_the_site, count.asked, "{} {:?}", id, count);
            prop_assert!(count.answered_on_the_wire <= count.asked, "{} {:?}", id, count);
        }
        let questions = pair.ecm_events.iter().filter(|e| matches!(e, Event::Question(_))).count();
        prop_assert!(questions <= asked.values().sum::<usize>());
        prop_assert_eq!(pair.ecm.in_flight(), 0);
    }
}
