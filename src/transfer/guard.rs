//! State 4: may these readings go into that target? Pure, and stateless: it needs no ledger to say no.

use serde::Serialize;

use crate::{
    campaign::{Role, TargetEnergy, TotalsPolicy, Transfer, TransferKey},
    meter::{Quantity, Readings, kilo},
};

use super::{Refusal, TotalsMode, refusal::farthest_from_zero, snapshot, totals::recomputed};

/// The guards, in the order they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// One sign in each quantity; the range of each word is held by [`Readings`].
    WordSigns,
    /// The source has something to carry.
    ZeroSource,
    /// A snapshot is not older than the job allows.
    Age,
    /// Both meters are where the job expects them.
    Expected,
    /// Readings flow from the meter that counted more.
    Direction,
    /// The target is fresh, or the job says what to do with its energy.
    TargetEnergy,
    /// Both meters form their totals alike.
    Totals,
    /// The staged values fit into 16 digits.
    Digits,
    /// No other transfer wrote to the same target.
    Ledger,
    /// The target of an undo is where the transfer left it, but for what it can have counted since.
    AsLeft,
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

/// What the guards judge.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The transfer.
    pub plan: &'a Transfer,
    /// The readings that are carried.
    pub source: &'a Readings,
    /// The target's readings.
    pub target: &'a Readings,
    /// Another transfer that wrote to the same target.
    pub claimed_by: Option<&'a TransferKey>,
}

/// Asks every guard.
pub fn examine(case: &Case<'_>) -> Examination {
    summed_up(
        [
            (Guard::WordSigns, word_signs(case)),
            (Guard::ZeroSource, zero_source(case)),
            (Guard::Expected, expected(case)),
            (Guard::Direction, direction(case)),
            (Guard::TargetEnergy, target_energy(case)),
            (Guard::Totals, totals(case)),
            (Guard::Digits, staged(case).map(|_| "all seven fit into 16 digits".to_owned())),
            (Guard::Ledger, ledger(case)),
        ],
        || staged(case),
    )
}

/// What guards said: their verdicts, and the first refusal, or what they let be staged.
pub(super) fn summed_up<const N: usize>(
    answers: [(Guard, Result<String, Refusal>); N],
    staged: impl FnOnce() -> Result<Readings, Refusal>,
) -> Examination {
    let mut verdicts = Vec::with_capacity(N);
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
        None => staged(),
    };
    Examination { verdicts, result }
}

pub(super) fn word_signs(case: &Case<'_>) -> Result<String, Refusal> {
    for (role, readings) in [(Role::Source, case.source), (Role::Target, case.target)] {
        if let Some(quantity) = readings.mixed_sign() {
            return Err(Refusal::MixedSign { role, quantity });
        }
    }
    Ok("every word is in -9999..=9999, one sign a quantity".to_owned())
}

fn zero_source(case: &Case<'_>) -> Result<String, Refusal> {
    match (case.source.is_zero(), case.plan.options.allow_zero) {
        (true, false) => Err(Refusal::ZeroSource),
        (true, true) => Ok("every energy of the source is zero, and the job allows it".to_owned()),
        (false, _) => Ok("the source has counted".to_owned()),
    }
}

fn expected(case: &Case<'_>) -> Result<String, Refusal> {
    let plan = case.plan;
    for (role, expect, readings) in
        [(Role::Source, &plan.expect_source, case.source), (Role::Target, &plan.expect_target, case.target)]
    {
        if let Some((quantity, range)) = expect.violation(readings) {
            return Err(Refusal::Unexpected { role, quantity, value: readings.energy(quantity), range });
        }
    }
    match (plan.expect_source.is_empty(), plan.expect_target.is_empty()) {
        (true, true) => Ok("the job pins no ranges".to_owned()),
        _ => Ok("all readings are in the ranges that the job pins".to_owned()),
    }
}

