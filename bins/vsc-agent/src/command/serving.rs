//! What the three long-running commands do alike: logging, a runtime, TLS, the way, the end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use service_host::control::endpoint;
use service_host::logging::{self, Level, LogConfig, LogFormat};
use service_host::outbound::ProxyAddress;
use service_host::shutdown::{StopSignals, tell_ready, tell_stopping};
use service_host::tls::{Trust, client_config, machine_roots};
use tokio_rustls::TlsAcceptor;
use vsc_core::relay::RelayLimits;

use super::{Done, Failure, machine_name, read_file};
use crate::cli::{LogFormatArg, MeetingArgs, ServiceArgs};
use crate::exit::Exit;
use crate::identity::{Identity, Peers};
use crate::meeting::Host;
use crate::relay::Hub;
use crate::relay::listener::{self, Entrance};
use crate::status::Board;
use crate::way::{RelayAddress, Way};

/// Connections that an agent in direct mode accepts: the other agent, and some that are lost.
const DIRECT_CONNECTIONS: usize = 32;

/// How long ending everything may take once it is asked for.
const GRACE: std::time::Duration = std::time::Duration::from_secs(10);

/// Starts logging.
pub(super) fn start_logging(args: &ServiceArgs) -> Done {
    let level = Level::parse(&args.log_level)
        .map_err(|error| Failure::new(Exit::Usage, format!("--log-level: {error}")))?;
    let format = match args.log_format {
        LogFormatArg::Human => LogFormat::Human,
        LogFormatArg::Json => LogFormat::Json,
    };
    logging::start(&LogConfig { level, format })
        .map(drop)
        .map_err(|error| Failure::new(Exit::Internal, error.to_string()))
}

/// Runs a service on this thread. A command on its way then never waits for another thread to
/// wake up, which costs more than everything else that is done to it.
pub(super) fn run(service: impl Future<Output = Done>) -> Done {
    one_thread().map_err(internal)?.block_on(service)
}

fn one_thread() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Serves until a signal says to stop, then lets `stop` finish; a second signal ends at once.
pub(super) async fn until_stopped(
    ready: impl FnOnce() -> Done,
    serve: impl Future<Output = ()>,
    stop: impl Future<Output = ()>,
) -> Done {
    let mut signals = StopSignals::listen().map_err(internal)?;
    ready()?;
    tell_ready();
    tokio::select! {
        () = serve => return Err(Failure::new(Exit::Internal, "the service ended by itself")),
        signal = signals.next() => tracing::info!(signal, "stopping"),
    }
    tell_stopping(GRACE);
    tokio::select! {
        () = stop => tracing::info!("stopped"),
        () = tokio::time::sleep(GRACE) => tracing::warn!("stopped, not everything was finished"),
        signal = signals.next() => tracing::warn!(signal, "stopped at once"),
    }
    Ok(())
}

/// Opens the control socket, making its folder if need be.
pub(super) fn open_control(path: &Path) -> Result<endpoint::Listener, Failure> {
    let wrong = |cause: io::Error| {
        let exit = match cause.kind() {
            io::ErrorKind::AddrInUse => Exit::Unavailable,
            io::ErrorKind::PermissionDenied => Exit::Permission,
            _ => Exit::CannotWrite,
        };
        Failure::new(exit, format!("the control socket {}: {cause}", path.display()))
    };
    #[cfg(unix)]
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        service_host::state_dir::make_private(folder).map_err(wrong)?;
    }
    endpoint::listen(path).map_err(wrong)
}

/// Tells whoever started us what addresses are used.
pub(super) fn write_ready(args: &ServiceArgs, what: &serde_json::Value) -> Done {
    let Some(path) = &args.ready_file else { return Ok(()) };
    // Never half a file: whoever waits for it reads it at once.
    let new = path.with_extension("new");
    std::fs::write(&new, what.to_string()).and_then(|()| std::fs::rename(&new, path)).map_err(
        |error| {
            Failure::new(Exit::CannotWrite, format!("--ready-file {}: {error}", path.display()))
        },
    )
}

/// What an agent is made of besides its desk.
pub(super) struct Meeting {
    pub(super) host: Host,
    /// In direct mode, what others dial.
    pub(super) door: Option<Door>,
}

/// Where others come in.
pub(super) struct Door {
    pub(super) address: SocketAddr,
    pub(super) hub: Arc<Hub>,
    listener: std::net::TcpListener,
    entrance: Entrance,
}

impl Door {
    /// Opens a relay's door.
    pub(super) async fn open(
        address: SocketAddr,
        certificate: Option<(&Path, &Path)>,
        behind_proxy: bool,
        hub: Arc<Hub>,
    ) -> Result<Self, Failure> {
        let tls = certificate.map(|(cert, key)| acceptor(cert, key)).transpose()?;
        let listener = listener::open(address).await.map_err(|error| {
            let exit = match error.kind() {
                io::ErrorKind::PermissionDenied => Exit::Permission,
                _ => Exit::Unavailable,
            };
            Failure::new(exit, error.to_string())
        })?;
        let address = listener.local_addr().map_err(internal)?;
        let listener = listener.into_std().map_err(internal)?;
        Ok(Self { address, hub, listener, entrance: Entrance { tls, behind_proxy } })
    }

