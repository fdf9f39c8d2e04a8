//! `relay`: the blind rendezvous.

use std::sync::Arc;

use serde_json::json;
use vsc_core::relay::RelayLimits;

use super::Done;
use super::serving::{Door, run, start_logging, until_stopped, write_ready};
use crate::cli::RelayArgs;
use crate::relay::Hub;

pub(super) fn relay(args: &RelayArgs) -> Done {
    start_logging(&args.service)?;
    run(serve(args))
}

async fn serve(args: &RelayArgs) -> Done {
    let limits = RelayLimits { mailboxes: args.mailboxes, ..RelayLimits::default() };
    // Two halves for every mailbox, and some that only knock.
    let hub = Hub::new(limits, args.mailboxes.saturating_mul(2).saturating_add(1_000));
    let certificate = args.cert.as_deref().zip(args.key.as_deref());
    let door = Door::open(args.listen, certificate, args.behind_proxy, Arc::clone(&hub)).await?;
    let address = door.address;
    let ready = || {
        tracing::info!(%address, tls = certificate.is_some(), "relay ready");
        write_ready(&args.service, &json!({"listen": address}))
    };
    until_stopped(ready, door.serve_everywhere(), hub.close()).await
}
