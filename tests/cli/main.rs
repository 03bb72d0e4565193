//! The program as its users meet it: arguments, exit codes, what goes to stdout and stderr, signals and kills
//! (DESIGN.md §2, §5). Every command is a child process with a deadline; every meter is a simulated one on loopback.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

#[path = "../support/mod.rs"]
mod support;

mod bench;
mod fleet;
mod job;
mod meters;

mod adopt;
mod authors;
mod comfort;
mod control;
mod demo;
mod descriptors;
mod evidence;
mod exits;
mod front;
mod kill;
mod ledgers;
mod lines;
mod mapped;
mod metrics;
mod qualify;
mod report;
mod resolve;
mod selection;
mod sheets;
mod snapshot;
mod stop;
mod swap;
mod undo;
mod verify;
