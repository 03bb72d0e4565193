//! One job file → its transfers, every value decided.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use serde_json::Value;

use super::{
    diagnostics::Diagnostics,
    gateways::{self, Gateways},
    include::{Includes, Shared},
    layer::OptionLayer,
    raw::{self, Name, SerialText},
    source::Source,
};
use crate::campaign::{Endpoint, Expect, Gateway, Role, SerialNumber, Transfer, TransferKey, Unit};

/// A transfer and its place in its file's list.
pub(super) struct Placed {
    pub index: usize,
    pub transfer: Arc<Transfer>,
}

/// What one job file says.
pub(super) struct Resolved {
    pub campaign: Arc<str>,
    pub transfers: Vec<Placed>,
}

/// Resolves a job file. Transfers with errors are left out; the errors are reported.
pub(super) fn resolve(
    source: &mut Source,
    path: Option<&Path>,
    includes: &mut Includes,
    found: &mut Diagnostics,
    warnings: &mut Diagnostics,
) -> Resolved {
    let included = includes.of_job(source, path, found);
    let own = Shared::of(source, found);
    let mut scratch = Diagnostics::default();
    let gateways =
        Gateways::new(own.gateways, included.gateways, own.gateway.over(included.gateway), &mut scratch);
    found.extend(scratch.take_errors());
    warnings.extend(scratch.diagnostics);
    let campaign = source.take::<Name>("/campaign", found).map_or_else(|| "".into(), |name| name.0.into());
    let base = own.options.over(included.options);
    let mut file = File { source, gateways, base, campaign };
    let transfers = file.transfers(found);
    if found.is_empty() {
        file.gateways.warn_unused(warnings);
    }
    Resolved { campaign: file.campaign, transfers }
}

struct File<'a> {
    source: &'a mut Source,
    gateways: Gateways,
    base: OptionLayer,
    campaign: Arc<str>,
}

impl File<'_> {
    fn transfers(&mut self, found: &mut Diagnostics) -> Vec<Placed> {
        let count = self.source.len("transfers");
        let mut transfers = Vec::with_capacity(count);
        for index in 0..count {
            let pointer = format!("/transfers/{index}");
            if self.source.is_bad(&pointer) {
                self.check_the_rest(&pointer, found);
            } else if let Some(raw) = self.source.take::<raw::Transfer>(&pointer, found)
                && let Some(transfer) = self.transfer(raw, &pointer, found)
            {
                transfers.push(Placed { index, transfer: Arc::new(transfer) });
            }
        }
        transfers
    }

    /// A transfer with an error that is reported is none, but its other values may have errors of their own.
    fn check_the_rest(&mut self, pointer: &str, found: &mut Diagnostics) {
        for role in [Role::Source, Role::Target] {
            if let Some(raw) = self.source.take::<raw::Endpoint>(&format!("{pointer}/{role}"), found) {
                self.gateway(&raw, &format!("{pointer}/{role}"), found);
            }
        }
        if let Some(raw) = self.source.take::<raw::Options>(pointer, found) {
            OptionLayer::read(raw, pointer, &self.source.document, found);
        }
    }

    fn transfer(&mut self, raw: raw::Transfer, pointer: &str, found: &mut Diagnostics) -> Option<Transfer> {
        let document = &self.source.document;
        let own = OptionLayer::read(raw.options, pointer, document, found);
        let options = own.over(self.base).decide();
        own.check_backoff(&options.retry, pointer, document, found);
        let labels = self.labels(raw.labels, pointer);
        let source = self.endpoint(raw.source, Role::Source, pointer, found);
        let target = self.endpoint(raw.target.0, Role::Target, pointer, found);
        let key = TransferKey { campaign: Arc::clone(&self.campaign), id: raw.id.0.into() };
        Some(Transfer {
            key,
            labels,
            source: source?.into(),
            target: target?,
            expect_target: Expect::default(),
            expect_source: Expect::default(),
            after: Vec::new(),
            generation: 1,
            options,
        })
    }

    /// A label's number is taken as the text that stands in the file: `010` stays `010`, `1.10` stays `1.10`.
    fn labels(&self, raw: BTreeMap<String, Value>, pointer: &str) -> BTreeMap<String, String> {
        let text = |name: &str, value: Value| match value {
            Value::String(text) => text,
            number => {
                self.source.text(&format!("{pointer}/labels"), name).unwrap_or_else(|| number.to_string())
            }
        };
        raw.into_iter().map(|(name, value)| (name.clone(), text(&name, value))).collect()
    }

    fn endpoint(
        &mut self,
        raw: raw::Endpoint,
        role: Role,
        pointer: &str,
        found: &mut Diagnostics,
    ) -> Option<Endpoint> {
        let pointer = format!("{pointer}/{role}");
        let gateway = self.gateway(&raw, &pointer, found)?;
        let unit = Unit::new(raw.unit).expect("the schema allows units 1 to 247 only");
        let serial_number = match raw.serial_number {
            SerialText::Pinned(number) => SerialNumber::Pinned(number),
            SerialText::Any(_) => SerialNumber::Any,
        };
        Some(Endpoint { model: raw.model, gateway, unit, serial_number, addressing: raw.addressing })
    }

    fn gateway(
        &mut self,
        raw: &raw::Endpoint,
        pointer: &str,
        found: &mut Diagnostics,
    ) -> Option<Arc<Gateway>> {
        if let Some(name) = &raw.gateway {
            let source = &*self.source;
            return self.gateways.by_name(&name.0, || source.spot(&format!("{pointer}/gateway")), found);
        }
        let host = raw.host.as_ref()?;
        let address = gateways::address(host, raw.port, pointer, self.source, found)?;
        Some(self.gateways.by_address(address))
    }
}
