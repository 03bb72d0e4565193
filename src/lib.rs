//! `meterferry` carries accumulated energy readings from an old power meter into its replacement.
#![warn(missing_docs)]

pub mod campaign;
pub mod job;
pub mod meter;
pub mod simulator;
