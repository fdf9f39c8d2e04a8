//! Heartbeat: who is silent is asked, who stays silent is dead.

use std::time::{Duration, Instant};

use crate::message::Heartbeat;

/// How long a pong may take.
const PONG_WITHIN: Duration = Duration::from_secs(10);

/// A timer that fires this late means that the machine slept.
const CLOCK_JUMP: Duration = Duration::from_secs(30);

/// Watches one link.
#[derive(Debug)]
pub(crate) struct Life {
    interval: Duration,
    silence: Duration,
    heard: Instant,
    pinged: Option<Instant>,
}

/// What a look at the watch says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pulse {
    /// Nothing to do.
    Steady,
    /// Send a ping.
    Ask,
    /// The peer is gone.
    Silent,
    /// The machine slept; what the peer thinks of this link is unknown.
    Jumped,
}

impl Life {
    pub(crate) fn new(heartbeat: Heartbeat, now: Instant) -> Self {
        let mut life =
            Self { interval: Duration::ZERO, silence: Duration::ZERO, heard: now, pinged: None };
        life.set(heartbeat);
        life
    }

    /// Bounds keep a careless peer from turning the heartbeat off or into a flood.
    pub(crate) fn set(&mut self, heartbeat: Heartbeat) {
        let interval = Duration::from_millis(heartbeat.interval_ms);
        let silence = Duration::from_millis(heartbeat.timeout_ms);
        self.interval = interval.clamp(Duration::from_secs(1), Duration::from_secs(300));
        self.silence = silence.clamp(self.interval + PONG_WITHIN, Duration::from_secs(900));
    }

    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = None;
    }

    pub(crate) fn next(&self) -> Instant {
        let dead = self.heard + self.silence;
        match self.pinged {
            Some(pinged) => (pinged + PONG_WITHIN).min(dead),
            None => self.heard + self.interval,
        }
    }

    pub(crate) fn look(&mut self, now: Instant) -> Pulse {
        let due = self.next();
        if now < due {
            return Pulse::Steady;
        }
        if now.duration_since(due) > CLOCK_JUMP {
            return Pulse::Jumped;
        }
        if self.pinged.is_some() || now >= self.heard + self.silence {
            return Pulse::Silent;
        }
        self.pinged = Some(now);
        Pulse::Ask
    }
}
