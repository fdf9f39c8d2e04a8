//! The configuration: what the operator wrote, and what the program trusts.
//!
//! What is *written* is a TOML file; [`key`] lists every key it may hold. What is *trusted* is
//! [`Config`]: addresses are parsed, numbers are in range, secrets are fetched from where the file
//! says they are. There is no way to a [`Config`] but [`Config::load`] and [`Config::read`], and
//! they report every problem of the file at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretSlice;
use service_host::logging::{LogConfig, LogFormat};
use toml::de::DeTable;
use url::Url;
use user_mapping::RuleSet;

pub mod broker_api;
pub mod directory;
pub mod key;
pub mod mapping;
pub mod problem;
pub mod reader;
pub mod reference;
pub mod secret;
pub mod site;
pub mod tls;
pub mod vault;

pub use broker_api::BrokerApiConfig;
pub use directory::DirectoryConfig;
pub use problem::{Problem, Problems};
pub use secret::{Process, Surroundings};
pub use site::SiteConfig;
pub use vault::VaultConfig;

use crate::plugin::folder::DEFAULT_FOLDER;
use crate::traces::TracesConfig;
use problem::Findings;
use reader::{At, TableReader};

/// Everything the service needs to know, checked.
#[derive(Debug)]
pub struct Config {
    /// Folder for ledger, audit log, control socket and generated key.
    pub state_dir: PathBuf,
    /// How long a stopping service may take. 1 s to 5 min; 20 s when the file is silent.
    pub stop_grace: Duration,
    /// What becomes of leases at an orderly stop.
    pub leases_at_stop: LeasesAtStop,
    /// Most credentials in one answer, 1 to 1000.
    pub max_results: usize,
    /// Questions of one console user that are worked on at a time, 1 to 1000.
    pub questions_per_user: usize,
    /// What is logged and how.
    pub log: LogConfig,
    /// The sites to serve, at least one, with different names.
    pub sites: Vec<SiteConfig>,
    /// Where programs of this machine use the broker, if anywhere.
    pub broker_api: Option<BrokerApiConfig>,
    /// Where plugins are looked for.
    pub plugins: PathBuf,
    /// The vaults to ask, at least one, with different names.
    pub vaults: Vec<VaultConfig>,
    /// The key that authenticates credential ids, if the file names one.
    pub credential_id_key: Option<SecretSlice<u8>>,
    /// Who a console user is for the vault.
    pub rules: Arc<RuleSet>,
    /// The directories that the rules ask.
    pub directories: Vec<DirectoryConfig>,
    /// Where metrics are offered, if they are.
    pub metrics: Option<SocketAddr>,
    /// Where traces go, if anywhere.
    pub traces: Option<TracesConfig>,
    /// Where all of this was read from.
    pub path: PathBuf,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Problem>,
}

/// Whether a configuration must name a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sites {
    Needed,
    Optional,
}

/// The largest configuration file that is read.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;

/// A shorter key could be guessed; 32 bytes is the output size of the hash used with it.
const CREDENTIAL_ID_KEY_BYTES: usize = 32;

/// What becomes of leases when the service stops in good order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LeasesAtStop {
    /// They are given back.
    #[default]
    GiveBack,
    /// Those that a session holds are left to the next run.
    Keep,
}

impl Config {
    /// Reads the file at `path`, and the secrets it points to.
    ///
    /// # Errors
    ///
    /// Every problem of the file, in its order.
    pub fn load(path: &Path, surroundings: &dyn Surroundings) -> Result<Self, Problems> {
        let text = read_file(path)?;
        Self::read(path, &text, surroundings)
    }

    /// Reads the file at `path` for somebody who tries the vaults: it may be without a site.
    ///
    /// # Errors
    ///
    /// Every problem of the file, in its order.
    pub fn load_for_trial(path: &Path, surroundings: &dyn Surroundings) -> Result<Self, Problems> {
        Self::read_for_trial(path, &read_file(path)?, surroundings)
    }

    /// As [`read`](Self::read), for a file that may be without a site.
    ///
    /// # Errors
    ///
    /// Every problem of the text, in its order.
    pub fn read_for_trial(
        path: &Path,
        text: &str,
        surroundings: &dyn Surroundings,
    ) -> Result<Self, Problems> {
        Self::read_with(path, text, surroundings, Sites::Optional)
    }

    /// Reads `text`, which is the content of the file at `path`. Relative names in it count from
    /// the folder of `path`.
    ///
    /// # Errors
    ///
    /// Every problem of the text, in its order.
    pub fn read(
        path: &Path,
        text: &str,
        surroundings: &dyn Surroundings,
    ) -> Result<Self, Problems> {
        Self::read_with(path, text, surroundings, Sites::Needed)
    }

