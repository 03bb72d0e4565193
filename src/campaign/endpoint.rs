//! A meter at a unit behind a gateway.

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Address, Line};
use crate::meter::{Addressing, Model};

/// Which end of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The meter whose readings are carried.
    Source,
    /// The meter that goes on counting.
    Target,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

/// A unit (slave) number, 1–247. Unit 0 is a broadcast to every meter on the bus and cannot be expressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Unit(u8);

impl Unit {
    /// The unit with this number, or nothing outside 1–247.
    pub const fn new(number: u8) -> Option<Self> {
        if number >= 1 && number <= 247 { Some(Self(number)) } else { None }
    }

    /// The number, 1–247.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Unit {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::new(number).ok_or_else(|| format!("unit {number} is outside 1..=247"))
    }
}

impl From<Unit> for u8 {
    fn from(unit: Unit) -> Self {
        unit.0
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the job says of a meter's serial number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SerialNumber {
    /// The meter must answer with this one.
    Pinned(u32),
    /// Whoever answers: identity and addressing go unproved, and the record says so.
    Any,
}

impl SerialNumber {
    /// The pinned number, if there is one.
    pub const fn pinned(self) -> Option<u32> {
        match self {
            Self::Pinned(number) => Some(number),
            Self::Any => None,
        }
    }
}

/// How a gateway wants to be treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewaySettings {
    /// From the first try to an established connection.
    pub connect_timeout: Duration,
    /// From a request to its whole answer.
    pub request_timeout: Duration,
    /// Silence between an answer and the next request.
    pub pace: Duration,
    /// How the line is set, where the way in is a serial port of this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            request_timeout: Duration::from_secs(2),
            pace: Duration::ZERO,
            line: None,
        }
    }
}

/// One physical way in to one or more meters; it serves one request at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    /// The name in the job's `gateways`, if it has one.
    pub name: Option<String>,
    /// Where it is.
    pub address: Address,
    /// How to treat it.
    pub settings: GatewaySettings,
    /// Whether it is carried from meter to meter (a laptop's cable, a site kit): a meter that is not the one
    /// looked for is simply not there yet.
    #[serde(default)]
    pub portable: bool,
}

impl Gateway {
    /// A gateway without a name, with every default.
    pub fn new(address: Address) -> Self {
        Self { name: None, address, settings: GatewaySettings::default(), portable: false }
    }

    /// The silence that its frames need between them, whatever its `pace` is: none where something else than time
    /// separates frames.
    pub fn silence(&self) -> Duration {
        match (&self.address, self.settings.line) {
            (Address::Rtu { .. }, Some(line)) => line.silence(),
            _ => Duration::ZERO,
        }
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} ({})", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// A meter at a unit behind a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its family.
    pub model: Model,
    /// The way in; endpoints behind one gateway share it.
    pub gateway: Arc<Gateway>,
    /// Its number behind the gateway.
    pub unit: Unit,
    /// What must be read from its serial-number registers.
    pub serial_number: SerialNumber,
    /// How its port counts registers.
    pub addressing: Addressing,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} unit {}", self.model, self.gateway, self.unit)
    }
}
