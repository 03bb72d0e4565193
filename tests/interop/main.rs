//! Programs from elsewhere: mbpoll (libmodbus) and pymodbus as clients of our simulated meters, and ours against meters
//! that pymodbus serves; over TCP, RTU over TCP, and RTU on pseudo-terminals. Wrong framing that our two sides share
//! would show here, and nowhere else.
//!
//! A test whose programs are not installed is not run, and the end of the output says so (hence a harness whose output
//! is shown). With `METERFERRY_INTEROP=required`, as in `.ci/run`, it fails.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

#[path = "../support/mod.rs"]
mod support;

mod child;
mod clients;
mod needs;
mod program;
mod pty;
mod simulated;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use needs::Need;

/// One test: its name, what it needs, what it does.
struct Test(&'static str, &'static [Need], Box<dyn FnOnce() + Send>);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests = clients::tests().into_iter().chain(program::tests());
    let (mut trials, mut not_run) = (Vec::new(), Vec::new());
    for Test(name, needed, test) in tests {
        let missing = needs::missing(needed);
        if missing.is_empty() {
            trials.push(Trial::test(name, || {
                test();
                Ok(())
            }));
        } else {
            let wanted = needs::wanted(&missing);
            not_run.push(format!("NOT RUN: {name}: {wanted}"));
            let trial = Trial::test(name, || Err(wanted.into())).with_kind("NOT RUN");
            trials.push(trial.with_ignored_flag(!needs::required()));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list && !not_run.is_empty() {
        println!("{}\nNOT RUN: {} interoperability tests\n", not_run.join("\n"), not_run.len());
    }
    conclusion.exit_code()
}