    fn read_with(
        path: &Path,
        text: &str,
        surroundings: &dyn Surroundings,
        need: Sites,
    ) -> Result<Self, Problems> {
        let findings = Findings::new(path, text);
        let (tree, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            findings.add(
                error.span().unwrap_or(0..0),
                format!("not TOML: {}", error.message()),
                "correct the line; `ecm-service config-reference` prints an example",
            );
        }
        if !findings.is_empty() {
            // After a syntax error the tree has gaps, and reports about them would mislead.
            return Err(findings.into_problems());
        }
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        let plugins = PathBuf::from(DEFAULT_FOLDER);
        let context = Context { base: &base, surroundings, plugins };
        let top = TableReader::new(key::table(""), tree.get_ref(), 0..0, &findings);
        let warnings = Findings::new(path, text);
        let config = Self::from_reader(top, &context, need, &warnings);
        match config {
            Some(config) if findings.is_empty() => {
                let path = path.to_owned();
                Ok(Self { warnings: warnings.into_problems().problems, path, ..config })
            }
            _ => Err(findings.into_problems()),
        }
    }

    fn from_reader(
        mut top: TableReader<'_, '_>,
        context: &Context<'_>,
        need: Sites,
        warnings: &Findings<'_>,
    ) -> Option<Self> {
        let state_dir = read_state_dir(&mut top, context);
        let second = Duration::from_secs(1);
        let stop_grace = top
            .duration(&key::STOP_GRACE, second..=second * 300)
            .unwrap_or(Duration::from_secs(20));
        let kinds = [("give-back", LeasesAtStop::GiveBack), ("keep", LeasesAtStop::Keep)];
        let leases_at_stop = top.choice(&key::LEASES_AT_STOP, &kinds).map(|at| at.value);
        let max_results = top.number(&key::MAX_RESULTS, 1..=1000_u16).unwrap_or(200);
        let questions_per_user = top.number(&key::QUESTIONS_PER_USER, 1..=1000_u16).unwrap_or(16);
        let log = top.table("log").map_or_else(LogConfig::default, read_log);
        let credential_id_key =
            top.table("credential-ids").and_then(|reader| read_credential_id_key(reader, context));

        let plugins = read_plugins(&mut top, context);
        let context = &Context { plugins, ..*context };

        let mut names = BTreeMap::new();
        let mut sites = Vec::new();
        for reader in top.tables("site") {
            sites.push(SiteConfig::from_reader(reader, context, &mut names));
        }
        let metrics = match top.table("metrics") {
            Some(reader) => Some(read_metrics(reader, warnings)?),
            None => None,
        };
        let traces = match top.table("traces") {
            Some(reader) => Some(read_traces(reader)?),
            None => None,
        };
        let broker_api = match top.table("broker-api") {
            Some(reader) => BrokerApiConfig::from_reader(reader, context, &mut names),
            None => Some(None),
        };
        let mut names = BTreeMap::new();
        let mut vaults = Vec::new();
        for reader in top.tables("vault") {
            vaults.push(VaultConfig::from_reader(reader, context, &mut names));
        }
        let no_site = sites.is_empty() && need == Sites::Needed;
        for (list_is_empty, name) in [(no_site, "site"), (vaults.is_empty(), "vault")] {
            if list_is_empty && !top.has(name) {
                top.problem(
                    0..0,
                    format!("there is no [[{name}]]"),
                    "`ecm-service config-reference` prints an example to start from",
                );
            }
        }
        let mut domains = BTreeMap::new();
        let mut directories = Vec::new();
        for reader in top.tables("directory") {
            let at = reader.span();
            let directory = DirectoryConfig::from_reader(reader, context, &mut domains);
            directories.push((at, directory));
        }
        let rules = mapping::read_mapping(top.foreign("mapping"), top.findings(), warnings);
        let directories = match &rules {
            Some(rules) => fit_together(rules, directories, top.findings(), warnings),
            None => None,
        };
        let vaults: Option<Vec<VaultConfig>> = vaults.into_iter().collect();
        if let Some(Err((message, advice))) = vaults.as_deref().map(vault::check_stand_ins) {
            top.problem(0..0, message, advice);
        }
        top.finish();
        Some(Self {
            state_dir: state_dir?,
            stop_grace,
            leases_at_stop: leases_at_stop.unwrap_or_default(),
            max_results: usize::from(max_results),
            questions_per_user: usize::from(questions_per_user),
            log,
            sites: sites.into_iter().collect::<Option<_>>()?,
            broker_api: broker_api?,
            plugins: context.plugins.clone(),
            vaults: vaults?,
            credential_id_key,
            rules: Arc::new(rules?),
            directories: directories?,
            metrics,
            traces,
            path: PathBuf::new(),
            warnings: Vec::new(),
        })
    }

