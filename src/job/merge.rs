//! What one file cannot see: files that name one campaign, one meter in two transfers, one gateway in two files.

use std::{collections::HashMap, sync::Arc};

use super::{
    across::{self, Unordered},
    diagnostic::{Code, Diagnostic, Spot},
    diagnostics::Diagnostics,
    gateways::{same_treatment, settings_conflict},
    resolve::{Placed, Resolved},
    tree::Document,
};
use crate::campaign::{Campaign, Conflict, ConflictKind, Gateway, Member, Place, Role, Transfer, conflicts};

/// Campaigns in the making.
#[derive(Default)]
pub(super) struct Merge {
    documents: Vec<Document>,
    campaigns: Vec<Merging>,
    by_name: HashMap<Arc<str>, usize>,
    /// By [`crate::campaign::Address::place`].
    gateways: HashMap<String, (Arc<Gateway>, At)>,
}

struct Merging {
    name: Arc<str>,
    transfers: Vec<Arc<Transfer>>,
    places: Vec<At>,
}

/// A transfer's place: which document, and which of its list.
#[derive(Debug, Clone, Copy)]
struct At {
    document: u32,
    index: u32,
    role: Role,
}

impl Merge {
    /// Adds what a file says.
    pub fn add(&mut self, document: Document, resolved: Resolved, found: &mut Diagnostics) {
        let number = self.documents.len() as u32;
        self.documents.push(document);
        let campaign = self.campaign(resolved.campaign);
        let mut seen: HashMap<*const Gateway, ()> = HashMap::new();
        for Placed { index, transfer } in resolved.transfers {
            let at = At { document: number, index: index as u32, role: Role::Source };
            for role in [Role::Source, Role::Target] {
                let Some(endpoint) = transfer.endpoint(role) else { continue };
                let gateway = &endpoint.gateway;
                if seen.insert(Arc::as_ptr(gateway), ()).is_none() {
                    self.gateway(gateway, At { role, ..at }, found);
                }
            }
            self.campaigns[campaign].transfers.push(transfer);
            self.campaigns[campaign].places.push(at);
        }
    }

    fn campaign(&mut self, name: Arc<str>) -> usize {
        *self.by_name.entry(name).or_insert_with_key(|name| {
            self.campaigns.push(Merging {
                name: Arc::clone(name),
                transfers: Vec::new(),
                places: Vec::new(),
            });
            self.campaigns.len() - 1
        })
    }

    /// Within a file, one place has one gateway already; between files it may not.
    fn gateway(&mut self, gateway: &Arc<Gateway>, at: At, found: &mut Diagnostics) {
        let first = || (Arc::clone(gateway), at);
        let (other, earlier) = self.gateways.entry(gateway.address.place()).or_insert_with(first).clone();
        if !same_treatment(gateway, &other) {
            let (spot, earlier) = (self.way_spot(at), self.way_spot(earlier));
            found.push(settings_conflict(gateway, &spot, &other, &earlier));
        }
    }

    /// Where an endpoint says how it is reached.
    fn way_spot(&self, at: At) -> Spot {
        let document = &self.documents[at.document as usize];
        let endpoint = format!("/transfers/{}/{}", at.index, at.role);
        let key =
            ["gateway", "host"].into_iter().find(|key| document.find(&format!("{endpoint}/{key}")).is_some());
        document.spot(&format!("{endpoint}/{}", key.unwrap_or_default()))
    }

    /// The campaigns, and every conflict among their transfers.
    pub fn finish(self, found: &mut Diagnostics) -> Vec<Campaign> {
        for campaign in &self.campaigns {
            for conflict in conflicts(campaign.transfers.iter().map(|transfer| &**transfer)) {
                found.push_with(|| self.explain(campaign, conflict));
            }
        }
        let lists = self.campaigns.iter().map(|campaign| &*campaign.transfers);
        for Unordered { at, with, message, hint } in across::unordered(lists) {
            found.push_with(|| {
                Diagnostic::error(Code::TargetOfTwoCampaigns, message)
                    .at(self.target_spot(at))
                    .expected("used again here")
                    .related(self.target_spot(with), "first used here")
                    .hint(hint)
            });
        }
        self.campaigns
            .into_iter()
            .map(|Merging { name, transfers, .. }| Campaign { name, transfers })
            .collect()
    }

    fn target_spot(&self, (campaign, transfer): (usize, usize)) -> Spot {
        let place = Place { transfer, member: Member::Endpoint(Role::Target) };
        self.member_spot(&self.campaigns[campaign], place).0
    }

    fn explain(&self, campaign: &Merging, conflict: Conflict) -> Diagnostic {
        let Conflict { kind, at, with, message, hint } = conflict;
        let (here, label) = self.member_spot(campaign, at);
        let (there, _) = self.member_spot(campaign, with);
        let earlier = if at.transfer == with.transfer { "and here" } else { "first used here" };
        let complaint =
            Diagnostic::error(code(kind), message).at(here).expected(label).related(there, earlier);
        if kind == ConflictKind::SourceIsTarget && !both_pinned(&campaign.transfers[at.transfer]) {
            return complaint
                .hint("if old and new meter take turns at one address, give the serial numbers of both")
                .hint("if not, check the gateway and the unit of both");
        }
        complaint.hint(hint)
    }

    fn member_spot(&self, campaign: &Merging, place: Place) -> (Spot, &'static str) {
        let At { document, index, .. } = campaign.places[place.transfer];
        let document = &self.documents[document as usize];
        match place.member {
            Member::Id => (document.spot(&format!("/transfers/{index}/id")), "used again here"),
            Member::Endpoint(role) => {
                let endpoint = format!("/transfers/{index}/{role}");
                let transfer = &campaign.transfers[place.transfer];
                let pinned = match role {
                    Role::Source => transfer.source.pinned().is_some(),
                    Role::Target => transfer.target.serial_number.pinned().is_some(),
                };
                let key = if pinned { "serial_number" } else { "unit" };
                (document.spot(&format!("{endpoint}/{key}")), "used again here")
            }
        }
    }
}

fn both_pinned(transfer: &Transfer) -> bool {
    transfer.source.pinned().is_some() && transfer.target.serial_number.pinned().is_some()
}

const fn code(kind: ConflictKind) -> Code {
    match kind {
        ConflictKind::DuplicateId => Code::DuplicateId,
        ConflictKind::TargetTwice => Code::TargetTwice,
        ConflictKind::SourceTwice => Code::SourceTwice,
        ConflictKind::SourceAndTarget => Code::SourceAndTarget,
        ConflictKind::SourceIsTarget => Code::SourceIsTarget,
        ConflictKind::SharedAddress => Code::SharedAddress,
    }
}
