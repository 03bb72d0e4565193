//! The way to one meter that was typed: from arguments to a gateway, and from the gateway to the lines of a job.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Exit,
    args::{self, Transport},
    failure::Failure,
};
use crate::campaign::{Address, Gateway, GatewaySettings, Line, Parity, StopBits};

const MODBUS_PORT: u16 = 502;
/// What a gateway is called in the lines to paste, where the way in needs a name.
const NAME: &str = "gateway-1";

/// The gateway that the arguments mean.
pub(super) fn gateway(way: &args::Way) -> Result<Gateway, Failure> {
    let address = address(way)?;
    let line = way.baud.zip(way.parity).map(|(baud, parity)| Line {
        baud,
        parity: parity.into(),
        stop_bits: if way.stop_bits == Some(2) { StopBits::Two } else { StopBits::One },
    });
    let settings = GatewaySettings { line, ..GatewaySettings::default() };
    Ok(Gateway { settings, ..Gateway::new(address) })
}

fn address(way: &args::Way) -> Result<Address, Failure> {
    let usage = |message: String, hint: &str| Err(Failure::new(Exit::Usage, message).hint(hint));
    let Some(text) = &way.host else {
        let device = way.device.clone().expect("the arguments want --host or --device");
        return match way.transport {
            None | Some(Transport::Rtu) => Ok(Address::Rtu { device }),
            Some(Transport::Tcp | Transport::RtuOverTcp) => usage(
                format!("--device {device} is a serial port of this machine, and --transport is another one"),
                "leave --transport out, or give --host in place of --device",
            ),
        };
    };
    let Some((host, port)) = host_and_port(text) else {
        return usage(
            format!("--host {text:?} is not HOST or HOST:PORT"),
            "as in 10.20.4.12, meter-7.example:502 or [2001:db8::7]:502",
        );
    };
    let host = host.to_lowercase();
    match (way.transport, port) {
        (None | Some(Transport::Tcp), port) => Ok(Address::Tcp { host, port: port.unwrap_or(MODBUS_PORT) }),
        (Some(Transport::RtuOverTcp), Some(port)) => Ok(Address::RtuOverTcp { host, port }),
        (Some(Transport::RtuOverTcp), None) => usage(
            format!("--host {text:?} has no port, and RTU over TCP has no usual one"),
            "give the TCP port of the serial device server, as in --host 10.20.1.9:4001",
        ),
        (Some(Transport::Rtu), _) => usage(
            "--transport rtu is a serial port of this machine, and --host is not".to_owned(),
            "give --device, --baud and --parity; for a serial device server, --transport rtu-over-tcp",
        ),
    }
}

/// Host and port of `HOST`, `HOST:PORT`, `[IPv6]` or `[IPv6]:PORT`.
fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?.parse().ok()?) };
        return Some((host, port));
    }
    match text.split_once(':') {
        None if !text.is_empty() => Some((text, None)),
        Some((host, port)) if !host.is_empty() && !port.contains(':') => {
            Some((host, Some(port.parse().ok()?)))
        }
        _ => None,
    }
}

/// A gateway as a job's `gateways` want it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) struct PasteGateway<'a> {
    transport: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baud: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parity: Option<Parity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_bits: Option<StopBits>,
}

/// How an endpoint says where it is.
#[derive(Serialize)]
pub(super) struct PasteWay<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
}

/// The lines that say the way in: what stands in the endpoint, and the `gateways` it needs, which Modbus TCP does not.
pub(super) fn paste(gateway: &Gateway) -> (BTreeMap<&'static str, PasteGateway<'_>>, PasteWay<'_>) {
    let named = PasteWay { gateway: Some(NAME), host: None, port: None };
    let transport = gateway.address.transport();
    let nothing = PasteGateway {
        transport,
        host: None,
        port: None,
        device: None,
        baud: None,
        parity: None,
        stop_bits: None,
    };
    match &gateway.address {
        Address::Tcp { host, port } => {
            let port = (*port != MODBUS_PORT).then_some(*port);
            (BTreeMap::new(), PasteWay { gateway: None, host: Some(host), port })
        }
        Address::RtuOverTcp { host, port } => {
            let way = PasteGateway { host: Some(host), port: Some(*port), ..nothing };
            (BTreeMap::from([(NAME, way)]), named)
        }
        Address::Rtu { device } => {
            let line = gateway.settings.line;
            let way = PasteGateway {
                device: Some(device),
                baud: line.map(|line| line.baud),
                parity: line.map(|line| line.parity),
                stop_bits: line.map(|line| line.stop_bits).filter(|bits| *bits != StopBits::default()),
                ..nothing
            };
            (BTreeMap::from([(NAME, way)]), named)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::job;

    /// What `read` makes of arguments, and what a job with the lines that it prints makes of them.
    fn typed_and_pasted(arguments: &[&str]) -> (Gateway, Gateway) {
        #[derive(clap::Parser)]
        struct Typed {
            #[command(flatten)]
            way: args::Way,
        }
        let typed = Typed::parse_from([&["read"][..], arguments].concat());
        let typed = gateway(&typed.way).unwrap_or_else(|_| panic!("{arguments:?}"));
        let (gateways, way) = paste(&typed);
        let job = serde_json::json!({
            "version": 1,
            "campaign": "pasted",
            "gateways": gateways,
            "transfers": [{
                "id": "one",
                "source": merged(&way, 1),
                "target": merged(&way, 2),
            }],
        });
        let loaded = job::load_text("pasted", &job.to_string()).unwrap_or_else(|found| panic!("{found}"));
        let pasted = Gateway::clone(&loaded.campaigns[0].transfers[0].target.gateway);
        (typed, pasted)
    }

    fn merged(way: &PasteWay<'_>, unit: u8) -> serde_json::Value {
        let mut endpoint = serde_json::to_value(way).unwrap();
        endpoint["model"] = "PM800".into();
        endpoint["unit"] = unit.into();
        endpoint["serial_number"] = (10_000_000 + u32::from(unit)).into();
        endpoint
    }

    #[test]
    fn the_lines_that_are_printed_mean_what_was_typed() {
        for arguments in [
            &["--host", "Meter.example"][..],
            &["--host", "[2001:db8::7]:5020", "--transport", "tcp"],
            &["--host", "192.0.2.9:4001", "--transport", "rtu-over-tcp"],
            &["--device", "/dev/ttyUSB0", "--baud", "9600", "--parity", "none"],
            &[
                "--device",
                "COM3",
                "--baud",
                "38400",
                "--parity",
                "odd",
                "--stop-bits",
                "2",
                "--transport",
                "rtu",
            ],
        ] {
            let (typed, pasted) = typed_and_pasted(arguments);
            assert_eq!(typed.address, pasted.address);
            assert_eq!(typed.settings, pasted.settings);
        }
    }
}
