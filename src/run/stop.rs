//! Asking a run to stop: first to come to rest, then at once.

use std::sync::Arc;

use tokio::sync::watch;

/// How urgently a run is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum StopLevel {
    /// Not at all.
    #[default]
    Go,
    /// Begin nothing new, settle what is open.
    Rest,
    /// Let go of everything now.
    Now,
}

/// The end that asks.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<watch::Sender<StopLevel>>);

/// The end that listens.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<StopLevel>);

impl Stopper {
    /// A pair of both ends.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(StopLevel::Go);
        (Self(Arc::new(sender)), Stop(receiver))
    }

    /// One level more urgent: the first call asks for rest, the second for now.
    pub fn press(&self) {
        self.0.send_modify(|level| {
            *level = match level {
                StopLevel::Go => StopLevel::Rest,
                StopLevel::Rest | StopLevel::Now => StopLevel::Now,
            }
        });
    }
}

impl Stop {
    /// How urgent it is.
    pub fn level(&self) -> StopLevel {
        *self.0.borrow()
    }

    /// Waits until anybody has asked at all.
    pub async fn raised(&mut self) {
        if self.0.wait_for(|level| *level > StopLevel::Go).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until it gets more urgent; for ever if nobody can ask any more.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
