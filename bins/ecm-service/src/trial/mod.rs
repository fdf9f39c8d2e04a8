//! Trying the settings without a site: the question an appliance would ask, put to the vaults as the
//! configuration says, whether or not the service runs.
//!
//! The vendor's configurator calls this *Test Settings*. A trial has a ledger of its own, so that
//! whatever it borrows is given back even if it is killed.

mod cases;
mod question;
mod record;
mod report;
mod run;

pub use cases::{Case, CaseFile, CasesError, Expected};
pub use question::{Field, FieldProblem, JumpItem, TrialQuestion};
pub use record::Record;
pub use report::{Offered, Outcome, Refused, RetrieveReport, TrialReport, empty_meaning};
pub use run::{Trial, TrialError};
