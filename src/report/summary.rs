//! What a run came to, for people: the transfers, then those that are not done, what needs a person last, and one
//! line of counts at the very end.

use super::{
    Counts, Style,
    paint::{Tone, columns, hanging, paint, printable},
    table::{Cell, Column, table},
    words::{
        NOT_CARRIED, campaigns, duration_words, name, needs_a_person, outcome_tone, outcome_words,
        real_in_or_dash, reckoning_words, serial_words, transfers, urgency,
    },
};
use crate::{
    run::{RunReport, StopReason, TransferResult},
    transfer::Outcome,
};

/// A run of at most this many transfers, about a screen, is listed in full.
const LISTED: usize = 30;

const COLUMNS: [Column; 6] = [
    Column { title: "transfer", right: false, give_up: 0 },
    Column { title: "source", right: false, give_up: 2 },
    Column { title: "target", right: false, give_up: 3 },
    Column { title: "carried, kWh in", right: true, give_up: 4 },
    Column { title: "target before → after, kWh in", right: true, give_up: 1 },
    Column { title: "outcome", right: false, give_up: 0 },
];

/// The closing summary, each line ended. The last line is the counts.
pub fn summary_text(report: &RunReport, style: Style) -> String {
    let results: Vec<&TransferResult> = report.results.iter().map(|result| &**result).collect();
    let campaigns = campaigns(results.iter().map(|result| &*result.transfer));
    let mut parts = Vec::new();
    if !results.is_empty() && (results.len() <= LISTED || style.verbose) {
        parts.push(list(&results, campaigns, style));
    }
    if results.iter().any(|result| result.outcome == Outcome::Done) {
        parts.push(format!("{}\n", hanging("", NOT_CARRIED, style.width)));
    }
    parts.extend(snapshots(&results).map(|line| format!("{}\n", hanging("", &line, style.width))));
    parts.extend(not_done(&results, campaigns, style));
    parts.push(
        wires(report, style) + &trouble(report, style) + &head_line(report) + &last_line(report, style),
    );
    parts.join("\n")
}

/// What is in no meter after readings out of snapshots were carried.
fn snapshots(results: &[&TransferResult]) -> Option<String> {
    let done = results.iter().filter(|result| result.outcome == Outcome::Done);
    let taken: Vec<_> =
        done.filter_map(|result| result.transfer.source.snapshot()).map(|kept| kept.origin.taken).collect();
    let oldest = taken.iter().min()?;
    Some(format!(
        "Carried from snapshots: {}, the oldest of {oldest:.0}. What those meters counted after their snapshots is not carried.",
        transfers(taken.len())
    ))
}

fn list(results: &[&TransferResult], campaigns: usize, style: Style) -> String {
    let rows: Vec<Vec<Cell>> = results.iter().map(|result| row(result, campaigns)).collect();
    table(&COLUMNS, &rows, style.width, style.colour)
}

fn row(result: &TransferResult, campaigns: usize) -> Vec<Cell> {
    let transfer = &result.transfer;
    let meter = |model, serial, pinned| format!("{model} {}", serial_words(serial, pinned));
    let source = meter(transfer.source.model(), result.source_serial, transfer.source.pinned());
    let target = meter(transfer.target.model, result.target_serial, transfer.target.serial_number.pinned());
    let change = match (&result.target_before, &result.target_after) {
        (None, None) => "–".to_owned(),
        (before, after) => {
            format!("{} → {}", real_in_or_dash(before.as_ref()), real_in_or_dash(after.as_ref()))
        }
    };
    vec![
        Cell::plain(name(transfer, campaigns)),
        Cell::plain(source),
        Cell::plain(target),
        Cell::plain(carried(result)),
        Cell::plain(change),
        Cell { text: outcome_words(result.outcome).to_owned(), tone: outcome_tone(result.outcome) },
    ]
}

/// What reached the target: nothing is called carried that is not known to have taken effect.
fn carried(result: &TransferResult) -> String {
    let over = result.outcome.is_done() || result.outcome == Outcome::Mismatch;
    let took_effect = over && (result.times.committed.is_some() || result.target_after.is_some());
    real_in_or_dash(result.staged.as_ref().filter(|_| took_effect))
}

