//! `configure`: the settings as a local web page.

use serde::Serialize;
use service_host::shutdown::StopSignals;

use super::{answer, answer_json, complain};
use crate::cli::ConfigureArgs;
use crate::configurator::{Configurator, ConfigureError};
use crate::exit::Exit;

#[derive(Serialize)]
struct Link<'l> {
    link: &'l str,
}

pub(super) fn configure(args: &ConfigureArgs) -> Exit {
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return complain(&error.to_string(), Exit::Internal),
        };
    runtime.block_on(async {
        let mut signals = match StopSignals::listen() {
            Ok(signals) => signals,
            Err(error) => return complain(&error.to_string(), Exit::Internal),
        };
        let roots = service_host::tls::machine_roots();
        let opened = Configurator::open(args.config.clone(), args.port, args.idle, roots).await;
        let configurator = match opened {
            Ok(configurator) => configurator,
            Err(error) => return complain(&error.to_string(), exit_of(&error)),
        };
        let link = configurator.link();
        let said = if args.json {
            answer_json(&Link { link })
        } else {
            complain("Open this link in a browser on this machine; it works once:", Exit::Ok);
            answer(link)
        };
        if said != Exit::Ok {
            return said;
        }
        let stop = async move {
            signals.next().await;
        };
        match configurator.serve(stop).await {
            Ok(()) => Exit::Ok,
            Err(error) => complain(&error.to_string(), Exit::Unavailable),
        }
    })
}

fn exit_of(error: &ConfigureError) -> Exit {
    match error {
        ConfigureError::Draft(_) => Exit::Config,
        ConfigureError::Port { .. } => Exit::Unavailable,
        ConfigureError::Chance(_) => Exit::Internal,
    }
}
