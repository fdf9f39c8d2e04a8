//! A customer's side that comes for one visit, by a real SSH server on the loopback interface.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::house::{House, Plan, Side};
use crate::programs::LIMIT;
use crate::ssh_server::Server;

fn push(house: &House, server: &Server) -> Command {
    let config = server.at("ssh_config").display().to_string();
    let ca = house.folder.path().join("relay.pem").display().to_string();
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let driver = nowhere.to_string();
    let arguments =
        ["push", "there", "--ssh-config", &config, "--ca-file", &ca, "--driver", &driver];
    let mut command = house.command(Side::Rep, &arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn wait_for_session(house: &House, server: &Server) {
    let deadline = Instant::now() + LIMIT;
    while house.status(Side::Rep)["sessions"][0]["state"] != "connected" {
        assert!(Instant::now() < deadline, "{}\n{}", house.logs(), server.log());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_visit_ends_with_its_session_and_leaves_nothing() {
    let test = "a visit by SSH";
    let Some(server) = Server::start(test) else { return };
    let Some(house) = House::open(test, Plan::default()) else { return };
    // What a visit left when the machine went down in the middle of it.
    let uid = rustix::process::getuid().as_raw();
    let old = server.at(&format!("tmp/vsc-agent-of-{uid}/vsc-push.OLD"));
    std::fs::create_dir_all(&old).unwrap();
    std::fs::write(old.join("pid"), "1").unwrap();
    std::fs::write(old.join("boot"), "another boot").unwrap();
    std::os::unix::fs::chown(old.parent().unwrap(), Some(uid), None).unwrap();

    let visit = push(&house, &server).spawn().unwrap();
    wait_for_session(&house, &server);
    assert_eq!(server.visits().len(), 1, "{:?}", server.visits());
    assert!(!old.exists());
    assert!(house.ask(Side::Rep, &["end"]).status.unwrap().success());
    let output = visit.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("paired with") && said.contains("nothing is left there"), "{said}");
    server.wait_for_nothing();
}

#[test]
fn a_visit_that_is_cut_off_leaves_nothing_either() {
    let test = "a visit by SSH that is cut off";
    let Some(server) = Server::start(test) else { return };
    let Some(house) = House::open(test, Plan::default()) else { return };
    let mut visit = push(&house, &server).spawn().unwrap();
    wait_for_session(&house, &server);
    // Not even a chance to say goodbye.
    visit.kill().unwrap();
    visit.wait().unwrap();
    server.wait_for_nothing();
}

#[test]
fn a_machine_that_cannot_be_reached_is_told_and_no_code_is_given_out() {
    let test = "a push to nowhere";
    let Some(house) = House::open(test, Plan::default()) else { return };
    let refused = house.ask(Side::Rep, &["push", "--ssh", "/bin/false", "there"]);
    assert_eq!(refused.status.unwrap().code(), Some(69), "{refused:?}");
    assert!(refused.stderr_text().contains("there cannot be prepared"), "{refused:?}");
    assert_eq!(house.status(Side::Rep)["sessions"].as_array().map(Vec::len), Some(0));
}

#[test]
fn an_agent_that_is_installed_there_is_used_and_stays() {
    let test = "a push to an installed agent";
    let Some(house) = House::open(test, Plan::default()) else { return };
    let program = Path::new(env!("CARGO_BIN_EXE_vsc-agent"));
    let path = std::env::var("PATH").unwrap();
    let variables = format!(
        "PATH={}:{path} VSC_AGENT_CONTROL={}",
        program.parent().unwrap().display(),
        house.control(Side::Customer).display()
    );
    let Some(server) = Server::start_with(test, &variables) else { return };
    let output = push(&house, &server).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("installed there stays"), "{said}");
    assert!(server.visits().is_empty());
    wait_for_session(&house, &server);
    assert_eq!(house.status(Side::Customer)["sessions"][0]["state"], "connected");
}
