//! Texts made to be slow to read: what an octet costs must not grow with the text.

use std::hint::black_box;

use user_mapping::Dn;

use crate::rounds::Rounds;

/// Up to the longest text that is looked at.
const SIZES: [usize; 5] = [256, 512, 1024, 2048, 4096];

/// What is repeated between a start and an end, to fill a text.
struct Shape {
    name: &'static str,
    start: &'static str,
    again: &'static str,
    end: &'static str,
}

const SHAPES: [Shape; 12] = [
    Shape { name: "one plain value", start: "cn=", again: "a", end: "" },
    Shape { name: "escaped commas", start: "cn=", again: r"\,", end: "" },
    Shape { name: "escaped UTF-8", start: "cn=", again: r"\F0\9F\94\91", end: "" },
    Shape { name: "never UTF-8", start: "cn=", again: r"\F0", end: "" },
    Shape { name: "spaces, then a wrong end", start: "cn=a", again: " ", end: "\"" },
    Shape { name: "spaces between escapes", start: "cn=", again: r"\   ", end: ";" },
    Shape { name: "hexadecimal digits", start: "cn=#", again: "04", end: "" },
    Shape { name: "long BER tag", start: "cn=#1F", again: "FF", end: "" },
    Shape { name: "object identifier", start: "1", again: ".1", end: "=a" },
    Shape { name: "keyword without =", start: "a", again: "a-", end: "" },
    Shape { name: "quote without end", start: "cn=\"", again: r"\\", end: "" },
    Shape { name: "until there are too many", start: "cn=a", again: "+a=b,a=b", end: "" },
];

impl Shape {
    fn text(&self, size: usize) -> String {
        let count = (size - self.start.len() - self.end.len()) / self.again.len();
        [self.start, &self.again.repeat(count), self.end].concat()
    }
}

/// Prints what an octet costs, by the length of the text.
pub(crate) fn table(rounds: usize) {
    println!(
        "\nhostile: nanoseconds an octet by length of the text, read strictly and then leniently, \
         medians of {rounds} rounds\n"
    );
    let heads: Vec<_> = SIZES.iter().map(|size| format!("{size:>6}")).collect();
    println!("| {:24} | {} |", "", heads.join(" | "));
    println!("|---|{}", "---|".repeat(SIZES.len()));
    for shape in &SHAPES {
        let texts = SIZES.map(|size| shape.text(size));
        // As many octets of each size in a turn.
        let longest = SIZES.into_iter().max().unwrap_or_default();
        let measured = Rounds::run(rounds, texts.len(), longest * 8, |place| {
            let Some(text) = texts.get(place) else { return };
            for _ in 0..longest * 8 / text.len() {
                let _ = black_box(Dn::parse(black_box(text)));
                let _ = black_box(Dn::parse_lenient(black_box(text)));
            }
        });
        let cells: Vec<_> =
            (0..texts.len()).map(|place| format!("{:>6.2}", measured.median(place))).collect();
        println!("| {:24} | {} |", shape.name, cells.join(" | "));
    }
}
