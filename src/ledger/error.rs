//! What can go wrong with a ledger, what it means for the exit code, and what a person can do.
//! Nothing here knows how a ledger is stored.

use std::{path::PathBuf, sync::Arc};

use super::{Break, Kind};
use crate::campaign::TransferKey;

/// Another run holds the ledger (DESIGN.md §5).
const EXIT_BUSY: u8 = 11;
/// The ledger is missing, cannot be read or cannot be written (DESIGN.md §5).
const EXIT_LEDGER: u8 = 74;
/// A defect in meterferry (DESIGN.md §5).
const EXIT_DEFECT: u8 = 1;

/// Why a ledger could not be made, opened, read or written. Cheap to clone: one failed write is told to
/// everybody who waits for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A real run needs a ledger that exists: a lost one must not look like a fresh start.
    #[error("there is no ledger in {}", dir.display())]
    Missing {
        /// The state folder.
        dir: PathBuf,
    },
    /// `ledger init` where there is one.
    #[error("there is a ledger already: {}", path.display())]
    AlreadyExists {
        /// The ledger's file.
        path: PathBuf,
    },
    /// Another run holds it.
    #[error("another run holds the ledger {}: {holder}", path.display())]
    Busy {
        /// The ledger's file.
        path: PathBuf,
        /// Process, host and start, as the holder wrote them down.
        holder: String,
    },
    /// A ledger is `real` or `simulated` for life.
    #[error("{} is a ledger of {found} meters, not of {expected} ones", path.display())]
    WrongKind {
        /// The ledger's file.
        path: PathBuf,
        /// What it is.
        found: Kind,
        /// What was asked for.
        expected: Kind,
    },
    /// Written by another generation of the program.
    #[error("{} has format {found}, made by meterferry {made_by}; this meterferry knows format {known}", path.display())]
    OtherFormat {
        /// The ledger's file.
        path: PathBuf,
        /// What is written in it.
        found: i64,
        /// What this program writes.
        known: i64,
        /// Version of the program that made it, as it says itself.
        made_by: Arc<str>,
    },
    /// The file is no ledger, or no longer one.
    #[error("{} is not a sound ledger: {what}", path.display())]
    Damaged {
        /// The ledger's file.
        path: PathBuf,
        /// What is wrong with it.
        what: Arc<str>,
    },
    /// One fact in it cannot be true.
    #[error("the ledger's record of {key} is damaged at fact {seq}: {what}")]
    DamagedRecord {
        /// The transfer.
        key: TransferKey,
        /// The fact's number, as stored.
        seq: i64,
        /// What is wrong with it.
        what: Arc<str>,
    },
    /// What is recorded is not what was recorded once.
    #[error("the chain of the ledger {} is broken at {at}", path.display())]
    BrokenChain {
        /// The ledger's file.
        path: PathBuf,
        /// Where, and why.
        at: Box<Break>,
    },
    /// The ledger cannot be read just now.
    #[error("cannot read the ledger {}: {why}", path.display())]
    CannotRead {
        /// The ledger's file, or its lock's, or its folder.
        path: PathBuf,
        /// What the system said.
        why: Arc<str>,
    },
    /// A write failed. The ledger is broken from then on: nothing new may begin.
    #[error("the ledger {} cannot record, so nothing new is begun: {why}", path.display())]
    CannotWrite {
        /// The ledger's file, or its lock's, or its folder.
        path: PathBuf,
        /// What the system said.
        why: Arc<str>,
    },
    /// Locks and write order cannot be trusted there.
    #[error("{} is on a network file system ({file_system})", dir.display())]
    NetworkFileSystem {
        /// The state folder.
        dir: PathBuf,
        /// Its type.
        file_system: String,
    },
    /// Somebody else has appended to this transfer.
    #[error("fact {found} of {key} does not follow: the next one is {expected}")]
    Conflict {
        /// The transfer.
        key: TransferKey,
        /// The number that would follow.
        expected: u64,
        /// The number that was given.
        found: u64,
    },
    /// A fact no reader would accept.
    #[error("fact {seq} of {key} takes {bytes} bytes, more than a ledger accepts")]
    TooLarge {
        /// The transfer.
        key: TransferKey,
        /// The fact's number.
        seq: u64,
        /// Its length as JSON text.
        bytes: usize,
    },
}

impl LedgerError {
    /// The exit code of a command that ends with this (DESIGN.md §5).
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Busy { .. } => EXIT_BUSY,
            Self::TooLarge { .. } => EXIT_DEFECT,
            Self::Missing { .. }
            | Self::AlreadyExists { .. }
            | Self::WrongKind { .. }
            | Self::OtherFormat { .. }
            | Self::Damaged { .. }
            | Self::DamagedRecord { .. }
            | Self::BrokenChain { .. }
            | Self::CannotRead { .. }
            | Self::CannotWrite { .. }
            | Self::NetworkFileSystem { .. }
            | Self::Conflict { .. } => EXIT_LEDGER,
        }
    }

    /// What a person can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "if it was there before, find it: without it finished transfers are not known as finished; \
                 if this is the first run, make one with `meterferry ledger init`"
            }
            Self::AlreadyExists { .. } => "use it, or name another folder with `--state-dir`",
            Self::Busy { .. } => {
                "wait for that run to end; `run` and `resolve` can wait themselves, with `--lock-wait 10m`"
            }
            Self::WrongKind { .. } => "name another folder with `--state-dir`",
            Self::OtherFormat { found, known, .. } if *found > *known => {
                "a newer meterferry wrote it: use that one"
            }
            Self::OtherFormat { .. } => {
                "an older meterferry wrote it, without a chain, and no chain can vouch for it now: finish its \
                 campaigns with that one, then `meterferry ledger init` in another folder"
            }
            Self::Damaged { .. } | Self::DamagedRecord { .. } | Self::BrokenChain { .. } => {
                "keep the files as they are, restore a copy, and compare the meters with it before any new run"
            }
            Self::CannotRead { .. } => "check that the folder and the files in it can be read and written",
            Self::CannotWrite { .. } => {
                "check the free space and the permissions of the state folder, then run again: what was begun \
                 is settled first"
            }
            Self::NetworkFileSystem { .. } => "name a folder on a local disk with `--state-dir`",
            Self::Conflict { .. } => "run again: what is recorded is read afresh",
            Self::TooLarge { .. } => "this is a defect in meterferry: please report it",
        }
    }
}
