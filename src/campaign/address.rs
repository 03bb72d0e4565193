//! One physical way in to meters: a place on the network, or a serial port of this machine.
//!
//! Knows nothing of how a connection is made, or of how the port at the other end is set.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One physical way in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "transport", rename_all = "kebab-case")]
pub enum Address {
    /// Modbus TCP. The host is kept in lower case, so that it compares as text.
    Tcp {
        /// Host name or IP address.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// RTU frames over a TCP connection, as serial device servers pass them on. The host is kept in lower case.
    RtuOverTcp {
        /// Host name or IP address.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// RTU frames on a serial port of this machine. How the line is set stands in the gateway's settings: one port
    /// with two settings is a mistake, not two ways in.
    Rtu {
        /// The port: `/dev/ttyUSB0`, `COM3`.
        device: String,
    },
}

/// How requests and answers are put into bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Modbus TCP: a header with a transaction number.
    Mbap,
    /// Unit, function, data, CRC. Nothing in a frame says which request it answers.
    Rtu,
}

impl Address {
    /// How frames are written at this address, wherever a connection really goes to.
    pub const fn framing(&self) -> Framing {
        match self {
            Self::Tcp { .. } => Framing::Mbap,
            Self::RtuOverTcp { .. } | Self::Rtu { .. } => Framing::Rtu,
        }
    }

    /// The same host and port, spoken to in the other framing: one port cannot be both.
    pub fn other_framing(&self) -> Option<Self> {
        match self.clone() {
            Self::Tcp { host, port } => Some(Self::RtuOverTcp { host, port }),
            Self::RtuOverTcp { host, port } => Some(Self::Tcp { host, port }),
            Self::Rtu { .. } => None,
        }
    }

    /// The word for it in a job: `tcp`, `rtu-over-tcp` or `rtu`.
    pub const fn transport(&self) -> &'static str {
        match self {
            Self::Tcp { .. } => "tcp",
            Self::RtuOverTcp { .. } => "rtu-over-tcp",
            Self::Rtu { .. } => "rtu",
        }
    }

    /// The place without its framing: `10.20.1.9:4001`, `/dev/ttyUSB0`.
    pub fn place(&self) -> String {
        match self {
            Self::Tcp { host, port } | Self::RtuOverTcp { host, port } if host.contains(':') => {
                format!("[{host}]:{port}")
            }
            Self::Tcp { host, port } | Self::RtuOverTcp { host, port } => format!("{host}:{port}"),
            Self::Rtu { device } => device.clone(),
        }
    }
}

impl fmt::Display for Address {
    /// `10.20.1.5:502`, `10.20.1.9:4001 RTU`, `/dev/ttyUSB0`: never the same for two addresses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())?;
        if matches!(self, Self::RtuOverTcp { .. }) { f.write_str(" RTU") } else { Ok(()) }
    }
}

/// The same address is the same gateway, however often a job writes it.
pub type GatewayKey = Address;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart_in_words() {
        let (host, port) = ("fe80::1".to_owned(), 4001);
        let tcp = Address::Tcp { host: host.clone(), port };
        let rtu = Address::RtuOverTcp { host, port };
        assert_eq!(tcp.to_string(), "[fe80::1]:4001");
        assert_eq!(rtu.to_string(), "[fe80::1]:4001 RTU");
        assert_eq!(tcp.other_framing(), Some(rtu.clone()));
        assert_eq!(rtu.place(), tcp.place());
        let serial = Address::Rtu { device: "/dev/ttyUSB0".to_owned() };
        assert_eq!(serial.to_string(), "/dev/ttyUSB0");
        assert_eq!(serial.other_framing(), None);
    }

    #[test]
    fn a_ledger_names_the_transport_as_a_job_does() {
        for address in [
            Address::Tcp { host: "a".to_owned(), port: 502 },
            Address::RtuOverTcp { host: "a".to_owned(), port: 4001 },
            Address::Rtu { device: "/dev/ttyS0".to_owned() },
        ] {
            let written = serde_json::to_value(&address).unwrap();
            assert_eq!(written["transport"], address.transport());
            assert_eq!(serde_json::from_value::<Address>(written).unwrap(), address);
        }
    }
}
