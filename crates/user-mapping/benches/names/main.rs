//! How fast names are read and mapped, over a corpus that is the same in every run; how fast others
//! read the same names; and that hostile texts take no longer than others of their length.
//!
//! ```sh
//! cargo bench -p user-mapping --bench names            # everything
//! cargo bench -p user-mapping --bench names -- rivals  # only the two tables at the end
//! ```
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints its tables, has a clock, and must end without its corpus"
)]

mod corpus;
mod hostile;
mod rivals;
mod rounds;

use std::fmt::Write as _;
use std::hint::black_box;

use corpus::people;
use criterion::{BatchSize, Criterion, Throughput};
use user_mapping::{Dn, MappingFile, Name, Outcome, RuleSet, StatedUser};

/// How many people there are.
const COUNT: usize = 2_000;

fn rules() -> RuleSet {
    let mut text = String::from(
        "[[domain]]\nid = \"acme\"\nnetbios = \"ACME\"\ndns = [\"acme.test\"]\n\
         suffix = [\"acme-inc.com\"]\n",
    );
    for number in 0..20 {
        let _ = write!(
            text,
            "[[domain]]\nid = \"d{number}\"\nnetbios = \"D{number}\"\ndns = [\"d{number}.test\"]\n\
             [[rule]]\ndomain = \"d{number}\"\nrunas = '{{netbios}}\\{{user}}'\n"
        );
    }
    text.push_str(
        "[[rule]]\ndomain = \"acme\"\ndn-under = \"ou=Contractors,ou=Users,ou=Europe,dc=acme,dc=test\"\n\
         runas = '{netbios}\\{user}-x'\n\
         [[rule]]\ndomain = \"acme\"\nuser = '(?<u>[a-z][a-z0-9._-]*)'\nrunas = '{netbios}\\{u}'\n",
    );
    let file: MappingFile = toml::from_str(&text).expect("rules of this bench");
    RuleSet::check(file).expect("rules of this bench").0
}

fn names(criterion: &mut Criterion) {
    let people = people(COUNT);
    let octets: usize = people.iter().map(|person| person.dn.len()).sum();
    let count = u64::try_from(COUNT).unwrap_or_default();

    let mut group = criterion.benchmark_group("dn");
    group.throughput(Throughput::ElementsAndBytes {
        elements: count,
        bytes: u64::try_from(octets).unwrap_or_default(),
    });
    group.bench_function("view", |bencher| {
        bencher.iter(|| {
            people
                .iter()
                .filter(|person| {
                    Dn::view(black_box(&person.dn)).all(|part| black_box(part).is_ok())
                })
                .count()
        });
    });
    group.bench_function("borrowed", |bencher| {
        bencher.iter(|| {
            people.iter().filter(|person| Dn::parse(black_box(&person.dn)).is_ok()).count()
        });
    });
    group.bench_function("owned", |bencher| {
        bencher.iter_batched(
            || Vec::with_capacity(COUNT),
            |mut owned| {
                owned.extend(people.iter().map(|person| {
                    Dn::parse(black_box(&person.dn)).expect("a name of this bench").into_owned()
                }));
                owned
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();

    let mut group = criterion.benchmark_group("name");
    group.throughput(Throughput::Elements(count));
    group.bench_function("classify", |bencher| {
        bencher.iter(|| {
            people.iter().filter(|person| Name::parse(black_box(&person.username)).is_ok()).count()
        });
    });
    let rules = rules();
    group.bench_function("resolve", |bencher| {
        bencher.iter(|| {
            let found = people.iter().filter(|person| {
                let stated = StatedUser {
                    username: black_box(&person.username),
                    dn: Some(&person.dn),
                    provider: None,
                };
                matches!(rules.resolve(&stated).outcome, Outcome::User(_))
            });
            assert_eq!(found.count(), COUNT);
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    names(&mut criterion);
    criterion.final_summary();
    // `cargo test` runs this once and small, to see that it runs.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let rounds = if is_bench { 41 } else { 1 };
    rivals::table(rounds);
    hostile::table(rounds);
}
