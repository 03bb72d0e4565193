//! Who is next. Every transfer that has not ended is worked on, ready in its lane, or set aside; this room says which
//! begins when there is a place. It knows no machines, no tasks and no wires.
//!
//! - Before anything else, whoever is in the middle of its procedure and waited long enough goes on.
//! - Transfers of one unit go one after the other: if it is dead, only one of them finds that out.
//! - A transfer whose meter kept silent comes back when every other transfer behind that gateway has ended, or waits
//!   for a silent meter itself: so each dead unit costs its neighbours one request timeout. Two of them cannot wait for
//!   each other, since nobody waits for one that is put back.
//! - A gateway that cannot be reached is closed: nothing begins behind it, and of those who found out one at a time is
//!   sent back to try it.

mod entry;
mod lanes;

#[cfg(test)]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use tokio::time::Instant;

pub(super) use self::entry::Aside;
use self::{
    entry::{Entry, Map, State},
    lanes::{Lanes, Place, Stage},
};
use crate::campaign::{Role, Transfer};

/// Position of a transfer in the run.
pub(super) type Index = usize;

#[derive(Default)]
struct Gateway {
    /// Transfers that go first: not ended, and without a silent meter.
    healthy: usize,
    /// Wait for those.
    behind: Vec<Index>,
    /// Wait until the gateway can be reached.
    unreached: VecDeque<Index>,
    /// Sent back to try it.
    probe: Option<Index>,
    closed: bool,
}

#[derive(Default)]
struct Unit {
    transfers: Vec<Index>,
    at_work: usize,
    waiting: VecDeque<Index>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Transfer(Index),
    Gateway(Place),
}

/// The transfers of a run, by who is next.
#[derive(Default)]
pub(super) struct Queue {
    entries: Vec<Entry>,
    gateways: Vec<Gateway>,
    units: Vec<Unit>,
    lanes: Lanes,
    due: VecDeque<Index>,
    timers: BinaryHeap<Reverse<(Instant, Timer)>>,
    /// Ready or parked.
    waiting: usize,
}

