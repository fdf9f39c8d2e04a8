//! The whole service under load: a thousand searches at once.
//!
//! The shipped program runs beside a simulated site and a simulated vault of 5,000 systems, which
//! answers each call after 20 ms. The site asks 1,000 searches of 200 console users at once; in
//! turn with that, bare clients make the same calls to the same vault, as many searches at once.
//! Then: how long from "the site answers" to "ready", how much memory, how much processor time
//! while nobody asks.
//!
//! ```sh
//! cargo bench -p ecm-service --bench load
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench prints its table and may fail loudly"
)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ecm_protocol::message::{Target, TargetKind};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use ps_sim::Call;
use site_sim::Search;
use tempfile::TempDir;

const USERS: usize = 200;
const SYSTEMS: usize = 5_000;
const LATENCY: Duration = Duration::from_millis(20);
const KEY: &str = "00000000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000";
const CLIENT_ID: &str = "5f2b6c1de8a04b7793a1c0d4e6f8091a2b3c4d5e";
const CLIENT_SECRET: &str = "demo-only-ZmVycnktYWNyb3Nz";

/// How much is measured. `cargo test` makes little, to see that it runs.
struct Size {
    at_once: usize,
    rounds: usize,
    idle: Duration,
}

impl Size {
    fn wanted() -> Self {
        match std::env::args().any(|argument| argument == "--bench") {
            true => Self { at_once: 1_000, rounds: 7, idle: Duration::from_secs(60) },
            false => Self { at_once: 20, rounds: 1, idle: Duration::from_millis(200) },
        }
    }
}

/// A company of 200 people who may all use one local account on each of 5,000 machines.
fn company() -> ps_sim::Config {
    let mut text = format!(
        "[server]\nversion = \"25.1.0.1042\"\n\
         [[registration]]\nname = \"keyferry\"\nkind = \"api-key\"\nkey = \"{KEY}\"\n\
         addresses = [\"127.0.0.0/8\"]\n\
         [[group]]\nname = \"Desk\"\nregistrations = [\"keyferry\"]\n\
         [[group.grant]]\nrole = \"requestor\"\naccounts = ['*']\naccess-policy = \"Auto\"\n\
         [[access-policy]]\nname = \"Auto\"\n\
         [[access-policy.schedule]]\naccess-types = [\"View\"]\n"
    );
    for user in 0..USERS {
        let _ = write!(text, "[[user]]\nname = 'ACME\\user.{user}'\ngroups = [\"Desk\"]\n");
    }
    for system in 0..SYSTEMS {
        let _ = write!(
            text,
            "[[system]]\nname = \"HOST{system}\"\n[[account]]\nsystem = \"HOST{system}\"\n\
             name = \"desk\"\napi-enabled = true\npassword = \"fake-{system}\"\n"
        );
    }
    ps_sim::Config::from_toml(&text).unwrap()
}

fn site(at_once: usize) -> site_sim::Config {
    let text = include_str!("../../../fixtures/data/demo/site-sim.toml");
    let mut site = site_sim::Config::from_toml(text).unwrap();
    site.links.in_flight = u32::try_from(at_once).unwrap();
    site.links.find_deadline_ms = 60_000;
    site
}

/// The shipped program, ended by its process id.
struct Service(Child);

