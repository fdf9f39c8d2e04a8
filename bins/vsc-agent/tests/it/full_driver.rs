//! A session of the customer's desk in this process: more readers are shared than its driver has
//! slots.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use tokio::sync::mpsc;
use vsc_agent::customer::session::Session;
use vsc_agent::customer::slots::Slots;
use vsc_agent::link_driver::LinkDriver;
use vsc_agent::pairing::Pairing;
use vsc_agent::relay::Hub;
use vsc_agent::session_link::SessionLink;
use vsc_agent::status::Board;
use vsc_agent::way::Way;
use vsc_core::cards::{Message, ShareId};
use vsc_core::handshake::{Proof, Role};
use vsc_core::link::{Event, Invitation, Meeting};
use vsc_core::pairing::Words;
use vsc_core::relay::RelayLimits;
use vsc_core::session::{EndReason, Timers};

use crate::played::{Far, hello};

/// A driver of two slots: they listen at ports that follow one another.
fn driver() -> [TcpListener; 2] {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut next: SocketAddr = first.local_addr().unwrap();
        next.set_port(next.port().saturating_add(1));
        if let Ok(second) = TcpListener::bind(next) {
            return [first, second];
        }
    }
}

/// Shares one more reader; answers with what becomes of it.
async fn share(far: &mut Far, share: u32) -> Message {
    far.say(&Message::Share { share: ShareId(share), name: format!("ACME {share}") });
    far.next_message().await
}

#[tokio::test]
async fn a_third_reader_finds_no_room_in_two_slots_until_one_is_given_back() {
    let slots = driver();
    let way = Arc::new(Way::Inside(Hub::new(RelayLimits::default(), 10)));
    let invitation = Invitation::Words(Words::from_random([1, 2, 3]));
    let mut far = Far::new(Arc::clone(&way), Meeting::Open(invitation));
    far.connect().await;
    let Event::Invited { code: Some(code), .. } = far.next().await else { panic!("no code") };
    let meeting = Meeting::Join(code.mailbox(), Proof::Words(code.words().clone()));
    let driver = LinkDriver::new(meeting, hello(Role::Customer), Timers::default(), way);
    let board = Arc::new(Board::default());
    let link = SessionLink::new(1, driver, Pairing::new().0, board.line(1));
    let (_orders, queue) = mpsc::channel(8);
    let address = slots[0].local_addr().unwrap();
    tokio::spawn(Session::new(link, Slots::new(address, 2), queue).run());
    while !matches!(far.next().await, Event::Established(_)) {}

    for (number, slot) in [(1, "slot 0"), (2, "slot 1")] {
        let Message::Up { name, .. } = share(&mut far, number).await else { panic!("not shown") };
        assert!(name.contains(slot), "{name}");
    }
    let refused = share(&mut far, 3).await;
    let Message::ShareFailed { share: ShareId(3), reason } = refused else { panic!("{refused:?}") };
    assert_eq!(reason, "every slot of the virtual reader driver is in use");
    far.say(&Message::Unshare { share: ShareId(1), reason: EndReason::User });
    let shown = share(&mut far, 4).await;
    assert!(matches!(&shown, Message::Up { name, .. } if name.contains("slot 0")), "{shown:?}");
}
