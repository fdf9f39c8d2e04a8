//! `identity`: this machine's public key, for the others' files of peers.

use super::{Done, Failure, answer, machine_name};
use crate::cli::IdentityArgs;
use crate::exit::Exit;
use crate::identity::{Identity, IdentityError};

pub(super) fn identity(args: &IdentityArgs) -> Done {
    service_host::state_dir::make_private(&args.state_dir).map_err(|error| {
        let folder = args.state_dir.display();
        Failure::new(Exit::CannotWrite, format!("{folder} cannot be made: {error}"))
    })?;
    let identity = Identity::of_folder(&args.state_dir)?;
    let name = machine_name(args.machine_name.as_deref());
    answer(&identity.peer_line(&name))
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        let exit = match &error {
            IdentityError::File { .. } => Exit::CannotWrite,
            IdentityError::NoKeyMade => Exit::Internal,
            _ => Exit::Config,
        };
        Self::new(exit, error.to_string())
    }
}
