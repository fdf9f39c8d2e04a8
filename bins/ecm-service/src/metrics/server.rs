//! `GET /metrics`.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header;
use tokio::net::TcpListener;

use super::Meter;
use crate::status::Status;

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be offered at {address}: {cause}")]
pub struct MetricsError {
    /// Which address.
    pub address: SocketAddr,
    /// What the operating system said.
    #[source]
    pub cause: io::Error,
}

/// Opens the address.
///
/// # Errors
///
/// See [`MetricsError`].
pub async fn listen(address: SocketAddr) -> Result<TcpListener, MetricsError> {
    TcpListener::bind(address).await.map_err(|cause| MetricsError { address, cause })
}

type Snapshot = Arc<dyn Fn() -> Status + Send + Sync>;

/// Answers until dropped.
pub async fn serve(listener: TcpListener, meter: Meter, status: Snapshot) {
    let router = Router::new().route("/metrics", get(text)).with_state((meter, status));
    if let Err(error) = axum::serve(listener, router).await {
        tracing::warn!(%error, "metrics are not offered any more");
    }
}

async fn text(State((meter, status)): State<(Meter, Snapshot)>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], meter.text(&status()))
}
