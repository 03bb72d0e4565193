//! Job texts for tests, with patience cut short.

use std::fmt::Write as _;

/// Options under which what takes seconds in the field takes a fraction of one. Long enough for a busy machine.
pub const OPTIONS: &str = "
version: 1
campaign: test
defaults:
  verify: { tolerance: 1 kWh, max_load: 250 kVA }
  retry: { attempts: 2, backoff: 10ms, max_backoff: 20ms }
  command_timeout: 400ms
  settle: 60ms
  gateway: { connect_timeout: 2s, request_timeout: 400ms }
";

/// One transfer, `only`, from unit 1 at 192.0.2.1 to unit 2 there.
pub fn single() -> String {
    single_with("")
}

/// The same with further lines for the transfer, six blanks in.
pub fn single_with(further: &str) -> String {
    format!(
        "{OPTIONS}transfers:
  - id: only
    source: {{ model: CM4000, host: 192.0.2.1, unit: 1, serial_number: 40000001 }}
    target: {{ model: PM800, host: 192.0.2.1, unit: 2, serial_number: 11000002 }}
    {further}
"
    )
}

/// Several transfers, `t1` and so on, each with a source and a target at addresses of their own but for every fourth,
/// which shares the gateway of the one before.
pub fn many(number: usize) -> String {
    let mut text = format!("{OPTIONS}transfers:\n");
    for n in 1..=number {
        let (host, unit) = if n % 4 == 0 { (n - 1, 2) } else { (n, 1) };
        let (old, new) = (40_000_000 + n, 11_000_000 + n);
        write!(
            text,
            "  - id: t{n}
    labels: {{ parity: {}, row: r{} }}
    source: {{ model: CM4000, host: 192.0.2.{host}, unit: {unit}, serial_number: {old} }}
    target: {{ model: PM800, host: 198.51.100.{host}, unit: {unit}, serial_number: {new} }}
",
            if n % 2 == 0 { "even" } else { "odd" },
            n / 10,
        )
        .unwrap();
    }
    text
}
