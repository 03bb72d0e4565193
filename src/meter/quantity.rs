//! The seven accumulated energies, in canonical (1700–1727) order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the seven accumulated energies (FA221464 table 1; DOMAIN.md §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Registers 1700–1703, Wh.
    RealEnergyIn,
    /// Registers 1704–1707, VARh.
    ReactiveEnergyIn,
    /// Registers 1708–1711, Wh.
    RealEnergyOut,
    /// Registers 1712–1715, VARh.
    ReactiveEnergyOut,
    /// Registers 1716–1719, Wh; signed (in − out) or absolute (in + out).
    RealEnergyTotal,
    /// Registers 1720–1723, VARh; signed or absolute.
    ReactiveEnergyTotal,
    /// Registers 1724–1727, VAh.
    ApparentEnergyTotal,
}

impl Quantity {
    /// All seven, in the order of registers 1700–1727.
    pub const ALL: [Self; 7] = [
        Self::RealEnergyIn,
        Self::ReactiveEnergyIn,
        Self::RealEnergyOut,
        Self::ReactiveEnergyOut,
        Self::RealEnergyTotal,
        Self::ReactiveEnergyTotal,
        Self::ApparentEnergyTotal,
    ];

    /// Place in canonical order, 0–6.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The key used in job files and JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::RealEnergyIn => "real_energy_in",
            Self::ReactiveEnergyIn => "reactive_energy_in",
            Self::RealEnergyOut => "real_energy_out",
            Self::ReactiveEnergyOut => "reactive_energy_out",
            Self::RealEnergyTotal => "real_energy_total",
            Self::ReactiveEnergyTotal => "reactive_energy_total",
            Self::ApparentEnergyTotal => "apparent_energy_total",
        }
    }

    /// The base unit its registers count in.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::RealEnergyIn | Self::RealEnergyOut | Self::RealEnergyTotal => "Wh",
            Self::ReactiveEnergyIn | Self::ReactiveEnergyOut | Self::ReactiveEnergyTotal => "VARh",
            Self::ApparentEnergyTotal => "VAh",
        }
    }

    /// Whether it is one of the two in-and-out totals, which may fall as well as rise.
    pub const fn is_total(self) -> bool {
        matches!(self, Self::RealEnergyTotal | Self::ReactiveEnergyTotal)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RealEnergyIn => "real energy in",
            Self::ReactiveEnergyIn => "reactive energy in",
            Self::RealEnergyOut => "real energy out",
            Self::ReactiveEnergyOut => "reactive energy out",
            Self::RealEnergyTotal => "real energy total",
            Self::ReactiveEnergyTotal => "reactive energy total",
            Self::ApparentEnergyTotal => "apparent energy total",
        })
    }
}
