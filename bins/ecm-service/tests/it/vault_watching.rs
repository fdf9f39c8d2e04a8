//! Looking whether a vault is there.

use std::sync::Arc;

use ecm_service::vaults::assemble;
use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::WebPkiClientVerifier;
use service_host::outbound::reach_securely;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::configuration::{GOOD, Place};

fn self_signed(name: &str) -> CertifiedKey<rcgen::KeyPair> {
    rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap()
}

/// A door that opens to whoever shows `client`, and tells in the handshake if nobody does: TLS 1.3
/// would tell only afterwards.
fn door(
    server: &CertifiedKey<rcgen::KeyPair>,
    client: &CertifiedKey<rcgen::KeyPair>,
) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(client.cert.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(trusted.into(), provider.clone());
    let key = PrivatePkcs8KeyDer::from(server.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![server.cert.der().clone()], key.into())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn vault_that_insists_on_our_certificate_is_not_taken_for_one_that_is_down() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let (server, client) = (self_signed("localhost"), self_signed("ecm"));
    let acceptor = door(&server, &client);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    let place = Place::new();
    place.write("ca.pem", &server.cert.pem(), 0o600);
    let shown = format!("{}{}", client.cert.pem(), client.signing_key.serialize_pem());
    place.write("client.pem", &shown, 0o600);
    let vault = GOOD.replace("vault.example.com", &format!("localhost:{port}"));
    let trusting = format!("{vault}ca-file = \"ca.pem\"\nsystem-roots = false\n");
    let showing = format!("{trusting}client-certificate = {{ file = \"client.pem\" }}\n");
    for (text, is_up) in [(trusting, false), (showing, true)] {
        let config = place.read(&text).unwrap_or_else(|problems| panic!("{problems}"));
        let watched = assemble(&config.vaults, &[]).unwrap().remove(0);
        let watched = watched.watched().unwrap().clone();
        let reached = reach_securely(&watched.host, watched.port, None, watched.tls).await;
        assert_eq!(reached.is_ok(), is_up, "{:?}", reached.err());
    }
}
