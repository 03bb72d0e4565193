//! What stands in the page, as text.

use jiff::Timestamp;

use super::{
    Page, SCRIPT,
    certificate::{self, CertificateView},
    charts, energies,
};
use crate::{
    ledger::Kind,
    report::{
        MeterJson, NOT_CARRIED,
        evidence::{Certificate, Evidence},
        paint::Tone,
        words::{outcome_tone, outcome_words, real_in_or_dash, serial_words, transfers},
    },
    transfer::Outcome,
};

/// Rows of the list of exceptions; all of them are in report.json.
const EXCEPTIONS: usize = 200;
/// Ids that are named in a sentence.
const NAMED: usize = 5;

/// The campaign in numbers.
pub(super) struct GlanceView {
    pub tiles: Vec<Tile>,
    pub sentences: Vec<String>,
    pub ct_pt: Option<String>,
    pub timeline: Option<charts::TimelineView>,
    pub bars: Option<charts::BarsView>,
}

/// One outcome and its number.
pub(super) struct Tile {
    pub words: &'static str,
    pub class: &'static str,
    pub mark: &'static str,
    pub number: usize,
}

/// A transfer that needs somebody.
pub(super) struct OpenRow {
    pub place: usize,
    pub id: String,
    pub outcome: Word,
    pub reason: String,
    pub hint: Option<String>,
    pub next: Option<String>,
}

/// A transfer in the list of all.
pub(super) struct TransferRow {
    pub place: usize,
    pub id: String,
    pub labels: String,
    pub word: &'static str,
    pub outcome: Word,
    pub source: String,
    pub target: String,
    pub carried: String,
    pub committed: String,
}

/// An outcome: never by colour alone.
pub(super) struct Word {
    pub words: &'static str,
    pub class: &'static str,
    pub mark: &'static str,
}

pub(super) fn page(evidence: &Evidence) -> Page<'_> {
    let several = evidence.campaigns.len() > 1;
    let head = evidence.ledger.head.to_string();
    let certificates: Vec<CertificateView<'_>> = evidence
        .certificates
        .iter()
        .enumerate()
        .map(|(place, certificate)| certificate::view(certificate, place + 1, several, &head))
        .collect();
    let origin = &evidence.ledger.origin;
    let made = origin.created_at.parse().map_or_else(|_| origin.created_at.clone(), time);
    Page {
        script: SCRIPT,
        version: env!("CARGO_PKG_VERSION"),
        title: evidence.campaigns.join(", "),
        made_at: time(evidence.made_at),
        simulated: origin.kind == Kind::Simulated,
        fault: evidence.ledger.fault.as_deref(),
        ledger: format!("Ledger {} of {} meters, made on {made}", origin.id, origin.kind),
        glance: glance(evidence),
        open: open(evidence, several),
        balance: energies::balance(&evidence.balance),
        exceptions_left_out: evidence.balance.exceptions.len().saturating_sub(EXCEPTIONS),
        exceptions: evidence.balance.exceptions.iter().take(EXCEPTIONS).collect(),
        rows: rows(evidence, several),
        outcomes: evidence
            .counts
            .present()
            .map(|(outcome, number)| (outcome.word(), outcome_words(outcome), number))
            .collect(),
        certificates,
        not_carried: NOT_CARRIED,
        head,
    }
}

fn glance(evidence: &Evidence) -> GlanceView {
    let tiles = Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::AlreadyDone).map(|outcome| {
        let Word { words, class, mark } = word(outcome);
        Tile { words, class, mark, number: evidence.counts.of(outcome) }
    });
    let done = evidence.counts.of(Outcome::Done);
    let mut sentences = vec![format!("{done} of {} are done.", transfers(evidence.counts.total()))];
    let effective = || evidence.certificates.iter().filter(|certificate| certificate.took_effect());
    let committed = || effective().filter_map(|certificate| certificate.transfer.times.committed);
    if let (Some(first), Some(last)) = (committed().min(), committed().max()) {
        sentences.push(format!("Commands took effect from {} to {}.", time(first), time(last)));
    }
    GlanceView {
        tiles: tiles.collect(),
        sentences,
        ct_pt: ct_pt(evidence),
        timeline: evidence.timeline.as_ref().and_then(charts::timeline),
        bars: evidence.bars.as_ref().map(charts::bars),
    }
}

fn ct_pt(evidence: &Evidence) -> Option<String> {
    let unchecked = evidence.ct_pt_unchecked();
    if unchecked.is_empty() {
        return None;
    }
    let mut names: Vec<&str> =
        unchecked.iter().take(NAMED).map(|certificate| certificate.transfer.id.as_str()).collect();
    if unchecked.len() > NAMED {
        names.push("…");
    }
    Some(format!(
        "CT and PT ratios are not on record as compared for {} of {} ({}). No preset carries them: compare them on both \
         meters, and write checked: {{ ct_pt: … }} in the job.",
        unchecked.len(),
        transfers(evidence.counts.total()),
        names.join(", ")
    ))
}

fn open(evidence: &Evidence, several: bool) -> Vec<OpenRow> {
    let place = |wanted: &Certificate| {
        evidence.certificates.iter().position(|certificate| std::ptr::eq(certificate, wanted)).unwrap_or(0)
            + 1
    };
    evidence
        .open()
        .into_iter()
        .map(|certificate| OpenRow {
            place: place(certificate),
            id: name(certificate, several),
            outcome: word(certificate.transfer.outcome),
            reason: certificate.transfer.reason.clone(),
            hint: certificate.transfer.hint.clone(),
            next: certificate.next.clone(),
        })
        .collect()
}

fn rows(evidence: &Evidence, several: bool) -> Vec<TransferRow> {
    let row = |(place, certificate): (usize, &Certificate)| {
        let transfer = &certificate.transfer;
        let carried = transfer.staged.as_ref().filter(|_| certificate.is_done());
        TransferRow {
            place: place + 1,
            id: name(certificate, several),
            labels: labels(certificate),
            word: transfer.outcome.word(),
            outcome: word(transfer.outcome),
            source: short(&transfer.source_meter),
            target: short(&transfer.target_meter),
            carried: real_in_or_dash(carried),
            committed: transfer
                .times
                .committed
                .filter(|_| certificate.took_effect())
                .map_or_else(|| "–".to_owned(), time),
        }
    };
    evidence.certificates.iter().enumerate().map(row).collect()
}

/// `CM2000 20344872`
fn short(meter: &MeterJson) -> String {
    format!("{} {}", meter.model, serial_words(meter.serial_number, meter.expected_serial_number))
}

pub(super) fn name(certificate: &Certificate, several: bool) -> String {
    let (campaign, id) = certificate.key();
    if several { format!("{campaign}/{id}") } else { id.to_owned() }
}

pub(super) fn labels(certificate: &Certificate) -> String {
    let labels = certificate.transfer.labels.iter().map(|(label, value)| format!("{label}: {value}"));
    labels.collect::<Vec<_>>().join(", ")
}

pub(super) fn word(outcome: Outcome) -> Word {
    let (class, mark) = match outcome_tone(outcome) {
        Tone::Good => ("good", "✓"),
        Tone::Soon => ("soon", "…"),
        Tone::Bad => ("bad", "!"),
        Tone::Plain | Tone::Bold | Tone::Dim => ("", ""),
    };
    Word { words: outcome_words(outcome), class, mark }
}

/// `2026-06-01 08:00:01 UTC`
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
