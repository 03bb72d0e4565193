//! Facts: what is known to have happened to one transfer, in the order it happened. The ledger keeps them,
//! and everything a later run knows of an earlier one, it knows from them.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    campaign::{Meaning, Role, SnapshotOrigin, TargetEnergy, Transfer, TransferKey},
    meter::{Bound, Readings},
};

use super::{Outcome, ReasonCode};

/// A fact with its place in the transfer's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// 1, 2, 3, … without gaps within a transfer.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// Which run of the program recorded it.
    pub run: Arc<str>,
    /// The fact.
    #[serde(flatten)]
    pub fact: Fact,
}

/// One thing that happened to a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// A run took the transfer up. Carries the whole resolved transfer, so that the record can be read
    /// without the job files.
    Began(Box<Began>),
    /// A meter said who it is.
    Identified {
        /// Which endpoint.
        role: Role,
        /// What it said.
        identity: Identity,
    },
    /// The source's readings, read twice and found steady.
    SourceRead(Reading),
    /// The target's readings before anything was written: the pre-image.
    TargetRead(Reading),
    /// The target is about to be written to, with these words. Durable before the first write.
    Intended(Box<Intent>),
    /// The write of 6209 was answered, or was not.
    CommitSent {
        /// `echo`, or what came instead.
        answer: String,
    },
    /// What 8021 said after the command.
    StatusRead {
        /// As on the wire.
        word: u16,
    },
    /// 8022 was put out of range and read back, so that a late 6209 aborts.
    Fenced,
    /// A look at the target's energies while settling.
    Looked(Reading),
    /// The open intent ended without taking effect.
    Closed {
        /// Whether 6209 can have left at all.
        how: Closing,
        /// Why it is known.
        reason: String,
    },
    /// The commit took effect.
    Committed {
        /// The number of the intent that did.
        intent: u32,
        /// How it is known.
        evidence: Evidence,
        /// In words.
        note: String,
    },
    /// The target holds what was staged, plus what it may have counted since: the transfer is done.
    Verified(Verification),
    /// The target holds something else.
    Mismatched(Verification),
    /// The run let go of the transfer without finishing it.
    Ended(Ending),
    /// It was done by hand: a person says so, and the target is where the transfer would have put it.
    Adopted(Box<Adopted>),
    /// What the transfer did is about to be taken back, by a transfer of its own. Durable before that one begins.
    UndoBegun(UndoBegun),
    /// It was not taken back: the target holds what it held before.
    UndoGivenUp {
        /// Why.
        reason: String,
    },
    /// It was taken back: the target holds what it held before the transfer, and what it has counted since.
    Undone {
        /// The transfer that did it.
        by: TransferKey,
    },
    /// A person decided.
    Resolved {
        /// What they decided.
        decision: Resolution,
        /// Why.
        reason: String,
        /// Who.
        operator: String,
    },
}

/// A transfer that was done by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// What was to be carried.
    pub source: Reading,
    /// What the target held when it was looked at.
    pub target: Reading,
    /// The bound within which it is where the transfer would have put it.
    pub bound: BoundUsed,
    /// When it was done, where the person said so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub done_at: Option<Timestamp>,
    /// Why it was done by hand.
    pub reason: String,
    /// Who says so.
    pub operator: String,
}

/// The start of taking back what a transfer did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoBegun {
    /// The transfer that is to do it, with a record of its own.
    pub by: TransferKey,
    /// Why.
    pub reason: String,
    /// Who asked for it.
    pub operator: String,
}

/// The start of a run's work on one transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    /// What the transfer means.
    pub meaning: Meaning,
    /// As resolved from the job.
    pub transfer: Transfer,
    /// Version of this program.
    pub tool_version: String,
    /// Who started the run, and from which revision of the job; facts of before it was recorded have neither.
    #[serde(flatten)]
    pub author: Author,
}

/// Who started a run, and from which revision of the job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Who, as `user@host` or as they said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operator: Option<Arc<str>>,
    /// The job's Git commit, with `-dirty` behind it if the files differed from it, or what the operator said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revision: Option<Arc<str>>,
}

/// Who a meter says it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// Its serial number.
    SerialNumber(u32),
    /// It would not say: identity and addressing are unproved. Holds what it answered.
    Unproved(String),
}

impl Identity {
    /// The serial number, if it gave one.
    pub const fn serial_number(&self) -> Option<u32> {
        match self {
            Self::SerialNumber(number) => Some(*number),
            Self::Unproved(_) => None,
        }
    }
}

