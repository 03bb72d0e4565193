//! All that can be said of one transfer.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use super::{
    Gap, Guards, Subject, bounds, next,
    story::{RunOf, SourceKind, Story, Told},
};
use crate::{
    report::{TransferJson, words::urgency},
    run::TransferResult,
    transfer::{Ending, Outcome, Phase},
};

/// One transfer: a certificate where it is done, a record where it is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// As `status --format json` tells it; but what is done is `done`, whenever that was, and `attempts` is the try in
    /// which the last intent was recorded.
    #[serde(flatten)]
    pub transfer: TransferJson,
    /// Which time the id is used.
    pub generation: u32,
    /// Where the readings come from.
    pub source_kind: SourceKind,
    /// What a person checked by hand, as recorded.
    pub checked: BTreeMap<String, String>,
    /// What is recorded of the CT and PT ratios; `null` if nobody is on record as having compared them.
    pub ct_pt: Option<String>,
    /// From the reading to the command; `null` if no command was sent.
    pub gap: Option<Gap>,
    /// What the bound of the verification came to, Wh, VARh or VAh; `null` if there was none.
    pub bound_width: Option<super::Exact>,
    /// How it is known that the command took effect.
    pub commit_known: Option<String>,
    /// The guards, asked again of the recorded readings; `null` if the readings were never complete.
    pub guards: Option<Guards>,
    /// What persons decided.
    pub decisions: Vec<String>,
    /// Runs that took it up, the first one first.
    pub runs: Vec<RunOf>,
    /// Every fact, in order.
    pub steps: Vec<Told>,
    /// Facts of earlier uses of the id, which are not among the steps.
    pub earlier_facts: usize,
    /// What the job asks for now, where that is not what is recorded.
    pub job_says: Option<String>,
    /// The command that takes it further; `null` if it is done.
    pub next: Option<String>,
}

impl Certificate {
    /// Puts together what is known of one transfer.
    pub fn new(subject: &Subject) -> Self {
        let Subject { transfer, history, .. } = subject;
        let story = Story::of(subject);
        let open = history.intent.as_deref().filter(|_| history.phase() != Phase::Idle);
        let planned = story.transfer_of_intent().unwrap_or(transfer);
        let ending = standing(&subject.ending);
        let outcome = ending.outcome;
        let attempt = open.map_or(0, |intent| intent.attempt);
        let result = TransferResult::new(Arc::clone(transfer), history, ending, attempt);
        let guards = match (open, &history.source, &history.pre_image) {
            (Some(intent), ..) => Some(Guards::of_intent(planned, intent)),
            (None, Some(source), Some(target)) => {
                Some(Guards::of_readings(transfer, &source.readings, &target.readings))
            }
            (None, ..) => None,
        };
        let over = story.commit_over().or(history.committed_at);
        let verification = history.verification.as_ref();
        Self {
            generation: transfer.generation,
            source_kind: story.source_kind(transfer, open),
            checked: transfer.checked.clone(),
            ct_pt: transfer.ct_pt_checked().map(str::to_owned),
            gap: open.zip(over).map(|(intent, over)| Gap::of(planned, intent, over)),
            bound_width: verification
                .zip(open)
                .and_then(|(verification, intent)| bounds::width(verification, intent.at))
                .map(super::Exact),
            commit_known: story.evidence().filter(|_| history.committed_at.is_some()),
            guards,
            decisions: story.decisions(),
            runs: story.runs(),
            steps: story.told(),
            earlier_facts: story.earlier,
            job_says: subject.job_says.as_ref().map(ToString::to_string),
            next: next::command(outcome, &transfer.key.id),
            transfer: TransferJson::from(&result),
        }
    }

    /// Campaign and id.
    pub fn key(&self) -> (&str, &str) {
        (&self.transfer.campaign, &self.transfer.id)
    }

    /// Whether the target goes on from what was carried.
    pub fn is_done(&self) -> bool {
        self.transfer.outcome.is_done()
    }

    /// Whether somebody has to do something about it, other than to wait for the next run.
    pub fn needs_somebody(&self) -> bool {
        urgency(self.transfer.outcome) >= urgency(Outcome::Unreachable)
    }

    /// Whether what can have flowed unseen is that of the moments before the command.
    pub(super) fn has_fresh_gap(&self) -> bool {
        self.source_kind == SourceKind::Read || self.gap.as_ref().is_some_and(|gap| gap.of_target)
    }

    /// Whether a command took effect: seen by this program, or said by a person and borne out by the target.
    pub(super) fn took_effect(&self) -> bool {
        self.transfer.times.committed.is_some() && (self.commit_known.is_some() || self.is_done())
    }
}

/// A report tells how things stand, not what its run did: what is done is done.
fn standing(ending: &Ending) -> Ending {
    let mut ending = ending.clone();
    if ending.outcome == Outcome::AlreadyDone {
        ending.outcome = Outcome::Done;
    }
    ending
}
