//! Bytes as a script of what meters answer, one act a request: see `checks::act`.
#![no_main]

mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    checks::meter_answers::check(checks::act::Act::script(bytes));
});