impl Service {
    fn start(folder: &Path) -> Self {
        let log = File::create(folder.join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_ecm-service"))
            .args(["run", "--config"])
            .arg(folder.join("config.toml"))
            .env_remove("ECM_SERVICE_LOG_LEVEL")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self(child)
    }

    /// A line of `/proc/PID/status`, in KiB.
    fn memory(&self, line: &str) -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.0.id())).ok()?;
        let line = text.lines().find(|text| text.starts_with(line))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// Processor time of all its threads.
    fn cpu(&self) -> Option<Duration> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0.id())).ok()?;
        let nanos = tasks.flatten().filter_map(|task| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        });
        Some(Duration::from_nanos(nanos.sum()))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn write_config(
    folder: &Path,
    vault: &ps_sim::Server,
    site: &site_sim::Server,
    token_url: &str,
    size: &Size,
) {
    let put = |name: &str, content: &str| fs::write(folder.join(name), content).unwrap();
    put("api-key", KEY);
    put("client-secret", CLIENT_SECRET);
    put("vault-ca.pem", vault.ca_pem());
    put("site-ca.pem", site.ca_pem());
    for name in ["api-key", "client-secret"] {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let (vault_url, site_url, at_once) = (vault.url(), site.ecm_url(), size.at_once);
    put(
        "config.toml",
        &format!(
            r#"state-dir = "state"
questions-per-user = 1000
[log]
level = "warn"
[[site]]
name = "support"
url = "{site_url}"
token-url = "{token_url}"
client-id = "{CLIENT_ID}"
client-secret = {{ file = "client-secret" }}
ca-file = "site-ca.pem"
system-roots = false
questions-at-a-time = {at_once}
[[vault]]
name = "main"
url = "{vault_url}"
api-key = {{ file = "api-key" }}
ca-file = "vault-ca.pem"
system-roots = false
max-sessions = 300
calls-at-once = 128
request-timeout = "60s"
[mapping]
version = 1
[[mapping.domain]]
id = "acme"
netbios = "ACME"
[[mapping.rule]]
domain = "acme"
runas = '{{netbios}}\{{user}}'
"#
        ),
    );
}

/// Who asks for what in the n-th search of a round.
fn pair(number: usize, round: usize) -> (usize, usize) {
    (number % USERS, (number * 7 + round * 131) % SYSTEMS)
}

async fn through_the_service(site: &site_sim::Server, size: &Size, round: usize) -> Vec<Duration> {
    let searches = (0..size.at_once).map(async |number| {
        let (user, system) = pair(number, round);
        let target = Target {
            hostname: Some(format!("HOST{system}")),
            ..Target::of_kind(TargetKind::JumpClient)
        };
        let search = Search::new(&format!(r"ACME\user.{user}"), target);
        let began = Instant::now();
        let found = site.search(search).await.unwrap();
        assert!(found.complete && found.items.len() == 1, "{found:?}");
        began.elapsed()
    });
    join_all(searches).await
}

/// A signed-in vault user, and nothing around it.
struct Bare {
    client: reqwest::Client,
    base: String,
    cookies: Vec<String>,
}

impl Bare {
    async fn sign_in(vault: &ps_sim::Server) -> Self {
        let ca = reqwest::Certificate::from_pem(vault.ca_pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([ca]).no_proxy().build().unwrap();
        let base = format!("{}/", vault.url().trim_end_matches('/'));
        let mut bare = Self { client, base, cookies: Vec::new() };
        for user in 0..USERS {
            let who = format!(r"PS-Auth key={KEY}; runas=ACME\user.{user};");
            let call = bare.client.post(format!("{}Auth/SignAppin", bare.base));
            let call = call.header("Authorization", who).header("Content-Length", "0");
            let answer = call.send().await.unwrap();
            let cookies = answer.headers().get_all("set-cookie").iter();
            let pairs = cookies.map(|value| value.to_str().unwrap().split(';').next().unwrap());
            bare.cookies.push(pairs.collect::<Vec<_>>().join("; "));
        }
        bare
    }

    /// The calls of one search, with this machine in the place of the one they were recorded with.
    async fn search(&self, calls: &[Call], user: usize, system: usize) -> Duration {
        let began = Instant::now();
        let made = stream::iter(calls).map(|call| async move {
            let path = call.path.split("/public/v3/").nth(1).unwrap();
            let named = |value: &String| match value.starts_with("HOST") {
                true => format!("HOST{system}"),
                false => value.clone(),
            };
            let query: Vec<_> =
                call.query.iter().map(|(name, value)| (name.clone(), named(value))).collect();
            let request = self.client.get(format!("{}{path}", self.base)).query(&query);
            let answer = request.header("Cookie", &self.cookies[user]).send().await.unwrap();
            assert!(answer.status().is_success());
            answer.bytes().await.unwrap();
        });
        made.buffer_unordered(6).collect::<Vec<_>>().await;
        began.elapsed()
    }

    async fn all(&self, calls: &[Call], size: &Size, round: usize) -> Vec<Duration> {
        let searches = (0..size.at_once).map(|number| {
            let (user, system) = pair(number, round);
            self.search(calls, user, system)
        });
        join_all(searches).await
    }
}

fn percentile(samples: &mut [Duration], hundredth: usize) -> Duration {
    samples.sort();
    samples[(samples.len() * hundredth / 100).min(samples.len() - 1)]
}

fn median(mut samples: Vec<Duration>) -> Duration {
    percentile(&mut samples, 50)
}

async fn wait_for_link(site: &site_sim::Server) {
    while site.ecms().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn load(vault: &ps_sim::Server, site: &site_sim::Server, size: &Size, service: &Service) {
    // Everybody signs in once, and the calls of one search are learned.
    for first in (0..USERS).step_by(20) {
        join_all((first..first + 20).map(async |user| {
            let target = Target {
                hostname: Some("HOST1".to_owned()),
                ..Target::of_kind(TargetKind::JumpClient)
            };
            site.search(Search::new(&format!(r"ACME\user.{user}"), target)).await.unwrap();
        }))
        .await;
    }
    vault.clear_calls();
    let target =
        Target { hostname: Some("HOST1".to_owned()), ..Target::of_kind(TargetKind::JumpClient) };
    site.search(Search::new(r"ACME\user.1", target)).await.unwrap();
    let calls = vault.calls();
    let bare = Bare::sign_in(vault).await;
    vault.set_latency(LATENCY);
    through_the_service(site, size, 0).await;
    bare.all(&calls, size, 0).await;

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=size.rounds {
        let mut samples = through_the_service(site, size, round).await;
        let mut others = bare.all(&calls, size, round).await;
        ours.push([percentile(&mut samples, 50), percentile(&mut samples, 99)]);
        theirs.push([percentile(&mut others, 50), percentile(&mut others, 99)]);
        vault.clear_calls();
    }
    println!(
        "{} searches at once, {} calls each, {} rounds, no errors",
        size.at_once,
        calls.len(),
        size.rounds
    );
    for (place, name) in ["p50", "p99"].iter().enumerate() {
        let of = |all: &[[Duration; 2]]| median(all.iter().map(|one| one[place]).collect());
        let (ours, theirs) = (of(&ours).as_secs_f64(), of(&theirs).as_secs_f64());
        println!(
            "  {name}  service {:8.1} ms   bare clients {:8.1} ms   ratio {:.2}",
            ours * 1e3,
            theirs * 1e3,
            ours / theirs
        );
    }
    if let Some(peak) = service.memory("VmHWM") {
        println!("  memory at its peak {:.1} MiB", peak as f64 / 1024.0);
    }
}

async fn starts(folder: &Path, site: &site_sim::Server, size: &Size) {
    let mut samples = Vec::new();
    for _ in 0..size.rounds {
        let began = Instant::now();
        let service = Service::start(folder);
        wait_for_link(site).await;
        samples.push(began.elapsed());
        drop(service);
        while !site.ecms().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    println!("start of the process to ready: {:.0} ms", median(samples).as_secs_f64() * 1e3);
}

async fn idle(service: &Service, size: &Size) {
    let Some(before) = service.cpu() else { return };
    tokio::time::sleep(size.idle).await;
    let Some(after) = service.cpu() else { return };
    let share = (after - before).as_secs_f64() / size.idle.as_secs_f64() * 100.0;
    println!("processor time while nobody asks: {share:.3} % of one core");
    if let Some(now) = service.memory("VmRSS") {
        println!("memory then {:.1} MiB", now as f64 / 1024.0);
    }
}

fn main() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let size = Size::wanted();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let vault = ps_sim::Server::start(company()).await.unwrap();
        let site = site_sim::Server::start(site(size.at_once)).await.unwrap();
        let folder = TempDir::new().unwrap();
        write_config(folder.path(), &vault, &site, site.token_url().as_ref(), &size);
        starts(folder.path(), &site, &size).await;
        let service = Service::start(folder.path());
        wait_for_link(&site).await;
        idle(&service, &size).await;
        load(&vault, &site, &size, &service).await;
    });
}
