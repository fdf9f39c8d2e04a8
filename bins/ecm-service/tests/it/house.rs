//! A whole house for end-to-end tests: a simulated vault and a simulated site in this process, and
//! the shipped program beside it, over real sockets.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use ecm_protocol::message::{Target, TargetKind};
use site_sim::{Found, Retrieve, Retrieved, Search};
use tempfile::TempDir;

/// Longer than anything takes on a busy machine; nothing is decided by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The demonstration company's API key and site account, as `fixtures/data/demo` has them.
const API_KEY: &str = "00000000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000fa6e0000";
pub(crate) const CLIENT_ID: &str = "5f2b6c1de8a04b7793a1c0d4e6f8091a2b3c4d5e";
pub(crate) const CLIENT_SECRET: &str = "demo-only-ZmVycnktYWNyb3Nz";

/// What a test may change before the house opens.
pub(crate) struct Plan {
    /// The vault.
    pub(crate) vault: ps_sim::Config,
    /// The site.
    pub(crate) site: site_sim::Config,
    /// Content of the file the vault's API key is read from.
    pub(crate) api_key: String,
    /// How the service signs in to the vault.
    pub(crate) vault_auth: String,
    /// Further lines of `[[site]]`.
    pub(crate) site_lines: String,
    /// Further lines of `[[vault]]`.
    pub(crate) vault_lines: String,
    /// Lines at the top of the file.
    pub(crate) top_lines: String,
    /// What the service logs.
    pub(crate) log_level: String,
}

impl Default for Plan {
    /// The demonstration company.
    fn default() -> Self {
        let site = include_str!("../../../../fixtures/data/demo/site-sim.toml");
        Self {
            vault: ps_sim::Config::demo(),
            site: site_sim::Config::from_toml(site).unwrap(),
            api_key: API_KEY.to_owned(),
            vault_auth: "api-key = { file = \"api-key\" }".to_owned(),
            site_lines: String::new(),
            vault_lines: "approver = 'ACME\\approver'".to_owned(),
            top_lines: String::new(),
            log_level: "debug".to_owned(),
        }
    }
}

/// The house. Dropping it ends its services by their process ids.
pub(crate) struct House {
    pub(crate) vault: ps_sim::Server,
    pub(crate) site: site_sim::Server,
    folder: TempDir,
    /// What was secret from the beginning.
    planted: Vec<String>,
    service: Option<Child>,
    second: Option<Child>,
}

impl House {
    /// Opens the house and waits until the service is linked to the site.
    pub(crate) async fn open(plan: Plan) -> Self {
        let mut house = Self::furnish(plan).await;
        house.start_service();
        house.wait_for_link().await;
        house
    }

