//! Lanes of transfers that go the same way, and which of them is next.
//!
//! A transfer keeps two gateways busy: its source's, then its target's. The run is over when the gateway with most to
//! do is, so that this one must never idle for want of a transfer. Hence list scheduling: the gateway where the fewest
//! transfers are at work goes first, of those the one with the longest work still waiting; a transfer begins only when
//! both its gateways have room.
//!
//! To find it without a search, transfers that go the same way (from and to the same gateways) form a lane, and every
//! lane is listed at one of its two gateways: the one that holds it up. When a lane comes up at a gateway and the other
//! one is the busier (or full, or closed), it moves over to the list of that one, and is found there when that one has
//! room. A pick costs O(log n), and now and then the move of a lane.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap, VecDeque},
};

use super::Index;
use crate::run::limits::{AT_A_GATEWAY, BOUND_FOR_A_GATEWAY};

/// Position of a gateway in the run.
pub(super) type Place = usize;

/// The gateways that a transfer goes through. Without a source of its own: typed, or behind the target's gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Way {
    pub source: Option<Place>,
    pub target: Place,
}

impl Way {
    pub(super) fn gateways(self) -> impl Iterator<Item = Place> {
        self.source.into_iter().chain([self.target])
    }

    fn other(self, place: Place) -> Place {
        if place == self.target { self.source.unwrap_or(place) } else { self.target }
    }
}

/// What a transfer asks of its gateways, in thousandths of a second of their time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Work {
    pub source: u64,
    pub target: u64,
}

/// Where a transfer is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stage {
    /// At its source's gateway, and bound for its target's.
    #[default]
    Source,
    /// At its target's gateway.
    Target,
}

/// Fewest at work, then longest work waiting, then first in the run.
type Rank = (usize, Reverse<u64>, Place);
/// Within a gateway: whose other gateway has most to do in the whole run, then who came first.
type Turn = (Reverse<u64>, u64, usize);

#[derive(Default)]
struct Gateway {
    at_work: usize,
    coming: usize,
    waiting: u64,
    total: u64,
    closed: bool,
    lanes: BTreeSet<Turn>,
    rank: Option<Rank>,
}

impl Gateway {
    fn has_room(&self) -> bool {
        !self.closed && self.at_work < AT_A_GATEWAY && self.busy() < BOUND_FOR_A_GATEWAY
    }

    fn busy(&self) -> usize {
        self.at_work + self.coming
    }
}

struct Waiting {
    index: Index,
    ticket: u64,
    work: Work,
}

struct Lane {
    way: Way,
    waiting: VecDeque<Waiting>,
    listed: Option<(Place, Turn)>,
}

/// All lanes of a run.
#[derive(Default)]
pub(super) struct Lanes {
    gateways: Vec<Gateway>,
    lanes: Vec<Lane>,
    lane_of: HashMap<Way, usize>,
    order: BTreeSet<Rank>,
    tickets: u64,
}

impl Lanes {
    /// Makes known a gateway that a transfer with this work will go through some time.
    pub(super) fn expect(&mut self, way: Way, work: Work) {
        let known = way.gateways().max().map_or(0, |last| last + 1);
        self.gateways.resize_with(self.gateways.len().max(known), Gateway::default);
        self.share(way, work, |gateway, work| gateway.total += work);
    }

    fn share(&mut self, way: Way, work: Work, mut change: impl FnMut(&mut Gateway, u64)) {
        if let Some(source) = way.source {
            change(&mut self.gateways[source], work.source);
        }
        change(&mut self.gateways[way.target], work.target);
    }

    /// A transfer waits at the end of its lane.
    pub(super) fn join(&mut self, index: Index, way: Way, work: Work) {
        self.tickets += 1;
        let lanes = &mut self.lanes;
        let lane = *self.lane_of.entry(way).or_insert_with(|| {
            lanes.push(Lane { way, waiting: VecDeque::new(), listed: None });
            lanes.len() - 1
        });
        self.lanes[lane].waiting.push_back(Waiting { index, ticket: self.tickets, work });
        self.share(way, work, |gateway, work| gateway.waiting += work);
        if self.lanes[lane].listed.is_none() {
            self.list(lane, way.target);
        }
        way.gateways().for_each(|place| self.rank(place));
    }

