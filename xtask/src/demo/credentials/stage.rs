//! The stage: a private folder, two simulators, the shipped service between them.

use std::fs;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::answers::{Call, Ecm, Ecms, Request};
use super::service_files::{DemoData, Further};
use crate::demo::control_surface::ControlSurface;
use crate::demo::household::Household;
use crate::demo::programs::Programs;
use crate::demo::story::Story;
use crate::demo::sweep::Planted;
use crate::run;

pub(super) const VAULT: &str = "ps-sim";
pub(super) const SITE: &str = "site-sim";
pub(super) const SERVICE: &str = "ecm-service";

/// Who asks in the whole story, and who that is for the vault.
pub(super) const CONSOLE_USER: &str = r"ACME\joe.user";
pub(super) const VAULT_USER: &str = r"ACME\joe.user";
/// The vault user that approves what the policy does not approve by itself.
pub(super) const APPROVER: &str = r"ACME\approver";

/// How long the service may take for what it does in the background.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the service has to go.
pub(super) struct Doors {
    pub(super) vault_url: String,
    pub(super) site_url: String,
    pub(super) token_url: String,
}

/// Everything that runs, and the doors to it.
pub(super) struct Stage {
    household: Household,
    folder: PathBuf,
    service: PathBuf,
    doors: Doors,
    pub(super) vault: ControlSurface,
    pub(super) site: ControlSurface,
    pub(super) planted: Vec<Planted>,
    /// Files that hold secrets because that is their purpose.
    pub(super) secret_files: Vec<PathBuf>,
    /// Number of the last of the vault's calls that was told.
    calls_told: u64,
}

/// The vault's ready file.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct VaultReady {
    url: String,
    control_url: String,
}

/// The site's ready file.
#[derive(Deserialize)]
struct SiteReady {
    ecm_url: String,
    token_url: String,
    control_url: String,
}

