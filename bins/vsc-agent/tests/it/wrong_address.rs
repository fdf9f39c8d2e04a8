//! A relay's address that is none: whoever pairs is told what is wrong with it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use pcsc_rig::tool::{Finished, run};

use crate::programs::{LIMIT, Program};

/// What `pair` says when the customer's agent was given this address.
fn pair_by(address: &str) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let control = folder.path().join("customer.sock");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vsc-agent"));
    command.args(["customer", "--relay", address]).arg("--control").arg(&control);
    let (_agent, _) = Program::start(&mut command, folder.path(), "customer");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vsc-agent"));
    command.args(["pair", "417-acorn-acorn-acorn"]).arg("--control").arg(&control);
    run(&mut command, LIMIT).unwrap()
}

/// The address of a server that says this to everybody once it was asked something.
fn server_that_says(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = [0; 4096];
            if stream.read(&mut asked).is_ok() {
                let _ = stream.write_all(answer);
            }
        }
    });
    format!("ws://{address}")
}

#[test]
fn a_wrong_address_of_a_relay_is_told_as_such() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let no_page = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    for (address, told) in [
        (format!("ws://{nobody}"), "cannot be reached"),
        (server_that_says(no_page), "HTTP status 404; is it the address of a relay?"),
        (server_that_says(b"220 mail.example.com ESMTP\r\n"), "is no relay"),
        (server_that_says(b""), "is no relay"),
    ] {
        let refused = pair_by(&address);
        assert_eq!(refused.status.unwrap().code(), Some(69), "{refused:?}");
        let said = refused.stderr_text();
        assert!(said.contains(told) && said.contains(&address), "{told}: {said}");
    }
}
