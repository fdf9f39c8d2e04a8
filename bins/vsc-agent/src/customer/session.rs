//! One session at the customer's desk: a link, and the slots its shared readers appear in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;
use vsc_core::cards::{Message, ShareId};
use vsc_core::customer::{Customer, DriverAction};
use vsc_core::session::EndReason;
use vsc_core::vpcd::{Ask, Reply};

use super::driver_slot::{self, Told, What, Work};
use super::slots::{Slot, Slots};
use crate::session_link::{SessionLink, Step};
use crate::status::{CardIs, Live, ShareStatus, hex};

/// What the service asks of a session.
#[derive(Debug)]
pub enum Order {
    /// End it.
    End(EndReason),
}

/// A running session.
pub struct Session {
    link: SessionLink,
    slots: Arc<Slots>,
    orders: mpsc::Receiver<Order>,
    shares: BTreeMap<ShareId, Share>,
    told: mpsc::UnboundedReceiver<(ShareId, Heard)>,
    teller: mpsc::UnboundedSender<(ShareId, Heard)>,
}

/// What comes back from the tasks of a session.
enum Heard {
    /// From a slot that is in use.
    Slot(Told),
    /// Whether a driver listens where a share is to appear.
    Probed(std::io::Result<()>),
}

struct Share {
    reader: String,
    slot: Slot,
    live: Live,
    /// `None` until the driver was found to listen.
    shown: Option<Shown>,
}

struct Shown {
    customer: Customer,
    work: mpsc::UnboundedSender<Work>,
    /// The last connection that was asked for. What an older one says is nobody's business.
    connection: u64,
}

impl Session {
    /// A session about to connect.
    #[must_use]
    pub fn new(link: SessionLink, slots: Arc<Slots>, orders: mpsc::Receiver<Order>) -> Self {
        let (teller, told) = mpsc::unbounded_channel();
        Self { link, slots, orders, shares: BTreeMap::new(), told, teller }
    }

    /// Runs until the session is over. Its cards disappear then.
    pub async fn run(mut self) {
        loop {
            let due = self.shares.values().filter_map(Share::due).min();
            tokio::select! {
                biased;
                step = self.link.next() => match step {
                    Step::Message(message) => self.take(message),
                    Step::Ended(_) => return,
                    Step::Progress => {}
                },
                Some((share, heard)) = self.told.recv() => self.heard(share, heard),
                Some(order) = self.orders.recv() => match order {
                    Order::End(reason) => self.link.end(reason),
                },
                () = until(due) => self.time_passed(),
            }
            self.pump();
        }
    }

    /// The representative's agent says something about a share.
    fn take(&mut self, message: Message) {
        let share = message.share();
        match message {
            Message::Share { name, .. } => self.begin(share, name),
            Message::Unshare { reason, .. } => {
                if let Some(gone) = self.shares.remove(&share) {
                    tracing::info!(session = self.link.number, reader = gone.reader, %reason, "unshared");
                    self.show();
                }
            }
            Message::Notice { text, .. } => {
                tracing::info!(session = self.link.number, text, "the other desk says");
            }
            message => self.drive(share, |customer| {
                customer.handle_message(Instant::now(), message);
            }),
        }
    }

    /// Lets a share's machine take something in, and shows what changed by it.
    fn drive(&mut self, share: ShareId, take: impl FnOnce(&mut Customer)) {
        let Some(entry) = self.shares.get_mut(&share) else { return };
        let Some(Shown { customer, .. }) = &mut entry.shown else { return };
        let before = customer.atr();
        take(customer);
        entry.live.set(customer.counters().into());
        if customer.atr() != before {
            self.show();
        }
    }

    fn begin(&mut self, share: ShareId, reader: String) {
        if self.shares.contains_key(&share) {
            return self.link.end(EndReason::Protocol);
        }
        let Some(slot) = self.slots.take() else {
            let reason = "every slot of the virtual reader driver is in use".to_owned();
            return self.link.say(&Message::ShareFailed { share, reason });
        };
        let (address, teller) = (slot.address, self.teller.clone());
        self.shares.insert(share, Share { reader, slot, live: Live::new(), shown: None });
        tokio::spawn(async move {
            let found = driver_slot::probe(address).await;
            let _ = teller.send((share, Heard::Probed(found)));
        });
    }

