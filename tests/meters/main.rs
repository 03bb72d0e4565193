//! Transfers on simulated meters, under a virtual clock. What counts is what the meters hold and have done.

#![expect(clippy::unwrap_used, reason = "a test panics where it cannot go on")]

mod again;
mod commands;
mod control;
mod crashes;
mod guards;
mod line_reads;
mod lines;
mod one_transfer;
mod review;
mod settling;
mod stopping;
mod swap;
mod undo;
mod watch;
mod world;
