//! What a guard can say no to, in a sentence each, with the way on.

use std::time::Duration;

use crate::{
    campaign::{ExpectRange, Meaning, Role, TransferKey},
    meter::{Addressing, BadReadings, Quantity, Readings, kilo, with_unit},
};

use super::{Cause, Ending, Outcome, TotalsMode};

/// Why nothing may be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another meter answers.
    #[error("the {role} at {place} answers with serial number {answered}, the job says {pinned}{}", found_one_off(*.one_off))]
    WrongMeter {
        /// Which endpoint.
        role: Role,
        /// Gateway and unit.
        place: String,
        /// What the job says.
        pinned: u32,
        /// What the meter says.
        answered: u32,
        /// The addressing under which the pinned number was found, one register off.
        one_off: Option<Addressing>,
    },
    /// The meter does not give its serial number, and the job asks for it.
    #[error("the {role} at {place} does not give its serial number, the job says {pinned}: {cause}")]
    NoSerialNumber {
        /// Which endpoint.
        role: Role,
        /// Gateway and unit.
        place: String,
        /// What the job says.
        pinned: u32,
        /// What the meter answered.
        cause: Cause,
    },
    /// A register is no energy word.
    #[error("the {role}'s {error}")]
    BadReadings {
        /// Which endpoint.
        role: Role,
        /// Which register, and what it holds.
        error: BadReadings,
    },
    /// One quantity carries both signs.
    #[error("the {role}'s {quantity} has registers of both signs: no meter writes that")]
    MixedSign {
        /// Which endpoint.
        role: Role,
        /// Which quantity.
        quantity: Quantity,
    },
    /// Nothing to carry.
    #[error("every energy of the source is zero")]
    ZeroSource,
    /// The target is ahead of the source.
    #[error(
        "the target is at or above the source in every energy that the source has counted (real energy in: \
         source {}, target {})",
        with_unit(Quantity::RealEnergyIn, *.source_real_in),
        with_unit(Quantity::RealEnergyIn, *.target_real_in)
    )]
    Direction {
        /// Wh.
        source_real_in: i64,
        /// Wh.
        target_real_in: i64,
    },
    /// A meter that is to get its own readings back has not lost them.
    #[error(
        "the meter's {quantity} is {}, and its snapshot of {taken:.0} says {}: it has not lost that energy",
        with_unit(*.quantity, *.target),
        with_unit(*.quantity, *.snapshot)
    )]
    NotLost {
        /// Which energy.
        quantity: Quantity,
        /// What the meter shows.
        target: i64,
        /// What it is to be set back to.
        snapshot: i64,
        /// When that was read.
        taken: jiff::Timestamp,
    },
    /// A snapshot is older than the job allows, or from a time that has not come.
    #[error("the snapshot {path} was taken {taken:.0}, {}", too_old(*.age, *.allowed))]
    SnapshotAge {
        /// The file.
        path: String,
        /// When it was taken.
        taken: jiff::Timestamp,
        /// How long ago that is; `None` if it is after now by this machine's clock.
        age: Option<Duration>,
        /// How old it may be, if the job says so.
        allowed: Option<Duration>,
    },
    /// The target has counted.
    #[error(
        "the target has already counted {} of {quantity}; the job does not say what to do with it. \
         `replace` would set real energy in to {} kWh, `add` to {}",
        with_unit(*.quantity, *.counted), kilo(*.replaced), .added.map_or_else(|| "more than 16 digits".to_owned(), |sum| format!("{} kWh", kilo(sum)))
    )]
    Counting {
        /// The quantity that is farthest from zero.
        quantity: Quantity,
        /// Its value.
        counted: i64,
        /// Real energy in after `replace`, Wh.
        replaced: i64,
        /// Real energy in after `add`, Wh.
        added: Option<i64>,
    },
    /// `add` needs a source that stands still.
    #[error("the source is still counting ({quantity} grew by {growth} {} in {apart_ms} ms), and `target_energy: add` needs one that stands still", .quantity.unit())]
    StillCounting {
        /// Which quantity.
        quantity: Quantity,
        /// By how much.
        growth: i64,
        /// Time between the two reads.
        apart_ms: u128,
    },
    /// A sum has no place in four registers.
    #[error("source and target together need more than 16 digits")]
    Overflow,
    /// The replacement is here, and there is nothing to carry into it.
    #[error("the replacement is here, and {}", no_capture(*.age, *.allowed))]
    NoCapture {
        /// How old the captured reading is, if there is one.
        age: Option<Duration>,
        /// How old it may be.
        allowed: Duration,
    },
    /// A total cannot be formed from what the job gives.
    #[error(
        "the job gives {out} and not {total}, and the target does not show whether it adds or subtracts what went out"
    )]
    TotalUnknown {
        /// Which total.
        total: Quantity,
        /// What would be added or subtracted.
        out: Quantity,
    },
    /// The two meters form their totals differently.
    #[error("the source's totals are {source_mode}, the target's {target_mode}")]
    Totals {
        /// What the source's readings show.
        source_mode: TotalsMode,
        /// What the target's readings show.
        target_mode: TotalsMode,
    },
    /// An energy is outside the range that the job pins.
    #[error("the {role}'s {quantity} is {}, the job expects {}", with_unit(*.quantity, *.value), shown_range(*.quantity, range))]
    Unexpected {
        /// Of which meter.
        role: Role,
        /// Which energy.
        quantity: Quantity,
        /// As read.
        value: i64,
        /// As the job says.
        range: ExpectRange,
    },
    /// The target of an undo is not where the transfer left it.
    #[error(
        "the target is not where {of} left it at {left_at:.0}: {quantity} was {}, is {}, moved by {}; {}",
        with_unit(*.quantity, *.left), with_unit(*.quantity, *.found), with_unit(*.quantity, *.moved), can_have_counted(*.quantity, *.allowed)
    )]
    NotAsLeft {
        /// The transfer that is to be undone.
        of: TransferKey,
        /// When the target was read then.
        left_at: jiff::Timestamp,
        /// Which quantity.
        quantity: Quantity,
        /// What it was then.
        left: i64,
        /// What it is now.
        found: i64,
        /// By how much that is more.
        moved: i64,
        /// What it can have counted since at most; nothing where the clock went backwards.
        allowed: Option<i64>,
    },
    /// Another transfer wrote to the same target.
    #[error("transfer {by} wrote to the same target, or is about to")]
    Claimed {
        /// The other transfer.
        by: TransferKey,
    },
    /// An earlier intent may or may not have taken effect.
    #[error(
        "the target's reading fits both what intent {intent} staged on {at} and what it held before: whether that write took effect cannot be told"
    )]
    EarlierUndecided {
        /// Its number.
        intent: u32,
        /// When.
        at: jiff::Timestamp,
    },
    /// An earlier intent took effect, and the job has another source now.
    #[error("the target holds what intent {intent} staged on {at} for {then}, and the job now says {asked}")]
    EarlierOfAnotherJob {
        /// Its number.
        intent: u32,
        /// When.
        at: jiff::Timestamp,
        /// What the job said then.
        then: Box<Meaning>,
        /// What the job says now.
        asked: Box<Meaning>,
    },
    /// Done before, with another meaning.
    #[error("this transfer was done as {done}, and the job now says {asked}")]
    MeaningChanged {
        /// What was done.
        done: Box<Meaning>,
        /// What the job says now.
        asked: Box<Meaning>,
    },
}

