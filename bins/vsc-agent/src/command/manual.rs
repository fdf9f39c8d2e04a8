//! `completions` and `man`: what packagers ship beside the program.

use super::{Done, Failure, answer};
use crate::exit::Exit;

pub(super) fn completions(shell: clap_complete::Shell) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::cli::command(), "vsc-agent", &mut script);
    answer(&String::from_utf8_lossy(&script))
}

pub(super) fn man() -> Done {
    let mut page = Vec::new();
    clap_mangen::Man::new(crate::cli::command())
        .render(&mut page)
        .map_err(|error| Failure::new(Exit::Internal, format!("no manual: {error}")))?;
    answer(&String::from_utf8_lossy(&page))
}
