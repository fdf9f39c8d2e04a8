//! The driver's slots: how many there are, and which are taken.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::status::DriverStatus;

/// The slots of one virtual reader driver, on consecutive ports.
#[derive(Debug)]
pub struct Slots {
    first: SocketAddr,
    taken: Mutex<Vec<bool>>,
}

impl Slots {
    /// `count` slots from `first` on.
    #[must_use]
    pub fn new(first: SocketAddr, count: u16) -> Arc<Self> {
        Arc::new(Self { first, taken: Mutex::new(vec![false; usize::from(count)]) })
    }

    /// A free slot, until the answer is dropped.
    #[must_use]
    pub fn take(self: &Arc<Self>) -> Option<Slot> {
        let mut taken = self.taken();
        let (number, free) = taken.iter_mut().enumerate().find(|(_, taken)| !**taken)?;
        let offset = u16::try_from(number).ok()?;
        let address = SocketAddr::new(self.first.ip(), self.first.port().checked_add(offset)?);
        *free = true;
        Some(Slot { slots: Arc::clone(self), number, address })
    }

    /// What `status` shows.
    #[must_use]
    pub fn status(&self) -> DriverStatus {
        let taken = self.taken();
        DriverStatus {
            address: self.first.to_string(),
            slots: taken.len(),
            taken: taken.iter().filter(|taken| **taken).count(),
        }
    }

    fn taken(&self) -> MutexGuard<'_, Vec<bool>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A taken slot.
#[derive(Debug)]
pub struct Slot {
    slots: Arc<Slots>,
    number: usize,
    /// Where the driver listens for this slot.
    pub address: SocketAddr,
}

impl Slot {
    /// What the slot is called.
    #[must_use]
    pub fn name(&self) -> String {
        format!("virtual reader slot {} ({})", self.number, self.address)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(taken) = self.slots.taken().get_mut(self.number) {
            *taken = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_given_out_once_and_come_back() {
        let slots = Slots::new("127.0.0.1:35963".parse().unwrap(), 2);
        let first = slots.take().unwrap();
        let second = slots.take().unwrap();
        assert_eq!(first.address.port(), 35963);
        assert_eq!(second.address.port(), 35964);
        assert!(slots.take().is_none());
        assert_eq!(slots.status().taken, 2);
        drop(first);
        assert_eq!(slots.take().unwrap().address.port(), 35963);
    }

    #[test]
    fn ports_do_not_wrap_around() {
        let slots = Slots::new("127.0.0.1:65535".parse().unwrap(), 2);
        let _first = slots.take().unwrap();
        assert!(slots.take().is_none());
    }
}
