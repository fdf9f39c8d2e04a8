//! `customer`: the service at the desk where the card appears.

use std::sync::Arc;

use serde_json::json;

use super::Done;
use super::serving::{
    meeting, open_control, run, serve_door, start_logging, until_stopped, write_ready,
};
use crate::cli::CustomerArgs;
use crate::control::{place, server};
use crate::customer::CustomerService;
use crate::customer::slots::Slots;
use crate::status::ServiceRole;

pub(super) fn customer(args: &CustomerArgs) -> Done {
    start_logging(&args.service)?;
    run(serve(args))
}

async fn serve(args: &CustomerArgs) -> Done {
    let meeting = meeting(&args.meeting).await?;
    let control = args.control.clone().unwrap_or_else(|| place::of(ServiceRole::Customer));
    let socket = open_control(&control)?;
    let relay = meeting.host.way.to_string();
    let slots = Slots::new(args.driver, args.slots);
    let service = Arc::new(CustomerService::new(meeting.host, slots));
    let address = meeting.door.as_ref().map(|door| door.address);
    let ready = || {
        tracing::info!(relay, control = %control.display(), driver = %args.driver, "ready");
        write_ready(&args.service, &json!({"control": control, "listen": address}))
    };
    let answering = async {
        tokio::join!(server::serve(socket, Arc::clone(&service)), serve_door(meeting.door));
    };
    let over = async {
        match args.once {
            true => service.first_session_over().await,
            false => std::future::pending().await,
        }
    };
    tokio::select! {
        done = until_stopped(ready, answering, service.stop()) => done,
        () = over => {
            tracing::info!("the session is over");
            service.stop().await;
            Ok(())
        }
    }
}
