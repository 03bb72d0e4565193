//! Bytes as the spreadsheet of a job.
#![no_main]

mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    checks::sheet_text::check(bytes);
});
