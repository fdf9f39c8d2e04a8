//! The stage: two PC/SC worlds, a card, a relay and two agents.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::demo::household::Household;
use crate::demo::programs::Programs;
use crate::demo::sweep::{self, Planted, Swept};
use crate::run;

/// How long anything may take before the story gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A PIN that is easily found where it should not be.
const PIN: &str = "73914826";

/// One of the two desks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Desk {
    /// Where the card is.
    Representative,
    /// Where it appears.
    Customer,
}

impl Desk {
    /// The name of its first reader.
    pub(super) fn reader(self) -> &'static str {
        match self {
            Self::Representative => "Desk reader 00 00",
            Self::Customer => "Virtual reader 00 00",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Representative => "desk",
            Self::Customer => "customer",
        }
    }
}

/// A world's ready file.
#[derive(Deserialize)]
struct World {
    environment: BTreeMap<String, String>,
    /// Where its daemon logs, and where programs in it have their home and caches.
    folder: PathBuf,
    slots: Vec<Slot>,
}

#[derive(Deserialize)]
struct Slot {
    address: String,
}

/// What the customer's agent counted.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Counted {
    pub(super) commands: u64,
    pub(super) round_trips: u64,
    pub(super) resets: u64,
}

/// Everything that runs.
pub(super) struct Stage {
    household: Household,
    folder: PathBuf,
    agent: PathBuf,
    card_sim: PathBuf,
    desk: World,
    customer: World,
}

impl Stage {
    /// Makes the folder and starts both worlds.
    pub(super) fn build(programs: &Programs) -> anyhow::Result<Self> {
        // Only this user may look inside.
        let folder = tempfile::Builder::new().prefix("keyferry-demo-").tempdir()?.keep();
        let mut household = Household::in_folder(&folder)?;
        let world = programs.path("pcsc-world")?;
        for (name, reader) in [("desk-world", "Desk reader"), ("customer-world", "Virtual reader")]
        {
            let ready = folder.join(format!("{name}.json"));
            household.start(name, Command::new(world).arg(reader).arg(ready))?;
        }
        let desk = household.wait_for_ready_file(&folder.join("desk-world.json"))?;
        let customer = household.wait_for_ready_file(&folder.join("customer-world.json"))?;
        for desk in [Desk::Representative, Desk::Customer] {
            let work = folder.join(desk.name());
            fs::create_dir(&work)?;
            fs::write(work.join("text"), "to be signed\n")?;
        }
        Ok(Self {
            household,
            agent: programs.path("vsc-agent")?.to_path_buf(),
            card_sim: programs.path("card-sim")?.to_path_buf(),
            folder,
            desk,
            customer,
        })
    }

