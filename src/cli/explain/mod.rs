//! `explain`: what a code means, why it is an error, an example, what to do, and where the fact is from.
//!
//! The sentences of a case live where the case is found out; here stands what holds for every case. Reaches no meter,
//! reads no file.

mod campaigns;
mod endings;
mod files;
mod job;
mod reasons;
mod sheets;
mod values;

use serde::Serialize;

use super::{
    Exit,
    args::{self, Format},
    failure::Failure,
    output::Console,
    signals::Signal,
};
use crate::{
    job::Code,
    ledger::LedgerCode,
    report::{Envelope, json_line, json_text},
    transfer::{Outcome, ReasonCode},
};

/// What is to be known of a code.
#[derive(Debug, Clone, Copy, Serialize)]
struct Explanation {
    means: &'static str,
    why: &'static str,
    example: &'static str,
    next: &'static str,
    source: &'static str,
}

/// What it means, why that matters, an example, what to do next, and where the fact is from.
const fn says(
    means: &'static str,
    why: &'static str,
    example: &'static str,
    next: &'static str,
    source: &'static str,
) -> Explanation {
    Explanation { means, why, example, next, source }
}

/// Where a code is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Group {
    /// In the diagnostics of job files.
    JobFiles,
    /// Why a transfer is not done.
    Transfers,
    /// What is wrong with the ledger.
    Ledger,
    /// How a transfer stands.
    Outcomes,
    /// How the process ends.
    ExitCodes,
}

impl Group {
    const ALL: [Self; 5] = [Self::JobFiles, Self::Transfers, Self::Ledger, Self::Outcomes, Self::ExitCodes];

    const fn title(self) -> &'static str {
        match self {
            Self::JobFiles => "Job files: error[…], warning[…]",
            Self::Transfers => "Transfers: refused[…], failed[…], unreachable[…]",
            Self::Ledger => "The ledger: error[…]",
            Self::Outcomes => "Outcomes of a transfer",
            Self::ExitCodes => "Exit codes",
        }
    }
}

/// A code with its explanation.
#[derive(Debug, Clone, Serialize)]
struct Entry {
    code: String,
    group: Group,
    #[serde(flatten)]
    explanation: Explanation,
}

#[derive(Serialize)]
struct Body {
    codes: Vec<Entry>,
}

pub(super) fn explain(arguments: &args::Explain, console: &Console) -> Result<Exit, Failure> {
    let entries = match &arguments.code {
        None => all(),
        Some(code) => vec![find(code)?],
    };
    console.print(&match (arguments.output.format, &arguments.code) {
        (Format::Human, None) => list(&entries),
        (Format::Human, Some(_)) => entries.iter().map(text).collect(),
        (Format::Json, _) => json_text(&Envelope::new(None, Exit::Done.code(), Body { codes: entries })),
        (Format::Jsonl, _) => entries.iter().map(json_line).collect(),
    });
    Ok(Exit::Done)
}

/// Every code there is, by group.
fn all() -> Vec<Entry> {
    let entry = |group, code: &str, explanation| Entry { code: code.to_owned(), group, explanation };
    let job = Code::ALL.iter().map(|code| entry(Group::JobFiles, code.as_str(), job::of(*code)));
    let reasons =
        ReasonCode::ALL.iter().map(|code| entry(Group::Transfers, code.as_str(), reasons::of(*code)));
    let ledger =
        LedgerCode::ALL.iter().map(|code| entry(Group::Ledger, code.as_str(), endings::of_ledger(*code)));
    let outcomes = Outcome::ALL
        .into_iter()
        .map(|outcome| entry(Group::Outcomes, outcome.word(), endings::of_outcome(outcome)));
    let exits = endings::EXITS
        .into_iter()
        .map(|exit| entry(Group::ExitCodes, &exit.code().to_string(), endings::of_exit(exit)));
    job.chain(reasons).chain(ledger).chain(outcomes).chain(exits).collect()
}

/// The one that was typed: as printed, with its brackets and what stands before them or without, `-` for `_`.
fn find(typed: &str) -> Result<Entry, Failure> {
    let inner = typed.split_once('[').map_or(typed, |(_, rest)| rest.trim_end_matches([']', ':']));
    let wanted = inner.trim().to_lowercase().replace(['-', ' '], "_");
    let wanted = wanted.strip_prefix("exit_").unwrap_or(&wanted);
    let mut all = all();
    match all.iter().position(|entry| entry.code == wanted) {
        Some(place) => Ok(all.swap_remove(place)),
        None => {
            let near = all
                .iter()
                .map(|entry| (strsim::jaro_winkler(&entry.code, wanted), &entry.code))
                .filter(|(likeness, _)| *likeness > 0.8)
                .max_by(|one, other| one.0.total_cmp(&other.0));
            let near = near.map(|(_, code)| format!("did you mean `{code}`? ")).unwrap_or_default();
            Err(Failure::new(Exit::Usage, format!("{typed:?} is no code of meterferry"))
                .hint(format!("{near}`meterferry explain` lists all")))
        }
    }
}

/// A line a code, below the title of its group.
fn list(entries: &[Entry]) -> String {
    let widest = entries.iter().map(|entry| entry.code.len()).max().unwrap_or_default();
    let groups = Group::ALL.map(|group| {
        let lines: String = entries
            .iter()
            .filter(|entry| entry.group == group)
            .map(|entry| format!("  {:<widest$}  {}\n", entry.code, entry.explanation.means))
            .collect();
        format!("{}\n{lines}", group.title())
    });
    format!("{}\n`meterferry explain CODE` says more.\n", groups.join("\n"))
}

fn text(entry: &Entry) -> String {
    let Explanation { means, why, example, next, source } = entry.explanation;
    let group = entry.group.title();
    format!(
        "{}   ({group})\n\n{means}\n{why}\n\nExample:    {example}\nWhat to do: {next}\nSource:     {source}\n",
        entry.code
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own_and_a_whole_explanation() {
        let all = all();
        let names: BTreeSet<_> = all.iter().map(|entry| &entry.code).collect();
        assert_eq!(names.len(), all.len(), "two codes have one name");
        for entry in &all {
            let Explanation { means, why, example, next, source } = entry.explanation;
            assert!([means, why, next].iter().all(|text| text.ends_with('.')), "{entry:?}");
            assert!([example, source].iter().all(|text| !text.is_empty()), "{entry:?}");
            assert!(entry.code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
        }
    }

    #[test]
    fn no_two_codes_share_an_explanation() {
        let means: BTreeSet<_> = all().iter().map(|entry| entry.explanation.means).collect();
        let twice = all().len() - means.len();
        assert_eq!(twice, 1, "only the two signals say the same");
    }

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        for (typed, code) in [
            ("unknown_key", "unknown_key"),
            ("error[unknown_key]:", "unknown_key"),
            ("Unknown-Key", "unknown_key"),
            ("refused[target-has-counted]", "target_has_counted"),
            ("74", "74"),
            ("exit-74", "74"),
        ] {
            assert_eq!(find(typed).unwrap().code, code, "{typed}");
        }
        let failure = find("unkown_key").unwrap_err();
        assert!(failure.hint.unwrap().contains("`unknown_key`"));
        assert!(!find("zzzzzz").unwrap_err().hint.unwrap().contains("did you mean"));
    }
}
