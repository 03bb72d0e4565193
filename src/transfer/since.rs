//! Days or months after a transfer: can the target have come from its last recorded reading to where it is now? Pure.

use super::{Now, Reading, clock, undoing::moved};
use crate::{
    campaign::Verify,
    meter::{Quantity, with_unit},
};

/// Why a reading cannot be what the same meter has counted since.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Implausible {
    /// An energy that only grows has fallen.
    #[error("{quantity} went back from {} to {}", with_unit(*.quantity, *.left), with_unit(*.quantity, *.found))]
    WentBack {
        /// Which quantity.
        quantity: Quantity,
        /// As recorded.
        left: i64,
        /// As read now.
        found: i64,
    },
    /// An energy has moved by more than any load makes.
    #[error(
        "{quantity} went from {} to {}, by {}; {} can make {} since",
        with_unit(*.quantity, *.left), with_unit(*.quantity, *.found), with_unit(*.quantity, found - left), .load, with_unit(*.quantity, *.allowed)
    )]
    Jumped {
        /// Which quantity.
        quantity: Quantity,
        /// As recorded.
        left: i64,
        /// As read now.
        found: i64,
        /// How much the load can have made.
        allowed: i64,
        /// Which load that is.
        load: &'static str,
    },
    /// Registers that no meter writes.
    #[error("{0} has registers of both signs: no meter writes that")]
    MixedSign(Quantity),
    /// It is not known how long ago the recorded reading was taken.
    #[error("the recorded reading is of {0:.0}, which is after now: the clock went backwards")]
    ClockWentBack(jiff::Timestamp),
}

impl Implausible {
    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::WentBack { .. } => {
                "was it reset, or set by somebody? Look at the meter; `meterferry ledger export` has all that was recorded of it"
            }
            Self::Jumped { .. } => {
                "was it set by somebody, or is `verify.max_load` in the job too low? Look at the meter"
            }
            Self::MixedSign(_) => "look at the meter itself; check its model in the job",
            Self::ClockWentBack(_) => "set this machine's clock right, then verify again",
        }
    }
}

/// How far each energy has moved from the last recorded reading to one of now, if a load can have made that: the job's,
/// or 100 MVA where it gives none.
pub fn counted_since(left: &Reading, now: &Reading, verify: &Verify) -> Result<[i64; 7], Implausible> {
    if let Some(quantity) = now.readings.mixed_sign() {
        return Err(Implausible::MixedSign(quantity));
    }
    let instant = Now { wall: now.at, steady: std::time::Duration::ZERO };
    let elapsed = clock::Since::recorded(left.at).elapsed(instant);
    let elapsed = elapsed.ok_or(Implausible::ClockWentBack(left.at))?;
    let allowed = verify.bound_or_assumed().width(elapsed);
    let load = if verify.max_load.is_some() { "`max_load`" } else { "no load of 100 MVA or less" };
    let grown = Quantity::ALL.map(|quantity| moved(quantity, &left.readings, &now.readings));
    for quantity in Quantity::ALL {
        let (moved, was, found) =
            (grown[quantity.index()], left.readings.energy(quantity), now.readings.energy(quantity));
        if moved < 0 && !quantity.is_total() {
            return Err(Implausible::WentBack { quantity, left: was, found });
        }
        if moved.abs() > allowed {
            return Err(Implausible::Jumped { quantity, left: was, found, allowed, load });
        }
    }
    Ok(grown)
}

/// What is worth a look although it is possible: a meter that counts nothing, or the other way round than before.
pub fn worth_a_look(left: &Reading, grown: &[i64; 7], verify: &Verify) -> Option<String> {
    if grown.iter().all(|grown| *grown == 0) {
        return Some(format!(
            "it has counted nothing since {:.0}: is its load off, or its wiring open?",
            left.at
        ));
    }
    let [energy_in, out] = [Quantity::RealEnergyIn, Quantity::RealEnergyOut];
    let (was_in, was_out) = (left.readings.energy(energy_in), left.readings.energy(out));
    let (now_in, now_out) = (grown[energy_in.index()], grown[out.index()]);
    let turned = (was_in > was_out && now_out > now_in) || (was_out > was_in && now_in > now_out);
    if turned && now_in.max(now_out) > verify.tolerance {
        return Some(
            "it counts mostly the other way round than before: are its current transformers turned?"
                .to_owned(),
        );
    }
    let unbounded = verify.max_load.is_none();
    unbounded.then(|| "`verify.max_load` in the job would show smaller jumps, too".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Readings;

    const LEFT: [i64; 7] = [9_000_000, 400_000, 70, 0, 8_999_930, 400_000, 9_500_000];
    const LOADED: Verify = Verify { tolerance: 1_000, max_load: Some(100_000) };

    fn reading(energies: [i64; 7], hours: i64) -> Reading {
        let at = "2026-06-01T08:00:00Z".parse::<jiff::Timestamp>().unwrap();
        let readings = Readings::from_energies(energies).unwrap();
        Reading { readings, at: at + jiff::SignedDuration::from_hours(hours) }
    }

    fn after(hours: i64, change: impl FnOnce(&mut [i64; 7])) -> Result<[i64; 7], Implausible> {
        let mut energies = LEFT;
        change(&mut energies);
        counted_since(&reading(LEFT, 0), &reading(energies, hours), &LOADED)
    }

    #[test]
    fn what_a_load_makes_is_plausible_and_no_more() {
        assert_eq!(after(2, |now| now[0] += 201_000).unwrap()[0], 201_000);
        assert!(matches!(after(2, |now| now[0] += 201_001), Err(Implausible::Jumped { .. })));
        assert!(matches!(after(2, |now| now[1] -= 1), Err(Implausible::WentBack { .. })));
        assert!(after(2, |now| now[4] -= 100_000).is_ok(), "a total may fall");
        assert!(matches!(after(-1, |_| ()), Err(Implausible::ClockWentBack(_))));
    }

    #[test]
    fn standing_still_and_turning_round_are_worth_a_look() {
        let look = |grown| worth_a_look(&reading(LEFT, 0), &grown, &LOADED);
        assert!(look([0; 7]).unwrap().contains("nothing"));
        assert!(look([10, 0, 5_000, 0, -4_990, 0, 5_010]).unwrap().contains("other way round"));
        assert_eq!(look([5_000, 0, 10, 0, 4_990, 0, 5_010]), None);
    }
}
