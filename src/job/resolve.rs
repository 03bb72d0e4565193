//! One job file → its transfers, every value decided.

use std::{
    collections::{BTreeMap, HashSet},
    mem::take,
    path::Path,
    sync::Arc,
};

use super::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    energies,
    gateways::Gateways,
    include::{Includes, Shared},
    kept::Snapshots,
    layer::OptionLayer,
    live,
    raw::{self, Name, SerialText},
    source::Source,
    tree::At,
    typed, way,
};
use crate::campaign::{self, Endpoint, Gateway, Role, SerialNumber, Transfer, TransferKey, Unit, WrittenAt};

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
    let mut checked = included.checked;
    checked.extend(own.checked);
    let snapshots = Snapshots::of_job(path);
    let mut file = File { source, gateways, base, checked, campaign, told: HashSet::new(), snapshots };
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
    checked: BTreeMap<String, String>,
    campaign: Arc<str>,
    /// Gateways named by templates that do not exist, which is reported: one complaint for all rows of a sheet.
    told: HashSet<At>,
    snapshots: Snapshots,
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
        if found.is_empty() && transfers.len() < count {
            found.push(left_out(count - transfers.len()).at(self.source.spot("/transfers")));
        }
        transfers
    }

    /// A transfer with an error that is reported is none, but its other values may have errors of their own.
    fn check_the_rest(&mut self, pointer: &str, found: &mut Diagnostics) {
        let place = |role: Role| format!("{pointer}/{role}");
        if let Some(raw) = self.source.take::<raw::Source>(&place(Role::Source), found) {
            self.check_the_rest_of_a_source(raw, &place(Role::Source), found);
        }
        if let Some(raw) = self.source.take::<raw::Endpoint>(&place(Role::Target), found) {
            self.gateway(&raw, &place(Role::Target), found);
            energies::expect(raw.expect, &place(Role::Target), &self.source.document, found);
        }
        if let Some(raw) = self.source.take::<raw::Options>(pointer, found) {
            OptionLayer::read(raw, pointer, &self.source.document, found);
        }
    }

    fn check_the_rest_of_a_source(&mut self, mut raw: raw::Source, pointer: &str, found: &mut Diagnostics) {
        self.gateway(&raw.endpoint, pointer, found);
        let document = &self.source.document;
        energies::expect(raw.endpoint.expect.take(), pointer, document, found);
        if let Some(age) = &raw.more.captured_within {
            live::age("captured_within", age, pointer, document, found);
        }
        if raw.more.snapshot.is_some() {
            self.snapshots.resolve(raw, pointer, document, found);
        } else {
            typed::resolve(raw, pointer, document, found);
        }
    }

    fn transfer(
        &mut self,
        mut raw: raw::Transfer,
        pointer: &str,
        found: &mut Diagnostics,
    ) -> Option<Transfer> {
        let own_checked = take(&mut raw.options.checked);
        let document = &self.source.document;
        let own = OptionLayer::read(raw.options, pointer, document, found);
        let options = own.clone().over(self.base.clone()).decide();
        own.check_backoff(&options.retry, pointer, document, found);
        let labels = self.source.texts(&format!("{pointer}/labels"), raw.labels);
        let mut checked = self.checked.clone();
        checked.extend(self.source.texts(&format!("{pointer}/checked"), own_checked));
        let key = TransferKey { campaign: Arc::clone(&self.campaign), id: raw.id.0.into() };
        let after = self.after(raw.after, &key, pointer, found);
        let (mut raw_source, mut raw_target) = (raw.source, raw.target.0);
        let (source_at, target_at) = (format!("{pointer}/source"), format!("{pointer}/target"));
        let document = &self.source.document;
        let expect_source = energies::expect(raw_source.endpoint.expect.take(), &source_at, document, found);
        let expect_target = energies::expect(raw_target.expect.take(), &target_at, document, found);
        let target = self.endpoint(raw_target, &target_at, found);
        let source = self.transfer_source(raw_source, target.as_ref(), &source_at, found);
        let generation = raw.generation.unwrap_or(1);
        let plain = Transfer::new(key, source?, target?);
        let written_at = Some(self.written_at(pointer));
        Some(Transfer {
            labels,
            checked,
            expect_source,
            expect_target,
            after,
            generation,
            options,
            written_at,
            ..plain
        })
    }

    fn written_at(&self, pointer: &str) -> WrittenAt {
        let at = |part: &str| self.source.document.key_spot(&format!("{pointer}/{part}"));
        let id = at("id");
        // What comes from a spreadsheet stands in its row, wherever the rest of the transfer is written.
        let line =
            |part| Some(at(part)).filter(|spot| spot.file == id.file).map_or(id.line, |spot| spot.line);
        WrittenAt { id: id.line, source: line("source"), target: line("target"), file: Arc::clone(&id.file) }
    }

    fn transfer_source(
        &mut self,
        raw: raw::Source,
        target: Option<&Endpoint>,
        pointer: &str,
        found: &mut Diagnostics,
    ) -> Option<campaign::Source> {
        if raw.more.snapshot.is_some() {
            let kept = self.snapshots.resolve(raw, pointer, &self.source.document, found)?;
            return Some(campaign::Source::Snapshot(Box::new(kept)));
        }
        if raw.is_typed() {
            let typed = typed::resolve(raw, pointer, &self.source.document, found)?;
            return Some(campaign::Source::Typed(Box::new(typed)));
        }
        let age = raw.more.captured_within;
        let endpoint = self.endpoint(raw.endpoint, pointer, found);
        let document = &self.source.document;
        let age = age.map(|age| live::age("captured_within", &age, pointer, document, found));
        Some(campaign::Source::Live(live::resolve(
            endpoint?,
            age.flatten(),
            target,
            pointer,
            document,
            found,
        )))
    }

    /// The transfers that this one follows; a bare id is one of this campaign.
    fn after(
        &self,
        raw: Option<raw::OneOrMany<String>>,
        key: &TransferKey,
        pointer: &str,
        found: &mut Diagnostics,
    ) -> Vec<TransferKey> {
        let names = match raw {
            None => Vec::new(),
            Some(raw::OneOrMany::One(name)) => vec![(format!("{pointer}/after"), name)],
            Some(raw::OneOrMany::Many(names)) => {
                let place = |index| format!("{pointer}/after/{index}");
                names.into_iter().enumerate().map(|(index, name)| (place(index), name)).collect()
            }
        };
        let mut all = Vec::with_capacity(names.len());
        for (place, name) in names {
            let (campaign, id) = match name.split_once('/') {
                Some((campaign, id)) => (campaign.into(), id),
                None => (Arc::clone(&key.campaign), &*name),
            };
            let earlier = TransferKey { campaign, id: id.into() };
            if earlier == *key {
                found.push(after_itself(key).at(self.source.spot(&place)));
            } else if !all.contains(&earlier) {
                all.push(earlier);
            }
        }
        all
    }

    fn endpoint(&mut self, raw: raw::Endpoint, pointer: &str, found: &mut Diagnostics) -> Option<Endpoint> {
        let gateway = self.gateway(&raw, pointer, found)?;
        let unit = raw.unit.and_then(Unit::new).expect("the schema wants a unit, 1 to 247");
        let serial_number = match raw.serial_number.expect("the schema wants a serial number") {
            SerialText::Pinned(number) => SerialNumber::Pinned(number),
            SerialText::Any(_) => SerialNumber::Any,
        };
        let model = raw.model.expect("the schema wants a model");
        Some(Endpoint { model, gateway, unit, serial_number, addressing: raw.addressing })
    }

    fn gateway(
        &mut self,
        raw: &raw::Endpoint,
        pointer: &str,
        found: &mut Diagnostics,
    ) -> Option<Arc<Gateway>> {
        if let Some(name) = &raw.gateway {
            let place = format!("{pointer}/gateway");
            let at = self.source.document.find(&place).map(|found| found.node.at).unwrap_or_default();
            if self.told.contains(&at) {
                return None;
            }
            let source = &*self.source;
            let gateway = self.gateways.by_name(&name.0, || source.spot(&place), found);
            if gateway.is_none() {
                self.told.insert(at);
            }
            return gateway;
        }
        let host = raw.host.as_ref()?;
        let source = &*self.source;
        let address = way::address(host, raw.port, pointer, source, found)?;
        Some(self.gateways.by_address(address, || source.spot(&format!("{pointer}/host")), found))
    }
}

/// No transfer is ever left out in silence: where nothing else was said of it, this is.
fn left_out(number: usize) -> Diagnostic {
    Diagnostic::error(
        Code::WrongType,
        format!("{number} of the transfers cannot be used, and nothing says why"),
    )
    .hint("this is a defect of meterferry: please report it with the job")
}

fn after_itself(key: &TransferKey) -> Diagnostic {
    Diagnostic::error(Code::AfterItself, format!("transfer {key} cannot be after itself"))
        .expected("another transfer: `CAMPAIGN/ID`, or `ID` in this campaign")
        .hint("to carry a finished transfer again, raise its `generation` instead")
}
