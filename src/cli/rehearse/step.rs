//! The steps of a transfer as their requests look on the wire: where a fault strikes.
//! Knows nothing of which fault it is.

use std::fmt;

use serde::Serialize;

use crate::{
    campaign::Role,
    simulator::{Fault, When},
};

/// One request of a transfer. Those after an unanswered commit come twice: with a commit that took effect, and with
/// one that did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Serial number of the source.
    IdentifySource,
    /// Serial number of the target.
    IdentifyTarget,
    /// First reading of the source.
    ReadSource,
    /// Second reading of the source.
    ReadSourceAgain,
    /// The pre-image.
    ReadTarget,
    /// First write of the data.
    Stage,
    /// A write in the middle of the data (single writes only).
    StageMiddle,
    /// Last write of the data (single writes only).
    StageLast,
    /// First write of the pointers.
    Pointers,
    /// Last write of the pointers: the sentinel (single writes only).
    Sentinel,
    /// Data and pointers read back.
    ReadBack,
    /// 6209.
    Commit,
    /// First look at 8021.
    Status,
    /// The reading that verifies.
    Verify,
    /// After an unanswered commit that took effect: who is there?
    SettleIdentify,
    /// The same, the fence is written.
    SettleFence,
    /// The same, the fence is read back.
    SettleReadFence,
    /// The same, first look.
    SettleLook,
    /// The same, second look.
    SettleLookAgain,
    /// The same, the reading that verifies.
    SettleVerify,
    /// After an unanswered commit without effect: who is there?
    LostIdentify,
    /// The same, the fence is written.
    LostFence,
    /// The same, the fence is read back.
    LostReadFence,
    /// The same, first look.
    LostLook,
    /// The same, second look.
    LostLookAgain,
    /// The second try: its pre-image.
    RetryReadTarget,
    /// The second try: its data.
    RetryStage,
    /// The second try: read back.
    RetryReadBack,
    /// The second try: 6209.
    RetryCommit,
    /// The second try: the reading that verifies.
    RetryVerify,
}

impl Step {
    /// All of them, in the order in which they come.
    pub const ALL: [Self; 30] = [
        Self::IdentifySource,
        Self::IdentifyTarget,
        Self::ReadSource,
        Self::ReadSourceAgain,
        Self::ReadTarget,
        Self::Stage,
        Self::StageMiddle,
        Self::StageLast,
        Self::Pointers,
        Self::Sentinel,
        Self::ReadBack,
        Self::Commit,
        Self::Status,
        Self::Verify,
        Self::SettleIdentify,
        Self::SettleFence,
        Self::SettleReadFence,
        Self::SettleLook,
        Self::SettleLookAgain,
        Self::SettleVerify,
        Self::LostIdentify,
        Self::LostFence,
        Self::LostReadFence,
        Self::LostLook,
        Self::LostLookAgain,
        Self::RetryReadTarget,
        Self::RetryStage,
        Self::RetryReadBack,
        Self::RetryCommit,
        Self::RetryVerify,
    ];

    /// The meter that is asked.
    pub const fn role(self) -> Role {
        match self {
            Self::IdentifySource | Self::ReadSource | Self::ReadSourceAgain => Role::Source,
            _ => Role::Target,
        }
    }

    /// Whether it exists only where the buffer is filled with single writes.
    pub const fn needs_single_writes(self) -> bool {
        matches!(self, Self::StageMiddle | Self::StageLast | Self::Sentinel)
    }

    /// What has to go wrong at the target first, so that the step comes at all.
    pub fn before(self) -> Option<(When, Fault)> {
        match self {
            _ if self < Self::SettleIdentify => None,
            _ if self < Self::LostIdentify => Some((When::commit(), Fault::SwallowResponse)),
            _ => Some((When::commit(), Fault::SwallowRequest)),
        }
    }

    /// Its request.
    pub fn when(self) -> When {
        match self {
            Self::IdentifySource | Self::IdentifyTarget => When::serial_number(),
            Self::ReadSource | Self::ReadTarget => When::energies(),
            Self::ReadSourceAgain => When::energies().nth(2),
            Self::Stage => When::stage(),
            Self::StageMiddle => When::write(8035..=8035),
            Self::StageLast => When::write(8022..=8022).nth(2),
            Self::Pointers => When::pointers(),
            Self::Sentinel => When::write(8021..=8021),
            Self::ReadBack => When::read_back(),
            Self::Commit => When::commit(),
            Self::Status => When::status_poll(),
            Self::Verify | Self::SettleLook | Self::LostLook => When::energies().nth(2),
            Self::SettleIdentify | Self::LostIdentify => When::serial_number().nth(2),
            Self::SettleFence | Self::LostFence => When::fence(),
            // The read-back touched 8022 before.
            Self::SettleReadFence | Self::LostReadFence => When::read(8022..=8022).nth(2),
            Self::SettleLookAgain | Self::LostLookAgain => When::energies().nth(3),
            Self::SettleVerify | Self::RetryReadTarget => When::energies().nth(4),
            Self::RetryStage => When::write(8030..=8030).nth(2),
            Self::RetryReadBack => When::read_back().nth(2),
            Self::RetryCommit => When::commit().nth(2),
            Self::RetryVerify => When::energies().nth(5),
        }
    }

    /// What it is called in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::IdentifySource => "identify source",
            Self::IdentifyTarget => "identify target",
            Self::ReadSource => "read source",
            Self::ReadSourceAgain => "read source again",
            Self::ReadTarget => "read target",
            Self::Stage => "stage",
            Self::StageMiddle => "stage: a middle word",
            Self::StageLast => "stage: the last word",
            Self::Pointers => "pointers",
            Self::Sentinel => "sentinel",
            Self::ReadBack => "read back",
            Self::Commit => "commit",
            Self::Status => "status",
            Self::Verify => "verify",
            Self::SettleIdentify => "settle (committed): identify",
            Self::SettleFence => "settle (committed): fence",
            Self::SettleReadFence => "settle (committed): read fence",
            Self::SettleLook => "settle (committed): look",
            Self::SettleLookAgain => "settle (committed): look again",
            Self::SettleVerify => "settle (committed): verify",
            Self::LostIdentify => "settle (lost): identify",
            Self::LostFence => "settle (lost): fence",
            Self::LostReadFence => "settle (lost): read fence",
            Self::LostLook => "settle (lost): look",
            Self::LostLookAgain => "settle (lost): look again",
            Self::RetryReadTarget => "second try: read target",
            Self::RetryStage => "second try: stage",
            Self::RetryReadBack => "second try: read back",
            Self::RetryCommit => "second try: commit",
            Self::RetryVerify => "second try: verify",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
