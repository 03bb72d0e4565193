//! What the queue keeps of a transfer: the way it goes, and whether it is ready, set aside or worked on.

use std::collections::HashMap;

use super::lanes::{Place, Stage, Way, Work};
use crate::{
    campaign::{self, Endpoint, GatewayKey, Role, Transfer},
    run::{limits::USUAL_REQUEST, requests::Effort},
};

/// Why a transfer lets others go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Aside {
    /// The procedure makes it wait.
    Pause,
    /// It starts again after a setback that was not its meter's silence.
    Again,
    /// This meter did not answer; whether it starts again, or goes on where it was.
    Silent { role: Role, again: bool },
    /// The gateway of this meter cannot be reached.
    Unreached(Role),
}

impl Aside {
    /// Whether the transfer starts again.
    pub(in crate::run) const fn starts_again(self) -> bool {
        matches!(self, Self::Again | Self::Silent { again: true, .. })
    }

    /// Whether what follows is another try, of the transfer or of its gateway.
    pub(in crate::run) const fn is_next_try(self) -> bool {
        self.starts_again() || matches!(self, Self::Unreached(_))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Not yet put, or ended.
    Out,
    /// In its lane, or held back from it.
    Ready,
    /// Set aside until its time comes.
    Parked,
    /// In the middle of its procedure, and due.
    Due,
    Working,
}

pub(super) struct Entry {
    pub way: Way,
    pub work: Work,
    pub units: [Option<usize>; 2],
    pub stage: Stage,
    pub state: State,
    /// It goes on where it was, and does not start again.
    pub midway: bool,
    /// Neighbours that wait for a silent meter wait for this one.
    pub counted: bool,
    /// The gateway of the meter that kept silent.
    pub behind: Option<Place>,
}

/// Numbers gateways and units as they are met.
#[derive(Default)]
pub(super) struct Map<'a> {
    gateways: HashMap<&'a GatewayKey, Place>,
    units: HashMap<(Place, campaign::Unit), usize>,
}

impl<'a> Map<'a> {
    pub(super) fn gateways(&self) -> usize {
        self.gateways.len()
    }

    pub(super) fn units(&self) -> usize {
        self.units.len()
    }

    /// The entry of a transfer that is not ready yet.
    pub(super) fn entry(&mut self, transfer: &'a Transfer) -> Entry {
        let source = transfer.source.endpoint().map(|source| self.meter(source));
        let (target, target_unit) = self.meter(&transfer.target);
        let way = Way { source: source.map(|at| at.0).filter(|place| *place != target), target };
        let source_unit = source.map(|at| at.1).filter(|unit| *unit != target_unit);
        Entry {
            way,
            work: work(transfer, way),
            units: [source_unit, Some(target_unit)],
            stage: Stage::Source,
            state: State::Out,
            midway: false,
            counted: false,
            behind: None,
        }
    }

    /// The numbers of a meter's gateway and unit.
    fn meter(&mut self, endpoint: &'a Endpoint) -> (Place, usize) {
        let next = self.gateways.len();
        let place = *self.gateways.entry(&endpoint.gateway.address).or_insert(next);
        let next = self.units.len();
        (place, *self.units.entry((place, endpoint.unit)).or_insert(next))
    }
}

impl Entry {
    pub(super) fn units(&self) -> impl Iterator<Item = usize> + use<> {
        self.units.into_iter().flatten()
    }

    /// The unit of one of its meters; both are at one unit where they take turns.
    pub(super) fn unit(&self, role: Role) -> usize {
        let [source, target] = self.units;
        let target_unit = target.expect("every transfer has a target");
        if role == Role::Source { source.unwrap_or(target_unit) } else { target_unit }
    }

    pub(super) fn place(&self, role: Role) -> Place {
        if role == Role::Source { self.way.source.unwrap_or(self.way.target) } else { self.way.target }
    }
}

/// What a transfer asks of its gateways, in milliseconds.
fn work(transfer: &Transfer, way: Way) -> Work {
    let requests = Effort::new(transfer, false).whole();
    let time = |endpoint: &Endpoint, requests: u32| {
        let each = USUAL_REQUEST + endpoint.gateway.settings.pace;
        u64::try_from(each.as_millis()).unwrap_or(u64::MAX).saturating_mul(requests.into())
    };
    let source = transfer.source.endpoint().map_or(0, |source| time(source, requests.source));
    let target = time(&transfer.target, requests.target);
    match way.source {
        Some(_) => Work { source, target },
        None => Work { source: 0, target: source.saturating_add(target) },
    }
}
