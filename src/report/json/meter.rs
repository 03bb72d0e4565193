//! One end of a transfer in JSON.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    campaign::{Endpoint, SnapshotOrigin, Source},
    meter::{Addressing, Model},
    report::words::gateway_name,
    transfer::Identity,
};

/// A meter: where the job says it is, and who answered there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeterJson {
    /// `CM2000`, `CM3000`, `CM4000` or `PM800`.
    pub model: Model,
    /// The gateway's name in the job, or its address where it has none; `null` for typed readings and snapshots.
    pub gateway: Option<String>,
    /// The gateway's address: `host:port`, `host:port RTU` (over TCP), or the serial port; `null` for typed readings and snapshots.
    pub address: Option<String>,
    /// Unit behind the gateway, 1–247; `null` for typed readings and snapshots.
    pub unit: Option<u8>,
    /// `modbus` or `jbus`; `null` for typed readings and snapshots.
    pub addressing: Option<Addressing>,
    /// The serial number the meter answered with; `null` if it was not asked or did not say.
    pub serial_number: Option<u32>,
    /// The serial number the job asks for; `null` for `any`.
    pub expected_serial_number: Option<u32>,
    /// What the meter answered instead of a serial number: identity and addressing are unproved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unproved: Option<String>,
    /// When a person took the readings that the job gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typed: Option<Timestamp>,
    /// The snapshot that the readings are from: `path`, `digest`, `taken`. What the meter counted after `taken` is not
    /// carried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotOrigin>,
}

impl MeterJson {
    /// The meter at `endpoint`, which answered with this serial number.
    pub fn new(endpoint: &Endpoint, serial_number: Option<u32>) -> Self {
        Self {
            model: endpoint.model,
            gateway: Some(gateway_name(&endpoint.gateway)),
            address: Some(endpoint.gateway.address.to_string()),
            unit: Some(endpoint.unit.number()),
            addressing: Some(endpoint.addressing),
            serial_number,
            expected_serial_number: endpoint.serial_number.pinned(),
            unproved: None,
            typed: None,
            snapshot: None,
        }
    }

    /// The source, which answered with this serial number if it is a meter.
    pub fn source(source: &Source, serial_number: Option<u32>) -> Self {
        match source {
            Source::Live(live) => Self::new(&live.endpoint, serial_number),
            Source::Typed(typed) => {
                Self { typed: Some(typed.taken), ..Self::absent(typed.model, typed.serial_number) }
            }
            Source::Snapshot(snapshot) => Self {
                snapshot: Some(snapshot.origin.clone()),
                ..Self::absent(snapshot.model, snapshot.serial_number)
            },
            Source::Undo(undo) => Self::absent(undo.model, undo.serial_number),
        }
    }

    /// A meter that nobody asks.
    fn absent(model: Model, expected_serial_number: Option<u32>) -> Self {
        Self {
            model,
            gateway: None,
            address: None,
            unit: None,
            addressing: None,
            serial_number: None,
            expected_serial_number,
            unproved: None,
            typed: None,
            snapshot: None,
        }
    }

    /// The same, with what the meter answered.
    #[must_use]
    pub fn identified(mut self, identity: Option<&Identity>) -> Self {
        self.serial_number = identity.and_then(Identity::serial_number);
        if let Some(Identity::Unproved(answer)) = identity {
            self.unproved = Some(answer.clone());
        }
        self
    }
}
