//! What sites and vaults have in common: whom to trust, and which proxy to go through.

use std::path::PathBuf;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use service_host::outbound::ProxyAddress;
use service_host::tls::Trust;
use url::Url;

use super::reader::{At, TableReader};
use super::{Context, key};

/// The largest CA file that is read.
const CA_FILE_LIMIT: u64 = 4 * 1024 * 1024;

/// Takes `ca-file` and `system-roots`.
pub(crate) fn read_trust(reader: &mut TableReader<'_, '_>, context: &Context<'_>) -> Option<Trust> {
    let file = reader.path(&key::CA_FILE);
    let system_roots = reader.switch(&key::SYSTEM_ROOTS);
    let ca_pem = match file {
        Some(At { value, span }) => match read_ca_file(&context.base.join(&value)) {
            Ok(pem) => Some(pem),
            Err((message, advice)) => {
                reader.problem(span, message, advice);
                None
            }
        },
        None if reader.has(key::CA_FILE.name) => None,
        None => Some(Vec::new()),
    };
    if let Some(At { value: false, span }) = &system_roots
        && !reader.has(key::CA_FILE.name)
    {
        reader.problem(
            span.clone(),
            "with `system-roots = false` and no `ca-file` nothing is trusted",
            "name the issuing CA with ca-file",
        );
    }
    Some(Trust { ca_pem: ca_pem?, system_roots: system_roots.is_none_or(|at| at.value) })
}

fn read_ca_file(path: &PathBuf) -> Result<Vec<u8>, (String, String)> {
    let shown = path.display();
    let unreadable = |cause: std::io::Error| {
        (format!("CA file {shown} cannot be read: {cause}"), "correct its name".to_owned())
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > CA_FILE_LIMIT {
        return Err((
            format!("CA file {shown} is larger than {CA_FILE_LIMIT} bytes"),
            "name a file with certificates".to_owned(),
        ));
    }
    let pem = std::fs::read(path).map_err(unreadable)?;
    let count = CertificateDer::pem_slice_iter(&pem).filter(Result::is_ok).count();
    if count == 0 {
        return Err((
            format!("CA file {shown} holds no PEM certificate"),
            "export the CA as Base-64 (PEM): a block that starts with -----BEGIN CERTIFICATE-----"
                .to_owned(),
        ));
    }
    Ok(pem)
}

/// Takes `proxy`. The outer `Option` is `None` when the key is wrong.
pub(crate) fn read_proxy(reader: &mut TableReader<'_, '_>) -> Option<Option<ProxyAddress>> {
    let Some(At { value, span }) = reader.text(&key::PROXY) else {
        return if reader.has(key::PROXY.name) { None } else { Some(None) };
    };
    let address = ProxyAddress::parse(value).ok();
    if address.is_none() {
        reader.problem(
            span,
            "`proxy` must be http://host:port, without user, path or query",
            format!("write for example: proxy = {}", key::PROXY.example),
        );
    }
    address.map(Some)
}

/// Takes an https URL without user-info, query or fragment.
pub(crate) fn read_https_url(
    reader: &mut TableReader<'_, '_>,
    key: &'static key::Key,
) -> Option<Url> {
    let At { value, span } = reader.text(key)?;
    match Url::parse(value) {
        Ok(url) if url.scheme() != "https" => {
            reader.problem(
                span,
                format!("`{}` must begin with https://", key.name),
                "secrets travel on this connection; it must be encrypted",
            );
            None
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            reader.problem(
                span,
                format!("`{}` must not hold a user name or password", key.name),
                "take it out of the address",
            );
            None
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            reader.problem(
                span,
                format!("`{}` must not have a query or fragment", key.name),
                "take everything from the ? or # on out of the address",
            );
            None
        }
        Ok(url) => Some(url),
        Err(error) => {
            reader.problem(
                span,
                format!("`{}` is not a URL: {error}", key.name),
                format!("write for example: {} = {}", key.name, key.example),
            );
            None
        }
    }
}
