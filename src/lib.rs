//! `meterferry` carries accumulated energy readings from an old power meter into its replacement.
#![warn(missing_docs)]

pub mod campaign;
pub mod ledger;
pub mod meter;
pub mod modbus;
pub mod simulator;
pub mod transfer;
