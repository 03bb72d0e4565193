//! What the names of diagnostics mean that are about keys and values of a job. One constant a name; nothing here
//! decides anything.

use super::{Explanation, says};

pub(super) const DUPLICATE_KEY: Explanation = says(
    "A key is given twice in one map.",
    "Most readers of YAML silently take the last one, some the first.",
    "settle: 5s … settle: 10s",
    "Keep the line that is meant.",
    "DESIGN.md §4",
);
pub(super) const UNKNOWN_KEY: Explanation = says(
    "A key is none that may stand there.",
    "A misspelt option that is passed over is an option that has no effect, and nobody notices.",
    "tolerence: 2 kWh",
    "Correct the key; jobs/reference.yaml has every key in its place, `meterferry schema` serves editors.",
    "DESIGN.md §4",
);
pub(super) const MISSING_KEY: Explanation = says(
    "A key that is required there is not there.",
    "No default would be safe: a model, a unit or a serial number cannot be guessed.",
    "target: { model: PM800, host: 10.20.4.12, unit: 1 }  # no serial_number",
    "Add the key. `meterferry read` prints a meter's own lines, serial number included.",
    "DESIGN.md §4",
);
pub(super) const NO_VALUE: Explanation = says(
    "A key stands there without a value.",
    "It cannot be told whether the default is meant or a value was forgotten.",
    "settle:",
    "Give a value, or take the line out for the default.",
    "DESIGN.md §4",
);
pub(super) const WRONG_TYPE: Explanation = says(
    "A value is of another kind than expected: a list where a map is wanted, text where a number is wanted.",
    "Turning one into the other is guessing.",
    "unit: twelve",
    "Write it as the message says it was expected.",
    "DESIGN.md §4",
);
pub(super) const AMBIGUOUS_BOOLEAN: Explanation = says(
    "`yes`, `no`, `on` or `off` stands there without quotes.",
    "YAML 1.1 reads it as a boolean, YAML 1.2 as text.",
    "allow_zero: yes",
    "Write `true` or `false`; put text into quotes.",
    "YAML 1.2 §10.2",
);
pub(super) const LEADING_ZERO: Explanation = says(
    "A number begins with 0.",
    "Some readers of YAML take 010 for 8, others for 10: it would be another meter.",
    "unit: 010",
    "Write the number without the zero in front.",
    "DESIGN.md §4",
);
pub(super) const UNSUPPORTED_VERSION: Explanation = says(
    "`version` is one that this program does not know.",
    "What a newer format means cannot be guessed.",
    "version: 2",
    "Write `version: 1`, or use the meterferry that knows this version.",
    "DESIGN.md §4",
);
pub(super) const UNKNOWN_CHOICE: Explanation = says(
    "A word is none of those that may stand there.",
    "A choice that nobody knows must not fall back on another one.",
    "write_mode: blocks",
    "Take one of the words that the message lists.",
    "DESIGN.md §4",
);
pub(super) const OUT_OF_RANGE: Explanation = says(
    "A number lies outside its range.",
    "Every number has limits, so that a slip of the finger cannot become a plan.",
    "retry: { attempts: 0 }",
    "Write a number within the range that the message gives.",
    "jobs/reference.yaml",
);
pub(super) const UNIT_OUT_OF_RANGE: Explanation = says(
    "A unit is outside 1–247.",
    "Unit 0 is a broadcast: every meter on the bus would take the write for its own.",
    "unit: 0",
    "Write the unit that is set in the meter.",
    "DOMAIN.md §4",
);
pub(super) const PORT_OUT_OF_RANGE: Explanation = says(
    "A port is outside 1–65535.",
    "There is no such TCP port.",
    "port: 70000",
    "Leave it out for 502, the port of Modbus TCP, or write the gateway's own.",
    "DESIGN.md §4",
);
pub(super) const BAD_SERIAL_NUMBER: Explanation = says(
    "A serial number is neither a number from 1 to 4294967295 nor the word `any`.",
    "It proves which meter answers, and how its registers are counted.",
    "serial_number: Any",
    "Copy the number from the meter's label, or let `meterferry read` print it; `any` goes without proof.",
    "DOMAIN.md §3, §4",
);
pub(super) const BAD_NAME: Explanation = says(
    "A campaign, an id, a gateway or a label has characters or a length that it may not have.",
    "Names stand in the ledger, in file names and after --only; they must mean the same everywhere.",
    "id: feeder 12",
    "Use letters, digits, `-`, `_` and `.`, as in feeder-12.",
    "DESIGN.md §4",
);
pub(super) const BAD_HOST: Explanation = says(
    "Text is neither a host name nor an IP address.",
    "A URL, a port behind a colon or a slip in an address would be looked up in vain.",
    "host: http://10.20.1.5/",
    "Write the name or address alone; the port has a key of its own.",
    "DESIGN.md §4",
);
pub(super) const NO_TRANSFERS: Explanation = says(
    "`transfers` is empty.",
    "A job without transfers would always be done.",
    "transfers: []",
    "Add a transfer, as in jobs/single.yaml; a file with gateways only is included by a job.",
    "DESIGN.md §4",
);
pub(super) const UNKNOWN_MODEL: Explanation = says(
    "`model` is no meter family that this program knows.",
    "The model says at which registers the energies are.",
    "model: PM880",
    "Write CM2000, CM3000, CM4000 or PM800.",
    "DOMAIN.md §3",
);
pub(super) const UNSUPPORTED_MODEL: Explanation = says(
    "`model` is a family whose energies are set in another way, such as PM5000 or ION.",
    "Command 6209 means nothing, or something else, to it.",
    "model: PM5000",
    "Use the maker's own software for this meter.",
    "DOMAIN.md §3",
);
pub(super) const NOT_A_TARGET: Explanation = says(
    "A CM2000 is named as a target.",
    "The maker gives it as a meter to copy from only; it has no registers 1700–1727 to verify.",
    "target: { model: CM2000, … }",
    "Are source and target swapped? A target is a CM3000, CM4000 or PM800.",
    "DOMAIN.md §3",
);
pub(super) const BAD_DURATION: Explanation = says(
    "Text is no duration.",
    "A bare number does not say whether it is milliseconds or minutes.",
    "settle: 5",
    "Write it with its unit, as 500ms, 5s or 10m.",
    "jobs/reference.yaml",
);
pub(super) const DURATION_OUT_OF_RANGE: Explanation = says(
    "A duration lies outside its range, or is longer than the one that limits it.",
    "Every time has limits, so that a run neither hangs nor hurries a meter.",
    "backoff: 20s, with max_backoff: 10s",
    "Write one within the range that the message gives.",
    "jobs/reference.yaml",
);
pub(super) const BAD_ENERGY: Explanation = says(
    "Text is no energy of that kind: it has no unit, another one, or a number that cannot be read.",
    "Wh and kWh differ by a thousand; a reactive energy is not a real one.",
    "real_energy_in: 1234",
    "Write the number with its unit, as 1234.567 kWh, 310 kVARh or 12 MVAh.",
    "DOMAIN.md §1",
);
pub(super) const ENERGY_OUT_OF_RANGE: Explanation = says(
    "An energy lies outside its range.",
    "A meter's registers hold 16 digits.",
    "fresh_below: 99999999 GWh",
    "Write one within the range that the message gives.",
    "DOMAIN.md §1",
);
pub(super) const BAD_POWER: Explanation = says(
    "Text is no apparent power.",
    "The largest load bounds every energy, so it is wanted in VA.",
    "max_load: 250 kW",
    "Write it as 250 kVA.",
    "DESIGN.md §3",
);
pub(super) const POWER_OUT_OF_RANGE: Explanation = says(
    "An apparent power lies outside its range.",
    "A bound that is too wide proves nothing; one of zero lets no meter count.",
    "max_load: 20 GVA",
    "Write the largest load that can be behind the meter.",
    "DESIGN.md §3",
);
pub(super) const BAD_TIME: Explanation = says(
    "Text is no time with an offset from UTC.",
    "A time without its offset is another instant in every time zone.",
    "taken: 2026-07-14T09:30:00",
    "Write it as 2026-07-14T09:30:00+02:00.",
    "RFC 3339",
);
pub(super) const BAD_REGISTERS: Explanation = says(
    "`registers` are not 28 words from -9999 to 9999, in the order of registers 1700–1727, one sign a quantity.",
    "No meter shows such words; -32768 there means \"not available\".",
    "registers: [4567, 123, 0, 0]",
    "Copy them from `meterferry read --format json`, which prints all 28 in that order.",
    "DOMAIN.md §1",
);
pub(super) const NO_ENERGIES: Explanation = says(
    "A map of energies gives none.",
    "It says nothing, and something was meant.",
    "readings: {}",
    "Give at least one energy, or take the key out.",
    "DESIGN.md §4",
);
pub(super) const EMPTY_RANGE: Explanation = says(
    "`min` is above `max`.",
    "No reading could ever be in that range, so every run would be refused.",
    "expect: { source: { real_energy_in: { min: 1300 MWh, max: 1200 MWh } } }",
    "Exchange the two, or correct them.",
    "jobs/reference.yaml",
);
pub(super) const BAD_WINDOW: Explanation = says(
    "`window` never opens, says nothing, or has hours or days that cannot be read.",
    "A transfer that may never begin is never done.",
    "window: { days: [tues] }",
    "Write it as window: { days: [mon, tue], hours: 22:00-05:00, zone: Europe/Berlin }.",
    "jobs/reference.yaml",
);
pub(super) const UNKNOWN_ZONE: Explanation = says(
    "`zone` is no name in the time zone database.",
    "An abbreviation or an offset does not say when clocks change.",
    "zone: CET+1",
    "Write a name as Europe/Berlin, or UTC.",
    "IANA time zone database",
);
