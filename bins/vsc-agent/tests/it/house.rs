//! Two desks on one machine: at one a card and the representative's agent, at the other a virtual
//! reader and the customer's agent, in between a relay.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use card_sim::{Card, Profile, Reader};
use pcsc_rig::tool::{Finished, run};
use pcsc_rig::{RigError, Settings, World};
use serde_json::Value;

use crate::programs::{LIMIT, Program, not_run, until};
use crate::recording::Recording;
use crate::wire::{Kind, Wire};

/// Worlds of PC/SC take processor time to start; a few at once is what two processors bear.
static ONE_HOUSE: Mutex<()> = Mutex::new(());

/// Which desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Rep,
    Customer,
}

/// How a house is built.
pub(crate) struct Plan {
    /// What the tests of this house need besides PC/SC itself.
    pub(crate) packages: Vec<&'static str>,
    pub(crate) profile: Profile,
    pub(crate) hold: &'static str,
    /// No relay: the representative's agent listens.
    pub(crate) direct: bool,
    pub(crate) log_level: &'static str,
    /// What is between the customer's agent and the relay.
    pub(crate) wire: Option<Kind>,
    /// How long the wire, if there is one, takes there and back.
    pub(crate) round_trip: Duration,
    /// How many slots the customer's agent believes the driver to have.
    pub(crate) slots: &'static str,
    /// Whether the agents are given the relay's certificate.
    pub(crate) trusts_relay: bool,
    /// Whether the two machines know each other's keys.
    pub(crate) identities: bool,
    /// The policy of the representative's agent: a file's text.
    pub(crate) policy: Option<&'static str>,
    /// Whether both PC/SC services log commands and answers in full.
    pub(crate) apdu_log: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            packages: Vec::new(),
            profile: Profile::default(),
            hold: "exclusive",
            direct: false,
            log_level: "debug",
            wire: None,
            round_trip: Duration::ZERO,
            slots: "2",
            trusts_relay: true,
            identities: false,
            policy: None,
            apdu_log: false,
        }
    }
}

pub(crate) struct House {
    pub(crate) desk: World,
    pub(crate) customer: World,
    pub(crate) card: Reader,
    pub(crate) recording: Recording,
    /// `None` in direct mode, and while a test has stopped it.
    pub(crate) relay: Option<Program>,
    pub(crate) rep: Program,
    pub(crate) customer_agent: Program,
    pub(crate) wire: Option<Wire>,
    pub(crate) folder: tempfile::TempDir,
    plan: Plan,
    address: String,
    _alone: MutexGuard<'static, ()>,
}

impl House {
    /// `None` when this machine has not what it takes, which is noted.
    pub(crate) fn open(test: &str, plan: Plan) -> Option<Self> {
        let alone = ONE_HOUSE.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = pcsc_rig::missing_packages();
        let packages = plan.packages.iter().copied().chain(["pcsc-tools"]);
        let packages: Vec<_> = packages.filter(|name| missing.contains(name)).collect();
        if !packages.is_empty() {
            not_run(test, &RigError::Missing { packages }.to_string());
            return None;
        }
        // Yubico's tools look for a reader of this name.
        let worlds = ["Yubico YubiKey desk", "Yubico YubiKey remote"]
            .map(|name| World::start_with(Settings::new(name).apdu_log(plan.apdu_log)));
        let [desk, customer] = match worlds {
            [Ok(desk), Ok(customer)] => [desk, customer],
            [Err(error @ (RigError::Missing { .. } | RigError::NeedsRoot { .. })), _] => {
                not_run(test, &error.to_string());
                return None;
            }
            [Err(error), _] | [_, Err(error)] => panic!("{error}"),
        };
        let recording = Recording::default();
        let card = Reader::insert_watched(
            Card::new(plan.profile.clone()).unwrap(),
            desk.slot(0).unwrap().address,
            recording.listener(),
        );
        assert!(card.wait_inserted(LIMIT), "{}", desk.log());
        assert!(desk.wait_for_card(0, LIMIT).unwrap(), "{}", desk.log());

        let folder = tempfile::Builder::new().prefix("vsc-").tempdir().unwrap();
        certificate(&folder);
        if plan.identities {
            exchange_keys(&folder);
        }
        let (relay, address) = if plan.direct {
            (None, String::new())
        } else {
            let (relay, address) = start_relay(&folder, "127.0.0.1:0", plan.log_level);
            (Some(relay), address)
        };
        let (rep, ready) =
            Program::start(&mut rep(&folder, &desk, &plan, &address), folder.path(), "rep");
        let address = match &ready["listen"] {
            Value::String(listen) => format!("ws://{listen}"),
            _ => address,
        };
        let wire = plan
            .wire
            .map(|kind| Wire::lay(kind, address.trim_start_matches("wss://"), plan.round_trip / 2));
        let mut command = customer_command(&folder, &customer, &plan, &address, wire.as_ref());
        let (customer_agent, _) = Program::start(&mut command, folder.path(), "customer");
        Some(Self {
            desk,
            customer,
            card,
            recording,
            relay,
            rep,
            customer_agent,
            wire,
            folder,
            plan,
            address,
            _alone: alone,
        })
    }

