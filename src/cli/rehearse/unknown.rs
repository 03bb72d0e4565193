//! Why a transfer stayed unknown, or a mismatch, by the words of its reason; and why no reading can settle it.

use serde::Serialize;

use super::Verdict;

/// What kept the program from deciding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Another serial number answers.
    AnotherMeter,
    /// The energies are neither the staged nor the old ones.
    NeitherNor,
    /// The energies can be both.
    EitherOr,
    /// The looks do not agree.
    Disagreeing,
    /// The target does not answer.
    NoAnswer,
    /// Wall time went backwards.
    Clock,
    /// The preset took effect with other words.
    OtherWords,
    /// The right energies came after the last look.
    TooEarly,
    /// None of these.
    Other,
}

const WORDS: [(&str, Why); 9] = [
    ("another meter answers", Why::AnotherMeter),
    ("neither the staged", Why::NeitherNor),
    ("can be the staged ones or the old", Why::EitherOr),
    ("do not agree", Why::Disagreeing),
    ("could not be looked at", Why::NoAnswer),
    ("could not be read:", Why::NoAnswer),
    ("the clock went backwards", Why::Clock),
    ("did not hold what was staged", Why::OtherWords),
    ("does not hold what was staged", Why::OtherWords),
];

impl Why {
    /// From the verdict on an outcome, and its reason.
    pub(super) fn of(verdict: Verdict, reason: &str) -> Self {
        if verdict == Verdict::FalseAlarm {
            return Self::TooEarly;
        }
        WORDS.iter().find(|(words, _)| reason.contains(words)).map_or(Self::Other, |(_, why)| *why)
    }

    /// Why that is the best that can be said.
    pub const fn words(self) -> &'static str {
        match self {
            Self::AnotherMeter => {
                "another meter answers at the target's place after the commit may have left: what the first one did, \
                 only a look at it can tell"
            }
            Self::NeitherNor => {
                "the target holds neither the staged energies nor the old ones: another master wrote into the buffer \
                 between the check and the commit"
            }
            Self::EitherOr => {
                "staged energies and pre-image are closer than what the target may have counted"
            }
            Self::Disagreeing => "the looks at the target do not agree",
            Self::NoAnswer => "the target answers no more; the next run looks again",
            Self::Clock => {
                "the clock went backwards, so that nothing bounds what the target may have counted"
            }
            Self::OtherWords => "another master wrote into the buffer between the check and the commit",
            Self::TooEarly => {
                "something else than the command put `done` into the result register, or an earlier write came late: \
                 the target was compared too early or with other words, and holds the right energies"
            }
            Self::Other => "for another reason",
        }
    }
}
