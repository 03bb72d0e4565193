//! `rehearse`: the real engine on simulated twins of the job's meters, in memory, under a virtual clock, with
//! faults and deaths. The judge is the simulated meter's own record, not what the engine says of itself.
//!
//! ```text
//! step, fault               where something goes wrong; what
//! shape, world              which transfers, what kind of targets; twins and a clock
//! cut, disk                 a program that can be cut off; a ledger that takes its time
//! schedule, play            a cell of the matrix and its number; one schedule from beginning to end
//! judge, unknown            what came of it, by the meters; why nothing could decide
//! command                   what is typed
//! matrix, storm             every cell; random faults over the whole campaign
//! tally, text               counted; told
//! ```

mod command;
mod cut;
mod disk;
mod fault;
mod judge;
mod matrix;
mod play;
mod schedule;
mod shape;
mod step;
mod storm;
mod tally;
mod text;
mod unknown;
mod world;

use std::{
    collections::HashSet,
    future::Future,
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::campaign::{Transfer, Windows};

pub(super) use command::command;
pub use fault::Class;
pub use judge::Verdict;
pub use step::Step;
pub use tally::{Counts, Example, Tally};
pub use text::{json, text};
pub use unknown::Why;

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Every cell of the matrix, with every death; without it some of them.
    pub long: bool,
    /// How many storms.
    pub storms: u64,
    /// Which storms: their numbers begin here.
    pub seed: u64,
}

impl Effort {
    /// For a minute before a campaign.
    pub const SHORT: Self = Self { long: false, storms: 60, seed: 0 };
    /// For every change of the engine.
    pub const LONG: Self = Self { long: true, storms: 20_000, seed: 0 };
}

/// What was tried and what came of it.
#[derive(Debug)]
pub struct Rehearsal {
    /// The shapes of the matrix, in words.
    pub shapes: Vec<Arc<str>>,
    /// Transfers in every storm.
    pub transfers: usize,
    /// Counts, by everything.
    pub tally: Tally,
}

/// In its short form the matrix takes so many shapes, and of their cells so many.
const FEW_SHAPES: usize = 3;
const FEW: matrix::Thrift = matrix::Thrift { deaths: 17, second_deaths: 11, appends: 7 };
const ALL: matrix::Thrift = matrix::Thrift { deaths: 1, second_deaths: 1, appends: 1 };

/// Tries `transfers` on their twins, on all cores.
pub fn rehearse(transfers: &[Arc<Transfer>], effort: Effort) -> Rehearsal {
    let mut shapes = shape::shapes(&playable(transfers));
    if !effort.long {
        shapes.truncate(FEW_SHAPES);
    }
    let crowd = storm::crowd(&playable(transfers));
    let thrift = if effort.long { ALL } else { FEW };
    let items = matrix::items(&shapes, thrift);
    let storms = if crowd.is_empty() { 0 } else { usize::try_from(effort.storms).unwrap_or(usize::MAX) };
    let tally = on_all_cores(items.len().saturating_add(storms), |number, tally| match items.get(number) {
        Some(item) => matrix::play_item(&shapes, *item, thrift, tally),
        None => storm::play_storm(&crowd, storm::seed(effort.seed, number - items.len()), tally),
    });
    Rehearsal { shapes: matrix::shown(&shapes), transfers: crowd.len(), tally }
}

/// Plays the one schedule with this number; nothing if the job has none.
pub fn replay(transfers: &[Arc<Transfer>], seed: u64) -> Option<Rehearsal> {
    let shapes = shape::shapes(&playable(transfers));
    let crowd = storm::crowd(&playable(transfers));
    let mut tally = Tally::default();
    if storm::is_storm(seed) {
        storm::play_storm(&crowd, seed, &mut tally);
    } else {
        matrix::replay(&shapes, schedule::Schedule::from_seed(seed), &mut tally)?;
    }
    Some(Rehearsal { shapes: matrix::shown(&shapes), transfers: crowd.len(), tally })
}

/// What can go wrong does not depend on the time of the day: a rehearsal has no windows.
fn at_any_time(transfer: &Arc<Transfer>) -> Arc<Transfer> {
    let mut transfer = Arc::clone(transfer);
    if !transfer.options.window.is_always() {
        Arc::make_mut(&mut transfer).options.window = Windows::default();
    }
    transfer
}

/// Transfers between two meters that are both there, with meters that no earlier one has.
fn playable(transfers: &[Arc<Transfer>]) -> Vec<Arc<Transfer>> {
    let mut taken = HashSet::new();
    let mut is_apart = |transfer: &Transfer| {
        let places: Vec<_> =
            transfer.endpoints().map(|endpoint| (endpoint.gateway.address.clone(), endpoint.unit)).collect();
        let free =
            places.len() == 2 && !transfer.is_swap() && !places.iter().any(|place| taken.contains(place));
        if free {
            taken.extend(places);
        }
        free
    };
    transfers.iter().filter(|transfer| is_apart(transfer)).map(at_any_time).collect()
}

/// Does every number below `many`, in no order, with a tally a thread.
fn on_all_cores(many: usize, act: impl Fn(usize, &mut Tally) + Sync) -> Tally {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut tally = Tally::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= many {
                return tally;
            }
            act(number, &mut tally);
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let mut all = Tally::default();
        for thread in threads {
            all.merge(thread.join().expect("a schedule that panics is a defect, and has been told"));
        }
        all
    })
}

/// A runtime of its own, whose clock only goes when everybody waits for it.
fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without threads and sockets needs nothing");
    runtime.block_on(work)
}
