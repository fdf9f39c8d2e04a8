//! TLS that breaks on a connection that stood: the question may have arrived.

#![expect(clippy::disallowed_methods, reason = "a relay is a task of its own")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ps_client::endpoint::Endpoint as _;
use ps_client::endpoint::requests::CreateRequest;
use ps_client::model::{ManagedAccountQuery, NewRequest};
use ps_client::transport::https::HttpsTransport;
use ps_client::{Client, ErrorKind, SignedIn, VaultAddress};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Carries octets to `to` and back; once told so, puts a record that nobody can decrypt in the
/// place of an answer.
async fn relay(to: SocketAddr, spoil: Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) =
                TcpStream::connect(to).await.unwrap().into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            let spoil = Arc::clone(&spoil);
            tokio::spawn(async move {
                let mut octets = vec![0; 65_536];
                while let Ok(count @ 1..) = from_server.read(&mut octets).await {
                    if spoil.load(Ordering::SeqCst) {
                        let record = [&[0x17, 3, 3, 0, 40][..], &[0x55; 40]].concat();
                        let _ = to_client.write_all(&record).await;
                        return;
                    }
                    if to_client.write_all(&octets[..count]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_before_tls_broke_may_have_been_done() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let vault = ps_sim::Server::start(ps_sim::Config::demo()).await.unwrap();
    let spoil = Arc::new(AtomicBool::new(false));
    let port = relay(vault.address(), Arc::clone(&spoil)).await;
    let transport = HttpsTransport::builder().native_roots(false);
    let transport = transport.ca_pem(vault.ca_pem().as_bytes()).unwrap().build().unwrap();
    let mut url = url::Url::parse(vault.url()).unwrap();
    url.set_port(Some(port)).unwrap();
    let address = VaultAddress::parse(url.as_str()).unwrap();
    let auth = crate::end_to_end::key(r"ACME\joe.user");
    let SignedIn::Session(session) = Client::new(address, transport).sign_in(auth).await.unwrap()
    else {
        panic!("no second factor is configured");
    };
    let accounts = session.managed_accounts(&ManagedAccountQuery::default()).await.unwrap();
    let account = accounts.iter().find(|row| row.account_name == "helpdesk-01").unwrap();
    let new = NewRequest::view(account.system, account.account, 30).reason("spoilt");
    spoil.store(true, Ordering::SeqCst);
    let error = session.create_request(&new).await.unwrap_err();
    assert!(error.may_have_been_executed(), "{error:?}");
    assert!(matches!(error.kind(), ErrorKind::MaybeMade(_)), "{error:?}");
    assert_eq!(error.endpoint(), CreateRequest::NAME);
    assert_eq!(vault.requests().len(), 1, "and it was done");
}
