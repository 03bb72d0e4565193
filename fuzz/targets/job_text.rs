//! Bytes as a job file.
#![no_main]

mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    checks::job_text::check(bytes);
});