    /// The next transfer whose gateways both have room. `may_begin` has the last word: a transfer that it turns down
    /// has left its lane.
    pub(super) fn take(&mut self, mut may_begin: impl FnMut(Index) -> bool) -> Option<Index> {
        while let Some((_, _, place)) = self.order.first().copied() {
            let lane = self.gateways[place].lanes.first().expect("a gateway without lanes has no rank").2;
            let other = self.lanes[lane].way.other(place);
            let [here, there] = [place, other].map(|place| &self.gateways[place]);
            if !there.has_room() || there.busy() > here.busy() {
                self.list(lane, other);
                continue;
            }
            let index = self.pop(lane);
            if may_begin(index) {
                return Some(index);
            }
        }
        None
    }

    fn pop(&mut self, lane: usize) -> Index {
        let Waiting { index, work, .. } =
            self.lanes[lane].waiting.pop_front().expect("an empty lane is not listed");
        let (way, listed) = (self.lanes[lane].way, self.lanes[lane].listed);
        self.share(way, work, |gateway, work| gateway.waiting -= work);
        let (place, _) = listed.expect("it was found in a list");
        self.list(lane, place);
        way.gateways().for_each(|place| self.rank(place));
        index
    }

    /// Lists a lane at a gateway, and nowhere else; an empty one nowhere.
    fn list(&mut self, lane: usize, place: Place) {
        if let Some((before, turn)) = self.lanes[lane].listed.take() {
            self.gateways[before].lanes.remove(&turn);
            self.rank(before);
        }
        let Some(first) = self.lanes[lane].waiting.front() else { return };
        let other = self.lanes[lane].way.other(place);
        let turn = (Reverse(self.gateways[other].total), first.ticket, lane);
        self.gateways[place].lanes.insert(turn);
        self.lanes[lane].listed = Some((place, turn));
        self.rank(place);
    }

    /// Puts a gateway where it belongs now, or nowhere if nothing can begin there.
    fn rank(&mut self, place: Place) {
        let gateway = &mut self.gateways[place];
        if let Some(before) = gateway.rank.take() {
            self.order.remove(&before);
        }
        if gateway.has_room() && !gateway.lanes.is_empty() {
            let rank = (gateway.busy(), Reverse(gateway.waiting), place);
            gateway.rank = Some(rank);
            self.order.insert(rank);
        }
    }

    /// A transfer is at work.
    pub(super) fn enter(&mut self, way: Way, stage: Stage) {
        self.change(way, stage, |count| *count += 1);
    }

    /// A transfer is not at work any more.
    pub(super) fn leave(&mut self, way: Way, stage: Stage) {
        self.change(way, stage, |count| *count -= 1);
    }

    fn change(&mut self, way: Way, stage: Stage, mut change: impl FnMut(&mut usize)) {
        match (stage, way.source) {
            (Stage::Source, Some(source)) => {
                change(&mut self.gateways[source].at_work);
                change(&mut self.gateways[way.target].coming);
            }
            (Stage::Source, None) | (Stage::Target, _) => change(&mut self.gateways[way.target].at_work),
        }
        way.gateways().for_each(|place| self.rank(place));
    }

    /// Nothing begins at a closed gateway.
    pub(super) fn close(&mut self, place: Place, closed: bool) {
        self.gateways[place].closed = closed;
        self.rank(place);
    }

    /// Empties all lanes.
    pub(super) fn drain(&mut self) -> Vec<Index> {
        let mut all = Vec::new();
        for lane in 0..self.lanes.len() {
            while !self.lanes[lane].waiting.is_empty() {
                all.push(self.pop(lane));
            }
        }
        all
    }
}
