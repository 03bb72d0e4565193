//! The file that keeps what one meter showed at one time: its text, its digest, its name.
//!
//! Written by `meterferry snapshot`, read where a job names it as a source. This room turns values into text and text
//! into values; it opens no file, reads no clock, and knows nothing of jobs, gateways or transfers.

mod damage;
mod file;
mod name;

pub use damage::Damage;
pub use file::{FORMAT_VERSION, MAX_BYTES, MeterKind, Proof, Snapshot, read, written};
pub use name::{file_name, prefix};
