//! Named locks that exist as long as somebody holds or awaits them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// Locks nobody uses are swept out when this many names are known.
const SWEEP_AT: usize = 64;

#[derive(Default)]
pub(crate) struct Lanes {
    lanes: Mutex<HashMap<String, Weak<AsyncMutex<()>>>>,
}

impl Lanes {
    /// Waits until nobody else has the lane, in the order of calls.
    pub(crate) async fn enter(&self, name: String) -> OwnedMutexGuard<()> {
        self.lane(name).lock_owned().await
    }

    fn lane(&self, name: String) -> Arc<AsyncMutex<()>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(&name).and_then(Weak::upgrade) {
            return lane;
        }
        if lanes.len() >= SWEEP_AT {
            lanes.retain(|_, lane| lane.strong_count() > 0);
        }
        let lane = Arc::new(AsyncMutex::new(()));
        lanes.insert(name, Arc::downgrade(&lane));
        lane
    }
}
