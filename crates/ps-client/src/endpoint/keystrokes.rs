//! What was typed in recorded sessions.

use secrecy::SecretString;

use super::declare::calls;
use crate::model::{Keystroke, KeystrokeId, SessionId};

calls! {
    /// What was typed in a session.
    ListKeystrokes {
        /// The session.
        session: SessionId,
    }
        GET "Sessions" / session / "Keystrokes"
        => list(Keystroke), Seen, "Recorded Session Reviewer role or administrator";

    /// One of it. 404: there is none.
    GetKeystroke {
        /// The keystroke.
        keystroke: KeystrokeId,
    }
        GET "Keystrokes" / keystroke
        => object(Keystroke), Seen, "Recorded Session Reviewer role or administrator";

    /// Looks for a text in all sessions.
    SearchKeystrokes {
        /// The text.
        data: SecretString,
        /// What kind it is; 0 is any.
        kind: i64,
    }
        POST "Keystrokes" / "Search" json { "Data" = data, "Type" = kind }
        => list(Keystroke), Seen, "Recorded Session Reviewer role or administrator", Safe;
}
