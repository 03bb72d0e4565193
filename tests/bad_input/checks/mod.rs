//! What must hold for any input at all, as plain functions that panic where it does not. The property tests feed
//! them from generators, the fuzz targets from bytes; neither knows more of the program than its public rooms.

pub mod act;
pub mod job_text;
pub mod ledger_facts;
pub mod lying;
pub mod meter_answers;
pub mod panics;
pub mod scene;
pub mod sheet_text;
pub mod wire;
