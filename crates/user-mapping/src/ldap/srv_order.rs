//! In which order the servers of a service are tried (RFC 2782).

/// One server of a service, as DNS tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    /// Smaller ones first.
    pub(super) priority: u16,
    /// Among equals: how often, in proportion, it comes first.
    pub(super) weight: u16,
    pub(super) port: u16,
    /// Its name, without a dot at the end.
    pub(super) host: String,
}

/// Brings the servers into the order in which they are tried. `chance` gives a number that is
/// smaller than the one it is given.
pub(super) fn in_order(mut offers: Vec<Offer>, mut chance: impl FnMut(u32) -> u32) -> Vec<Offer> {
    // Those without weight come first, so that they have a small chance too.
    offers.sort_by_key(|offer| (offer.priority, offer.weight > 0));
    let mut ordered = Vec::with_capacity(offers.len());
    while let Some(first) = offers.first() {
        let equals = offers.iter().take_while(|offer| offer.priority == first.priority);
        let weights: Vec<u32> = equals.map(|offer| u32::from(offer.weight)).collect();
        let sum: u32 = weights.iter().sum();
        let drawn = chance(sum + 1);
        let mut running = 0;
        let place = weights.iter().position(|weight| {
            running += weight;
            running >= drawn
        });
        ordered.push(offers.remove(place.unwrap_or(0)));
    }
    ordered
}

/// Numbers that look random, from a seed (SplitMix64). For spreading load, not for secrets.
#[derive(Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// A number smaller than `end`; 0 for 0.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // The upper half times `end`, shifted down: evenly spread, and smaller than `end`.
        let scaled = (mixed >> 32) * u64::from(end);
        u32::try_from(scaled >> 32).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(priority: u16, weight: u16, host: &str) -> Offer {
        Offer { priority, weight, port: 389, host: host.to_owned() }
    }

    fn hosts(offers: &[Offer]) -> String {
        offers.iter().map(|offer| offer.host.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn priority_decides_before_weight_and_weight_before_chance() {
        let offers =
            vec![offer(10, 100, "c"), offer(0, 1, "a"), offer(0, 3, "b"), offer(20, 0, "d")];
        assert_eq!(hosts(&in_order(offers.clone(), |_| 0)), "a b c d");
        assert_eq!(hosts(&in_order(offers.clone(), |end| end - 1)), "b a c d");
        assert_eq!(hosts(&in_order(Vec::new(), |_| 0)), "");
        // A draw that is too large, which no chance of ours gives, takes the first.
        assert_eq!(in_order(offers, |_| u32::MAX).len(), 4);
    }

    #[test]
    fn heavier_servers_come_first_more_often_and_weightless_ones_sometimes() {
        let mut dice = Dice(7);
        let offers = vec![offer(0, 30, "heavy"), offer(0, 10, "light"), offer(0, 0, "none")];
        let mut first = [0; 3];
        for _ in 0..4000 {
            let ordered = in_order(offers.clone(), |end| dice.below(end));
            let place = offers.iter().position(|offer| *offer == ordered[0]).unwrap();
            first[place] += 1;
        }
        assert!(first[0] > 2 * first[1] && first[1] > 5 * first[2] && first[2] > 0, "{first:?}");
    }

    #[test]
    fn the_dice_stay_below_their_end() {
        let mut dice = Dice(0);
        assert_eq!(dice.below(0), 0);
        let drawn: Vec<u32> = (0..1000).map(|_| dice.below(6)).collect();
        for face in 0..6 {
            assert!(drawn.contains(&face));
        }
        assert!(drawn.iter().all(|face| *face < 6));
    }
}
