//! The doctor: every row of a troubleshooting table as a check that finds the cause by itself.
//!
//! Checks that build upon each other stop at the first that fails: a certificate is not looked at
//! where nobody answers. What was left out for that reason is told, too.

mod certificates;
mod finding;
mod live;
mod machine;
mod site;
mod site_api;
mod vault;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use service_host::outbound::ProxyAddress;

use crate::config::Config;
use crate::trial::TrialQuestion;

pub use finding::{CHECKS, Check, Examination, Finding, Level};

/// Examines a configuration, its vaults, its sites and the running service. With a question, the
/// vaults are searched as well.
pub async fn examine(
    config: &Config,
    roots: &[CertificateDer<'static>],
    question: Option<&TrialQuestion>,
) -> Examination {
    let mut seen = Examination::default();
    machine::examine(config, &mut seen);
    for vault in &config.vaults {
        vault::examine(vault, config, roots, question, &mut seen).await;
    }
    if let Some(question) = question {
        vault::search(config, roots, question, &mut seen).await;
    }
    for site in &config.sites {
        site::examine(site, roots, &mut seen).await;
    }
    live::examine(config, &mut seen).await;
    seen
}

/// Clocks may be so far apart: tokens live an hour, leases are counted in minutes.
const SKEW: Duration = Duration::from_secs(120);

/// D03: holds the date of an answer against this machine's clock.
fn clock(about: &str, headers: &HeaderMap, seen: &mut Examination) {
    let date = headers.get(header::DATE).and_then(|date| date.to_str().ok());
    let theirs = date.and_then(|date| httpdate::parse_http_date(date).ok());
    let Some(theirs) = theirs else {
        seen.skip("D03", about, "its answers have no date");
        return;
    };
    let ours = SystemTime::now();
    let apart = ours.duration_since(theirs).unwrap_or_else(|error| error.duration());
    if apart > SKEW {
        skewed(about, apart, seen);
    } else {
        seen.good("D03", about, format!("the clocks are {} s apart", apart.as_secs()));
    }
}

fn skewed(about: &str, apart: Duration, seen: &mut Examination) {
    seen.bad(
        "D03",
        about,
        format!("the clocks are {} s apart", apart.as_secs()),
        "set this machine's clock by NTP, or the other one's",
    );
}

/// A client for a look at a page: same trust, same proxy, nothing followed.
fn machine_client(
    tls: &Arc<ClientConfig>,
    proxy: Option<&ProxyAddress>,
) -> Result<reqwest::Client, String> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(ClientConfig::clone(tls))
        .redirect(reqwest::redirect::Policy::none())
        .http1_only()
        .https_only(true)
        .no_proxy();
    let builder = match proxy {
        None => builder,
        Some(proxy) => {
            builder.proxy(reqwest::Proxy::all(proxy.url()).map_err(|error| error.to_string())?)
        }
    };
    builder.build().map_err(|error| error.to_string())
}
