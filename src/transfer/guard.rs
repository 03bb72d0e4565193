//! State 4: may these readings go into that target? Pure, and stateless: it needs no ledger to say no.

use serde::Serialize;

use crate::{
    campaign::{Options, Role, TargetEnergy},
    meter::{Quantity, Readings},
};

use super::{Refusal, refusal::farthest_from_zero};

/// The guards, in the order they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// One sign in each quantity; the range of each word is held by [`Readings`].
    WordSigns,
    /// The source has something to carry.
    ZeroSource,
    /// Readings flow from the meter that counted more.
    Direction,
    /// The target is fresh, or the job says what to do with its energy.
    TargetEnergy,
    /// The staged values fit into 16 digits.
    Digits,
}

/// What one guard said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Which guard.
    pub guard: Guard,
    /// Whether it lets the transfer pass.
    pub passed: bool,
    /// Why.
    pub says: String,
}

/// What all guards said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// One verdict a guard.
    pub verdicts: Vec<Verdict>,
    /// The words to stage, or the first refusal.
    pub result: Result<Readings, Refusal>,
}

/// Asks every guard.
pub fn examine(options: &Options, source: &Readings, target: &Readings) -> Examination {
    let answers = [
        (Guard::WordSigns, word_signs(source, target)),
        (Guard::ZeroSource, zero_source(options, source)),
        (Guard::Direction, direction(options, source, target)),
        (Guard::TargetEnergy, target_energy(options, source, target)),
        (Guard::Digits, staged(options, source, target).map(|_| "all seven fit into 16 digits".to_owned())),
    ];
    let mut verdicts = Vec::with_capacity(answers.len());
    let mut refusal = None;
    for (guard, answer) in answers {
        let passed = answer.is_ok();
        let says = match answer {
            Ok(says) => says,
            Err(no) => {
                let says = no.to_string();
                refusal.get_or_insert(no);
                says
            }
        };
        verdicts.push(Verdict { guard, passed, says });
    }
    let result = match refusal {
        Some(refusal) => Err(refusal),
        None => staged(options, source, target),
    };
    Examination { verdicts, result }
}

fn word_signs(source: &Readings, target: &Readings) -> Result<String, Refusal> {
    for (role, readings) in [(Role::Source, source), (Role::Target, target)] {
        if let Some(quantity) = readings.mixed_sign() {
            return Err(Refusal::MixedSign { role, quantity });
        }
    }
    Ok("every word is in -9999..=9999, one sign a quantity".to_owned())
}

fn zero_source(options: &Options, source: &Readings) -> Result<String, Refusal> {
    match (source.is_zero(), options.allow_zero) {
        (true, false) => Err(Refusal::ZeroSource),
        (true, true) => Ok("every energy of the source is zero, and the job allows it".to_owned()),
        (false, _) => Ok("the source has counted".to_owned()),
    }
}

/// Over the energies that only grow and that the source has really counted: a target at or above the source in
/// every one of them is the meter that goes first, or got these readings before.
fn direction(options: &Options, source: &Readings, target: &Readings) -> Result<String, Refusal> {
    let counted: Vec<Quantity> = Quantity::ALL
        .into_iter()
        .filter(|quantity| !quantity.is_total() && source.energy(*quantity) > options.fresh_below)
        .collect();
    let ahead = |quantity: &Quantity| target.energy(*quantity) >= source.energy(*quantity);
    // A source that has hardly counted goes into a target that has hardly counted either, or into none.
    if counted.iter().all(ahead) && !(counted.is_empty() && is_fresh(options, target)) {
        return Err(Refusal::Direction {
            source_real_in: source.energy(Quantity::RealEnergyIn),
            target_real_in: target.energy(Quantity::RealEnergyIn),
        });
    }
    match counted.into_iter().find(|quantity| !ahead(quantity)) {
        Some(quantity) => Ok(format!("the source is ahead in {quantity}")),
        None => Ok("neither meter has counted much: nothing to compare".to_owned()),
    }
}

fn target_energy(options: &Options, source: &Readings, target: &Readings) -> Result<String, Refusal> {
    let (quantity, counted) = farthest_from_zero(target);
    match options.target_energy {
        _ if is_fresh(options, target) => Ok("the target is fresh".to_owned()),
        TargetEnergy::Refuse => {
            let replaced = source.energy(Quantity::RealEnergyIn);
            let added = source.sum(target).map(|sum| sum.energy(Quantity::RealEnergyIn));
            Err(Refusal::Counting { quantity, counted, replaced, added })
        }
        TargetEnergy::Replace => Ok("the target has counted; the job says `replace`".to_owned()),
        TargetEnergy::Add => Ok("the target has counted; the job says `add`".to_owned()),
    }
}

