//! The rule for lines on which nothing says which request an answer belongs to: a request is sent into silence alone.
//!
//! An RTU frame carries no transaction number (DOMAIN.md §4). A late answer is a perfect answer to the next request of
//! its kind, and it may even come from a request of a program that was killed. So a line is used only while every byte
//! on it is accounted for: it begins drained, and one byte too many ends it.

use std::{io, time::Duration};

use tokio::time::{Instant, timeout, timeout_at};

use super::tap::Tap;
use crate::transfer::Cause;

/// How many times the silence that is asked for a line may go on talking. Answers to several lost requests fit in; what
/// talks longer is not waiting for an answer.
const PATIENCE: u32 = 5;

/// Throws away what comes in until the line was silent for `silence`, the time within which every answer is due.
///
/// # Errors
/// The line does not fall silent, or ends.
pub(super) async fn drain(line: &Tap, silence: Duration) -> Result<(), Cause> {
    let give_up = Instant::now() + silence * PATIENCE;
    let mut bytes = 0_usize;
    while let Ok(came) = timeout(silence, line.stray()).await {
        bytes += some(came).map_err(Cause::NoConnection)?;
        if Instant::now() >= give_up {
            return Err(Cause::NotSilent(format!(
                "{bytes} bytes came within {} ms, and never was there a pause of {} ms: is another master on this line?",
                (silence * PATIENCE).as_millis(),
                silence.as_millis()
            )));
        }
    }
    Ok(())
}

/// Whether nothing came until `until`, and nothing is there now. Otherwise what did: bytes, or the line's end.
pub(super) async fn broken(line: &Tap, until: Instant) -> Option<Result<usize, String>> {
    // What has arrived at the socket is to be seen by the runtime before it is asked.
    tokio::task::yield_now().await;
    timeout_at(until, line.stray()).await.ok().map(some)
}

/// A number of bytes that is not 0, or why there will be none any more.
fn some(came: io::Result<usize>) -> Result<usize, String> {
    match came {
        Ok(0) => Err("closed at the other end".to_owned()),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(error.to_string()),
    }
}
