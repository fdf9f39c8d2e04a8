//! Life of links and sessions.

use ecm_protocol::message::{
    Cancel, Drain, Health, HealthState, Phase, Ping, Pong, RankChanged, SessionCompleted,
    SessionRef, SessionStarted,
};

use super::{answers, asks, notes, time};

fn session() -> SessionRef {
    SessionRef {
        lsid: Some("c69a8e10bea9428f816cfababe9815fe".to_owned()),
        phase: Phase::InSession,
        custom: Default::default(),
    }
}

#[test]
fn health() {
    let down = Health { state: HealthState::Down, detail: Some("no vault answers".to_owned()) };
    notes("ecm.health-down", "ecm.health", &down);
    notes("ecm.health-up", "ecm.health", &Health { state: HealthState::Up, detail: None });

    asks("health.check-ask", "health.check", "c-1", &Ping {});
    let degraded = Health {
        state: HealthState::Degraded,
        detail: Some("one of two vaults does not answer".to_owned()),
    };
    answers("health.check-answer", "c-1", &degraded);
}

#[test]
fn sessions() {
    let started = SessionStarted {
        session: session(),
        history_url: Some("https://support.example.com/h/1".to_owned()),
        history_url_expires_in_s: Some(600),
    };
    notes("session.started-with-history", "session.started", &started);
    let completed =
        SessionCompleted { session: session(), ended_at: Some(time("2026-03-02T09:12:44Z")) };
    notes("session.completed-in-time", "session.completed", &completed);
}

#[test]
fn links() {
    let drain = Drain { grace_ms: 20_000, reason: "stop".to_owned() };
    notes("ecm.drain-stop", "ecm.drain", &drain);
    notes("ecm.rank-second", "ecm.rank", &RankChanged { position: 2, peers: 3 });
    let cancel = Cancel { id: "0192f3b0-1111-7000-8000-00000000abcd".to_owned() };
    notes("cancel-search", "$/cancel", &cancel);
    asks("ping-ask", "$/ping", "p-9", &Ping {});
    answers("ping-answer", "p-9", &Pong { at: time("2026-03-02T08:00:01.25Z") });
}
