//! The limits of a run, each with its unit and its reason. It knows nothing of how they are kept, nor where the number
//! of descriptors comes from.

use std::{fmt, time::Duration};

/// Transfers at work at one gateway. It serves one request at a time; while one transfer waits for the ledger's
/// disk, and another between two requests, the third keeps it busy. More would only let readings grow old.
pub(super) const AT_A_GATEWAY: usize = 3;

/// Transfers at work at a gateway or on their way to it from their source's gateway, however slow that one is. Their
/// readings hold for 30 s: eight times the eight requests to a target leave each request 0.4 s.
pub(super) const BOUND_FOR_A_GATEWAY: usize = 8;

/// Transfers worked on at a time, unless `--parallel` says otherwise: each has a task of a few KiB.
pub(super) const MOST_PARALLEL: usize = 1024;

/// Messages of workers on their way to the dispatcher: each worker has one at a time, so that this is room for all by
/// default. With more workers, some wait for room.
pub(super) const INBOX: usize = MOST_PARALLEL;

/// A transfer that the procedure makes wait at least this long gives up its place to others meanwhile. Below it, giving
/// up and coming back is hardly worth it.
pub(super) const LONG_PAUSE: Duration = Duration::from_millis(100);

/// What a request is taken to last, where only the order of gateways is to be found.
pub(super) const USUAL_REQUEST: Duration = Duration::from_millis(20);

/// Descriptors that are not connections to gateways: standard streams, ledger, trace, signals, name look-ups.
const OTHER_DESCRIPTORS: u64 = 64;

/// Gateways that one transfer may hold a connection to: its source's and its target's.
const GATEWAYS_OF_A_TRANSFER: usize = 2;

/// How many transfers to work on at a time behind so many gateways, where nobody says: enough for each of them.
pub fn usual_parallel(gateways: usize) -> usize {
    gateways.saturating_mul(AT_A_GATEWAY).clamp(1, MOST_PARALLEL)
}

/// How many connections to gateways may be open in a process that may hold so many descriptors, and has use for
/// `others` of them besides the usual.
pub fn connections(descriptors: u64, others: u64) -> usize {
    // A process with a very low limit is left at least half of it.
    let left = descriptors.saturating_sub(others);
    usize::try_from(left.saturating_sub(OTHER_DESCRIPTORS).max(left / 2).max(1)).unwrap_or(usize::MAX)
}

/// How much a run does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Transfers worked on at a time.
    pub parallel: usize,
    /// As many were asked for, or are usual.
    pub parallel_asked: usize,
    /// Connections open at a time.
    pub connections: usize,
    /// Gateways of the run: with as many connections, none has to be closed before its time.
    pub gateways: usize,
}

impl Capacity {
    /// Cut so that every transfer worked on can have its connections: none waits for a descriptor while its
    /// readings grow old.
    pub(super) fn new(parallel_asked: usize, connections: usize, gateways: usize) -> Self {
        let parallel = if connections >= gateways {
            parallel_asked
        } else {
            parallel_asked.min(connections / GATEWAYS_OF_A_TRANSFER)
        };
        Self { parallel: parallel.max(1), parallel_asked, connections: connections.max(1), gateways }
    }

    /// Whether the gateways have to share connections.
    pub const fn is_short_of_connections(&self) -> bool {
        self.connections < self.gateways
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parallel, connections, gateways, .. } = self;
        write!(
            f,
            "at a time: {parallel} transfers, {AT_A_GATEWAY} of them at a gateway, {BOUND_FOR_A_GATEWAY} bound for it; \
             {connections} connections for {gateways} gateways; {INBOX} messages"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gateway_has_its_share_until_there_are_very_many() {
        assert_eq!([0, 1, 50, 2_000].map(usual_parallel), [1, 3, 150, 1024]);
    }

    #[test]
    fn a_transfer_is_not_begun_unless_it_can_have_both_connections() {
        assert_eq!(Capacity::new(150, 960, 50).parallel, 150);
        assert_eq!(Capacity::new(1024, 960, 2_000).parallel, 480);
        assert_eq!(Capacity::new(8, 1, 2).parallel, 1);
        assert!(Capacity::new(8, 1, 2).is_short_of_connections());
    }

    #[test]
    fn some_descriptors_are_for_other_things() {
        assert_eq!([1024, 100, 1, 0].map(|descriptors| connections(descriptors, 0)), [960, 50, 1, 1]);
        assert_eq!(connections(1024, 500), 460);
    }
}
