//! What went wrong with TLS, found in a chain of errors.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError, Error as TlsError};

use super::Distrust;

/// Finds what TLS says; `None` if the error is not about TLS.
pub(super) fn distrust(error: &(dyn StdError + 'static)) -> Option<Distrust> {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(tls) = current.downcast_ref::<TlsError>() {
            return Some(sort(tls));
        }
        // TLS errors travel inside io errors, sometimes two deep, and the `source` of an io error
        // skips what it holds.
        let held = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = match held {
            Some(held) => Some(held),
            None => current.source(),
        };
    }
    None
}

fn sort(error: &TlsError) -> Distrust {
    match error {
        TlsError::InvalidCertificate(reason) => sort_certificate(reason),
        TlsError::PeerIncompatible(_) => Distrust::NothingInCommon,
        TlsError::AlertReceived(alert) => sort_alert(*alert),
        _ => Distrust::Other,
    }
}

fn sort_certificate(reason: &CertificateError) -> Distrust {
    use CertificateError as Bad;
    match reason {
        // A forged signature and an authority of the same name with another key look alike.
        Bad::UnknownIssuer | Bad::BadSignature => Distrust::UnknownIssuer,
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Distrust::WrongName,
        Bad::Expired | Bad::ExpiredContext { .. } => Distrust::Expired,
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => Distrust::NotYetValid,
        Bad::Revoked => Distrust::Revoked,
        _ => Distrust::Other,
    }
}

/// What the vault's side says about us.
fn sort_alert(alert: AlertDescription) -> Distrust {
    match alert {
        AlertDescription::CertificateRequired
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => Distrust::ClientCertificate,
        AlertDescription::HandshakeFailure
        | AlertDescription::ProtocolVersion
        | AlertDescription::InsufficientSecurity => Distrust::NothingInCommon,
        _ => Distrust::Other,
    }
}
