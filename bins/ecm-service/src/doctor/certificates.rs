//! The way to a host as far as TLS, step by step, and the certificates that it shows.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use service_host::outbound::{ProxyAddress, ReachError, reach_securely};
use service_host::tls::{Trust, Witness, witnessed_config};
use tokio::time::timeout;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::Examination;

/// How long the whole way may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A host to be reached.
pub(super) struct Way<'a> {
    /// Name of the vault or site.
    pub(super) about: &'a str,
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) proxy: Option<&'a ProxyAddress>,
    pub(super) trust: &'a Trust,
}

impl Way<'_> {
    /// Goes there: D11, D12, D13. Whether TLS was reached.
    pub(super) async fn examine(
        &self,
        roots: &[CertificateDer<'static>],
        seen: &mut Examination,
    ) -> bool {
        let Self { about, host, port, proxy, trust } = *self;
        let (tls, witness) = match witnessed_config(trust, roots) {
            Ok(made) => made,
            Err(error) => {
                seen.bad("D13", about, error.to_string(), "name the issuing CA with ca-file");
                return false;
            }
        };
        let through = proxy.map(|proxy| format!(" through the proxy {}", proxy.url()));
        let through = through.unwrap_or_default();
        let reached = timeout(PATIENCE, reach_securely(host, port, proxy, Arc::clone(&tls))).await;
        let error = match reached {
            Ok(Ok(_)) => {
                seen.good("D11", about, format!("{host} has an address"));
                seen.good("D12", about, format!("{host}:{port} answers{through}"));
                certificate(about, &witness, seen);
                return true;
            }
            Ok(Err(error)) => error,
            Err(_) => {
                seen.bad(
                    "D12",
                    about,
                    format!(
                        "{host}:{port} did not answer within {} s{through}",
                        PATIENCE.as_secs()
                    ),
                    "a firewall that drops packets looks like this: let this machine through, or \
                     name the proxy",
                );
                return false;
            }
        };
        self.told(&error, &through, &witness, seen);
        false
    }

    fn told(&self, error: &ReachError, through: &str, witness: &Witness, seen: &mut Examination) {
        let Self { about, host, port, .. } = *self;
        if let ReachError::NoAddress { .. } = error {
            let found = format!("the name {host} cannot be resolved{through}");
            seen.bad("D11", about, found, "correct the name in the url, or the machine's DNS");
            return;
        }
        if !matches!(error, ReachError::Unreachable { .. } | ReachError::ProxyRefused { .. }) {
            seen.good("D12", about, format!("{host}:{port} answers{through}"));
        }
        match error {
            ReachError::Unreachable { cause, .. } => seen.bad(
                "D12",
                about,
                format!("nobody answers at {host}:{port}{through}: {cause}"),
                "correct host and port of the url, open the firewall, or name the proxy",
            ),
            ReachError::ProxyRefused { status, .. } => seen.bad(
                "D12",
                about,
                format!("the proxy refuses the way to {host}:{port} with status {status}"),
                "let the proxy's administrator allow it (CONNECT)",
            ),
            ReachError::Untrusted { reason, .. } => {
                let found = format!("the certificate is not trusted: {reason}\n{}", chain(witness));
                seen.bad("D13", about, found, missing_issuer(witness));
            }
            ReachError::Tls { cause, .. } => seen.bad(
                "D13",
                about,
                format!("no TLS connection with {host}:{port}: {cause}"),
                "check that this port speaks TLS 1.2 or 1.3",
            ),
            other => seen.bad("D12", about, other.to_string(), "correct the proxy setting"),
        }
    }
}

/// How soon an end is told.
const SOON: Duration = Duration::from_secs(14 * 86_400);

fn certificate(about: &str, witness: &Witness, seen: &mut Examination) {
    let chain_words = chain(witness);
    let first = witness.chain().first().and_then(|der| Certificate::from_der(der).ok());
    let ends = first.map(|first| first.tbs_certificate().validity().not_after.to_system_time());
    let left = ends.and_then(|ends| ends.duration_since(std::time::SystemTime::now()).ok());
    match left {
        Some(left) if left < SOON => {
            let days = left.as_secs() / 86_400;
            seen.doubt(
                "D13",
                about,
                format!("the certificate ends in {days} days\n{chain_words}"),
                "let it be renewed",
            );
        }
        _ => seen.good("D13", about, format!("the certificate is trusted\n{chain_words}")),
    }
}

/// The certificates that were shown, one to a line.
fn chain(witness: &Witness) -> String {
    let lines: Vec<String> = witness
        .chain()
        .iter()
        .enumerate()
        .map(|(number, der)| match Certificate::from_der(der) {
            Ok(one) => {
                let body = one.tbs_certificate();
                let until = body.validity().not_after;
                format!("{number}: {}, issued by {}, until {until}", body.subject(), body.issuer())
            }
            Err(_) => format!("{number}: it cannot be read"),
        })
        .collect();
    lines.join("\n")
}

fn missing_issuer(witness: &Witness) -> String {
    let chain = witness.chain();
    let last = chain.last().and_then(|der| Certificate::from_der(der).ok());
    match last {
        Some(last) => format!(
            "if the issuer `{}` is your own, put its certificate into a file and name it in \
             `ca-file` of this connection; certificates are never left unchecked",
            last.tbs_certificate().issuer()
        ),
        None => "name the issuing CA with ca-file".to_owned(),
    }
}
