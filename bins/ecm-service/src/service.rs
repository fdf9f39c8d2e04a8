//! The running service: everything is made here, joined here, and ended here in order.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ecm_core::credential_id::{CredentialIdError, CredentialIdKey};
use ecm_core::ledger::LedgerError;
use ecm_core::settings::BrokerSettings;
use ecm_core::{Broker, BrokerParts, Vault};
use ecm_protocol::message::Limits;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use service_host::logging::LogControl;
use service_host::shutdown::{self, StopSignals};
use service_host::state_dir::{StateDir, StateDirError};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::beside_link::SiteApi;
use crate::beside_link::enrich::Enricher;
use crate::beside_link::reconcile::keep_reconciling;
use crate::books::{AUDIT_FILE, LEDGER_FILE};
#[cfg(unix)]
use crate::broker_api;
use crate::config::site::Enrichment;
use crate::config::vault::kinds_of;
use crate::config::{Config, LeasesAtStop};
use crate::desk::{Desk, Watchers};
use crate::directories::{DirectorySetupError, mapping_of};
use crate::event_code::Event;
use crate::giver::{keep_giving_back, tell};
use crate::greeting::{SelfPortrait, hello};
use crate::identity::{self, IdentityError};
use crate::metrics::{self, Meter, MetricsError};
use crate::ports::{AuditFile, LedgerFile, MachineClock, MachineEntropy};
use crate::reload::Reloader;
use crate::seen::SeenUsers;
use crate::site_link::pump::StopOrder;
use crate::sites::{Service, SiteSetupError, site_keeper, token_source};
use crate::status::{SiteBoard, Status, VaultStatus};
use crate::vault_watch::VaultBoard;
use crate::vaults::{AssembledVault, VaultSetupError, assemble_counted};

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The runtime or its signal handlers cannot be made.
    #[error("the service cannot start")]
    Runtime(#[source] io::Error),
    /// The state folder cannot be used.
    #[error(transparent)]
    StateDir(#[from] StateDirError),
    /// A file in it cannot be used.
    #[error("{file} in the state folder cannot be opened")]
    File {
        /// Which one.
        file: &'static str,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// Instance id or generated key cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The ledger cannot be read.
    #[error(
        "the ledger cannot be used; it is not repaired by itself, because something may be borrowed"
    )]
    Ledger(#[from] LedgerError),
    /// The credential-id key is too short.
    #[error(transparent)]
    CredentialIdKey(#[from] CredentialIdError),
    /// A vault cannot be set up.
    #[error(transparent)]
    Vault(#[from] VaultSetupError),
    /// A directory cannot be set up.
    #[error(transparent)]
    Directory(#[from] DirectorySetupError),
    /// The socket of the broker API cannot be opened.
    #[error("the socket of the broker API cannot be opened")]
    BrokerApi(#[source] io::Error),
    /// Metrics cannot be offered.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A site cannot be set up.
    #[error(transparent)]
    Site(#[from] SiteSetupError),
}

/// How long signing out may take after everything else is done.
const SIGN_OUT: Duration = Duration::from_secs(3);

/// Serves until a signal says stop.
///
/// # Errors
///
/// See [`StartError`]. Once started, it always ends in good order.
pub fn run(config: Config, log: LogControl) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    let outcome = runtime.block_on(serve(config, log));
    // What still runs has had its grace.
    runtime.shutdown_timeout(Duration::from_millis(200));
    outcome
}

async fn serve(config: Config, log: LogControl) -> Result<(), StartError> {
    let mut signals = StopSignals::listen().map_err(StartError::Runtime)?;
    let started_at = Timestamp::now();
    let state = StateDir::open(&config.state_dir)?;
    let who = SelfPortrait {
        instance_id: identity::instance_id(&state, started_at)?,
        boot_id: identity::uuid_v7(started_at).map_err(StartError::Runtime)?,
        started_at,
        kinds: kinds_of(&config.vaults),
    };
    let roots = service_host::tls::machine_roots();
    let watchers = Watchers::default();
    let vaults = assemble_counted(&config.vaults, &roots, &watchers.meter)?;
    let vault_board = VaultBoard::new(config.vaults.iter().map(|vault| vault.name.clone()));
    let (broker, left) = open_broker(&config, &state, &vaults, &roots).await?;

    let (stop, stop_receiver) = watch::channel(None);
    let (mut keepers, mut helpers) = (JoinSet::new(), JoinSet::new());
    let mut boards = Vec::new();
    for site in &config.sites {
        let board = SiteBoard::new(site.name.clone(), site.address.to_string(), started_at);
        let (asked, health) = (Arc::clone(&broker), vault_board.health());
        let mut desk = Desk::new(site.name.clone(), asked, health, watchers.clone());
        let tokens = token_source(site, &roots)?;
        let api = SiteApi::sharing(site, &tokens)?;
        if site.enrichment != Enrichment::default() {
            desk = desk.enriched_by(Enricher::new(api.clone(), site.enrichment.clone()));
        }
        if let Some(every) = site.reconcile_every {
            helpers.spawn(keep_reconciling(api, Arc::clone(&broker), every));
        }
        boards.push(board.clone());
        let service = Service { desk, board, tokens };
        let keeper = site_keeper(site, &roots, &who, &vault_board, service, &stop_receiver)?;
        keepers.spawn(keeper.keep());
    }
    #[cfg(unix)]
    if let Some(api) = &config.broker_api {
        let address = format!("unix:{}", api.socket.display());
        let board = SiteBoard::new(api.name.clone(), address, started_at);
        let listener = broker_api::open(&api.socket).map_err(StartError::BrokerApi)?;
        boards.push(board.clone());
        let (who, seen) = (who.clone(), vault_board.clone());
        let api = broker_api::BrokerApi {
            config: api.clone(),
            hello: Box::new(move || hello(&who, None, &seen, Limits::default())),
            answers: Arc::new(Desk::new(
                api.name.clone(),
                Arc::clone(&broker),
                vault_board.health(),
                watchers.clone(),
            )),
            board,
            stop: stop_receiver.clone(),
        };
        keepers.spawn(api.serve(listener));
    }
    let reloader = Reloader::new(&config, Arc::clone(&broker), roots.clone(), log.clone());
    let reloader = Arc::new(reloader);
    #[cfg(unix)]
    helpers.spawn(Arc::clone(&reloader).on_signal());
    helpers.spawn(keep_giving_back(Arc::clone(&broker), left));
    for vault in &vaults {
        helpers.spawn(vault.upkeep(&vault_board));
    }
    let status = status_maker(&log, &broker, boards, &vaults, started_at, watchers.meter.clone());
    if let Some(address) = config.metrics {
        let listener = metrics::listen(address).await?;
        let (meter, status) = (watchers.meter.clone(), Arc::clone(&status));
        helpers.spawn(metrics::serve(listener, meter, status));
    }
    open_control(&state, log, status, watchers.seen, reloader, &mut helpers);
    Event::service_started(env!("CARGO_PKG_VERSION"), config.sites.len(), vaults.len()).log();
    shutdown::tell_ready();

    let signal = signals.next().await;
    Event::service_stopping(signal, config.stop_grace).log();
    shutdown::tell_stopping(config.stop_grace + SIGN_OUT);
    let ending = wind_down(&config, &stop, &mut keepers, &broker, &vaults);
    tokio::select! {
        () = ending => {}
        signal = signals.next() => tracing::warn!(signal, "told twice, ending at once"),
    }
    let open = broker.leases();
    if open > 0 {
        Event::leases_left(open).log();
    }
    Event::service_stopped().log();
    Ok(())
}

pub(crate) async fn open_broker(
    config: &Config,
    state: &StateDir,
    vaults: &[AssembledVault],
    roots: &[CertificateDer<'static>],
) -> Result<(Arc<Broker>, usize), StartError> {
    let key = match &config.credential_id_key {
        Some(key) => key.clone(),
        None => identity::credential_id_key(state)?,
    };
    let failed = |file: &'static str| move |cause| StartError::File { file, cause };
    let ledger = LedgerFile::open(&state.file(LEDGER_FILE)).map_err(failed(LEDGER_FILE))?;
    let audit = AuditFile::open(&state.file(AUDIT_FILE)).map_err(failed(AUDIT_FILE))?;
    let vaults = vaults
        .iter()
        .map(|vault| Vault { source: Arc::clone(&vault.source), settings: vault.settings.clone() });
    let parts = BrokerParts {
        rules: Arc::new(mapping_of(config, roots)?),
        ids: CredentialIdKey::new(key)?,
        vaults: vaults.collect(),
        ledger: Box::new(ledger),
        audit: Box::new(audit),
        clock: Arc::new(MachineClock),
        entropy: Box::new(MachineEntropy),
        settings: BrokerSettings {
            max_results: config.max_results,
            questions_per_user: config.questions_per_user,
            ..BrokerSettings::default()
        },
    };
    let (broker, opening) = Broker::open(parts).await?;
    if opening.kept > 0 {
        tracing::info!(leases = opening.kept, "an earlier run kept these for sessions that go on");
    }
    if let Some(line) = opening.torn_line {
        tracing::warn!(line, "the ledger ended in an incomplete line, which was ignored");
    }
    Ok((Arc::new(broker), opening.leases))
}

type StatusMaker = Arc<dyn Fn() -> Status + Send + Sync>;

fn status_maker(
    log: &LogControl,
    broker: &Arc<Broker>,
    boards: Vec<SiteBoard>,
    vaults: &[AssembledVault],
    started_at: Timestamp,
    meter: Meter,
) -> StatusMaker {
    let (log, broker) = (log.clone(), Arc::clone(broker));
    let vaults: Vec<_> = vaults
        .iter()
        .map(|vault| (vault.name.clone(), vault.place.clone(), vault.sessions()))
        .collect();
    Arc::new(move || Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        started_at,
        log_level: log.level().to_string(),
        sites: boards.iter().map(SiteBoard::snapshot).collect(),
        vaults: vaults
            .iter()
            .map(|(name, place, sessions)| VaultStatus {
                name: name.clone(),
                url: place.clone(),
                sessions: sessions.count(),
            })
            .collect(),
        open_leases: broker.leases(),
        latencies: meter.latencies(),
    })
}

/// The service is useful without its control socket, so a failure is told and no more.
#[cfg(unix)]
fn open_control(
    state: &StateDir,
    log: LogControl,
    status: StatusMaker,
    seen: SeenUsers,
    reloader: Arc<Reloader>,
    helpers: &mut JoinSet<()>,
) {
    use crate::control::{server, socket_path};
    match server::open(&socket_path(state.path())) {
        Ok(listener) => {
            let service = server::Service { log, status, seen, reloader: Some(reloader) };
            helpers.spawn(server::serve(listener, Arc::new(service)));
        }
        Err(error) => Event::control_unavailable(&error).log(),
    }
}

#[cfg(not(unix))]
fn open_control(
    _: &StateDir,
    _: LogControl,
    _: StatusMaker,
    _: SeenUsers,
    _: Arc<Reloader>,
    _: &mut JoinSet<()>,
) {
}

/// Takes no more questions, finishes what runs, gives everything back, signs out. Half of the
/// grace is for the questions, so that the other half is left for giving back.
async fn wind_down(
    config: &Config,
    stop: &watch::Sender<Option<StopOrder>>,
    keepers: &mut JoinSet<()>,
    broker: &Broker,
    vaults: &[AssembledVault],
) {
    let grace = config.stop_grace;
    let until = Instant::now() + grace;
    let _ = stop.send(Some(StopOrder { grace: grace / 2 }));
    let drained = async { while keepers.join_next().await.is_some() {} };
    if timeout(grace / 2 + Duration::from_secs(1), drained).await.is_err() {
        tracing::warn!("a site link did not end in time");
        keepers.abort_all();
    }
    // What cannot be given back now is tried again as long as there is time.
    let keeps = config.leases_at_stop == LeasesAtStop::Keep;
    let are_left = || broker.leases() > if keeps { broker.kept() } else { 0 };
    while are_left() {
        let ended = async {
            match config.leases_at_stop {
                LeasesAtStop::GiveBack => broker.give_back_all().await,
                LeasesAtStop::Keep => broker.keep_held().await,
            }
        };
        let Ok(report) = timeout_at(until, ended).await else { break };
        tell("service stops", &report);
        if !are_left() || Instant::now() + Duration::from_secs(1) >= until {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    if keeps && broker.kept() > 0 {
        tracing::info!(leases = broker.kept(), "kept for the next run");
    }
    for vault in vaults {
        vault.close(SIGN_OUT).await;
    }
}
