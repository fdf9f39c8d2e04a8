//! The service's end of the control socket.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use service_host::logging::{Level, LogControl};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use super::{LINE_LIMIT, Reply, Request};
use crate::reload::Reloader;
use crate::seen::SeenUsers;
use crate::status::Status;

/// How many callers are served at once; more wait.
const CALLERS: usize = 8;

/// How long a caller may take for one question.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the socket gives access to.
pub struct Service {
    /// Changes log levels.
    pub log: LogControl,
    /// Makes a snapshot.
    pub status: Arc<dyn Fn() -> Status + Send + Sync>,
    /// Whom the service saw last.
    pub seen: SeenUsers,
    /// Reads the configuration anew.
    pub reloader: Option<Arc<Reloader>>,
}

/// Opens the socket at `path`, readable and writable by its owner only.
///
/// A socket left behind by a process that died is replaced; the caller holds the lock of the state
/// folder, so nobody else can be listening.
///
/// # Errors
///
/// What the operating system says, for example that the path is too long for a socket.
pub fn open(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves callers until dropped.
pub async fn serve(listener: UnixListener, service: Arc<Service>) {
    let callers = Arc::new(Semaphore::new(CALLERS));
    loop {
        let Ok(permit) = Arc::clone(&callers).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let service = Arc::clone(&service);
                tokio::spawn(async move {
                    let talk = answer_lines(stream, &service);
                    if let Err(error) = talk.await {
                        tracing::debug!(%error, "control socket: caller left");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: others need the processor more than we.
                tracing::warn!(%error, "control socket: cannot accept");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer_lines(stream: UnixStream, service: &Service) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = Vec::new();
        let limit = u64::try_from(LINE_LIMIT).unwrap_or(u64::MAX);
        let mut limited = (&mut read).take(limit);
        let count = tokio::time::timeout(PATIENCE, limited.read_until(b'\n', &mut line)).await??;
        if count == 0 {
            return Ok(());
        }
        let complete = line.last() == Some(&b'\n');
        let reply = if complete {
            reply_to(&line, service)
        } else {
            Reply::Refused { reason: format!("a line ends within {LINE_LIMIT} bytes") }
        };
        let mut answer = serde_json::to_vec(&reply)?;
        answer.push(b'\n');
        tokio::time::timeout(PATIENCE, write.write_all(&answer)).await??;
        if !complete {
            return Ok(());
        }
    }
}

fn reply_to(line: &[u8], service: &Service) -> Reply {
    match serde_json::from_slice::<Request>(line) {
        Ok(Request::Status) => Reply::Status(Box::new((service.status)())),
        Ok(Request::SeenUsers) => Reply::SeenUsers { users: service.seen.all() },
        Ok(Request::Reload) => reload(service.reloader.as_deref()),
        Ok(Request::LogLevel { level, for_s }) => set_level(&level, for_s, &service.log),
        Err(error) => Reply::Refused { reason: format!("not understood: {error}") },
    }
}

fn reload(reloader: Option<&Reloader>) -> Reply {
    match reloader.map(Reloader::reload) {
        Some(Ok(restart)) => Reply::Reloaded { restart },
        Some(Err(reason)) => Reply::Refused { reason },
        None => Reply::Refused { reason: "this service has no file to read".to_owned() },
    }
}

fn set_level(text: &str, for_s: Option<u64>, log: &LogControl) -> Reply {
    let level = match Level::parse(text) {
        Ok(level) => level,
        Err(error) => return Reply::Refused { reason: error.to_string() },
    };
    if for_s == Some(0) {
        return Reply::Refused { reason: "a time must be longer than nothing".to_owned() };
    }
    let former = log.level().to_string();
    log.set(level, for_s.map(Duration::from_secs));
    let level = log.level().to_string();
    tracing::info!(former, level, for_s, "log level changed");
    Reply::LogLevel { level, former, for_s }
}
