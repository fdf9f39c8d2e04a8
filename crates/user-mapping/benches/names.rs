//! How fast names are read and mapped, over a corpus that is the same in every run.

#![expect(clippy::expect_used, reason = "a bench without its corpus must end")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use user_mapping::{Dn, MappingFile, Name, Outcome, RuleSet, StatedUser};

/// How many names there are of each kind.
const COUNT: usize = 2_000;

/// A small generator of numbers (xorshift), so that the corpus needs no other source.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap_or(1)).unwrap_or_default()
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words.get(self.below(words.len())).copied().unwrap_or_default()
    }
}

const FIRST: [&str; 8] = ["joe", "ann", "pat", "maria", "lee", "kim", "sven", "olga"];
const LAST: [&str; 8] = ["user", "smith", "garcia", "lucic", "oneil", "berg", "ito", "novak"];
const UNITS: [&str; 5] = ["HelpDesk", "Sales", "Field Service", "IT", "Contractors"];

struct Person {
    username: String,
    dn: String,
}

/// People as directories name them: a third by `uid=`, most others by plain `CN=`, some with
/// escaped commas, some multi-valued, some with hexadecimal UTF-8.
fn people() -> Vec<Person> {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    (0..COUNT)
        .map(|number| {
            let (first, last) = (numbers.pick(&FIRST), numbers.pick(&LAST));
            let user = format!("{first}.{last}{number}");
            let leaf = match numbers.below(100) {
                0..35 => format!("uid={user}"),
                35..80 => format!("CN={first} {last}"),
                80..92 => format!(r#"CN={last}\, {first} \"{number}\""#),
                92..96 => format!("CN={first} {last}+UID={user}"),
                _ => format!(r"CN={first} Lu\C4\8Di\C4\87"),
            };
            let unit = numbers.pick(&UNITS);
            let dn = format!("{leaf},OU={unit},OU=Users,OU=Europe,DC=acme,DC=test");
            let username = match numbers.below(4) {
                0 | 1 => user,
                2 => format!(r"ACME\{user}"),
                _ => format!("{user}@acme-inc.com"),
            };
            Person { username, dn }
        })
        .collect()
}

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
    let people = people();
    let octets: usize = people.iter().map(|person| person.dn.len()).sum();
    let count = u64::try_from(COUNT).unwrap_or_default();

    let mut group = criterion.benchmark_group("dn");
    group.throughput(Throughput::ElementsAndBytes {
        elements: count,
        bytes: u64::try_from(octets).unwrap_or_default(),
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

criterion_group!(benches, names);
criterion_main!(benches);
