//! The dispatcher: owns the run's truth. It hands transfers to workers, puts every fact into the ledger before
//! the worker goes on, tells what happens, and gives every transfer exactly one outcome.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, oneshot},
    task::{Id, JoinError, JoinSet},
    time::Instant,
};

use super::{
    Claims, Clock, Event, Gates, Stop, StopLevel, TransferResult,
    queue::{Index, Queue},
    worker::{Message, Released, Tools, work},
};
use crate::{
    campaign::Transfer,
    ledger::{Ledger, LedgerError},
    modbus::{Connect, Trace},
    transfer::{Ending, Fact, History, Machine, MachineSettings, Outcome, Phase, Recorded, Step},
};

/// Messages on their way to the dispatcher: a worker has one at a time, so this is room for all at the
/// largest `--parallel`.
const INBOX: usize = 1024;

/// How a run is to be done.
pub struct RunSettings {
    /// Names the run in the record.
    pub run: Arc<str>,
    /// How many transfers are worked on at a time.
    pub parallel: usize,
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
    /// Whether somebody asked the run to stop.
    pub stopped: bool,
    /// How long it took.
    pub elapsed: Duration,
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
    let gates = Arc::new(Gates::new(endpoints, Arc::clone(&settings.connector), settings.trace.clone()));
    let (sender, mut inbox) = mpsc::channel(INBOX);
    let tools = Tools { gates, dispatcher: sender, clock: settings.clock, stop: settings.stop.clone() };
    listen(Event::RunBegan {
        run: Arc::clone(&settings.run),
        transfers: transfers.len(),
        gateways: tools.gates.count(),
        parallel: settings.parallel,
    });
    let mut dispatcher = Dispatcher {
        queue: Queue::new(transfers.iter().map(|transfer| &**transfer)),
        results: vec![None; transfers.len()],
        transfers,
        ledger,
        settings,
        tools,
        listen,
        workers: JoinSet::new(),
        working: HashMap::new(),
        parked: HashMap::new(),
        durable: FuturesUnordered::new(),
        ledger_broken: None,
        defect: None,
        level: StopLevel::Go,
        claims: Claims::default(),
    };
    dispatcher.learn_claims();
    // Where a command may be on its way, its target is looked at and fenced before anything new begins.
    let (open, others) = (0..dispatcher.transfers.len()).partition(|index| dispatcher.is_open(*index));
    dispatcher.dispatch(open, &mut inbox).await;
    dispatcher.dispatch(others, &mut inbox).await;
    dispatcher.bring_to_disk().await;
    dispatcher.report(began.elapsed())
}

/// A fact that waits to be durable.
struct Awaited {
    index: Index,
    step: Step,
    attempt: u32,
    fact: Arc<Fact>,
    answer: Option<oneshot::Sender<Result<(), String>>>,
}

struct Dispatcher<'a> {
    transfers: Vec<Arc<Transfer>>,
    results: Vec<Option<Arc<TransferResult>>>,
    queue: Queue,
    ledger: Arc<dyn Ledger>,
    settings: RunSettings,
    tools: Tools,
    listen: &'a mut (dyn FnMut(Event) + Send),
    workers: JoinSet<(Index, Released)>,
    working: HashMap<Id, Index>,
    parked: HashMap<Index, Box<Machine>>,
    durable: FuturesUnordered<BoxFuture<'static, (Awaited, Result<(), LedgerError>)>>,
    ledger_broken: Option<String>,
    defect: Option<String>,
    level: StopLevel,
    claims: Claims,
}

