//! How many requests a transfer takes: what the machine will ask, said beforehand (DESIGN.md §3, the machine).
//!
//! Pure: knows the plan, the record and the facts, and nothing of wires or clocks. A request that has to be repeated
//! is not foreseen.

use std::ops::AddAssign;

use crate::{
    campaign::{Role, Source, TargetEnergy, Transfer},
    meter::{READINGS_WORDS, WriteMode},
    transfer::{Fact, History, Phase},
};

/// Serial number, and the energies twice.
const OF_A_SOURCE: u32 = 3;
/// The buffer in one block, pointers and sentinel in another.
const IN_BLOCKS: u32 = 2;
/// The fence first, all 28 words, five words of pointers and sentinel.
const IN_SINGLES: u32 = 1 + READINGS_WORDS as u32 + 5;
/// An invalid value into 8022, and a look whether it is there.
const FENCED: u32 = 2;
/// Serial number, fence, and two looks at the energies.
pub(super) const SETTLED: u32 = 1 + FENCED + 2;

/// Requests, by the end of the transfer they go to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// To the source's gateway.
    pub source: u32,
    /// To the target's gateway.
    pub target: u32,
}

impl Requests {
    const fn to_target(target: u32) -> Self {
        Self { source: 0, target }
    }

    /// Both together.
    pub const fn sum(self) -> u32 {
        self.source + self.target
    }

    /// One more, to this end.
    pub(super) fn count(&mut self, role: Role) {
        match role {
            Role::Source => self.source += 1,
            Role::Target => self.target += 1,
        }
    }

    /// At most this many to the target, and none to the source any more.
    fn at_most(self, target: u32) -> Self {
        Self::to_target(self.target.min(target))
    }
}

impl AddAssign for Requests {
    fn add_assign(&mut self, more: Self) {
        self.source += more.source;
        self.target += more.target;
    }
}

/// A transfer, and what decides how many requests it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort<'a> {
    pub plan: &'a Transfer,
    /// A reading of an earlier run stands in for the source of a swap.
    pub captured: bool,
    /// The target is fenced before it is verified: an earlier command may come late.
    pub fenced: bool,
    /// 6209 is not to be sent.
    pub until_check: bool,
}

impl<'a> Effort<'a> {
    /// For a transfer without a record.
    pub(super) fn new(plan: &'a Transfer, until_check: bool) -> Self {
        Self { plan, captured: false, fenced: plan.may_meet_a_late_command(), until_check }
    }

    /// For a transfer with this record.
    pub(super) fn with(plan: &'a Transfer, history: &History, until_check: bool) -> Self {
        let again = history.asks_again(plan.generation);
        Self {
            captured: history.captured.is_some() && !again,
            fenced: plan.may_meet_a_late_command() || !(again || history.closed_intents.is_empty()),
            ..Self::new(plan, until_check)
        }
    }

    /// What a run asks of a transfer with this record.
    pub(super) fn after(self, history: &History) -> Requests {
        let began = history.began.as_ref().map(|began| &began.meaning);
        let changed = began.is_some_and(|meaning| *meaning != self.plan.meaning());
        match history.phase() {
            _ if history.asks_again(self.plan.generation) => self.whole(),
            Phase::Idle if began.is_some_and(|meaning| meaning.generation > self.plan.generation) => {
                Requests::default()
            }
            Phase::Idle => self.whole(),
            Phase::Done | Phase::Mismatch | Phase::Undoing { .. } | Phase::Undone => Requests::default(),
            Phase::Open | Phase::Committed if changed => Requests::default(),
            Phase::Open => Requests::to_target(SETTLED + self.verification()),
            Phase::Committed => Requests::to_target(1 + self.verification()),
        }
    }

    /// All of it. Who is at an address that old and new meter share is not known: the new one where the old one is
    /// captured, else the old one.
    pub(super) fn whole(self) -> Requests {
        let target = 1 + self.pre_images() + self.beyond_the_survey();
        match &self.plan.source {
            Source::Live(live) if self.plan.is_swap() && !self.captured => {
                // Families that keep their serial numbers elsewhere are asked one after the other.
                let elsewhere = live.endpoint.model.serial_number() != self.plan.target.model.serial_number();
                Requests::to_target(OF_A_SOURCE + u32::from(elsewhere))
            }
            Source::Live(_) if !self.plan.is_swap() => Requests { source: OF_A_SOURCE, target },
            Source::Live(_) | Source::Typed(_) | Source::Snapshot(_) | Source::Undo(_) => {
                Requests::to_target(target)
            }
        }
    }

    /// What follows once the guards have passed; all of it goes to the target.
    pub(super) fn beyond_the_survey(self) -> u32 {
        let writes = match self.plan.options.write_mode {
            WriteMode::Single => IN_SINGLES,
            WriteMode::Block | WriteMode::Auto => IN_BLOCKS,
        };
        let check = 1;
        let last = if self.until_check { FENCED } else { 2 + self.verification() };
        writes + check + last
    }

    /// What is left of `before` after a fact.
    pub(super) fn left(self, before: Requests, fact: &Fact) -> Requests {
        let survey_left = self.pre_images() + self.beyond_the_survey();
        match fact {
            Fact::Identified { role: Role::Source, .. } => {
                Requests { source: before.source.min(OF_A_SOURCE - 1), ..before }
            }
            Fact::SourceRead(_) if self.plan.is_swap() => Requests::default(),
            Fact::SourceRead(_) => Requests { source: 0, ..before },
            Fact::Identified { role: Role::Target, .. } => before.at_most(survey_left),
            Fact::TargetRead(_) | Fact::Intended(_) => before.at_most(self.beyond_the_survey()),
            Fact::CommitSent { .. } => before.at_most(1 + self.verification()),
            Fact::StatusRead { .. } | Fact::Committed { .. } => before.at_most(self.verification()),
            Fact::Fenced => Requests::to_target(3),
            Fact::Looked(_) => before.at_most(2),
            Fact::Closed { .. } => self.whole(),
            Fact::Verified(_) | Fact::Mismatched(_) | Fact::Ended(_) => Requests::default(),
            Fact::Began(_)
            | Fact::Resolved { .. }
            | Fact::Adopted(_)
            | Fact::UndoBegun(_)
            | Fact::UndoGivenUp { .. }
            | Fact::Undone { .. } => before,
        }
    }

    /// The target's energies enter what is staged: then they are read twice.
    fn pre_images(self) -> u32 {
        let keeps = matches!(&self.plan.source, Source::Typed(typed) if typed.keeps_the_targets());
        if keeps || self.plan.options.target_energy == TargetEnergy::Add { 2 } else { 1 }
    }

    /// Requests to verify once.
    pub(super) fn verification(self) -> u32 {
        if self.fenced { FENCED + 1 } else { 1 }
    }
}
