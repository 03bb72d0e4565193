//! The three requests a transfer makes of a meter, by register number.

use super::Register;

/// Read `count` holding registers (function 03).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// First register.
    pub first: Register,
    /// How many.
    pub count: u16,
}

/// Write to a meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Function 16.
    Block {
        /// First register.
        first: Register,
        /// Words as on the wire.
        words: Vec<u16>,
    },
    /// Function 06.
    Single {
        /// The register.
        register: Register,
        /// Word as on the wire.
        word: u16,
    },
}
