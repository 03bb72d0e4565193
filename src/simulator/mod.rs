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
//! gateway      the handle: units, switches, inspection       link   the in-memory stream and its slot
//! connection   one task: bytes in, bus, faults, bytes out     mbap   the frame on TCP (an RTU frame would sit beside it)
//! unit         an address: device + audit + armed faults      pdu    function codes: requests in, answers out
//! device       one meter's answers and options                fault  when, and what goes wrong; mangle: how bytes are bent
//! command      what 6209 does                                 mailbox, energies, registers   what the meter holds
//! ```

mod audit;
mod command;
mod connection;
mod device;
mod energies;
mod fault;
mod gateway;
mod link;
mod listener;
mod mailbox;
mod mangle;
mod mbap;
mod pdu;
mod registers;
mod unit;
mod when;

#[cfg(test)]
mod tests;

pub use audit::{Audit, Execution, FiredFault, Origin, Violation, ViolationKind, Write};
pub use device::Device;
pub use energies::{Energies, EnergyWords, Load, Totals};
pub use fault::Fault;
pub use gateway::{ConnectionCounts, Gateway, GatewaySettings, UnknownUnit};
pub use link::MemoryStream;
pub use registers::Model;
pub use when::When;
