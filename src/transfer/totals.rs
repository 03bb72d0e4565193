//! How a meter forms its two totals: in + out, or in − out. No register is known to say which (DOMAIN.md §1), so
//! it is inferred from the readings themselves.

use std::fmt;

use crate::meter::{Quantity, Readings};

/// In, out, total of real and of reactive energy.
const TRIPLES: [(Quantity, Quantity, Quantity); 2] = [
    (Quantity::RealEnergyIn, Quantity::RealEnergyOut, Quantity::RealEnergyTotal),
    (Quantity::ReactiveEnergyIn, Quantity::ReactiveEnergyOut, Quantity::ReactiveEnergyTotal),
];

/// What the readings of a meter say of its totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotalsMode {
    /// Total = in + out.
    Absolute,
    /// Total = in − out.
    Signed,
    /// Nothing has gone out: both hold.
    Either,
    /// Neither holds: the energies were cleared or set apart from each other.
    Neither,
}

impl fmt::Display for TotalsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absolute => "absolute (in + out)",
            Self::Signed => "signed (in - out)",
            Self::Either => "signed or absolute",
            Self::Neither => "neither in + out nor in - out",
        })
    }
}

impl TotalsMode {
    /// Inferred from readings whose energies may each be off by `tolerance`.
    pub fn of(readings: &Readings, tolerance: i64) -> Self {
        let all = |sign: i64| {
            TRIPLES.iter().all(|(energy_in, out, total)| {
                let formed = readings.energy(*energy_in) + sign * readings.energy(*out);
                (readings.energy(*total) - formed).abs() <= tolerance
            })
        };
        match (all(1), all(-1)) {
            (true, true) => Self::Either,
            (true, false) => Self::Absolute,
            (false, true) => Self::Signed,
            (false, false) => Self::Neither,
        }
    }

    /// Whether two meters certainly form their totals differently.
    pub fn disagrees_with(self, other: Self) -> bool {
        matches!((self, other), (Self::Absolute, Self::Signed) | (Self::Signed, Self::Absolute))
    }

    /// The sign of what went out, where it is known.
    pub(super) const fn sign(self) -> Option<i64> {
        match self {
            Self::Absolute => Some(1),
            Self::Signed => Some(-1),
            Self::Either | Self::Neither => None,
        }
    }
}

/// `energies` with both totals formed anew.
pub(super) fn recomputed(mut energies: [i64; 7], sign: i64) -> [i64; 7] {
    for (energy_in, out, total) in TRIPLES {
        energies[total.index()] = energies[energy_in.index()] + sign * energies[out.index()];
    }
    energies
}

/// The in and out that a total is formed from; nothing for the other energies.
pub(super) fn parts(total: Quantity) -> Option<(Quantity, Quantity)> {
    TRIPLES.iter().find(|triple| triple.2 == total).map(|(energy_in, out, _)| (*energy_in, *out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(energies: [i64; 7]) -> TotalsMode {
        TotalsMode::of(&Readings::from_energies(energies).unwrap(), 1000)
    }

    #[test]
    fn the_mode_shows_in_the_readings() {
        assert_eq!(mode([9_000_000, 0, 4_000_000, 0, 13_000_000, 0, 0]), TotalsMode::Absolute);
        assert_eq!(mode([9_000_000, 0, 4_000_000, 0, 5_000_000, 0, 0]), TotalsMode::Signed);
        assert_eq!(mode([9_000_000, 7_000, 0, 0, 9_000_400, 7_000, 0]), TotalsMode::Either);
        assert_eq!(mode([9_000_000, 0, 4_000_000, 0, 1, 0, 0]), TotalsMode::Neither);
        assert_eq!(mode([0; 7]), TotalsMode::Either);
    }

    #[test]
    fn only_two_certain_modes_can_disagree() {
        assert!(TotalsMode::Absolute.disagrees_with(TotalsMode::Signed));
        assert!(!TotalsMode::Absolute.disagrees_with(TotalsMode::Either));
        assert!(!TotalsMode::Neither.disagrees_with(TotalsMode::Signed));
    }
}
