//! Command 6209 and what its result register says.

use std::fmt;

/// "Preset accumulated energies": the only value ever written to register 8000 (FA221464 step 3).
pub const PRESET_ENERGIES: u16 = 6209;
/// Put into 8021 before the command. 0 there is also what an idle meter shows, so the result is only
/// believed when it replaced this value (DOMAIN.md §2).
pub const SENTINEL: u16 = 0x6D66;

/// What 8021 says after the command (FA221464 step 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandStatus {
    /// Still the sentinel: not executed yet, or success that leaves the register untouched.
    Undecided,
    /// 0: the settings completed successfully.
    Done,
    /// 81.
    InvalidCommand,
    /// 82.
    InvalidParameters,
    /// Anything else; the manuals do not list it.
    Other(u16),
}

impl CommandStatus {
    /// The status a word in 8021 stands for.
    pub const fn from_word(word: u16) -> Self {
        match word {
            SENTINEL => Self::Undecided,
            0 => Self::Done,
            81 => Self::InvalidCommand,
            82 => Self::InvalidParameters,
            other => Self::Other(other),
        }
    }

    /// The word it was read from.
    pub const fn word(self) -> u16 {
        match self {
            Self::Undecided => SENTINEL,
            Self::Done => 0,
            Self::InvalidCommand => 81,
            Self::InvalidParameters => 82,
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecided => {
                f.write_str("no result: register 8021 still holds what was put there before the command")
            }
            Self::Done => f.write_str("0: the settings completed successfully"),
            Self::InvalidCommand => f.write_str("81: invalid command function"),
            Self::InvalidParameters => {
                f.write_str("82: invalid parameters (a register of 8022-8049 outside -9999 to +9999)")
            }
            Self::Other(word) => write!(f, "{word}: a code that the manuals do not list"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentinel_is_no_result_and_no_valid_word() {
        assert_eq!(CommandStatus::from_word(SENTINEL), CommandStatus::Undecided);
        assert!(![0, 81, 82].contains(&SENTINEL));
    }

    #[test]
    fn results_are_the_articles() {
        assert_eq!(CommandStatus::from_word(0), CommandStatus::Done);
        assert_eq!(CommandStatus::from_word(81), CommandStatus::InvalidCommand);
        assert_eq!(CommandStatus::from_word(82), CommandStatus::InvalidParameters);
        assert_eq!(CommandStatus::from_word(17), CommandStatus::Other(17));
    }
}
