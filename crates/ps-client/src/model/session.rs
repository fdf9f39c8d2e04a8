//! Sessions to managed systems through the vault.

use secrecy::SecretString;

use super::rows::models;
use super::words::{codes, words};
use super::{
    AccountId, ApplicationId, KeystrokeId, NodeId, RequestId, SessionId, SystemId, UserId,
    VaultTime,
};
use crate::body::{Rule, bodies};

words! {
    /// How a session is opened.
    SessionType {
        /// A shell; answers a link and a command line.
        Ssh = "SSH",
        /// A shell; answers a ticket.
        SshTicket = "sshticket",
        /// A remote desktop; answers a ticket and where to go with it.
        Rdp = "RDP",
        /// A remote desktop; answers a ticket.
        RdpTicket = "rdpticket",
        /// A remote desktop; answers a file for a viewer.
        RdpFile = "rdpfile",
        /// An application.
        App = "app",
        /// An application; answers a file for a viewer.
        AppFile = "appfile",
    }

    /// What can be recorded and played back.
    Protocol {
        /// A remote desktop.
        Rdp = "RDP",
        /// A shell.
        Ssh = "SSH",
    }
}

codes! {
    /// A session's state.
    SessionStatus {
        /// It has not begun.
        NotStarted = 0,
        /// It goes on.
        InProgress = 1,
        /// It is over.
        Completed = 2,
        /// It is locked.
        Locked = 5,
        /// It was ended by somebody.
        Terminated = 7,
        /// The user logged off.
        LoggedOff = 8,
        /// The remote desktop was disconnected.
        Disconnected = 9,
    }

    /// Where a recording is.
    ArchiveStatus {
        /// Where it was made.
        NotArchived = 0,
        /// In the archive.
        Archived = 1,
        /// On its way back.
        Restoring = 2,
        /// On its way there.
        Archiving = 3,
        /// Nowhere.
        NotFound = 4,
        /// In an archive that cannot be reached.
        RepositoryOffline = 5,
        /// Unknown.
        Unknown = 6,
    }

    /// How a recorded session spoke.
    SessionProtocol {
        /// Remote desktop.
        Rdp = 0,
        /// Shell.
        Ssh = 1,
    }
}

models! {
    /// The way into a session that was opened. Which members there are depends on its type.
    SessionTicket {
        /// Identifier of the ticket.
        id: Option<String> = "ID",
        /// The ticket: whoever has it gets in.
        ticket: Option<SecretString> = "Ticket",
        /// Where to go.
        host: Option<String> = "Host",
        /// Which port there.
        port: Option<u32> = "Port",
        /// `ticket@host`, as a shell client wants it.
        ticket_at_host: Option<SecretString> = "TicketAtHost",
        /// The same as a link.
        link: Option<SecretString> = "Link",
        /// The same as a command line.
        command: Option<SecretString> = "Command",
        /// The session, once it is listed.
        session: Option<SessionId> = "SessionID",
        /// The node it goes through.
        node: Option<NodeId> = "NodeID",
    }

    /// A session as it is listed.
    RecordedSession {
        /// The session.
        session: SessionId = "SessionID",
        /// Whose.
        user: Option<UserId> = "UserID",
        /// The node it went through.
        node: Option<NodeId> = "NodeID",
        /// Its state.
        status: Option<SessionStatus> = "Status",
        /// Where its recording is.
        archive_status: Option<ArchiveStatus> = "ArchiveStatus",
        /// How it spoke.
        protocol: Option<SessionProtocol> = "Protocol",
        /// When it began.
        start: Option<VaultTime> = "StartTime",
        /// When it ended.
        end: Option<VaultTime> = "EndTime",
        /// How long it took, in seconds.
        seconds: Option<u32> = "Duration",
        /// The asset.
        asset_name: Option<String> = "AssetName",
        /// The system.
        system: Option<SystemId> = "ManagedSystemID",
        /// The account.
        account: Option<AccountId> = "ManagedAccountID",
        /// Its name.
        account_name: Option<String> = "ManagedAccountName",
        /// What its recording is found by.
        record_key: Option<SecretString> = "RecordKey",
        /// What its recording is played by.
        token: Option<SecretString> = "Token",
        /// The application, on newer servers.
        application: Option<ApplicationId> = "ApplicationID",
        /// The request, on newer servers.
        request: Option<RequestId> = "RequestID",
        /// Its type, on newer servers.
        session_type: Option<SessionType> = "SessionType",
    }

    /// Something that was typed, or shown, in a recorded session.
    Keystroke {
        /// The keystroke.
        keystroke: KeystrokeId = "KeystrokeID",
        /// The session.
        session: SessionId = "SessionID",
        /// When, in milliseconds since the session began.
        time_marker: Option<i64> = "TimeMarker",
        /// What kind it is.
        kind: Option<i64> = "Type",
        /// The text. People type passwords.
        data: Option<SecretString> = "Data",
    }

    /// A recording that is being played.
    Replay {
        /// What it is controlled by.
        id: String = "id",
        /// What it is watched by.
        ticket: Option<SecretString> = "ticket",
        /// How it spoke.
        protocol: Option<Protocol> = "protocol",
    }
}

