//! What was found out, held against what DOMAIN.md assumes. Pure.

use serde::Serialize;

use super::trial::{Kind, Trial};
use crate::{
    meter::{Addressing, CommandStatus, PRESET_ENERGIES},
    transfer::Cause,
};

/// One open point of DOMAIN.md.
#[derive(Debug, Serialize)]
pub(super) struct Point {
    pub point: &'static str,
    /// What this program assumes, with the mark of DOMAIN.md: [C] confirmed, [I] inferred, [NF] not found.
    pub assumed: &'static str,
    pub found: String,
    /// Whether it is as assumed; `null` where nothing was assumed, or nothing found out.
    pub as_assumed: Option<bool>,
}

fn point(
    point: &'static str,
    assumed: &'static str,
    found: impl Into<String>,
    as_assumed: Option<bool>,
) -> Point {
    Point { point, assumed, found: found.into(), as_assumed }
}

pub(super) fn addressing(found: Addressing) -> Point {
    let says = format!("{found}, by the serial number");
    point("addressing", "modbus, unless the port is set to jbus [I]", says, Some(found == Addressing::Modbus))
}

pub(super) fn reads_28() -> Point {
    point("28 registers in one read", "yes [I]", "yes", Some(true))
}

pub(super) fn function_04(answer: &Result<Vec<u16>, Cause>, same: bool) -> Point {
    let says = match answer {
        Ok(_) if same => "answered, with the same words as function 03".to_owned(),
        Ok(_) => "answered, with other words than function 03".to_owned(),
        Err(cause) => cause.to_string(),
    };
    point("function 04 for the serial number", "a PM800 has it [C]; never used", says, None)
}

pub(super) fn no_such_register(answer: &Result<Vec<u16>, Cause>) -> Point {
    let (says, as_assumed) = match answer {
        Ok(_) => ("answered".to_owned(), Some(false)),
        Err(cause) => (cause.to_string(), Some(cause.is_rejection())),
    };
    point("a register it does not have (65000)", "an exception 0x01 to 0x03 [I]", says, as_assumed)
}

pub(super) fn block_write(refused: Option<&Cause>) -> Point {
    let says =
        refused.map_or_else(|| "accepted".to_owned(), |cause| format!("{cause}; function 06 was used"));
    point("function 16 with 28 registers", "accepted [C]; else function 06", says, Some(refused.is_none()))
}

pub(super) fn mailbox_holds(changed: Option<String>) -> Point {
    let (says, as_assumed) = match changed {
        None => ("held, one second later too".to_owned(), true),
        Some(changed) => (changed, false),
    };
    point("8022-8049 hold what is written", "yes; another master may write there [C]", says, Some(as_assumed))
}

/// What the commands showed.
pub(super) fn commands(trials: &[Trial]) -> Vec<Point> {
    let own: Vec<&Trial> = trials.iter().filter(|trial| trial.kind == Kind::OwnReadings).collect();
    let invalid = trials.iter().find(|trial| trial.kind == Kind::OutOfRange);
    let mut points = vec![success(&own, invalid)];
    points.push(point(
        "8020 after that",
        "the command's code or its status [NF]",
        seen(&own, |t| t.register_8020, code),
        None,
    ));
    let clears = own.iter().filter_map(|trial| trial.register_8000).map(|word| word != PRESET_ENERGIES);
    let clears: Vec<bool> = clears.collect();
    let says = match (clears.contains(&true), clears.contains(&false)) {
        (true, false) => "it clears itself".to_owned(),
        (false, true) => "it keeps 6209".to_owned(),
        (false, false) => "not found out".to_owned(),
        (true, true) => "sometimes".to_owned(),
    };
    points.push(point("8000 after a command", "it may clear itself, or not [NF]", says, None));
    points.push(point("from 6209 to the result", "within command_timeout, 10 s [NF]", times(&own), None));
    points.push(energies(
        "energies after its own were preset",
        "the same, but for what was counted meanwhile [C]",
        &own,
    ));
    if let Some(invalid) = invalid {
        let status = invalid.status();
        let says = status.map_or_else(|| "not read".to_owned(), |status| status.to_string());
        let as_assumed = status.map(|status| status == CommandStatus::InvalidParameters);
        points.push(point(
            "8022 out of range (the fence)",
            "aborts with 82 [C; a transfer's fence relies on it]",
            says,
            as_assumed,
        ));
        points.push(point(
            "8020 after that",
            "the command's code or its status [NF]",
            seen(&[invalid], |t| t.register_8020, code),
            None,
        ));
        points.push(energies("energies after the abort", "unchanged [C]", &[invalid]));
    }
    points
}

/// What success looks like. Its own readings do not show whether they were set: the invalid command tells whether the
/// meter obeys at all.
fn success(own: &[&Trial], invalid: Option<&Trial>) -> Point {
    let statuses: Vec<CommandStatus> = own.iter().filter_map(|trial| trial.status()).collect();
    let all = |wanted| !statuses.is_empty() && statuses.iter().all(|status| *status == wanted);
    let obeys = invalid.and_then(Trial::status).is_some_and(|status| status != CommandStatus::Undecided);
    let (says, as_assumed) = match () {
        () if all(CommandStatus::Done) => ("0 each time".to_owned(), Some(true)),
        () if all(CommandStatus::Undecided) && obeys => (
            "untouched: this meter says nothing about success; transfers are decided by reading".to_owned(),
            Some(true),
        ),
        () if all(CommandStatus::Undecided) => {
            ("untouched, after errors too: it cannot be told whether the meter obeys".to_owned(), None)
        }
        () => (
            seen(own, |trial| trial.register_8021, |word| CommandStatus::from_word(word).to_string()),
            Some(false),
        ),
    };
    point(
        "8021 after success",
        "0, or untouched on some firmware [NF]",
        says,
        as_assumed.filter(|_| !own.is_empty()),
    )
}

fn energies(what: &'static str, assumed: &'static str, trials: &[&Trial]) -> Point {
    let all: Vec<Option<bool>> = trials.iter().map(|trial| trial.unchanged).collect();
    let (says, as_assumed) = match () {
        () if all.contains(&Some(false)) => ("CHANGED: look at the meter", Some(false)),
        () if all.is_empty() || all.contains(&None) => ("not read each time", None),
        () => ("the same", Some(true)),
    };
    point(what, assumed, says, as_assumed)
}

/// What a register showed in each trial, said once if it was the same.
fn seen(trials: &[&Trial], of: impl Fn(&Trial) -> Option<u16>, words: impl Fn(u16) -> String) -> String {
    let mut all: Vec<String> =
        trials.iter().map(|trial| of(trial).map_or_else(|| "not read".to_owned(), &words)).collect();
    all.dedup();
    if all.is_empty() { "not found out".to_owned() } else { all.join(", then ") }
}

fn code(word: u16) -> String {
    match word {
        PRESET_ENERGIES => "6209, the command's code".to_owned(),
        0 => "0".to_owned(),
        other => other.to_string(),
    }
}

fn times(own: &[&Trial]) -> String {
    let times: Vec<String> = own
        .iter()
        .map(|trial| trial.result_after_ms.map_or_else(|| "none".to_owned(), |time| format!("{time} ms")))
        .collect();
    if times.is_empty() { "not found out".to_owned() } else { times.join(", ") }
}
