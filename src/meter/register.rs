//! Register numbers as the manuals print them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A holding register, by the number printed in the manuals. Only a link turns it into a wire address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Register(u16);

impl Register {
    /// The register with this printed number.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The printed number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The register `count` further on. The register maps of all supported meters end far below 65,535.
    pub const fn plus(self, count: u16) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a meter's port counts: register N is wire address N−1 (`Modbus`; PM8-MAN p. 79) or N (`Jbus`).
///
/// A wrong guess is silent, since energies one register off still look plausible (DOMAIN.md §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Addressing {
    /// Register N is wire address N−1.
    #[default]
    Modbus,
    /// Register N is wire address N.
    Jbus,
}

impl fmt::Display for Addressing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Modbus => "modbus",
            Self::Jbus => "jbus",
        })
    }
}