/// A meter's energies at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The seven energies.
    pub readings: Readings,
    /// When the answer arrived.
    pub at: Timestamp,
}

/// The durable record that a target is about to be written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// 1 for the first intent ever recorded for this transfer.
    pub number: u32,
    /// Which try of the run.
    pub attempt: u32,
    /// The words for the buffer, computed once.
    pub staged: Readings,
    /// The source's readings they come from.
    pub source: Reading,
    /// The snapshot they were taken from, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotOrigin>,
    /// The target's readings before.
    pub pre_image: Reading,
    /// Serial number the source answered with.
    pub source_serial: Option<u32>,
    /// Serial number the target answered with.
    pub target_serial: Option<u32>,
    /// How the words were made.
    pub target_energy: TargetEnergy,
    /// When.
    pub at: Timestamp,
}

/// How an intent ended without effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// No byte of 6209 left.
    NotSent,
    /// 6209 may have left; reading showed that it had no effect.
    NotCommitted,
}

/// How it is known that a commit took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// 8021 changed from the sentinel to 0.
    Status,
    /// The energies, read while settling.
    Settled,
    /// A later pre-image was found to be the staged words of an intent believed to be without effect.
    FoundLater,
}

/// The reading after a commit, against what was staged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The target's readings.
    pub after: Reading,
    /// The bound that was used.
    pub bound: BoundUsed,
}

/// How far the target was allowed to be from what was staged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum BoundUsed {
    /// `max_load` × time + tolerance.
    MaxLoad {
        /// The parts of it.
        #[serde(flatten)]
        bound: Bound,
        /// The width it came to, Wh, VARh or VAh.
        width: i64,
    },
    /// The tolerance alone.
    Tolerance {
        /// Wh, VARh or VAh.
        tolerance: i64,
    },
    /// The tolerance, and three times the growth measured between two more reads.
    MeasuredGrowth {
        /// Wh, VARh or VAh.
        tolerance: i64,
        /// The largest growth of a quantity between the two reads, Wh, VARh or VAh.
        growth: i64,
        /// How far apart they were.
        over_milliseconds: u64,
    },
    /// What a person said it can have counted since.
    Stated {
        /// Wh, VARh or VAh.
        growth: i64,
    },
    /// A person accepted it.
    Person,
}

/// How a run let go of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The outcome.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
    /// The stable name of the reason, where a guard said no or a meter failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<ReasonCode>,
}

/// What a person may decide about an open, committed or mismatched transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// The commit took effect: verify it at the next run.
    Committed,
    /// The commit had no effect: start again at the next run.
    NotCommitted,
    /// The target is as it should be: done.
    Accepted,
}

impl Fact {
    /// Its name in the ledger.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Began(_) => "began",
            Self::Identified { .. } => "identified",
            Self::SourceRead(_) => "source_read",
            Self::TargetRead(_) => "target_read",
            Self::Intended(_) => "intended",
            Self::CommitSent { .. } => "commit_sent",
            Self::StatusRead { .. } => "status_read",
            Self::Fenced => "fenced",
            Self::Looked(_) => "looked",
            Self::Closed { .. } => "closed",
            Self::Committed { .. } => "committed",
            Self::Verified(_) => "verified",
            Self::Mismatched(_) => "mismatched",
            Self::Ended(_) => "ended",
            Self::Adopted(_) => "adopted",
            Self::UndoBegun(_) => "undo_begun",
            Self::UndoGivenUp { .. } => "undo_given_up",
            Self::Undone { .. } => "undone",
            Self::Resolved { .. } => "resolved",
        }
    }

    /// Whether the transfer may only go on once this fact would survive a crash. The others are kept in
    /// order behind it and lost only together with what follows them, which leads to a second look, never
    /// to a second commit.
    pub const fn must_be_durable(&self) -> bool {
        match self {
            Self::Intended(_)
            | Self::Closed { .. }
            | Self::Verified(_)
            | Self::Mismatched(_)
            | Self::Ended(_)
            | Self::Adopted(_)
            | Self::UndoBegun(_)
            | Self::UndoGivenUp { .. }
            | Self::Undone { .. }
            | Self::Resolved { .. } => true,
            Self::Committed { evidence, .. } => !matches!(evidence, Evidence::Status),
            Self::Began(_)
            | Self::Identified { .. }
            | Self::SourceRead(_)
            | Self::TargetRead(_)
            | Self::CommitSent { .. }
            | Self::StatusRead { .. }
            | Self::Fenced
            | Self::Looked(_) => false,
        }
    }
}
