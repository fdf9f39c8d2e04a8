//! From HTTP to WebSocket at the relay's door (RFC 6455, section 4.2).

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{
    CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use service_host::outbound::ByteStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::hub::Hub;
use crate::websocket::{PATH, SUBPROTOCOL, Socket, limits};

/// Where the health page is.
pub const HEALTH_PATH: &str = "/health";

/// The longest request that is read; an upgrade request has some 300 bytes.
const LONGEST_REQUEST: usize = 16 * 1024;

type Request = http::Request<Incoming>;
type Answer = http::Response<Full<Bytes>>;

/// The header in which a proxy tells whom it speaks for.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// A WebSocket, and for whom a proxy in front says that it opened it.
pub(super) struct Accepted {
    pub(super) socket: Socket,
    pub(super) forwarded_for: Option<IpAddr>,
}

/// Answers one request. Something comes back if it was the upgrade to our WebSocket.
pub(super) async fn accept(
    stream: Box<dyn ByteStream>,
    hub: &Arc<Hub>,
) -> io::Result<Option<Accepted>> {
    let upgrading = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&upgrading);
    let service = service_fn(move |request: Request| {
        let forwarded_for = forwarded_for(request.headers());
        let (answer, upgrade) = answer(request, hub);
        let upgrade = upgrade.map(|upgrade| (upgrade, forwarded_for));
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = upgrade;
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .max_buf_size(LONGEST_REQUEST)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await
        .map_err(io::Error::other)?;
    let upgrade = upgrading.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some((upgrade, forwarded_for)) = upgrade else { return Ok(None) };
    let upgraded = upgrade.await.map_err(io::Error::other)?;
    let parts = upgraded
        .downcast::<TokioIo<Box<dyn ByteStream>>>()
        .map_err(|_| io::Error::other("the connection was upgraded to something else"))?;
    let (stream, read) = (parts.io.into_inner(), parts.read_buf.to_vec());
    let socket =
        WebSocketStream::from_partially_read(stream, read, Role::Server, Some(limits())).await;
    Ok(Some(Accepted { socket, forwarded_for }))
}

fn answer(mut request: Request, hub: &Hub) -> (Answer, Option<OnUpgrade>) {
    let asked = (request.method().clone(), request.uri().path().to_owned());
    match (asked.0, asked.1.as_str()) {
        (Method::GET, HEALTH_PATH) => {
            let counts = serde_json::to_string(&hub.counts()).unwrap_or_default();
            (page(StatusCode::OK, "application/json", counts), None)
        }
        (Method::GET, PATH) => match accept_headers(request.headers()) {
            Ok(headers) => {
                let mut answer = page(StatusCode::SWITCHING_PROTOCOLS, "", String::new());
                *answer.headers_mut() = headers;
                (answer, Some(hyper::upgrade::on(&mut request)))
            }
            Err(advice) => (page(StatusCode::BAD_REQUEST, "text/plain", advice), None),
        },
        _ => {
            let advice = format!("this is a relay for smart cards; it serves {PATH}\n");
            (page(StatusCode::NOT_FOUND, "text/plain", advice), None)
        }
    }
}

/// The headers that agree to the upgrade, or what is wrong with the request.
fn accept_headers(asked: &HeaderMap) -> Result<HeaderMap, String> {
    for (header, wanted) in [
        (UPGRADE, "websocket"),
        (CONNECTION, "upgrade"),
        (SEC_WEBSOCKET_VERSION, "13"),
        (SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL),
    ] {
        if !names(asked, &header, wanted) {
            return Err(format!("{PATH} is a WebSocket: `{header}` must name `{wanted}`\n"));
        }
    }
    let key = asked.get(SEC_WEBSOCKET_KEY).ok_or("`sec-websocket-key` is missing\n")?;
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()))
        .map_err(|_| "`sec-websocket-key` cannot be answered\n".to_owned())?;
    Ok(HeaderMap::from_iter([
        (UPGRADE, HeaderValue::from_static("websocket")),
        (CONNECTION, HeaderValue::from_static("upgrade")),
        (SEC_WEBSOCKET_ACCEPT, accept),
        (SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL)),
    ]))
}

/// The last address of the list: what the proxy next to us saw itself. What is before it, anybody
/// can have written.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let list = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    list.rsplit(',').next()?.trim().parse().ok()
}

fn names(headers: &HeaderMap, header: &HeaderName, wanted: &str) -> bool {
    headers
        .get_all(header)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|offered| offered.trim().eq_ignore_ascii_case(wanted)))
}

fn page(status: StatusCode, kind: &'static str, text: String) -> Answer {
    let mut page = Answer::new(Full::new(Bytes::from(text)));
    *page.status_mut() = status;
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    page.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    page
}