    /// Lets others in for as long as it is polled.
    pub(super) async fn serve(self) {
        let hub = Arc::clone(&self.hub);
        match tokio::net::TcpListener::from_std(self.listener) {
            Ok(listener) => {
                let serving = listener::serve(listener, self.entrance, self.hub);
                tokio::join!(serving, hub.keep_time());
            }
            Err(error) => tracing::error!(%error, "the door cannot be watched"),
        }
    }

    /// The same on every processor: each has a thread of its own, and a connection stays on the
    /// one that accepted it. The other threads end with the process.
    pub(super) async fn serve_everywhere(self) {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 1..processors {
            let (entrance, hub) = (self.entrance.clone(), Arc::clone(&self.hub));
            let started = self.listener.try_clone().and_then(|listener| {
                let work = move || match one_thread() {
                    Ok(runtime) => runtime.block_on(async {
                        match tokio::net::TcpListener::from_std(listener) {
                            Ok(listener) => listener::serve(listener, entrance, hub).await,
                            Err(error) => tracing::error!(%error, "the door cannot be watched"),
                        }
                    }),
                    Err(error) => tracing::error!(%error, "a thread of the relay cannot work"),
                };
                std::thread::Builder::new().name("relay".to_owned()).spawn(work)
            });
            if let Err(error) = started {
                tracing::warn!(%error, "the relay works with fewer threads");
            }
        }
        self.serve().await;
    }
}

/// Serves a door if there is one.
pub(super) async fn serve_door(door: Option<Door>) {
    match door {
        Some(door) => door.serve().await,
        None => std::future::pending().await,
    }
}

/// Gets everything ready that an agent needs to meet others.
pub(super) async fn meeting(args: &MeetingArgs) -> Result<Meeting, Failure> {
    let (way, door) = match (&args.listen, &args.relay) {
        (Some(address), _) => {
            let limits = RelayLimits { mailboxes: DIRECT_CONNECTIONS, ..RelayLimits::default() };
            let hub = Hub::new(limits, DIRECT_CONNECTIONS);
            let certificate = args.cert.as_deref().zip(args.key.as_deref());
            let door = Door::open(*address, certificate, false, Arc::clone(&hub)).await?;
            (Way::Inside(hub), Some(door))
        }
        (None, Some(relay)) => (Way::Relay(relay_address(relay, args)?), None),
        (None, None) => return Err(Failure::new(Exit::Usage, "name a --relay, or --listen")),
    };
    let identity = match &args.state_dir {
        Some(folder) => {
            service_host::state_dir::make_private(folder).map_err(|error| {
                let folder = folder.display();
                Failure::new(Exit::CannotWrite, format!("{folder} cannot be made: {error}"))
            })?;
            Some(Identity::of_folder(folder)?)
        }
        None => None,
    };
    let peers = args.peers.as_deref().map(Peers::of_file).transpose()?.unwrap_or_default();
    let machine = machine_name(args.machine_name.as_deref());
    let board = Arc::new(Board::default());
    Ok(Meeting { host: Host { way: Arc::new(way), machine, identity, peers, board }, door })
}

fn relay_address(relay: &str, args: &MeetingArgs) -> Result<RelayAddress, Failure> {
    let ca_pem = args.ca_file.as_deref().map(read_file).transpose()?.unwrap_or_default();
    if args.ca_file.is_some() && CertificateDer::pem_slice_iter(&ca_pem).flatten().next().is_none()
    {
        let advice = "--ca-file holds no PEM certificate";
        return Err(Failure::new(Exit::Config, advice));
    }
    let trust = Trust { ca_pem, system_roots: true };
    // Without TLS nobody needs to be trusted, and a machine without roots can do it too.
    let tls = if relay.starts_with("ws://") {
        None
    } else {
        let tls = client_config(&trust, &machine_roots(), &[b"http/1.1"]);
        Some(tls.map_err(|error| Failure::new(Exit::Config, error.to_string()))?)
    };
    let proxy = args.proxy.as_deref().map(ProxyAddress::parse).transpose();
    let proxy = proxy.map_err(|error| Failure::new(Exit::Usage, format!("--proxy: {error}")))?;
    RelayAddress::parse(relay, tls, proxy)
        .map_err(|error| Failure::new(Exit::Usage, format!("--relay: {error}")))
}

fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, Failure> {
    let wrong =
        |path: &Path, what: &str| Failure::new(Exit::Config, format!("{}: {what}", path.display()));
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&read_file(cert)?).flatten().collect();
    if chain.is_empty() {
        return Err(wrong(cert, "it holds no PEM certificate"));
    }
    let private = zeroize::Zeroizing::new(read_file(key)?);
    let private = PrivateKeyDer::from_pem_slice(&private)
        .map_err(|_| wrong(key, "it holds no PEM private key"))?;
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| wrong(cert, &format!("certificate and key do not fit: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn internal(error: io::Error) -> Failure {
    Failure::new(Exit::Internal, error.to_string())
}