fn is_fresh(options: &Options, target: &Readings) -> bool {
    let (_, counted) = farthest_from_zero(target);
    counted.unsigned_abs() <= options.fresh_below.unsigned_abs()
}

/// The words for the buffer: the source's own, or the sum.
fn staged(options: &Options, source: &Readings, target: &Readings) -> Result<Readings, Refusal> {
    match options.target_energy {
        TargetEnergy::Refuse | TargetEnergy::Replace => Ok(source.clone()),
        TargetEnergy::Add => source.sum(target).ok_or(Refusal::Overflow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(energies: [i64; 7]) -> Readings {
        Readings::from_energies(energies).unwrap()
    }

    fn with(target_energy: TargetEnergy) -> Options {
        Options { target_energy, ..Options::default() }
    }

    const SOURCE: [i64; 7] = [5_000_000, 2_000_000, 10, 0, 5_000_010, 2_000_000, 6_000_000];

    #[test]
    fn a_fresh_target_gets_the_sources_own_words() {
        let source = readings(SOURCE);
        let target = readings([900, 0, 0, 0, 900, 0, 1000]);
        assert_eq!(examine(&Options::default(), &source, &target).result, Ok(source));
    }

    #[test]
    fn a_target_that_counted_is_refused_unless_the_job_says_how() {
        let (source, target) = (readings(SOURCE), readings([2_000, 0, 0, 0, 2_000, 0, 2_500]));
        let refused = examine(&Options::default(), &source, &target).result.unwrap_err();
        assert!(matches!(refused, Refusal::Counting { added: Some(5_002_000), replaced: 5_000_000, .. }));
        assert_eq!(examine(&with(TargetEnergy::Replace), &source, &target).result, Ok(source.clone()));
        let sum = readings([5_002_000, 2_000_000, 10, 0, 5_002_010, 2_000_000, 6_002_500]);
        assert_eq!(examine(&with(TargetEnergy::Add), &source, &target).result, Ok(sum));
    }

    #[test]
    fn a_swapped_pair_is_refused_whatever_the_job_says() {
        let (old, new) = (readings(SOURCE), readings([3_000, 0, 0, 0, 3_000, 0, 3_000]));
        for policy in [TargetEnergy::Refuse, TargetEnergy::Replace, TargetEnergy::Add] {
            let refused = examine(&with(policy), &new, &old).result.unwrap_err();
            assert!(matches!(refused, Refusal::Direction { .. }), "{policy:?}: {refused}");
        }
    }

    #[test]
    fn the_same_readings_again_are_refused() {
        let source = readings(SOURCE);
        let refused = examine(&with(TargetEnergy::Replace), &source, &source).result.unwrap_err();
        assert!(matches!(refused, Refusal::Direction { .. }));
    }

    #[test]
    fn a_source_ahead_in_one_energy_may_go() {
        let source = readings([9_000, 5_000_000, 0, 0, 9_000, 5_000_000, 0]);
        let target = readings([10_000, 0, 0, 0, 10_000, 0, 0]);
        assert!(examine(&with(TargetEnergy::Replace), &source, &target).result.is_ok());
    }

    #[test]
    fn a_zero_source_needs_permission() {
        let zero = Readings::ZERO;
        assert_eq!(examine(&Options::default(), &zero, &zero).result, Err(Refusal::ZeroSource));
        let allowed = Options { allow_zero: true, ..Options::default() };
        assert_eq!(examine(&allowed, &zero, &zero).result, Ok(Readings::ZERO));
    }

    #[test]
    fn a_sum_of_seventeen_digits_is_refused() {
        let source = readings([9_999_999_999_999_999, 0, 0, 0, 0, 0, 0]);
        let target = readings([2_000, 0, 0, 0, 0, 0, 0]);
        assert_eq!(examine(&with(TargetEnergy::Add), &source, &target).result, Err(Refusal::Overflow));
    }

    #[test]
    fn mixed_signs_are_refused_on_either_side() {
        let mut wire = [0u16; 28];
        (wire[0], wire[1]) = (1, (-1i16).cast_unsigned());
        let mixed = Readings::from_wire(crate::meter::Model::Pm800, &wire).unwrap();
        let source = readings(SOURCE);
        for (one, other) in [(&mixed, &Readings::ZERO), (&source, &mixed)] {
            let refused = examine(&Options::default(), one, other).result.unwrap_err();
            assert!(matches!(refused, Refusal::MixedSign { .. }));
        }
    }

    #[test]
    fn every_guard_gives_a_verdict_even_when_one_refuses() {
        assert_eq!(examine(&Options::default(), &Readings::ZERO, &Readings::ZERO).verdicts.len(), 5);
    }
}
