//! Who is signed in to the console.

use jiff::Timestamp;

use super::{flag, missing, moment, number, owned, question, root};
use crate::call::{Answer, Call, Request};
use crate::error::Error;

/// `get_logged_in_reps`. Sites advise to keep the list for a while, not to ask per session.
#[derive(Debug, Clone, Copy, Default)]
pub struct GetLoggedInReps;

/// A representative who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedInRep {
    /// User id.
    pub id: u64,
    /// The name customers see.
    pub public_display_name: Option<String>,
    /// The name colleagues see.
    pub private_display_name: Option<String>,
    /// `Normal`, `Embassy` or `Invited`.
    pub kind: Option<String>,
    /// Since when.
    pub logged_in_since: Option<Timestamp>,
    /// Support sessions at the moment.
    pub support_sessions: u64,
    /// Presentations at the moment.
    pub presentations: u64,
    /// Whether customers see them on the site.
    pub showing_on_rep_list: Option<bool>,
}

impl Call for GetLoggedInReps {
    type Answer = Vec<LoggedInRep>;
    const NAME: &'static str = "get_logged_in_reps";

    fn request(&self) -> Request {
        question(Self::NAME)
    }

    fn read(&self, answer: &Answer<'_>) -> Result<Vec<LoggedInRep>, Error> {
        let root = root(answer, "logged_in_reps")?;
        root.children("rep")
            .map(|rep| {
                let id = rep.attribute("id").and_then(|id| id.trim().parse().ok());
                Ok(LoggedInRep {
                    id: id.ok_or_else(|| missing("rep@id"))?,
                    // Older sites know only one name.
                    public_display_name: owned(rep, "public_display_name")
                        .or_else(|| owned(rep, "display_name")),
                    private_display_name: owned(rep, "private_display_name"),
                    kind: owned(rep, "type"),
                    logged_in_since: rep.child("logged_in_since").and_then(moment),
                    support_sessions: number(rep, "support_session_count").unwrap_or(0),
                    presentations: number(rep, "presentation_count").unwrap_or(0),
                    showing_on_rep_list: rep.text_of("showing_on_rep_list").and_then(flag),
                })
            })
            .collect()
    }
}
