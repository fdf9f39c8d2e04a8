//! One slot of the virtual reader driver: the connection that makes a card appear in it.
//!
//! To the driver (vpcd) a connection is an inserted card, and its end the card's removal. The
//! slot connects while there is a card, and connects again when the driver went away under it: a
//! restarted PC/SC service finds the card in its place.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use vsc_core::vpcd::{Ask, AskReader, MAX_BODY};
use zeroize::{Zeroize, Zeroizing};

/// How long the driver is left without a card between removal and insertion. PC/SC looks every
/// 400 ms; what comes and goes between two looks was never there.
const GAP: Duration = Duration::from_millis(900);

/// How long to wait before a driver that does not answer is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// How long connecting, and writing an answer, may take on this very machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a slot is told.
pub(super) enum Work {
    /// Let a card appear, by a connection of this number.
    Insert { connection: u64 },
    /// Let it disappear.
    Remove,
    /// Send this to the driver, one whole frame.
    Answer(Zeroizing<Vec<u8>>),
}

/// What a slot tells, and of which connection. A card may be exchanged while the driver's last
/// question about the old one is still on its way here; it must not be put to the new one.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) connection: u64,
    pub(super) what: What,
}

/// What happened on a connection to the driver.
#[derive(Debug)]
pub(super) enum What {
    /// The driver asks.
    Asks(Ask),
    /// It is gone, and is not made again before that is ordered.
    Lost,
}

/// Looks whether a driver listens there. It takes this for no card: nothing is answered.
pub(super) async fn probe(driver: SocketAddr) -> io::Result<()> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, "it does not answer");
    tokio::time::timeout(PATIENCE, TcpStream::connect(driver)).await.map_err(|_| late())??;
    Ok(())
}

/// Serves one slot until the work's sender is dropped.
pub(super) async fn serve(
    driver: SocketAddr,
    mut work: mpsc::UnboundedReceiver<Work>,
    tell: impl Fn(Told),
) {
    let mut not_before = Instant::now();
    loop {
        // Nothing is in the slot; an answer that comes now belongs to a connection that is gone.
        let connection = match work.recv().await {
            Some(Work::Insert { connection }) => connection,
            Some(Work::Remove | Work::Answer(_)) => continue,
            None => return,
        };
        let tell = |what| tell(Told { connection, what });
        let Some(stream) = connect(driver, not_before, &mut work).await else { continue };
        let ended = converse(stream, &mut work, &tell).await;
        not_before = Instant::now() + GAP;
        match ended {
            Ended::Removed => {}
            Ended::Lost(reason) => {
                tracing::debug!(%driver, %reason, "the reader driver is gone");
                tell(What::Lost);
            }
        }
    }
}

/// Connects as soon as the driver answers; `None` when the card was removed meanwhile.
async fn connect(
    driver: SocketAddr,
    not_before: Instant,
    work: &mut mpsc::UnboundedReceiver<Work>,
) -> Option<TcpStream> {
    let connecting = async {
        tokio::time::sleep_until(not_before).await;
        loop {
            let attempt = tokio::time::timeout(PATIENCE, TcpStream::connect(driver)).await;
            if let Ok(Ok(stream)) = attempt {
                return stream;
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
    };
    tokio::pin!(connecting);
    loop {
        tokio::select! {
            stream = &mut connecting => return Some(stream),
            order = work.recv() => match order {
                Some(Work::Insert { .. } | Work::Answer(_)) => {}
                Some(Work::Remove) | None => return None,
            },
        }
    }
}

enum Ended {
    Removed,
    Lost(io::Error),
}

async fn converse(
    mut stream: TcpStream,
    work: &mut mpsc::UnboundedReceiver<Work>,
    tell: &impl Fn(What),
) -> Ended {
    // An answer is waited for; not being able to set it costs time, not correctness.
    let _ = stream.set_nodelay(true);
    let mut asks = AskReader::new();
    let mut buffer = Zeroizing::new(vec![0_u8; MAX_BODY + 2]);
    loop {
        acknowledge_at_once(&stream);
        tokio::select! {
            read = stream.read(&mut buffer) => {
                let taken = read.and_then(|len| take(&mut asks, buffer.get_mut(..len), tell));
                if let Err(reason) = taken {
                    return Ended::Lost(reason);
                }
            }
            order = work.recv() => match order {
                Some(Work::Answer(frame)) => {
                    let write = stream.write_all(&frame);
                    match tokio::time::timeout(PATIENCE, write).await {
                        Ok(Ok(())) => {}
                        Ok(Err(reason)) => return Ended::Lost(reason),
                        Err(_) => return Ended::Lost(io::ErrorKind::TimedOut.into()),
                    }
                }
                Some(Work::Insert { .. }) => {}
                Some(Work::Remove) | None => return Ended::Removed,
            },
        }
    }
}

fn take(asks: &mut AskReader, bytes: Option<&mut [u8]>, tell: &impl Fn(What)) -> io::Result<()> {
    let bytes = bytes.unwrap_or_default();
    if bytes.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    asks.handle_bytes(bytes);
    bytes.zeroize();
    while let Some(ask) = asks.poll_ask().map_err(io::Error::other)? {
        tell(What::Asks(ask));
    }
    Ok(())
}

/// The driver sends a frame in two parts and waits for the first to be acknowledged, which
/// systems put off by 40 ms. The setting wears off, so it is made before every read.
#[cfg(target_os = "linux")]
fn acknowledge_at_once(stream: &TcpStream) {
    let _ = stream.set_quickack(true);
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_: &TcpStream) {}
