//! What a transfer means: which meter's readings go into which meter. Not addresses, options, labels or order,
//! so that moving a gateway or editing a comment never makes a finished transfer look new.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Chosen, Endpoint, Given, SerialNumber, Source, Transfer, TransferKey};
use crate::meter::Model;

/// Which meter: by serial number, or by address where the serial number is `any`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// Readings typed in the job or named by it, as far as they decide what is written. A snapshot that the job names and
/// the same registers typed into it mean the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedMeaning {
    /// When they were taken.
    pub taken: jiff::Timestamp,
    /// What was written down.
    pub given: Given,
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
    /// The source's readings, where the job gives them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub readings: Option<TypedMeaning>,
    /// The transfer that is taken back, where this one is an undo.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub undoes: Option<TransferKey>,
    /// To.
    pub target: MeterMeaning,
    /// Which time the id is used.
    pub generation: u32,
}

impl Meaning {
    pub(super) fn of(transfer: &Transfer) -> Self {
        let (source, readings) = match &transfer.source {
            Source::Live(live) => (MeterMeaning::of(&live.endpoint), None),
            Source::Typed(typed) => (
                MeterMeaning { model: typed.model, serial_number: typed.serial_number, address: None },
                Some(TypedMeaning { taken: typed.taken, given: typed.given.clone() }),
            ),
            Source::Snapshot(snapshot) => {
                // The newest snapshot is another one every night: like a captured reading, it is the meter that is meant.
                let readings = match snapshot.chosen {
                    Chosen::Latest => None,
                    Chosen::Named => Some(TypedMeaning {
                        taken: snapshot.origin.taken,
                        given: Given::Registers(snapshot.readings.clone()),
                    }),
                };
                let (model, serial_number) = (snapshot.model, snapshot.serial_number);
                (MeterMeaning { model, serial_number, address: None }, readings)
            }
            Source::Undo(_) => (MeterMeaning::of(&transfer.target), None),
        };
        let undoes = match &transfer.source {
            Source::Undo(undo) => Some(undo.of.clone()),
            Source::Live(_) | Source::Typed(_) | Source::Snapshot(_) => None,
        };
        let target = MeterMeaning::of(&transfer.target);
        Self { source, readings, undoes, target, generation: transfer.generation }
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.undoes {
            Some(undone) => write!(f, "undo of {undone} on {}", self.target)?,
            None => write!(f, "{} → {}", self.source, self.target)?,
        }
        if let Some(typed) = &self.readings {
            write!(f, ", readings of {:.0}", typed.taken)?;
        }
        if self.generation > 1 {
            write!(f, ", generation {}", self.generation)?;
        }
        Ok(())
    }
}
