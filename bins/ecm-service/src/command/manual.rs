//! `completions` and `man`: what packagers ship beside the program.

use super::{answer, complain};
use crate::exit::Exit;

pub(super) fn completions(shell: clap_complete::Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::cli::command(), "ecm-service", &mut script);
    answer(&String::from_utf8_lossy(&script))
}

pub(super) fn man() -> Exit {
    let mut page = Vec::new();
    match clap_mangen::Man::new(crate::cli::command()).render(&mut page) {
        Ok(()) => answer(&String::from_utf8_lossy(&page)),
        Err(error) => complain(&format!("the manual cannot be made: {error}"), Exit::Internal),
    }
}
