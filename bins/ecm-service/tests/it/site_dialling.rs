//! From token to open link: what is sent, what is refused, what is never followed.

use std::time::Duration;

use ecm_service::site_link::framed::{FramedDialer, FramedTarget};
use ecm_service::site_link::refusal::{Refusal, Retry};
use ecm_service::site_link::token::{AccessToken, TokenError, TokenSource};
use ecm_service::site_link::websocket::WebSocketDialer;
use ecm_service::site_link::wire::{
    ConnectError, Incoming, LinkLost, Outgoing, SiteDialer, SiteWire,
};
use futures_util::{SinkExt, StreamExt};
use secrecy::ExposeSecret;
use service_host::outbound::{ProxyAddress, ReachError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use zeroize::Zeroizing;

use crate::stand_in::{Heard, Identity, read_head};

fn token() -> AccessToken {
    AccessToken::new("t0k3n".into(), Duration::from_secs(3600))
}

fn dialer(identity: &Identity, port: u16, proxy: Option<ProxyAddress>) -> WebSocketDialer {
    WebSocketDialer {
        host: "localhost".to_owned(),
        port,
        path: "/ecm/v1".to_owned(),
        proxy,
        tls: identity.client.clone(),
    }
}

/// A WebSocket server that echoes frames, then closes with 4005.
async fn echo_site(identity: &Identity) -> (u16, Heard) {
    let heard = Heard::default();
    let ear = heard.clone();
    let address = identity.listen(move |stream| {
        let ear = ear.clone();
        async move {
            #[expect(clippy::result_large_err, reason = "the library's callback type")]
            let grant = |request: &Request, mut response: Response| {
                ear.add(format!("{} {:?}", request.uri(), request.headers()));
                let granted = "ecm.open.v1".parse().unwrap();
                response.headers_mut().insert("sec-websocket-protocol", granted);
                Ok(response)
            };
            let mut socket = tokio_tungstenite::accept_hdr_async(stream, grant).await.unwrap();
            let message = socket.next().await.unwrap().unwrap();
            socket.send(message).await.unwrap();
            let goodbye = CloseFrame { code: 4005.into(), reason: "newer\u{7} link".into() };
            socket.close(Some(goodbye)).await.unwrap();
            while let Some(Ok(_)) = socket.next().await {}
        }
    });
    (address.await.port(), heard)
}

#[tokio::test]
async fn upgrade_shows_token_protocol_and_program_and_frames_pass_both_ways() {
    let identity = Identity::new();
    let (port, heard) = echo_site(&identity).await;
    let mut wire = dialer(&identity, port, None).connect(&token()).await.unwrap();
    let frame = Zeroizing::new(b"{\"jsonrpc\":\"2.0\"}".to_vec());
    wire.send(Outgoing::Frame(frame)).await.unwrap();
    let Incoming::Frame(echo) = wire.receive().await.unwrap() else { unreachable!("a frame") };
    assert_eq!(echo, "{\"jsonrpc\":\"2.0\"}");
    let lost = wire.receive().await.unwrap_err();
    assert!(
        matches!(&lost, LinkLost::Closed { code: 4005, reason } if reason == "newer link"),
        "{lost:?}"
    );
    let request = heard.all().remove(0);
    for part in ["/ecm/v1 ", "\"bearer t0k3n\"", "\"ecm.open.v1\"", "ecm-service/"] {
        assert!(request.to_lowercase().contains(part), "{part} in {request}");
    }
}

#[tokio::test]
async fn refused_upgrades_are_told_apart() {
    let identity = Identity::new();
    for (answer, refusal) in [
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", Refusal::Token),
        ("HTTP/1.1 404 Not Found\r\n\r\n", Refusal::NotOffered { status: 404 }),
        ("HTTP/1.1 409 Conflict\r\n\r\n", Refusal::TooMany),
        (
            "HTTP/1.1 302 Found\r\nLocation: https://elsewhere/\r\n\r\n",
            Refusal::Redirect { status: 302 },
        ),
        (
            "HTTP/1.1 403 Forbidden\r\nWWW-Authenticate: Bearer error=\"insufficient_scope\"\r\n\r\n",
            Refusal::NotAllowed { scope: true },
        ),
        (
            "HTTP/1.1 503 Unavailable\r\nRetry-After: 7\r\n\r\n",
            Refusal::Later { status: 503, after: Some(Duration::from_secs(7)) },
        ),
    ] {
        let (address, _) = identity.answer_always(answer).await;
        let error = dialer(&identity, address.port(), None).connect(&token()).await.err().unwrap();
        assert!(matches!(&error, ConnectError::Refused(found) if *found == refusal), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("t0k3n"));
    }
}

#[tokio::test]
async fn site_that_grants_no_sub_protocol_is_not_spoken_to() {
    let identity = Identity::new();
    let address = identity.listen(|stream| async move {
        // The handshake succeeds on this side; the client refuses what it got.
        let _ = tokio_tungstenite::accept_async(stream).await;
    });
    let port = address.await.port();
    let error = dialer(&identity, port, None).connect(&token()).await.err().unwrap();
    assert!(matches!(error, ConnectError::NotSpoken { .. }), "{error:?}");
}

#[tokio::test]
async fn stranger_with_another_certificate_gets_no_token() {
    let (ours, stranger) = (Identity::new(), Identity::new());
    let (address, heard) = stranger.answer_always("HTTP/1.1 200 OK\r\n\r\n").await;
    let error = dialer(&ours, address.port(), None).connect(&token()).await.err().unwrap();
    assert!(matches!(error, ConnectError::NotReached(ReachError::Untrusted { .. })), "{error:?}");
    let tokens = token_source(&ours, address.port(), None);
    let error = tokens.token().await.unwrap_err();
    assert!(matches!(error, TokenError::Unreachable { untrusted: true, .. }), "{error:?}");
    assert!(heard.all().is_empty());
}

#[tokio::test]
async fn closed_port_and_unknown_name_are_told_apart() {
    let identity = Identity::new();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = dialer(&identity, free, None).connect(&token()).await.err().unwrap();
    assert!(matches!(error, ConnectError::NotReached(ReachError::Unreachable { .. })), "{error:?}");
}

/// A proxy that lets everything through, or answers with a refusal.
async fn proxy(refusal: Option<&'static str>) -> (ProxyAddress, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Heard::default();
    let ear = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = read_head(&mut stream).await;
            let target = head.split(' ').nth(1).unwrap().to_owned();
            ear.add(head);
            if let Some(refusal) = refusal {
                stream.write_all(refusal.as_bytes()).await.unwrap();
                continue;
            }
            let mut behind = TcpStream::connect(target).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
            tokio::spawn(async move {
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut behind).await;
            });
        }
    });
    (ProxyAddress { host: "127.0.0.1".to_owned(), port }, heard)
}

