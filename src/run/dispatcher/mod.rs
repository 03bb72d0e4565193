//! The dispatcher: owns the run's truth. It hands transfers to workers, puts every fact into the ledger before
//! the worker goes on, tells what happens, and gives every transfer exactly one outcome.

mod begin;
mod control;
mod end;
mod record;
mod tell;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, oneshot},
    task::{Id, JoinSet},
    time::Instant,
};

use super::{
    Capacity, Claims, Clock, Event, Gates, Limits, Reckoning, Stop, StopLevel, StopReason, TransferResult,
    limits::INBOX,
    queue::{Index, Queue},
    stop::Rest,
    watch::Watch,
    worker::{Message, Released, Tools},
};
use crate::{
    campaign::{Transfer, TransferKey},
    ledger::{Head, Ledger, LedgerError},
    modbus::{Connect, Trace},
    transfer::{Author, Fact, Machine, Outcome, Step},
};

/// How a run is to be done.
pub struct RunSettings {
    /// Names the run in the record.
    pub run: Arc<str>,
    /// Who started it, and from which revision of the job: recorded with every transfer that is taken up.
    pub author: Author,
    /// How many transfers are worked on at a time, if there are connections for as many.
    pub parallel: usize,
    /// How many connections to gateways may be open at a time.
    pub connections: usize,
    /// Makes retry delays repeatable.
    pub seed: u64,
    /// The clock for the machines.
    pub clock: Clock,
    /// Makes connections.
    pub connector: Arc<dyn Connect>,
    /// Where frames are written.
    pub trace: Option<Trace>,
    /// Asks the run to stop.
    pub stop: Stop,
    /// Stage and check only: never send 6209.
    pub until_check: bool,
    /// What it stops for by itself.
    pub limits: Limits,
    /// How often to tell how the run stands ([`Event::Pulse`]).
    pub pulse: Option<Duration>,
}

/// How a run ended.
#[derive(Debug)]
pub struct RunReport {
    /// One result a transfer, in the order given.
    pub results: Vec<Arc<TransferResult>>,
    /// Why the ledger stopped recording, if it did.
    pub ledger_broken: Option<String>,
    /// A defect in this program, if one showed.
    pub defect: Option<String>,
    /// How far the ledger has come; nothing if it keeps no chain, or cannot be read.
    pub ledger_head: Option<Head>,
    /// Whether somebody asked the run to stop.
    pub stopped: bool,
    /// Why it began nothing new from some instant on, if so: the first reason, or that the ledger broke.
    pub stopping: Option<Arc<StopReason>>,
    /// How long it took.
    pub elapsed: Duration,
    /// What was expected of the wires, and what was asked of them; nothing where there was no run.
    pub reckoning: Option<Reckoning>,
}

/// Does `transfers`, and tells what happens to `listen`.
pub async fn run(
    transfers: Vec<Arc<Transfer>>,
    ledger: Arc<dyn Ledger>,
    settings: RunSettings,
    listen: &mut (dyn FnMut(Event) + Send),
) -> RunReport {
    let began = Instant::now();
    let endpoints = transfers.iter().flat_map(|transfer| transfer.endpoints());
    let connector = Arc::clone(&settings.connector);
    let gates = Arc::new(Gates::new(endpoints, connector, settings.trace.clone(), settings.connections));
    let capacity = Capacity::new(settings.parallel, settings.connections, gates.count());
    let (sender, mut inbox) = mpsc::channel(INBOX);
    let (rest, heeded) = Rest::new(settings.stop.clone());
    let tools = Tools {
        gates,
        dispatcher: sender,
        clock: settings.clock,
        stop: heeded,
        seen: Arc::default(),
        spent: Arc::default(),
        at_rest: Arc::default(),
    };
    listen(Event::RunBegan {
        run: Arc::clone(&settings.run),
        transfers: transfers.len(),
        gateways: tools.gates.count(),
        capacity,
        deadline: settings.limits.deadline.clone(),
    });
    let mut dispatcher = Dispatcher {
        queue: Queue::new(transfers.iter().map(|transfer| &**transfer)),
        results: vec![None; transfers.len()],
        watch: Watch::new(&transfers, settings.until_check),
        pulse_due: settings.pulse.map(|every| began + every),
        transfers,
        ledger,
        settings,
        capacity,
        tools,
        listen,
        workers: JoinSet::new(),
        working: HashMap::new(),
        parked: HashMap::new(),
        pausing: HashSet::new(),
        durable: FuturesUnordered::new(),
        ledger_broken: None,
        defect: None,
        level: StopLevel::Go,
        rest,
        stopping: None,
        gone_wrong: Vec::new(),
        claims: Claims::default(),
    };
    dispatcher.learn_from_ledger();
    dispatcher.foresee();
    let canaries = dispatcher.canaries();
    // Where a command may be on its way, its target is looked at and fenced before anything new begins.
    let (open, others) = (0..dispatcher.transfers.len())
        .partition(|index| dispatcher.claims.left_open(&dispatcher.transfers[*index].key));
    dispatcher.dispatch(open, &mut inbox).await;
    let (first, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|index| canaries.contains(index));
    for wave in waves(&dispatcher.transfers, first) {
        dispatcher.dispatch(wave, &mut inbox).await;
    }
    if !others.is_empty() {
        dispatcher.heed_canaries(&canaries);
    }
    for wave in waves(&dispatcher.transfers, others) {
        dispatcher.dispatch(wave, &mut inbox).await;
    }
    dispatcher.bring_to_disk().await;
    dispatcher.report(began.elapsed())
}

