//! `report.html` in a real browser, headless: that it opens without network and without complaints, shows what it
//! should, works by keyboard and without scripts, on a phone, in the dark, and on paper.
//!
//! Without Chromium these tests are not run, and the end of the output says so (hence a harness whose output is shown).
//! With `METERFERRY_INTEROP=required`, as in `.ci/run`, they fail. With `METERFERRY_SCREENSHOTS=FOLDER` they leave
//! pictures there, to be looked at.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

#[path = "../cli/bench.rs"]
#[expect(dead_code, reason = "shared with the tests of the program")]
mod bench;
#[path = "../cli/fleet.rs"]
#[expect(dead_code, reason = "shared with the tests of the program")]
mod fleet;
#[path = "../cli/job.rs"]
#[expect(dead_code, reason = "shared with the tests of the program")]
mod job;
#[path = "../cli/meters.rs"]
#[expect(dead_code, reason = "shared with the tests of the program")]
mod meters;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "shared with the tests of the program")]
mod support;

mod chromium;
mod looks;
mod page;
mod reads;
mod size;

use std::{env, process::ExitCode};

use libtest_mimic::{Arguments, Trial};

/// What is to be done where Chromium is not installed.
const WANTED: &str = "needs chromium; tests/browser/setup.sh installs it";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let found = chromium::is_there();
    let required = env::var_os("METERFERRY_INTEROP").is_some_and(|value| value == "required");
    let tests = [reads::tests(), looks::tests(), size::tests()].concat();
    let number = tests.len();
    let trial = |(name, test): (&'static str, fn())| match found {
        true => Trial::test(name, move || {
            test();
            Ok(())
        }),
        false => Trial::test(name, || Err(WANTED.into())).with_kind("NOT RUN").with_ignored_flag(!required),
    };
    let conclusion = libtest_mimic::run(&arguments, tests.into_iter().map(trial).collect());
    if !found && !arguments.list {
        println!("NOT RUN: {number} browser tests: {WANTED}\n");
    }
    conclusion.exit_code()
}
