//! The names that are read: made up, and the same in every run.

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

pub(crate) struct Person {
    pub(crate) username: String,
    pub(crate) dn: String,
}

/// People as directories name them: a third by `uid=`, most others by plain `CN=`, some with
/// escaped commas, some multi-valued, some with hexadecimal UTF-8.
pub(crate) fn people(count: usize) -> Vec<Person> {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    (0..count)
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

/// Names of one kind.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) dns: Vec<String>,
}

/// Names by what is in them, so many of each kind.
pub(crate) fn kinds(count: usize) -> Vec<Kind> {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut kind = |name, make: fn(&mut Numbers, usize) -> String| {
        let dns = (0..count).map(|number| make(&mut numbers, number)).collect();
        Kind { name, dns }
    };
    vec![
        kind("short", |numbers, number| {
            format!("CN={}{number},DC=acme,DC=test", numbers.pick(&FIRST))
        }),
        kind("ordinary", |numbers, _| {
            let (first, last, unit) =
                (numbers.pick(&FIRST), numbers.pick(&LAST), numbers.pick(&UNITS));
            format!("CN={first} {last},OU={unit},OU=Users,OU=Europe,DC=acme,DC=test")
        }),
        kind("long", |numbers, number| {
            let units: Vec<_> =
                (0..8).map(|depth| format!("OU={} {depth}", numbers.pick(&UNITS))).collect();
            format!(
                "CN={} {} ({number}),{},DC=emea,DC=corp,DC=acme-international,DC=test",
                numbers.pick(&FIRST),
                numbers.pick(&LAST),
                units.join(",")
            )
        }),
        kind("escaped", |numbers, number| {
            let (first, last) = (numbers.pick(&FIRST), numbers.pick(&LAST));
            format!(
                r#"CN={last}\, {first} \"{number}\" Lu\C4\8Di\C4\87,OU=R\+D,OU=Users,DC=acme,DC=test"#
            )
        }),
        kind("multi-valued", |numbers, number| {
            let (first, last) = (numbers.pick(&FIRST), numbers.pick(&LAST));
            format!("CN={first} {last}+UID={first}.{last}{number},OU=Users,DC=acme,DC=test")
        }),
        kind("hexadecimal", |numbers, number| {
            let text = format!("{}{number}", numbers.pick(&FIRST));
            let digits: String = text.bytes().map(|octet| format!("{octet:02X}")).collect();
            format!("CN=#0C{:02X}{digits},OU=Users,DC=acme,DC=test", text.len())
        }),
    ]
}
