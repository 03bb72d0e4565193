//! What the answers mean: from the end of one state to the beginning of the next.

use std::sync::Arc;

use super::{IntentTimes, Machine, State, recorded_times};
use crate::{
    meter::{CommandStatus, Quantity, with_unit},
    transfer::{
        Closing, CommandOutcome, Evidence, Fact, Failure, Findings, Identity, Intent, Now, Outcome, Phase,
        Surveyed, Verification,
        clock::Since,
        polling::Polling,
        settling::{Settled, Settling, before_and_staged},
        staging::{Staged, Staging},
        verifying::{Verified, Verifying},
    },
};

impl Machine {
    pub(super) fn surveyed(&mut self, end: Surveyed, now: Now) {
        match end {
            Surveyed::Clear(findings) => self.intend(&findings, now),
            Surveyed::Waiting { reason } => {
                let hint = "exchange the meter, or move on to it, then run again".to_owned();
                self.end(Outcome::Waiting, reason, Some(hint));
            }
            Surveyed::Refused(refusal) => {
                self.refuse(&refusal);
            }
            Surveyed::Failed(failure) => self.start_over(*failure, now),
            Surveyed::CommittedEarlier(intent) => {
                self.outbox.push_back(Fact::Committed {
                    intent: intent.number,
                    evidence: Evidence::FoundLater,
                    note: format!(
                        "the target holds what intent {} staged at {:.0}",
                        intent.number, intent.at
                    ),
                });
                self.times = None;
                self.verify_intent(*intent, true);
            }
        }
    }

    pub(super) fn intend(&mut self, findings: &Findings, now: Now) {
        self.times = Some(IntentTimes {
            intended: Since::noted(now),
            pre_image_read: Since {
                wall: findings.pre_image.reading.at,
                steady: Some(findings.pre_image.steady),
            },
        });
        let serial = |identity: &Option<Identity>| identity.as_ref().and_then(Identity::serial_number);
        self.outbox.push_back(Fact::Intended(Box::new(Intent {
            number: self.history.intents + 1,
            attempt: self.attempt,
            staged: findings.staged.clone(),
            source: findings.source.clone(),
            snapshot: self.plan.source.snapshot().map(|snapshot| snapshot.origin.clone()),
            pre_image: findings.pre_image.reading.clone(),
            source_serial: serial(&self.history.source_identity).or(self.plan.source.pinned()),
            target_serial: serial(&self.history.target_identity),
            target_energy: self.plan.options.target_energy,
            at: now.wall,
        })));
        self.state = State::Staging(Box::new(Staging::new(&self.plan, findings, self.settings.until_check)));
    }

    pub(super) fn staged(&mut self, end: Staged, now: Now) {
        match end {
            Staged::NotSent(failure) => self.not_sent(failure, now),
            Staged::Rehearsed => {
                let reason = "staged, read back and fenced; 6209 was not sent, as asked".to_owned();
                self.outbox.push_back(Fact::Closed { how: Closing::NotSent, reason: reason.clone() });
                self.end(Outcome::NotRun, reason, Some("run again without `--until check`".to_owned()));
            }
            Staged::Sent(answer) => {
                let said = match &answer {
                    Ok(()) => "echo".to_owned(),
                    Err(cause) => cause.to_string(),
                };
                self.outbox.push_back(Fact::CommitSent { answer: said });
                match answer {
                    Ok(()) => {
                        self.state = State::Polling(Polling::new(now, self.plan.options.command_timeout))
                    }
                    Err(cause) => self.settle(CommandOutcome::Unanswered(cause)),
                }
            }
        }
    }

    pub(super) fn not_sent(&mut self, failure: Failure, now: Now) {
        self.outbox.push_back(Fact::Closed { how: Closing::NotSent, reason: failure.to_string() });
        self.start_over(failure, now);
    }

    pub(super) fn polled(&mut self, end: CommandOutcome) {
        if let CommandOutcome::Result(status) = &end {
            self.outbox.push_back(Fact::StatusRead { word: status.word() });
        }
        if end == CommandOutcome::Result(CommandStatus::Done) {
            // Another master may have written the 0: it is believed together with the energies.
            self.verify(true);
        } else {
            self.settle(end);
        }
    }

    pub(super) fn settle(&mut self, why: CommandOutcome) {
        let intent = self.open_intent();
        let times = self.times.unwrap_or_else(|| recorded_times(&intent));
        let plan = Arc::clone(&self.plan);
        self.state =
            State::Settling(Box::new(Settling::new(plan, intent, times.intended, times.pre_image_read, why)));
    }

