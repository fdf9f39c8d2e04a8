//! `explain-name`: which vault user a console user stands for, and why.

use user_mapping::{Name, Outcome, StatedUser};

use super::{answer, answer_json, complain, explain_names};
use crate::cli::ExplainNameArgs;
use crate::config::{Config, Process};
use crate::directories::mapping_of;
use crate::exit::Exit;

pub(super) fn explain_name(args: &ExplainNameArgs) -> Exit {
    let config = match Config::load(&args.config, &Process) {
        Ok(config) => config,
        Err(problems) => return complain(&problems.to_string(), Exit::Config),
    };
    let mapping = match mapping_of(&config, &service_host::tls::machine_roots()) {
        Ok(mapping) => mapping,
        Err(error) => return complain(&error.to_string(), Exit::Config),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.to_string(), Exit::Internal),
    };
    if let Some(file) = &args.from {
        return explain_names::explain_names(file, args.json, &mapping, &runtime);
    }
    let name = args.name.as_deref().unwrap_or_default();
    let stated =
        StatedUser { username: name, dn: args.dn.as_deref(), provider: args.provider.as_deref() };
    let resolution = runtime.block_on(mapping.resolve(&stated, true));
    let said = if args.json {
        answer_json(&resolution)
    } else {
        let mut text = resolution.trace.to_string();
        // A name that cannot be read is shown with the place that is wrong.
        if let Err(error) = Name::parse_with(name, mapping.rules.characters()) {
            text.push_str(&format!("\n\n{}", error.pointing_at(name)));
        }
        answer(&text)
    };
    match (said, &resolution.outcome) {
        (Exit::Ok, Outcome::Nobody(_)) => Exit::Nobody,
        (said, _) => said,
    }
}
