//! One transfer's certificate, as text; where it is not done, the record of it.

use jiff::Timestamp;

use super::{
    energies,
    view::{Word, labels, name, time, word},
};
use crate::{
    campaign::CT_PT,
    report::{
        MeterJson,
        evidence::{Certificate, Guards, bounds},
        words::guard_words,
    },
};

/// Steps at the end of a transfer's record that are shown; all of them are in report.json.
const STEPS: usize = 60;
/// Runs that are shown.
const RUNS: usize = 5;

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

pub(super) fn view<'a>(of: &'a Certificate, place: usize, several: bool, head: &str) -> CertificateView<'a> {
    let steps_left_out = of.steps.len().saturating_sub(STEPS);
    let typed = of.transfer.source_meter.typed;
    let mut source = meter(&of.transfer.source_meter);
    if let Some(taken) = typed {
        source.place = format!("{} on {}", of.source_kind.words(), time(taken));
    }
    if let Some(kept) = &of.transfer.source_meter.snapshot {
        let (how, taken) = (of.source_kind.words(), time(kept.taken));
        source.place = format!("{how}: {}, taken on {taken}, {}", kept.path, kept.digest);
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
    let others = of.checked.iter().filter(|(key, _)| *key != CT_PT);
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

fn guards(guards: &Guards) -> GuardsView {
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

/// With milliseconds, as steps need it; the table says that it is UTC.
fn precise(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}
