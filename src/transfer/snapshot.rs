//! What is particular to readings out of a snapshot: how old they are when they are judged, and that a meter which gets
//! its own readings back must have lost them. Pure; knows no file.

use std::time::Duration;

use super::{
    Examination, Guard, Now, Reading, Refusal, Verdict, carried::Carried, clock::Since, refusal::hours,
};
use crate::{
    campaign::{SnapshotSource, Transfer},
    meter::{Quantity, Readings},
};

/// The readings of a snapshot, to be carried.
pub(super) fn carried(kept: &SnapshotSource) -> Carried {
    Carried::Captured(Reading { readings: kept.readings.clone(), at: kept.origin.taken })
}

/// What the guards said, and what is said of a snapshot's age, which comes first: readings that are too old make
/// everything else idle.
pub(super) fn of_age(plan: &Transfer, now: Now, examined: Examination) -> Examination {
    let Some(kept) = plan.source.snapshot() else { return examined };
    let Examination { mut verdicts, mut result } = examined;
    let (passed, says) = match age(kept, now) {
        Ok(says) => (true, says),
        Err(refusal) => {
            let says = refusal.to_string();
            result = Err(refusal);
            (false, says)
        }
    };
    verdicts.insert(0, Verdict { guard: Guard::Age, passed, says });
    Examination { verdicts, result }
}

fn age(kept: &SnapshotSource, now: Now) -> Result<String, Refusal> {
    let origin = &kept.origin;
    let refusal = |age| Refusal::SnapshotAge {
        path: origin.path.clone(),
        taken: origin.taken,
        age,
        allowed: kept.max_age,
    };
    match Since::recorded(origin.taken).elapsed(now) {
        None => Err(refusal(None)),
        Some(age) if kept.max_age.is_some_and(|allowed| age > allowed) => Err(refusal(Some(age))),
        Some(age) => Ok(lost_since(age)),
    }
}

fn lost_since(age: Duration) -> String {
    format!("the snapshot was taken {} ago; what its meter counted after that is not carried", hours(age))
}

/// A meter that gets its own readings back and is at or above them in any energy that they hold has not lost it.
pub(super) fn ahead_of_its_own(
    plan: &Transfer,
    counted: &[Quantity],
    source: &Readings,
    target: &Readings,
) -> Option<Refusal> {
    let taken = plan.source.snapshot().filter(|_| plan.restores_itself())?.origin.taken;
    let ahead = |quantity: &Quantity| target.energy(*quantity) >= source.energy(*quantity);
    let quantity = counted.iter().copied().find(ahead)?;
    Some(Refusal::NotLost {
        quantity,
        target: target.energy(quantity),
        snapshot: source.energy(quantity),
        taken,
    })
}
