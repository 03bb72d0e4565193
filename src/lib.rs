//! `meterferry` carries accumulated energy readings from an old power meter into its replacement, over Modbus,
//! for one meter or a fleet: once, and with proof.
//!
//! The rooms, from the bottom; imports go downward only:
//!
//! - [`meter`]: the maker's procedure as pure code. Knows no address and no clock.
//! - [`campaign`]: what is carried from which meter to which, in resolved plain types.
//! - [`snapshot`]: the file that keeps what a meter showed. Text and values, no files.
//! - [`transfer`]: one transfer as a state machine, with its guards and facts. No I/O, no clock.
//! - [`job`], [`ledger`], [`modbus`]: job files, what survives a crash, and the wire. None knows another.
//! - [`run`]: the executor. Knows no YAML, no terminal, no reporter.
//! - [`report`]: tells people and programs what happens.
//! - [`cli`]: arguments, commands, exit codes; wires the parts together.
//! - [`simulator`], aside: meters on the wire that can misbehave. Has its own copy of the meters' rules, so that a
//!   wrong constant in one of the two is found by disagreement.
#![warn(missing_docs, clippy::unwrap_used)]

pub mod campaign;
pub mod cli;
pub mod job;
pub mod ledger;
pub mod meter;
pub mod modbus;
pub mod report;
pub mod run;
pub mod simulator;
pub mod snapshot;
pub mod transfer;
