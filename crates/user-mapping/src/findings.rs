//! Everything that is wrong or doubtful in one mapping file, collected before anything is said.

use std::fmt;

use crate::{MappingProblem, Warning};

#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) problems: Vec<MappingProblem>,
    pub(crate) warnings: Vec<Warning>,
}

impl Findings {
    pub(crate) fn problem(
        &mut self,
        path: impl fmt::Display,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        let (path, message, advice) = (path.to_string(), message.into(), advice.into());
        self.problems.push(MappingProblem { path, message, advice });
    }

    pub(crate) fn warning(
        &mut self,
        path: impl fmt::Display,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        let (path, message, advice) = (path.to_string(), message.into(), advice.into());
        self.warnings.push(Warning { path, message, advice });
    }
}
