//! Files, piece by piece.

use std::fmt;

use http::StatusCode;
use zeroize::Zeroizing;

use super::Session;
use crate::endpoint::{ApiAnswer, Endpoint};
use crate::error::{Error, ErrorKind};
use crate::transport::{Download, HttpAnswer, Pieces, Transport};

/// The most that is read of an answer that is no success.
const REFUSAL: usize = 64 << 10;

/// A file that comes piece by piece. Each piece is wiped when dropped.
pub struct FileStream {
    endpoint: &'static str,
    pieces: Box<dyn Pieces>,
    first: Option<Zeroizing<Vec<u8>>>,
    length: Option<u64>,
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
        let piece = self.pieces.next().await;
        piece.map_err(|error| Error::new(self.endpoint, ErrorKind::Transport(error)))
    }
}

impl<T: Transport> Session<T> {
    /// Makes a call that answers a file, and takes the file piece by piece, however long it is.
    /// Unlike other calls this one is not repeated by itself.
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
    /// As [`send`](Self::send), up to the head of the answer.
    pub async fn download<E>(&self, endpoint: &E) -> Result<FileStream, Error>
    where
        E: Endpoint<Answer = Zeroizing<Vec<u8>>>,
    {
        let (lane, _ride) = self.lane().await?;
        let sent_with = lane.state();
        let mut download = self.inner.client.open(endpoint, &sent_with.cookies).await?;
        if download.status == StatusCode::UNAUTHORIZED {
            self.sign_in_again(lane, &sent_with).await?;
            download = self.inner.client.open(endpoint, &lane.state().cookies).await?;
        }
        let Download { status, headers, mut pieces } = download;
        let broken = |error| Error::new(E::NAME, ErrorKind::Transport(error));
        let mut first = pieces.next().await.map_err(broken)?.unwrap_or_default();
        if !status.is_success() {
            while first.len() < REFUSAL
                && let Some(piece) = pieces.next().await.map_err(broken)?
            {
                first.extend_from_slice(&piece);
            }
            first.truncate(REFUSAL);
        }
        let length = headers.get(http::header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
        // The first piece tells a web page from a file, as the whole would.
        let answer = ApiAnswer(HttpAnswer { status, headers, body: first });
        endpoint.read(&answer).map_err(|error| self.scrubbed(endpoint, error))?;
        let first = Some(answer.0.body).filter(|piece| !piece.is_empty());
        Ok(FileStream { endpoint: E::NAME, pieces, first, length })
    }
}

impl fmt::Debug for FileStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileStream({}, {:?} bytes)", self.endpoint, self.length)
    }
}
