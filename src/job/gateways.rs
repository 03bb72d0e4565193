//! Which gateway an endpoint means: by name or by address; the same address is the same gateway.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use super::{
    diagnostic::{Code, Diagnostic, Spot},
    diagnostics::Diagnostics,
    layer::GatewayLayer,
    suggest,
    units::show_duration,
    way::Definition,
};
use crate::campaign::{Address, Gateway, GatewaySettings};

/// The gateways one job file can name, and those its endpoints have used.
pub(super) struct Gateways {
    named: BTreeMap<String, Named>,
    /// By [`Address::place`]: one host and port is one gateway, in whatever framing.
    by_place: HashMap<String, Arc<Gateway>>,
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
        let mut all = Self { named: BTreeMap::new(), by_place: HashMap::new(), unnamed: defaults.decide() };
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
                settings: way.settings(defaults),
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
            self.by_place.entry(gateway.address.place()).or_insert_with(|| Arc::clone(gateway));
        }
        let used = !is_own;
        self.named.insert(definition.name.clone(), Named { definition, gateway, used });
    }

    fn same_address(&self, gateway: &Gateway, definition: &Definition, found: &mut Diagnostics) {
        let Some(other) = self.by_place.get(&gateway.address.place()) else { return };
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
            let place = named.gateway.as_ref()?.address.place();
            let gateway = Arc::clone(self.by_place.get(&place)?);
            self.mark_used(&gateway);
            return Some(gateway);
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

    /// The gateway at this address, which is a named one if a name has it. Complains if that one is spoken to in
    /// another framing.
    pub fn by_address(
        &mut self,
        address: Address,
        spot: impl FnOnce() -> Spot,
        found: &mut Diagnostics,
    ) -> Arc<Gateway> {
        let unnamed = Gateway { settings: self.unnamed, ..Gateway::new(address) };
        let gateway =
            self.by_place.entry(unnamed.address.place()).or_insert_with(|| Arc::new(unnamed.clone()));
        let gateway = Arc::clone(gateway);
        if let Some(earlier) = self.mark_used(&gateway)
            && gateway.address != unnamed.address
        {
            found.push_with(|| settings_conflict(&unnamed, &spot(), &gateway, &earlier));
        }
        gateway
    }

    /// Where the gateway got its name, if it has one.
    fn mark_used(&mut self, gateway: &Gateway) -> Option<Spot> {
        let named = self.named.get_mut(gateway.name.as_ref()?)?;
        named.used = true;
        Some(named.definition.spot.clone())
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
    (&one.address, one.settings, one.portable) == (&other.address, other.settings, other.portable)
}

/// One address, two settings.
pub(super) fn settings_conflict(
    gateway: &Gateway,
    spot: &Spot,
    earlier: &Gateway,
    earlier_spot: &Spot,
) -> Diagnostic {
    let difference = difference(gateway, earlier);
    let message = format!("the gateway at {} has two settings: {difference}", gateway.address.place());
    let hint = match gateway.address {
        Address::Tcp { .. } | Address::RtuOverTcp { .. } => {
            "the same host and port is the same gateway: give it a name, and its settings once"
        }
        Address::Rtu { .. } => "the same device is the same gateway: give it a name, and its settings once",
    };
    Diagnostic::error(Code::GatewaySettingsConflict, message)
        .at(spot.clone())
        .expected("used with other settings here")
        .related(earlier_spot.clone(), "first used here")
        .hint(hint)
}

/// What is not alike; a serial line that only one of them has follows from the transport.
fn difference(one: &Gateway, other: &Gateway) -> String {
    let duration = |key, of: fn(&GatewaySettings) -> Duration| {
        (key, show_duration(of(&one.settings)), show_duration(of(&other.settings)))
    };
    let line = |gateway: &Gateway| gateway.settings.line.map(|line| line.to_string()).unwrap_or_default();
    let (line, other_line) = (line(one), line(other));
    let transport = |gateway: &Gateway| gateway.address.transport().to_owned();
    let pairs = [
        ("transport", transport(one), transport(other)),
        ("line", line, other_line),
        duration("connect_timeout", |settings| settings.connect_timeout),
        duration("request_timeout", |settings| settings.request_timeout),
        duration("pace", |settings| settings.pace),
        ("portable", one.portable.to_string(), other.portable.to_string()),
    ];
    let different = pairs.iter().filter(|(_, one, other)| one != other);
    different.map(|(key, one, other)| format!("{key} {one} and {other}")).collect::<Vec<_>>().join(", ")
}
