//! Asking a run to stop: first to come to rest, then at once.

use std::sync::Arc;

use tokio::sync::watch;

use super::StopReason;
use crate::transfer::Halt;

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

/// The end by which a dispatcher lets its workers come to rest.
#[derive(Debug)]
pub(super) struct Rest(watch::Sender<Option<Arc<StopReason>>>);

/// What workers heed: whoever asks the run to stop, and what the run itself stops for.
#[derive(Debug, Clone)]
pub(super) struct Heeded {
    asked: Stop,
    own: watch::Receiver<Option<Arc<StopReason>>>,
}

impl Rest {
    /// A pair of both ends; workers also heed `asked`.
    pub(super) fn new(asked: Stop) -> (Self, Heeded) {
        let (sender, own) = watch::channel(None);
        (Self(sender), Heeded { asked, own })
    }

    /// Lets all workers come to rest.
    pub(super) fn tell(&self, reason: &Arc<StopReason>) {
        self.0.send_replace(Some(Arc::clone(reason)));
    }
}

impl Heeded {
    /// Why to come to rest, if so.
    pub(super) fn halt(&self) -> Option<Halt> {
        let own = self.own.borrow().clone();
        match own {
            Some(reason) => Some(reason.halt()),
            None => (self.asked.level() > StopLevel::Go).then(|| StopReason::Signal.halt()),
        }
    }

    /// Waits until something of it changes.
    pub(super) async fn changed(&mut self) {
        tokio::select! {
            () = self.asked.changed() => (),
            Ok(()) = self.own.changed() => (),
        }
    }
}
