//! A rehearsal as text for people, and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Class, Counts, Example, Rehearsal, Tally, Verdict};
use crate::meter::grouped;

/// For people: the totals first, tables, then what stayed open and what is a defect.
pub fn text(rehearsal: &Rehearsal) -> String {
    let tally = &rehearsal.tally;
    let mut out = String::new();
    for class in Class::ALL {
        if let Some(counts) = tally.classes.get(&class) {
            let _ = writeln!(out, "{}: {}", class.word(), totals(counts));
        }
    }
    if tally.repeated > 0 {
        let _ = writeln!(
            out,
            "in {} of them the gateway preset the target once more by itself",
            grouped(tally.repeated)
        );
    }
    let _ = writeln!(out, "\nThe matrix, on:");
    for shape in &rehearsal.shapes {
        let _ = writeln!(out, "  {shape}");
    }
    let steps = tally.steps.iter().map(|(step, counts)| (step.word().to_owned(), counts));
    table(&mut out, "by step (covered by the guarantees)", steps);
    for class in Class::ALL {
        let faults = tally.faults.iter().filter(|((of, _), _)| *of == class);
        let rows = faults.map(|((_, fault), counts)| ((*fault).to_owned(), counts));
        table(&mut out, &format!("by fault ({})", class.word()), rows);
    }
    let storms = tally.storms.iter().map(|(class, counts)| (class.word().to_owned(), counts));
    table(&mut out, &format!("storms over {} transfers, by the worst of them", rehearsal.transfers), storms);
    open(&mut out, tally);
    defects(&mut out, tally);
    out
}

fn totals(counts: &Counts) -> String {
    let mut parts = vec![format!("{} done", grouped(counts.of(Verdict::Done)))];
    for (verdict, words) in [
        (Verdict::NotDone, "not done and untouched"),
        (Verdict::HonestUnknown, "honest unknown"),
        (Verdict::HonestMismatch, "honest mismatch"),
        (Verdict::FalseAlarm, "false alarm"),
    ] {
        if counts.of(verdict) > 0 {
            parts.push(format!("{} {words}", grouped(counts.of(verdict))));
        }
    }
    parts.push(format!("{} wrong", grouped(counts.of(Verdict::Wrong))));
    parts.push(format!("{} twice", grouped(counts.of(Verdict::Twice))));
    for verdict in [Verdict::Hang, Verdict::Lost] {
        if counts.of(verdict) > 0 {
            parts.push(format!("{} {}", grouped(counts.of(verdict)), verdict.word()));
        }
    }
    let schedules = if counts.total() == 1 { "schedule" } else { "schedules" };
    format!("{} {schedules}: {}", grouped(counts.total()), parts.join(", "))
}

fn table<'a>(out: &mut String, title: &str, rows: impl Iterator<Item = (String, &'a Counts)>) {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let any = |verdict: &Verdict| rows.iter().any(|(_, counts)| counts.of(*verdict) > 0);
    let shown: Vec<_> = Verdict::ALL.into_iter().filter(any).collect();
    let wide = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or_default()
        .max(title.chars().count());
    let _ = write!(out, "\n{title:wide$} {:>9}", "tried");
    for verdict in &shown {
        let _ = write!(out, " {:>9}", verdict.word());
    }
    out.push('\n');
    for (name, counts) in rows {
        let _ = write!(out, "{name:wide$} {:>9}", grouped(counts.total()));
        for verdict in &shown {
            let number = counts.of(*verdict);
            let cell = if number == 0 { "·".to_owned() } else { grouped(number) };
            let _ = write!(out, " {cell:>9}");
        }
        out.push('\n');
    }
}

fn open(out: &mut String, tally: &Tally) {
    if tally.unknown.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nNot settled, and honest about it:");
    for ((verdict, why), example) in &tally.unknown {
        let _ = writeln!(out, "  {} {}: {}", grouped(example.schedules), verdict.word(), why.words());
        told(out, example);
    }
}

fn defects(out: &mut String, tally: &Tally) {
    for ((class, verdict), examples) in &tally.defects {
        let _ = writeln!(out, "\n{}, {}:", verdict.word(), class.word());
        for example in examples {
            told(out, example);
        }
    }
}

fn told(out: &mut String, example: &Example) {
    let _ = writeln!(out, "    --seed {}: {}", example.seed, example.tried);
    let _ = writeln!(out, "      {}", example.says);
}

/// One row of a table.
#[derive(Debug, Serialize)]
struct Row<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<Class>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    schedules: u64,
    counts: &'a Counts,
}

impl<'a> Row<'a> {
    fn new(class: Option<Class>, name: Option<&'a str>, counts: &'a Counts) -> Self {
        Self { class, name, schedules: counts.total(), counts }
    }
}

/// Schedules that ended alike.
#[derive(Debug, Serialize)]
struct Told<'a> {
    class: Class,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    #[serde(flatten)]
    example: &'a Example,
}

/// A rehearsal for programs.
#[derive(Debug, Serialize)]
pub struct Json<'a> {
    shapes: &'a [std::sync::Arc<str>],
    schedules: u64,
    defects: u64,
    repeated: u64,
    classes: Vec<Row<'a>>,
    steps: Vec<Row<'a>>,
    faults: Vec<Row<'a>>,
    storms: Vec<Row<'a>>,
    open: Vec<Told<'a>>,
    examples: Vec<Told<'a>>,
}

/// For programs.
pub fn json(rehearsal: &Rehearsal) -> Json<'_> {
    let tally = &rehearsal.tally;
    Json {
        shapes: &rehearsal.shapes,
        schedules: tally.schedules(),
        defects: tally.defects(),
        repeated: tally.repeated,
        classes: tally.classes.iter().map(|(class, counts)| Row::new(Some(*class), None, counts)).collect(),
        steps: tally.steps.iter().map(|(step, counts)| Row::new(None, Some(step.word()), counts)).collect(),
        faults: tally
            .faults
            .iter()
            .map(|((class, fault), counts)| Row::new(Some(*class), Some(fault), counts))
            .collect(),
        storms: tally.storms.iter().map(|(class, counts)| Row::new(Some(*class), None, counts)).collect(),
        open: tally
            .unknown
            .iter()
            .map(|((verdict, why), example)| Told {
                class: Class::Covered,
                verdict: *verdict,
                why: Some(why.words()),
                example,
            })
            .collect(),
        examples: tally
            .defects
            .iter()
            .flat_map(|((class, verdict), examples)| {
                examples.iter().map(|example| Told { class: *class, verdict: *verdict, why: None, example })
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(
            [0, 999, 1_000, 12_408, 1_234_567].map(grouped),
            ["0", "999", "1,000", "12,408", "1,234,567"]
        );
    }
}
