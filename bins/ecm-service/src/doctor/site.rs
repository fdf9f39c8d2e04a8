//! A site, from its name in DNS to the greeting.

use std::time::{Duration, Instant};

use ecm_protocol::ecm::{Event, Link};
use ecm_protocol::link::{CloseCode, Transmit};
use ecm_protocol::message::{Category, Limits, Problem, Welcome};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use service_host::tls::client_config;
use tokio::time::timeout;

use super::certificates::Way;
use super::{Examination, site_api};
use crate::config::SiteConfig;
use crate::config::site::SiteAddress;
use crate::greeting::{SelfPortrait, hello};
use crate::identity;
use crate::site_link::token::{TokenError, TokenSource};
use crate::site_link::wire::{ConnectError, Incoming, Outgoing, SiteDialer as _, SiteWire};
use crate::sites::{dialer, token_source};
use crate::vault_watch::VaultBoard;

/// How long one step may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn examine(
    site: &SiteConfig,
    roots: &[CertificateDer<'static>],
    seen: &mut Examination,
) {
    let name = site.name.as_str();
    if let SiteAddress::WebSocket { host, port, .. } | SiteAddress::FramedTls { host, port } =
        &site.address
    {
        let way =
            Way { about: name, host, port: *port, proxy: site.proxy.as_ref(), trust: &site.trust };
        if !way.examine(roots, seen).await {
            for id in ["D20", "D21", "D23", "D25", "D27", "D28", "D29"] {
                seen.skip(id, name, "the site is not reached");
            }
            return;
        }
        login_page(site, roots, seen).await;
    }
    let tokens = match token_source(site, roots) {
        Ok(tokens) => tokens,
        Err(error) => {
            seen.bad("D20", name, error.to_string(), "correct the settings");
            return;
        }
    };
    match tokens.token().await {
        Err(error) => {
            no_token(name, &error, seen);
            seen.skip("D21", name, "without a token there is no link");
        }
        Ok(_) => {
            seen.good("D20", name, "the site gives a token");
            link(site, roots, &tokens, seen).await;
            if !matches!(site.address, SiteAddress::FramedUnix { .. }) {
                site_api::examine(site, roots, seen).await;
            }
        }
    }
}

fn no_token(name: &str, error: &TokenError, seen: &mut Examination) {
    let advice = match error {
        TokenError::Refused { status: 401, .. } => {
            "client-id or client-secret is wrong, or the account's secret was renewed at the site"
        }
        TokenError::Refused { status: 403, .. } => {
            "the API account is disabled or locked, or its address rule leaves this machine out"
        }
        TokenError::Refused { refusal, .. } => refusal.advice(),
        TokenError::Unreachable { untrusted: true, .. } => "name the issuing CA with ca-file",
        TokenError::Unreachable { .. } => "check token-url",
        _ => "check that token-url is the site's own",
    };
    seen.bad("D20", name, error.to_string(), advice);
}

