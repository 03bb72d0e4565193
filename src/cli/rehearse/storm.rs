//! Storms: random faults at random steps of the whole campaign, and a program that dies at random. A storm is all in
//! its seed.

use std::{sync::Arc, time::Duration};

use super::{
    cut::CutAt,
    fault::{self, Class, Named},
    in_virtual_time,
    play::{Blow, play},
    schedule::AppendDeath,
    shape::Firmware,
    step::Step,
    tally::{Entry, Tally},
    unknown::Why,
    world::World,
};
use crate::{campaign::Transfer, simulator::Fault, transfer::SplitMix};

/// Seeds from here on are storms; those below are cells of the matrix.
const STORMS: u64 = 1_000_000_000;
/// Transfers in a storm at most.
const MOST_TRANSFERS: usize = 50;
/// How often the program dies at most.
const MOST_DEATHS: u64 = 3;

/// The seed of one of the storms that begin at `first`.
pub(super) fn seed(first: u64, number: usize) -> u64 {
    STORMS + first + number as u64
}

/// Whether a seed names a storm.
pub(super) const fn is_storm(seed: u64) -> bool {
    seed >= STORMS
}

/// The transfers that are in every storm.
pub(super) fn crowd(transfers: &[Arc<Transfer>]) -> Vec<Arc<Transfer>> {
    transfers.iter().take(MOST_TRANSFERS).cloned().collect()
}

/// Plays the storm with this seed; it counts as what the worst of its transfers came to.
pub(super) fn play_storm(crowd: &[Arc<Transfer>], seed: u64, tally: &mut Tally) {
    let mut dice = Dice(SplitMix::new(seed));
    let firmware = *dice.pick(&[
        Firmware::Plain,
        Firmware::Plain,
        Firmware::Quiet,
        Firmware::Slow,
        Firmware::SinglesOnly,
        Firmware::ClearsCommand,
    ]);
    let class = *dice.pick(&[
        Class::Covered,
        Class::Covered,
        Class::Covered,
        Class::Covered,
        Class::Covered,
        Class::BeyondSettle,
        Class::Repeated,
    ]);
    let strikes = strikes(crowd, class, &mut dice);
    let blows = blows(crowd.len(), &mut dice);
    let patience =
        if class == Class::BeyondSettle { Duration::from_secs(120) } else { Duration::from_secs(60) };
    let played = in_virtual_time(async {
        let world = World::new(crowd, firmware, seed);
        for (transfer, step, named) in &strikes {
            let (gateway, unit) = world.meter_of(&crowd[*transfer], step.role());
            gateway.inject(unit, step.when(), named.fault.clone());
        }
        play(&world, &blows, patience).await
    });
    let worst = played.endings.iter().zip(crowd).max_by_key(|(ending, _)| ending.judgement.verdict);
    let Some((ending, transfer)) = worst else { return };
    let verdict = ending.judgement.verdict;
    let open = verdict.is_open();
    let told = strikes.iter().filter(|(place, ..)| Arc::ptr_eq(&crowd[*place], transfer));
    let told: Vec<_> = told.map(|(_, step, named)| format!("{} at {step}", named.name)).collect();
    tally.add(Entry {
        class,
        place: None,
        seed,
        verdict,
        why: open.then(|| Why::of(verdict, &ending.reason)),
        repeated: played.endings.iter().any(|ending| ending.judgement.repeated),
        tried: format!(
            "storm over {} transfers, targets {firmware:?}, {} faults, {} deaths; {}: {}",
            crowd.len(),
            strikes.len(),
            played.blows,
            transfer.key.id,
            told.join(", ")
        ),
        says: if open {
            ending.reason.clone()
        } else {
            format!("{}; {}", ending.judgement.says, ending.reason)
        },
    });
}

/// Up to two faults a transfer, at random steps.
fn strikes(crowd: &[Arc<Transfer>], class: Class, dice: &mut Dice) -> Vec<(usize, Step, Named)> {
    let faults: Vec<Vec<Named>> = crowd.iter().map(|transfer| fault::all(transfer)).collect();
    let mut strikes = Vec::new();
    let mut torn = vec![false; crowd.len()];
    for _ in 0..=dice.below(2 * crowd.len() as u64) {
        let transfer = dice.below(crowd.len() as u64) as usize;
        let (step, named) = (*dice.pick(&Step::ALL), dice.pick(&faults[transfer]).clone());
        // Two torn readings in a row, torn alike, look like a true one to anybody.
        let tears = named.fault == Fault::TornRead && step.role() == crate::campaign::Role::Source;
        let first_tear = !tears || !std::mem::replace(&mut torn[transfer], true);
        if named.suits(step) && allowed(class, &named, step) && first_tear {
            strikes.push((transfer, step, named));
        }
    }
    strikes
}

/// A gateway that repeats requests by itself repeats whatever it is given: in storms that is a class of its own.
fn allowed(class: Class, named: &Named, step: Step) -> bool {
    let repeats = matches!(named.fault, Fault::DuplicateExecution(_));
    match class {
        Class::Covered => named.class(step) == Class::Covered && !repeats,
        Class::Repeated => named.class(step) != Class::BeyondSettle,
        Class::BeyondSettle => !repeats,
    }
}

fn blows(transfers: usize, dice: &mut Dice) -> Vec<Blow> {
    let requests = 12 * transfers as u64;
    let appends = 10 * transfers as u64;
    (0..dice.below(MOST_DEATHS + 1))
        .map(|_| match dice.below(4) {
            0 => {
                let append = u32::try_from(1 + dice.below(appends)).expect("a few hundred");
                Blow::AtAppend(dice.pick(&AppendDeath::ALL).fault(append))
            }
            _ => {
                let request = 1 + dice.below(requests) as usize;
                Blow::AtRequest(CutAt { request, leaves: dice.below(2) == 0 })
            }
        })
        .collect()
}

/// What chance decides.
struct Dice(SplitMix);

impl Dice {
    /// A number below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        self.0.draw() % limit.max(1)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}
