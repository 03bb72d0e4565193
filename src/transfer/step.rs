//! The eleven states by name, and what each may ask of the world.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::Cause;
use crate::{
    campaign::Role,
    meter::{Read, Write},
};

/// Where a transfer is (DESIGN.md §3). A later step is served first on its gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// 1: who answers?
    Identify,
    /// 2: what has the source counted?
    ReadSource,
    /// 3: what does the target hold?
    ReadTarget,
    /// 4: may it be done?
    Guard,
    /// 5: say durably what will be written.
    Intend,
    /// 6: fill buffer and pointers.
    Stage,
    /// 7: read them back.
    Check,
    /// 8: write 6209.
    Commit,
    /// 9: what became of it?
    Status,
    /// 10: find out by reading.
    Settle,
    /// 11: compare.
    Verify,
}

impl Step {
    /// The word used in logs and messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::ReadSource => "read source",
            Self::ReadTarget => "read target",
            Self::Guard => "guard",
            Self::Intend => "intend",
            Self::Stage => "stage",
            Self::Check => "check",
            Self::Commit => "commit",
            Self::Status => "status",
            Self::Settle => "settle",
            Self::Verify => "verify",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What looking at meters may ask for. There is no way to say "write" in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Read registers of one endpoint.
    Read(Role, Read),
    /// Come back after this long.
    Wait(Duration),
}

/// What a transfer may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    Look(Look),
    /// Write to the target.
    Write(Write),
    /// Give up the connection to the target's gateway, so that no late answer can be taken for another.
    Relink,
}

impl Ask {
    pub(super) fn read_target(read: Read) -> Self {
        Self::Look(Look::Read(Role::Target, read))
    }

    pub(super) fn wait(delay: Duration) -> Self {
        Self::Look(Look::Wait(delay))
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The registers asked for, exactly as many.
    Read(Result<Vec<u16>, Cause>),
    /// The write was echoed exactly.
    Written(Result<(), Cause>),
    /// The wait is over.
    Waited,
    /// The connection is gone.
    Relinked,
    /// The fact is recorded, and durable if it must be.
    Recorded,
}
