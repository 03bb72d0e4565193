//! Which gateway an endpoint means: by name or by address; the same address is the same gateway.

use std::{
    collections::{BTreeMap, HashMap},
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use super::{
    diagnostic::{Code, Diagnostic, Spot},
    diagnostics::Diagnostics,
    layer::GatewayLayer,
    raw::{self, HostText},
    source::Source,
    suggest,
    units::show_duration,
};
use crate::campaign::{Address, Gateway, GatewaySettings};

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
    address: Address,
    layer: GatewayLayer,
    portable: bool,
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
    let raw::Gateway { host, port, connect_timeout, request_timeout, pace, portable, .. } = gateway;
    let options = raw::GatewayOptions { connect_timeout, request_timeout, pace };
    let layer = GatewayLayer::read(options, pointer, &source.document, found);
    let address = address(&host?, port, pointer, source, found)?;
    Some(Way { address, layer, portable: portable.unwrap_or_default() })
}

/// A TCP address; complains about a host that cannot be one.
pub(super) fn address(
    host: &HostText,
    port: Option<u16>,
    pointer: &str,
    source: &Source,
    found: &mut Diagnostics,
) -> Option<Address> {
    let text = &host.0;
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
    Some(Address::Tcp { host: text.to_lowercase(), port: port.unwrap_or(MODBUS_PORT) })
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

/// The gateways one job file can name, and those its endpoints have used.
pub(super) struct Gateways {
    named: BTreeMap<String, Named>,
    by_address: HashMap<Address, Arc<Gateway>>,
    unnamed: GatewaySettings,
}

struct Named {
    definition: Definition,
    gateway: Option<Arc<Gateway>>,
    used: bool,
}

impl Gateways {
    /// From the file's own definitions and those it includes; `defaults` fill what a definition leaves out.
    pub fn new(
        own: Vec<Definition>,
        included: Vec<Definition>,
        defaults: GatewayLayer,
        found: &mut Diagnostics,
    ) -> Self {
        let mut all = Self { named: BTreeMap::new(), by_address: HashMap::new(), unnamed: defaults.decide() };
        for (definition, is_own) in included
            .into_iter()
            .map(|definition| (definition, false))
            .chain(own.into_iter().map(|definition| (definition, true)))
        {
            all.define(definition, is_own, defaults, found);
        }
        all
    }

    fn define(
        &mut self,
        definition: Definition,
        is_own: bool,
        defaults: GatewayLayer,
        found: &mut Diagnostics,
    ) {
        let gateway = definition.way.as_ref().map(|way| {
            Arc::new(Gateway {
                name: Some(definition.name.clone()),
                settings: way.layer.over(defaults).decide(),
                portable: way.portable,
                ..Gateway::new(way.address.clone())
            })
        });
        if let Some(earlier) = self.named.get(&definition.name) {
            if let (Some(one), Some(other)) = (&earlier.gateway, &gateway)
                && one != other
            {
                found.push(redefined(&definition, &earlier.definition, one, other));
            }
            return;
        }
        if let Some(gateway) = &gateway {
            self.same_address(gateway, &definition, found);
            self.by_address.entry(gateway.address.clone()).or_insert_with(|| Arc::clone(gateway));
        }
        let used = !is_own;
        self.named.insert(definition.name.clone(), Named { definition, gateway, used });
    }

    fn same_address(&self, gateway: &Gateway, definition: &Definition, found: &mut Diagnostics) {
        let Some(other) = self.by_address.get(&gateway.address) else { return };
        let Some(earlier) = other.name.as_ref().and_then(|name| self.named.get(name)) else { return };
        let earlier_spot = earlier.definition.spot.clone();
        if same_treatment(gateway, other) {
            let message =
                format!("{} has two names, so it is one gateway under the first of them", gateway.address);
            found.push(
                Diagnostic::warning(Code::GatewayTwoNames, message)
                    .at(definition.spot.clone())
                    .expected("named again here")
                    .related(earlier_spot, "first named here")
                    .hint("remove one of the two and use the other name"),
            );
        } else {
            found.push(settings_conflict(gateway, &definition.spot, other, &earlier_spot));
        }
    }

    /// The gateway of this name.
    pub fn by_name(
        &mut self,
        name: &str,
        spot: impl FnOnce() -> Spot,
        found: &mut Diagnostics,
    ) -> Option<Arc<Gateway>> {
        if let Some(named) = self.named.get_mut(name) {
            named.used = true;
            let address = named.gateway.as_ref()?.address.clone();
            return Some(self.by_address(address));
        }
        found.push_with(|| self.unknown(name).at(spot()));
        None
    }

    fn unknown(&self, name: &str) -> Diagnostic {
        let known: Vec<_> = self.named.keys().map(String::as_str).collect();
        let complaint = Diagnostic::error(Code::UnknownGateway, format!("there is no gateway `{name}`"))
            .expected("a name from `gateways`");
        match (suggest::closest(name, &known), known.is_empty()) {
            (Some(close), _) => complaint.hint(format!("did you mean `{close}`?")),
            (None, true) => complaint.hint("define it under `gateways`, or give `host` instead of `gateway`"),
            (None, false) => complaint.hint(format!("defined are: {}", suggest::some_of(&known))),
        }
    }

    /// The gateway at this address, which is a named one if a name has it.
    pub fn by_address(&mut self, address: Address) -> Arc<Gateway> {
        let settings = self.unnamed;
        let gateway = self
            .by_address
            .entry(address)
            .or_insert_with_key(|address| Arc::new(Gateway { settings, ..Gateway::new(address.clone()) }));
        if let Some(named) = gateway.name.as_ref().and_then(|name| self.named.get_mut(name)) {
            named.used = true;
        }
        Arc::clone(gateway)
    }

    /// Warns of gateways the file defines itself and never uses.
    pub fn warn_unused(&self, found: &mut Diagnostics) {
        for named in self.named.values().filter(|named| !named.used) {
            let message = format!("no transfer uses the gateway `{}`", named.definition.name);
            found.push(
                Diagnostic::warning(Code::UnusedGateway, message)
                    .at(named.definition.spot.clone())
                    .hint("remove it, or check the `gateway` keys of the transfers"),
            );
        }
    }
}

fn redefined(definition: &Definition, earlier: &Definition, one: &Gateway, other: &Gateway) -> Diagnostic {
    let difference = if one.address == other.address {
        difference(other, one)
    } else {
        format!("{} and {}", other.address, one.address)
    };
    Diagnostic::error(
        Code::GatewayRedefined,
        format!("the gateway `{}` is defined twice: {difference}", definition.name),
    )
    .at(definition.spot.clone())
    .expected("defined again here")
    .related(earlier.spot.clone(), "first defined here")
    .hint("give them two names, or define it in one place only")
}

/// Whether two gateways are treated alike, whatever their names.
pub(super) fn same_treatment(one: &Gateway, other: &Gateway) -> bool {
    (one.settings, one.portable) == (other.settings, other.portable)
}

/// One address, two settings.
pub(super) fn settings_conflict(
    gateway: &Gateway,
    spot: &Spot,
    earlier: &Gateway,
    earlier_spot: &Spot,
) -> Diagnostic {
    let difference = difference(gateway, earlier);
    let message = format!("the gateway at {} has two settings: {difference}", gateway.address);
    Diagnostic::error(Code::GatewaySettingsConflict, message)
        .at(spot.clone())
        .expected("used with other settings here")
        .related(earlier_spot.clone(), "first used here")
        .hint("the same host and port is the same gateway: give it a name, and its settings once")
}

fn difference(one: &Gateway, other: &Gateway) -> String {
    let duration = |key, of: fn(&GatewaySettings) -> Duration| {
        (key, show_duration(of(&one.settings)), show_duration(of(&other.settings)))
    };
    let pairs = [
        duration("connect_timeout", |settings| settings.connect_timeout),
        duration("request_timeout", |settings| settings.request_timeout),
        duration("pace", |settings| settings.pace),
        ("portable", one.portable.to_string(), other.portable.to_string()),
    ];
    let different = pairs.iter().filter(|(_, one, other)| one != other);
    different.map(|(key, one, other)| format!("{key} {one} and {other}")).collect::<Vec<_>>().join(", ")
}
