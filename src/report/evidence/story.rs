//! What the facts of one transfer tell, in order: the steps, the runs, and what the last intent was about.

use jiff::Timestamp;
use serde::Serialize;

use super::Subject;
use crate::{
    campaign::{Source, Transfer},
    report::words::fact_words,
    transfer::{Began, Fact, Intent, Recorded},
};

/// A fact, told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Its number within the transfer.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// By which run.
    pub run: String,
    /// Its name in the ledger.
    pub kind: &'static str,
    /// In words.
    pub says: String,
}

/// A run that took the transfer up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunOf {
    /// Name of the run.
    pub run: String,
    /// When.
    pub at: Timestamp,
    /// Who started it; `null` if it was not recorded.
    pub operator: Option<String>,
    /// From which revision of the job; `null` if it was not recorded.
    pub revision: Option<String>,
    /// Version of the program.
    pub tool_version: String,
}

/// Where the readings that are carried come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Read from the meter by the run that carried them.
    Read,
    /// Read from the meter by an earlier run.
    Captured,
    /// Typed into the job by a person.
    Typed,
    /// Kept in a snapshot.
    Snapshot,
}

impl SourceKind {
    /// In words, for a heading.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Read => "read from the meter",
            Self::Captured => "captured from the meter by an earlier run",
            Self::Typed => "typed into the job by a person, not read from the meter",
            Self::Snapshot => "kept in a snapshot, not read from the meter by this run",
        }
    }
}

/// The facts of the current use of the id, gone through once.
pub(super) struct Story<'a> {
    /// Facts of earlier uses of the id.
    pub earlier: usize,
    pub facts: &'a [Recorded],
    /// Who took it up when the last intent was recorded, and that intent's place.
    intended: Option<(usize, Option<&'a Began>)>,
}

impl<'a> Story<'a> {
    pub(super) fn of(subject: &'a Subject) -> Self {
        let earlier = subject.facts.iter().position(|recorded| match &recorded.fact {
            Fact::Began(began) => began.meaning.generation == subject.transfer.generation,
            _ => false,
        });
        let earlier = earlier.unwrap_or(subject.facts.len());
        let facts = &subject.facts[earlier..];
        let (mut began, mut intended) = (None, None);
        for (place, recorded) in facts.iter().enumerate() {
            match &recorded.fact {
                Fact::Began(taken_up) => began = Some(&**taken_up),
                Fact::Intended(_) => intended = Some((place, began)),
                _ => {}
            }
        }
        Self { earlier, facts, intended }
    }

    /// The transfer as it was resolved when the last intent was recorded.
    pub(super) fn transfer_of_intent(&self) -> Option<&'a Transfer> {
        self.intended.and_then(|(_, began)| began).map(|began| &began.transfer)
    }

    /// When the last intent's command was over: answered, or not.
    pub(super) fn commit_over(&self) -> Option<Timestamp> {
        let (intended, _) = self.intended?;
        let sent = |recorded: &&Recorded| matches!(recorded.fact, Fact::CommitSent { .. });
        self.facts[intended..].iter().find(sent).map(|recorded| recorded.at)
    }

    pub(super) fn source_kind(&self, transfer: &Transfer, intent: Option<&Intent>) -> SourceKind {
        match (&transfer.source, intent) {
            (Source::Typed(_), _) => SourceKind::Typed,
            (Source::Snapshot(_), _) => SourceKind::Snapshot,
            // What the target itself held before.
            (Source::Undo(_), _) => SourceKind::Captured,
            (Source::Live(_), Some(intent)) if self.captured_before(intent) => SourceKind::Captured,
            (Source::Live(_), _) => SourceKind::Read,
        }
    }

    /// Whether the reading was recorded by another run than the intent.
    fn captured_before(&self, intent: &Intent) -> bool {
        let Some((place, _)) = self.intended else { return false };
        let read = self.facts[..place].iter().rfind(
            |recorded| matches!(&recorded.fact, Fact::SourceRead(reading) if *reading == intent.source),
        );
        read.is_some_and(|read| read.run != self.facts[place].run)
    }

    pub(super) fn told(&self) -> Vec<Told> {
        let told = |recorded: &Recorded| Told {
            seq: recorded.seq,
            at: recorded.at,
            run: recorded.run.to_string(),
            kind: recorded.fact.kind(),
            says: says(&recorded.fact),
        };
        self.facts.iter().map(told).collect()
    }

    pub(super) fn runs(&self) -> Vec<RunOf> {
        let run = |recorded: &Recorded| match &recorded.fact {
            Fact::Began(began) => Some(RunOf {
                run: recorded.run.to_string(),
                at: recorded.at,
                operator: began.author.operator.as_deref().map(str::to_owned),
                revision: began.author.revision.as_deref().map(str::to_owned),
                tool_version: began.tool_version.clone(),
            }),
            _ => None,
        };
        self.facts.iter().filter_map(run).collect()
    }

    /// What persons decided, in words.
    pub(super) fn decisions(&self) -> Vec<String> {
        let decided = self.facts.iter().filter(|recorded| {
            matches!(
                recorded.fact,
                Fact::Resolved { .. }
                    | Fact::Adopted(_)
                    | Fact::UndoBegun(_)
                    | Fact::UndoGivenUp { .. }
                    | Fact::Undone { .. }
            )
        });
        decided.map(|recorded| format!("{} ({:.0})", says(&recorded.fact), recorded.at)).collect()
    }

    /// How it is known that the command took effect.
    pub(super) fn evidence(&self) -> Option<String> {
        let committed =
            self.facts.iter().rfind(|recorded| matches!(recorded.fact, Fact::Committed { .. }))?;
        Some(says(&committed.fact))
    }
}

/// A fact in words; for an ending, its reason too.
fn says(fact: &Fact) -> String {
    match fact {
        Fact::Ended(ending) => format!("{}: {}", fact_words(fact), ending.reason),
        fact => fact_words(fact),
    }
}