fn can_have_counted(quantity: Quantity, allowed: Option<i64>) -> String {
    match allowed {
        Some(allowed) => format!("it can have counted {} at most", with_unit(quantity, allowed)),
        None => "how long ago that was is not known, as the clock went backwards since".to_owned(),
    }
}

fn no_capture(age: Option<Duration>, allowed: Duration) -> String {
    match age {
        Some(age) => format!(
            "the captured reading of the old meter is {} old, more than the {} that the job allows",
            hours(age),
            hours(allowed)
        ),
        None => "there is no captured reading of the old meter that may be used".to_owned(),
    }
}

fn too_old(age: Option<Duration>, allowed: Option<Duration>) -> String {
    match (age, allowed) {
        (None, _) => "which is after now by this machine's clock".to_owned(),
        (Some(age), Some(allowed)) => {
            format!("{} ago, and the job allows {} (`max_age`)", hours(age), hours(allowed))
        }
        (Some(age), None) => format!("{} ago", hours(age)),
    }
}

pub(super) fn hours(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    if minutes >= 72 * 60 {
        return format!("{} d {} h", minutes / 60 / 24, minutes / 60 % 24);
    }
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}

fn shown_range(quantity: Quantity, range: &ExpectRange) -> String {
    match (range.min, range.max) {
        (Some(min), Some(max)) => format!("{} to {}", with_unit(quantity, min), with_unit(quantity, max)),
        (Some(min), None) => format!("at least {}", with_unit(quantity, min)),
        (None, Some(max)) => format!("at most {}", with_unit(quantity, max)),
        (None, None) => "anything".to_owned(),
    }
}

