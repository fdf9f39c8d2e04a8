//! One connection to one server: encrypted, guarded, bound.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, StdStream};
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;

use super::guard::{check, read_message, relay, result_of};
use super::{LdapServer, LdapSettings, Security};

/// Why a server gave no answer. The words are for the operator and hold no password.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// Another server may answer.
    #[error("{0}")]
    Server(String),
    /// The connection ended; a new one may do better.
    #[error("{0}")]
    Closed(String),
    /// Another server would say the same.
    #[error("{0}")]
    Settled(String),
}

impl Trouble {
    pub(super) fn of(error: &LdapError) -> Self {
        match error {
            LdapError::EndOfStream
            | LdapError::ResultRecv { .. }
            | LdapError::OpSend { .. }
            | LdapError::IdScrubSend { .. }
            | LdapError::Io { .. } => Self::Closed("the connection was closed".to_owned()),
            LdapError::Timeout { .. } => Self::Server("it did not answer in time".to_owned()),
            error => Self::Server(error.to_string()),
        }
    }

    /// The same, with what it is about before the words.
    pub(super) fn at(self, what: &impl std::fmt::Display) -> Self {
        match self {
            Self::Server(words) => Self::Server(format!("{what}: {words}")),
            Self::Closed(words) => Self::Closed(format!("{what}: {words}")),
            Self::Settled(words) => Self::Settled(format!("{what}: {words}")),
        }
    }
}

/// A connection and the tasks behind it, which end with it.
#[derive(Debug)]
pub(super) struct Connection {
    ldap: Ldap,
    pub(super) spoken: Spoken,
    tasks: [AbortHandle; 2],
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Connection {
    /// Connects, within the limit for it.
    /// A server that was looked up is `at` these addresses; the name alone is in its certificate.
    pub(super) async fn open(
        server: &LdapServer,
        at: &[IpAddr],
        settings: &LdapSettings,
    ) -> Result<Self, Trouble> {
        let limit = settings.limits.connect;
        match tokio::time::timeout(limit, Self::open_unlimited(server, at, settings)).await {
            Ok(opened) => opened,
            Err(_) => {
                let limit = limit.as_secs_f32();
                Err(Trouble::Server(format!("no connection within {limit} s")))
            }
        }
    }

    async fn open_unlimited(
        server: &LdapServer,
        at: &[IpAddr],
        settings: &LdapSettings,
    ) -> Result<Self, Trouble> {
        let failed = |what: &str, error: &io::Error| Trouble::Server(format!("{what}: {error}"));
        let addresses: Vec<SocketAddr> =
            at.iter().map(|address| SocketAddr::new(*address, server.port)).collect();
        let connected = if addresses.is_empty() {
            TcpStream::connect((server.host.as_str(), server.port)).await
        } else {
            TcpStream::connect(addresses.as_slice()).await
        };
        let mut tcp = connected.map_err(|error| failed("cannot connect", &error))?;
        // Questions are small and waited for.
        tcp.set_nodelay(true).map_err(|error| failed("cannot connect", &error))?;
        if server.security == Security::StartTls {
            start_tls(&mut tcp).await?;
        }
        let name = ServerName::try_from(server.host.clone())
            .map_err(|_| Trouble::Server("its name is none that a certificate has".to_owned()))?;
        let tls = TlsConnector::from(settings.tls.clone())
            .connect(name, tcp)
            .await
            .map_err(|error| failed("TLS", &error))?;
        let tls_spoken = Spoken::of(tls.get_ref().1);
        let (ours, theirs) = pair().await.map_err(|error| failed("no socket pair", &error))?;
        let guard = tokio::task::spawn(async move {
            if let Err(error) = relay(tls, ours).await {
                tracing::debug!(%error, "a connection to a directory ended");
            }
        });
        let (driver, mut ldap) = LdapConnAsync::with_settings(
            LdapConnSettings::new().set_std_stream(theirs.0),
            theirs.1,
        )
        .await
        .map_err(|error| Trouble::of(&error))?;
        let driver = tokio::task::spawn(async move {
            if let Err(error) = driver.drive().await {
                tracing::debug!(%error, "a connection to a directory ended");
            }
        });
        let tasks = [guard.abort_handle(), driver.abort_handle()];
        bind(&mut ldap, settings).await.map(|()| Self { ldap, spoken: tls_spoken, tasks })
    }

    /// A handle for one question, each answer within `limit`.
    pub(super) fn handle(&self, limit: Duration) -> Handle {
        Handle { ldap: self.ldap.clone(), limit }
    }
}

/// What was agreed on when the connection was encrypted.
#[derive(Debug, Clone, Default)]
pub(super) struct Spoken {
    pub(super) version: String,
    pub(super) cipher: String,
}

impl Spoken {
    fn of(tls: &rustls::ClientConnection) -> Self {
        let told = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
        Self {
            version: told(tls.protocol_version().map(|version| format!("{version:?}"))),
            cipher: told(tls.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()))),
        }
    }
}

