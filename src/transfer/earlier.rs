//! A command believed lost may have come after all: a fresh pre-image is compared with the intents that were
//! closed. Pure; it knows nothing of requests.

use super::{ClosedIntent, Intent, Now, Refusal, clock::Since};
use crate::{
    campaign::{Meaning, Transfer},
    meter::Readings,
};

/// What an earlier intent turns out to have done.
pub(super) enum Effect {
    /// It took effect, and it is what the job asks for.
    Committed(Box<Intent>),
    /// It took effect for another source, or it cannot be told.
    Refused(Refusal),
}

/// What is seen of both meters now.
pub(super) struct Seen<'a> {
    pub plan: &'a Transfer,
    pub source_serial: Option<u32>,
    pub target_serial: Option<u32>,
    /// The target's energies, before anything of this try is written.
    pub read: &'a Readings,
    pub now: Now,
}

impl Seen<'_> {
    /// The effect of the latest of `earlier` that has one on this target.
    pub(super) fn effect_of_any(&self, earlier: &[ClosedIntent]) -> Option<Effect> {
        let at_this_target = |closed: &&ClosedIntent| {
            let numbers = closed.intent.target_serial.zip(self.target_serial);
            numbers.is_none_or(|(then, now)| then == now)
        };
        earlier.iter().rev().filter(at_this_target).find_map(|closed| self.effect_of(closed))
    }

    fn effect_of(&self, ClosedIntent { intent, meaning }: &ClosedIntent) -> Option<Effect> {
        let verify = &self.plan.options.verify;
        let bound = verify.bound_or_assumed();
        let undecided = Effect::Refused(Refusal::EarlierUndecided { intent: intent.number, at: intent.at });
        let Some(elapsed) = Since::recorded(intent.at).elapsed(self.now) else { return Some(undecided) };
        if !bound.fits(&intent.staged, self.read, elapsed) {
            return None;
        }
        let before = Since::recorded(intent.pre_image.at).elapsed(self.now).unwrap_or(elapsed);
        if bound.fits(&intent.pre_image.readings, self.read, before) {
            let differs = !intent.staged.within(&intent.pre_image.readings, verify.tolerance);
            return differs.then_some(undecided);
        }
        Some(match meaning {
            Some(then) if !self.same_readings(intent, then) => {
                Effect::Refused(Refusal::EarlierOfAnotherJob {
                    intent: intent.number,
                    at: intent.at,
                    then: Box::new(then.clone()),
                    asked: Box::new(self.plan.meaning()),
                })
            }
            _ => Effect::Committed(Box::new(intent.clone())),
        })
    }

    /// Whether an intent carried what the job asks for now: the same meter's readings, the same typed ones, and
    /// made in the same way.
    fn same_readings(&self, intent: &Intent, then: &Meaning) -> bool {
        let asked = self.plan.meaning();
        let same_meter = match (intent.source_serial, self.source_serial) {
            (Some(one), Some(other)) => one == other && then.source.model == asked.source.model,
            _ => then.source == asked.source,
        };
        same_meter
            && then.readings == asked.readings
            && intent.target_energy == self.plan.options.target_energy
    }
}
