//! One side of a session, and a peer or a network that behaves badly.

use std::time::{Duration, Instant};

use vsc_core::session::{EndReason, Event, MAX_MESSAGE, Session, SessionError, Timers};

const SECOND: Duration = Duration::from_secs(1);

fn data(number: u64, more: bool, part: &[u8]) -> Vec<u8> {
    let more = u8::from(more);
    [&[0x01], &number.to_be_bytes()[..], &0_u64.to_be_bytes(), &[more], part].concat()
}

/// Lets time pass until `end` and tells what happened; fails if the session wants to be woken
/// again and again at one moment.
fn wait(session: &mut Session, now: &mut Instant, end: Instant) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(due) = session.poll_timeout().filter(|due| *due <= end) {
        *now = due.max(*now);
        session.handle_timeout(*now);
        while session.poll_frame().is_some() {}
        events.extend(std::iter::from_fn(|| session.poll_event()));
        let next = session.poll_timeout();
        assert!(next.is_none_or(|next| next > *now), "woken again at once");
    }
    *now = end;
    events
}

#[test]
fn a_peer_that_is_there_and_says_nothing_after_a_break_does_not_keep_us_busy() {
    let mut now = Instant::now();
    let begin = now;
    let mut session = Session::new(Timers::default(), now);
    session.handle_disconnected(now);
    now += SECOND;
    session.handle_reconnected(now);
    assert_eq!(wait(&mut session, &mut now, begin + 40 * SECOND), []);
    let events = wait(&mut session, &mut now, begin + 50 * SECOND);
    assert_eq!(events.last(), Some(&Event::Ended(EndReason::ConnectionLost)));
}

#[test]
fn coming_back_again_and_again_without_the_peer_does_not_prolong_the_grace() {
    let mut now = Instant::now();
    let begin = now;
    let mut session = Session::new(Timers::default(), now);
    session.handle_disconnected(now);
    for _ in 0..4 {
        session.handle_reconnected(now);
        let until = now + 10 * SECOND;
        assert_eq!(wait(&mut session, &mut now, until), []);
        session.handle_disconnected(now);
    }
    assert_eq!(session.poll_timeout(), Some(begin + 45 * SECOND));
    session.handle_reconnected(now);
    let end = begin + 45 * SECOND;
    assert_eq!(wait(&mut session, &mut now, end), [Event::Ended(EndReason::ConnectionLost)]);
}

#[test]
fn a_break_that_was_healed_leaves_the_whole_grace_for_the_next_one() {
    let now = Instant::now();
    let mut session = Session::new(Timers::default(), now);
    session.handle_disconnected(now);
    session.handle_reconnected(now + 30 * SECOND);
    let resume = [&[0x05], &0_u64.to_be_bytes()[..]].concat();
    session.handle_frame(now + 31 * SECOND, &resume).unwrap();
    assert_eq!(session.poll_event(), Some(Event::Resumed));
    session.handle_disconnected(now + 60 * SECOND);
    assert_eq!(session.poll_timeout(), Some(now + 105 * SECOND));
}

#[test]
fn the_longest_message_in_parts_of_one_byte_arrives_and_fills_nothing() {
    let now = Instant::now();
    let mut session = Session::new(Timers::default(), now);
    let last = MAX_MESSAGE as u64 - 1;
    for number in 0..=last {
        session.handle_frame(now, &data(number, number < last, &[0x5A])).unwrap();
        // Nothing waits but now and then one acknowledgement.
        assert!(session.poll_frame().is_none_or(|frame| frame[0] == 0x02));
        assert_eq!(session.poll_frame(), None);
    }
    let Some(Event::Message(message)) = session.poll_event() else { panic!("no message") };
    assert_eq!(*message, vec![0x5A; MAX_MESSAGE]);
    let error = session.handle_frame(now, &data(last + 1, true, &vec![0; MAX_MESSAGE + 1]));
    assert_eq!(error, Err(SessionError::MessageTooLong { len: MAX_MESSAGE + 1 }));
    assert_eq!(session.poll_event(), Some(Event::Ended(EndReason::Protocol)));
}

#[test]
fn a_message_that_never_ends_ends_the_session() {
    let now = Instant::now();
    let mut session = Session::new(Timers::default(), now);
    let ends = (0..10)
        .find(|number| session.handle_frame(now, &data(*number, true, &[0; 32_768])).is_err());
    assert_eq!(ends, Some(2), "66 000 bytes are the most");
    assert!(session.is_ended());
}

#[test]
fn a_peer_that_acknowledges_nothing_ends_the_session() {
    let now = Instant::now();
    let mut session = Session::new(Timers::default(), now);
    for _ in 0..256 {
        session.send(b"?").unwrap();
    }
    assert_eq!(session.send(b"?"), Err(SessionError::PeerStuck));
    assert!(session.is_ended());
}

#[test]
fn frames_out_of_any_rule_end_the_session() {
    let ten = 10_u64.to_be_bytes();
    for frame in [
        vec![],
        vec![0x00],
        vec![0x07, 1],
        vec![0x06],
        vec![0x06, 1, 2],
        data(1, false, b"skips"),
        data(0, false, b"")[..17].to_vec(),
        [&[0x02], &ten[..]].concat(),
        [&[0x02], &ten[..7]].concat(),
        [&[0x05], &ten[..]].concat(),
        [&[0x03], &0_u64.to_be_bytes()[..], &[0, 0, 0]].concat(),
    ] {
        let now = Instant::now();
        let mut session = Session::new(Timers::default(), now);
        assert!(session.handle_frame(now, &frame).is_err(), "{frame:02X?}");
        assert_eq!(session.poll_event(), Some(Event::Ended(EndReason::Protocol)), "{frame:02X?}");
        assert_eq!(session.poll_timeout(), None);
    }
}