/// A fact that waits to be durable.
struct Awaited {
    index: Index,
    step: Step,
    attempt: u32,
    fact: Arc<Fact>,
    answer: oneshot::Sender<Result<(), String>>,
}

struct Dispatcher<'a> {
    transfers: Vec<Arc<Transfer>>,
    results: Vec<Option<Arc<TransferResult>>>,
    queue: Queue,
    ledger: Arc<dyn Ledger>,
    settings: RunSettings,
    capacity: Capacity,
    tools: Tools,
    listen: &'a mut (dyn FnMut(Event) + Send),
    workers: JoinSet<(Index, Released)>,
    working: HashMap<Id, Index>,
    parked: HashMap<Index, Box<Machine>>,
    /// Of those, the ones that wait in the middle of what they write or verify: they count for `--parallel`.
    pausing: HashSet<Index>,
    durable: FuturesUnordered<BoxFuture<'static, (Awaited, Result<(), LedgerError>)>>,
    ledger_broken: Option<String>,
    defect: Option<String>,
    level: StopLevel,
    /// Lets the workers come to rest.
    rest: Rest,
    stopping: Option<Arc<StopReason>>,
    /// The transfers that count for `--max-fail`.
    gone_wrong: Vec<(TransferKey, Outcome)>,
    claims: Claims,
    watch: Watch,
    pulse_due: Option<Instant>,
}

impl Dispatcher<'_> {
    /// Does these transfers, until all of them have ended.
    async fn dispatch(&mut self, transfers: Vec<Index>, inbox: &mut mpsc::Receiver<Message>) {
        transfers.into_iter().for_each(|index| self.queue.put(index));
        let mut stop = self.settings.stop.clone();
        self.heed(stop.level());
        loop {
            self.heed_deadline();
            self.begin_what_may();
            if self.workers.is_empty() && self.queue.due().is_none() {
                break;
            }
            let due = self.queue.due();
            let deadline = self.until_deadline();
            let may_wake = self.workers.len() < self.capacity.parallel;
            tokio::select! {
                biased;
                Some((awaited, result)) = self.durable.next() => self.durable_now(awaited, result),
                Some(message) = inbox.recv() => {
                    self.message(message);
                    // A worker has one message at a time: those that came meanwhile are few.
                    while let Ok(message) = inbox.try_recv() {
                        self.message(message);
                    }
                }
                Some(ended) = self.workers.join_next_with_id() => self.worker_ended(ended),
                () = stop.changed() => self.heed(stop.level()),
                () = tokio::time::sleep(deadline.unwrap_or_default()), if deadline.is_some() => {}
                () = sleep_until(due), if due.is_some() && may_wake => self.queue.wake(Instant::now()),
                () = sleep_until(self.pulse_due), if self.pulse_due.is_some() => self.pulse(),
            }
        }
    }

    /// What need not be durable at once is recorded before the run is over.
    async fn bring_to_disk(&mut self) {
        while let Some((awaited, result)) = self.durable.next().await {
            self.durable_now(awaited, result);
        }
        if let Err(error) = self.ledger.flush().await {
            self.broken(&error);
        }
    }

    fn heed(&mut self, level: StopLevel) {
        if level == self.level {
            return;
        }
        self.level = level;
        let reason = Arc::new(StopReason::Signal);
        self.stopping.get_or_insert_with(|| Arc::clone(&reason));
        (self.listen)(Event::Stopping { reason, now: level == StopLevel::Now });
        if level == StopLevel::Now {
            self.workers.abort_all();
        }
    }

    fn report(mut self, elapsed: Duration) -> RunReport {
        self.last_pulse();
        let reckoning = self.reckoning(elapsed);
        let results: Vec<_> =
            self.results.into_iter().map(|result| result.expect("every transfer has ended")).collect();
        let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
        for result in &results {
            *counts.entry(result.outcome).or_default() += 1;
        }
        (self.listen)(Event::RunEnded { counts: counts.into_iter().collect(), elapsed });
        RunReport {
            results,
            ledger_broken: self.ledger_broken,
            defect: self.defect,
            // A ledger that cannot be read has been told of, or will be when it is read next.
            ledger_head: self.ledger.head().ok().flatten(),
            stopped: self.level > StopLevel::Go,
            stopping: self.stopping,
            elapsed,
            reckoning: Some(reckoning),
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Transfers in the order that `after` asks for: each wave ends before the next begins, so that no two transfers that
/// follow each other are on their way to one target at a time. Those that follow each other in a circle come last.
fn waves(transfers: &[Arc<Transfer>], mut left: Vec<Index>) -> Vec<Vec<Index>> {
    let mut waves = Vec::new();
    while !left.is_empty() {
        let keys: HashSet<&TransferKey> = left.iter().map(|index| &transfers[*index].key).collect();
        let follows = |index: &Index| transfers[*index].after.iter().any(|key| keys.contains(key));
        let (later, now): (Vec<_>, Vec<_>) = left.iter().copied().partition(follows);
        if now.is_empty() {
            waves.extend(later.into_iter().map(|index| vec![index]));
            break;
        }
        waves.push(now);
        left = later;
    }
    waves
}
