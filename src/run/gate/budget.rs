//! The connections that all gateways of a run share, where there are fewer than gateways. An idle one is closed to make
//! room, the one unused for longest first; where none is idle, opening waits its turn. It knows nothing of what is
//! behind a connection.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use futures::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The right to one open connection, given back when dropped.
pub(super) type Room = OwnedSemaphorePermit;

/// Whoever may have a connection that it does not use just now.
pub(super) trait Keeper: Send + Sync {
    /// Closes the connection, if it is still idle, and hands its room over.
    fn give_up(self: Arc<Self>) -> BoxFuture<'static, Option<Room>>;
}

/// Room for connections.
pub(super) struct Budget {
    free: Arc<Semaphore>,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    ticks: u64,
    keepers: BTreeMap<u64, Weak<dyn Keeper>>,
    waiting: usize,
}

impl Budget {
    pub(super) fn new(connections: usize) -> Self {
        let free = connections.clamp(1, Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(free)), idle: Mutex::default() }
    }

    /// Room for one more connection, as soon as there is.
    pub(super) async fn room(&self) -> Room {
        loop {
            if let Ok(room) = Arc::clone(&self.free).try_acquire_owned() {
                return room;
            }
            let Some(keeper) = self.longest_idle_or_wait() else { break };
            if let Some(room) = give_up(keeper).await {
                return room;
            }
        }
        let _waiting = Waiting(self);
        Arc::clone(&self.free).acquire_owned().await.expect("nobody closes the semaphore")
    }

    /// Whoever has been idle for longest. Without any, the caller is one who waits: in one step, so that nobody becomes
    /// idle unnoticed in between.
    fn longest_idle_or_wait(&self) -> Option<Weak<dyn Keeper>> {
        let mut idle = self.idle();
        let longest = idle.keepers.pop_first().map(|(_, keeper)| keeper);
        idle.waiting += usize::from(longest.is_none());
        longest
    }

    /// `keeper` has a connection that it does not use. The mark by which it takes it back into use; without one,
    /// somebody waits for its room.
    pub(super) fn idle_now(&self, keeper: Weak<dyn Keeper>) -> Option<u64> {
        let mut idle = self.idle();
        if idle.waiting > 0 {
            return None;
        }
        idle.ticks += 1;
        let mark = idle.ticks;
        idle.keepers.insert(mark, keeper);
        Some(mark)
    }

    /// The connection is in use again.
    pub(super) fn in_use(&self, mark: u64) {
        self.idle().keepers.remove(&mark);
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn give_up(keeper: Weak<dyn Keeper>) -> Option<Room> {
    keeper.upgrade()?.give_up().await
}

struct Waiting<'a>(&'a Budget);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.idle().waiting -= 1;
    }
}
