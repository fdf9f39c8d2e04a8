//! The configurator: the settings as a local web page, with everything a test of them needs.
//!
//! It listens on the loopback interface alone, lets in whoever has the link that was printed, once,
//! and needs no script, no asset from elsewhere and no running service. What is typed lives in this
//! process until it is saved; secrets can be typed and never read back.

mod doctor_routes;
mod door;
mod draft;
mod fields;
mod locate;
mod pages;
mod plugin_routes;
mod posted;
mod routes;
mod save;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::Instant;

use door::Door;
pub use draft::{Draft, DraftError};
pub use save::{SaveError, Version};

/// What every request works on.
struct App {
    door: Door,
    draft: Mutex<Draft>,
    roots: Vec<CertificateDer<'static>>,
    last_used: std::sync::Mutex<Instant>,
}

/// A configurator that listens.
pub struct Configurator {
    listener: TcpListener,
    app: Arc<App>,
    link: String,
    idle: Duration,
}

/// Why the configurator cannot begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigureError {
    /// The file cannot be taken up.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The port cannot be listened on.
    #[error("port {port} of the loopback interface cannot be used: {cause}")]
    Port {
        /// Which one; 0 is any.
        port: u16,
        /// What the operating system said.
        cause: io::Error,
    },
    /// There are no random bytes for the link.
    #[error("no link can be made: {0}")]
    Chance(#[source] io::Error),
}

impl Configurator {
    /// Takes up the file at `path`, which need not be there yet, and listens on a port of the
    /// loopback interface; 0 means any.
    ///
    /// # Errors
    ///
    /// See [`ConfigureError`].
    pub async fn open(
        path: PathBuf,
        port: u16,
        idle: Duration,
        roots: Vec<CertificateDer<'static>>,
    ) -> Result<Self, ConfigureError> {
        let draft = Draft::load(&path)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let failed = |cause| ConfigureError::Port { port, cause };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let (door, key) = Door::new(port).map_err(ConfigureError::Chance)?;
        let link = format!("http://127.0.0.1:{port}/enter?key={}", *key);
        let app = App {
            door,
            draft: Mutex::new(draft),
            roots,
            last_used: std::sync::Mutex::new(Instant::now()),
        };
        Ok(Self { listener, app: Arc::new(app), link, idle })
    }

    /// The link that lets one browser in, once.
    #[must_use]
    pub fn link(&self) -> &str {
        &self.link
    }

    /// Serves until `stop` completes, or nobody has used it for as long as was agreed.
    ///
    /// # Errors
    ///
    /// What the operating system says of the listener.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let app = Arc::clone(&self.app);
        let idle = self.idle;
        let unused = async move {
            loop {
                let last = *app.last_used.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if last.elapsed() >= idle {
                    return;
                }
                tokio::time::sleep_until(last + idle).await;
            }
        };
        let ended = async move {
            tokio::select! {
                () = stop => {}
                () = unused => {}
            }
        };
        axum::serve(self.listener, routes::router(self.app)).with_graceful_shutdown(ended).await
    }
}
