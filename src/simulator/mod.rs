//! Meters on the wire that can misbehave.
//!
//! A [`Gateway`] holds [`Device`]s and serves them over loopback TCP ([`Gateway::listen`]) or in memory
//! ([`Gateway::connect`]). Every unit keeps an [`Audit`] of what was done to it, and can be armed with
//! [`Fault`]s that strike [`When`] a matching request arrives.
//!
//! This room must know nothing of the rest of the crate: it has its **own** copy of the device's rules, register
//! map and framing (from DOMAIN.md), so that a wrong constant elsewhere is caught by disagreement. It keeps tokio's
//! time, so that it runs under a paused clock, and has no randomness: equal requests at equal times get equal answers.
//!
//! ```text
//! gateway, shared           the handle: units, switches, inspection; what it shares with its tasks
//! listener, link            TCP connections; in-memory streams, and the slots both take up
//! connection, late          one task: bytes in, bus, faults, bytes out, some of them late
//! line                      what RTU clients share instead: one serial line
//! framing, mbap, rtu        frames: those of TCP, those of a serial line
//! pdu, mangle               function codes, bent bytes
//! when, fault               which requests are struck; what goes wrong with them
//! unit, audit               an address: its device, armed faults, late requests; what was done to it
//! device, build             one meter: what it answers; how it is set up
//! command                   what 6209 does
//! mailbox, energies, registers   what a meter holds, and where
//! ```

mod audit;
mod build;
mod command;
mod connection;
mod device;
mod energies;
mod fault;
mod framing;
mod gateway;
mod late;
mod line;
mod link;
mod listener;
mod mailbox;
mod mangle;
mod mbap;
mod pdu;
mod registers;
mod rtu;
mod shared;
mod unit;
mod when;

#[cfg(test)]
mod tests;

pub use audit::{Audit, Execution, FiredFault, Origin, Violation, ViolationKind, Write};
pub use device::Device;
pub use energies::{Energies, EnergyWords, Load, Totals};
pub use fault::Fault;
pub use framing::Framing;
pub use gateway::{ConnectionCounts, Gateway, GatewaySettings, UnknownUnit};
pub use link::MemoryStream;
pub use registers::Model;
pub use when::When;
