//! What a run would do, for people: a short block a transfer, and one line of counts at the end.

use std::time::Duration;

use super::{
    Counts, Style,
    paint::{Tone, hanging, paint, printable},
    words::{
        NOT_CARRIED, about, campaigns, counted, guard_words, name, real_in_or_dash, transfers, would_tone,
        would_words,
    },
};
use crate::{
    campaign::{Endpoint, SerialNumber, Source},
    meter::{Quantity, Readings, kilo},
    run::{Busiest, Forecast, LookReport, Looked, Would},
    transfer::{Identity, Verdict},
};

/// Ids that are named in a sentence.
const NAMED: usize = 5;

/// The plan, each line ended. The last line is the counts.
pub fn plan_text(report: &LookReport, style: Style) -> String {
    let plan = &report.looked;
    let campaigns = campaigns(plan.iter().map(|looked| &*looked.transfer));
    let mut parts: Vec<String> = plan.iter().map(|looked| block(looked, campaigns, style)).collect();
    if plan.iter().any(|looked| looked.would == Would::Transfer) {
        parts.push(format!("{}\n", hanging("", NOT_CARRIED, style.width)));
    }
    if let Some(said) = ct_pt_unchecked(plan) {
        parts.push(format!("{}\n", hanging("", &said, style.width)));
    }
    if let Some(busiest) = &report.forecast.busiest {
        parts.push(format!("{}\n", hanging("", &forecast(&report.forecast, busiest), style.width)));
    }
    parts.push(last_line(plan, style));
    parts.join("\n")
}

fn block(looked: &Looked, campaigns: usize, style: Style) -> String {
    let transfer = &looked.transfer;
    let id = name(transfer, campaigns);
    let would = paint(would_words(looked.would), would_tone(looked.would), style.colour);
    let code = looked.code.map_or_else(String::new, |code| format!("[{code}]"));
    let mut text = format!("{}: {would}{code}\n", paint(&printable(&id), Tone::Bold, style.colour));
    let source = match &transfer.source {
        Source::Live(live) => meter(&live.endpoint, looked.source_identity.as_ref()),
        Source::Typed(_) | Source::Snapshot(_) | Source::Undo(_) => transfer.source.to_string(),
    };
    let target = meter(&transfer.target, looked.target_identity.as_ref());
    for (what, meter) in [("  source  ", source), ("  target  ", target)] {
        text.push_str(&format!("{}\n", hanging(what, &meter, style.width)));
    }
    text.push_str(&energies(looked, style));
    for verdict in &looked.verdicts {
        text.push_str(&verdict_line(verdict, style));
    }
    if !said_by_verdicts(looked) {
        text.push_str(&format!("{}\n", hanging("  why     ", &looked.reason, style.width)));
    }
    if let Some(opens) = &looked.window_closed {
        let line = format!("closed now, so a run would not begin it; {opens}");
        text.push_str(&format!("{}\n", hanging("  window  ", &line, style.width)));
    }
    let goes_on = matches!(looked.would, Would::Transfer | Would::Nothing);
    if let Some(at) = transfer.written_at.as_ref().filter(|_| !goes_on) {
        text.push_str(&format!("{}\n", hanging("  job     ", &at.to_string(), style.width)));
    }
    if let Some(hint) = &looked.hint {
        text.push_str(&format!("{}\n", hanging("  hint    ", hint, style.width)));
    }
    text
}

/// Whether the verdicts say what the reason says.
fn said_by_verdicts(looked: &Looked) -> bool {
    match looked.would {
        Would::Transfer => !looked.verdicts.is_empty(),
        _ => looked.verdicts.iter().any(|verdict| !verdict.passed && verdict.says == looked.reason),
    }
}

/// `PM800 11000126 at plant-a (10.20.1.5:502) unit 12`
fn meter(endpoint: &Endpoint, identity: Option<&Identity>) -> String {
    let serial = match (identity, endpoint.serial_number) {
        (Some(Identity::SerialNumber(number)), _) => number.to_string(),
        (Some(Identity::Unproved(_)), _) => "(identity and addressing unproved)".to_owned(),
        (None, SerialNumber::Pinned(number)) => format!("{number} (expected)"),
        (None, SerialNumber::Any) => "(any serial number)".to_owned(),
    };
    format!("{} {serial} at {} unit {}", endpoint.model, endpoint.gateway, endpoint.unit)
}

