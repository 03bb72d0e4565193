//! The receipt for an appended fact. It knows nothing of how a fact is stored.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::LedgerError;

/// Resolves when a fact is durable, or with the reason why it will not be. Dropping it is allowed: the fact
/// is written all the same.
pub struct Ticket(BoxFuture<'static, Result<(), LedgerError>>);

impl Ticket {
    /// A ticket that resolves as `future` does.
    pub fn new(future: impl Future<Output = Result<(), LedgerError>> + Send + 'static) -> Self {
        Self(future.boxed())
    }

    /// A ticket that is resolved already.
    pub fn ready(result: Result<(), LedgerError>) -> Self {
        Self::new(std::future::ready(result))
    }
}

impl Future for Ticket {
    type Output = Result<(), LedgerError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_unpin(cx)
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket")
    }
}
