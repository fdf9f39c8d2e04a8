use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};

use super::xtask;

fn sleeper() -> Child {
    Command::new("sleep").arg("600").spawn().unwrap()
}

/// Gives the orders, then closes the pipe, as a demo that was killed does.
fn after_the_orders(orders: &str) {
    let mut janitor = xtask().arg("janitor").stdin(Stdio::piped()).spawn().unwrap();
    janitor.stdin.take().unwrap().write_all(orders.as_bytes()).unwrap();
    assert!(janitor.wait().unwrap().success());
}

#[test]
fn what_a_killed_demo_leaves_is_ended_and_removed() {
    let folder = tempfile::tempdir().unwrap().keep();
    std::fs::write(folder.join("secret"), "x").unwrap();
    let mut child = sleeper();
    // Somebody has to wait for a child that ended, or it stays visible; a killed demo's children
    // are waited for by the system.
    let pid = child.id();
    let waiter = std::thread::spawn(move || child.wait().unwrap());
    after_the_orders(&format!("remove {}\nwatch {pid}\n", folder.display()));
    const SIGTERM: i32 = 15;
    assert_eq!(waiter.join().unwrap().signal(), Some(SIGTERM));
    assert!(!folder.exists());
}

#[test]
fn what_was_stopped_or_is_kept_is_left_alone() {
    let mut child = sleeper();
    let pid = child.id();
    after_the_orders(&format!("watch {pid}\nforget {pid}\n"));
    after_the_orders(&format!("watch {pid}\nkeep\n"));
    assert!(child.try_wait().unwrap().is_none(), "it must still run");
    child.kill().unwrap();
    child.wait().unwrap();
}