/// Over the energies that only grow and that the source has really counted: a target at or above the source in
/// every one of them is the meter that goes first, or got these readings before. A target that the job pins to
/// where it is has been looked at by a person.
fn direction(case: &Case<'_>) -> Result<String, Refusal> {
    let Case { plan, source, target, .. } = case;
    if plan.expect_target.pins_a_place() && plan.expect_target.violation(target).is_none() {
        return Ok("the job pins the target to where it is".to_owned());
    }
    let counted: Vec<Quantity> = Quantity::ALL
        .into_iter()
        .filter(|quantity| !quantity.is_total() && source.energy(*quantity) > plan.options.fresh_below)
        .collect();
    let ahead = |quantity: &Quantity| target.energy(*quantity) >= source.energy(*quantity);
    if let Some(refusal) = snapshot::ahead_of_its_own(plan, &counted, source, target) {
        return Err(refusal);
    }
    // A source that has hardly counted goes into a target that has hardly counted either, or into none.
    if counted.iter().all(ahead) && !(counted.is_empty() && is_fresh(case)) {
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

fn is_fresh(case: &Case<'_>) -> bool {
    let (_, counted) = farthest_from_zero(case.target);
    counted.unsigned_abs() <= case.plan.options.fresh_below.unsigned_abs()
}

fn target_energy(case: &Case<'_>) -> Result<String, Refusal> {
    let both = || {
        let replaced = case.source.energy(Quantity::RealEnergyIn);
        let added = case.source.sum(case.target).map(|sum| sum.energy(Quantity::RealEnergyIn));
        (replaced, added)
    };
    match case.plan.options.target_energy {
        _ if is_fresh(case) => Ok("the target is fresh".to_owned()),
        TargetEnergy::Refuse => {
            let (quantity, counted) = farthest_from_zero(case.target);
            let (replaced, added) = both();
            Err(Refusal::Counting { quantity, counted, replaced, added })
        }
        policy @ (TargetEnergy::Replace | TargetEnergy::Add) => {
            let (replaced, added) = both();
            let word = if policy == TargetEnergy::Add { "add" } else { "replace" };
            let added =
                added.map_or_else(|| "more than 16 digits".to_owned(), |sum| format!("{} kWh", kilo(sum)));
            Ok(format!(
                "the target has counted, and the job says `{word}`; real energy in: `replace` {} kWh, `add` {added}",
                kilo(replaced)
            ))
        }
    }
}

fn totals(case: &Case<'_>) -> Result<String, Refusal> {
    let (source_mode, target_mode) = modes(case);
    if !source_mode.disagrees_with(target_mode) {
        return Ok(format!("the source's totals are {source_mode}, the target's {target_mode}"));
    }
    match case.plan.options.totals {
        TotalsPolicy::Refuse => Err(Refusal::Totals { source_mode, target_mode }),
        TotalsPolicy::Keep => Ok("the totals are formed differently; the job says `keep`".to_owned()),
        TotalsPolicy::Recompute => {
            Ok("the totals are formed differently; the job says `recompute`".to_owned())
        }
    }
}

fn modes(case: &Case<'_>) -> (TotalsMode, TotalsMode) {
    let tolerance = case.plan.options.verify.tolerance;
    (TotalsMode::of(case.source, tolerance), TotalsMode::of(case.target, tolerance))
}

pub(super) fn ledger(case: &Case<'_>) -> Result<String, Refusal> {
    match case.claimed_by {
        Some(by) => Err(Refusal::Claimed { by: by.clone() }),
        None => Ok("no other transfer wrote to this target".to_owned()),
    }
}

/// The words for the buffer: the source's own, or the sum; with totals as the job says.
fn staged(case: &Case<'_>) -> Result<Readings, Refusal> {
    let sum = match case.plan.options.target_energy {
        TargetEnergy::Refuse | TargetEnergy::Replace => case.source.clone(),
        TargetEnergy::Add => case.source.sum(case.target).ok_or(Refusal::Overflow)?,
    };
    let (source_mode, target_mode) = modes(case);
    match (case.plan.options.totals, target_mode.sign()) {
        (TotalsPolicy::Recompute, Some(sign)) if source_mode.disagrees_with(target_mode) => {
            Readings::from_energies(recomputed(sum.energies(), sign)).ok_or(Refusal::Overflow)
        }
        _ => Ok(sum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::Arc;

    use crate::{
        campaign::{
            Address, Endpoint, Expect, ExpectRange, Gateway, GatewaySettings, Options, SerialNumber, Unit,
        },
        meter::{Addressing, Model},
    };

    /// The guards on a plain transfer with these options.
    fn examine(options: &Options, source: &Readings, target: &Readings) -> Examination {
        let plan = plan(options.clone());
        super::examine(&Case { plan: &plan, source, target, claimed_by: None })
    }

    fn plan(options: Options) -> Transfer {
        let endpoint = |unit| Endpoint {
            model: Model::Pm800,
            gateway: Arc::new(Gateway {
                name: None,
                address: Address::Tcp { host: "meters.example".to_owned(), port: 502 },
                settings: GatewaySettings::default(),
                portable: false,
            }),
            unit: Unit::new(unit).unwrap(),
            serial_number: SerialNumber::Any,
            addressing: Addressing::Modbus,
        };
        Transfer {
            key: TransferKey { campaign: "c".into(), id: "t".into() },
            labels: Default::default(),
            checked: Default::default(),
            source: endpoint(1).into(),
            target: endpoint(2),
            expect_target: Expect::default(),
            expect_source: Expect::default(),
            after: Vec::new(),
            generation: 1,
            options,
            written_at: None,
        }
    }

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
        assert_eq!(examine(&Options::default(), &Readings::ZERO, &Readings::ZERO).verdicts.len(), 8);
    }

    #[test]
    fn a_target_pinned_to_where_it_is_may_be_set_back() {
        let (source, target) =
            (readings(SOURCE), readings([6_000_000, 3_000_000, 0, 0, 6_000_000, 3_000_000, 7_000_000]));
        let mut plan = plan(with(TargetEnergy::Replace));
        let pin =
            |min, max| Expect(vec![(Quantity::RealEnergyIn, ExpectRange { min: Some(min), max: Some(max) })]);
        let ask = |plan: &Transfer| {
            super::examine(&Case { plan, source: &source, target: &target, claimed_by: None }).result
        };
        assert!(matches!(ask(&plan), Err(Refusal::Direction { .. })));
        plan.expect_target = pin(5_900_000, 6_100_000);
        assert_eq!(ask(&plan), Ok(source.clone()));
        plan.expect_target = pin(1, 2);
        assert!(matches!(ask(&plan), Err(Refusal::Unexpected { role: Role::Target, .. })));
    }

    #[test]
    fn an_open_range_of_the_target_overrides_nothing() {
        let (old, new) = (readings(SOURCE), readings([3_000, 0, 0, 0, 3_000, 0, 3_000]));
        let mut plan = plan(with(TargetEnergy::Replace));
        plan.expect_target = Expect(vec![(Quantity::RealEnergyIn, ExpectRange { min: Some(0), max: None })]);
        let case = Case { plan: &plan, source: &new, target: &old, claimed_by: None };
        assert!(matches!(super::examine(&case).result, Err(Refusal::Direction { .. })));
    }

    #[test]
    fn totals_formed_differently_need_a_word() {
        let source = readings([9_000_000, 0, 4_000_000, 0, 13_000_000, 0, 9_500_000]);
        let target = readings([20_000, 0, 5_000, 0, 15_000, 0, 26_000]);
        let ask =
            |totals| examine(&Options { totals, ..with(TargetEnergy::Replace) }, &source, &target).result;
        assert!(matches!(ask(TotalsPolicy::Refuse), Err(Refusal::Totals { .. })));
        assert_eq!(ask(TotalsPolicy::Keep), Ok(source.clone()));
        let recomputed = readings([9_000_000, 0, 4_000_000, 0, 5_000_000, 0, 9_500_000]);
        assert_eq!(ask(TotalsPolicy::Recompute), Ok(recomputed));
    }

    #[test]
    fn a_target_of_another_transfer_is_refused() {
        let (source, target) = (readings(SOURCE), Readings::ZERO);
        let by = TransferKey { campaign: "other".into(), id: "one".into() };
        let plan = plan(Options::default());
        let case = Case { plan: &plan, source: &source, target: &target, claimed_by: Some(&by) };
        assert_eq!(super::examine(&case).result, Err(Refusal::Claimed { by: by.clone() }));
    }
}
