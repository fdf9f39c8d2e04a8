//! The connection to a site: token, dialling, carrying frames, and the pump that drives the
//! conversation machine of `ecm-protocol`.

pub mod answers;
pub mod backoff;
pub mod framed;
pub mod https;
pub mod jump;
pub mod keeper;
pub mod pump;
pub mod refusal;
pub mod token;
pub mod verdict;
pub mod websocket;
pub mod wire;

use http::HeaderValue;

/// Who we are, in every request to a site.
fn user_agent() -> HeaderValue {
    const NAME: &str = concat!("ecm-service/", env!("CARGO_PKG_VERSION"));
    let text = format!("{NAME} ({}; {})", std::env::consts::OS, std::env::consts::ARCH);
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(NAME))
}
