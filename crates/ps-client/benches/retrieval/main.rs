//! What it costs to retrieve one credential: by this client, by a bare reqwest loop that makes the
//! same calls, by the vendor's Python library, and by a bare TLS socket, which nobody can beat; and
//! what a thousand open checkouts weigh.
//!
//! Every rival is a process of its own with one thread, so that its CPU time and memory can be
//! told from the vault's, which is simulated in this process. They take turns in short rounds, so
//! that whatever else the machine does meets all of them; ratios of one round are what counts, and
//! their median is shown. See `docs/performance.md`.
//!
//! ```sh
//! cargo bench -p ps-client --bench retrieval
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints its table, has a clock, and may fail loudly"
)]

mod floor;
mod report;
mod rivals;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ps_sim::{Config, Server};

use report::{Measured, Round, Rounds};

/// `cargo test` runs this once and small, to see that it runs.
fn is_bench() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let Some(role) = arguments.iter().position(|argument| argument == "--role") {
        return rivals::play(&arguments[role + 1..]);
    }
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut config = Config::demo();
    // Many may hold the same account at once, and its password stays as it is.
    for account in &mut config.accounts {
        account.max_concurrent_requests = 0;
        account.change_after_release = false;
    }
    for policy in &mut config.access_policies {
        for schedule in &mut policy.schedules {
            schedule.max_concurrent = 100_000;
        }
    }
    crowd(&mut config);
    let key = config.registrations.iter().find_map(|registration| registration.key.clone());
    let key = key.unwrap().expose().to_owned();
    let vault = runtime.block_on(Server::start(config)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, vault.ca_pem()).unwrap();
    let house = House { vault: &vault, ca: &ca, key: &key, python: python() };
    for latency in [0, 20] {
        vault.set_latency(Duration::from_millis(latency));
        house.race(latency);
    }
    vault.set_latency(Duration::ZERO);
    house.weigh();
}

/// Accounts for many checkouts at once: one user may have one request for an account.
fn crowd(config: &mut Config) {
    let one = config.accounts.iter().find(|account| account.name == rivals::ACCOUNT);
    let one = one.unwrap().clone();
    let all = (0..checkouts()).map(|number| {
        let name = format!("{}{number}", rivals::CROWD);
        ps_sim::AccountSettings { name, id: None, ..one.clone() }
    });
    config.accounts.extend(all);
    let key = format!(r"{}\{}", rivals::SYSTEM, rivals::ACCOUNT);
    let grants = config.groups.iter_mut().flat_map(|group| &mut group.grants);
    for grant in grants.filter(|grant| grant.accounts.contains(&key)) {
        grant.accounts = vec![format!(r"{}\*", rivals::SYSTEM)];
    }
}

fn checkouts() -> u32 {
    if is_bench() { 1_000 } else { 10 }
}

struct House<'a> {
    vault: &'a Server,
    ca: &'a Path,
    key: &'a str,
    python: Option<PathBuf>,
}

impl House<'_> {
    fn race(&self, latency: u64) {
        let (rounds, cycles, python_cycles) = match (is_bench(), latency) {
            (false, _) => (1, 3, 1),
            (true, 0) => (9, 400, 40),
            (true, _) => (5, 25, 10),
        };
        let mut all = Rounds::default();
        for _ in 0..rounds {
            all.push(Round {
                ours: self.rust("ours", cycles),
                bare: self.rust("bare", cycles),
                bare_http1: self.rust("bare-http1", cycles),
                floor: self.rust("floor", cycles),
                python: self.python(python_cycles),
            });
            self.vault.clear_calls();
        }
        all.print(latency);
    }

    fn weigh(&self) {
        let checkouts = checkouts();
        let ours = self.rust("hold", checkouts);
        let bare = self.rust("hold-bare", checkouts);
        report::print_memory(checkouts, &ours, &bare);
        let open = self.vault.requests().iter().filter(|one| one.state.is_live()).count();
        assert_eq!(open, 0, "what was held was given back");
    }

    fn rust(&self, role: &str, cycles: u32) -> Measured {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--role", role, self.vault.url()]).arg(self.ca);
        command.args([self.key, &cycles.to_string()]);
        report::measure(&mut command, cycles)
    }

    fn python(&self, cycles: u32) -> Option<Measured> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/retrieval/vendor.py");
        let mut command = Command::new(self.python.as_ref()?);
        let key = format!("{}; runas={};", self.key, rivals::USER);
        command.arg(script).arg(self.vault.url()).arg(self.ca).args([&key, &cycles.to_string()]);
        Some(report::measure(&mut command, cycles))
    }
}

/// The environment with the vendor's library that the tests of ps-sim make.
fn python() -> Option<PathBuf> {
    let target = std::env::current_exe().unwrap();
    let target = target.ancestors().find(|folder| folder.join("tmp").is_dir())?.to_owned();
    let homes = std::fs::read_dir(target.join("tmp/outsiders")).ok()?;
    let pythons = homes.flatten().filter(|home| home.path().join("complete").exists());
    let python = pythons.map(|home| home.path().join("bin/python")).next();
    python.filter(|python| python.exists())
}
