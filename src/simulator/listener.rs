//! Accepts TCP connections for a gateway, on loopback.
//! Knows nothing of what is said over them.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::connection;
use super::link::Slot;
use super::shared::Shared;

/// How often, and how long apart, a full gateway looks again before it turns a client away. A client that closes its
/// connection and opens the next must not be refused because of the order in which two tasks wake up.
const LOOKS: u32 = 10;
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// After an error (no file handles, say) accepting goes on, but not in a hot loop.
const AFTER_ERROR: Duration = Duration::from_millis(10);

/// Accepts until the task is dropped.
pub(super) async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => admit(&shared, stream).await,
            Err(error) => {
                tracing::debug!(%error, "accepting failed");
                tokio::time::sleep(AFTER_ERROR).await;
            }
        }
    }
}

/// Serves a connection, or closes it at once.
async fn admit(shared: &Arc<Shared>, stream: TcpStream) {
    for _ in 0..LOOKS {
        if shared.is_offline() || !shared.is_full() {
            break;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let Some(online) = shared.connection_begins() else { return };
    let slot = Arc::new(Slot::new(Arc::clone(shared)));
    // Without it a 40 ms delay of the kernel's would be taken for the gateway's.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY refused");
    }
    connection::spawn(shared, slot, online, stream);
}
