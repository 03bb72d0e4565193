//! A gateway as a file defines it: which way in, and how it is treated as far as the definition says. Knows nothing of
//! other gateways.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    diagnostic::{Code, Diagnostic, Spot},
    diagnostics::Diagnostics,
    layer::GatewayLayer,
    raw::{self, DeviceText, HostText, Transport},
    source::Source,
};
use crate::campaign::{Address, GatewaySettings, Line};

/// Modbus TCP's own port.
const MODBUS_PORT: u16 = 502;

/// A gateway as one file defines it, before it is known which defaults apply.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub name: String,
    pub spot: Spot,
    /// Nothing if the definition has an error that is reported.
    pub way: Option<Way>,
}

/// How a gateway is reached and treated, as far as its definition says.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub address: Address,
    layer: GatewayLayer,
    line: Option<Line>,
    pub portable: bool,
}

impl Way {
    /// Its settings, with those of the file where it says nothing.
    pub fn settings(&self, defaults: GatewayLayer) -> GatewaySettings {
        GatewaySettings { line: self.line, ..self.layer.over(defaults).decide() }
    }
}

/// All gateways a file defines.
pub(super) fn definitions(source: &mut Source, found: &mut Diagnostics) -> Vec<Definition> {
    let mut all = Vec::new();
    for (name, spot) in source.keys("gateways") {
        let pointer = format!("/gateways/{}", name.replace('~', "~0").replace('/', "~1"));
        let way = source
            .take::<raw::Gateway>(&pointer, found)
            .and_then(|gateway| way(gateway, &pointer, source, found));
        all.push(Definition { name, spot, way });
    }
    all
}

fn way(gateway: raw::Gateway, pointer: &str, source: &Source, found: &mut Diagnostics) -> Option<Way> {
    let raw::Gateway { connect_timeout, request_timeout, pace, .. } = &gateway;
    let options = raw::GatewayOptions {
        connect_timeout: connect_timeout.clone(),
        request_timeout: request_timeout.clone(),
        pace: pace.clone(),
    };
    let layer = GatewayLayer::read(options, pointer, &source.document, found);
    let address = match gateway.transport {
        Transport::Tcp => address(&gateway.host?, gateway.port, pointer, source, found)?,
        Transport::RtuOverTcp => {
            Address::RtuOverTcp { host: host(&gateway.host?, pointer, source, found)?, port: gateway.port? }
        }
        Transport::Rtu => Address::Rtu { device: device(&gateway.device?) },
    };
    let line = match gateway.transport {
        Transport::Tcp | Transport::RtuOverTcp => None,
        Transport::Rtu => {
            let stop_bits = gateway.stop_bits.unwrap_or_default();
            Some(Line { baud: gateway.baud?, parity: gateway.parity?, stop_bits })
        }
    };
    Some(Way { address, layer, line, portable: gateway.portable.unwrap_or_default() })
}

/// A port of Windows compares without its case; a path does not.
fn device(text: &DeviceText) -> String {
    if text.0.starts_with('/') { text.0.clone() } else { text.0.to_uppercase() }
}

/// A Modbus TCP address; complains about a host that cannot be one.
pub(super) fn address(
    text: &HostText,
    port: Option<u16>,
    pointer: &str,
    source: &Source,
    found: &mut Diagnostics,
) -> Option<Address> {
    let host = host(text, pointer, source, found)?;
    Some(Address::Tcp { host, port: port.unwrap_or(MODBUS_PORT) })
}

fn host(text: &HostText, pointer: &str, source: &Source, found: &mut Diagnostics) -> Option<String> {
    let text = &text.0;
    if let Err(hint) = check_host(text) {
        found.push(
            Diagnostic::error(
                Code::BadHost,
                format!("`host: {text}` is neither a host name nor an IP address"),
            )
            .at(source.spot(&format!("{pointer}/host")))
            .expected("a host name or an IP address, without a port")
            .hint(hint),
        );
        return None;
    }
    Some(text.to_lowercase())
}

fn check_host(text: &str) -> Result<(), String> {
    let numeric = text.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    if numeric && text.parse::<Ipv4Addr>().is_err() {
        return Err(
            "an IPv4 address is four numbers from 0 to 255 without leading zeros: 10.20.1.5".to_owned()
        );
    }
    let without_zone = text.split('%').next().unwrap_or_default();
    if text.contains(':') && without_zone.parse::<Ipv6Addr>().is_err() {
        return Err(match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => {
                format!("write the port on its own: `host: {host}`, `port: {port}`")
            }
            _ => "an IPv6 address is written without brackets: fe80::1".to_owned(),
        });
    }
    Ok(())
}
