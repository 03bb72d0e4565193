//! F: a campaign with dead meters and bad gateways against the same one without. Not judged.

use std::time::Duration;

use crate::{
    measure::{Took, milliseconds},
    shape::Shape,
    stage::{Run, Stage},
    verdict::Verdicts,
};

/// What a run with unreachable meters may end with: 3 and 7.
const CODES: [i32; 3] = [0, 3, 7];

pub fn with_faults(verdicts: &mut Verdicts) {
    verdicts.section(
        "F  1,000 transfers on 200 gateways, 5 ms latency; with 5 % dead units, 2 % flaky gateways and",
    );
    verdicts.note("one gateway that grants a single connection; against the same without (not judged)");
    let well =
        Shape { transfers: 1_000, gateways: 200, latency: Duration::from_millis(5), ..Shape::default() };
    let faulty = Shape { faults: true, ..well };
    let (calm, trouble) = (play(well), play(faulty));
    verdicts.note(&format!(
        "without faults {:.2} s, with faults {:.2} s; {} healthy transfers, all done",
        milliseconds(calm.wall) / 1_000.0,
        milliseconds(trouble.wall) / 1_000.0,
        faulty.healthy()
    ));
}

fn play(shape: Shape) -> Took {
    let stage = Stage::new(shape);
    let (took, _) = stage.run(None, &[], &CODES);
    let run = Run::of(&took);
    assert_eq!(run.transfers.len(), shape.transfers);
    for (transfer, result) in run.transfers.iter().enumerate() {
        let healthy = shape.dead(transfer).is_none();
        assert_eq!(result.outcome == "done", healthy, "{} is {}", result.id, result.outcome);
    }
    took
}
