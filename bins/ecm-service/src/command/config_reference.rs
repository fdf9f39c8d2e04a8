//! `config-reference`: the example file and the table of keys.

use super::{answer, answer_json};
use crate::cli::{ConfigReferenceArgs, ReferenceFormat};
use crate::config::reference;
use crate::exit::Exit;

pub(super) fn config_reference(args: &ConfigReferenceArgs) -> Exit {
    match args.format {
        ReferenceFormat::Toml => answer(&reference::example()),
        ReferenceFormat::Markdown => answer(&reference::markdown()),
        ReferenceFormat::Json => answer_json(&reference::entries()),
    }
}
