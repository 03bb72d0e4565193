//! Where a transfer's readings come from: a meter on the wire, a person who wrote them down, or a snapshot.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::meter::{Model, Quantity, Readings};

use super::{Endpoint, TransferKey};

/// Where readings come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A meter that can be read.
    Live(LiveSource),
    /// Readings typed into the job.
    Typed(Box<TypedSource>),
    /// Readings kept in a file.
    Snapshot(Box<SnapshotSource>),
    /// What the target held before another transfer, with what it has counted since.
    Undo(Box<UndoSource>),
}

/// What an earlier transfer did to a target, as it is recorded, so that it can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoSource {
    /// The transfer that is taken back.
    pub of: TransferKey,
    /// The target's family.
    pub model: Model,
    /// The target's serial number, where it is known.
    pub serial_number: Option<u32>,
    /// What the target held before the transfer.
    pub pre_image: Readings,
    /// When that was read.
    pub pre_image_at: Timestamp,
    /// What the transfer set it to, or what it was found to hold instead: what it shows beyond this, it has counted.
    pub set_to: Readings,
    /// The last recorded reading of it.
    pub after: Readings,
    /// When that was read.
    pub after_at: Timestamp,
    /// What it can have counted since at most, in each quantity's own unit, where a person says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_growth: Option<i64>,
}

/// A meter that can be read, or could be lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSource {
    /// The meter.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// How old a captured reading may be to be used when the meter is not there any more.
    #[serde(default)]
    pub captured_within: Option<Duration>,
}

/// Readings that a person took from a meter that is not there any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedSource {
    /// The family of the meter they were taken from.
    pub model: Model,
    /// Its serial number, where it is known.
    pub serial_number: Option<u32>,
    /// When they were taken.
    pub taken: Timestamp,
    /// What was written down.
    pub given: Given,
}

impl TypedSource {
    /// Whether some of the target's own energies become part of what is carried.
    pub fn keeps_the_targets(&self) -> bool {
        matches!(&self.given, Given::Energies { energies, others: Others::Keep } if energies.contains(&None))
    }
}

/// What was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// All 28 words.
    Registers(Readings),
    /// Some of the seven energies, in canonical order, each in its own unit.
    Energies {
        /// `None` where the job gives none.
        energies: [Option<i64>; 7],
        /// What becomes of those that are not given.
        others: Others,
    },
}

/// What becomes of the energies that a typed source does not give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Others {
    /// The target keeps its own.
    Keep,
    /// They are set to zero.
    Zero,
}

/// Readings that an earlier `meterferry snapshot` kept in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotSource {
    /// The family of the meter they were taken from.
    pub model: Model,
    /// Its serial number; `None` where the job says `any` and the meter would not say it.
    pub serial_number: Option<u32>,
    /// Which file, and when it was taken.
    pub origin: SnapshotOrigin,
    /// All seven energies.
    pub readings: Readings,
    /// Whether the job names the file.
    pub chosen: Chosen,
    /// How old it may be when it is carried over.
    pub max_age: Option<Duration>,
    /// Whether it was taken from a simulated meter: then it is for simulated meters only.
    pub simulated: bool,
}

/// Which snapshot readings come from: enough to find it again, and to see whether it is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotOrigin {
    /// The file, as it was found from the job.
    pub path: String,
    /// The digest in it.
    pub digest: String,
    /// When the energies were read.
    pub taken: Timestamp,
}

/// How a job chooses a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Chosen {
    /// This file: its readings are what the job means.
    Named,
    /// The newest of a meter: the meter is what the job means.
    Latest,
}

impl Source {
    /// The snapshot, if it is one.
    pub fn snapshot(&self) -> Option<&SnapshotSource> {
        match self {
            Self::Snapshot(snapshot) => Some(snapshot),
            Self::Live(_) | Self::Typed(_) | Self::Undo(_) => None,
        }
    }

    /// The meter, if it can be read.
    pub const fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Live(live) => Some(&live.endpoint),
            Self::Typed(_) | Self::Snapshot(_) | Self::Undo(_) => None,
        }
    }

    /// The family of the meter the readings come from.
    pub fn model(&self) -> Model {
        match self {
            Self::Live(live) => live.endpoint.model,
            Self::Typed(typed) => typed.model,
            Self::Snapshot(snapshot) => snapshot.model,
            Self::Undo(undo) => undo.model,
        }
    }

    /// The serial number that the job gives, itself or by a snapshot.
    pub fn pinned(&self) -> Option<u32> {
        match self {
            Self::Live(live) => live.endpoint.serial_number.pinned(),
            Self::Typed(typed) => typed.serial_number,
            Self::Snapshot(snapshot) => snapshot.serial_number,
            Self::Undo(undo) => undo.serial_number,
        }
    }

    /// How old a captured reading may be.
    pub const fn captured_within(&self) -> Option<Duration> {
        match self {
            Self::Live(live) => live.captured_within,
            Self::Typed(_) | Self::Snapshot(_) | Self::Undo(_) => None,
        }
    }
}

impl From<Endpoint> for Source {
    fn from(endpoint: Endpoint) -> Self {
        Self::Live(LiveSource { endpoint, captured_within: None })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live(live) => live.endpoint.fmt(f),
            Self::Typed(typed) => write!(f, "{}, typed readings of {:.0}", typed.model, typed.taken),
            Self::Snapshot(snapshot) => {
                let SnapshotOrigin { path, taken, .. } = &snapshot.origin;
                write!(f, "{}, snapshot of {taken:.0} ({path})", snapshot.model)
            }
            Self::Undo(undo) => {
                write!(
                    f,
                    "what the target held before {} at {:.0}, and counted since",
                    undo.of, undo.pre_image_at
                )
            }
        }
    }
}

/// Ranges that energies must be in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expect(pub Vec<(Quantity, ExpectRange)>);

/// The range of one energy, both ends included, in its own unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectRange {
    /// At least this.
    pub min: Option<i64>,
    /// At most this.
    pub max: Option<i64>,
}

impl Expect {
    /// Whether nothing is pinned.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an energy is pinned at both ends: a person has looked where the meter is.
    pub fn pins_a_place(&self) -> bool {
        self.0.iter().any(|(_, range)| range.min.is_some() && range.max.is_some())
    }

    /// The first energy outside its range.
    pub fn violation(&self, readings: &Readings) -> Option<(Quantity, ExpectRange)> {
        self.0.iter().copied().find(|(quantity, range)| {
            let value = readings.energy(*quantity);
            range.min.is_some_and(|min| value < min) || range.max.is_some_and(|max| value > max)
        })
    }
}
