//! What is carried over: readings taken now, captured earlier, kept in a snapshot, or typed into the job.

use std::time::Duration;

use super::{
    Now, Reading, Refusal,
    clock::Since,
    totals::{self, TotalsMode},
};
use crate::{
    campaign::{Given, Options, Others, TargetEnergy, Transfer, TypedSource, UndoSource},
    meter::{Quantity, Readings},
};

/// A reading, with the instant by the steady clock.
#[derive(Debug, Clone)]
pub(super) struct Timed {
    pub reading: Reading,
    pub steady: Duration,
}

impl Timed {
    pub(super) fn taken(&self) -> Now {
        Now { wall: self.reading.at, steady: self.steady }
    }
}

/// A source reading of an earlier run, and whose it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// The reading.
    pub reading: Reading,
    /// The serial number the source answered with.
    pub serial_number: Option<u32>,
}

impl Captured {
    /// The reading, if it is of the meter that `plan` names and young enough for it. `Err(Some(age))`: too old.
    /// `Err(None)`: of another meter, not allowed by the job, or taken after now by this clock.
    pub(super) fn usable(&self, plan: &Transfer, now: Now) -> Result<Reading, Option<Duration>> {
        let pinned = plan.source.pinned();
        let (Some(allowed), true) =
            (plan.source.captured_within(), pinned.is_some() && pinned == self.serial_number)
        else {
            return Err(None);
        };
        match Since::recorded(self.reading.at).elapsed(now) {
            Some(age) if age <= allowed => Ok(self.reading.clone()),
            age => Err(age),
        }
    }
}

/// Where the readings that are carried come from.
#[derive(Debug, Clone)]
pub(super) enum Carried {
    /// Read in this run.
    Read(Timed),
    /// Captured by an earlier run, or kept in a snapshot.
    Captured(Reading),
    /// Typed into the job.
    Typed(TypedSource),
    /// What the target itself held before another transfer.
    Undo(UndoSource),
}

impl Carried {
    /// The source's seven energies. Those that a typed source does not give come from the target.
    pub(super) fn readings(&self, options: &Options, target: &Readings) -> Result<Reading, Refusal> {
        match self {
            Self::Read(timed) => Ok(timed.reading.clone()),
            Self::Captured(reading) => Ok(reading.clone()),
            Self::Undo(undo) => Ok(Reading { readings: undo.pre_image.clone(), at: undo.pre_image_at }),
            Self::Typed(typed) => {
                let readings = match &typed.given {
                    Given::Registers(readings) => readings.clone(),
                    Given::Energies { energies, others } => completed(energies, *others, options, target)?,
                };
                Ok(Reading { readings, at: typed.taken })
            }
        }
    }
}

/// Fills in what is not given: totals from in and out, the others as the job says.
fn completed(
    given: &[Option<i64>; 7],
    others: Others,
    options: &Options,
    target: &Readings,
) -> Result<Readings, Refusal> {
    // Where the target's energies are added, adding nothing keeps them.
    let keep = |quantity: Quantity| match (others, options.target_energy) {
        (Others::Zero, _) | (Others::Keep, TargetEnergy::Add) => 0,
        (Others::Keep, TargetEnergy::Refuse | TargetEnergy::Replace) => target.energy(quantity),
    };
    let mut energies =
        Quantity::ALL.map(|quantity| given[quantity.index()].unwrap_or_else(|| keep(quantity)));
    for total in Quantity::ALL {
        let Some((energy_in, out)) = totals::parts(total) else { continue };
        let parts_given = given[energy_in.index()].is_some() || given[out.index()].is_some();
        if given[total.index()].is_none() && parts_given {
            let gone_out = energies[out.index()];
            let sign = TotalsMode::of(target, options.verify.tolerance).sign();
            let sign = if gone_out == 0 { Some(1) } else { sign };
            let Some(sign) = sign else { return Err(Refusal::TotalUnknown { total, out }) };
            energies[total.index()] = energies[energy_in.index()] + sign * gone_out;
        }
    }
    Readings::from_energies(energies).ok_or(Refusal::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: [i64; 7] = [2_000_000, 300_000, 0, 0, 2_000_000, 300_000, 2_100_000];

    fn complete(given: [Option<i64>; 7], others: Others) -> Result<[i64; 7], Refusal> {
        let target = Readings::from_energies(TARGET).unwrap();
        completed(&given, others, &Options::default(), &target).map(|readings| readings.energies())
    }

    #[test]
    fn what_is_not_given_is_kept_or_zero() {
        let given = [Some(9_000_000), None, None, None, None, None, None];
        let kept = [9_000_000, 300_000, 0, 0, 9_000_000, 300_000, 2_100_000];
        assert_eq!(complete(given, Others::Keep), Ok(kept));
        assert_eq!(complete(given, Others::Zero), Ok([9_000_000, 0, 0, 0, 9_000_000, 0, 0]));
    }

    #[test]
    fn a_total_that_nobody_can_form_must_be_given() {
        let given = [Some(9_000_000), None, Some(5), None, None, None, None];
        assert!(matches!(complete(given, Others::Zero), Err(Refusal::TotalUnknown { .. })));
        let given = [Some(9_000_000), None, Some(5), None, Some(8_999_995), None, None];
        assert_eq!(complete(given, Others::Zero), Ok([9_000_000, 0, 5, 0, 8_999_995, 0, 0]));
    }
}
