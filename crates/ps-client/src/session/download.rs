//! Files, piece by piece.

use std::fmt;

use zeroize::Zeroizing;

use super::Session;
use super::fetch::Attempts;
use super::lanes::Held;
use crate::client::{InPieces, Of};
use crate::endpoint::{ApiAnswer, Endpoint};
use crate::error::{Error, ErrorKind};
use crate::transport::{Download, HttpAnswer, Pieces, Transport};

/// The most that is read of an answer that is no success.
const REFUSAL: usize = 64 << 10;

/// A file that comes piece by piece. Each piece is wiped when dropped.
///
/// Until it has come, or this is dropped, it is a call on its way: it has a place among the
/// [`calls_at_once`](crate::ClientBuilder::calls_at_once) and keeps a server session busy.
pub struct FileStream {
    endpoint: &'static str,
    first: Option<Zeroizing<Vec<u8>>>,
    /// `None` when it is over.
    rest: Option<Rest>,
    length: Option<u64>,
}

/// What has not come yet, and the places it takes.
struct Rest {
    pieces: Box<dyn Pieces>,
    _held: Held,
}

impl FileStream {
    /// Its length in bytes, if the vault announced it.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// The next piece, `None` at the end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Transport`] when the connection broke; what came before is a part only.
    pub async fn next(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let Some(rest) = &mut self.rest else { return Ok(None) };
        let piece = rest.pieces.next().await;
        if !matches!(piece, Ok(Some(_))) {
            self.rest = None;
        }
        piece.map_err(|error| Error::new(self.endpoint, ErrorKind::Transport(error)))
    }
}

impl<T: Transport> Session<T> {
    /// Makes a call that answers a file, and takes the file piece by piece, however long it is.
    ///
    /// Until the first piece is there it is repeated as any other call; what breaks later is for
    /// the caller, who has a part of the file already.
    ///
    /// ```
    /// # async fn example<T: ps_client::Transport>(session: ps_client::Session<T>)
    /// # -> Result<(), ps_client::Error> {
    /// use ps_client::endpoint::secrets_safe::secrets::DownloadFileSecret;
    /// use ps_client::model::SecretId;
    ///
    /// let secret = SecretId::new("6f2c9a5e-0d7b-4b1e-9a3c-5d8e7f6a1b2c");
    /// let mut file = session.download(&DownloadFileSecret { secret }).await?;
    /// while let Some(piece) = file.next().await? {
    ///     // write it away
    /// #   drop(piece);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), up to the first piece.
    pub async fn download<E>(&self, endpoint: &E) -> Result<FileStream, Error>
    where
        E: Endpoint<Answer = Zeroizing<Vec<u8>>>,
    {
        let mut attempts = Attempts::at(&self.inner.client, E::NAME);
        loop {
            let (failure, outcome) = match self.open(endpoint, attempts.number()).await {
                Ok((answer, rest)) if answer.0.status.is_success() => {
                    return self.stream(endpoint, answer, rest);
                }
                // Its places are given back before the next attempt is waited for.
                Ok((answer, _rest)) => {
                    (answer.error(E::NAME).with_repeat(endpoint.repeat()), Ok(answer))
                }
                Err(error) => (error.clone(), Err(error)),
            };
            if attempts.again(&failure).await {
                continue;
            }
            return match endpoint.read(&outcome?) {
                Err(error) => Err(self.scrubbed(endpoint, error)),
                // An endpoint that takes a refusal for a file.
                Ok(_) => Err(failure),
            };
        }
    }

    /// Takes the answer as far as one can tell what it is: the first piece of a success, or all of
    /// a refusal.
    async fn open<E: Endpoint>(
        &self,
        endpoint: &E,
        attempt: u32,
    ) -> Result<(ApiAnswer, Rest), Error> {
        let (download, held) = self.exchange::<InPieces>(&Of(endpoint), attempt).await?;
        let Download { status, headers, mut pieces } = download;
        let broken =
            |error| Error::new(E::NAME, ErrorKind::Transport(error)).with_repeat(endpoint.repeat());
        let mut body = pieces.next().await.map_err(broken)?.unwrap_or_default();
        if !status.is_success() {
            while body.len() < REFUSAL
                && let Some(piece) = pieces.next().await.map_err(broken)?
            {
                body.extend_from_slice(&piece);
            }
            body.truncate(REFUSAL);
        }
        Ok((ApiAnswer(HttpAnswer { status, headers, body }), Rest { pieces, _held: held }))
    }

    fn stream<E: Endpoint>(
        &self,
        endpoint: &E,
        answer: ApiAnswer,
        rest: Rest,
    ) -> Result<FileStream, Error> {
        // The first piece tells a web page from a file, as the whole would.
        endpoint.read(&answer).map_err(|error| self.scrubbed(endpoint, error))?;
        let HttpAnswer { headers, body, .. } = answer.0;
        let length = headers.get(http::header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
        let first = Some(body).filter(|piece| !piece.is_empty());
        Ok(FileStream { endpoint: E::NAME, first, rest: Some(rest), length })
    }
}

impl fmt::Debug for FileStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileStream({}, {:?} bytes)", self.endpoint, self.length)
    }
}
