//! Which calls may be repeated, and when: a decision, not a loop.

/// What a second sending of the same call would do when the first one's fate is unknown.
///
/// An answer 401 is another matter: the vault decides it before it acts, so after a new sign-in
/// every call is sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// The same as the first: it only reads, or ends in the same state.
    Safe,
    /// Perhaps make a second thing. Look whether the first was made.
    AfterLookup,
    /// Do it twice, and nothing tells whether the first was done.
    Unsafe,
}
