//! How a serial line is set: the same at this machine's port and at every meter on it.
//!
//! Knows times of characters, and nothing of ports.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// Speeds that a line can have, in bits a second. The maker names 9600, 19200 and 38400 (DOMAIN.md §4); the others
/// are what older meters and converters are set to.
pub const BAUDS: [u32; 8] = [1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200];

/// Above this speed the silence between frames does not become shorter (Modbus over serial line V1.02, §2.5.1.1).
const FASTEST_COUNTED: u32 = 19_200;
const SHORTEST_SILENCE: Duration = Duration::from_micros(1_750);

/// What goes along with the eight data bits of each character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parity {
    /// Nothing.
    None,
    /// A bit that makes the ones even.
    Even,
    /// A bit that makes the ones odd.
    Odd,
}

impl Parity {
    /// The word for it in a job.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Even => "even",
            Self::Odd => "odd",
        }
    }
}

/// How many bits end a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum StopBits {
    /// One.
    #[default]
    One,
    /// Two.
    Two,
}

impl TryFrom<u8> for StopBits {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            _ => Err(format!("{number} stop bits: there are 1 or 2")),
        }
    }
}

impl From<StopBits> for u8 {
    fn from(bits: StopBits) -> Self {
        match bits {
            StopBits::One => 1,
            StopBits::Two => 2,
        }
    }
}

/// How a serial line is set. There are always eight data bits: RTU frames are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Line {
    /// Bits a second, one of [`BAUDS`].
    pub baud: u32,
    /// Parity.
    pub parity: Parity,
    /// Stop bits.
    pub stop_bits: StopBits,
}

impl Line {
    /// How long the line must be silent between two frames: 3.5 characters, 1.75 ms above 19200 baud (Modbus over
    /// serial line V1.02, §2.5.1.1). The frames' own bounds: nothing else separates them.
    pub fn silence(self) -> Duration {
        if self.baud > FASTEST_COUNTED {
            return SHORTEST_SILENCE;
        }
        let parity = u32::from(self.parity != Parity::None);
        let bits = 1 + 8 + parity + u32::from(u8::from(self.stop_bits));
        Duration::from_secs(1) * bits * 7 / 2 / self.baud.max(1)
    }
}

impl fmt::Display for Line {
    /// `19200 8E1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        write!(f, "{} 8{parity}{}", self.baud, u8::from(self.stop_bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_three_and_a_half_characters_apart() {
        let line = |baud, parity, stop_bits| Line { baud, parity, stop_bits };
        let slow = line(9_600, Parity::Even, StopBits::One);
        assert_eq!(slow.silence().as_micros(), 4_010, "11 bits × 3.5 / 9600");
        assert_eq!(line(9_600, Parity::None, StopBits::One).silence().as_micros(), 3_645);
        assert_eq!(line(38_400, Parity::Even, StopBits::One).silence(), SHORTEST_SILENCE);
        assert_eq!(slow.to_string(), "9600 8E1");
        assert_eq!(line(19_200, Parity::None, StopBits::Two).to_string(), "19200 8N2");
    }
}
