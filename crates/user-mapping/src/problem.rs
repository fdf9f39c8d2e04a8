//! What is wrong, or doubtful, in a mapping file.

use std::fmt;

/// Something that keeps a mapping file from being used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message} ({advice})")]
pub struct MappingProblem {
    /// Where, such as `rule[2].user`; the first rule is `rule[0]`. Relative to the mapping table.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub advice: String,
}

/// Something that is allowed but worth a second look. Say it when the program starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where, such as `domain[0].default`; the first domain is `domain[0]`.
    pub path: String,
    /// What is doubtful.
    pub message: String,
    /// What to do about it.
    pub advice: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.path, self.message, self.advice)
    }
}