impl SessionType {
    /// Whether a session that is opened like this is answered with a file for a viewer; not said
    /// of types that are not known here.
    #[must_use]
    pub fn answers_a_file(&self) -> Option<bool> {
        match self {
            Self::RdpFile | Self::AppFile => Some(true),
            Self::Other(_) => None,
            _ => Some(false),
        }
    }

    /// The rule that calls keep which answer a ticket.
    pub(crate) fn check_ticket(&self) -> Result<(), Rule> {
        match self.answers_a_file() {
            Some(true) => Err("SessionType rdpfile and appfile answer a file: make that call"),
            _ => Ok(()),
        }
    }

    /// The rule that calls keep which answer a file.
    pub(crate) fn check_file(&self) -> Result<(), Rule> {
        match self.answers_a_file() {
            Some(false) => Err("a file is answered to SessionType rdpfile and appfile only"),
            _ => Ok(()),
        }
    }
}

bodies! {
    /// A session that a request gives access to.
    NewSession (
        /// How it is opened.
        session_type: of(SessionType) = "SessionType",
    ) {
        /// The node it goes through; the local one unless it is said.
        node: of(NodeId) = "NodeID",
    };

    /// A session of an information systems administrator.
    NewIsaSession (
        /// The system.
        system: id(SystemId) = "SystemID",
        /// The account.
        account: id(AccountId) = "AccountID",
        /// How it is opened.
        session_type: of(SessionType) = "SessionType",
    ) {
        /// The node it goes through.
        node: of(NodeId) = "NodeID",
        /// Why, at most 256 characters.
        reason: text(256) = "Reason",
        /// For so many minutes.
        minutes: number(1, 525_600) = "DurationMinutes",
    };

    /// A session of an administrator to a machine that need not be managed, with a password of
    /// the caller's own.
    NewAdminSession (
        /// How it is opened: [`SessionType::Ssh`], [`SessionType::Rdp`] or
        /// [`SessionType::RdpFile`].
        session_type: of(SessionType) = "SessionType",
        /// The machine.
        host: text(128) = "HostName",
        /// The user there.
        user: text(200) = "UserName",
        /// That user's password.
        password: secret(1000) = "Password",
    ) {
        /// Port.
        port: number(1, 65_535) = "Port",
        /// The user's domain.
        domain: text(50) = "DomainName",
        /// Why.
        reason: text(1000) = "Reason",
        /// Size of the screen, such as `1280x720`.
        resolution: text(50) = "Resolution",
        /// Whether the console session of a server is wanted.
        rdp_admin: flag = "RDPAdminSwitch",
        /// Whether the screen is scaled.
        smart_sizing: flag = "SmartSizing",
        /// The node it goes through.
        node: of(NodeId) = "NodeID",
        /// Whether it is recorded, on newer servers.
        record: flag = "Record",
    } rules administrator_opens_it;

    /// A recording that is to be played.
    NewReplay (
        /// [`RecordedSession::token`].
        token: secret(4096) = "id",
        /// [`RecordedSession::record_key`].
        record_key: secret(4096) = "record_key",
        /// How it spoke.
        protocol: of(Protocol) = "protocol",
    ) {
        /// Whether pictures are fetched one by one.
        headless: flag = "headless",
    };

    /// What a playing recording is told; one of them.
    ReplayControl () {
        /// How fast, in percent.
        speed: number(0, 10_000) = "speed",
        /// Where to go on, in milliseconds.
        offset: number(0, 4_294_967_295) = "offset",
        /// How many pictures, or lines, further.
        next: number(0, 1_000_000) = "next",
    } rules one_thing_at_a_time;
}

fn administrator_opens_it(new: &NewAdminSession) -> Result<(), Rule> {
    match new.session_type {
        SessionType::Ssh | SessionType::Rdp | SessionType::RdpFile | SessionType::Other(_) => {
            Ok(())
        }
        _ => Err("SessionType of an administrator's session is ssh, rdp or rdpfile"),
    }
}

fn one_thing_at_a_time(control: &ReplayControl) -> Result<(), Rule> {
    let said = [control.speed, control.offset, control.next].into_iter().flatten().count();
    if said != 1 {
        return Err("a replay is told one of speed, offset and next");
    }
    Ok(())
}
