//! What one command costs on its way through two agents and a relay.
//!
//! The measured way: a socket as the reader driver has it, the customer's session, the link, the
//! relay, the representative's session, a thread that plays a card and answers at once. All of it
//! is the code that is shipped, each agent on one thread of its own, the relay on its own runtime;
//! PC/SC and cards are left out. Beside it, in the same minute and in turn, what the same bytes
//! cost without us:
//!
//! * a TLS 1.3 echo, bare and through one forwarder that ends TLS on both sides, as a relay does;
//! * the same with as many hops as a command makes: a local socket in front, a thread behind;
//! * a plain TCP echo through one forwarder, which is how the reader driver's own tools relay.
//!
//! ```sh
//! cargo bench -p vsc-agent --bench relay
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench prints its table and may fail loudly"
)]

mod agents;
mod echo;
mod tls;

use std::time::{Duration, Instant};

use agents::{Link, Pair};
use echo::Echo;

/// Bytes of a command and of its response.
#[derive(Clone, Copy)]
struct Size {
    name: &'static str,
    command: usize,
    response: usize,
}

/// A selection, the longest short response, the longest short command, an extended read.
const SIZES: [Size; 4] = [
    Size { name: "select", command: 10, response: 27 },
    Size { name: "read 256", command: 5, response: 258 },
    Size { name: "sign, first link", command: 260, response: 2 },
    Size { name: "extended read", command: 7, response: 4098 },
];

/// Somebody who answers commands.
trait Contestant {
    fn name(&self) -> &'static str;
    /// One command and its answer, `count` times.
    fn ask(&mut self, size: Size, count: usize);
}

fn main() {
    let full = std::env::args().any(|argument| argument == "--bench");
    let (rounds, count) = if full { (41, 200) } else { (1, 3) };
    let mut contestants: Vec<Box<dyn Contestant>> = vec![
        Box::new(Pair::new(Link::Relayed)),
        Box::new(Echo::tls(echo::Forwarders::One)),
        Box::new(Pair::new(Link::Direct)),
        Box::new(Echo::tls(echo::Forwarders::None)),
        Box::new(Echo::plain()),
        Box::new(Echo::same_hops()),
    ];
    println!(
        "microseconds for one command and its answer, medians of {rounds} rounds of {count}\n"
    );
    let names: Vec<_> = contestants.iter().map(|contestant| contestant.name()).collect();
    println!("{:18} {}", "", names.join("  "));
    for size in SIZES {
        let mut times = vec![Vec::new(); contestants.len()];
        let mut slowest = Duration::ZERO;
        for round in 0..=rounds {
            for (contestant, times) in contestants.iter_mut().zip(&mut times) {
                let begun = Instant::now();
                contestant.ask(size, count);
                let took = begun.elapsed();
                // The first round warms up.
                if round > 0 {
                    times.push(took.as_secs_f64() * 1e6 / count as f64);
                    slowest = slowest.max(took / u32::try_from(count).unwrap());
                }
            }
        }
        let medians: Vec<_> = times.iter_mut().map(|times| median(times)).collect();
        let cells: Vec<_> = medians
            .iter()
            .zip(&names)
            .map(|(median, name)| format!("{median:>width$.1}", width = name.len()))
            .collect();
        println!("{:18} {}", size.name, cells.join("  "));
        println!(
            "{:18} relayed / TLS echo through a forwarder {:.2}, with the same hops {:.2}; \
             direct / bare TLS echo {:.2}; slowest round {:.1} ms each",
            "",
            medians[0] / medians[1],
            medians[0] / medians[5],
            medians[2] / medians[3],
            slowest.as_secs_f64() * 1e3,
        );
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
