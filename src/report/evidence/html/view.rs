//! What stands in the page, as text.

use jiff::Timestamp;

use super::{Page, SCRIPT, charts, energies};
use crate::{
    ledger::Kind,
    report::{
        MeterJson, NOT_CARRIED,
        evidence::{Certificate, Evidence, bounds},
        paint::Tone,
        words::{guard_words, outcome_tone, outcome_words, real_in_or_dash, serial_words, transfers},
    },
    transfer::Outcome,
};

/// Rows of the list of exceptions; all of them are in report.json.
const EXCEPTIONS: usize = 200;
/// Steps at the end of a transfer's record that are shown; all of them are in report.json.
const STEPS: usize = 60;
/// Runs that are shown.
const RUNS: usize = 5;
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

/// One certificate, or the record of what is not done.
pub(super) struct CertificateView<'a> {
    pub of: &'a Certificate,
    pub title: &'static str,
    pub place: usize,
    pub id: String,
    pub labels: String,
    pub outcome: Word,
    pub source: MeterView,
    pub target: MeterView,
    pub energies: Option<energies::EnergyTable>,
    pub lines: Vec<(&'static str, String)>,
    pub guards: Option<GuardsView>,
    pub steps_left_out: usize,
    pub steps: Vec<(String, &'a str)>,
    pub head: String,
}

/// One end of a transfer.
pub(super) struct MeterView {
    pub meter: String,
    pub identity: String,
    pub place: String,
}

/// What the guards said.
pub(super) struct GuardsView {
    pub summary: String,
    pub verdicts: Vec<(bool, &'static str, String)>,
    pub follows: Option<&'static str>,
}

pub(super) fn page(evidence: &Evidence) -> Page<'_> {
    let several = evidence.campaigns.len() > 1;
    let head = evidence.ledger.head.to_string();
    let certificates: Vec<CertificateView<'_>> = evidence
        .certificates
        .iter()
        .enumerate()
        .map(|(place, certificate)| certificate_view(certificate, place + 1, several, &head))
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

fn certificate_view<'a>(of: &'a Certificate, place: usize, several: bool, head: &str) -> CertificateView<'a> {
    let steps_left_out = of.steps.len().saturating_sub(STEPS);
    let typed = of.transfer.source_meter.typed;
    let mut source = meter(&of.transfer.source_meter);
    if let Some(taken) = typed {
        source.place = format!("{} on {}", of.source_kind.words(), time(taken));
    }
    CertificateView {
        of,
        title: if of.is_done() { "Certificate" } else { "Record" },
        place,
        id: name(of, several),
        labels: labels(of),
        outcome: word(of.transfer.outcome),
        source,
        target: meter(&of.transfer.target_meter),
        energies: energies::table(of),
        lines: lines(of),
        guards: of.guards.as_ref().map(guards),
        steps_left_out,
        steps: of.steps[steps_left_out..].iter().map(|step| (precise(step.at), step.says.as_str())).collect(),
        head: head.to_owned(),
    }
}

/// What is to be said of a transfer beside its energies: what, and how it is.
fn lines(of: &Certificate) -> Vec<(&'static str, String)> {
    let transfer = &of.transfer;
    let mut lines = Vec::new();
    if transfer.staged.is_some() || transfer.source.is_some() {
        lines.push(("Source reading", of.source_kind.words().to_owned()));
    }
    lines.extend(of.gap.as_ref().map(|gap| ("Reading to command", gap.words(of.source_kind))));
    lines.extend(of.commit_known.clone().map(|known| ("Command", known)));
    lines.extend(transfer.bound.as_ref().map(|bound| ("Bound of the verification", bounds::words(bound))));
    lines.extend(of.decisions.iter().map(|decision| ("A person decided", decision.clone())));
    let unchecked = || "not checked, as far as is recorded; no preset carries them".to_owned();
    lines.push((
        "CT and PT ratios",
        of.ct_pt.clone().map_or_else(unchecked, |said| format!("checked: {said}")),
    ));
    let others = of.checked.iter().filter(|(key, _)| *key != crate::campaign::CT_PT);
    lines.extend(others.map(|(key, said)| ("Checked by hand", format!("{key}: {said}"))));
    lines.extend(of.job_says.clone().map(|says| ("The job now says", says)));
    if of.generation > 1 || of.earlier_facts > 0 {
        lines.push((
            "Use of the id",
            format!("generation {}; {} facts of earlier uses are not shown", of.generation, of.earlier_facts),
        ));
    }
    if transfer.attempts > 0 {
        lines.push(("Attempt", format!("number {} of its run", transfer.attempts)));
    }
    lines.extend(runs(of));
    lines
}

fn runs(of: &Certificate) -> Vec<(&'static str, String)> {
    let skipped = of.runs.len().saturating_sub(RUNS);
    let mut lines = Vec::new();
    if skipped > 0 {
        lines.push(("Runs", format!("{skipped} earlier ones are in report.json")));
    }
    for run in &of.runs[skipped..] {
        let operator = run.operator.as_deref().unwrap_or("operator not recorded");
        let revision = run.revision.as_deref().map_or_else(
            || "revision of the job not known".to_owned(),
            |revision| format!("job revision {revision}"),
        );
        lines
            .push(("Run", format!("{} by {operator}, {revision}, meterferry {}", run.run, run.tool_version)));
    }
    lines
}

fn guards(guards: &crate::report::evidence::Guards) -> GuardsView {
    let (passed, all) = guards.passed();
    GuardsView {
        summary: format!("Guards: {passed} of {all} passed, asked again of the recorded readings"),
        verdicts: guards
            .verdicts
            .iter()
            .map(|verdict| (verdict.passed, guard_words(verdict.guard), verdict.says.clone()))
            .collect(),
        follows: guards.staged_follows.map(|follows| match follows {
            true => "The staged words follow from these readings and the job's options.",
            false => {
                "The staged words do NOT follow from these readings and the job's options: look into it."
            }
        }),
    }
}

fn meter(meter: &MeterJson) -> MeterView {
    let identity = match (meter.serial_number, meter.expected_serial_number) {
        (Some(read), Some(expected)) if read == expected => format!("serial number {read}, as it answered"),
        (Some(read), Some(expected)) => format!("serial number {read}, but {expected} was expected"),
        (Some(read), None) => format!("serial number {read}, as it answered; the job pins none"),
        (None, Some(expected)) => format!("serial number {expected}, as the job says; not read"),
        (None, None) => "serial number not known: identity unproved".to_owned(),
    };
    let place = match (&meter.gateway, &meter.address, meter.unit) {
        (Some(gateway), Some(address), Some(unit)) if gateway != address => {
            format!("{gateway} ({address}), unit {unit}")
        }
        (_, Some(address), Some(unit)) => format!("{address}, unit {unit}"),
        _ => String::new(),
    };
    MeterView { meter: meter.model.to_string(), identity, place }
}

/// `CM2000 20344872`
fn short(meter: &MeterJson) -> String {
    format!("{} {}", meter.model, serial_words(meter.serial_number, meter.expected_serial_number))
}

fn name(certificate: &Certificate, several: bool) -> String {
    let (campaign, id) = certificate.key();
    if several { format!("{campaign}/{id}") } else { id.to_owned() }
}

fn labels(certificate: &Certificate) -> String {
    let labels = certificate.transfer.labels.iter().map(|(label, value)| format!("{label}: {value}"));
    labels.collect::<Vec<_>>().join(", ")
}

fn word(outcome: Outcome) -> Word {
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

/// With milliseconds, as steps need it; the table says that it is UTC.
fn precise(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}
