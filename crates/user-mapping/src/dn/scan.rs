//! Where the next octet is that means something in a value.

/// How many octets are looked at in one step: what a vector register of every processor holds.
const STEP: usize = 16;

/// What ends raw text in a value, other than the end.
const SPECIAL: [u8; 8] = *b"\\,+;\"<>\0";

/// The place of the first octet that ends raw text in a value, or the length of all.
///
/// Values are short, and where they end is what a processor cannot guess: a loop over octets costs
/// more for its last turn than for all others. So it looks at many at once, without a branch.
pub(super) fn find_special(octets: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(step) = octets.get(at..).and_then(<[u8]>::first_chunk) {
        let found = special_octets(step);
        if found != 0 {
            return at + place(found);
        }
        at += STEP;
    }
    let left = octets.len() - at.min(octets.len());
    match octets.last_chunk() {
        Some(step) if left > 0 => {
            // Those before `at` are shifted out; at the top come zeros.
            let found = special_octets(step) >> (8 * (STEP - left));
            if found == 0 { octets.len() } else { at + place(found) }
        }
        Some(_) => octets.len(),
        None => {
            let rest = octets.get(at..).unwrap_or_default();
            at + rest.iter().position(|&octet| SPECIAL.contains(&octet)).unwrap_or(rest.len())
        }
    }
}

/// Eight bits for each octet, set if it is special, the first octet in the lowest bits.
///
/// An octet is special if the least of its differences from the special ones is none. Compilers
/// make vector instructions of this spelling, and branches of the obvious one.
#[inline]
fn special_octets(step: &[u8; STEP]) -> u128 {
    let mut least = [0; STEP];
    for (least, &octet) in least.iter_mut().zip(step) {
        *least = SPECIAL.iter().fold(u8::MAX, |least, special| least.min(octet ^ special));
    }
    let mut found = [0; STEP];
    for (found, least) in found.iter_mut().zip(least) {
        *found = if least == 0 { u8::MAX } else { 0 };
    }
    u128::from_le_bytes(found)
}

#[inline]
fn place(found: u128) -> usize {
    // At most 16.
    usize::try_from(found.trailing_zeros() / 8).unwrap_or(STEP)
}

#[cfg(test)]
mod tests {
    use super::{SPECIAL, find_special};

    #[test]
    fn every_octet_is_found_wherever_it_is() {
        for octet in 0..=u8::MAX {
            for length in [1, 2, 15, 16, 17, 31, 32, 33, 40] {
                for place in 0..length {
                    let mut octets = vec![b'a'; length];
                    octets[place] = octet;
                    for from in [0, place, place + 1, length] {
                        let is_found = SPECIAL.contains(&octet) && from <= place;
                        let expected = if is_found { place } else { length };
                        assert_eq!(find_special(&octets, from), expected, "{octets:?} {from}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_of_several_is_found() {
        let octets = b"0123456789abcdef,123\\56789,bcdef";
        assert_eq!(
            [0, 16, 17, 21, 27].map(|from| find_special(octets, from)),
            [16, 16, 20, 26, 32]
        );
    }
}
