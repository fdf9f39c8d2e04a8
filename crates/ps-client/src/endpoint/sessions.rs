//! Sessions to managed systems: opened, listed, locked, ended.

use super::declare::calls;
use crate::body::Rule;
use crate::model::{
    AccountId, NewAdminSession, NewSession, RecordedSession, RequestId, SessionId, SessionTicket,
    SystemId, UserId,
};

calls! {
    /// Opens a session under a request for one. 201. For types that answer a file see
    /// [`CreateSessionFile`].
    ///
    /// 403 with 4031 or 4034; 404: the request is over; 409: too many at once.
    CreateSession {
        /// The request; one for View opens none.
        request: RequestId,
        /// The session.
        new: NewSession,
    }
        POST "Requests" / request / "Sessions" json (new)
        rules session_answers_a_ticket
        => object(SessionTicket), Confirmed, "owning the request";

    /// The same for the session types `rdpfile` and `appfile`, which answer a file for a viewer.
    CreateSessionFile {
        /// The request.
        request: RequestId,
        /// The session.
        new: NewSession,
    }
        POST "Requests" / request / "Sessions" json (new)
        rules session_answers_a_file
        => file, Confirmed, "owning the request";

    /// Opens a session of an administrator. 201.
    CreateAdminSession {
        /// The session.
        new: NewAdminSession,
    }
        POST "Sessions" / "Admin" json (new)
        rules admin_session_answers_a_ticket
        => object(SessionTicket), Confirmed, "Password Safe Admin Session (Full)";

    /// The same for the session type `rdpfile`.
    CreateAdminSessionFile {
        /// The session.
        new: NewAdminSession,
    }
        POST "Sessions" / "Admin" json (new)
        rules admin_session_answers_a_file
        => file, Confirmed, "Password Safe Admin Session (Full)";

    /// Sessions, at most 100,000.
    ListSessions {
        /// Of these states: their numbers, with commas between.
        status: Option<String>,
        /// Of this user.
        user: Option<UserId>,
    }
        GET "Sessions" query { "status" = status, "userID" = user }
        => list(RecordedSession), Confirmed, "administrator, or ISA or Auditor role on a rule";

    /// One session. 404: there is none.
    GetSession {
        /// The session.
        session: SessionId,
    }
        GET "Sessions" / session
        => object(RecordedSession), Confirmed, "administrator, or ISA or Auditor role on a rule";

    /// Locks a session. 204.
    LockSession {
        /// The session.
        session: SessionId,
    }
        POST "Sessions" / session / "Lock"
        => nothing, Seen, "Active Session Reviewer role or administrator", Safe;

    /// Locks all sessions of an account. 204.
    LockSessionsOfAccount {
        /// The account.
        account: AccountId,
    }
        POST "ManagedAccounts" / account / "Sessions" / "Lock"
        => nothing, Seen, "Active Session Reviewer role or administrator", Safe;

    /// Locks all sessions to a system. 204.
    LockSessionsOfSystem {
        /// The system.
        system: SystemId,
    }
        POST "ManagedSystems" / system / "Sessions" / "Lock"
        => nothing, Seen, "Active Session Reviewer role or administrator", Safe;

    /// Ends a session. 204.
    TerminateSession {
        /// The session.
        session: SessionId,
    }
        POST "Sessions" / session / "Terminate"
        => nothing, Seen, "Active Session Reviewer role or administrator", Safe;

    /// Ends all sessions of an account. 204.
    TerminateSessionsOfAccount {
        /// The account.
        account: AccountId,
    }
        POST "ManagedAccounts" / account / "Sessions" / "Terminate"
        => nothing, Seen, "Active Session Reviewer role or administrator", Safe;

    /// Ends all sessions to a system. 204.
    TerminateSessionsOfSystem {
        /// The system.
        system: SystemId,
    }
        POST "ManagedSystems" / system / "Sessions" / "Terminate"
        => nothing, Seen, "Active Session Reviewer role or administrator", Safe;
}

fn session_answers_a_ticket(call: &CreateSession) -> Result<(), Rule> {
    call.new.session_type.check_ticket()
}

fn session_answers_a_file(call: &CreateSessionFile) -> Result<(), Rule> {
    call.new.session_type.check_file()
}

fn admin_session_answers_a_ticket(call: &CreateAdminSession) -> Result<(), Rule> {
    call.new.session_type.check_ticket()
}

fn admin_session_answers_a_file(call: &CreateAdminSessionFile) -> Result<(), Rule> {
    call.new.session_type.check_file()
}
