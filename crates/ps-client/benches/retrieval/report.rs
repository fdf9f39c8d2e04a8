//! What was measured, as a table.

use std::process::Command;

use serde_json::Value;

/// Cycles of one process.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    per_second: f64,
    cpu_ms: f64,
    peak_kib: f64,
}

/// Runs a rival to its end and takes what it says about itself.
pub(crate) fn measure(command: &mut Command, cycles: u32) -> Measured {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let said: Value = serde_json::from_slice(&output.stdout).expect("a rival says what it did");
    let number = |name: &str| said[name].as_f64().unwrap_or(0.0);
    Measured {
        per_second: f64::from(cycles) / number("seconds"),
        cpu_ms: number("cpu") * 1_000.0 / f64::from(cycles),
        peak_kib: number("peak_kib"),
    }
}

/// Every rival's turn.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    pub(crate) ours: Measured,
    pub(crate) bare: Measured,
    pub(crate) bare_http1: Measured,
    pub(crate) floor: Measured,
    pub(crate) python: Option<Measured>,
}

#[derive(Default)]
pub(crate) struct Rounds(Vec<Round>);

impl Rounds {
    pub(crate) fn push(&mut self, round: Round) {
        self.0.push(round);
    }

    pub(crate) fn print(&self, latency: u64) {
        println!("\nretrieve one credential, {latency} ms at the vault, medians of rounds");
        println!("  {:18} {:>9} {:>14}", "", "cycles/s", "CPU ms/cycle");
        self.line("ps-client", |round| Some(round.ours));
        self.line("reqwest, HTTP/2", |round| Some(round.bare));
        self.line("reqwest, HTTP/1.1", |round| Some(round.bare_http1));
        self.line("bare TLS socket", |round| Some(round.floor));
        self.line("Python", |round| round.python);
        println!("  ratios of ps-client                  rate     work per CPU second");
        self.ratios("to reqwest as it comes", |round| Some(round.bare));
        self.ratios("to reqwest, HTTP/1.1", |round| Some(round.bare_http1));
        self.ratios("to a bare TLS socket", |round| Some(round.floor));
        self.ratios("to Python", |round| round.python);
        let limit =
            self.0.iter().filter_map(|round| Some(round.python?.cpu_ms / round.floor.cpu_ms));
        if let Some(limit) = median(limit) {
            println!("  a bare TLS socket to Python, work per CPU second: {limit:.0}");
        }
    }

    fn line(&self, name: &str, of: impl Fn(&Round) -> Option<Measured>) {
        let all: Vec<_> = self.0.iter().filter_map(of).collect();
        let rate = median(all.iter().map(|one| one.per_second));
        let cpu = median(all.iter().map(|one| one.cpu_ms));
        match rate.zip(cpu) {
            Some((rate, cpu)) => println!("  {name:18} {rate:>9.0} {cpu:>14.4}"),
            None => println!("  {name:18} (its environment is made by the tests of ps-sim)"),
        }
    }

    fn ratios(&self, name: &str, of: impl Fn(&Round) -> Option<Measured>) {
        let pairs: Vec<_> =
            self.0.iter().filter_map(|round| Some((round.ours, of(round)?))).collect();
        let rate = median(pairs.iter().map(|(ours, rival)| ours.per_second / rival.per_second));
        let work = median(pairs.iter().map(|(ours, rival)| rival.cpu_ms / ours.cpu_ms));
        if let Some((rate, work)) = rate.zip(work) {
            println!("    {name:30} {rate:>8.2} {work:>12.2}");
        }
    }
}

pub(crate) fn print_memory(checkouts: u32, ours: &Measured, bare: &Measured) {
    let (ours, bare) = (ours.peak_kib / 1_024.0, bare.peak_kib / 1_024.0);
    println!("\n{checkouts} checkouts open at once, peak resident memory");
    println!(
        "  ps-client {ours:.1} MiB, bare {bare:.1} MiB: {:.1} MiB above (target 30)",
        ours - bare
    );
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
