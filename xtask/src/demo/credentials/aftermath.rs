//! What is left when the story is over: no open request, no broken promise, no secret anywhere.

use super::answers::Stats;
use super::stage::{SERVICE, Stage};
use crate::demo::story::Story;
use crate::demo::sweep;

/// Stops the service unless it is to be kept, and looks at everything it left behind.
pub(super) fn tell(stage: &mut Stage, story: &mut Story, keep: bool) -> anyhow::Result<()> {
    story.chapter("Afterwards");
    if !keep {
        let ended_well = stage.stop_service()?;
        story.claim("told to stop, ecm-service ends with code 0", &true, &ended_well);
    }
    let live = stage.requests()?.iter().filter(|request| request.is_live()).count();
    story.claim("no release request is open in the vault", &0, &live);

    let Stats { invariants } = stage.site.read("/_sim/stats")?;
    let broken = [
        ("leases still held", invariants.leases_held.to_string()),
        ("leases stranded", invariants.leases_stranded.to_string()),
        ("answers after cancel", invariants.answers_after_cancel.to_string()),
        ("second links", invariants.second_links.to_string()),
    ];
    let broken: Vec<_> = broken.iter().filter(|(_, count)| count != "0").collect();
    story.claim_that(
        "no promise of the protocol was broken",
        broken.is_empty(),
        format_args!("{broken:?}"),
    );
    for note in &invariants.notes {
        story.tell(note);
    }

    let mut swept = sweep::sweep(stage.folder(), &stage.secret_files, &stage.planted)?;
    swept.look_at("this story", story.so_far()?.as_bytes(), &stage.planted);
    story.tell(format_args!(
        "searched this story and all files in {} ({} texts, {} bytes) for {} planted secrets, each in \
         five spellings",
        stage.folder().display(),
        swept.texts,
        swept.bytes,
        stage.planted.len(),
    ));
    let log = stage.folder().join(format!("{SERVICE}.log"));
    let log_bytes = std::fs::metadata(&log).map_or(0, |file| file.len());
    story.claim_that("the service wrote a log that was searched", log_bytes > 0, log_bytes);
    let none: Vec<String> = Vec::new();
    story.claim(
        "no secret stands in this story or in any log, output, ledger or audit file",
        &none,
        &swept.found,
    );
    Ok(())
}
