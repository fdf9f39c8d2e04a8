//! Our own processes: started, watched, and stopped by their ids.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up. Never what a test is about.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// One running `vsc-agent`, with its log in a file. Killed when dropped.
pub(crate) struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it and waits until it says that it is ready; answers with what it said.
    pub(crate) fn start(
        command: &mut Command,
        folder: &Path,
        name: &str,
    ) -> (Self, serde_json::Value) {
        let ready = folder.join(format!("{name}.ready"));
        let _ = std::fs::remove_file(&ready);
        let log = folder.join(format!("{name}.log"));
        let sink = File::options().create(true).append(true).open(&log).unwrap();
        let child = command
            .arg("--ready-file")
            .arg(&ready)
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .stdout(sink.try_clone().unwrap())
            .stderr(sink)
            .spawn()
            .unwrap();
        let mut program = Self { child, log };
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                return (program, serde_json::from_str(&text).unwrap());
            }
            let ended = program.child.try_wait().unwrap();
            assert!(ended.is_none(), "{name} ended: {ended:?}\n{}", program.log());
            assert!(Instant::now() < deadline, "{name} is not ready\n{}", program.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Ends it as a service manager would.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal(rustix::process::Signal::TERM);
        self.wait()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until something holds; the clock only ends hopeless waits.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Fails where everything must run, else notes the omission where it will be listed.
pub(crate) fn not_run(test: &str, why: &str) {
    let must = ["CI", "KEYFERRY_REQUIRE_ALL"].iter().any(|name| std::env::var_os(name).is_some());
    assert!(!must, "{test} could not run: {why}");
    let line = format!("{test}: {why}");
    eprintln!("not run: {line}");
    if let Some(list) = std::env::var_os("KEYFERRY_NOT_RUN") {
        use std::io::Write as _;
        let mut list = File::options().create(true).append(true).open(list).unwrap();
        writeln!(list, "{line}").unwrap();
    }
}
