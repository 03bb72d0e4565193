//! Sums of energies that are exact: 16 digits a meter are more than an `i64` holds for many meters, and more than a
//! JSON number holds for one.

use std::{fmt, iter::Sum, ops::AddAssign};

use serde::{Serialize, Serializer};

use crate::meter::{Quantity, kilo};

/// A sum in Wh, VARh or VAh. As JSON: a decimal string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(pub i128);

impl Exact {
    /// `1,234.567 kWh`
    pub fn with_unit(self, quantity: Quantity) -> String {
        format!("{} k{}", kilo(self.0), quantity.unit())
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<i64> for Exact {
    fn from(value: i64) -> Self {
        Self(value.into())
    }
}

impl AddAssign for Exact {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sum for Exact {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        Self(values.map(|value| value.0).sum())
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
