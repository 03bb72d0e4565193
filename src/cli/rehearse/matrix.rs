//! The matrix: every fault at every step, and with each of them no death, one, or one and another in the next run.

use std::{slice, sync::Arc, time::Duration};

use super::{
    cut::CutAt,
    fault::{self, Named},
    in_virtual_time,
    play::{Blow, Played, play},
    schedule::{AppendDeath, Death, MOST_REQUESTS, Schedule, SecondDeath},
    shape::Shape,
    step::Step,
    tally::{Entry, Tally},
    unknown::Why,
    world::World,
};

/// How much of the matrix is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thrift {
    /// With every so-many-th pair of step and fault the program dies; on the first shape all others are tried with a
    /// program that lives, on other shapes not at all.
    pub deaths: usize,
    /// Every so-many-th request of the next run is one it dies at.
    pub second_deaths: u32,
    /// Every so-many-th append is one the program dies at.
    pub appends: u32,
}

/// One fault at one step of one shape.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub shape: usize,
    pub step: Step,
    pub fault: usize,
    /// Also with a program that dies.
    pub deaths: bool,
}

/// What there is to try with these shapes.
pub(super) fn items(shapes: &[Shape], thrift: Thrift) -> Vec<Item> {
    let mut items = Vec::new();
    for (place, shape) in shapes.iter().enumerate() {
        for step in Step::ALL.into_iter().filter(|step| shape.single_writes() || !step.needs_single_writes())
        {
            for (fault, named) in fault::all(&shape.transfer).iter().enumerate() {
                if named.suits(step) {
                    items.push(Item { shape: place, step, fault, deaths: true });
                }
            }
        }
    }
    let numbered = items.into_iter().enumerate();
    numbered
        .map(|(place, item)| Item { deaths: place % thrift.deaths == 0, ..item })
        .filter(|item| item.deaths || item.shape == 0)
        .collect()
}

/// Plays an item without a death, then with every death that is tried.
pub(super) fn play_item(shapes: &[Shape], item: Item, thrift: Thrift, tally: &mut Tally) {
    let Item { shape, step, fault, deaths } = item;
    let cell = Schedule { shape, step, fault, death: Death::None, second: None };
    let alive = perform(shapes, cell, None);
    let Some(struck) = alive.struck.filter(|_| alive.all_struck) else { return };
    tally.add(entry(shapes, cell, &alive));
    if !deaths {
        return;
    }
    for death in [Death::BeforeRequest, Death::AfterRequest] {
        let cell = Schedule { death, ..cell };
        tally.add(entry(shapes, cell, &perform(shapes, cell, Some(struck))));
        second_deaths(shapes, cell, struck, thrift, tally);
    }
    appends(shapes, cell, thrift, tally);
}

fn second_deaths(shapes: &[Shape], cell: Schedule, struck: usize, thrift: Thrift, tally: &mut Tally) {
    let first = 1 + sample(&cell, thrift.second_deaths);
    for request in (first..=MOST_REQUESTS).step_by(thrift.second_deaths as usize) {
        for leaves in [false, true] {
            let cell = Schedule { second: Some(SecondDeath { request, leaves }), ..cell };
            let played = perform(shapes, cell, Some(struck));
            if played.blows < 2 {
                return;
            }
            tally.add(entry(shapes, cell, &played));
        }
    }
}

fn appends(shapes: &[Shape], cell: Schedule, thrift: Thrift, tally: &mut Tally) {
    for how in AppendDeath::ALL {
        let first = 1 + sample(&cell, thrift.appends);
        for append in (first..=40).step_by(thrift.appends as usize) {
            let cell = Schedule { death: Death::Append(how, append), ..cell };
            let played = perform(shapes, cell, None);
            if played.blows < 1 {
                break;
            }
            tally.add(entry(shapes, cell, &played));
        }
    }
}

/// Which of the first few is taken: another one for every cell, the same one every time.
fn sample(cell: &Schedule, of: u32) -> u32 {
    let place =
        cell.shape + cell.step as usize * 7 + cell.fault * 3 + usize::from(cell.death == Death::AfterRequest);
    u32::try_from(place).expect("a few thousand") % of
}

/// Plays one cell by itself: for `--seed`.
pub(super) fn replay(shapes: &[Shape], cell: Schedule, tally: &mut Tally) -> Option<()> {
    let shape = shapes.get(cell.shape)?;
    fault::all(&shape.transfer).get(cell.fault)?;
    let alive = perform(shapes, Schedule { death: Death::None, second: None, ..cell }, None);
    let played = perform(shapes, cell, Some(alive.struck?));
    tally.add(entry(shapes, cell, &played));
    Some(())
}

fn perform(shapes: &[Shape], cell: Schedule, struck: Option<usize>) -> Played {
    let shape = &shapes[cell.shape];
    let named = fault::all(&shape.transfer).swap_remove(cell.fault);
    let patience = patience(&named);
    let blows = blows(cell, struck);
    in_virtual_time(async move {
        let world = World::new(slice::from_ref(&shape.transfer), shape.firmware, cell.seed());
        let (gateway, unit) = world.meter(&shape.transfer.target);
        if let Some((when, fault)) = cell.step.before() {
            gateway.inject(unit, when, fault);
        }
        let (gateway, unit) = world.meter_of(&shape.transfer, cell.step.role());
        gateway.inject(unit, cell.step.when(), named.fault);
        play(&world, &blows, patience).await
    })
}

/// How much longer than usual a request may be on its way.
fn patience(named: &Named) -> Duration {
    use crate::simulator::Fault;
    match named.fault {
        Fault::LateExecution(time) | Fault::Delay(time) | Fault::DuplicateExecution(time) => time,
        _ => Duration::ZERO,
    }
}

fn blows(cell: Schedule, struck: Option<usize>) -> Vec<Blow> {
    let at = |request, leaves| Blow::AtRequest(CutAt { request, leaves });
    let located = || struck.expect("a schedule without a death says where the fault strikes");
    let first = match cell.death {
        Death::None => None,
        Death::BeforeRequest => Some(at(located(), false)),
        Death::AfterRequest => Some(at(located(), true)),
        Death::Append(how, append) => Some(Blow::AtAppend(how.fault(append))),
    };
    let second = cell.second.map(|second| at(second.request as usize, second.leaves));
    first.into_iter().chain(second).collect()
}

fn entry(shapes: &[Shape], cell: Schedule, played: &Played) -> Entry {
    let shape = &shapes[cell.shape];
    let named = fault::all(&shape.transfer).swap_remove(cell.fault);
    let ending = &played.endings[0];
    let verdict = ending.judgement.verdict;
    let open = verdict.is_open();
    let second = cell.second.map(|second| second.to_string()).unwrap_or_default();
    Entry {
        class: named.class(cell.step),
        place: Some((cell.step, named.name)),
        seed: cell.seed(),
        verdict,
        why: open.then(|| Why::of(verdict, &ending.reason)),
        repeated: ending.judgement.repeated,
        tried: format!("{shape}: {} at {}; {}{second}", named.name, cell.step, cell.death),
        says: if open {
            ending.reason.clone()
        } else {
            format!("{}; {}", ending.judgement.says, ending.reason)
        },
    }
}

/// The transfers of the shapes, for messages.
pub(super) fn shown(shapes: &[Shape]) -> Vec<Arc<str>> {
    shapes.iter().map(|shape| shape.to_string().into()).collect()
}
