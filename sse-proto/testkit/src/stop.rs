//! The signal that the server is being dropped.

use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
    /// The far ends of tunnels.
    far_ends: Mutex<Vec<Weak<TcpStream>>>,
}

impl Stop {
    pub(crate) fn set(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
        self.shut_far_ends();
    }

    /// Shuts this down when the server stops.
    pub(crate) fn will_shut(&self, far_end: &Arc<TcpStream>) {
        let mut far_ends = self.far_ends.lock().unwrap_or_else(PoisonError::into_inner);
        far_ends.retain(|far_end| far_end.strong_count() > 0);
        far_ends.push(Arc::downgrade(far_end));
        drop(far_ends);
        if self.is_set() {
            self.shut_far_ends();
        }
    }

    fn shut_far_ends(&self) {
        let far_ends = self.far_ends.lock().unwrap_or_else(PoisonError::into_inner);
        for far_end in far_ends.iter().filter_map(Weak::upgrade) {
            let _ = far_end.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits so long; true at once when the server stops.
    pub(crate) fn wait(&self, duration: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(stopped, duration, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