fn found_one_off(addressing: Option<Addressing>) -> String {
    match addressing {
        Some(addressing) => {
            format!("; {addressing} addressing finds the right one, so all registers are one off")
        }
        None => String::new(),
    }
}

impl Refusal {
    /// `refused`, or `unknown` where a commit of an earlier intent may have taken effect.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::EarlierUndecided { .. } => Outcome::Unknown,
            _ => Outcome::Refused,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::WrongMeter { role, one_off: Some(addressing), .. } => {
                format!("if the meter's port is set so, add `addressing: {addressing}` to the {role} in the job")
            }
            Self::WrongMeter { role, .. } => format!(
                "check the {role}'s gateway, unit and serial number in the job against the meter's label (`meterferry read` says who is there); are `source` and `target` swapped?"
            ),
            Self::NoSerialNumber { role, .. } => format!(
                "check the {role}'s `model` and `addressing`; `serial_number: any` goes without this proof"
            ),
            Self::BadReadings { role, .. } | Self::MixedSign { role, .. } => {
                format!(
                    "check the {role}'s `model` and `addressing` in the job; `meterferry read` shows its registers"
                )
            }
            Self::ZeroSource => {
                "was the source reset before it was read? If it really has counted nothing, add `allow_zero: true`".to_owned()
            }
            Self::Direction { .. } => {
                "are `source` and `target` swapped in the job, or was this done before (`meterferry status JOB`)? Nothing was written by this run; to set a meter back on purpose, pin what it holds with `expect` under `target`".to_owned()
            }
            Self::NotLost { .. } => {
                "was the snapshot taken after the energies were lost? Then name an older one. To set a meter back on purpose, pin it to where it is with `expect` in the target. Nothing was written by this run".to_owned()
            }
            Self::SnapshotAge { age: None, .. } => {
                "set the clock of this machine, or of the one that took the snapshot, right; then run again, or take a new one with `meterferry snapshot JOB --to FOLDER`".to_owned()
            }
            Self::SnapshotAge { age: Some(_), .. } => {
                "while the meter can be read, take a new one with `meterferry snapshot JOB --to FOLDER`; if it has not counted since, allow the age with `source.max_age`".to_owned()
            }
            Self::Counting { .. } => "add `target_energy: replace` if both meters counted the same energy, `target_energy: add` if the target alone counted since".to_owned(),
            Self::StillCounting { .. } => {
                "disconnect the source's load before it is read, or use `target_energy: replace` if both meters count the same energy".to_owned()
            }
            Self::Overflow => "the readings cannot be added: look at both meters (`meterferry read`), or use `target_energy: replace`".to_owned(),
            Self::NoCapture { age: Some(_), .. } => {
                "if the old meter has not counted since, allow the age with `source.captured_within`; else type its last readings into the job (`source: { model, serial_number, taken, readings }`)".to_owned()
            }
            Self::NoCapture { age: None, .. } => {
                "put the old meter back and `meterferry run` again, or type its last readings into the job (`source: { model, serial_number, taken, readings }`)".to_owned()
            }
            Self::TotalUnknown { total, .. } => format!("give `{}` in the job's readings too", total.key()),
            Self::Totals { .. } => {
                "set both meters alike, or add `totals: keep` (carry the source's totals as they are) or `totals: recompute` (form them from in and out as the target does)".to_owned()
            }
            Self::Unexpected { role, .. } => {
                format!("look at the {role} (`meterferry read`); correct `expect` in the job if the reading is right")
            }
            Self::NotAsLeft { moved, allowed, .. } => match allowed {
                Some(allowed) if moved > allowed => "if it really has counted that much, say the largest load as `verify.max_load` in the job, or `--max-growth` with the most it can have counted; else it was set or reset since, and there is nothing to undo".to_owned(),
                Some(_) => "it went back: it was set or reset since, and there is nothing to undo; look at the meter (`meterferry read …` shows its energies)".to_owned(),
                None => "set this machine's clock right, then look again: `meterferry undo … --dry-run`".to_owned(),
            },
            Self::Claimed { by } if by.undoes().is_some() => {
                "finish that undo first; `meterferry status PATH…` shows how the transfers stand".to_owned()
            }
            Self::Claimed { by } => {
                format!("check both jobs; if this transfer is to follow that one, add `after: {by}`")
            }
            Self::EarlierUndecided { .. } => {
                "look at the meter, then say what happened with `meterferry resolve JOB --id ID --as committed|not-committed --reason …`; `verify.max_load` narrows the bound".to_owned()
            }
            Self::EarlierOfAnotherJob { .. } => {
                "a command that was believed lost came late, with the readings of the former source: look at the meter; `meterferry resolve JOB --id ID --as not-committed --reason …` begins afresh, with all guards".to_owned()
            }
            Self::MeaningChanged { .. } => {
                "give the new transfer an `id` of its own, put the job back, or raise its `generation` to do it once more; `meterferry status JOB` shows what was done".to_owned()
            }
        }
    }
}

