//! Measuring in turns: whatever else the machine does meets everybody alike.

use std::time::Instant;

/// Nanoseconds per item, by runner and then by round.
pub(crate) struct Rounds(Vec<Vec<f64>>);

impl Rounds {
    /// Lets every runner work through `items` items once in each round, each round beginning with
    /// another.
    pub(crate) fn run(
        rounds: usize,
        runners: usize,
        items: usize,
        mut run: impl FnMut(usize),
    ) -> Self {
        let mut times = vec![Vec::with_capacity(rounds); runners];
        for round in 0..rounds {
            for turn in 0..runners {
                let runner = (round + turn) % runners;
                let start = Instant::now();
                run(runner);
                let nanoseconds = start.elapsed().as_secs_f64() * 1e9;
                if let Some(times) = times.get_mut(runner) {
                    times.push(nanoseconds / f64::from(u32::try_from(items).unwrap_or(u32::MAX)));
                }
            }
        }
        Self(times)
    }

    pub(crate) fn median(&self, runner: usize) -> f64 {
        median(self.of(runner).to_vec())
    }

    /// The median over the rounds of what one took over what the other took. Rounds are pushed
    /// in order for each, so the places agree.
    pub(crate) fn ratio(&self, one: usize, other: usize) -> f64 {
        median(self.of(one).iter().zip(self.of(other)).map(|(one, other)| one / other).collect())
    }

    fn of(&self, runner: usize) -> &[f64] {
        self.0.get(runner).map_or(&[], Vec::as_slice)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