    /// Reads no more than `state-dir`: all that `status` and `log-level` need, also when a secret
    /// is not readable for the person who asks.
    ///
    /// # Errors
    ///
    /// Problems of the file or of this key.
    pub fn state_dir_of(path: &Path, surroundings: &dyn Surroundings) -> Result<PathBuf, Problems> {
        let text = read_file(path)?;
        let findings = Findings::new(path, &text);
        let (tree, _) = DeTable::parse_recoverable(&text);
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut top = TableReader::new(key::table(""), tree.get_ref(), 0..0, &findings);
        let context = Context { base: &base, surroundings, plugins: PathBuf::new() };
        read_state_dir(&mut top, &context).ok_or_else(|| findings.into_problems())
    }
}

impl Config {
    /// Reads no more than where plugins are.
    ///
    /// # Errors
    ///
    /// Problems of the file or of this key.
    pub fn plugins_folder_of(
        path: &Path,
        surroundings: &dyn Surroundings,
    ) -> Result<PathBuf, Problems> {
        let text = read_file(path)?;
        let findings = Findings::new(path, &text);
        let (tree, _) = DeTable::parse_recoverable(&text);
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut top = TableReader::new(key::table(""), tree.get_ref(), 0..0, &findings);
        let context = Context { base: &base, surroundings, plugins: DEFAULT_FOLDER.into() };
        let folder = read_plugins(&mut top, &context);
        if findings.is_empty() { Ok(folder) } else { Err(findings.into_problems()) }
    }
}

/// Holds the domains of the mapping against those that have a directory.
fn fit_together(
    rules: &RuleSet,
    directories: Vec<(std::ops::Range<usize>, Option<DirectoryConfig>)>,
    findings: &Findings<'_>,
    warnings: &Findings<'_>,
) -> Option<Vec<DirectoryConfig>> {
    let mut fitting = Vec::new();
    let mut is_whole = true;
    for (at, directory) in directories {
        let Some(directory) = directory else {
            is_whole = false;
            continue;
        };
        let id = directory.domain.as_str();
        if !rules.domains().any(|domain| domain.as_str() == id) {
            let message = format!("`{id}` is not the id of a [[mapping.domain]]");
            findings.add(at, message, "correct `domain`, or add the domain to the mapping");
        } else if !rules.domains_with_directory().any(|domain| domain.as_str() == id) {
            let message = format!("the directory of `{id}` is never asked");
            let advice = "set `directory = \"when-needed\"` in its [[mapping.domain]]";
            warnings.add(at, message, advice);
        }
        fitting.push(directory);
    }
    for domain in rules.domains_with_directory() {
        if is_whole && !fitting.iter().any(|directory| directory.domain == domain.as_str()) {
            findings.add(
                0..0,
                format!(
                    "the mapping asks a directory for `{domain}`, and there is no [[directory]]"
                ),
                format!("add a [[directory]] with domain = \"{domain}\""),
            );
        }
    }
    is_whole.then_some(fitting)
}

fn read_plugins(top: &mut TableReader<'_, '_>, context: &Context<'_>) -> PathBuf {
    let folder = top.table("plugins").and_then(|mut reader| {
        let folder = reader.path(&key::PLUGINS_FOLDER).map(|at| at.value);
        reader.finish();
        folder
    });
    folder.map_or_else(|| context.plugins.clone(), |folder| context.base.join(folder))
}

/// What reading a value may need besides the value.
pub(crate) struct Context<'c> {
    /// Folder relative names count from.
    pub(crate) base: &'c Path,
    /// The environment.
    pub(crate) surroundings: &'c dyn Surroundings,
    /// Folder the plugins are in.
    pub(crate) plugins: PathBuf,
}

fn read_file(path: &Path) -> Result<String, Problems> {
    let failed = |cause: std::io::Error| {
        let advice = match cause.kind() {
            std::io::ErrorKind::NotFound => {
                "check the name; `ecm-service config-reference > config.toml` makes a first one"
            }
            std::io::ErrorKind::PermissionDenied => "give this user the right to read it",
            std::io::ErrorKind::InvalidData => "save the file as UTF-8",
            _ => "check the name",
        };
        Problems::whole_file(path, format!("the file cannot be read: {cause}"), advice)
    };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > FILE_LIMIT {
        return Err(Problems::whole_file(
            path,
            format!("the file is larger than {FILE_LIMIT} bytes"),
            "check that this is the configuration file",
        ));
    }
    std::fs::read_to_string(path).map_err(failed)
}

