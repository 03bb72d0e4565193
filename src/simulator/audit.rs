//! What was done to a unit, as the unit saw it: the witness in tests.
//! Records only; it judges no more than what no client may ever do. Must not change what a device does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};
use tokio::time::Instant;

use super::energies::Energies;
use super::fault::Fault;
use super::registers::PRESET;

/// Who caused a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Origin {
    /// The request of a client, when it came.
    Client,
    /// The request of a client, executed later ([`Fault::LateExecution`]).
    Late,
    /// The request of a client, executed again ([`Fault::DuplicateExecution`]).
    Repeat,
    /// Another master.
    Foreign,
}

/// One write that reached the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Write {
    /// Since the gateway was made.
    #[serde(serialize_with = "seconds")]
    pub at: Duration,
    /// Who caused it.
    pub origin: Origin,
    /// Function code, 6 or 16.
    pub function: u8,
    /// First register.
    pub register: u16,
    /// The words.
    pub words: Vec<u16>,
    /// The exception code, if the device refused.
    pub refused: Option<u8>,
}

/// One execution of the command in register 8000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Execution {
    /// Since the gateway was made.
    #[serde(serialize_with = "seconds")]
    pub at: Duration,
    /// The command.
    pub code: u16,
    /// Its data: 28 words, or none where the data pointer (8019) points outside the user area.
    pub words: Vec<i16>,
    /// What the meter found: 0, 81, 82, or what its firmware always says. Not always given back to the client.
    pub status: u16,
    /// The energies changed through it.
    pub effective: bool,
    /// Energies the instant before.
    #[serde(serialize_with = "decimals")]
    pub before: Energies,
    /// Energies the instant after.
    #[serde(serialize_with = "decimals")]
    pub after: Energies,
}

/// Something no client may ever do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Since the gateway was made.
    #[serde(serialize_with = "seconds")]
    pub at: Duration,
    /// What it was.
    pub kind: ViolationKind,
}

/// The things no client may ever do (DOMAIN.md §2, §4). Judged when the request arrives, executed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ViolationKind {
    /// A request to unit 0, which every meter on the bus would obey.
    Broadcast {
        /// Function code.
        function: u8,
    },
    /// A command that is not 6209 was written to register 8000.
    ForbiddenCommand {
        /// The command.
        code: u16,
    },
    /// A write touched a register outside 8000–8149, or any register of a model without a command interface.
    OutsideMailbox {
        /// First register.
        register: u16,
        /// Number of registers.
        count: u16,
    },
    /// A write touched register 4126 of a PM800, where 6209 has another meaning.
    OtherCommandInterface,
}

/// A fault that struck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FiredFault {
    /// Since the gateway was made.
    #[serde(serialize_with = "seconds")]
    pub at: Duration,
    /// The fault.
    pub fault: Fault,
}

/// Everything recorded about one device at one unit. A clone is cheap and does not change any more.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Audit(Arc<Record>);

#[derive(Clone, Debug, Serialize)]
struct Record {
    #[serde(skip)]
    epoch: Instant,
    requests: BTreeMap<u8, u64>,
    commit_requests: u64,
    connections: u64,
    writes: Vec<Write>,
    executions: Vec<Execution>,
    violations: Vec<Violation>,
    faults: Vec<FiredFault>,
}

impl Audit {
    /// Requests that arrived with a function code, swallowed ones included.
    pub fn requests(&self, function: u8) -> u64 {
        self.0.requests.get(&function).copied().unwrap_or_default()
    }

    /// All requests that arrived.
    pub fn requests_total(&self) -> u64 {
        self.0.requests.values().sum()
    }

    /// Requests that arrived with 6209 for register 8000, swallowed and refused ones included.
    pub fn commit_requests(&self) -> u64 {
        self.0.commit_requests
    }

    /// Connections over which the unit was addressed.
    pub fn connections(&self) -> u64 {
        self.0.connections
    }

    /// Every write that reached the device, in order.
    pub fn writes(&self) -> &[Write] {
        &self.0.writes
    }

    /// Every execution of a command, in order.
    pub fn executions(&self) -> &[Execution] {
        &self.0.executions
    }

    /// Everything no client may ever do.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// The faults that struck, in order.
    pub fn faults(&self) -> &[FiredFault] {
        &self.0.faults
    }

    /// Presets that changed the energies.
    pub fn effective_commits(&self) -> usize {
        self.presets().filter(|execution| execution.effective).count()
    }

    /// Presets the meter accepted, those that set what it showed already included.
    pub fn accepted_commits(&self) -> usize {
        self.presets().filter(|execution| execution.status == 0).count()
    }

    fn presets(&self) -> impl Iterator<Item = &Execution> {
        self.0.executions.iter().filter(|execution| execution.code == PRESET)
    }
}

/// Recording.
impl Audit {
    pub(super) fn new(epoch: Instant) -> Self {
        Self(Arc::new(Record {
            epoch,
            requests: BTreeMap::new(),
            commit_requests: 0,
            connections: 0,
            writes: Vec::new(),
            executions: Vec::new(),
            violations: Vec::new(),
            faults: Vec::new(),
        }))
    }

    pub(super) fn offset(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.0.epoch)
    }

    /// Copies the record only if somebody holds an earlier one.
    fn record(&mut self) -> &mut Record {
        Arc::make_mut(&mut self.0)
    }

    pub(super) fn request(&mut self, function: u8, commits: bool) {
        let record = self.record();
        *record.requests.entry(function).or_default() += 1;
        record.commit_requests += u64::from(commits);
    }

    pub(super) fn connection(&mut self) {
        self.record().connections += 1;
    }

    pub(super) fn write(&mut self, write: Write) {
        self.record().writes.push(write);
    }

    pub(super) fn execution(&mut self, execution: Execution) {
        self.record().executions.push(execution);
    }

    pub(super) fn violation(&mut self, now: Instant, kind: ViolationKind) {
        let at = self.offset(now);
        self.record().violations.push(Violation { at, kind });
    }

    pub(super) fn fault(&mut self, now: Instant, fault: Fault) {
        let at = self.offset(now);
        self.record().faults.push(FiredFault { at, fault });
    }
}

fn seconds<S: Serializer>(at: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(at.as_secs_f64())
}

/// Up to 16 digits: as decimal strings, since many JSON readers would round numbers of that size.
fn decimals<S: Serializer>(energies: &Energies, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(energies.iter().map(i64::to_string))
}
