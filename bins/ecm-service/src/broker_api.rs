//! The broker API: a socket of this machine where a program stands in for a site.
//!
//! A sidecar (on a vendor's SDK, say) connects and speaks the site's part of the open wire. It uses
//! the whole broker: mapping, search, leases, ledger, audit. The operating system says who
//! connects, so there is no token.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ecm_protocol::message::Hello;
use jiff::Timestamp;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::config::BrokerApiConfig;
use crate::site_link::answers::Answers;
use crate::site_link::framed::FramedWire;
use crate::site_link::pump::{Conversation, StopOrder, converse};
use crate::status::{LinkState, SiteBoard};

/// Opens the socket, readable and writable by its owner only. A socket that a dead process has left
/// is replaced; anything else in its place is not.
///
/// # Errors
///
/// What the operating system says.
pub fn open(path: &Path) -> io::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Ok(left) if left.file_type().is_socket() => {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                let words = "another process listens there";
                return Err(io::Error::new(io::ErrorKind::AddrInUse, words));
            }
            fs::remove_file(path)?;
        }
        Ok(_) => {
            let words = "there is a file of this name that is no socket";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, words));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Everything needed to serve those who connect.
pub struct BrokerApi<A> {
    /// Its name, its limits.
    pub config: BrokerApiConfig,
    /// Our greeting, as it is at the time of a connection.
    pub hello: Box<dyn Fn() -> Hello + Send + Sync>,
    /// Who answers.
    pub answers: Arc<A>,
    /// What `status` shows.
    pub board: SiteBoard,
    /// Set once, when the program stops.
    pub stop: watch::Receiver<Option<StopOrder>>,
}

impl<A: Answers> BrokerApi<A> {
    /// Serves until the stop order, and to the end of its grace.
    pub async fn serve(self, listener: UnixListener) {
        let places = Arc::new(Semaphore::new(self.config.max_links));
        let (mut links, mut stop) = (JoinSet::new(), self.stop.clone());
        self.board.enter(LinkState::Waiting, Timestamp::now());
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => match Arc::clone(&places).try_acquire_owned() {
                        Ok(place) => self.take_in(stream, place, &mut links),
                        Err(_) => tracing::warn!(
                            api = self.config.name,
                            most = self.config.max_links,
                            "one connection too many, closed"
                        ),
                    },
                    Err(error) => {
                        // Out of file descriptors, most likely.
                        tracing::warn!(%error, "broker API: cannot accept");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                },
                Some(_) = links.join_next(), if !links.is_empty() => {
                    if links.is_empty() {
                        self.board.enter(LinkState::Waiting, Timestamp::now());
                    }
                }
                Ok(()) = stop.changed() => break,
            }
        }
        drop(listener);
        // Who is connected drains by the same order.
        while links.join_next().await.is_some() {}
        let _ = fs::remove_file(&self.config.socket);
        self.board.enter(LinkState::Stopped, Timestamp::now());
    }

    fn take_in(
        &self,
        stream: UnixStream,
        place: tokio::sync::OwnedSemaphorePermit,
        links: &mut JoinSet<()>,
    ) {
        let us = rustix::process::geteuid().as_raw();
        match stream.peer_cred() {
            Ok(peer) if peer.uid() == us || peer.uid() == 0 => {
                tracing::info!(api = self.config.name, process = peer.pid(), "connected");
            }
            Ok(peer) => {
                let (api, uid) = (&self.config.name, peer.uid());
                tracing::warn!(api, uid, "another user connected, closed");
                return;
            }
            Err(error) => {
                tracing::warn!(%error, "it cannot be told who connected, closed");
                return;
            }
        }
        let mut hello = (self.hello)();
        hello.limits.in_flight = hello.limits.in_flight.min(self.config.in_flight);
        let (name, answers) = (self.config.name.clone(), Arc::clone(&self.answers));
        let (board, stop) = (self.board.clone(), self.stop.clone());
        links.spawn(async move {
            let _place = place;
            let wire = FramedWire::new(Box::new(stream));
            let conversation = Conversation {
                site: &name,
                hello,
                answers: &answers,
                tokens: None,
                token: None,
                board: &board,
                stop,
            };
            let served = converse(wire, conversation).await;
            tracing::info!(api = name, why = %served.end, "disconnected");
        });
    }
}
