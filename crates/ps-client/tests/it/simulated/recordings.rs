//! Sessions to systems: opened, watched, locked, ended, played back.

use ps_client::ErrorKind;
use ps_client::endpoint::isa_requests::*;
use ps_client::endpoint::keystrokes::*;
use ps_client::endpoint::replay::*;
use ps_client::endpoint::requests::CheckIn;
use ps_client::endpoint::sessions::*;
use ps_client::model::*;
use ps_sim::Server;
use secrecy::ExposeSecret;

use super::{JOE, Seat, ask, refused};
use crate::end_to_end::session;

const LINUX: SystemId = SystemId::new(14);
const ROOT: AccountId = AccountId::new(3133);

pub(super) async fn play(vault: &Server, vera: &Seat) {
    let joe = session(vault, JOE).await;
    let ann = session(vault, r"ACME\ann.admin").await;
    let new = NewRequest::view(LINUX, ROOT, 60).access_type(AccessType::Ssh).reason("shell");
    let request = joe.create_request(&new).await.unwrap().id;
    let wrong = NewSession::new(SessionType::Rdp);
    assert!(matches!(
        refused!(joe, CreateSession { request, new: wrong }).kind(),
        ErrorKind::Invalid
    ));
    let ticket = ask!(joe, CreateSession { request, new: NewSession::new(SessionType::Ssh) });
    let link = ticket.link.unwrap();
    assert!(link.expose_secret().contains(ticket.ticket.unwrap().expose_secret()));
    let running = ticket.session.unwrap();

    let isa = |kind| NewIsaSession::new(LINUX, ROOT, kind).reason("urgent");
    let ticket = ask!(ann, CreateIsaSession { new: isa(SessionType::SshTicket) });
    assert!(ticket.link.is_none(), "tickets carry no link");
    let file = ask!(ann, CreateIsaSessionFile { new: isa(SessionType::RdpFile) });
    assert!(file.as_slice().starts_with(b"full address:s:"));
    let admin = |kind| NewAdminSession::new(kind, "srv9", "admin", "fake-Admin!".into());
    ask!(vera, CreateAdminSession { new: admin(SessionType::Rdp) });
    ask!(vera, CreateAdminSessionFile { new: admin(SessionType::RdpFile) });
    refused!(joe, CreateAdminSession { new: admin(SessionType::Rdp) });

    let all = ask!(vera, ListSessions { status: None, user: None });
    assert_eq!(all.len(), 5);
    let of_joe = ListSessions { status: Some("1".to_owned()), user: Some(UserId::new(101)) };
    assert_eq!(ask!(vera, of_joe)[0].session, running);
    refused!(joe, ListSessions { status: None, user: None });
    let status = async |session| ask!(vera, GetSession { session }).status.unwrap();
    ask!(vera, LockSession { session: running });
    assert_eq!(status(running).await, SessionStatus::Locked);
    ask!(vera, TerminateSession { session: running });
    assert_eq!(status(running).await, SessionStatus::LoggedOff);
    let second = all[1].session;
    ask!(vera, LockSessionsOfAccount { account: ROOT });
    assert_eq!(status(second).await, SessionStatus::Locked);
    assert_eq!(status(running).await, SessionStatus::LoggedOff, "what is over stays over");
    ask!(vera, LockSessionsOfSystem { system: LINUX });
    ask!(vera, TerminateSessionsOfAccount { account: ROOT });
    assert_eq!(status(second).await, SessionStatus::LoggedOff);
    ask!(vera, TerminateSessionsOfSystem { system: LINUX });
    ask!(joe, CheckIn { request, reason: None });

    let keys = ask!(vera, ListKeystrokes { session: running });
    assert_eq!(keys.len(), 2);
    let keystroke = ask!(vera, GetKeystroke { keystroke: keys[1].keystroke });
    assert_eq!(keystroke.data.unwrap().expose_secret(), "whoami");
    assert_eq!(ask!(vera, SearchKeystrokes { data: "WHOAMI".into(), kind: 1 }).len(), 5);
    refused!(joe, ListKeystrokes { session: running });

    let read = ask!(vera, GetSession { session: running });
    let new = NewReplay::new(read.token.unwrap(), read.record_key.unwrap(), Protocol::Ssh);
    let replay = ask!(vera, CreateReplay { new: new.headless(true) }).id;
    let id = || replay.clone();
    let control = ReplayControl::new().offset(30_000);
    ask!(vera, ControlReplay { replay: id(), control });
    let call = |png| GetReplayPicture { replay: id(), jpeg: None, png, screen: None };
    let state: serde_json::Value = serde_json::from_slice(&ask!(vera, call(None))).unwrap();
    assert_eq!((&state["offset"], &state["eof"]), (&30_000.into(), &false.into()));
    assert!(ask!(vera, call(Some(50))).starts_with(b"\x89PNG"));
    ask!(vera, DeleteReplay { replay: id() });
    refused!(vera, call(None));
}
