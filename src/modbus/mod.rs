//! Talking Modbus to a gateway. The only client-side room that names the Modbus library, and the only one that
//! turns register numbers into wire addresses.
//!
//! A connection is owned by one task; a deadline stands on every call; any error but an exception ends the
//! connection for good, so that a late answer can never be taken for the next one (DOMAIN.md §4). RTU frames, which carry
//! no transaction number, are sent into silence only (`silence`).

mod check;
mod connect;
mod link;
mod serial;
mod silence;
mod tap;
#[cfg(test)]
mod tests;
mod trace;

pub use connect::{Connect, Connecting, Connector, Stream};
pub use link::{Link, Open, ReadLink};
pub use trace::Trace;
