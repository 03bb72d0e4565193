//! Work that was done by hand: is the target where the transfer would have put it? Pure. What cannot be proved is not
//! believed: a target that fits by chance must not be taken for one that was set.

use std::time::Duration;

use jiff::Timestamp;

use super::{BoundUsed, Now, Phase, Reading, clock::Since, undoing::moved};
use crate::{
    campaign::{Source, TotalsPolicy, Transfer},
    meter::{Quantity, with_unit},
};

/// What is known of work that was done by hand.
#[derive(Debug, Clone, Copy)]
pub struct Handwork<'a> {
    /// The transfer that it did.
    pub plan: &'a Transfer,
    /// What was to be carried.
    pub source: &'a Reading,
    /// What the target holds.
    pub target: &'a Reading,
    /// When it was done, where a person says so.
    pub done_at: Option<Timestamp>,
    /// What the target can have counted since at most, Wh, VARh or VAh, where a person says so.
    pub max_growth: Option<i64>,
}

/// Why a transfer is not taken for done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdoptable {
    /// Its record says something else.
    #[error("{}", stands(*.0))]
    Recorded(Phase),
    /// A command of it may still come.
    #[error("a command of an earlier run may still reach the target")]
    MayComeLate,
    /// The time that a person gives is none.
    #[error("--done-at {done_at:.0} is {}", if *.early { "before the readings were taken" } else { "after now" })]
    DoneAt {
        /// As given.
        done_at: Timestamp,
        /// Whether it is too early; else it is too late.
        early: bool,
    },
    /// Registers that no meter writes.
    #[error("registers of both signs in {0}: no meter writes that")]
    MixedSign(Quantity),
    /// The target holds something else.
    #[error(
        "the target is not where the transfer would have put it: {quantity} is {}, the source's {}, {} more; it can have counted {} at most",
        with_unit(*.quantity, *.found), with_unit(*.quantity, *.carried), with_unit(*.quantity, *.moved), with_unit(*.quantity, *.allowed)
    )]
    Elsewhere {
        /// Which quantity.
        quantity: Quantity,
        /// The source's.
        carried: i64,
        /// The target's.
        found: i64,
        /// How much more that is.
        moved: i64,
        /// How much more it can be.
        allowed: i64,
    },
    /// The bound is wider than what was carried.
    #[error(
        "the target could have counted {} since ({by}), and the source shows no more than {}: a meter that nobody set would fit as well",
        with_unit(Quantity::RealEnergyIn, *.allowed), with_unit(*.quantity, *.most)
    )]
    ProvesNothing {
        /// How much the target can have counted.
        allowed: i64,
        /// By what.
        by: &'static str,
        /// The largest of the source's energies that only grow.
        quantity: Quantity,
        /// Its value.
        most: i64,
    },
}

fn stands(phase: Phase) -> &'static str {
    match phase {
        Phase::Done => "it is done already, and its record says so",
        Phase::Open | Phase::Committed => "its command may have taken effect, and is not verified yet",
        Phase::Mismatch => "it is a mismatch",
        Phase::Undoing { .. } => "an undo of it is not finished",
        Phase::Undone => "it was undone",
        Phase::Idle => "nothing of it is done",
    }
}

impl NotAdoptable {
    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Recorded(Phase::Done) => {
                "nothing is to be done; `meterferry verify PATH…` looks at its meter"
            }
            Self::Recorded(Phase::Open | Phase::Committed) => "run it: a run begins by looking at the target",
            Self::Recorded(Phase::Undoing { .. }) => {
                "finish that first: meterferry undo JOB --id ID --reason …"
            }
            Self::Recorded(Phase::Undone) => {
                "a higher `generation` in the job begins it afresh, and can be adopted"
            }
            Self::Recorded(Phase::Mismatch | Phase::Idle) | Self::MayComeLate => {
                "look at the meter, then: meterferry resolve JOB --id ID --as committed|not-committed|accepted --reason …"
            }
            Self::DoneAt { .. } => {
                "give the instant at which the target was set, as 2026-06-01T12:00:00+02:00"
            }
            Self::MixedSign(_) => "look at the meter itself; check its model in the job",
            Self::Elsewhere { .. } => {
                "was it set to these readings? Then say when with --done-at, the largest load as `verify.max_load` in the job, or the most it can have counted with --max-growth; else `meterferry plan PATH…` shows what a run would do"
            }
            Self::ProvesNothing { .. } => {
                "narrow it: say when the target was set with --done-at, or the most it can have counted with --max-growth"
            }
        }
    }
}

