//! A real SSH server on the loopback interface.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::programs::{LIMIT, not_run};

const SSHD: &str = "/usr/sbin/sshd";

/// An SSH server of its own, which lets this user in by a key, and keeps its temporary files apart.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    child: Child,
}

impl Server {
    pub(crate) fn start(test: &str) -> Option<Self> {
        Self::start_with(test, "")
    }

    /// With further variables for whoever is let in.
    pub(crate) fn start_with(test: &str, variables: &str) -> Option<Self> {
        if !Path::new(SSHD).exists() {
            not_run(test, "openssh-server is not installed");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("sshd-").tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        for name in ["host", "user"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f", &at(name)])
                .status()
                .unwrap();
            assert!(made.success());
        }
        std::fs::copy(at("user.pub"), at("authorized")).unwrap();
        std::fs::create_dir(at("tmp")).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let tmp = at("tmp");
        std::fs::write(
            at("sshd_config"),
            format!(
                "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\n\
                 PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n\
                 PermitRootLogin yes\nSetEnv TMPDIR={tmp} XDG_RUNTIME_DIR={tmp}/none {variables}\n",
                at("host"),
                at("authorized")
            ),
        )
        .unwrap();
        std::fs::write(
            at("ssh_config"),
            format!(
                "Host there\nHostName 127.0.0.1\nPort {port}\nIdentityFile {}\nIdentitiesOnly yes\n\
                 UserKnownHostsFile {}\nStrictHostKeyChecking accept-new\nBatchMode yes\n\
                 LogLevel ERROR\n",
                at("user"),
                at("known")
            ),
        )
        .unwrap();
        // A folder that the server wants, and that only an installed service makes.
        let _ = std::fs::create_dir_all("/run/sshd");
        let child = Command::new(SSHD)
            .args(["-D", "-e", "-f", &at("sshd_config")])
            .stdin(Stdio::null())
            .stderr(std::fs::File::create(at("log")).unwrap())
            .spawn()
            .unwrap();
        let server = Self { folder, child };
        let deadline = Instant::now() + LIMIT;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "{}", server.log());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Some(server)
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.at("log")).unwrap_or_default()
    }

    /// The folders of visits, of which there should be one while one lasts.
    pub(crate) fn visits(&self) -> Vec<PathBuf> {
        let Ok(bases) = std::fs::read_dir(self.at("tmp")) else { return Vec::new() };
        let inside = bases.flatten().filter_map(|base| std::fs::read_dir(base.path()).ok());
        inside.flat_map(|entries| entries.flatten().map(|entry| entry.path())).collect()
    }

    /// Waits until nothing is left of any visit: no folder, and no process out of one.
    pub(crate) fn wait_for_nothing(&self) {
        let deadline = Instant::now() + LIMIT;
        while !self.visits().is_empty() || self.has_process() {
            assert!(Instant::now() < deadline, "{:?} {}", self.visits(), self.log());
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    fn has_process(&self) -> bool {
        let here = self.at("tmp").display().to_string();
        let Ok(all) = std::fs::read_dir("/proc") else { return false };
        all.flatten().any(|process| {
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(&here)
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
