//! Stable names of the reasons why a transfer is not done: of every refusal and every failure. What a name means in
//! full is explained elsewhere; the sentence of a case lives on its variant. Knows nothing of files or terminals.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Cause, Failure, Refusal};

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// Stable names of the reasons behind an outcome; programs may rely on them. They stand in ledgers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ReasonCode {
            $($(#[doc = $doc])+ $name,)+
        }

        impl ReasonCode {
            /// All of them: refusals, then failures.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable name, as printed and serialised.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

reasons! {
    /// Another meter answers.
    WrongMeter = "wrong_meter",
    /// The meter does not give its serial number, and the job asks for it.
    NoSerialNumber = "no_serial_number",
    /// A register is no energy word.
    BadReadings = "bad_readings",
    /// One quantity carries both signs.
    MixedSigns = "mixed_signs",
    /// Nothing to carry.
    ZeroSource = "zero_source",
    /// The target is ahead of the source.
    TargetAhead = "target_ahead",
    /// The target has counted, and the job does not say what to do with it.
    TargetHasCounted = "target_has_counted",
    /// `add` needs a source that stands still.
    SourceStillCounting = "source_still_counting",
    /// A sum has no place in four registers.
    TooManyDigits = "too_many_digits",
    /// The replacement is here, and there is nothing to carry into it.
    NoCapturedReading = "no_captured_reading",
    /// A total cannot be formed from what the job gives.
    TotalUnknown = "total_unknown",
    /// The two meters form their totals differently.
    TotalsDiffer = "totals_differ",
    /// An energy is outside the range that the job pins.
    UnexpectedReading = "unexpected_reading",
    /// Another transfer wrote to the same target.
    TargetClaimed = "target_claimed",
    /// The target of an undo is not where the transfer left it.
    NotAsLeft = "not_as_left",
    /// An earlier intent may or may not have taken effect.
    EarlierUndecided = "earlier_undecided",
    /// An earlier intent took effect, and the job has another source now.
    EarlierOfAnotherJob = "earlier_of_another_job",
    /// Done before, with another meaning.
    MeaningChanged = "meaning_changed",
    /// A meter that is to get its own readings back has not lost them.
    EnergyNotLost = "energy_not_lost",
    /// A snapshot is older than the job allows, or from a time that has not come.
    SnapshotAge = "snapshot_age",
    /// No way to the gateway: nothing was sent.
    NoConnection = "no_connection",
    /// A serial line was not silent: nothing was sent.
    LineNotSilent = "line_not_silent",
    /// No answer before the deadline.
    NoAnswer = "no_answer",
    /// The connection ended before the answer was whole.
    ConnectionLost = "connection_lost",
    /// An answer that does not fit the request.
    BadAnswer = "bad_answer",
    /// The meter or its gateway said no.
    Exception = "exception",
    /// Reads of a meter do not agree within the bound.
    UnsteadyReadings = "unsteady_readings",
    /// What was staged did not read back.
    AnotherMaster = "another_master",
    /// The commit could not follow its check in time.
    CommitTooSlow = "commit_too_slow",
    /// The readings became too old before the commit.
    ReadingsTooOld = "readings_too_old",
    /// The command had no effect, and its result says why.
    CommandRejected = "command_rejected",
    /// The command had no effect.
    NotCommitted = "not_committed",
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Refusal {
    /// Its stable name.
    pub const fn code(&self) -> ReasonCode {
        match self {
            Self::WrongMeter { .. } => ReasonCode::WrongMeter,
            Self::NoSerialNumber { .. } => ReasonCode::NoSerialNumber,
            Self::BadReadings { .. } => ReasonCode::BadReadings,
            Self::MixedSign { .. } => ReasonCode::MixedSigns,
            Self::ZeroSource => ReasonCode::ZeroSource,
            Self::Direction { .. } => ReasonCode::TargetAhead,
            Self::Counting { .. } => ReasonCode::TargetHasCounted,
            Self::StillCounting { .. } => ReasonCode::SourceStillCounting,
            Self::Overflow => ReasonCode::TooManyDigits,
            Self::NoCapture { .. } => ReasonCode::NoCapturedReading,
            Self::TotalUnknown { .. } => ReasonCode::TotalUnknown,
            Self::Totals { .. } => ReasonCode::TotalsDiffer,
            Self::Unexpected { .. } => ReasonCode::UnexpectedReading,
            Self::NotAsLeft { .. } => ReasonCode::NotAsLeft,
            Self::Claimed { .. } => ReasonCode::TargetClaimed,
            Self::EarlierUndecided { .. } => ReasonCode::EarlierUndecided,
            Self::EarlierOfAnotherJob { .. } => ReasonCode::EarlierOfAnotherJob,
            Self::NotLost { .. } => ReasonCode::EnergyNotLost,
            Self::SnapshotAge { .. } => ReasonCode::SnapshotAge,
            Self::MeaningChanged { .. } => ReasonCode::MeaningChanged,
        }
    }
}

impl Cause {
    /// Its stable name.
    pub const fn code(&self) -> ReasonCode {
        match self {
            Self::NoConnection(_) | Self::GatewayGivenUp { .. } => ReasonCode::NoConnection,
            Self::NotSilent(_) => ReasonCode::LineNotSilent,
            Self::NoAnswer(_) | Self::UnitGivenUp { .. } => ReasonCode::NoAnswer,
            Self::Dropped(_) => ReasonCode::ConnectionLost,
            Self::Nonsense(_) => ReasonCode::BadAnswer,
            Self::Exception(_) => ReasonCode::Exception,
        }
    }
}

impl Failure {
    /// Its stable name.
    pub const fn code(&self) -> ReasonCode {
        match self {
            Self::Request { cause, .. } => cause.code(),
            Self::Unsteady { .. } => ReasonCode::UnsteadyReadings,
            Self::AnotherMaster { .. } => ReasonCode::AnotherMaster,
            Self::TooSlow { .. } => ReasonCode::CommitTooSlow,
            Self::Stale(_) => ReasonCode::ReadingsTooOld,
            Self::Rejected(_) => ReasonCode::CommandRejected,
            Self::NotCommitted(_) => ReasonCode::NotCommitted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_name_of_a_reason_is_the_serialised_one() {
        for code in ReasonCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