/// D25: what a browser would see.
async fn login_page(site: &SiteConfig, roots: &[CertificateDer<'static>], seen: &mut Examination) {
    let name = site.name.as_str();
    let Ok(page) = site.token_url.join("/login") else { return };
    let asked = async {
        let tls = client_config(&site.trust, roots, &[b"http/1.1"]).map_err(|e| e.to_string())?;
        let client = super::machine_client(&tls, site.proxy.as_ref())?;
        client.get(page).send().await.map_err(|error| error.without_url().to_string())
    };
    match timeout(PATIENCE, asked).await {
        Err(_) => seen.doubt("D25", name, "/login did not answer in time", "look at the site"),
        Ok(Err(words)) => seen.doubt("D25", name, format!("/login: {words}"), "look at the site"),
        Ok(Ok(answer)) => {
            super::clock(name, answer.headers(), seen);
            let status = answer.status();
            if status.is_success() || status.is_redirection() {
                seen.good("D25", name, format!("/login answers {status}"));
            } else {
                seen.doubt(
                    "D25",
                    name,
                    format!("/login answers {status}"),
                    "no harm where the site is no appliance; else look at the site",
                );
            }
        }
    }
}

/// What became of a greeting.
enum Greeted {
    Welcome(Box<Welcome>),
    Refused(Problem),
    Ended(String),
}

/// D21, D27, D28: a link under an identity of its own, so that the running service keeps its own.
async fn link(
    site: &SiteConfig,
    roots: &[CertificateDer<'static>],
    tokens: &TokenSource,
    seen: &mut Examination,
) {
    let name = site.name.as_str();
    let dialer = match dialer(site, roots) {
        Ok(dialer) => dialer,
        Err(error) => {
            seen.bad("D21", name, error.to_string(), "correct the settings");
            return;
        }
    };
    let Ok(token) = tokens.token().await else { return };
    let wire = match dialer.connect(&token).await {
        Ok(wire) => wire,
        Err(error) => {
            let advice = match &error {
                ConnectError::Refused(refusal) => refusal.advice(),
                ConnectError::NotSpoken { .. } => {
                    "this program speaks an open protocol; the vendor's own is not public, so its \
                     appliances need a site of the open protocol or a sidecar in between"
                }
                _ => "check address and path of the url",
            };
            seen.bad("D21", name, error.to_string(), advice);
            return;
        }
    };
    let greeted = timeout(PATIENCE, greet(site, wire)).await;
    let greeted = greeted.unwrap_or_else(|_| Greeted::Ended("no welcome in time".to_owned()));
    match greeted {
        Greeted::Ended(words) => seen.bad("D21", name, words, "see the site's own log"),
        Greeted::Refused(problem) if problem.category == Category::GroupMismatch => {
            seen.good("D21", name, "the site answers the greeting");
            let expected = site.expect_group.as_deref().unwrap_or_default();
            seen.bad(
                "D28",
                name,
                format!("the site puts this account into another ECM group than `{expected}`"),
                "correct the group of the API account at the site, or expect-group",
            );
        }
        Greeted::Refused(problem) => {
            seen.bad("D21", name, problem.to_string(), "see the site's own log");
        }
        Greeted::Welcome(welcome) => welcomed(site, &welcome, seen),
    }
}

fn welcomed(site: &SiteConfig, welcome: &Welcome, seen: &mut Examination) {
    let name = site.name.as_str();
    let product = welcome.site.product.as_deref().unwrap_or("a site");
    let version = welcome.site.version.as_deref().unwrap_or("of unknown version");
    seen.good("D21", name, format!("welcomed by {} ({product} {version})", welcome.site.id));
    let group = &welcome.group.name;
    match site.expect_group.as_deref() {
        Some(expected) if !expected.eq_ignore_ascii_case(group) => seen.bad(
            "D28",
            name,
            format!("the group is `{group}`, expected is `{expected}`"),
            "correct the group of the API account at the site, or expect-group",
        ),
        _ => seen.good("D28", name, format!("ECM group `{group}`")),
    }
    if let Some(clock) = welcome.clock {
        let ours = Timestamp::now();
        let apart = ours.duration_since(clock).unsigned_abs();
        if apart > super::SKEW {
            super::skewed(name, apart, seen);
        }
    }
}

async fn greet<W: SiteWire>(site: &SiteConfig, mut wire: W) -> Greeted {
    let now = Timestamp::now();
    let (Ok(instance_id), Ok(boot_id)) = (identity::uuid_v7(now), identity::uuid_v7(now)) else {
        return Greeted::Ended("no random numbers".to_owned());
    };
    let kinds = "doctor".to_owned();
    let who = SelfPortrait { instance_id, boot_id, started_at: now, kinds };
    let greeting =
        hello(&who, site.expect_group.as_deref(), &VaultBoard::new([]), Limits::default());
    let mut link = Link::new(greeting, Instant::now());
    let mut greeted = None;
    loop {
        while let Some(event) = link.poll_event() {
            match event {
                Event::Welcomed(welcome) => {
                    greeted = Some(Greeted::Welcome(welcome));
                    link.close_now(CloseCode::Normal, "only a look");
                }
                Event::Refused(problem) => greeted = Some(Greeted::Refused(problem)),
                Event::Closed(close) => {
                    let words = format!("the link was closed: {}", close.reason);
                    return greeted.unwrap_or(Greeted::Ended(words));
                }
                _ => {}
            }
        }
        match link.poll_transmit() {
            Some(Transmit::Frame(frame)) => {
                if let Err(lost) = wire.send(Outgoing::Frame(frame.into_bytes())).await {
                    return greeted.unwrap_or(Greeted::Ended(lost.to_string()));
                }
                continue;
            }
            Some(Transmit::Ping) => continue,
            Some(Transmit::Close(close)) => {
                wire.close(close.code.number(), &close.reason).await;
                return greeted.unwrap_or(Greeted::Ended(close.reason));
            }
            None => {}
        }
        match wire.receive().await {
            Ok(Incoming::Frame(bytes)) => link.handle_frame(Instant::now(), &bytes),
            Ok(Incoming::Life) => link.handle_pong(Instant::now()),
            Err(lost) => return greeted.unwrap_or(Greeted::Ended(lost.to_string())),
        }
    }
}
