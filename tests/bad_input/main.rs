//! Bad input: job text, the bytes a meter may answer, facts read from a ledger. No panic, no hang, no unbounded
//! memory, nothing done by mistake. The fuzz targets in `fuzz/` hold the same `checks` against inputs of their own.

mod checks;
mod framing;
mod job_text;
mod ledger_rows;
mod meter_answers;
mod seeds;
mod within_limits;
