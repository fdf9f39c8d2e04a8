//! The command line's end of the control socket.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{LINE_LIMIT, Reply, Request, socket_path};

/// Why the service could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// Nobody listens.
    #[error("no service is running with state folder {folder}")]
    NotRunning {
        /// The state folder.
        folder: PathBuf,
    },
    /// The socket belongs to another user.
    #[error("you may not control the service with state folder {folder}; run this as its user")]
    NotAllowed {
        /// The state folder.
        folder: PathBuf,
    },
    /// The service listens, but the talk broke off.
    #[error("the service did not answer: {0}")]
    NoAnswer(#[source] io::Error),
    /// The service understood the question and refuses.
    #[error("{reason}")]
    Refused {
        /// Its reason.
        reason: String,
    },
}

/// Asks the service that uses `state_dir`.
///
/// # Errors
///
/// See [`AskError`].
pub fn ask(state_dir: &Path, request: &Request) -> Result<Reply, AskError> {
    let folder = state_dir.to_owned();
    let stream =
        UnixStream::connect(socket_path(state_dir)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                AskError::NotRunning { folder }
            }
            io::ErrorKind::PermissionDenied => AskError::NotAllowed { folder },
            _ => AskError::NoAnswer(error),
        })?;
    match talk(stream, request).map_err(AskError::NoAnswer)? {
        Reply::Refused { reason } => Err(AskError::Refused { reason }),
        reply => Ok(reply),
    }
}

fn talk(mut stream: UnixStream, request: &Request) -> io::Result<Reply> {
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience)?;
    stream.set_write_timeout(patience)?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = Vec::new();
    let limit = u64::try_from(LINE_LIMIT).unwrap_or(u64::MAX);
    BufReader::new(stream).take(limit).read_until(b'\n', &mut answer)?;
    Ok(serde_json::from_slice(&answer)?)
}
