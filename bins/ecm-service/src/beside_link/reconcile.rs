//! Leases whose session has ended while nobody listened: the site's reports tell, and they are
//! given back.
//!
//! Only a stated end counts. A session that is in no report may still run, and an error says
//! nothing; such leases wait for the site's word or for the end of their time, as ever.

use std::sync::Arc;
use std::time::Duration;

use ecm_core::Broker;
use site_api::command::GetApiInfo;
use site_api::reporting::{Report, SessionReport};
use site_api::{Error, Lsid};

use super::SiteApi;
use crate::desk::printable;
use crate::giver::tell;

/// Sessions asked about in one round; the others have their turn in the next.
const AT_A_TIME: usize = 200;
/// Between two questions: a site allows twenty calls a second to all programs of the account.
const PACE: Duration = Duration::from_millis(100);

/// Compares the ledger with the site's reports, at once and then every `every`, for ever.
pub async fn keep_reconciling(api: SiteApi, broker: Arc<Broker>, every: Duration) {
    let mut reconciler =
        Reconciler { api, broker, report: None, turn: 0, site_ahead: 0, told: None };
    loop {
        reconciler.round().await;
        tokio::time::sleep(every).await;
    }
}

struct Reconciler {
    api: SiteApi,
    broker: Arc<Broker>,
    /// The report that knows this site's sessions, once one has answered.
    report: Option<Report>,
    /// Where the next round begins, if there are more sessions than one round asks about.
    turn: usize,
    /// By how many seconds the site's clock is ahead of ours, as it said last.
    site_ahead: i64,
    /// Why the last round could not be, as it was told.
    told: Option<String>,
}

impl Reconciler {
    async fn round(&mut self) {
        let mut held = self.broker.sessions(self.api.site());
        if held.is_empty() {
            return;
        }
        if self.turn >= held.len() {
            self.turn = 0;
        }
        held.rotate_left(self.turn);
        held.truncate(AT_A_TIME);
        self.turn += held.len();
        if let Err(why) = self.may_ask().await {
            self.tell_off(why);
            return;
        }
        self.told = None;
        let ahead = self.site_ahead;
        for session in held {
            // What is no session id was never one of the site's sessions.
            let Ok(lsid) = Lsid::parse(&session.lsid) else { continue };
            match self.ended_at(&lsid).await {
                // A credential lent after the end would belong to a session that goes on.
                Ok(Some(ended)) if session.last_lent.as_second() + ahead <= ended.as_second() => {
                    let report = self.broker.session_ended(self.api.site(), &session.lsid).await;
                    let lsid = printable(&session.lsid);
                    tracing::info!(site = self.api.site(), session = lsid, %ended, "session ended while nobody listened");
                    tell("session had ended", &report);
                }
                Ok(_) => {}
                // What is wrong with all of them, rather than with this one.
                Err(
                    error @ (Error::Transport(_)
                    | Error::Token(_)
                    | Error::Unauthorized { .. }
                    | Error::Forbidden { .. }
                    | Error::Throttled { .. }),
                ) => {
                    self.tell_off(format!("{error}: {}", error.advice()));
                    return;
                }
                Err(error) => {
                    let lsid = printable(&session.lsid);
                    tracing::debug!(session = lsid, %error, "no report of this session");
                }
            }
            tokio::time::sleep(PACE).await;
        }
    }

    /// Whether the account may read reports; a site that does not say is asked.
    async fn may_ask(&mut self) -> Result<(), String> {
        match self.api.client().send(&GetApiInfo).await {
            Ok(info) if info.has("perm_reporting_support") == Some(false) => {
                Err("the API account lacks the right to session reports (perm_reporting_support)"
                    .to_owned())
            }
            Ok(info) => {
                let now = jiff::Timestamp::now().as_second();
                self.site_ahead = info.timestamp.map_or(0, |theirs| theirs.as_second() - now);
                Ok(())
            }
            // Without the Command API nobody says what the account may do: the report will.
            Err(Error::Refused { .. } | Error::Forbidden { .. } | Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(format!("{error}: {}", error.advice())),
        }
    }

    /// When a session ended, if a report says so.
    async fn ended_at(&mut self, lsid: &Lsid) -> Result<Option<jiff::Timestamp>, Error> {
        let reports = self.report.map_or(Report::ALL.to_vec(), |report| vec![report]);
        for report in reports {
            let asked = SessionReport { report, lsid: lsid.clone() };
            match self.api.client().send(&asked).await {
                Ok(Some(session)) => {
                    self.report = Some(report);
                    return Ok(session.ended_at);
                }
                Ok(None) => {}
                // The report does not exist here, or holds no such session: no word either way.
                Err(Error::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Tells once why nothing is compared, until that changes.
    fn tell_off(&mut self, why: String) {
        if self.told.as_ref() != Some(&why) {
            tracing::warn!(
                site = self.api.site(),
                "ledger is not compared with ended sessions: {why}"
            );
            self.told = Some(why);
        }
    }
}
