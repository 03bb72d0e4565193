//! D: what a job of 20,000 transfers takes.

use crate::{
    load,
    measure::milliseconds,
    shape::Shape,
    stage::{Run, Stage},
    verdict::Verdicts,
};

const TRANSFERS: usize = 20_000;
const MIB: f64 = 1024.0 * 1024.0;

pub fn of_many(verdicts: &mut Verdicts) {
    verdicts.section("D  20,000 transfers from one job file, on 1,000 gateways");
    let shape = Shape { transfers: TRANSFERS, gateways: 1_000, ..Shape::default() };
    let stage = Stage::new(shape);
    let (took, testimony) = stage.run(None, &[], &[0]);
    let run = Run::of(&took);
    assert_eq!((run.transfers.len(), run.done()), (TRANSFERS, TRANSFERS));
    assert_eq!(testimony.requests, 11 * TRANSFERS as u64);
    let target = 64.0 + 4.0 * TRANSFERS as f64 / 1024.0;
    verdicts.at_most("D memory of a run", took.memory as f64 / MIB, target, "MiB", "at its peak");
    verdicts.note(&format!(
        "{:.1} KiB a transfer above 64 MiB; {:.1} s, of which CPU {:.1} s",
        (took.memory as f64 / MIB - 64.0) * 1024.0 / TRANSFERS as f64,
        milliseconds(took.wall) / 1_000.0,
        milliseconds(took.cpu) / 1_000.0,
    ));
    let (cpu, memory) = load::validate(TRANSFERS, 3);
    verdicts.at_most("D CPU of validate", cpu / 1_000.0, 2.0, "s", &format!("{memory:.0} MiB at its peak"));
    linear(verdicts);
}

/// Twice the transfers may take twice the time, and a quarter of that for what is not even.
fn linear(verdicts: &mut Verdicts) {
    let sizes = [25_000, 50_000, 100_000].map(|transfers| load::validate(transfers, 3));
    let shown: Vec<_> = sizes.iter().map(|(cpu, memory)| format!("{cpu:.0} ms, {memory:.0} MiB")).collect();
    verdicts.note(&format!("validate of 25,000, 50,000, 100,000: {}", shown.join("; ")));
    verdicts.at_most("D loading 100,000 to 25,000", sizes[2].0 / sizes[0].0 / 4.0, 1.25, "× linear", "CPU");
}