    fn heard(&mut self, share: ShareId, heard: Heard) {
        match heard {
            Heard::Slot(told) => self.slot_told(share, told),
            Heard::Probed(Ok(())) => self.appear(share),
            Heard::Probed(Err(error)) => {
                let Some(gone) = self.shares.remove(&share) else { return };
                let reason = format!(
                    "no virtual reader driver answers at {}: {error}; install vpcd there",
                    gone.slot.address
                );
                tracing::warn!(
                    session = self.link.number,
                    reader = gone.reader,
                    reason,
                    "not shown"
                );
                self.link.say(&Message::ShareFailed { share, reason });
            }
        }
    }

    /// The driver is there: the reader is up, and the slot works from now on.
    fn appear(&mut self, share: ShareId) {
        let Some(entry) = self.shares.get_mut(&share) else { return };
        let (work, queue) = mpsc::unbounded_channel();
        let (address, teller) = (entry.slot.address, self.teller.clone());
        tokio::spawn(driver_slot::serve(address, queue, move |told| {
            // The session may be over; then the slot ends too.
            let _ = teller.send((share, Heard::Slot(told)));
        }));
        entry.shown = Some(Shown { customer: Customer::new(share), work, connection: 0 });
        let name = entry.slot.name();
        tracing::info!(
            session = self.link.number,
            reader = entry.reader,
            shown_as = name,
            "shared"
        );
        self.link.say(&Message::Up { share, name });
        self.link.measure();
        self.show();
    }

    fn slot_told(&mut self, share: ShareId, told: Told) {
        let current = self.shown(share).map(|shown| shown.connection);
        if current != Some(told.connection) {
            return;
        }
        // Presence is asked several times a second.
        if !matches!(told.what, What::Asks(Ask::Atr)) {
            // Headers and lengths: what is in a command has no `Debug`.
            tracing::trace!(?told, "from the reader driver");
        }
        self.drive(share, |customer| match told.what {
            What::Asks(ask) => customer.handle_driver(Instant::now(), ask),
            What::Lost => customer.handle_driver_lost(),
        });
    }

    fn time_passed(&mut self) {
        let now = Instant::now();
        for share in self.shares.values_mut() {
            if let Some(Shown { customer, .. }) = &mut share.shown
                && customer.poll_timeout().is_some_and(|due| due <= now)
            {
                customer.handle_timeout(now);
            }
        }
    }

    /// Moves what the shares have to say: to the other desk, and to the driver.
    fn pump(&mut self) {
        for share in self.shares.values_mut() {
            let Some(Shown { customer, work, connection }) = &mut share.shown else { continue };
            while let Some(message) = customer.poll_message() {
                self.link.say(&message);
            }
            while let Some(action) = customer.poll_action() {
                let _ = work.send(work_of(&action, connection));
            }
        }
    }

    fn shown(&mut self, share: ShareId) -> Option<&mut Shown> {
        self.shares.get_mut(&share)?.shown.as_mut()
    }

    fn show(&mut self) {
        let shares = self.shares.values().map(Share::status).collect();
        self.link.line.change(|status| status.shares = shares);
    }
}

fn work_of(action: &DriverAction, connection: &mut u64) -> Work {
    let reply = match action {
        DriverAction::Insert => {
            *connection += 1;
            return Work::Insert { connection: *connection };
        }
        DriverAction::Remove => return Work::Remove,
        DriverAction::TellAtr(atr) => Reply::Atr(atr),
        DriverAction::TellNoCard => Reply::NoCard,
        DriverAction::Respond(response) => Reply::Response(response),
    };
    // What the driver's wire cannot carry cannot be answered: the card is taken out.
    reply.to_frame().map_or(Work::Remove, Work::Answer)
}

impl Share {
    fn due(&self) -> Option<Instant> {
        self.shown.as_ref()?.customer.poll_timeout()
    }

    fn status(&self) -> ShareStatus {
        let customer = self.shown.as_ref().map(|shown| &shown.customer);
        let atr = customer.and_then(Customer::atr);
        ShareStatus {
            reader: self.reader.clone(),
            shown_as: customer.map(|_| self.slot.name()),
            card: if atr.is_some() { CardIs::Present } else { CardIs::Absent },
            atr: atr.map(|atr| hex(&atr)),
            guard: None,
            counted: None,
            live: self.live.clone(),
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
