//! Any bytes at all, and every vector with octets changed and cut off.

use proptest::prelude::*;

use crate::{any_bytes, dn_vectors};

type Claim = fn(&[u8]);

const CLAIMS: [(&str, Claim); 4] = [
    ("dn", any_bytes::dn),
    ("name", any_bytes::name),
    ("sid", any_bytes::sid),
    ("lookalike", any_bytes::lookalike),
];

#[test]
fn changed_and_cut_vectors_do_no_harm() {
    for text in dn_vectors::inputs().iter().filter(|text| text.len() < 200) {
        for place in 0..text.len() {
            for (_, claim) in CLAIMS {
                claim(&text.as_bytes()[..place]);
                for change in [0x01, 0x10, 0x80] {
                    let mut changed = text.as_bytes().to_vec();
                    changed[place] ^= change;
                    claim(&changed);
                }
            }
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what fuzzing finds is kept in files")]
fn what_fuzzing_found_stays_harmless() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/regressions");
    for (name, claim) in CLAIMS {
        let Ok(folder) = std::fs::read_dir(std::path::Path::new(corpus).join(name)) else {
            continue;
        };
        for file in folder {
            claim(&std::fs::read(file.unwrap().path()).unwrap());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        for (_, claim) in CLAIMS {
            claim(&bytes);
        }
    }

    #[test]
    fn any_text_does_no_harm(text in any::<String>()) {
        for (_, claim) in CLAIMS {
            claim(text.as_bytes());
        }
    }
}
