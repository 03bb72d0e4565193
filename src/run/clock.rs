//! The clock that is handed to the machines.

use jiff::Timestamp;
use tokio::time::Instant;

use crate::transfer::Now;

/// Wall time and steady time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
    /// Wall time at the origin, where wall time is to follow the runtime's clock.
    wall: Option<Timestamp>,
}

impl Clock {
    /// The system's clocks.
    pub fn system() -> Self {
        Self { origin: Instant::now(), wall: None }
    }

    /// A wall clock that starts at `wall` and goes as the runtime's (perhaps paused) clock does.
    pub fn following_the_runtime(wall: Timestamp) -> Self {
        Self { origin: Instant::now(), wall: Some(wall) }
    }

    /// This instant.
    pub fn now(&self) -> Now {
        let steady = self.origin.elapsed();
        let wall = match self.wall {
            None => Timestamp::now(),
            Some(wall) => wall.checked_add(steady).unwrap_or(Timestamp::MAX),
        };
        Now { wall, steady }
    }
}
