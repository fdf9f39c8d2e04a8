//! Gives back what is due: after a crash, when a release duration is over, and what failed before.

use std::sync::Arc;
use std::time::Duration;

use ecm_core::{Broker, GiveBackReport};
use jiff::Timestamp;
use tokio::time::sleep;

use crate::event_code::Event;

/// Due times are on the wall clock, which can be set; so it is looked at now and then.
const LOOK: Duration = Duration::from_secs(30);
/// Between two rounds, whatever the ledger says.
const PAUSE: Duration = Duration::from_millis(200);

/// Recovers what an earlier run left, then gives back what falls due, for ever.
pub async fn keep_giving_back(broker: Arc<Broker>, left_by_an_earlier_run: usize) {
    if left_by_an_earlier_run > 0 {
        Event::ledger_recovered(left_by_an_earlier_run).log();
        tell("left by an earlier run", &broker.recover().await);
    }
    loop {
        let now = Timestamp::now();
        let pause = match broker.next_due() {
            Some(due) if due <= now => {
                tell("due", &broker.give_back_overdue(now).await);
                PAUSE
            }
            Some(due) => Duration::try_from(due.duration_since(now)).unwrap_or(PAUSE).min(LOOK),
            None => LOOK,
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = broker.due_changed() => {}
        }
    }
}

/// Tells how a round went.
pub fn tell(which: &str, report: &GiveBackReport) {
    let (closed, still_open) = (report.closed.len(), report.still_open.len());
    if closed > 0 {
        tracing::info!(closed, still_open, "given back: {which}");
    }
    if still_open > 0 {
        Event::give_back_failed(still_open).log();
    }
}
