//! A, B, C and E: meterferry against the bare client.

use std::time::Duration;

use crate::{
    measure::{Took, median, milliseconds},
    shape::Shape,
    stage::{Ledger, Run, Stage},
    verdict::Verdicts,
};

const TRANSFERS: usize = 1_000;

/// Both, as medians of several rounds in turn.
struct Compared {
    wall: f64,
    cpu: f64,
    /// The run alone, without start, job file and result.
    run: f64,
    bare_wall: f64,
    bare_cpu: f64,
    /// The bare client at work alone.
    bare_work: f64,
    ledger: Ledger,
}

/// One play of meterferry's.
struct Ours {
    took: Took,
    run: f64,
    ledger: Ledger,
}

/// One play of the bare client's.
struct Bare {
    took: Took,
    work: f64,
}

fn compare(shape: Shape, at_a_time: Option<usize>, rounds: usize) -> Compared {
    let stage = Stage::new(shape);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let mut play = |ours_now: bool| match ours_now {
            true => ours.push(play(&stage, &shape, at_a_time)),
            false => {
                let (took, work) = stage.bare(at_a_time.unwrap_or(usize::MAX));
                bare.push(Bare { took, work });
            }
        };
        play(round % 2 == 0);
        play(round % 2 != 0);
    }
    let of = |value: fn(&Ours) -> f64| median(ours.iter().map(value).collect());
    let of_bare = |value: fn(&Bare) -> f64| median(bare.iter().map(value).collect());
    Compared {
        wall: of(|ours| milliseconds(ours.took.wall)),
        cpu: of(|ours| milliseconds(ours.took.cpu)),
        run: of(|ours| ours.run),
        bare_wall: of_bare(|bare| milliseconds(bare.took.wall)),
        bare_cpu: of_bare(|bare| milliseconds(bare.took.cpu)),
        bare_work: of_bare(|bare| bare.work),
        ledger: ours.iter().map(|ours| ours.ledger).max_by_key(|ledger| ledger.transactions).unwrap(),
    }
}

/// meterferry's turn: every transfer must be done, with as many requests as the bare client's.
fn play(stage: &Stage, shape: &Shape, at_a_time: Option<usize>) -> Ours {
    let (took, testimony) = stage.run(at_a_time, &[], &[0]);
    let run = Run::of(&took);
    assert_eq!((run.transfers.len(), run.done()), (shape.transfers, shape.transfers));
    assert_eq!(testimony.requests, 11 * shape.transfers as u64, "not the same frames");
    let ledger = Ledger::of(&took);
    Ours { took, run: run.elapsed_ms, ledger }
}

impl Compared {
    fn wall(&self, verdicts: &mut Verdicts, what: &str, target: f64) {
        let how = format!("{:.0} ms : {:.0} ms, from start to end", self.wall, self.bare_wall);
        verdicts.at_most(what, self.wall / self.bare_wall, target, "× bare", &how);
    }

    fn cpu(&self, verdicts: &mut Verdicts, what: &str, target: f64) {
        let how = format!("{:.0} ms : {:.0} ms, user and system", self.cpu, self.bare_cpu);
        verdicts.at_most(what, self.cpu / self.bare_cpu, target, "× bare", &how);
    }

    fn note_run(&self, verdicts: &mut Verdicts) {
        verdicts.note(&format!(
            "the run alone, without start, job file and result: {:.2} × bare ({:.0} ms : {:.0} ms)",
            self.run / self.bare_work,
            self.run,
            self.bare_work
        ));
    }
}

fn apart(gateways: usize) -> Shape {
    Shape { transfers: TRANSFERS, gateways, ..Shape::default() }
}

pub fn without_latency(verdicts: &mut Verdicts) {
    verdicts.section("A  1,000 transfers, no latency, 64 at a time");
    Stage::check_frames();
    let each = compare(apart(2 * TRANSFERS), Some(64), 7);
    each.wall(verdicts, "A wall, 2,000 gateways", 2.5);
    each.cpu(verdicts, "A CPU, 2,000 gateways", 3.0);
    each.note_run(verdicts);
    let kept = compare(Shape { together: true, ..apart(64) }, Some(64), 7);
    kept.wall(verdicts, "A wall, 64 gateways", 2.5);
    kept.cpu(verdicts, "A CPU, 64 gateways", 3.0);
    kept.note_run(verdicts);
}

fn fleet_of_2_000() -> Shape {
    Shape { latency: Duration::from_millis(20), ..apart(2 * TRANSFERS) }
}

pub fn with_latency(verdicts: &mut Verdicts) {
    verdicts.section("B  1,000 transfers on 2,000 gateways, 20 ms latency, 1,000 at a time");
    let compared = compare(fleet_of_2_000(), Some(TRANSFERS), 7);
    compared.wall(verdicts, "B wall", 1.5);
    compared.note_run(verdicts);
    verdicts.note(&format!(
        "the least by latency alone, 11 × 20 ms: {:.2} × that; CPU {:.2} × bare",
        compared.wall / 220.0,
        compared.cpu / compared.bare_cpu
    ));
}

/// The bare client keeps every bus busy but for the moment between an answer and the next request, so that its time is
/// the busiest gateway's requests × the time a request takes there: the ideal.
pub fn on_a_bus(verdicts: &mut Verdicts) {
    verdicts.section("C  50 gateways × 20 transfers, source and target behind one bus of 5 ms a request");
    let shape = Shape { bus: Duration::from_millis(5), together: true, ..apart(50) };
    let compared = compare(shape, None, 3);
    compared.wall(verdicts, "C wall", 1.05);
    compared.note_run(verdicts);
    let requests = 11.0 * 20.0;
    verdicts.note(&format!(
        "a request takes {:.2} ms on these buses ({requests} of them on each; nominal 5 ms)",
        compared.bare_work / requests
    ));
}

pub fn transactions(verdicts: &mut Verdicts) {
    verdicts.section("E  ledger transactions of 1,000 transfers at a time");
    let ledger = compare(fleet_of_2_000(), Some(TRANSFERS), 3).ledger;
    let how = format!("the most of 3 runs; {} facts, {} in the largest", ledger.facts, ledger.largest);
    verdicts.at_most("E transactions", ledger.transactions as f64, 60.0, "", &how);
}
