//! `summary.md`: what a pull request or a step summary shows. Short, whatever the size of the campaign.

use std::fmt::Write as _;

use super::{Certificate, Evidence};
use crate::{
    ledger::Kind,
    meter::Quantity,
    report::words::{outcome_words, transfers},
    transfer::Outcome,
};

/// Rows of a table; a summary has a limit (GitHub: 1 MiB a step).
const ROWS: usize = 50;
/// Characters of a reason.
const REASON: usize = 300;

/// The whole file.
pub fn markdown(evidence: &Evidence) -> String {
    let names: Vec<String> = evidence.campaigns.iter().map(|name| escaped(name)).collect();
    let mut text = format!("## meterferry: {}\n\n", names.join(", "));
    if evidence.ledger.origin.kind == Kind::Simulated {
        text.push_str("> **Simulated meters.** A rehearsal: this is evidence of nothing real.\n\n");
    }
    if let Some(fault) = &evidence.ledger.fault {
        let _ = writeln!(text, "> **The ledger is not sound:** {}\n", escaped(fault));
    }
    let done = evidence.counts.of(Outcome::Done);
    let _ =
        writeln!(text, "**{done} of {} done.** {}\n", transfers(evidence.counts.total()), balance(evidence));
    counts(&mut text, evidence);
    open(&mut text, evidence);
    let _ = writeln!(text, "{}\n", ct_pt(evidence));
    let _ = writeln!(
        text,
        "Ledger head: `{}`, meterferry {}, {:.0}",
        evidence.ledger.head,
        env!("CARGO_PKG_VERSION"),
        evidence.made_at
    );
    text
}

fn counts(text: &mut String, evidence: &Evidence) {
    text.push_str("| outcome | transfers |\n|---|---:|\n");
    for (outcome, number) in evidence.counts.present() {
        let _ = writeln!(text, "| {} | {number} |", outcome_words(outcome));
    }
    text.push('\n');
}

fn open(text: &mut String, evidence: &Evidence) {
    let open = evidence.open();
    if open.is_empty() {
        return;
    }
    text.push_str("### Not done\n\n| transfer | outcome | reason | next |\n|---|---|---|---|\n");
    for certificate in open.iter().take(ROWS) {
        row(text, certificate);
    }
    if open.len() > ROWS {
        let _ = writeln!(text, "\n… and {} more: see report.html", open.len() - ROWS);
    }
    text.push('\n');
}

fn row(text: &mut String, certificate: &Certificate) {
    let transfer = &certificate.transfer;
    let next = certificate.next.as_deref().unwrap_or_default();
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} |",
        escaped(&transfer.id),
        outcome_words(transfer.outcome),
        escaped(&shortened(&transfer.reason)),
        escaped(next)
    );
}

fn balance(evidence: &Evidence) -> String {
    let balance = &evidence.balance;
    if balance.transfers == 0 {
        return "Nothing to balance yet.".to_owned();
    }
    let real_in = balance.quantities.iter().find(|sums| sums.quantity == Quantity::RealEnergyIn);
    let carried = real_in.map(|sums| sums.source.with_unit(sums.quantity)).unwrap_or_default();
    let closes = if balance.closes { "the balance closes" } else { "**the balance does not close**" };
    format!("Real energy in carried over: {carried}; {closes} over {}.", transfers(balance.transfers))
}

fn ct_pt(evidence: &Evidence) -> String {
    let unchecked = evidence.ct_pt_unchecked().len();
    match unchecked {
        0 => "CT and PT ratios are on record as compared for every transfer.".to_owned(),
        _ => format!(
            "CT and PT ratios are not on record as compared for {} of {}.",
            unchecked,
            transfers(evidence.counts.total())
        ),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(REASON) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Text that stays text: no table cell ends in it, no HTML begins in it, and nobody is mentioned by it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            letter if letter.is_control() => escaped.push(' '),
            '<' | '>' | '&' | '@' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '\\' | '~' | '!' | ':' => {
                let _ = write!(escaped, "&#{};", u32::from(letter));
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}