fn read_state_dir(top: &mut TableReader<'_, '_>, context: &Context<'_>) -> Option<PathBuf> {
    if top.has(key::STATE_DIR.name) {
        return top.path(&key::STATE_DIR).map(|path| context.base.join(path.value));
    }
    // systemd lists several folders with colons between them; the first one is ours.
    let from_systemd = context.surroundings.variable("STATE_DIRECTORY");
    let first = from_systemd.as_deref().and_then(|list| list.split(':').next());
    match first.filter(|folder| !folder.is_empty()) {
        Some(folder) => Some(PathBuf::from(folder)),
        None => {
            top.problem(
                0..0,
                "`state-dir` is missing at the top of the file",
                format!("add for example: state-dir = {}", key::STATE_DIR.example),
            );
            None
        }
    }
}

fn read_log(mut reader: TableReader<'_, '_>) -> LogConfig {
    let mut log = LogConfig::default();
    let formats = [("human", LogFormat::Human), ("json", LogFormat::Json)];
    if let Some(format) = reader.choice(&key::LOG_FORMAT, &formats) {
        log.format = format.value;
    }
    if let Some(level) = reader.text(&key::LOG_LEVEL) {
        match service_host::logging::Level::parse(level.value) {
            Ok(parsed) => log.level = parsed,
            Err(error) => reader.problem(
                level.span,
                error.to_string(),
                "write error, warn, info, debug or trace, or directives such as \
                 info,ecm_core=debug",
            ),
        }
    }
    reader.finish();
    log
}

/// `None` when the address is none.
fn read_metrics(mut reader: TableReader<'_, '_>, warnings: &Findings<'_>) -> Option<SocketAddr> {
    let listen = reader.text(&key::METRICS_LISTEN);
    let address = listen.and_then(|At { value, span }| match value.parse::<SocketAddr>() {
        Ok(address) => {
            if !address.ip().is_loopback() {
                let message = "metrics are offered to other machines, without asking who they are";
                warnings.add(span, message, "let a firewall say who may read them");
            }
            Some(address)
        }
        Err(_) => {
            let example = key::METRICS_LISTEN.example;
            reader.problem(
                span,
                format!("`{value}` is no address with a port"),
                format!("write for example: listen = {example}"),
            );
            None
        }
    });
    reader.finish();
    address
}

fn read_traces(mut reader: TableReader<'_, '_>) -> Option<TracesConfig> {
    let endpoint = reader.text(&key::TRACES_ENDPOINT).and_then(|At { value, span }| {
        let url = Url::parse(value).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.has_host()
        });
        if url.is_none() {
            let example = key::TRACES_ENDPOINT.example;
            reader.problem(
                span,
                "the collector's address is no http or https URL",
                format!("write for example: endpoint = {example}"),
            );
        }
        url
    });
    let one_in = reader.number(&key::TRACES_ONE_IN, 1..=1_000_000_u32).unwrap_or(1);
    reader.finish();
    Some(TracesConfig { endpoint: endpoint?, one_in })
}

fn read_credential_id_key(
    mut reader: TableReader<'_, '_>,
    context: &Context<'_>,
) -> Option<SecretSlice<u8>> {
    let reference = reader.secret(&key::CREDENTIAL_IDS_KEY);
    let found = reference.and_then(|At { value, span }| {
        match value.fetch_bytes(context.base, context.surroundings) {
            Ok(bytes) if bytes.len() >= CREDENTIAL_ID_KEY_BYTES => Some(bytes.to_vec().into()),
            Ok(_) => {
                reader.problem(
                    span,
                    format!("the key is shorter than {CREDENTIAL_ID_KEY_BYTES} bytes"),
                    "make one, for example: openssl rand -base64 48",
                );
                None
            }
            Err(error) => {
                reader.problem(span, error.to_string(), error.advice());
                None
            }
        }
    });
    reader.finish();
    found
}

/// Takes a name that may stand in logs, ledger lines and credential ids, and that is not taken yet.
pub(crate) fn read_name(
    reader: &mut TableReader<'_, '_>,
    key: &'static key::Key,
    taken: &mut BTreeMap<String, ()>,
) -> Option<String> {
    let At { value, span } = reader.text(key)?;
    let fits = value.len() <= 40
        && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if !fits {
        reader.problem(
            span,
            "a name has 1 to 40 letters, digits, dots, dashes or underscores",
            format!("write for example: name = {}", key.example),
        );
        return None;
    }
    if taken.insert(value.to_lowercase(), ()).is_some() {
        reader.problem(span, format!("the name `{value}` is used twice"), "give each its own name");
        return None;
    }
    Some(value.to_owned())
}
