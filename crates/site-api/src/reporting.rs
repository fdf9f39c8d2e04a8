//! The Reporting API: `/api/reporting`, answers in XML. Here: what became of one session.
//!
//! Public text shows the access report's elements; that the support report has the same shape is
//! inferred. A report that finds nothing answers with an `error` element whose English sentence is
//! not to be compared: it is [`Error::Refused`], and says nothing about the session.

use jiff::Timestamp;

use crate::call::{Answer, Call, Request};
use crate::command::{SessionAttributes, moment};
use crate::error::Error;
use crate::lsid::Lsid;
use crate::xml::Element;

/// Which report knows the sessions of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Report {
    /// Privileged Remote Access.
    AccessSession,
    /// Remote Support.
    SupportSession,
}

impl Report {
    /// Both, in the order to try them.
    pub const ALL: [Self; 2] = [Self::AccessSession, Self::SupportSession];

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessSession => "AccessSession",
            Self::SupportSession => "SupportSession",
        }
    }
}

/// The report about one session. Needs the right to reports.
#[derive(Debug, Clone)]
pub struct SessionReport {
    /// Which report.
    pub report: Report,
    /// The session.
    pub lsid: Lsid,
}

/// A session in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedSession {
    /// Its id.
    pub lsid: String,
    /// Its kind, in the site's words.
    pub kind: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended; `None` as long as it runs, or if the site does not say.
    pub ended_at: Option<Timestamp>,
    /// Its external key.
    pub external_key: Option<String>,
    /// Its attributes.
    pub attributes: SessionAttributes,
}

impl Call for SessionReport {
    type Answer = Option<ReportedSession>;
    const NAME: &'static str = "session report";

    fn request(&self) -> Request {
        Request::get("/api/reporting", "text/xml")
            .ask("generate_report", self.report.as_str())
            .ask("lsid", self.lsid.as_str())
    }

    /// The session, if the report holds it; others in the answer do not count.
    fn read(&self, answer: &Answer<'_>) -> Result<Self::Answer, Error> {
        let root = Element::parse(answer.success()?)?.expect("session_list")?;
        let mut sessions = root.children("session");
        let session = sessions.find(|s| s.attribute("lsid") == Some(self.lsid.as_str()));
        Ok(session.map(|session| {
            let text = |name| session.text_of(name).map(str::to_owned);
            let attributes = session.child("custom_attributes").map(SessionAttributes::read);
            ReportedSession {
                lsid: self.lsid.to_string(),
                kind: text("session_type"),
                started_at: session.child("start_time").and_then(moment),
                ended_at: session.child("end_time").and_then(moment),
                external_key: text("external_key"),
                attributes: attributes.unwrap_or_default(),
            }
        }))
    }
}