impl From<&Refusal> for Ending {
    fn from(refusal: &Refusal) -> Self {
        Self {
            outcome: refusal.outcome(),
            reason: refusal.to_string(),
            hint: Some(refusal.hint()),
            code: Some(refusal.code()),
        }
    }
}

/// The quantity of `readings` farthest from zero, and its value.
pub(super) fn farthest_from_zero(readings: &Readings) -> (Quantity, i64) {
    Quantity::ALL
        .into_iter()
        .map(|quantity| (quantity, readings.energy(quantity)))
        .max_by_key(|(quantity, value)| (value.unsigned_abs(), std::cmp::Reverse(quantity.index())))
        .expect("there are seven quantities")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        campaign::{Address, Endpoint, Gateway, SerialNumber, Transfer, Unit},
        meter::{CommandStatus, Model},
        transfer::{Exception, Failure, ReasonCode, Step},
    };

    fn meaning() -> Box<Meaning> {
        let endpoint = |unit| Endpoint {
            model: Model::Pm800,
            gateway: std::sync::Arc::new(Gateway::new(Address::Rtu { device: "COM3".to_owned() })),
            unit: Unit::new(unit).unwrap(),
            serial_number: SerialNumber::Any,
            addressing: Addressing::Modbus,
        };
        Box::new(Transfer::new(key(), endpoint(1), endpoint(2)).meaning())
    }

    fn key() -> TransferKey {
        TransferKey { campaign: "north".into(), id: "feeder-12".into() }
    }

    /// Every refusal there is, in each of its tones.
    fn refusals() -> Vec<Refusal> {
        let (role, quantity, place) = (Role::Target, Quantity::RealEnergyIn, "plant-a unit 12".to_owned());
        let cause = Cause::Exception(Exception(2));
        let wrong =
            |one_off| Refusal::WrongMeter { role, place: place.clone(), pinned: 1, answered: 2, one_off };
        let mode = TotalsMode::Absolute;
        let (allowed, at) = (Duration::from_secs(3600), jiff::Timestamp::UNIX_EPOCH);
        vec![
            wrong(None),
            wrong(Some(Addressing::Jbus)),
            Refusal::NoSerialNumber { role, place: place.clone(), pinned: 1, cause },
            Refusal::BadReadings { role, error: Readings::from_wire(Model::Pm800, &[]).unwrap_err() },
            Refusal::MixedSign { role, quantity },
            Refusal::ZeroSource,
            Refusal::Direction { source_real_in: 1, target_real_in: 2 },
            Refusal::Counting { quantity, counted: 1, replaced: 2, added: None },
            Refusal::StillCounting { quantity, growth: 1, apart_ms: 1000 },
            Refusal::Overflow,
            Refusal::NoCapture { age: None, allowed },
            Refusal::NoCapture { age: Some(allowed), allowed },
            Refusal::TotalUnknown { total: Quantity::RealEnergyTotal, out: Quantity::RealEnergyOut },
            Refusal::Totals { source_mode: mode, target_mode: mode },
            Refusal::Unexpected { role, quantity, value: 1, range: ExpectRange { min: Some(2), max: None } },
            Refusal::Claimed { by: key() },
            Refusal::NotAsLeft {
                of: key(),
                left_at: at,
                quantity,
                left: 9,
                found: 5,
                moved: -4,
                allowed: Some(1_000),
            },
            Refusal::EarlierUndecided { intent: 1, at },
            Refusal::EarlierOfAnotherJob { intent: 1, at, then: meaning(), asked: meaning() },
            Refusal::MeaningChanged { done: meaning(), asked: meaning() },
            Refusal::NotLost { quantity, target: 2, snapshot: 1, taken: at },
            Refusal::SnapshotAge { path: "a.yaml".to_owned(), taken: at, age: None, allowed: None },
        ]
    }

    /// Every failure there is, with every cause.
    fn failures() -> Vec<Failure> {
        let (role, quantity) = (Role::Source, Quantity::RealEnergyIn);
        let causes = [
            Cause::NoConnection("refused".to_owned()),
            Cause::NotSilent("3 bytes".to_owned()),
            Cause::NoAnswer(Duration::from_secs(2)),
            Cause::Dropped("reset".to_owned()),
            Cause::Nonsense("short".to_owned()),
            Cause::Exception(Exception(2)),
            Cause::Exception(Exception(6)),
            Cause::Exception(Exception(11)),
        ];
        let request = |step| {
            move |cause: &Cause| Failure::Request { step, role, place: "x".to_owned(), cause: cause.clone() }
        };
        let mut all: Vec<Failure> = causes.iter().map(request(Step::ReadSource)).collect();
        all.extend(causes.iter().map(request(Step::Stage)));
        all.extend([
            Failure::Unsteady { role, quantity, growth: 1, apart_ms: 1, allowed: 0, reads: 4 },
            Failure::AnotherMaster { register: crate::meter::BUFFER, expected: 1, found: 2 },
            Failure::TooSlow { limit: Duration::from_millis(250), checks: 4 },
            Failure::Stale(Duration::from_secs(30)),
            Failure::Rejected(CommandStatus::InvalidCommand),
            Failure::NotCommitted("no answer".to_owned()),
        ]);
        all
    }

    /// That a hint names what to type: a command, or a key of the job.
    #[track_caller]
    fn assert_names_a_way_on(hint: &str, of: &str) {
        let named = hint.split('`').skip(1).step_by(2).any(|word| !word.trim().is_empty());
        assert!(named || hint.contains("run again"), "{of}: {hint:?} names neither a command nor a key");
    }

    #[test]
    fn every_refusal_and_failure_names_the_way_on() {
        for refusal in refusals() {
            assert_names_a_way_on(&refusal.hint(), &refusal.to_string());
        }
        for failure in failures() {
            assert_names_a_way_on(&failure.hint(), &failure.to_string());
        }
    }

    #[test]
    fn every_reason_is_that_of_a_refusal_or_a_failure() {
        let said: BTreeSet<ReasonCode> =
            refusals().iter().map(Refusal::code).chain(failures().iter().map(Failure::code)).collect();
        let all: BTreeSet<ReasonCode> = ReasonCode::ALL.iter().copied().collect();
        assert_eq!(said, all, "a reason without a sample is a reason whose hint nobody has read");
    }
}
