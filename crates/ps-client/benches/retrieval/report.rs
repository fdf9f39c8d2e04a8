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

/// One line for each rival in each round.
#[derive(Default)]
pub(crate) struct Rounds(Vec<(Measured, Measured, Option<Measured>)>);

impl Rounds {
    pub(crate) fn push(&mut self, ours: Measured, bare: Measured, python: Option<Measured>) {
        self.0.push((ours, bare, python));
    }

    pub(crate) fn print(&self, latency: u64) {
        println!("\nretrieve one credential, {latency} ms at the vault, medians of rounds");
        println!("  {:12} {:>12} {:>16}", "", "cycles/s", "CPU ms/cycle");
        let line = |name: &str, of: &dyn Fn(usize) -> Option<Measured>| {
            let all: Vec<_> = (0..self.0.len()).filter_map(of).collect();
            if all.is_empty() {
                println!(
                    "  {name:12} {:>12} (its environment is made by the tests of ps-sim)",
                    "-"
                );
                return;
            }
            let rate = median(all.iter().map(|one| one.per_second));
            let cpu = median(all.iter().map(|one| one.cpu_ms));
            println!("  {name:12} {rate:>12.0} {cpu:>16.4}");
        };
        line("ps-client", &|index| Some(self.0[index].0));
        line("bare reqwest", &|index| Some(self.0[index].1));
        line("Python", &|index| self.0[index].2);
        let rate = median(self.0.iter().map(|(ours, bare, _)| ours.per_second / bare.per_second));
        println!("  rate, of the bare loop:       {rate:.2} (target 0.95)");
        let cpu = median(self.0.iter().map(|(ours, bare, _)| ours.cpu_ms / bare.cpu_ms));
        println!("  CPU, of the bare loop:        {cpu:.2}");
        let ratios = self
            .0
            .iter()
            .filter_map(|(ours, _, python)| python.map(|python| python.cpu_ms / ours.cpu_ms));
        if self.0.iter().any(|(_, _, python)| python.is_some()) {
            println!("  per CPU second, of Python:    {:.0} (target 80)", median(ratios));
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

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
