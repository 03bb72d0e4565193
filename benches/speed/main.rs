//! How fast meterferry is, and how little it takes: `cargo bench`, or `cargo bench -- A D` for some of it.
//!
//! Every figure is a ratio. Against it stands a bare client: one thread, non-blocking sockets, frames made beforehand, no
//! ledger, and no check beyond the length of an answer; it sends the same frames to the same simulated meters, minutes
//! or less apart. Meters, bare client and meterferry are a process each, and what is said of time, CPU and memory is
//! said of a whole process, from its start to its end. Knows nothing of how meterferry is made; the meters are the
//! library's simulated ones.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

mod bare;
mod campaign;
mod compare;
mod fleet;
mod frames;
mod load;
mod measure;
mod memory;
mod shape;
mod stage;
mod verdict;

use std::{env, process::ExitCode};

use verdict::Verdicts;

type Section = (&'static str, fn(&mut Verdicts));

const SECTIONS: [Section; 6] = [
    ("A", compare::without_latency),
    ("B", compare::with_latency),
    ("C", compare::on_a_bus),
    ("D", memory::of_many),
    ("E", compare::transactions),
    ("F", campaign::with_faults),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["fleet", shape, map] => fleet::serve(shape, map),
        ["bare", shape, map, at_a_time] => bare::client(shape, map, at_a_time.parse().unwrap()),
        // `cargo test --benches` starts benches too, without this word.
        _ if !words.contains(&"--bench") => println!("this is a bench: cargo bench"),
        _ => return bench(&words),
    }
    ExitCode::SUCCESS
}

fn bench(words: &[&str]) -> ExitCode {
    let chosen: Vec<_> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let mut verdicts = Verdicts::default();
    for (name, section) in SECTIONS {
        if chosen.is_empty() || chosen.iter().any(|word| word.eq_ignore_ascii_case(name)) {
            section(&mut verdicts);
        }
    }
    verdicts.tell()
}