/// Every transfer that is not done, in two blocks; what needs a person is the last.
fn not_done(results: &[&TransferResult], campaigns: usize, style: Style) -> Vec<String> {
    let mut open: Vec<&TransferResult> =
        results.iter().copied().filter(|result| !result.outcome.is_done()).collect();
    open.sort_by_key(|result| urgency(result.outcome));
    let (person, later): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|result| needs_a_person(result.outcome));
    [("Not done; running again is safe:", later), ("These need a person:", person)]
        .into_iter()
        .filter(|(_, results)| !results.is_empty())
        .map(|(title, results)| block(title, &results, campaigns, style))
        .collect()
}

fn block(title: &str, results: &[&TransferResult], campaigns: usize, style: Style) -> String {
    let ids: Vec<String> =
        results.iter().map(|result| printable(&name(&result.transfer, campaigns)).into_owned()).collect();
    let widest = ids.iter().map(|id| columns(id)).max().unwrap_or(0);
    let mut text = format!("{}\n", paint(title, Tone::Bold, style.colour));
    for (place, (result, id)) in results.iter().zip(&ids).enumerate() {
        let indent = format!("  {id}{}  ", " ".repeat(widest - columns(id)));
        let word = outcome_words(result.outcome);
        let code = result.code.map_or_else(String::new, |code| format!("[{code}]"));
        let row = hanging(&indent, &format!("{word}{code}: {}", result.reason), style.width);
        let painted = paint(word, outcome_tone(result.outcome), style.colour);
        text.push_str(&format!("{indent}{painted}{}\n", &row[indent.len() + word.len()..]));
        if let Some(at) = &result.transfer.written_at {
            let indent = format!("{}job:  ", " ".repeat(columns(&indent)));
            text.push_str(&format!("{}\n", hanging(&indent, &at.to_string(), style.width)));
        }
        // The same way on for many in a row is said once, below the last.
        let said_below = results
            .get(place + 1)
            .is_some_and(|next| (next.outcome, &next.hint) == (result.outcome, &result.hint));
        if let Some(hint) = result.hint.as_ref().filter(|_| !said_below) {
            let indent = format!("{}hint: ", " ".repeat(columns(&indent)));
            text.push_str(&format!("{}\n", hanging(&indent, hint, style.width)));
        }
    }
    text
}

/// What was expected of the wires, and what it came to; nothing where nothing was asked of them.
fn wires(report: &RunReport, style: Style) -> String {
    let reckoning = report.reckoning.as_ref().filter(|reckoning| reckoning.requests_sent > 0);
    reckoning.map_or_else(String::new, |reckoning| {
        let not_done = report.results.iter().filter(|result| !result.outcome.is_done()).count();
        let text = hanging("", &reckoning_words(reckoning, not_done), style.width);
        format!("{}\n", paint(&text, Tone::Dim, style.colour))
    })
}

/// What is wrong with the run itself.
fn trouble(report: &RunReport, style: Style) -> String {
    let ledger = report.ledger_broken.as_ref().map(|error| ("the ledger stopped recording: ", error));
    let defect = report.defect.as_ref().map(|error| ("a defect in meterferry, please report it: ", error));
    [ledger, defect]
        .into_iter()
        .flatten()
        .map(|(what, error)| {
            format!("{}\n", paint(&hanging(what, error, style.width), Tone::Bad, style.colour))
        })
        .collect()
}

/// What shows later that the ledger was not rewritten, if it is kept elsewhere. Never broken: it is there to be copied.
fn head_line(report: &RunReport) -> String {
    report.ledger_head.map(|head| format!("ledger head: {head}; keep it elsewhere\n")).unwrap_or_default()
}

fn last_line(report: &RunReport, style: Style) -> String {
    let counts: Counts<Outcome> = report.results.iter().map(|result| result.outcome).collect();
    let numbers: Vec<String> = counts
        .present()
        .map(|(outcome, number)| {
            let words = format!("{number} {}", outcome_words(outcome));
            paint(&words, outcome_tone(outcome), style.colour).into_owned()
        })
        .collect();
    let numbers = if numbers.is_empty() { "nothing to do".to_owned() } else { numbers.join(", ") };
    let stopped = match report.stopping.as_deref() {
        _ if report.stopped => "; stopped by request",
        Some(StopReason::Canary { .. }) => "; stopped by the canary",
        Some(StopReason::TooManyFailures { .. }) => "; stopped by --max-fail",
        Some(StopReason::Deadline(_)) => "; stopped by the deadline",
        Some(StopReason::Signal | StopReason::LedgerBroken(_)) | None => "",
    };
    format!("{}: {numbers} in {}{stopped}\n", transfers(counts.total()), duration_words(report.elapsed))
}

#[cfg(test)]
mod tests;
