//! Playing recorded sessions.

use super::declare::calls;
use crate::model::{NewReplay, Replay, ReplayControl};

calls! {
    /// Begins to play a recording.
    CreateReplay {
        /// Which.
        new: NewReplay,
    }
        POST "pbsm" / "replay" json (new)
        => object(Replay), Seen, "Recorded Session Reviewer role";

    /// A picture of where a replay stands: exactly one of the three kinds is asked for.
    GetReplayPicture {
        /// The replay, by [`Replay::id`].
        replay: String,
        /// As JPEG, of this scale in percent.
        jpeg: Option<u32>,
        /// As PNG, of this scale in percent.
        png: Option<u32>,
        /// As text, of a shell.
        screen: Option<bool>,
    }
        GET "pbsm" / "replay" / replay query { "jpeg" = jpeg, "png" = png, "screen" = screen }
        => file, Seen, "Recorded Session Reviewer role";

    /// Tells a replay how fast, or where, to go on.
    ControlReplay {
        /// The replay.
        replay: String,
        /// What it is told.
        control: ReplayControl,
    }
        PUT "pbsm" / "replay" / replay json (control)
        => file, Seen, "Recorded Session Reviewer role", Unsafe;

    /// Ends a replay.
    DeleteReplay {
        /// The replay.
        replay: String,
    }
        DELETE "pbsm" / "replay" / replay
        => nothing, Seen, "Recorded Session Reviewer role";
}
