//! `status`: sessions, the other desks, what is shared and what it costs.

use super::{Done, answer, answer_json, ask_any, unexpected};
use crate::cli::AskArgs;
use crate::control::{Reply, Request};
use crate::status::{
    Button, DecisionStatus, GuardStatus, QuestionStatus, ServiceRole, SessionState, SessionStatus,
    ShareStatus, Status,
};

pub(super) fn status(args: &AskArgs) -> Done {
    let reply = ask_any(args, &Request::Status {})?.next_reply()?;
    match &reply {
        _ if args.json => answer_json(&reply),
        Reply::Status(status) => answer(&page(status)),
        _ => Err(unexpected()),
    }
}

fn page(status: &Status) -> String {
    let desk = match status.role {
        ServiceRole::Rep => "representative's service",
        ServiceRole::Customer => "customer's service",
    };
    let mut text = format!(
        "vsc-agent {}, {desk} (pid {})\nrelay: {}\n",
        status.version, status.pid, status.relay
    );
    if let Some(driver) = &status.driver {
        text.push_str(&format!(
            "virtual reader driver: {}, {} of {} slots in use\n",
            driver.address, driver.taken, driver.slots
        ));
    }
    if let Some(problem) = &status.readers_problem {
        text.push_str(&format!("no readers: {problem}\n"));
    }
    if status.button == Some(Button::Disabled) {
        text.push_str("nothing can be shared: no customer's service is connected\n");
    }
    if status.sessions.is_empty() {
        text.push_str("no session\n");
    }
    for session in &status.sessions {
        text.push_str(&session_lines(session));
    }
    text
}

fn session_lines(session: &SessionStatus) -> String {
    let mut text = format!("session {}: {}", session.number, state(session));
    if let Some(micros) = session.round_trip_us {
        text.push_str(&format!(", round trip {:.1} ms", micros as f64 / 1000.0));
    }
    text.push('\n');
    if let Some(problem) = &session.relay_problem {
        text.push_str(&format!("  {problem}\n"));
    }
    for share in &session.shares {
        text.push_str(&share_line(share));
    }
    text
}

fn state(session: &SessionStatus) -> String {
    match (session.state, &session.peer) {
        (SessionState::Waiting, _) | (_, None) => "waiting for the other agent".to_owned(),
        (SessionState::Connected, Some(peer)) => {
            format!("with {} ({})", peer.machine, peer.program)
        }
        (SessionState::Suspended, Some(peer)) => {
            format!("with {} ({}), waiting for the connection", peer.machine, peer.program)
        }
    }
}

fn share_line(share: &ShareStatus) -> String {
    let mut text = format!("  {}: {}", share.reader, share.card.words());
    if let Some(shown_as) = &share.shown_as {
        text.push_str(&format!(", shown as {shown_as}"));
    }
    if let Some(counted) = &share.counted {
        text.push_str(&format!(
            ", {} commands in {} round trips, {} resets",
            counted.commands, counted.round_trips, counted.resets
        ));
    }
    text.push('\n');
    if let Some(guard) = &share.guard {
        text.push_str(&guard_lines(guard));
    }
    text
}

fn guard_lines(guard: &GuardStatus) -> String {
    let pin = if guard.own_pin { ", the PIN stays here" } else { "" };
    let mut text = format!("    profile {}{pin}, {} refused\n", guard.profile, guard.refused);
    for decision in &guard.decisions {
        let DecisionStatus { wants, application, passed, remark, .. } = decision;
        let became = if *passed { "passed" } else { "refused" };
        let comma = if remark.is_empty() { "" } else { ", " };
        text.push_str(&format!("    {became}: {wants} ({application}){comma}{remark}\n"));
    }
    if let Some(QuestionStatus { number, wants, .. }) = &guard.question {
        text.push_str(&format!("    question {number}: {wants}? (vsc-agent answer)\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{CardIs, Counted, DriverStatus, Peer};

    #[test]
    fn a_page_tells_desk_session_share_and_cost() {
        let counted = Counted { commands: 40, round_trips: 41, resets: 1 };
        let share = ShareStatus {
            reader: "ACME 00".to_owned(),
            shown_as: Some("slot 0".to_owned()),
            card: CardIs::Present,
            atr: Some("3b00".to_owned()),
            guard: None,
            counted: Some(counted),
            live: crate::status::Live::default(),
        };
        let session = SessionStatus {
            number: 1,
            state: SessionState::Connected,
            peer: Some(Peer { machine: "desk-7".to_owned(), program: "vsc-agent 1".to_owned() }),
            round_trip_us: Some(20_400),
            relay_problem: None,
            shares: vec![share],
        };
        let driver = DriverStatus { address: "127.0.0.1:35963".to_owned(), slots: 2, taken: 1 };
        let status = Status {
            role: ServiceRole::Customer,
            version: "1".to_owned(),
            pid: 7,
            relay: "wss://relay:443/vsc/v1".to_owned(),
            button: None,
            sessions: vec![session],
            readers: Vec::new(),
            readers_problem: None,
            driver: Some(driver),
        };
        assert_eq!(
            page(&status),
            "vsc-agent 1, customer's service (pid 7)\n\
             relay: wss://relay:443/vsc/v1\n\
             virtual reader driver: 127.0.0.1:35963, 1 of 2 slots in use\n\
             session 1: with desk-7 (vsc-agent 1), round trip 20.4 ms\n  \
             ACME 00: card, shown as slot 0, 40 commands in 41 round trips, 1 resets\n"
        );
    }
    #[test]
    fn a_guarded_share_tells_what_was_decided_and_what_waits() {
        let decision = |wants: &str, passed, remark: &str| DecisionStatus {
            at: 1_700_000_000,
            wants: wants.to_owned(),
            application: "PIV".to_owned(),
            passed,
            remark: remark.to_owned(),
        };
        let guard = GuardStatus {
            profile: "careful".to_owned(),
            own_pin: true,
            refused: 1,
            question: Some(QuestionStatus { number: 7, wants: "sign".to_owned(), within_s: 45 }),
            decisions: vec![
                decision("verify with PIN 80", true, "one-time PIN exchanged"),
                decision("authenticate", true, ""),
                decision("write data", false, "6982, the profile refuses it"),
            ],
        };
        assert_eq!(
            guard_lines(&guard),
            "    profile careful, the PIN stays here, 1 refused\n    \
             passed: verify with PIN 80 (PIV), one-time PIN exchanged\n    \
             passed: authenticate (PIV)\n    \
             refused: write data (PIV), 6982, the profile refuses it\n    \
             question 7: sign? (vsc-agent answer)\n"
        );
    }
}