/// Real energy in, or all seven: the source's, and the target's now and then.
fn energies(looked: &Looked, style: Style) -> String {
    if looked.source.is_none() && looked.target.is_none() {
        return String::new();
    }
    if !style.verbose {
        let [source, target] =
            [&looked.source, &looked.target].map(|readings| real_in_or_dash(readings.as_ref()));
        let change = match &looked.staged {
            Some(staged) => format!("{target} → {}", real_in_or_dash(Some(staged))),
            None => target,
        };
        return format!("  energy  real energy in: source {source} kWh, target {change} kWh\n");
    }
    Quantity::ALL.into_iter().map(|quantity| energy_line(looked, quantity)).collect()
}

fn energy_line(looked: &Looked, quantity: Quantity) -> String {
    let value = |readings: &Option<Readings>| {
        readings.as_ref().map_or_else(|| "–".to_owned(), |readings| kilo(readings.energy(quantity)))
    };
    let [source, target] = [&looked.source, &looked.target].map(value);
    let staged = match &looked.staged {
        Some(staged) => format!(" → {:>18}", kilo(staged.energy(quantity))),
        None => String::new(),
    };
    let words = quantity.to_string();
    format!("  energy  {words:<21}  source {source:>18}  target {target:>18}{staged} k{}\n", quantity.unit())
}

fn verdict_line(verdict: &Verdict, style: Style) -> String {
    let (word, tone) = if verdict.passed { ("✓ passed", Tone::Good) } else { ("✗ NO    ", Tone::Bad) };
    let line =
        hanging(&format!("  {word}  {:<13}  ", guard_words(verdict.guard)), &verdict.says, style.width);
    format!("{}\n", line.replacen(word, &paint(word, tone, style.colour), 1))
}

/// Where nobody is on record as having compared the CT and PT ratios, which no preset carries (DOMAIN.md §2).
fn ct_pt_unchecked(plan: &[Looked]) -> Option<String> {
    let unchecked: Vec<&str> = plan
        .iter()
        .map(|looked| &*looked.transfer)
        .filter(|transfer| transfer.ct_pt_checked().is_none())
        .map(|transfer| &*transfer.key.id)
        .collect();
    let named = unchecked.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = if unchecked.len() > NAMED { ", …" } else { "" };
    (!unchecked.is_empty()).then(|| {
        format!(
            "CT and PT ratios are not checked for {} of {} ({named}{more}): compare them on both meters, and write \
             `checked: {{ ct_pt: … }}` in the job.",
            unchecked.len(),
            transfers(plan.len())
        )
    })
}

/// What a run would ask of the wires, and about how long that takes.
fn forecast(forecast: &Forecast, busiest: &Busiest) -> String {
    let Busiest { gateway, requests: most, duration_ms } = busiest;
    let time = about(Duration::from_millis(*duration_ms));
    let requests = counted(forecast.requests.into(), "request");
    let mut text = format!("A run would send {requests}; {gateway} has most to do, {most} in {time}.");
    // Where the wires are not what takes longest: one transfer after the other, or few at a time.
    let all = about(Duration::from_millis(forecast.expected_ms));
    if all != time {
        text.push_str(&format!(" All together: {all}."));
    }
    text
}

fn last_line(plan: &[Looked], style: Style) -> String {
    let counts: Counts<Would> = plan.iter().map(|looked| looked.would).collect();
    let numbers: Vec<String> = counts
        .present()
        .map(|(would, number)| {
            let words = format!("{number} {}", would_words(would));
            paint(&words, would_tone(would), style.colour).into_owned()
        })
        .collect();
    let numbers = if numbers.is_empty() { "nothing to do".to_owned() } else { numbers.join(", ") };
    let closed = match plan.iter().filter(|looked| looked.window_closed.is_some()).count() {
        0 => String::new(),
        closed => format!("; not now: {closed}, whose window is closed"),
    };
    format!("{}: {numbers}{closed}; nothing was written\n", transfers(counts.total()))
}

#[cfg(test)]
mod tests;
