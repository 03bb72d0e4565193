//! How far a counting meter may have moved: `w(Δt) = max_load·Δt + tolerance`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Quantity, Readings};

/// Energies roll over here (FA296157).
pub const ENERGY_MODULUS: i64 = 10_000_000_000_000_000;
/// What a reading that catches a carry between two registers half-way is off by, at least (DOMAIN.md §1).
pub const CARRY: i64 = 10_000;
const MILLISECONDS_PER_HOUR: u128 = 3_600_000;

/// What a meter may add to any of its energies, in that quantity's own unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Always allowed, in Wh, VARh or VAh.
    pub tolerance: i64,
    /// Apparent power in VA: no energy can grow faster, whichever its unit.
    pub max_load: u64,
}

impl Bound {
    /// w(Δt), rounded up, at most half the modulus (beyond that it says nothing).
    pub fn width(&self, elapsed: Duration) -> i64 {
        let growth = (u128::from(self.max_load) * elapsed.as_millis()).div_ceil(MILLISECONDS_PER_HOUR);
        let limit = ENERGY_MODULUS / 2;
        i64::try_from(growth).unwrap_or(limit).saturating_add(self.tolerance).min(limit)
    }

    /// Whether `read` can be `base` after counting for `elapsed`: the five energies only grow (and roll
    /// over), the two totals may move either way (DESIGN.md §3, *Fits*).
    pub fn fits(&self, base: &Readings, read: &Readings, elapsed: Duration) -> bool {
        let width = self.width(elapsed);
        Quantity::ALL.into_iter().all(|quantity| (0..=width).contains(&distance(quantity, base, read)))
    }
}

/// How far `read` is past `base`: modulo 10¹⁶ for an energy that only grows, the distance for a total.
pub fn distance(quantity: Quantity, base: &Readings, read: &Readings) -> i64 {
    let difference = read.energy(quantity) - base.energy(quantity);
    if quantity.is_total() { difference.abs() } else { difference.rem_euclid(ENERGY_MODULUS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const BOUND: Bound = Bound { tolerance: 1000, max_load: 250_000 };

    fn real_in(value: i64) -> Readings {
        Readings::from_energies([value, 0, 0, 0, 0, 0, 0]).unwrap()
    }

    #[test]
    fn the_width_is_load_times_time_plus_tolerance() {
        assert_eq!(BOUND.width(Duration::ZERO), 1000);
        assert_eq!(BOUND.width(HOUR), 251_000);
        assert_eq!(BOUND.width(Duration::from_millis(1)), 1001, "rounded up");
        assert_eq!(Bound { tolerance: 1, max_load: u64::MAX }.width(HOUR * 24 * 365), ENERGY_MODULUS / 2);
    }

    #[test]
    fn a_reading_fits_up_to_the_width_and_not_below_the_base() {
        assert!(BOUND.fits(&real_in(5000), &real_in(6000), Duration::ZERO));
        assert!(!BOUND.fits(&real_in(5000), &real_in(6001), Duration::ZERO));
        assert!(!BOUND.fits(&real_in(5000), &real_in(4999), Duration::ZERO));
    }

    #[test]
    fn an_energy_may_roll_over_and_a_total_may_fall() {
        assert!(BOUND.fits(&real_in(ENERGY_MODULUS - 10), &real_in(20), Duration::ZERO));
        let total = |value| Readings::from_energies([0, 0, 0, 0, value, 0, 0]).unwrap();
        assert!(BOUND.fits(&total(500), &total(-500), Duration::ZERO));
        assert!(!BOUND.fits(&total(500), &total(-501), Duration::ZERO));
    }
}