#[tokio::test]
async fn link_and_token_go_through_the_proxy_which_sees_no_token() {
    let identity = Identity::new();
    let (port, _) = echo_site(&identity).await;
    let (proxy, heard) = proxy(None).await;
    let mut wire = dialer(&identity, port, Some(proxy.clone())).connect(&token()).await.unwrap();
    wire.send(Outgoing::Frame(Zeroizing::new(b"{}".to_vec()))).await.unwrap();
    assert!(matches!(wire.receive().await, Ok(Incoming::Frame(_))));

    let (address, _) = identity.answer_always(GRANTED).await;
    let tokens = token_source(&identity, address.port(), Some(&proxy));
    assert_eq!(tokens.token().await.unwrap().secret().expose_secret(), "fresh");
    let heard = heard.all();
    assert!(heard[0].starts_with(&format!("CONNECT localhost:{port} HTTP/1.1")), "{heard:?}");
    assert_eq!(heard.len(), 2);
    assert!(!heard.concat().to_lowercase().contains("authorization"), "{heard:?}");
}

#[tokio::test]
async fn proxy_that_refuses_is_named_as_the_cause() {
    let identity = Identity::new();
    let (proxy, _) = proxy(Some("HTTP/1.1 407 Log on first\r\nContent-Length: 0\r\n\r\n")).await;
    let error = dialer(&identity, 443, Some(proxy)).connect(&token()).await.err().unwrap();
    assert!(
        matches!(error, ConnectError::NotReached(ReachError::ProxyRefused { status: 407, .. })),
        "{error:?}"
    );
}

const GRANTED: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\
    Set-Cookie: ns_sl=1\r\n\r\n\
    {\"access_token\":\"fresh\",\"token_type\":\"Bearer\",\"expires_in\":3600}";

fn token_source(identity: &Identity, port: u16, proxy: Option<&ProxyAddress>) -> TokenSource {
    let url = format!("https://localhost:{port}/oauth2/token").parse().unwrap();
    TokenSource::new(url, "id".to_owned(), "hunter2".into(), &identity.client, proxy).unwrap()
}

#[tokio::test]
async fn one_token_is_fetched_for_many_and_kept_until_the_site_rejects_it() {
    let identity = Identity::new();
    let (address, heard) = identity.answer_always(GRANTED).await;
    let tokens = token_source(&identity, address.port(), None);
    let (first, second) = tokio::join!(tokens.token(), tokens.token());
    assert_eq!(first.unwrap().secret().expose_secret(), "fresh");
    let kept = second.unwrap();
    assert_eq!(heard.all().len(), 1);
    let request = heard.all().remove(0).to_lowercase();
    // RFC 7617: base64 of "id:hunter2".
    assert!(request.contains("authorization: basic awq6ahvudgvymg=="), "{request}");
    assert!(request.contains("connection: close"), "{request}");

    tokens.forget(&token()).await;
    tokens.token().await.unwrap();
    assert_eq!(heard.all().len(), 1, "somebody else's token is none of ours");
    tokens.forget(&kept).await;
    tokens.token().await.unwrap();
    assert_eq!(heard.all().len(), 2);
    assert!(!heard.all().remove(1).to_lowercase().contains("cookie"));
    assert!(!format!("{tokens:?}").contains("hunter2"));
}

#[tokio::test]
async fn token_call_follows_no_redirect() {
    let identity = Identity::new();
    let (elsewhere, heard) = identity.answer_always(GRANTED).await;
    let moved = format!(
        "HTTP/1.1 307 Moved\r\nLocation: https://localhost:{}/oauth2/token\r\nContent-Length: 0\r\n\r\n",
        elsewhere.port()
    );
    let (address, _) = identity.answer_always(Box::leak(moved.into_boxed_str())).await;
    let error = token_source(&identity, address.port(), None).token().await.unwrap_err();
    assert!(matches!(error, TokenError::Refused { status: 307, .. }), "{error:?}");
    assert_eq!(error.retry(), Retry::Slowly);
    assert!(heard.all().is_empty());
}

#[tokio::test]
async fn framed_link_begins_with_the_token_frame() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let site = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let length = stream.read_u32().await.unwrap();
        let mut frame = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut frame).await.unwrap();
        String::from_utf8(frame).unwrap()
    });
    let dialer = FramedDialer { target: FramedTarget::Unix { path } };
    let _wire = dialer.connect(&token()).await.unwrap();
    assert_eq!(site.await.unwrap(), "{\"authorization\":\"Bearer t0k3n\"}");
}
