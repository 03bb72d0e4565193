//! Who is next: the transfers that have not ended, in a lane per gateway. The least busy lane goes first, and
//! of those the longest; a transfer that must wait goes to the end of its lane.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap, VecDeque},
};

use tokio::time::Instant;

use crate::campaign::{GatewayKey, Transfer};

/// Position of a transfer in the run.
pub(super) type Index = usize;

#[derive(Default)]
struct Lane {
    ready: VecDeque<Index>,
    busy: usize,
}

/// The waiting transfers of a run.
#[derive(Default)]
pub(super) struct Queue {
    lanes: Vec<Lane>,
    lane_of: Vec<usize>,
    /// Lanes with something ready, best first: least busy, then longest, then first.
    order: BTreeSet<(usize, Reverse<usize>, usize)>,
    parked: BinaryHeap<Reverse<(Instant, Index)>>,
}

impl Queue {
    /// Lanes for `transfers`; none of them is ready yet.
    pub(super) fn new<'a>(transfers: impl IntoIterator<Item = &'a Transfer>) -> Self {
        let mut queue = Self::default();
        let mut lanes: HashMap<&GatewayKey, usize> = HashMap::new();
        for transfer in transfers {
            let first = transfer.endpoints().next().expect("every transfer has a target");
            let lane = *lanes.entry(&first.gateway.address).or_insert_with(|| {
                queue.lanes.push(Lane::default());
                queue.lanes.len() - 1
            });
            queue.lane_of.push(lane);
        }
        queue
    }

    fn rank(&self, lane: usize) -> Option<(usize, Reverse<usize>, usize)> {
        let Lane { ready, busy } = &self.lanes[lane];
        (!ready.is_empty()).then_some((*busy, Reverse(ready.len()), lane))
    }

    fn change(&mut self, lane: usize, change: impl FnOnce(&mut Lane)) {
        if let Some(rank) = self.rank(lane) {
            self.order.remove(&rank);
        }
        change(&mut self.lanes[lane]);
        self.order.extend(self.rank(lane));
    }

    /// Takes the next transfer to work on.
    pub(super) fn take(&mut self) -> Option<Index> {
        let (_, _, lane) = *self.order.first()?;
        let index = self.lanes[lane].ready.front().copied();
        self.change(lane, |lane| {
            lane.ready.pop_front();
            lane.busy += 1;
        });
        index
    }

    /// A transfer that was taken is no longer worked on.
    pub(super) fn release(&mut self, index: Index) {
        self.change(self.lane_of[index], |lane| lane.busy -= 1);
    }

    /// A transfer that was released comes back at `until`.
    pub(super) fn park(&mut self, index: Index, until: Instant) {
        self.parked.push(Reverse((until, index)));
    }

    /// When the next parked transfer is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.parked.peek().map(|Reverse((until, _))| *until)
    }

    /// Puts every transfer that is due by `now` at the end of its lane.
    pub(super) fn wake(&mut self, now: Instant) {
        while self.due().is_some_and(|until| until <= now) {
            if let Some(Reverse((_, index))) = self.parked.pop() {
                self.change(self.lane_of[index], |lane| lane.ready.push_back(index));
            }
        }
    }

    /// Takes everything that is ready, without making it busy.
    pub(super) fn drain_ready(&mut self) -> Vec<Index> {
        self.order.clear();
        self.lanes.iter_mut().flat_map(|lane| lane.ready.drain(..)).collect()
    }

    /// Takes everything that is parked.
    pub(super) fn drain_parked(&mut self) -> Vec<Index> {
        self.parked.drain().map(|Reverse((_, index))| index).collect()
    }

    /// Puts a transfer at the end of its lane.
    pub(super) fn put(&mut self, index: Index) {
        self.change(self.lane_of[index], |lane| lane.ready.push_back(index));
    }
}
