//! Access of information systems administrators: no request, no approval, nothing to give back.

use super::declare::calls;
use crate::body::Rule;
use crate::model::{CredentialType, NewIsaRequest, NewIsaSession, SessionTicket};

calls! {
    /// The secret at once, as a bare text. 201.
    ///
    /// No request number comes back, so there is nothing to check in; each call is a release of
    /// its own in the vault's audit. 403 with 4031; 404.
    CreateIsaRequest {
        /// What is asked for.
        new: NewIsaRequest,
        /// What of the account.
        kind: CredentialType,
    }
        POST "ISARequests" query { "type" = kind } json (new)
        rules secret_is_stored
        => secret, Confirmed, "ISA role on the account";

    /// A session to a system at once. 201. For types that answer a file see
    /// [`CreateIsaSessionFile`].
    CreateIsaSession {
        /// What is asked for.
        new: NewIsaSession,
    }
        POST "ISASessions" json (new)
        rules session_answers_a_ticket
        => object(SessionTicket), Confirmed, "ISA role on the account";

    /// The same for the session types `rdpfile` and `appfile`, which answer a file for a viewer.
    CreateIsaSessionFile {
        /// What is asked for.
        new: NewIsaSession,
    }
        POST "ISASessions" json (new)
        rules session_answers_a_file
        => file, Confirmed, "ISA role on the account";
}

fn session_answers_a_ticket(call: &CreateIsaSession) -> Result<(), Rule> {
    call.new.session_type.check_ticket()
}

fn session_answers_a_file(call: &CreateIsaSessionFile) -> Result<(), Rule> {
    call.new.session_type.check_file()
}

fn secret_is_stored(call: &CreateIsaRequest) -> Result<(), Rule> {
    call.kind.check_stored()
}
