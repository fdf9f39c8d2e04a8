//! This program and its configuration.

use super::{Examination, Level};
use crate::config::Config;

pub(super) fn examine(config: &Config, seen: &mut Examination) {
    let build = option_env!("KEYFERRY_BUILD").map(|build| format!(" ({build})"));
    let words = format!(
        "ecm-service {}{} for {} on {}",
        env!("CARGO_PKG_VERSION"),
        build.unwrap_or_default(),
        std::env::consts::ARCH,
        std::env::consts::OS
    );
    seen.add("D01", None, Level::Good, words, None);
    if config.warnings.is_empty() {
        seen.add("D02", None, Level::Good, format!("{} is good", config.path.display()), None);
    }
    for warning in &config.warnings {
        let line = warning.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let found = format!("{line}{}", warning.message);
        seen.add("D02", None, Level::Warning, found, Some(warning.advice.clone()));
    }
}