    pub(super) fn pin(&self) -> &'static str {
        PIN
    }

    pub(super) fn work_folder(&self, desk: Desk) -> PathBuf {
        self.folder.join(desk.name())
    }

    /// Sends a program's PC/SC calls into a desk's world.
    pub(super) fn send_into(&self, command: &mut Command, desk: Desk) {
        let world = match desk {
            Desk::Representative => &self.desk,
            Desk::Customer => &self.customer,
        };
        command.envs(&world.environment);
        // Our own commands must not find a service of this machine's user.
        command.env("XDG_RUNTIME_DIR", self.folder.join("runtime"));
    }

    /// Puts the card into the desk's reader.
    pub(super) fn insert_card(&mut self) -> anyhow::Result<()> {
        let ready = self.folder.join("card.json");
        let slot = self.desk.slots.first().context("the desk has no slot")?;
        let mut command = Command::new(&self.card_sim);
        command.args(["--connect", &slot.address, "--trace", "--ready-file"]).arg(&ready);
        command.env("CARD_SIM_PIN", PIN);
        self.household.start("card", &mut command)?;
        let _: Value = self.household.wait_for_ready_file(&ready)?;
        self.wait_until(Desk::Representative, "present")
    }

    /// The table of a desk's readers, as `vsc-agent readers` shows it without a service.
    pub(super) fn readers(&self, desk: Desk) -> anyhow::Result<String> {
        let mut command = Command::new(&self.agent);
        command.arg("readers").stderr(Stdio::null());
        self.send_into(&mut command, desk);
        run::output(&mut command)
    }

    /// What is in a desk's first reader.
    pub(super) fn card_at(&self, desk: Desk) -> anyhow::Result<String> {
        let mut command = Command::new(&self.agent);
        command.args(["readers", "--json"]).stderr(Stdio::null());
        self.send_into(&mut command, desk);
        let answer: Value = serde_json::from_str(&run::output(&mut command)?)?;
        let readers = answer.get("readers").and_then(Value::as_array);
        let reader = readers
            .into_iter()
            .flatten()
            .find(|reader| reader.get("name").and_then(Value::as_str) == Some(desk.reader()));
        let card = reader.and_then(|reader| reader.get("card")).and_then(Value::as_str);
        Ok(card.unwrap_or("no reader").to_owned())
    }

    /// Waits until a desk's first reader has a card, or none.
    pub(super) fn wait_until(&mut self, desk: Desk, card: &str) -> anyhow::Result<()> {
        let what = format!("{}: {card}", desk.reader());
        let deadline = std::time::Instant::now() + PATIENCE;
        while self.card_at(desk)? != card {
            if std::time::Instant::now() > deadline {
                bail!("{what}: not within {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Starts relay, representative's and customer's agent.
    pub(super) fn start_agents(&mut self) -> anyhow::Result<()> {
        let (certificate, key) = (self.folder.join("relay.pem"), self.folder.join("relay.key"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        openssl.args(["-nodes", "-days", "2", "-subj", "/CN=localhost"]);
        openssl.args(["-addext", "subjectAltName=DNS:localhost"]);
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
        run::output(&mut openssl).context("no certificate for the relay")?;

        let mut relay = Command::new(&self.agent);
        relay
            .args(["relay", "--listen", "127.0.0.1:0", "--log-level", "debug", "--cert"])
            .arg(&certificate);
        relay.arg("--key").arg(&key);
        let ready = self.start("relay", relay)?;
        let listen = ready.get("listen").and_then(Value::as_str).context("no address")?;
        let port = listen.rsplit(':').next().unwrap_or_default();
        let address = format!("wss://localhost:{port}");

        let mut rep = Command::new(&self.agent);
        rep.args(["rep", "--relay", &address, "--machine-name", "desk-7", "--log-level", "debug"]);
        rep.arg("--ca-file").arg(&certificate).arg("--control").arg(self.control("rep"));
        self.send_into(&mut rep, Desk::Representative);
        self.start("rep", rep)?;

        let driver = self.customer.slots.first().context("the customer has no slot")?;
        let mut customer = Command::new(&self.agent);
        customer.args(["customer", "--relay", &address, "--driver", &driver.address]);
        customer.args(["--machine-name", "pc-of-ann", "--log-level", "debug"]);
        customer.arg("--ca-file").arg(&certificate).arg("--control").arg(self.control("customer"));
        self.start("customer", customer)?;
        Ok(())
    }

    /// Pairs the two. Answers with the public half of the code, and what the customer was told.
    pub(super) fn pair(&self) -> anyhow::Result<(String, String)> {
        let mut invite = self.ask("rep", &["pair"]);
        let mut inviting = invite.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut code = String::new();
        let stdout = inviting.stdout.take().context("no stdout")?;
        BufReader::new(stdout).read_line(&mut code)?;
        let joined = run::output(&mut self.ask("customer", &["pair", code.trim()]))?;
        if !inviting.wait()?.success() {
            bail!("the representative's `vsc-agent pair` failed");
        }
        let number = code.split('-').next().unwrap_or_default().to_owned();
        Ok((number, joined.trim().to_owned()))
    }

    pub(super) fn share(&mut self) -> anyhow::Result<String> {
        let said = run::output(&mut self.ask("rep", &["share", "Desk reader 00 00"]))?;
        self.wait_until(Desk::Customer, "present")?;
        Ok(said)
    }

    pub(super) fn unshare(&self) -> anyhow::Result<String> {
        run::output(&mut self.ask("rep", &["unshare", "--all"]))
    }

    pub(super) fn readers_of_service(&self) -> anyhow::Result<String> {
        run::output(&mut self.ask("rep", &["readers"]))
    }

    pub(super) fn button(&self) -> anyhow::Result<String> {
        let status = self.status("rep")?;
        Ok(status.get("button").and_then(Value::as_str).unwrap_or("absent").to_owned())
    }

    pub(super) fn round_trip_us(&self) -> anyhow::Result<u64> {
        let status = self.status("customer")?;
        let time = status.pointer("/sessions/0/round-trip-us").and_then(Value::as_u64);
        time.context("no round trip was measured")
    }

    /// All that the relay wrote so far.
    pub(super) fn relay_says(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.folder.join("relay.log"))?)
    }

    /// What the customer's agent counted so far; nothing at the desk with the card.
    pub(super) fn counted(&self, desk: Desk) -> anyhow::Result<Counted> {
        if desk == Desk::Representative {
            return Ok(Counted::default());
        }
        let status = self.status("customer")?;
        let counted = status.pointer("/sessions/0/shares/0/counted");
        Ok(serde_json::from_value(counted.context("nothing is shared")?.clone())?)
    }

    /// How long the card's own record is.
    pub(super) fn trace_length(&self) -> anyhow::Result<usize> {
        Ok(fs::read_to_string(self.folder.join("card.log"))?.len())
    }

    /// What the card was asked and answered since its record was so long: headers and lengths,
    /// without the time it took.
    pub(super) fn exchanges_since(&self, length: usize) -> anyhow::Result<Vec<String>> {
        let log = fs::read_to_string(self.folder.join("card.log"))?;
        let lines = log.get(length..).unwrap_or_default().lines();
        let exchanges = lines.filter(|line| line.contains(" -> "));
        Ok(exchanges
            .map(|line| line.rsplit_once(" in ").map_or(line, |(said, _)| said).to_owned())
            .collect())
    }

    /// Ends relay and agents; their exit codes.
    pub(super) fn stop_agents(&mut self) -> anyhow::Result<String> {
        let mut codes = Vec::new();
        for name in ["customer", "rep", "relay"] {
            let code = self.household.stop(name)?.code();
            codes.push(code.map_or_else(|| "killed".to_owned(), |code| code.to_string()));
        }
        Ok(codes.join(" "))
    }

    /// Searches everything that is left, in both worlds too.
    pub(super) fn sweep(&self, planted: &[Planted]) -> anyhow::Result<Swept> {
        let mut all = Swept::default();
        for folder in [&self.folder, &self.desk.folder, &self.customer.folder] {
            let swept = sweep::sweep(folder, &[], planted)?;
            all.texts += swept.texts;
            all.bytes += swept.bytes;
            all.found.extend(swept.found);
        }
        Ok(all)
    }

    /// What the agents logged, for a story that broke off.
    pub(super) fn programs_say(&self) -> String {
        ["relay", "rep", "customer", "card"]
            .iter()
            .map(|name| {
                let log = fs::read_to_string(self.folder.join(format!("{name}.log")));
                let log = log.unwrap_or_default();
                let tail: Vec<_> = log.lines().rev().take(15).collect();
                let tail: Vec<_> = tail.into_iter().rev().collect();
                format!("--- {name}\n{}\n", tail.join("\n"))
            })
            .collect()
    }

    /// Leaves everything running, and tells how to go on.
    pub(super) fn keep(self) -> anyhow::Result<String> {
        let (agent, folder) = (self.agent.display().to_string(), self.folder.display().to_string());
        let socket = self.customer.environment.get("PCSCLITE_CSOCK_NAME").cloned();
        let members = self.household.keep()?;
        let pids: Vec<_> = members.iter().map(|(_, pid)| pid.to_string()).collect();
        Ok(format!(
            "\nEverything is still running, in {folder}. A card takes up to two seconds to appear.\n\
             share again:   {agent} share 'Desk reader 00 00' --control {folder}/rep.sock\n\
             use the card:  PCSCLITE_CSOCK_NAME={} opensc-tool --name\n\
             what it costs: {agent} status --control {folder}/customer.sock\n\
             stop it:       kill {}; sleep 2; rm -r {folder}\n",
            socket.unwrap_or_default(),
            pids.join(" ")
        ))
    }

    fn control(&self, service: &str) -> PathBuf {
        self.folder.join(format!("{service}.sock"))
    }

    fn ask(&self, service: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.agent);
        command.args(arguments).arg("--control").arg(self.control(service)).stdin(Stdio::null());
        command
    }

    fn status(&self, service: &str) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&run::output(&mut self.ask(service, &["status", "--json"]))?)?)
    }

    fn start(&mut self, name: &'static str, mut command: Command) -> anyhow::Result<Value> {
        let ready: &Path = &self.folder.join(format!("{name}.ready"));
        command.arg("--ready-file").arg(ready);
        self.household.start(name, &mut command)?;
        self.household.wait_for_ready_file(ready)
    }
}