    /// A house in which the two have paired and the card is shared and seen.
    pub(crate) fn with_shared_card(test: &str, plan: Plan) -> Option<Self> {
        let house = Self::open(test, plan)?;
        house.pair();
        house.share();
        Some(house)
    }

    pub(crate) fn control(&self, side: Side) -> PathBuf {
        self.folder.path().join(match side {
            Side::Rep => "rep.sock",
            Side::Customer => "customer.sock",
        })
    }

    pub(crate) fn command(&self, side: Side, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vsc-agent"));
        command.args(arguments).arg("--control").arg(self.control(side));
        command
    }

    /// Runs one command of ours against the service of a desk.
    pub(crate) fn ask(&self, side: Side, arguments: &[&str]) -> Finished {
        run(&mut self.command(side, arguments), LIMIT).unwrap()
    }

    /// The same, for answers in JSON: the last line.
    pub(crate) fn ask_json(&self, side: Side, arguments: &[&str]) -> Value {
        let finished = self.ask(side, &[arguments, &["--json"]].concat());
        assert!(finished.succeeded(), "{arguments:?}: {finished:?}\n{}", self.logs());
        let text = finished.stdout_text();
        serde_json::from_str(text.lines().last().unwrap()).unwrap()
    }

    pub(crate) fn status(&self, side: Side) -> Value {
        self.ask_json(side, &["status"])
    }

    /// Begins to pair at the representative's desk; answers with the code.
    pub(crate) fn invite(&self) -> Invitation {
        self.invite_by(&["pair"])
    }