impl Dispatcher<'_> {
    /// Whether an earlier run left an intent open. A record that cannot be read shows when it is needed.
    fn is_open(&self, index: Index) -> bool {
        self.history(index).is_ok_and(|history| matches!(history.phase(), Phase::Open | Phase::Committed))
    }

    /// Does these transfers, until all of them have ended.
    async fn dispatch(&mut self, transfers: Vec<Index>, inbox: &mut mpsc::Receiver<Message>) {
        transfers.into_iter().for_each(|index| self.queue.put(index));
        let mut stop = self.settings.stop.clone();
        self.heed(stop.level());
        loop {
            self.begin_what_may();
            if self.workers.is_empty() && self.queue.due().is_none() {
                break;
            }
            let due = self.queue.due();
            let may_wake = self.workers.len() < self.settings.parallel;
            tokio::select! {
                biased;
                Some((awaited, result)) = self.durable.next() => self.durable_now(awaited, result),
                Some(message) = inbox.recv() => self.message(message),
                Some(ended) = self.workers.join_next_with_id() => self.worker_ended(ended),
                () = stop.changed() => self.heed(stop.level()),
                () = sleep_until(due), if due.is_some() && may_wake => self.queue.wake(Instant::now()),
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

    // --- beginning ---

    fn learn_claims(&mut self) {
        let ledger = Arc::clone(&self.ledger);
        match Claims::of(&*ledger) {
            Ok(claims) => self.claims = claims,
            Err(error) => self.broken(&error),
        }
    }

    fn begin_what_may(&mut self) {
        if self.level >= StopLevel::Rest || self.ledger_broken.is_some() {
            self.begin_nothing_new();
        }
        while self.workers.len() < self.settings.parallel {
            let Some(index) = self.queue.take() else { break };
            let machine = match self.parked.remove(&index) {
                Some(machine) => machine,
                None => match self.machine(index) {
                    Ok(machine) => machine,
                    Err(error) => {
                        self.queue.release(index);
                        self.broken(&error);
                        self.give_up(index, "its record cannot be read", "repair the ledger, then run again");
                        continue;
                    }
                },
            };
            let tools = self.tools.clone();
            let handle = self.workers.spawn(async move { (index, work(index, machine, tools).await) });
            self.working.insert(handle.id(), index);
        }
    }

    /// Transfers that were not begun are given up; those that wait for another try are let come to rest, and
    /// those with an open intent are settled.
    fn begin_nothing_new(&mut self) {
        let waiting =
            self.queue.drain_parked().into_iter().chain(self.queue.drain_ready()).collect::<Vec<_>>();
        for index in waiting {
            if self.parked.contains_key(&index) && self.level < StopLevel::Now && self.ledger_broken.is_none()
            {
                self.queue.put(index);
                continue;
            }
            self.parked.remove(&index);
            let (reason, hint) = match &self.ledger_broken {
                Some(error) => (
                    format!("not begun: the ledger cannot record ({error})"),
                    "repair the ledger, then run again",
                ),
                None => ("not begun: the run was stopped".to_owned(), "run again"),
            };
            self.give_up(index, &reason, hint);
        }
    }

    fn machine(&mut self, index: Index) -> Result<Box<Machine>, LedgerError> {
        let plan = Arc::clone(&self.transfers[index]);
        let history = self.history(index)?;
        let claimed_by = self.claims.against(&plan).cloned();
        if claimed_by.is_none() {
            self.claims.claim(&plan);
        }
        let settings = MachineSettings {
            run: Arc::clone(&self.settings.run),
            seed: self.settings.seed ^ hash(&plan.key),
            until_check: self.settings.until_check,
        };
        Ok(Box::new(Machine::new(plan, history, settings, claimed_by)))
    }

    fn history(&self, index: Index) -> Result<History, LedgerError> {
        let key = &self.transfers[index].key;
        Ok(self.ledger.record(key)?.history)
    }

    // --- recording ---

    fn message(&mut self, message: Message) {
        let Message::Record { index, recorded, step, attempt, answer } = message;
        if let (Some(error), Fact::Intended(_)) = (&self.ledger_broken, &recorded.fact) {
            let _ = answer.send(Err(error.clone()));
            return;
        }
        self.append(index, recorded, step, attempt, answer);
    }

    fn append(
        &mut self,
        index: Index,
        recorded: Recorded,
        step: Step,
        attempt: u32,
        answer: oneshot::Sender<Result<(), String>>,
    ) {
        let fact = Arc::new(recorded.fact.clone());
        let ticket = self.ledger.append(&self.transfers[index].key, recorded);
        let answer = if fact.must_be_durable() {
            Some(answer)
        } else {
            self.recorded(index, step, attempt, &fact);
            let _ = answer.send(Ok(()));
            None
        };
        let awaited = Awaited { index, step, attempt, fact, answer };
        self.durable.push(async move { (awaited, ticket.await) }.boxed());
    }

    fn durable_now(&mut self, awaited: Awaited, result: Result<(), LedgerError>) {
        let Awaited { index, step, attempt, fact, answer } = awaited;
        if let Err(error) = &result {
            self.broken(error);
        } else if answer.is_some() {
            self.recorded(index, step, attempt, &fact);
        }
        if let Some(answer) = answer {
            let _ = answer.send(result.map_err(|error| error.to_string()));
        }
    }

    fn recorded(&mut self, index: Index, step: Step, attempt: u32, fact: &Arc<Fact>) {
        let transfer = Arc::clone(&self.transfers[index]);
        (self.listen)(Event::Recorded { transfer, step, attempt, fact: Arc::clone(fact) });
    }

    fn broken(&mut self, error: &LedgerError) {
        if self.ledger_broken.is_none() {
            self.ledger_broken = Some(error.to_string());
            (self.listen)(Event::LedgerBroken { error: error.to_string() });
        }
    }

    // --- ending ---

    fn worker_ended(&mut self, ended: Result<(Id, (Index, Released)), JoinError>) {
        match ended {
            Ok((id, (index, released))) => {
                self.working.remove(&id);
                self.queue.release(index);
                self.released(index, released);
            }
            Err(error) => {
                let Some(index) = self.working.remove(&error.id()) else { return };
                self.queue.release(index);
                self.lost(index, &error);
            }
        }
    }

    fn released(&mut self, index: Index, released: Released) {
        match released {
            Released::Parked { machine, delay } => {
                (self.listen)(Event::Retrying {
                    transfer: Arc::clone(&self.transfers[index]),
                    attempt: machine.attempt(),
                    delay,
                    reason: machine.setback().unwrap_or_default().to_owned(),
                });
                self.parked.insert(index, machine);
                self.queue.park(index, Instant::now() + delay);
            }
            Released::Ended { machine, ending } => {
                self.end(index, machine.history(), ending, machine.attempts());
            }
            Released::NotRecorded { machine, error } => {
                let ending = unrecorded(machine.history().phase(), &error);
                self.end(index, machine.history(), ending, machine.attempts());
            }
            Released::Defect { machine, error } => {
                self.defect.get_or_insert_with(|| format!("{}: {error}", self.transfers[index].key));
                let ending =
                    interrupted(machine.history().phase(), &format!("a defect in meterferry: {error}"));
                self.end(index, machine.history(), ending, machine.attempts());
            }
        }
    }

    /// A worker that panicked, or was told to let go at once. What is durable says what may have happened.
    fn lost(&mut self, index: Index, error: &JoinError) {
        let why = if error.is_panic() {
            self.defect.get_or_insert_with(|| format!("{}: a worker panicked", self.transfers[index].key));
            "a defect in meterferry: the worker panicked"
        } else {
            "stopped at once"
        };
        let Ok(history) = self.history(index) else { return self.end_unreadable(index) };
        let ending = interrupted(history.phase(), why);
        self.end(index, &history, ending, 1);
    }

    fn give_up(&mut self, index: Index, reason: &str, hint: &str) {
        let Ok(history) = self.history(index) else { return self.end_unreadable(index) };
        let ending = match history.phase() {
            Phase::Idle | Phase::Done | Phase::Mismatch => {
                Ending { outcome: Outcome::NotRun, reason: reason.to_owned(), hint: Some(hint.to_owned()) }
            }
            phase @ (Phase::Open | Phase::Committed) => interrupted(phase, reason),
        };
        self.end(index, &history, ending, 0);
    }

    /// A transfer whose record cannot be read: an intent may be open in it.
    fn end_unreadable(&mut self, index: Index) {
        let ending = Ending {
            outcome: Outcome::Unknown,
            reason: "its record in the ledger cannot be read: what was done is not known".to_owned(),
            hint: Some("restore the ledger from a copy, then run again".to_owned()),
        };
        self.end(index, &History::default(), ending, 0);
    }

    fn end(&mut self, index: Index, history: &History, ending: Ending, attempts: u32) {
        let transfer = Arc::clone(&self.transfers[index]);
        if history.phase() == Phase::Idle {
            self.claims.release(&transfer);
        }
        let result = Arc::new(TransferResult::new(transfer, history, ending, attempts));
        debug_assert!(self.results[index].is_none(), "a transfer has one outcome");
        self.results[index] = Some(Arc::clone(&result));
        (self.listen)(Event::Ended(result));
    }

    // --- stopping ---

    fn heed(&mut self, level: StopLevel) {
        if level == self.level {
            return;
        }
        self.level = level;
        (self.listen)(Event::Stopping { now: level == StopLevel::Now });
        if level == StopLevel::Now {
            self.workers.abort_all();
        }
    }

    fn report(self, elapsed: Duration) -> RunReport {
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
            stopped: self.level > StopLevel::Go,
            elapsed,
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// The outcome of a transfer whose last fact could not be recorded.
fn unrecorded(phase: Phase, error: &str) -> Ending {
    interrupted(phase, &format!("the ledger could not record what came next ({error})"))
}

/// The outcome of a transfer that could not be brought to rest: where an intent is open, only a look at the
/// meter can tell.
fn interrupted(phase: Phase, why: &str) -> Ending {
    let (outcome, hint) = match phase {
        Phase::Idle => (Outcome::NotRun, "run again"),
        Phase::Open | Phase::Committed => (Outcome::Unknown, "run again: it begins by looking at the target"),
        Phase::Done => (Outcome::AlreadyDone, "nothing"),
        Phase::Mismatch => (Outcome::Mismatch, "look at the meter"),
    };
    Ending { outcome, reason: why.to_owned(), hint: Some(hint.to_owned()) }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
