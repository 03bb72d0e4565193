//! How long a job file takes to be read and checked.

use crate::{
    measure::{median, milliseconds},
    shape::Shape,
    stage::Stage,
};

/// What `validate` takes for so many transfers: CPU in ms, memory in MiB. The median of some rounds.
pub fn validate(transfers: usize, rounds: usize) -> (f64, f64) {
    let stage = Stage::new(Shape { transfers, gateways: transfers / 20, ..Shape::default() });
    let took: Vec<_> = (0..rounds).map(|_| stage.offline("validate")).collect();
    let cpu = median(took.iter().map(|took| milliseconds(took.cpu)).collect());
    let memory = median(took.iter().map(|took| took.memory as f64).collect());
    (cpu, memory / 1024.0 / 1024.0)
}
