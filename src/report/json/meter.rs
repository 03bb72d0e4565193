//! One end of a transfer in JSON.

use serde::Serialize;

use crate::{
    campaign::{Endpoint, SerialNumber},
    meter::{Addressing, Model},
    report::words::gateway_name,
    transfer::Identity,
};

/// A meter: where the job says it is, and who answered there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeterJson {
    /// `CM2000`, `CM3000`, `CM4000` or `PM800`.
    pub model: Model,
    /// The gateway's name in the job, or its address where it has none.
    pub gateway: String,
    /// The gateway's address, `host:port`.
    pub address: String,
    /// Unit behind the gateway, 1–247.
    pub unit: u8,
    /// `modbus` or `jbus`.
    pub addressing: Addressing,
    /// The serial number the meter answered with; `null` if it was not asked or did not say.
    pub serial_number: Option<u32>,
    /// The serial number the job asks for; `null` for `any`.
    pub expected_serial_number: Option<u32>,
    /// What the meter answered instead of a serial number: identity and addressing are unproved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unproved: Option<String>,
}

impl MeterJson {
    /// The meter at `endpoint`, which answered with this serial number.
    pub fn new(endpoint: &Endpoint, serial_number: Option<u32>) -> Self {
        Self {
            model: endpoint.model,
            gateway: gateway_name(&endpoint.gateway),
            address: endpoint.gateway.address.to_string(),
            unit: endpoint.unit.number(),
            addressing: endpoint.addressing,
            serial_number,
            expected_serial_number: match endpoint.serial_number {
                SerialNumber::Pinned(number) => Some(number),
                SerialNumber::Any => None,
            },
            unproved: None,
        }
    }

    /// The meter at `endpoint`, which answered like this.
    pub fn identified(endpoint: &Endpoint, identity: Option<&Identity>) -> Self {
        let mut meter = Self::new(endpoint, identity.and_then(Identity::serial_number));
        if let Some(Identity::Unproved(answer)) = identity {
            meter.unproved = Some(answer.clone());
        }
        meter
    }
}
