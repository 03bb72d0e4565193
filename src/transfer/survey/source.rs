//! State 2: what the source has counted.

use std::time::Duration;

use super::{State, Survey, Surveyed, refused, waiting};
use crate::{
    campaign::{Role, TargetEnergy, Verify},
    meter::{Bound, CARRY, Quantity, with_unit},
    transfer::{
        Cause, Fact, Failure, Now, Refusal, Step,
        carried::{Carried, Timed},
        identify,
    },
};

/// A meter that does not give two agreeing reads in this many is not steady.
const READS: u32 = 5;
/// How long a source that must stand still is watched. At 1 Wh a count this shows any load above 3.6 kW.
const STANDSTILL: Duration = Duration::from_secs(1);

impl Survey {
    pub(super) fn source_read(
        &mut self,
        last: Option<Timed>,
        reads: u32,
        answer: Result<Vec<u16>, Cause>,
        now: Now,
        facts: &mut Vec<Fact>,
    ) -> State {
        let this = match self.energies(Step::ReadSource, Role::Source, answer, now) {
            Ok(timed) => timed,
            Err(over) => return *over,
        };
        let Some(last) = last else { return self.after_first_read(this, now) };
        if let Some(refusal) = self.still_counting(&last, &this) {
            return refused(refusal);
        }
        match self.steady(Role::Source, &last, &this, reads) {
            Ok(true) => {
                facts.push(Fact::SourceRead(this.reading.clone()));
                self.source = Some(this.reading.clone());
                self.after_source(this)
            }
            Ok(false) => State::Source { last: Some(this), reads },
            Err(over) => *over,
        }
    }

    pub(super) fn after_source(&mut self, read: Timed) -> State {
        if self.plan.is_swap() {
            let quantity = Quantity::RealEnergyIn;
            let energy = with_unit(quantity, read.reading.readings.energy(quantity));
            return waiting(format!(
                "the source is captured ({quantity} {energy}); the replacement is not at {} yet",
                identify::place(&self.plan.target)
            ));
        }
        self.carried = Some(Carried::Read(read));
        State::Identify(Role::Target)
    }

    pub(super) fn after_first_read(&self, first: Timed, now: Now) -> State {
        match self.plan.options.target_energy {
            TargetEnergy::Add => State::Standstill { last: first, until: now.steady + STANDSTILL },
            TargetEnergy::Refuse | TargetEnergy::Replace => State::Source { last: Some(first), reads: 1 },
        }
    }

    /// A source whose readings are added to the target's must stand still.
    pub(super) fn still_counting(&self, last: &Timed, this: &Timed) -> Option<Refusal> {
        let (quantity, growth) = most_moved(last, this);
        let counting = self.plan.options.target_energy == TargetEnergy::Add && growth != 0;
        let apart_ms = apart(last, this).as_millis();
        counting.then_some(Refusal::StillCounting { quantity, growth, apart_ms })
    }

    pub(super) fn steady(
        &self,
        role: Role,
        last: &Timed,
        this: &Timed,
        reads: u32,
    ) -> Result<bool, Box<State>> {
        steady(&self.plan.options.verify, role, last, this, reads)
            .map_err(|failure| Box::new(State::Over(Surveyed::Failed(Box::new(failure)))))
    }
}

/// Whether two reads agree: a carry between two registers shows as a jump of 10⁴ or as a step back. However
/// wide the tolerance, two reads that differ by half a carry do not agree.
pub(in crate::transfer) fn steady(
    verify: &Verify,
    role: Role,
    last: &Timed,
    this: &Timed,
    reads: u32,
) -> Result<bool, Failure> {
    let apart = apart(last, this);
    let bound = verify.bound_or_tolerance();
    let bound = Bound { tolerance: bound.tolerance.min(CARRY / 2), ..bound };
    if bound.fits(&last.reading.readings, &this.reading.readings, apart) {
        return Ok(true);
    }
    if reads < READS {
        return Ok(false);
    }
    let (quantity, growth) = most_moved(last, this);
    let (apart_ms, allowed) = (apart.as_millis(), bound.width(apart));
    Err(Failure::Unsteady { role, quantity, growth, apart_ms, allowed, reads })
}

fn apart(last: &Timed, this: &Timed) -> Duration {
    this.steady.saturating_sub(last.steady)
}

/// The quantity that moved most between two reads, and how far.
fn most_moved(last: &Timed, this: &Timed) -> (Quantity, i64) {
    let (before, after) = (&last.reading.readings, &this.reading.readings);
    let moved = |quantity| (after.energy(quantity) - before.energy(quantity)).abs();
    Quantity::ALL
        .into_iter()
        .map(|quantity| (quantity, moved(quantity)))
        .max_by_key(|(_, moved)| *moved)
        .expect("seven quantities")
}
