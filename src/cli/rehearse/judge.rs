//! What came of a transfer, by what its target did: the simulated meter's own record is the witness. The program's
//! outcome is only held against it.

use std::time::Duration;

use serde::Serialize;

use super::world::World;
use crate::{
    campaign::{Role, Source, TargetEnergy, Transfer},
    simulator::{Audit, Energies, Execution, Origin, Write},
    transfer::Outcome,
};

/// What came of one transfer in one schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Preset once, with the right energies, and said to be.
    Done,
    /// Not preset, and said not to be: failed, refused, unreachable or not run.
    NotDone,
    /// Said to be unknown, and the energies are the right ones, untouched, or another master's.
    HonestUnknown,
    /// Said to be committed and found different: another master's words were preset.
    HonestMismatch,
    /// Said to be committed and found different, and the target holds the right energies after all: a person is called
    /// for nothing.
    FalseAlarm,
    /// A transfer has no outcome, or the program found a defect in itself.
    Lost,
    /// It did not come to an end.
    Hang,
    /// What is said is not what the meter did.
    Wrong,
    /// The energies were preset twice.
    Twice,
}

impl Verdict {
    /// All of them, the harmless ones first.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::NotDone,
        Self::HonestUnknown,
        Self::HonestMismatch,
        Self::FalseAlarm,
        Self::Lost,
        Self::Hang,
        Self::Wrong,
        Self::Twice,
    ];

    /// Whether it is a defect, wherever the guarantees hold.
    pub fn is_defect(self) -> bool {
        self >= Self::Lost
    }

    /// Whether a person has to look.
    pub fn is_open(self) -> bool {
        matches!(self, Self::HonestUnknown | Self::HonestMismatch | Self::FalseAlarm)
    }

    /// What it is called in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotDone => "not done",
            Self::HonestUnknown => "unknown",
            Self::HonestMismatch => "mismatch",
            Self::FalseAlarm => "alarm",
            Self::Lost => "lost",
            Self::Hang => "hang",
            Self::Wrong => "wrong",
            Self::Twice => "twice",
        }
    }
}

/// A verdict and the reason for it.
#[derive(Debug, Clone)]
pub(super) struct Judgement {
    pub verdict: Verdict,
    pub says: String,
    /// The gateway carried the commit out once more by itself.
    pub repeated: bool,
}

/// How long before the commit the source may have been read: 30 s (DESIGN.md §3, state 8), and what a covered fault
/// may keep the commit back.
const OLDEST_READING: Duration = Duration::from_secs(45);
/// What nobody notices: the tolerance of a job that sets none (DESIGN.md §4).
const SLIGHT: i64 = 1_000;

/// One preset that the meter accepted.
struct Preset<'a> {
    execution: &'a Execution,
    origin: Origin,
    right: bool,
}

/// Holds what is said of a transfer against what its target did until now. `patience` is how much longer than usual
/// a request of this schedule may have been on its way.
pub(super) fn judge(world: &World, transfer: &Transfer, outcome: Outcome, patience: Duration) -> Judgement {
    let (gateway, unit) = world.meter(&transfer.target);
    let audit = gateway.audit(unit);
    let foreign = audit.writes().iter().any(|write| write.origin == Origin::Foreign);
    let presets = presets(world, transfer, &audit, patience);
    let repeats = |preset: &&Preset<'_>| preset.origin == Origin::Repeat;
    let first_repeated = presets.first().is_some_and(|preset| repeats(&preset));
    let repeated = presets.iter().filter(repeats).count() > usize::from(first_repeated);
    let ours: Vec<_> = presets
        .iter()
        .enumerate()
        .filter(|(place, preset)| *place == 0 || preset.origin != Origin::Repeat)
        .map(|(_, preset)| preset)
        .collect();
    let right = ours.iter().filter(|preset| preset.right).count();
    let told = |verdict, says: String| Judgement { verdict, says, repeated };
    let violations = gateway.violations();
    if let Some((unit, violation)) = violations.first() {
        return told(Verdict::Wrong, format!("unit {unit} was asked what no client may ask: {violation:?}"));
    }
    if right > 1 {
        return told(Verdict::Twice, format!("{right} presets were accepted; the outcome is {outcome}"));
    }
    let last_right = ours.last().map(|preset| preset.right);
    let harmless = |preset: &&Preset<'_>| !preset.right && is_slight(preset.execution);
    let untouched = ours.iter().all(harmless);
    let verdict = match (outcome, last_right) {
        (Outcome::Done | Outcome::AlreadyDone, Some(true)) => Verdict::Done,
        (Outcome::Unknown, None | Some(true)) => Verdict::HonestUnknown,
        (Outcome::Unknown, Some(false)) if foreign => Verdict::HonestUnknown,
        (Outcome::Mismatch, Some(false)) if foreign => Verdict::HonestMismatch,
        (Outcome::Mismatch, Some(true)) => Verdict::FalseAlarm,
        // Another master wrote `done` into the result before the meter was.
        (Outcome::Mismatch, None) if foreign => Verdict::FalseAlarm,
        (
            Outcome::Failed | Outcome::Refused | Outcome::Unreachable | Outcome::Waiting | Outcome::NotRun,
            _,
        ) if untouched => Verdict::NotDone,
        _ => Verdict::Wrong,
    };
    let shown: Vec<_> = ours.iter().map(|preset| shown(preset)).collect();
    let said = if shown.is_empty() { "no preset was accepted".to_owned() } else { shown.join(", ") };
    told(verdict, format!("the outcome is {outcome}; {said}"))
}

