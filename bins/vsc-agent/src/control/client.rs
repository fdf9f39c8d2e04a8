//! The commands' end of the control socket.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use service_host::control::endpoint;
use zeroize::Zeroizing;

use super::{Refusal, Reply, Request};

/// The longest answer that is read.
const LONGEST_ANSWER: u64 = 4 * 1024 * 1024;

/// Why the service could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// Nobody listens.
    #[error(
        "no vsc-agent service answers at {path}; start `vsc-agent rep` or `vsc-agent customer`, or name its socket with --control"
    )]
    NotRunning {
        /// The socket.
        path: PathBuf,
    },
    /// It belongs to somebody else.
    #[error("you may not control the service at {path}; run this as its user")]
    NotAllowed {
        /// The socket.
        path: PathBuf,
    },
    /// It listens, but the talk broke off.
    #[error("the service at {path} did not answer: {cause}")]
    NoAnswer {
        /// The socket.
        path: PathBuf,
        /// What happened.
        #[source]
        cause: io::Error,
    },
    /// It answered, and refuses.
    #[error("{0}")]
    Refused(Refusal),
}

/// The answers to one request, as they come.
pub struct Replies {
    path: PathBuf,
    lines: BufReader<endpoint::BlockingStream>,
}

/// Asks the service that listens at `path`.
///
/// # Errors
///
/// See [`AskError`].
pub fn ask(path: &Path, request: &Request) -> Result<Replies, AskError> {
    let whole = path.to_owned();
    let mut stream = endpoint::connect(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            AskError::NotRunning { path: whole.clone() }
        }
        io::ErrorKind::PermissionDenied => AskError::NotAllowed { path: whole.clone() },
        _ => AskError::NoAnswer { path: whole.clone(), cause },
    })?;
    let written = serde_json::to_vec(request).map_err(io::Error::other).and_then(|line| {
        let mut line = Zeroizing::new(line);
        line.push(b'\n');
        stream.write_all(&line)
    });
    written.map_err(|cause| AskError::NoAnswer { path: whole.clone(), cause })?;
    Ok(Replies { path: whole, lines: BufReader::new(stream) })
}

impl Replies {
    /// The next answer; waits for it as long as it takes.
    ///
    /// # Errors
    ///
    /// See [`AskError`]; a refusal is one.
    pub fn next_reply(&mut self) -> Result<Reply, AskError> {
        let no_answer = |cause| AskError::NoAnswer { path: self.path.clone(), cause };
        let mut line = Zeroizing::new(Vec::new());
        let read = (&mut self.lines).take(LONGEST_ANSWER).read_until(b'\n', &mut line);
        if read.map_err(no_answer)? == 0 {
            let no_answer = |cause| AskError::NoAnswer { path: self.path.clone(), cause };
            return Err(no_answer(io::ErrorKind::UnexpectedEof.into()));
        }
        match serde_json::from_slice(&line) {
            Ok(Reply::Refused(refusal)) => Err(AskError::Refused(refusal)),
            Ok(reply) => Ok(reply),
            Err(_) => Err(AskError::NoAnswer {
                path: self.path.clone(),
                cause: io::Error::new(io::ErrorKind::InvalidData, "it speaks another version"),
            }),
        }
    }
}
