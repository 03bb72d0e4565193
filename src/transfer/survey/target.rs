//! States 3 and 4: what the target holds, and whether it may be written to.

use super::{Findings, State, Survey, Surveyed, refused};
use crate::{
    campaign::{Role, TargetEnergy},
    transfer::{
        Case, Cause, Examination, Fact, Identity, Now, Step,
        carried::{Carried, Timed},
        earlier::{Effect, Seen},
        examine, snapshot, undoing,
    },
};

impl Survey {
    pub(super) fn target_read(
        &mut self,
        last: Option<Timed>,
        reads: u32,
        answer: Result<Vec<u16>, Cause>,
        now: Now,
        facts: &mut Vec<Fact>,
    ) -> State {
        let this = match self.energies(Step::ReadTarget, Role::Target, answer, now) {
            Ok(timed) => timed,
            Err(over) => return *over,
        };
        match self.target_agrees(last.as_ref(), &this, reads) {
            Ok(true) => self.pre_image_read(this, now, facts),
            Ok(false) => State::Target { last: Some(this), reads },
            Err(over) => *over,
        }
    }

    /// One read is enough to compare with. Where the target's own energies go into the staged words, a torn
    /// reading would be billed: then two must agree, as for the source.
    pub(super) fn target_agrees(
        &self,
        last: Option<&Timed>,
        this: &Timed,
        reads: u32,
    ) -> Result<bool, Box<State>> {
        match (self.target_is_staged(), last) {
            (false, _) => Ok(true),
            (true, None) => Ok(false),
            (true, Some(last)) => self.steady(Role::Target, last, this, reads),
        }
    }

    /// Whether the target's own energies are part of what will be staged.
    pub(super) fn target_is_staged(&self) -> bool {
        let keeps = matches!(&self.carried, Some(Carried::Typed(typed)) if typed.keeps_the_targets());
        keeps
            || matches!(self.carried, Some(Carried::Undo(_)))
            || self.plan.options.target_energy == TargetEnergy::Add
    }

    pub(super) fn pre_image_read(&mut self, pre_image: Timed, now: Now, facts: &mut Vec<Fact>) -> State {
        facts.push(Fact::TargetRead(pre_image.reading.clone()));
        self.pre_image = Some(pre_image.clone());
        let answered = self.source_identity.as_ref().and_then(Identity::serial_number);
        let seen = Seen {
            plan: &self.plan,
            source_serial: answered.or(self.plan.source.pinned()),
            target_serial: self.target_identity.as_ref().and_then(Identity::serial_number),
            read: &pre_image.reading.readings,
            now,
        };
        match seen.effect_of_any(&self.known.earlier) {
            Some(Effect::Committed(intent)) => State::Over(Surveyed::CommittedEarlier(intent)),
            Some(Effect::Refused(refusal)) => refused(refusal),
            None => self.guard(pre_image, now),
        }
    }

    pub(super) fn guard(&mut self, pre_image: Timed, now: Now) -> State {
        let carried = self.carried.take().expect("the source comes before the target");
        let target = &pre_image.reading.readings;
        let source = match carried.readings(&self.plan.options, target) {
            Ok(source) => source,
            Err(refusal) => return refused(refusal),
        };
        self.source = Some(source.clone());
        let case = Case {
            plan: &self.plan,
            source: &source.readings,
            target,
            claimed_by: self.known.claimed_by.as_ref(),
        };
        let Examination { verdicts, result } = match &carried {
            Carried::Undo(undo) => undoing::examine(&case, undo, pre_image.reading.at),
            Carried::Read(_) | Carried::Captured(_) | Carried::Typed(_) => {
                snapshot::of_age(&self.plan, now, examine(&case))
            }
        };
        self.verdicts = verdicts;
        let mut readings_taken = vec![pre_image.taken()];
        if let Carried::Read(read) = &carried {
            readings_taken.push(read.taken());
        }
        match result {
            Ok(staged) => {
                State::Over(Surveyed::Clear(Box::new(Findings { source, pre_image, readings_taken, staged })))
            }
            Err(refusal) => refused(refusal),
        }
    }
}
