//! What the names of diagnostics mean that are about gateways, and about transfers among each other. One constant a
//! name; nothing here decides anything.

use super::{Explanation, says};

pub(super) const KEY_NOT_FOR_TRANSPORT: Explanation = says(
    "A key does not go with the gateway's `transport`.",
    "It would have no effect: a TCP connection has no baud rate.",
    "pump: { transport: rtu-over-tcp, host: 10.20.1.9, port: 4001, baud: 9600 }",
    "Take the key out, or correct `transport`.",
    "DESIGN.md §4",
);
pub(super) const BAD_DEVICE: Explanation = says(
    "`device` is no serial port.",
    "A name without its folder would be opened wherever the program was started.",
    "device: USB",
    "Write the whole path, as /dev/ttyUSB0, or on Windows COM3.",
    "DESIGN.md §4",
);
pub(super) const UNKNOWN_GATEWAY: Explanation = says(
    "`gateway` names none that is defined.",
    "Without its address the meter cannot be reached.",
    "gateway: plant-b  # defined: plant-a",
    "Correct the name, define it under `gateways`, or include the file that does.",
    "DESIGN.md §4",
);
pub(super) const TWO_ADDRESSES: Explanation = says(
    "An endpoint has both a `gateway` and an address of its own.",
    "It cannot be told which way in is meant.",
    "{ gateway: plant-a, host: 10.20.4.12, unit: 1, … }",
    "Keep one of the two.",
    "DESIGN.md §4",
);
pub(super) const NO_ADDRESS: Explanation = says(
    "Nothing says where a meter is.",
    "A live endpoint needs a way in.",
    "target: { model: PM800, unit: 1, serial_number: 11000126 }",
    "Add `gateway: NAME`, or `host: …` for a plain TCP gateway.",
    "DESIGN.md §4",
);
pub(super) const GATEWAY_REDEFINED: Explanation = says(
    "One gateway name has two definitions.",
    "Which of them counts would depend on the order of files.",
    "plant-a in gateways.yaml, and again in the job with another host",
    "Keep one, or give the second a name of its own.",
    "DESIGN.md §4",
);
pub(super) const GATEWAY_SETTINGS_CONFLICT: Explanation = says(
    "One gateway address has two settings.",
    "It is one device with one connection: it cannot be paced or timed in two ways.",
    "/dev/ttyUSB0 with 9600 baud in one place and 19200 in another",
    "Give it one name with one definition under `gateways`.",
    "DESIGN.md §4",
);
pub(super) const GATEWAY_TWO_NAMES: Explanation = says(
    "A warning: one gateway address has two names.",
    "It is one gateway, under the first of them; --only gateway=… does not find the other.",
    "plant-a and plant-b, both 10.20.1.5:502",
    "Keep one name.",
    "DESIGN.md §4",
);
pub(super) const UNUSED_GATEWAY: Explanation = says(
    "A warning: a gateway is defined, and no endpoint uses it.",
    "A misspelt name elsewhere looks like this.",
    "gateways: { plant-a: …, plnat-a: … }",
    "Use it, or take it away.",
    "DESIGN.md §4",
);
pub(super) const DUPLICATE_ID: Explanation = says(
    "Two transfers of one campaign have one id.",
    "The ledger knows a transfer by campaign and id: the second would count as done with the first.",
    "- id: feeder-12 … - id: feeder-12",
    "Give one of them an id of its own.",
    "DESIGN.md §4",
);
pub(super) const TARGET_TWICE: Explanation = says(
    "One meter is the target of two transfers.",
    "The second would overwrite what the first carried over.",
    "serial_number: 11000126 in two targets",
    "Correct the one that is wrong. If a second campaign is to follow, say so there: `after: CAMPAIGN/ID`.",
    "DESIGN.md §4; DOMAIN.md §5",
);
pub(super) const SOURCE_TWICE: Explanation = says(
    "One meter is the source of two transfers.",
    "Its energy would be counted twice.",
    "serial_number: 20344871 in two sources",
    "Correct the one that is wrong.",
    "DESIGN.md §4; DOMAIN.md §5",
);
pub(super) const SOURCE_AND_TARGET: Explanation = says(
    "One meter is the source of one transfer and the target of another.",
    "What it holds when it is read would depend on which of them comes first.",
    "serial_number: 11000126 as a source here and a target there",
    "Correct the one that is wrong, or do the two in campaigns of their own, one after the other.",
    "DESIGN.md §4; DOMAIN.md §5",
);
pub(super) const SOURCE_IS_TARGET: Explanation = says(
    "Source and target of a transfer are one meter.",
    "Nothing could be carried over, and what it counts meanwhile would be lost.",
    "one serial number on both sides",
    "Correct the side that is wrong. Old and new meter may share an address, if both serial numbers are given.",
    "DESIGN.md §3, §4",
);
pub(super) const SHARED_ADDRESS: Explanation = says(
    "Two meters are said to be at one address, in two transfers.",
    "At one address answers one meter: all transfers but one would find the wrong one.",
    "unit: 1 twice behind one gateway, with two serial numbers",
    "Correct the unit or the gateway; a laptop's cable that goes from meter to meter is `portable: true`.",
    "DESIGN.md §4; jobs/reference.yaml",
);
pub(super) const TARGET_OF_TWO_CAMPAIGNS: Explanation = says(
    "Transfers of two campaigns have one target, and nothing says which comes first.",
    "The later one would overwrite the earlier one's readings.",
    "spring/feeder-1 and autumn/feeder-1 with one target",
    "Write `after: spring/feeder-1` in the later one, or correct the target.",
    "DESIGN.md §3",
);
pub(super) const AFTER_ITSELF: Explanation = says(
    "A transfer is to follow itself, or two follow each other.",
    "None of them could ever begin.",
    "id: feeder-12, after: north-campus/feeder-12",
    "Name the transfer that comes before.",
    "DESIGN.md §3",
);
pub(super) const TWO_SOURCES: Explanation = says(
    "A source is both a meter on the wire and readings in the job, or has two kinds of readings.",
    "It cannot be told which of them is to be carried.",
    "source: { host: 10.20.1.5, readings: { … } }",
    "Keep the address for a live meter, or `taken` with `readings` or `registers` for one that is gone.",
    "DESIGN.md §4",
);
pub(super) const NEEDS_SERIAL_NUMBER: Explanation = says(
    "Something is asked for that can be done only where the serial number is given.",
    "A reading of yesterday must be known to be this meter's; two meters at one address must be told apart.",
    "captured_within: 2h, with serial_number: any",
    "Write the serial number from the meter's label; `meterferry read` prints it.",
    "DESIGN.md §3; DOMAIN.md §5",
);