/// What questions are put through.
pub(super) struct Handle {
    pub(super) ldap: Ldap,
    pub(super) limit: Duration,
}

async fn bind(ldap: &mut Ldap, settings: &LdapSettings) -> Result<(), Trouble> {
    let Some(bind) = &settings.bind else { return Ok(()) };
    if bind.password.expose_secret().is_empty() || bind.name.is_empty() {
        let words = "the bind has no name or no password, which would be an anonymous one";
        return Err(Trouble::Settled(words.to_owned()));
    }
    let result = ldap
        .with_timeout(settings.limits.connect)
        .simple_bind(&bind.name, bind.password.expose_secret())
        .await
        .map_err(|error| Trouble::of(&error))?;
    match result.rc {
        0 => Ok(()),
        // Busy, unavailable, and unwilling to now.
        51..=53 => Err(Trouble::Server(format!("the bind: {}", refusal(result.rc, &result.text)))),
        code => Err(Trouble::Settled(format!("the bind: {}", refusal(code, &result.text)))),
    }
}

/// A result code in words (RFC 4511, A.2), with what Active Directory adds.
pub(super) fn refusal(code: u32, words: &str) -> String {
    let meaning = match code {
        1 => "operations error",
        3 => "time limit exceeded",
        4 => "size limit exceeded",
        8 => "stronger authentication required",
        10 => "a referral, which is not followed",
        13 => "confidentiality required",
        32 => "no such entry",
        34 => "not a distinguished name",
        49 => "the name or the password is wrong",
        50 => "insufficient access rights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwilling to perform",
        _ => "refused",
    };
    // `AcceptSecurityContext error, data 533`: hexadecimal codes of Windows.
    let data = words.split("data ").nth(1).and_then(|rest| rest.get(..3));
    let detail = match data.filter(|_| code == 49) {
        Some("525") => " (no such account)",
        Some("533") => " (the account is disabled)",
        Some("532") => " (the password has expired)",
        Some("701") => " (the account has expired)",
        Some("773") => " (the password must be changed first)",
        Some("775") => " (the account is locked)",
        _ if words.contains("80090346") => " (the server demands channel binding)",
        _ => "",
    };
    format!("{meaning}{detail} [{code}]")
}

/// Asks for TLS in the clear, the only thing that is ever said so: `ExtendedRequest` with the
/// identifier of StartTLS (RFC 4511, 4.14.1), message number 1.
async fn start_tls(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<(), Trouble> {
    const QUESTION: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
    let failed = |error: io::Error| Trouble::Server(format!("StartTLS: {error}"));
    stream.write_all(QUESTION).await.map_err(failed)?;
    let message = read_message(stream).await.map_err(failed)?;
    let message = message.ok_or_else(|| Trouble::Server("StartTLS: it hung up".to_owned()))?;
    check(&message).map_err(|what| Trouble::Server(format!("StartTLS: {what}")))?;
    match result_of(&message) {
        Some((0, _)) => Ok(()),
        Some((code, words)) => {
            Err(Trouble::Server(format!("StartTLS: {}", refusal(u32::from(code), &words))))
        }
        None => Err(Trouble::Server("StartTLS: an answer of another shape".to_owned())),
    }
}

/// Two ends of a stream that no other process can reach: ours, and the library's with the address
/// it wants beside it.
#[cfg(unix)]
#[expect(clippy::unused_async, reason = "the same signature everywhere")]
async fn pair() -> io::Result<(tokio::net::UnixStream, (StdStream, &'static str))> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let ours = tokio::net::UnixStream::from_std(ours)?;
    Ok((ours, (StdStream::Unix(theirs), "ldapi://%2f")))
}

/// The same over the loopback interface. Another process can connect to the port while it is open,
/// so whoever connects must be us.
#[cfg(not(unix))]
async fn pair() -> io::Result<(TcpStream, (StdStream, &'static str))> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let theirs = TcpStream::connect(listener.local_addr()?).await?;
    let (ours, peer) = listener.accept().await?;
    if peer != theirs.local_addr()? {
        return Err(io::Error::other("another process connected"));
    }
    Ok((ours, (StdStream::Tcp(theirs.into_std()?), "ldap://127.0.0.1")))
}
