//! What a transfer means: which meter's readings go into which meter. Not addresses, options, labels or order,
//! so that moving a gateway or editing a comment never makes a finished transfer look new.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Endpoint, SerialNumber, Transfer};
use crate::meter::Model;

/// Which meter: by serial number, or by address where the serial number is `any`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterMeaning {
    /// Its family.
    pub model: Model,
    /// Serial number, where it is pinned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub serial_number: Option<u32>,
    /// Address and unit, where it is not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<String>,
}

impl MeterMeaning {
    fn of(endpoint: &Endpoint) -> Self {
        let (serial_number, address) = match endpoint.serial_number {
            SerialNumber::Pinned(number) => (Some(number), None),
            SerialNumber::Any => (None, Some(format!("{} unit {}", endpoint.gateway.address, endpoint.unit))),
        };
        Self { model: endpoint.model, serial_number, address }
    }
}

impl fmt::Display for MeterMeaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.serial_number, &self.address) {
            (Some(number), _) => write!(f, "{} {number}", self.model),
            (None, Some(address)) => write!(f, "{} at {address}", self.model),
            (None, None) => write!(f, "{}", self.model),
        }
    }
}

/// What a transfer means (DESIGN.md §1). Two jobs with the same meaning ask for the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meaning {
    /// From.
    pub source: MeterMeaning,
    /// To.
    pub target: MeterMeaning,
}

impl Meaning {
    pub(super) fn of(transfer: &Transfer) -> Self {
        Self { source: MeterMeaning::of(&transfer.source), target: MeterMeaning::of(&transfer.target) }
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.source, self.target)
    }
}