    /// Starts the simulators and writes the configuration; the service is not started yet.
    pub(crate) async fn furnish(plan: Plan) -> Self {
        // An error means that another test has installed it already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let planted = planted_in(&plan.vault);
        let vault = ps_sim::Server::start(plan.vault).await.unwrap();
        let site = site_sim::Server::start(plan.site).await.unwrap();
        let folder = TempDir::new().unwrap();
        let put = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        };
        put("api-key", &plan.api_key);
        put("client-secret", CLIENT_SECRET);
        put("vault-ca.pem", vault.ca_pem());
        put("site-ca.pem", site.ca_pem());
        let (vault_url, site_url, token_url) = (vault.url(), site.ecm_url(), site.token_url());
        let Plan { vault_auth, site_lines, vault_lines, top_lines, log_level, .. } = plan;
        put(
            "config.toml",
            &format!(
                r#"state-dir = "state"
{top_lines}
[log]
format = "json"
level = "{log_level}"
[[site]]
name = "support"
url = "{site_url}"
token-url = "{token_url}"
client-id = "{CLIENT_ID}"
client-secret = {{ file = "client-secret" }}
ca-file = "site-ca.pem"
system-roots = false
{site_lines}
[[vault]]
name = "main"
url = "{vault_url}"
{vault_auth}
ca-file = "vault-ca.pem"
system-roots = false
{vault_lines}
[mapping]
version = 1
[[mapping.domain]]
id = "acme"
netbios = "ACME"
dns = ["acme.test"]
[[mapping.rule]]
name = "staff"
domain = "acme"
user = '[a-z][a-z0-9._-]{{0,19}}'
runas = '{{netbios}}\{{user}}'
"#
            ),
        );
        Self { vault, site, folder, planted, service: None, second: None }
    }

    /// Starts the shipped program.
    pub(crate) fn start_service(&mut self) {
        self.service = Some(self.spawn(&self.config_path()));
    }

    /// Starts another one beside it, with a state folder of its own, and waits for its link.
    pub(crate) async fn start_second_service(&mut self) {
        let config = fs::read_to_string(self.config_path()).unwrap();
        let config = config.replacen(r#"state-dir = "state""#, r#"state-dir = "state-2""#, 1);
        self.replace_file("config-2.toml", &config);
        self.second = Some(self.spawn(&self.folder.path().join("config-2.toml")));
        let linked = self.site.wait_for_ecms("default", 2, PATIENCE).await;
        assert!(linked.is_ok(), "no second link; the services say:\n{}", self.log());
    }

    /// The configuration as it is now.
    pub(crate) fn config(&self) -> String {
        fs::read_to_string(self.config_path()).unwrap()
    }

    /// Puts other content into a file of the configuration.
    pub(crate) fn replace_file(&self, name: &str, content: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn spawn(&self, config: &Path) -> Child {
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        Command::new(env!("CARGO_BIN_EXE_ecm-service"))
            .args(["run", "--config"])
            .arg(config)
            .env_remove("ECM_SERVICE_LOG_LEVEL")
            .env_remove("ECM_SERVICE_LOG_FORMAT")
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// Waits until the site can ask the service.
    pub(crate) async fn wait_for_link(&self) {
        let linked = self.site.wait_for_ecms("default", 1, PATIENCE).await;
        assert!(linked.is_ok(), "no link within {PATIENCE:?}; the service says:\n{}", self.log());
    }

    /// Asks the service to stop, as a service manager would, and waits until it has.
    pub(crate) async fn stop_service(&mut self) -> ExitStatus {
        self.signal_service("-TERM");
        wait(self.service.take().expect("the service runs")).await
    }

    /// Sends a signal to the service.
    pub(crate) fn signal_service(&self, signal: &str) {
        let pid = self.service_pid().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Ends the service without a word, as a power cut would.
    pub(crate) async fn kill_service(&mut self) {
        let mut child = self.service.take().expect("the service runs");
        child.kill().unwrap();
        wait(child).await;
    }

    /// The service's process id.
    pub(crate) fn service_pid(&self) -> u32 {
        self.service.as_ref().expect("the service runs").id()
    }

    /// Whether every thread of the service has been stopped by a signal. The signal alone does not
    /// say so: on a busy machine some threads still run for a while.
    pub(crate) fn service_is_stopped(&self) -> bool {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.service_pid())).unwrap();
        tasks.flatten().all(|task| {
            let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            // The state follows the name, which is in brackets and may hold any.
            stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('T'))
        })
    }

    /// Runs another command of the program against this house's configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_ecm-service"))
            .args(arguments)
            .arg("--config")
            .arg(self.config_path())
            .output()
            .unwrap()
    }

    /// Everything the service has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Every file the service has written or was given, but for the two secrets' own files.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let kind = entry.file_type().unwrap();
                let name = entry.file_name();
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() && name != "api-key" && name != "client-secret" {
                    files.push((entry.path(), fs::read(entry.path()).unwrap()));
                }
            }
        }
        files
    }

    /// What must never be found anywhere but where it belongs: keys, passwords as they were and
    /// are, private keys, passphrases, cookies.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let accounts = self.vault.accounts().into_iter();
        let passwords = accounts.filter_map(|one| self.vault.current_password(&one.key));
        let live = passwords.chain(self.vault.session_cookies());
        let live = live.map(|secret| secret.expose().to_owned());
        let mut all: Vec<_> = self.planted.iter().cloned().chain(live).collect();
        all.sort();
        all.dedup();
        all
    }

    /// How often the vault was told to take a request back.
    pub(crate) fn check_ins(&self) -> usize {
        let calls = self.vault.calls().into_iter();
        calls.filter(|call| call.route.as_deref() == Some("PUT Requests/{id}/Checkin")).count()
    }

    /// What the running service says of itself; nothing while it cannot be asked.
    pub(crate) fn status(&self) -> serde_json::Value {
        let output = self.command(&["status", "--json"]);
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    /// How many leases the running service still has to see to.
    pub(crate) fn open_leases(&self) -> Option<u64> {
        self.status().get("open_leases")?.as_u64()
    }

    /// Searches as this console user on a Jump Client with this host name.
    pub(crate) async fn search(&self, user: &str, host: &str) -> (Search, Found) {
        let search = Search::new(user, jump_client(host));
        match self.site.search(search.clone()).await {
            Ok(found) => (search, found),
            Err(error) => unreachable!("{error}; the service says:\n{}", self.log()),
        }
    }

    /// Retrieves the credential that is displayed like this.
    pub(crate) async fn retrieve(
        &self,
        search: &Search,
        found: &Found,
        display: &str,
    ) -> Retrieved {
        let row = found.items.iter().find(|row| row.display == display);
        let row = row.unwrap_or_else(|| unreachable!("{display} is not in {:?}", found.items));
        let pick = Retrieve { nonce: Some("n0nce".to_owned()), ..Retrieve::pick(search, &row.id) };
        match self.site.retrieve(pick).await {
            Ok(retrieved) => retrieved,
            Err(error) => unreachable!("{error}; the service says:\n{}", self.log()),
        }
    }

    /// Waits until something is as it should be.
    pub(crate) async fn until(&self, what: &str, reached: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !reached(self) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let come = tokio::time::timeout(PATIENCE, waiting).await.is_ok();
        assert!(come, "not within {PATIENCE:?}: {what}; the service says:\n{}", self.log());
    }

    /// A file of the house.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Waits until the service has ended by itself.
    pub(crate) async fn wait_for_end(&mut self) -> ExitStatus {
        wait(self.service.take().expect("the service runs")).await
    }

    fn config_path(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log.jsonl")
    }

    /// The state folder of the service.
    pub(crate) fn state(&self) -> PathBuf {
        Path::join(self.folder.path(), "state")
    }
}

impl Drop for House {
    fn drop(&mut self) {
        for mut child in self.service.take().into_iter().chain(self.second.take()) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The secrets of a vault's configuration, and the service's own.
fn planted_in(vault: &ps_sim::Config) -> Vec<String> {
    let accounts = vault.accounts.iter();
    let kept = accounts.flat_map(|one| [&one.password, &one.private_key, &one.passphrase]);
    let users = vault.users.iter().flat_map(|user| [&user.password, &user.client_secret]);
    let planted = kept.chain(users).flatten().map(|secret| secret.expose().to_owned());
    planted.chain([API_KEY.to_owned(), CLIENT_SECRET.to_owned()]).collect()
}

/// A Jump Client of this host name.
pub(crate) fn jump_client(host: &str) -> Target {
    Target { hostname: Some(host.to_owned()), ..Target::of_kind(TargetKind::JumpClient) }
}

/// Waits for the end of a process without holding up the simulators.
async fn wait(mut child: Child) -> ExitStatus {
    let ended = tokio::task::spawn_blocking(move || child.wait().unwrap());
    tokio::time::timeout(PATIENCE, ended).await.expect("the service ends").unwrap()
}
