//! Playing recorded sessions.

use super::declare::calls;
use crate::body::Rule;
use crate::model::{NewReplay, Replay, ReplayControl};

calls! {
    /// Begins to play a recording.
    CreateReplay {
        /// Which.
        new: NewReplay,
    }
        POST "pbsm" / "replay" json (new)
        => object(Replay), Seen, "Recorded Session Reviewer role";

    /// Where a replay stands: a picture, of one of the three kinds, or else how far it is, as JSON.
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
        rules answer_is_of_one_kind
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

fn answer_is_of_one_kind(call: &GetReplayPicture) -> Result<(), Rule> {
    let kinds = [call.jpeg.is_some(), call.png.is_some(), call.screen == Some(true)];
    match kinds.into_iter().filter(|is_asked_for| *is_asked_for).count() {
        0 | 1 => Ok(()),
        _ => Err("a picture is one of jpeg, png and screen"),
    }
}
