//! What the wire costs: one search and its answer as bytes, and the whole way there and back
//! through both machines in memory.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a bench measures time, reads its fixtures, and stops where something is wrong"
)]

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ecm_protocol::codec::{Envelope, RequestId, decode, encode_request, encode_result, read_as};
use ecm_protocol::link::Transmit;
use ecm_protocol::message::{
    Capabilities, Find, FindResult, Group, Heartbeat, Hello, SiteIdentity, SiteLimits,
};
use ecm_protocol::{ecm, site};

const LIMIT: usize = 262_144;

fn fixture(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/data/ecm-protocol");
    std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap()
}

/// A golden request, as it lies on the wire.
fn search() -> (RequestId, Find, Vec<u8>) {
    let text = fixture("credentials.find-jump-client");
    let Envelope::Request { id, params, .. } = decode(text.as_bytes(), LIMIT).unwrap() else {
        panic!("no request");
    };
    let find: Find = read_as(params).unwrap().value;
    let bytes = encode_request(&id, "credentials.find", &find).bytes().to_vec();
    (id, find, bytes)
}

/// An answer of 50 rows, which is a long list for a person.
fn answer() -> FindResult {
    let text = fixture("credentials.find-answer");
    let Envelope::Result { result, .. } = decode(text.as_bytes(), LIMIT).unwrap() else {
        panic!("no result");
    };
    let mut answer: FindResult = read_as(Some(result)).unwrap().value;
    let row = answer.items.remove(0);
    answer.items = (0..50)
        .map(|n| {
            let mut row = row.clone();
            row.id = format!("{}{n:03}", row.id);
            row
        })
        .collect();
    answer
}

fn frames(criterion: &mut Criterion) {
    let (id, find, question) = search();
    let result = answer();
    let answer = encode_result(&id, &result).bytes().to_vec();

    let mut group = criterion.benchmark_group("frame");
    group.throughput(Throughput::Bytes(question.len() as u64));
    group.bench_function("encode search", |bencher| {
        bencher.iter(|| encode_request(&id, "credentials.find", black_box(&find)));
    });
    group.bench_function("decode search", |bencher| {
        bencher.iter(|| match decode(black_box(&question), LIMIT).unwrap() {
            Envelope::Request { params, .. } => read_as::<Find>(params).unwrap(),
            other => panic!("{other:?}"),
        });
    });
    group.throughput(Throughput::Bytes(answer.len() as u64));
    group.bench_function("encode answer of 50", |bencher| {
        bencher.iter(|| encode_result(&id, black_box(&result)));
    });
    group.bench_function("decode answer of 50", |bencher| {
        bencher.iter(|| match decode(black_box(&answer), LIMIT).unwrap() {
            Envelope::Result { result, .. } => read_as::<FindResult>(Some(result)).unwrap(),
            other => panic!("{other:?}"),
        });
    });
    group.finish();
}

/// Both machines after the greeting.
fn linked(now: Instant) -> (ecm::Link, site::Link) {
    let Envelope::Request { params, .. } = decode(HELLO.as_bytes(), LIMIT).unwrap() else {
        panic!("no hello");
    };
    let hello: Hello = read_as(params).unwrap().value;
    let mut ecm = ecm::Link::new(hello, now);
    let mut site = site::Link::new(
        site::Config {
            site: SiteIdentity { id: "bench".to_owned(), product: None, version: None, role: None },
            group: Group { id: "0".to_owned(), name: "Default".to_owned() },
            capabilities: Capabilities { partial_results: true, ..Capabilities::default() },
            heartbeat: Heartbeat::default(),
            limits: SiteLimits::default(),
        },
        now,
    );
    carry(now, &mut ecm, &mut site);
    assert!(matches!(site.poll_event(), Some(site::Event::Hello(_))));
    site.welcome(now, "link", None, None, None);
    carry(now, &mut ecm, &mut site);
    assert!(matches!(ecm.poll_event(), Some(ecm::Event::Welcomed(_))));
    (ecm, site)
}

const HELLO: &str = include_str!("../../../fixtures/data/ecm-protocol/ecm.hello-full.json");

fn carry(now: Instant, ecm: &mut ecm::Link, site: &mut site::Link) {
    while let Some(Transmit::Frame(frame)) = ecm.poll_transmit() {
        site.handle_frame(now, frame.bytes());
    }
    while let Some(Transmit::Frame(frame)) = site.poll_transmit() {
        ecm.handle_frame(now, frame.bytes());
    }
}

fn round_trip(criterion: &mut Criterion) {
    let now = Instant::now();
    let (mut ecm, mut site) = linked(now);
    let (id, mut find, _) = search();
    find.want.max_results = Some(200);
    let ask = site::Ask::Find(Box::new(find));
    let result = answer();
    criterion.bench_function("question there and answer of 50 back", |bencher| {
        bencher.iter(|| {
            site.ask(now, id.clone(), &ask).unwrap();
            carry(now, &mut ecm, &mut site);
            let Some(ecm::Event::Question(question)) = ecm.poll_event() else {
                panic!("no question");
            };
            let answer = ecm::Answer::Find(result.clone());
            assert_eq!(ecm.answer(&question.id, Ok(answer)), ecm::Delivery::Queued);
            carry(now, &mut ecm, &mut site);
            let Some(site::Event::Answered { answer: Ok(answered), .. }) = site.poll_event() else {
                panic!("no answer");
            };
            answered
        });
    });
}

criterion_group!(benches, frames, round_trip);
criterion_main!(benches);