    pub(super) fn settled(&mut self, end: Settled, now: Now) {
        let State::Settling(settling) = &self.state else { return };
        let why = settling.why.clone();
        match end {
            Settled::Committed(note) => {
                self.committed(Evidence::Settled, format!("{why}; {note}"));
                self.verify(true);
            }
            Settled::NotCommitted(note) => {
                self.outbox
                    .push_back(Fact::Closed { how: Closing::NotCommitted, reason: format!("{why}; {note}") });
                let failure = match why {
                    CommandOutcome::Result(
                        status @ (CommandStatus::InvalidCommand
                        | CommandStatus::InvalidParameters
                        | CommandStatus::Other(_)),
                    ) => Failure::Rejected(status),
                    why => Failure::NotCommitted(why.to_string()),
                };
                self.start_over(failure, now);
            }
            Settled::Unknown(note) => self.unknown(format!("{why}; {note}")),
        }
    }

    pub(super) fn committed(&mut self, evidence: Evidence, note: String) {
        let intent = self.open_intent().number;
        self.outbox.push_back(Fact::Committed { intent, evidence, note });
    }

    pub(super) fn verify(&mut self, identified: bool) {
        self.verify_intent(self.open_intent(), identified);
    }

    pub(super) fn verify_intent(&mut self, intent: Intent, identified: bool) {
        let times = self.times.unwrap_or_else(|| recorded_times(&intent));
        let plan = Arc::clone(&self.plan);
        // A command of an earlier try, or of a transfer that this one follows, may still come.
        let fence = !self.history.closed_intents.is_empty() || self.plan.may_meet_a_late_command();
        let verifying = Verifying::new(plan, intent, times.intended, identified, fence);
        self.state = State::Verifying(Box::new(verifying));
    }

    pub(super) fn verified(&mut self, end: Verified, now: Now) {
        match end {
            Verified::Matches(verification)
                if self.reported_only() && self.fits_the_old_too(&verification, now) =>
            {
                self.settle(CommandOutcome::Result(CommandStatus::Done));
            }
            Verified::Matches(verification) => {
                self.record_the_commit();
                self.outbox.push_back(Fact::Verified(verification));
                self.over(Outcome::Done, "verified".to_owned(), None);
            }
            Verified::Differs(verification)
                if self.reported_only() && self.holds_the_old(&verification, now) =>
            {
                self.settle(CommandOutcome::Result(CommandStatus::Done));
            }
            Verified::Differs(verification) => {
                let known = if self.reported_only() {
                    "the meter reported success"
                } else {
                    "the commit took effect"
                };
                self.record_the_commit();
                let quantity = Quantity::RealEnergyIn;
                let read = with_unit(quantity, verification.after.readings.energy(quantity));
                let staged = with_unit(quantity, self.open_intent().staged.energy(quantity));
                self.outbox.push_back(Fact::Mismatched(verification));
                self.over(
                    Outcome::Mismatch,
                    format!("{known}, but the target does not hold what was staged ({quantity}: staged {staged}, read {read})"),
                    Some(format!("look at the meter, then: {}", self.resolve_command("accepted|committed|not-committed"))),
                );
            }
            Verified::NotRead(why) => {
                let known = self.known();
                let compare = before_and_staged(&self.open_intent());
                self.unknown(format!("{known}, but it could not be verified: {why}; {compare}"));
            }
        }
    }

    /// Whether the command's own result is all that speaks for the commit so far.
    fn reported_only(&self) -> bool {
        self.history.phase() == Phase::Open
    }

    /// What is known of the commit, in words.
    fn known(&self) -> &'static str {
        if self.reported_only() { "the meter reported success" } else { "the commit took effect" }
    }

    /// Records the commit that so far only the command's result speaks for: the target was read, and does not hold
    /// the old energies.
    fn record_the_commit(&mut self) {
        if self.reported_only() {
            self.committed(Evidence::Status, CommandStatus::Done.to_string());
        }
    }

    /// Whether a reading that fits what was staged fits the old energies as well, though the two differ: set back by
    /// a little, say. Then it does not show that anything was set.
    fn fits_the_old_too(&self, verification: &Verification, now: Now) -> bool {
        let (intent, verify) = (self.open_intent(), self.plan.options.verify);
        let times = self.times.unwrap_or_else(|| recorded_times(&intent));
        let bound = verify.bound_or_tolerance();
        let fits = |elapsed| bound.fits(&intent.pre_image.readings, &verification.after.readings, elapsed);
        !intent.staged.within(&intent.pre_image.readings, verify.tolerance)
            && times.pre_image_read.elapsed(now).is_none_or(fits)
    }

    /// Whether the target can be where it was before anything was written.
    fn holds_the_old(&self, verification: &Verification, now: Now) -> bool {
        let intent = self.open_intent();
        let times = self.times.unwrap_or_else(|| recorded_times(&intent));
        let bound = self.plan.options.verify.bound_or_assumed();
        times.pre_image_read.elapsed(now).is_none_or(|elapsed| {
            bound.fits(&intent.pre_image.readings, &verification.after.readings, elapsed)
        })
    }

    /// The last recorded intent: settling and verifying are only entered with one.
    pub(super) fn open_intent(&self) -> Intent {
        self.history.intent.as_deref().cloned().expect("an intent is recorded before anything is written")
    }
}