impl Stage {
    /// Makes the folder, starts both simulators on free ports and writes the service's files.
    pub(super) fn build(
        root: &Path,
        programs: &Programs,
        further: &Further,
    ) -> anyhow::Result<Self> {
        let data_folder = root.join("fixtures/data/demo");
        let data = DemoData::read(&data_folder)?;
        // Only this user may look inside.
        let folder = tempfile::Builder::new().prefix("keyferry-demo-").tempdir()?.keep();
        let mut household = Household::in_folder(&folder)?;
        for name in [VAULT, SITE] {
            let mut command = Command::new(programs.path(name)?);
            command.arg("--config").arg(data_folder.join(format!("{name}.toml")));
            command.arg("--ready-file").arg(folder.join(format!("{name}.json")));
            command.arg("--ca-file").arg(folder.join(format!("{name}-ca.pem")));
            household.start(name, &mut command)?;
        }
        let vault: VaultReady = household.wait_for_ready_file(&folder.join("ps-sim.json"))?;
        let site: SiteReady = household.wait_for_ready_file(&folder.join("site-sim.json"))?;
        let doors =
            Doors { vault_url: vault.url, site_url: site.ecm_url, token_url: site.token_url };
        let mut secret_files = data.write_service_files(&folder, &doors, &further.config)?;
        secret_files.extend(further.lay_out(&folder)?);
        let mut planted = data.planted();
        planted.extend(further.planted()?);
        Ok(Self {
            household,
            service: programs.path(SERVICE)?.to_path_buf(),
            vault: ControlSurface::new(&vault.control_url),
            site: ControlSurface::new(&site.control_url),
            doors,
            folder,
            planted,
            secret_files,
            calls_told: 0,
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn config(&self) -> PathBuf {
        self.folder.join("config.toml")
    }

    fn log(&self) -> PathBuf {
        self.folder.join(format!("{SERVICE}.log"))
    }

    /// Checks the configuration with the shipped program, starts it, waits for the link.
    pub(super) fn raise(&mut self, story: &mut Story) -> anyhow::Result<()> {
        story.chapter("The stage");
        story.tell(format_args!("Password Safe (simulated)  {}", self.doors.vault_url));
        story.tell(format_args!("the site (simulated)       {}", self.doors.site_url));
        story.tell(format_args!("its token endpoint         {}", self.doors.token_url));
        story.tell(format_args!("ecm-service                {}", self.service.display()));
        story.tell(format_args!("its configuration          {}", self.config().display()));

        let config = self.config();
        let mut check = Command::new(&self.service);
        let checked = run::output(check.args(["check-config", "--config"]).arg(&config));
        let seen = checked.as_ref().map_or_else(|error| format!("{error:#}"), String::clone);
        story.claim_that("ecm-service check-config accepts it", checked.is_ok(), seen.trim());

        let mut command = Command::new(&self.service);
        self.household.start(SERVICE, command.args(["run", "--config"]).arg(&config))?;
        let site = &self.site;
        let what = "ecm-service to be connected to the site";
        let links = self.household.wait_for(what, PATIENCE, || {
            let links: Ecms = site.read("/_sim/ecms")?;
            Ok(links.ecms.iter().any(|link| link.rank.is_some()).then_some(links.ecms))
        })?;
        for Ecm { group, product, .. } in &links {
            let product = product.as_deref().unwrap_or("an ECM without a name");
            story.tell(format_args!("connected to the site: {product}, group {group}"));
        }
        let ranks: Vec<_> = links.iter().map(|link| link.rank).collect();
        story.claim("the site has one ECM, first of its group", &vec![Some(1)], &ranks);
        // What the service does by itself when it starts is no answer to anybody's question.
        self.new_calls()?;
        Ok(())
    }

    /// The calls the vault saw since this was asked last.
    pub(super) fn new_calls(&mut self) -> anyhow::Result<Vec<Call>> {
        let calls: Vec<Call> = self.vault.read("/_sim/calls")?;
        let told = self.calls_told;
        self.calls_told = calls.last().map_or(told, |call| call.number);
        Ok(calls.into_iter().filter(|call| call.number > told).collect())
    }

    pub(super) fn requests(&self) -> anyhow::Result<Vec<Request>> {
        self.vault.read("/_sim/requests")
    }

    /// Waits until this release request is neither pending nor approved, and returns it.
    pub(super) fn wait_for_end_of(&mut self, id: i64) -> anyhow::Result<Request> {
        let vault = &self.vault;
        let what = format!("release request {id} to be over");
        self.household.wait_for(&what, PATIENCE, || {
            let requests: Vec<Request> = vault.read("/_sim/requests")?;
            Ok(requests.into_iter().find(|one| one.id == id && !one.is_live()))
        })
    }

    /// Why the latest answer is what it is, as the service logged it: mapping trace, search keys,
    /// questions to the vault.
    pub(super) fn latest_explanation(&mut self) -> anyhow::Result<String> {
        let log = self.log();
        self.household.wait_for("the service to log why", PATIENCE, || {
            let text = fs::read_to_string(&log)?;
            // The last line may be half-written; it does not parse then.
            let lines = text.lines().rev().filter_map(|line| serde_json::from_str(line).ok());
            Ok(lines.into_iter().find_map(|line: Value| {
                let message = line.get("message")?.as_str()?;
                message.strip_prefix("why:\n").map(str::to_owned)
            }))
        })
    }

    /// The shipped program.
    pub(super) fn service(&self) -> &Path {
        &self.service
    }

    /// The process of the plugin that serves now, as the service logged it; waits until it is
    /// another one than `former`.
    pub(super) fn plugin_process(&mut self, former: Option<u64>) -> anyhow::Result<u64> {
        let log = self.log();
        self.household.wait_for("the plugin to serve", PATIENCE, || {
            let text = fs::read_to_string(&log)?;
            let serves = |line: &Value| line.get("message")?.as_str().map(str::to_owned);
            let lines = text.lines().rev().filter_map(|line| serde_json::from_str(line).ok());
            let mut lines =
                lines.filter(|line| serves(line).is_some_and(|m| m == "the plugin serves"));
            let process = lines.next().and_then(|line: Value| line.get("process")?.as_u64());
            Ok(process.filter(|process| Some(*process) != former))
        })
    }

    /// Stops the service as an operator would, and returns whether it ended with code 0.
    pub(super) fn stop_service(&mut self) -> anyhow::Result<bool> {
        Ok(self.household.stop(SERVICE)?.success())
    }

    /// The end of the service's log, for when something went wrong; without any planted secret.
    pub(super) fn service_says(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let harmless = |line: &&str| !self.planted.iter().any(|secret| secret.stands_in(line));
        let lines: Vec<_> = log.lines().filter(harmless).collect();
        let last = lines.get(lines.len().saturating_sub(12)..).unwrap_or_default();
        format!("the service's last words:\n{}", last.join("\n"))
    }

    /// Leaves everything running and says how to go on.
    pub(super) fn keep(self) -> anyhow::Result<String> {
        let (config, log) = (self.config(), self.log());
        let members = self.household.keep()?;
        let pids: Vec<_> = members.iter().map(|(_, pid)| pid.to_string()).collect();
        let running: Vec<_> =
            members.iter().map(|(name, pid)| format!("  {name:12} pid {pid}")).collect();
        let item = r#""user":{"username":"ACME\\joe.user"},"target":{"kind":"jump_client","hostname":"APP01"}"#;
        Ok(format!(
            r#"
Left running:
{running}

Play the representative:
  curl -s {site}/_sim/ecms
  curl -s {site}/_sim/search -d '{{{item}}}'
  curl -s {site}/_sim/retrieve -d '{{{item},"credential_id":"AN ID FROM ABOVE"}}'
  curl -s {site}/_sim/end-session -d '{{"lsid":"THE LSID FROM ABOVE"}}'

Look into the vault:
  curl -s {vault}/_sim/requests
  curl -s {vault}/_sim/calls

Ask the service:
  {service} status --config {config}
  {service} log-level trace --for 15m --config {config}
  tail -f {log}

Stop everything and clean up:
  kill {pids}; sleep 2; rm -r {folder}"#,
            running = running.join("\n"),
            site = self.site.url(),
            vault = self.vault.url(),
            service = self.service.display(),
            config = config.display(),
            log = log.display(),
            pids = pids.join(" "),
            folder = self.folder.display(),
        ))
    }
}

/// A number nobody could know before, for one proof.
pub(super) fn nonce() -> String {
    let word = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}