impl Handwork<'_> {
    /// The bound within which the target is where the transfer would have put it. Typed readings may have been put in
    /// any time since they were taken. A source that can be read does not tell when it was carried: without a word of
    /// a person the two meters must agree.
    pub fn judge(&self) -> Result<BoundUsed, NotAdoptable> {
        let (bound, allowed, by) = self.bound()?;
        let tolerance = self.plan.options.verify.tolerance;
        for quantity in Quantity::ALL {
            self.mixed_sign()?;
            if quantity.is_total() && self.plan.options.totals == TotalsPolicy::Recompute {
                continue;
            }
            let moved = moved(quantity, &self.source.readings, &self.target.readings);
            // Whoever types readings into a meter may round them.
            let least = if quantity.is_total() { -allowed } else { -tolerance };
            if !(least..=allowed).contains(&moved) {
                let [carried, found] =
                    [self.source, self.target].map(|reading| reading.readings.energy(quantity));
                return Err(NotAdoptable::Elsewhere { quantity, carried, found, moved, allowed });
            }
        }
        let grow_only = Quantity::ALL.into_iter().filter(|quantity| !quantity.is_total());
        let (quantity, most) = grow_only
            .map(|quantity| (quantity, self.source.readings.energy(quantity)))
            .max_by_key(|(_, energy)| *energy)
            .expect("five of the seven are no totals");
        if most <= allowed {
            return Err(NotAdoptable::ProvesNothing { allowed, by, quantity, most });
        }
        Ok(bound)
    }

    fn mixed_sign(&self) -> Result<(), NotAdoptable> {
        let both = [self.source, self.target];
        match both.into_iter().find_map(|reading| reading.readings.mixed_sign()) {
            Some(quantity) => Err(NotAdoptable::MixedSign(quantity)),
            None => Ok(()),
        }
    }

    /// What the target can have counted since it was set, and by what that is known.
    fn bound(&self) -> Result<(BoundUsed, i64, &'static str), NotAdoptable> {
        let verify = self.plan.options.verify;
        let by_load = match (verify.max_load, self.elapsed()?) {
            (Some(_), Some(elapsed)) => {
                let bound = verify.bound_or_tolerance();
                let width = bound.width(elapsed);
                Some((BoundUsed::MaxLoad { bound, width }, width, "by `max_load` and the time"))
            }
            _ => None,
        };
        let stated = self.max_growth.map(|growth| (BoundUsed::Stated { growth }, growth, "as was said"));
        let narrowest = by_load.into_iter().chain(stated).min_by_key(|(_, width, _)| *width);
        let tolerance = verify.tolerance;
        Ok(narrowest.unwrap_or((BoundUsed::Tolerance { tolerance }, tolerance, "the tolerance")))
    }

    /// How long ago it can have been done at most, where that is known.
    fn elapsed(&self) -> Result<Option<Duration>, NotAdoptable> {
        let taken = match &self.plan.source {
            Source::Typed(typed) => Some(typed.taken),
            Source::Snapshot(kept) => Some(kept.origin.taken),
            Source::Live(_) | Source::Undo(_) => None,
        };
        let now = Now { wall: self.target.at, steady: Duration::ZERO };
        if let (Some(done_at), Some(taken)) = (self.done_at, taken)
            && done_at < taken
        {
            return Err(NotAdoptable::DoneAt { done_at, early: true });
        }
        let Some(since) = self.done_at.or(taken) else { return Ok(None) };
        match Since::recorded(since).elapsed(now) {
            Some(elapsed) => Ok(Some(elapsed)),
            None => Err(NotAdoptable::DoneAt { done_at: since, early: false }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        campaign::{Address, Endpoint, Gateway, Given, SerialNumber, TransferKey, TypedSource, Unit},
        meter::{Addressing, Model, Readings},
    };

    const TAKEN: &str = "2026-06-01T08:00:00Z";
    const OLD: [i64; 7] = [9_000_000, 400_000, 0, 0, 9_000_000, 400_000, 9_500_000];

    fn at(hours: i64) -> Timestamp {
        TAKEN.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_hours(hours)
    }

    fn reading(energies: [i64; 7], hours: i64) -> Reading {
        Reading { readings: Readings::from_energies(energies).unwrap(), at: at(hours) }
    }

    fn endpoint(unit: u8) -> Endpoint {
        let address = Address::Tcp { host: "meters.example".to_owned(), port: 502 };
        Endpoint {
            model: Model::Pm800,
            gateway: Arc::new(Gateway::new(address)),
            unit: Unit::new(unit).unwrap(),
            serial_number: SerialNumber::Any,
            addressing: Addressing::Modbus,
        }
    }

    fn live(max_load: Option<u64>) -> Transfer {
        let key = TransferKey { campaign: "c".into(), id: "t".into() };
        let mut plan = Transfer::new(key, endpoint(1), endpoint(2));
        plan.options.verify.max_load = max_load;
        plan
    }

    fn typed(max_load: Option<u64>) -> Transfer {
        let given = Given::Registers(Readings::from_energies(OLD).unwrap());
        let typed = TypedSource { model: Model::Cm4000, serial_number: None, taken: at(0), given };
        Transfer { source: Source::Typed(Box::new(typed)), ..live(max_load) }
    }

    /// Ten hours after the readings were taken, the target shows so much more.
    fn judge(
        plan: &Transfer,
        more: i64,
        done_at: Option<i64>,
        max_growth: Option<i64>,
    ) -> Result<BoundUsed, NotAdoptable> {
        let source = reading(OLD, 0);
        let target = reading([OLD[0] + more, OLD[1], 0, 0, OLD[4] + more, OLD[5], OLD[6]], 10);
        let done_at = done_at.map(at);
        Handwork { plan, source: &source, target: &target, done_at, max_growth }.judge()
    }

    #[test]
    fn typed_readings_may_have_been_put_in_since_they_were_taken() {
        let plan = typed(Some(100_000));
        assert!(judge(&plan, 1_001_000, None, None).is_ok());
        assert!(judge(&plan, -1_000, None, None).is_ok(), "whoever typed them rounded");
        for (more, done_at) in [(1_001_001, None), (-1_001, None), (500_000, Some(9))] {
            let judged = judge(&plan, more, done_at, None);
            assert!(matches!(judged, Err(NotAdoptable::Elsewhere { .. })), "{more}: {judged:?}");
        }
        assert!(judge(&plan, 90_000, Some(9), None).is_ok());
    }

    #[test]
    fn without_a_load_only_the_tolerance_is_believed_or_what_a_person_says() {
        for plan in [typed(None), live(None), live(Some(100_000))] {
            assert!(judge(&plan, 1_000, None, None).is_ok());
            assert!(judge(&plan, 1_001, None, None).is_err() || matches!(plan.source, Source::Typed(_)));
            assert_eq!(judge(&plan, 2_000, None, Some(2_000)), Ok(BoundUsed::Stated { growth: 2_000 }));
            assert!(judge(&plan, 2_001, None, Some(2_000)).is_err());
        }
    }

    #[test]
    fn a_bound_wider_than_what_was_carried_proves_nothing() {
        let plan = typed(Some(1_000_000));
        let judged = judge(&plan, 300_000, None, None);
        assert!(matches!(judged, Err(NotAdoptable::ProvesNothing { .. })), "{judged:?}");
        assert!(judge(&plan, 300_000, Some(9), None).is_ok(), "narrowed");
    }

    #[test]
    fn a_time_before_the_readings_or_after_now_is_none() {
        let plan = typed(Some(100_000));
        for (hours, early) in [(-1, true), (11, false)] {
            let judged = judge(&plan, 0, Some(hours), None);
            assert_eq!(judged, Err(NotAdoptable::DoneAt { done_at: at(hours), early }));
        }
    }
}