    /// Begins one command of ours, which may have to wait for something.
    pub(crate) fn begin(&self, side: Side, arguments: &[&str]) -> Child {
        let mut command = self.command(side, arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The same with something typed at it, by a pipe.
    pub(crate) fn begin_typing(&self, arguments: &[&str], typed: &str) -> Child {
        let mut command = self.command(Side::Rep, arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        child
    }

    pub(crate) fn invite_by(&self, arguments: &[&str]) -> Invitation {
        let mut child = self.begin(Side::Rep, arguments);
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut code = String::new();
        lines.read_line(&mut code).unwrap();
        Invitation { code: code.trim().to_owned(), child }
    }

    pub(crate) fn pair(&self) {
        let invitation = self.invite();
        let joined = self.ask(Side::Customer, &["pair", &invitation.code]);
        assert!(joined.succeeded(), "{joined:?}\n{}", self.logs());
        let invited = invitation.wait();
        assert!(invited.succeeded(), "{invited:?}\n{}", self.logs());
    }

    /// Shares the card's reader and waits until the customer's desk sees the card.
    pub(crate) fn share(&self) {
        self.share_by(&["share", "00 00"]);
    }

    /// The same by a command with options.
    pub(crate) fn share_by(&self, arguments: &[&str]) {
        let shared = self.ask(Side::Rep, arguments);
        assert!(shared.succeeded(), "{shared:?}\n{}", self.logs());
        self.wait_for_card();
    }

    pub(crate) fn wait_for_card(&self) {
        let seen = self.customer.wait_for_card(0, LIMIT).unwrap();
        assert!(seen, "{}\n{}", self.logs(), self.customer.log());
    }

    /// Waits until the customer's desk sees no card.
    pub(crate) fn wait_for_no_card(&self) {
        until("the card is gone at the customer's desk", || {
            !self.customer.wait_for_card(0, Duration::ZERO).unwrap()
        });
    }

    /// Runs somebody else's program at a desk.
    pub(crate) fn tool(&self, side: Side, program: &str, arguments: &[&str]) -> Finished {
        let world = match side {
            Side::Rep => &self.desk,
            Side::Customer => &self.customer,
        };
        let mut command = world.command(program);
        run(command.args(arguments).current_dir(world.folder()), LIMIT).unwrap()
    }

    pub(crate) fn logs(&self) -> String {
        let relay = self.relay.as_ref().map(Program::log).unwrap_or_default();
        format!(
            "--- relay\n{relay}--- rep\n{}--- customer\n{}",
            self.rep.log(),
            self.customer_agent.log()
        )
    }

    pub(crate) fn stop_relay(&mut self) {
        if let Some(mut relay) = self.relay.take() {
            relay.kill();
        }
    }

    /// Starts a relay again at the same address.
    pub(crate) fn start_relay(&mut self) {
        let address = self.address.trim_start_matches("wss://localhost:");
        let listen = format!("127.0.0.1:{address}");
        let (relay, _) = start_relay(&self.folder, &listen, self.plan.log_level);
        self.relay = Some(relay);
    }

    /// A second customer's agent, which uses the driver's second slot.
    pub(crate) fn second_customer(&self) -> SecondCustomer {
        let control = self.folder.path().join("second.sock");
        let mut command = Command::new(env!("CARGO_BIN_EXE_vsc-agent"));
        command.args(["customer", "--machine-name", "pc-of-bob", "--slots", "1"]);
        meet(&mut command, &self.folder, &self.plan, &self.address);
        let driver = self.customer.slot(1).unwrap().address;
        command.args(["--driver", &driver.to_string()]).arg("--control").arg(&control);
        let (program, _) = Program::start(&mut command, self.folder.path(), "second");
        SecondCustomer { control, _program: program }
    }

    pub(crate) fn restart_rep(&mut self) {
        let mut command = rep(&self.folder, &self.desk, &self.plan, &self.address);
        self.rep = Program::start(&mut command, self.folder.path(), "rep").0;
    }
}

/// Another customer's machine.
pub(crate) struct SecondCustomer {
    control: PathBuf,
    _program: Program,
}

impl SecondCustomer {
    pub(crate) fn ask(&self, arguments: &[&str]) -> Finished {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vsc-agent"));
        run(command.args(arguments).arg("--control").arg(&self.control), LIMIT).unwrap()
    }
}

/// A `pair` that waits for the other desk.
pub(crate) struct Invitation {
    pub(crate) code: String,
    child: Child,
}

impl Invitation {
    /// Nobody waits any more.
    pub(crate) fn leave(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn wait(self) -> Finished {
        let output = self.child.wait_with_output().unwrap();
        Finished { status: Some(output.status), stdout: output.stdout, stderr: output.stderr }
    }
}

fn certificate(folder: &tempfile::TempDir) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.path().join("relay.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.path().join("relay.key"), made.signing_key.serialize_pem()).unwrap();
}

fn start_relay(folder: &tempfile::TempDir, listen: &str, level: &str) -> (Program, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vsc-agent"));
    command.args(["relay", "--listen", listen, "--log-level", level]);
    command.arg("--cert").arg(folder.path().join("relay.pem"));
    command.arg("--key").arg(folder.path().join("relay.key"));
    let (relay, ready) = Program::start(&mut command, folder.path(), "relay");
    let port = ready["listen"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    (relay, format!("wss://localhost:{port}"))
}

/// Makes a key on each machine, and tells each the other's; the rep also knows a stranger.
fn exchange_keys(folder: &tempfile::TempDir) {
    let key = |machine: &str| {
        let state = folder.path().join(format!("state-{machine}"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_vsc-agent"));
        command.args(["identity", "--machine-name", machine, "--state-dir"]).arg(state);
        let made = run(&mut command, LIMIT).unwrap();
        assert!(made.succeeded(), "{made:?}");
        made.stdout_text()
    };
    let [desk, customer, stranger] = ["desk-7", "pc-of-ann", "stranger"].map(key);
    std::fs::write(folder.path().join("peers-of-desk-7"), customer + &stranger).unwrap();
    std::fs::write(folder.path().join("peers-of-pc-of-ann"), desk).unwrap();
}

fn meet(command: &mut Command, folder: &tempfile::TempDir, plan: &Plan, address: &str) {
    command.args(["--relay", address]);
    if plan.trusts_relay {
        command.arg("--ca-file").arg(folder.path().join("relay.pem"));
    }
}

fn know(command: &mut Command, folder: &tempfile::TempDir, plan: &Plan, machine: &str) {
    command.args(["--machine-name", machine]);
    if plan.identities {
        command.arg("--state-dir").arg(folder.path().join(format!("state-{machine}")));
        command.arg("--peers").arg(folder.path().join(format!("peers-of-{machine}")));
    }
}

fn rep(folder: &tempfile::TempDir, desk: &World, plan: &Plan, address: &str) -> Command {
    let mut command = desk.command(env!("CARGO_BIN_EXE_vsc-agent"));
    command.args(["rep", "--hold", plan.hold, "--log-level", plan.log_level]);
    if let Some(policy) = plan.policy {
        let path = folder.path().join("policy.toml");
        std::fs::write(&path, policy).unwrap();
        command.arg("--policy").arg(path);
    }
    know(&mut command, folder, plan, "desk-7");
    if plan.direct {
        command.args(["--listen", "127.0.0.1:0"]);
    } else {
        meet(&mut command, folder, plan, address);
    }
    command.arg("--control").arg(folder.path().join("rep.sock"));
    command
}

fn customer_command(
    folder: &tempfile::TempDir,
    customer: &World,
    plan: &Plan,
    address: &str,
    wire: Option<&Wire>,
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vsc-agent"));
    command.args(["customer", "--log-level", plan.log_level, "--slots", plan.slots]);
    know(&mut command, folder, plan, "pc-of-ann");
    match (plan.wire, wire) {
        (Some(Kind::Forwarder), Some(wire)) => {
            let address = format!("wss://localhost:{}", wire.address.port());
            meet(&mut command, folder, plan, &address);
        }
        (_, Some(proxy)) => {
            meet(&mut command, folder, plan, address);
            command.args(["--proxy", &format!("http://{}", proxy.address)]);
        }
        (_, None) => meet(&mut command, folder, plan, address),
    }
    let driver = customer.slot(0).unwrap().address;
    command.args(["--driver", &driver.to_string()]);
    command.arg("--control").arg(folder.path().join("customer.sock"));
    command
}
