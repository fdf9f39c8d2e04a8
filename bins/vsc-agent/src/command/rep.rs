//! `rep`: the service at the desk with the card.

use std::sync::Arc;

use serde_json::json;

use super::serving::{
    meeting, open_control, run, serve_door, start_logging, until_stopped, write_ready,
};
use super::{Done, Failure, policy};
use crate::cli::RepArgs;
use crate::control::{place, server};
use crate::exit::Exit;
use crate::rep::RepService;
use crate::rep::card_thread::CardThread;
use crate::rep::desk::Desk;
use crate::rep::reader_watch::ReaderWatch;
use crate::rep::session::Cards;
use crate::status::ServiceRole;

pub(super) fn rep(args: &RepArgs) -> Done {
    start_logging(&args.service)?;
    run(serve(args))
}

async fn serve(args: &RepArgs) -> Done {
    let policy = policy::read(args.policy.as_deref(), args.profile.as_deref())?;
    let profile = policy.usual().name().to_owned();
    let meeting = meeting(&args.meeting).await?;
    let control = args.control.clone().unwrap_or_else(|| place::of(ServiceRole::Rep));
    let socket = open_control(&control)?;
    let watch = ReaderWatch::start()
        .map_err(|error| Failure::new(Exit::Internal, format!("no thread: {error}")))?;
    let relay = meeting.host.way.to_string();
    let cards = Cards { hold: args.hold, start: CardThread::start };
    let desk = Desk::new(watch.readers.clone());
    let service = Arc::new(RepService::new(meeting.host, desk, cards, policy));
    let address = meeting.door.as_ref().map(|door| door.address);
    let ready = || {
        tracing::info!(relay, control = %control.display(), hold = %args.hold, profile, "ready");
        write_ready(&args.service, &json!({"control": control, "listen": address}))
    };
    let answering = async {
        tokio::join!(server::serve(socket, Arc::clone(&service)), serve_door(meeting.door));
    };
    until_stopped(ready, answering, service.stop()).await
}