fn shown(preset: &Preset<'_>) -> String {
    let Preset { execution, origin, right } = preset;
    let words = if *right { "the right energies" } else { "other energies" };
    format!("at {:.3} s {words} ({origin:?}): {:?}", execution.at.as_secs_f64(), execution.after)
}

/// The presets the target accepted, each with the write it came from.
fn presets<'a>(world: &World, transfer: &Transfer, audit: &'a Audit, patience: Duration) -> Vec<Preset<'a>> {
    let commands = audit.writes().iter().filter(|write| writes_command(write));
    audit
        .executions()
        .iter()
        .zip(commands)
        .filter(|(execution, _)| execution.status == 0)
        .map(|(execution, write)| Preset {
            execution,
            origin: write.origin,
            right: is_right(world, transfer, execution, patience),
        })
        .collect()
}

/// Every write of register 8000 that is not refused starts a command, and commands end in the order they started.
fn writes_command(write: &Write) -> bool {
    write.refused.is_none() && write.register == 8000
}

/// Whether a preset put into the target what the source showed shortly before; with `add`, that and what the target
/// itself had counted.
fn is_right(world: &World, transfer: &Transfer, execution: &Execution, patience: Duration) -> bool {
    let source = world.energies_at_first(transfer);
    let oldest = execution
        .at
        .saturating_sub(OLDEST_READING + transfer.options.settle + captured_within(transfer) + patience);
    let low = plus(source, world.grown(transfer, Role::Source, oldest));
    let high = plus(source, world.grown(transfer, Role::Source, execution.at));
    let (low, high) = match transfer.options.target_energy {
        TargetEnergy::Refuse | TargetEnergy::Replace => (low, high),
        TargetEnergy::Add => {
            let counted_since = world.grown(transfer, Role::Target, execution.at - oldest);
            let at_oldest = std::array::from_fn(|place| execution.before[place] - counted_since[place] - 1);
            (plus(low, at_oldest), plus(high, execution.before))
        }
    };
    execution
        .after
        .iter()
        .zip(low.iter().zip(&high))
        .all(|(after, (low, high))| (low..=high).contains(&after))
}

fn plus(one: Energies, other: Energies) -> Energies {
    std::array::from_fn(|place| one[place] + other[place])
}

/// How old a captured reading may be besides.
fn captured_within(transfer: &Transfer) -> Duration {
    match &transfer.source {
        Source::Live(live) => live.captured_within.unwrap_or_default(),
        Source::Typed(_) | Source::Snapshot(_) | Source::Undo(_) => Duration::ZERO,
    }
}

/// A preset that left the meter as it was, near enough: zeros into a fresh meter, say.
fn is_slight(execution: &Execution) -> bool {
    execution.before.iter().zip(&execution.after).all(|(before, after)| (before - after).abs() <= SLIGHT)
}