impl Queue {
    /// Knows `transfers`; none of them is ready yet.
    pub(super) fn new<'a>(transfers: impl IntoIterator<Item = &'a Transfer>) -> Self {
        let mut queue = Self::default();
        let mut map = Map::default();
        for (index, transfer) in transfers.into_iter().enumerate() {
            let entry = map.entry(transfer);
            queue.lanes.expect(entry.way, entry.work);
            queue.units.resize_with(map.units(), Unit::default);
            entry.units().for_each(|unit| queue.units[unit].transfers.push(index));
            queue.entries.push(entry);
        }
        queue.gateways.resize_with(map.gateways(), Gateway::default);
        queue
    }

    /// Puts a transfer at the end of its lane.
    pub(super) fn put(&mut self, index: Index) {
        let entry = &mut self.entries[index];
        entry.counted = true;
        entry.way.gateways().for_each(|place| self.gateways[place].healthy += 1);
        self.ready(index);
    }

    /// Takes the next transfer to work on; only one that goes on where it was, unless one may begin.
    pub(super) fn take(&mut self, may_begin: bool) -> Option<Index> {
        let begins = |queue: &mut Self| if may_begin { queue.take_from_lanes() } else { None };
        let index = self.due.pop_front().or_else(|| begins(self))?;
        self.set(index, State::Working);
        let entry = &self.entries[index];
        entry.units().for_each(|unit| self.units[unit].at_work += 1);
        self.lanes.enter(entry.way, entry.stage);
        Some(index)
    }

    fn take_from_lanes(&mut self) -> Option<Index> {
        let Self { lanes, entries, gateways, units, .. } = self;
        lanes.take(|index| {
            let entry = &entries[index];
            if let Some(place) = entry.behind.filter(|place| gateways[*place].healthy > 0) {
                gateways[place].behind.push(index);
                return false;
            }
            if let Some(unit) = entry.units().find(|unit| units[*unit].at_work > 0) {
                units[unit].waiting.push_back(index);
                return false;
            }
            true
        })
    }

    /// The source of a transfer that is worked on has been read: the target is next.
    pub(super) fn source_read(&mut self, index: Index) {
        let entry = &mut self.entries[index];
        if entry.state == State::Working && entry.stage == Stage::Source {
            self.lanes.leave(entry.way, entry.stage);
            entry.stage = Stage::Target;
            self.lanes.enter(entry.way, entry.stage);
        }
    }

    /// A transfer got on: if it was sent to try a gateway, others may try it as well.
    pub(super) fn gets_on(&mut self, index: Index) {
        for place in self.entries[index].way.gateways() {
            if self.gateways[place].probe == Some(index) {
                self.open(place);
            }
        }
    }

    fn open(&mut self, place: Place) {
        let gateway = &mut self.gateways[place];
        (gateway.probe, gateway.closed) = (None, false);
        let unreached = std::mem::take(&mut gateway.unreached);
        self.lanes.close(place, false);
        unreached.into_iter().for_each(|index| self.come_back(index));
    }

    /// A transfer that was taken is no longer worked on.
    pub(super) fn release(&mut self, index: Index) {
        let entry = &self.entries[index];
        self.lanes.leave(entry.way, entry.stage);
        let units: Vec<usize> = entry.units().collect();
        self.set(index, State::Out);
        for unit in units {
            self.units[unit].at_work -= 1;
            if self.units[unit].at_work > 0 {
                continue;
            }
            if let Some(next) = self.units[unit].waiting.pop_front() {
                self.ready(next);
            }
        }
    }

    /// A transfer that was released comes back at `until`, or later if others go first.
    pub(super) fn park(&mut self, index: Index, until: Instant, why: Aside) {
        self.set(index, State::Parked);
        let entry = &mut self.entries[index];
        entry.midway = match why {
            Aside::Pause | Aside::Unreached(_) => true,
            Aside::Again => false,
            Aside::Silent { again, .. } => !again,
        };
        if !entry.midway {
            entry.stage = Stage::Source;
        }
        let timer = match why {
            Aside::Unreached(role) => {
                let place = entry.place(role);
                self.close(place, index);
                Timer::Gateway(place)
            }
            Aside::Silent { role, .. } => {
                self.silent(index, role);
                Timer::Transfer(index)
            }
            Aside::Pause | Aside::Again => Timer::Transfer(index),
        };
        self.gets_on(index);
        self.timers.push(Reverse((until, timer)));
    }

    /// `index` found that a gateway cannot be reached: whoever waits longest tries it next.
    fn close(&mut self, place: Place, index: Index) {
        let gateway = &mut self.gateways[place];
        gateway.closed = true;
        gateway.unreached.push_back(index);
        if gateway.probe == Some(index) {
            gateway.probe = None;
        }
        self.lanes.close(place, true);
    }

    /// All transfers of a silent meter are put back: the next of them would only find the same.
    fn silent(&mut self, index: Index, role: Role) {
        let entry = &self.entries[index];
        let place = entry.place(role);
        let unit = entry.unit(role);
        for index in self.units[unit].transfers.clone() {
            if self.entries[index].counted {
                self.entries[index].behind = Some(place);
                self.discount(index);
            }
        }
        self.entries[index].behind = Some(place);
    }

    /// Nobody waits for this transfer any more.
    fn discount(&mut self, index: Index) {
        let entry = &mut self.entries[index];
        if !std::mem::take(&mut entry.counted) {
            return;
        }
        for place in entry.way.gateways() {
            self.gateways[place].healthy -= 1;
            if self.gateways[place].healthy == 0 {
                let behind = std::mem::take(&mut self.gateways[place].behind);
                behind.into_iter().for_each(|index| self.come_back(index));
            }
        }
    }

    /// A transfer has its outcome.
    pub(super) fn ended(&mut self, index: Index) {
        self.gets_on(index);
        self.discount(index);
    }

    /// When something is due next.
    pub(super) fn due(&self) -> Option<Instant> {
        self.timers.peek().map(|Reverse((until, _))| *until)
    }

    /// Brings back what is due by `now`.
    pub(super) fn wake(&mut self, now: Instant) {
        while self.due().is_some_and(|until| until <= now) {
            match self.timers.pop() {
                Some(Reverse((_, Timer::Transfer(index)))) => self.come_back(index),
                Some(Reverse((_, Timer::Gateway(place)))) => self.try_again(place),
                None => {}
            }
        }
    }

    fn try_again(&mut self, place: Place) {
        let gateway = &mut self.gateways[place];
        if gateway.probe.is_some() {
            return;
        }
        gateway.probe = gateway.unreached.pop_front();
        match gateway.probe {
            Some(index) => self.come_back(index),
            None => self.open(place),
        }
    }

    /// A parked transfer may go on, unless others go first.
    fn come_back(&mut self, index: Index) {
        let entry = &self.entries[index];
        if entry.state != State::Parked && entry.state != State::Ready {
            return;
        }
        match entry.behind.filter(|place| self.gateways[*place].healthy > 0) {
            Some(place) => self.gateways[place].behind.push(index),
            None if entry.midway => {
                self.set(index, State::Due);
                self.due.push_back(index);
            }
            None => self.ready(index),
        }
    }

    fn ready(&mut self, index: Index) {
        self.set(index, State::Ready);
        let entry = &self.entries[index];
        self.lanes.join(index, entry.way, entry.work);
    }

    /// Takes everything that waits for its turn or its time, without making it busy. Who is about to go on stays.
    pub(super) fn drain(&mut self) -> Vec<Index> {
        if self.waiting == 0 {
            return Vec::new();
        }
        self.timers.clear();
        self.lanes.drain();
        for unit in &mut self.units {
            unit.waiting.clear();
        }
        for (place, gateway) in self.gateways.iter_mut().enumerate() {
            gateway.behind.clear();
            gateway.unreached.clear();
            (gateway.probe, gateway.closed) = (None, false);
            self.lanes.close(place, false);
        }
        let waits = |index: &Index| matches!(self.entries[*index].state, State::Ready | State::Parked);
        let drained: Vec<Index> = (0..self.entries.len()).filter(waits).collect();
        drained.iter().for_each(|index| self.set(*index, State::Out));
        drained
    }

    /// Takes everything that is about to go on.
    pub(super) fn drain_due(&mut self) -> Vec<Index> {
        let drained: Vec<Index> = self.due.drain(..).collect();
        drained.iter().for_each(|index| self.set(*index, State::Out));
        drained
    }

    /// A transfer that was drained goes on at once, whoever else waits.
    pub(super) fn go_on(&mut self, index: Index) {
        self.set(index, State::Due);
        self.due.push_back(index);
    }

    fn set(&mut self, index: Index, state: State) {
        let waits = |state| matches!(state, State::Ready | State::Parked);
        let before = std::mem::replace(&mut self.entries[index].state, state);
        self.waiting -= usize::from(waits(before));
        self.waiting += usize::from(waits(state));
    }
}
