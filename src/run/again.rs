//! Reading finished meters again, days or months later. Nothing is recorded and nothing can be written; every gateway
//! has one request at a time, as in a run.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio::time::Instant;

use super::{
    Gates, LookSettings, StopLevel,
    gate::Down,
    look::{backoff, slept},
};
use crate::{
    campaign::{Endpoint, Options, Retry, Transfer},
    meter::{READINGS_WORDS, Read, Readings, SERIAL_WORDS, serial_from_words},
    modbus::ReadLink,
    transfer::{
        Cause, History, Identity, Implausible, Phase, Reading, RetryClass, Step, counted_since, worth_a_look,
    },
};

/// How often an implausible reading is read again: it may have caught a carry between two registers.
const READS: u32 = 3;
/// Between two of these.
const PAUSE: Duration = Duration::from_secs(1);

/// What is known of a target that is to be read again.
#[derive(Debug, Clone)]
pub enum Left {
    /// Its last recorded reading, and the serial number it answered with then.
    At {
        /// The reading.
        reading: Reading,
        /// The serial number.
        serial_number: Option<u32>,
    },
    /// The transfer is not done: why there is nothing to compare with.
    NotDone(String),
    /// The job means other meters than those that were done.
    Changed(String),
}

impl Left {
    /// How the target of `transfer` was left, by its record and, where it was undone, by that of the undo.
    pub fn of(transfer: &Transfer, history: &History, undo: &History) -> Self {
        let last = match history.phase() {
            Phase::Done => history,
            Phase::Undone => undo,
            Phase::Idle => return Self::NotDone("nothing of it is done".to_owned()),
            Phase::Open | Phase::Committed => {
                return Self::NotDone("it is not verified yet: run it again".to_owned());
            }
            Phase::Mismatch => return Self::NotDone("it is a mismatch, and not resolved".to_owned()),
            Phase::Undoing { .. } => return Self::NotDone("an undo of it is not finished".to_owned()),
        };
        if let Some(began) = history.began.as_deref()
            && began.meaning.target != transfer.meaning().target
        {
            let (done, asked) = (&began.meaning, transfer.meaning());
            return Self::Changed(format!("it was done as {done}, and the job now says {asked}"));
        }
        let Some(verification) = &last.verification else {
            return Self::NotDone("it was accepted by a person, and no reading is recorded".to_owned());
        };
        let answered = last.target_identity.as_ref().and_then(Identity::serial_number);
        let intended = last.intent.as_deref().and_then(|intent| intent.target_serial);
        Self::At { reading: verification.after.clone(), serial_number: answered.or(intended) }
    }
}

/// How a meter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is there, and can have counted what it shows.
    Plausible,
    /// It went back, or jumped.
    Implausible,
    /// Another meter answers, or the job names another.
    OtherMeter,
    /// It gave no usable answer.
    Failed,
    /// It, or its gateway, does not answer.
    Unreachable,
    /// Its transfer is not done.
    NotDone,
    /// Stopped before it was read.
    NotLooked,
}

impl Standing {
    /// All of them, in the order they are counted and printed.
    pub const ALL: [Self; 7] = [
        Self::Plausible,
        Self::Implausible,
        Self::OtherMeter,
        Self::Failed,
        Self::Unreachable,
        Self::NotDone,
        Self::NotLooked,
    ];

    /// The word in files and on the terminal.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plausible => "plausible",
            Self::Implausible => "implausible",
            Self::OtherMeter => "other_meter",
            Self::Failed => "failed",
            Self::Unreachable => "unreachable",
            Self::NotDone => "not_done",
            Self::NotLooked => "not_looked",
        }
    }
}

/// What was found of one meter.
#[derive(Debug, Clone)]
pub struct FoundAgain {
    /// The transfer.
    pub transfer: Arc<Transfer>,
    /// How its target stands.
    pub standing: Standing,
    /// Why, in a sentence.
    pub reason: String,
    /// What to do next, or what is worth a look.
    pub hint: Option<String>,
    /// The serial number it answered with.
    pub serial_number: Option<u32>,
    /// Its last recorded reading.
    pub left: Option<Reading>,
    /// What it shows now.
    pub now: Option<Reading>,
    /// How far each energy has moved in between; only where it is plausible.
    pub grown: Option<[i64; 7]>,
}

/// Reads the targets of these transfers again. One answer each, in the order given.
pub async fn verify_again(transfers: Vec<(Arc<Transfer>, Left)>, settings: LookSettings) -> Vec<FoundAgain> {
    let targets = transfers.iter().map(|(transfer, _)| &transfer.target);
    let gates = settings.gates(targets);
    let parallel = settings.at_a_time(&gates);
    let eyes = Eyes { gates: &gates, settings: &settings };
    let mut found: Vec<(usize, FoundAgain)> = futures::stream::iter(transfers.into_iter().enumerate())
        .map(|(place, (transfer, left))| async move { (place, eyes.verify(transfer, left).await) })
        // Whoever waits for a meter that does not answer keeps nobody from his turn.
        .buffer_unordered(parallel)
        .collect()
        .await;
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, found)| found).collect()
}

#[derive(Clone, Copy)]
struct Eyes<'a> {
    gates: &'a Gates<ReadLink>,
    settings: &'a LookSettings,
}

/// Why a meter could not be judged.
enum Trouble {
    Request(Cause),
    Readings(String),
    Stopped,
}

impl Eyes<'_> {
    async fn verify(self, transfer: Arc<Transfer>, left: Left) -> FoundAgain {
        let found = |standing, reason| FoundAgain {
            transfer: Arc::clone(&transfer),
            standing,
            reason,
            hint: None,
            serial_number: None,
            left: None,
            now: None,
            grown: None,
        };
        let (left, serial_number) = match left {
            Left::At { reading, serial_number } => (reading, serial_number),
            Left::NotDone(why) => return found(Standing::NotDone, why),
            Left::Changed(why) => return found(Standing::OtherMeter, why),
        };
        let mut attempt = 1;
        loop {
            let again = attempt < transfer.options.retry.attempts;
            match self.judge(&transfer, &left, serial_number).await {
                Ok(found) => return found,
                Err(Trouble::Request(cause)) if again && cause.retry() == RetryClass::Again => {
                    if !slept(backoff(&transfer.options.retry, attempt), self.settings).await {
                        return found(Standing::NotLooked, "stopped".to_owned());
                    }
                    attempt += 1;
                }
                Err(Trouble::Stopped) => return found(Standing::NotLooked, "stopped".to_owned()),
                Err(Trouble::Request(cause)) => {
                    let standing =
                        if cause.is_unreachable() { Standing::Unreachable } else { Standing::Failed };
                    let target = &transfer.target;
                    let hint = "check its gateway, unit and power, then verify again; `--trace FILE` shows every frame";
                    let found = found(standing, format!("the target at {target}: {cause}"));
                    return FoundAgain { left: Some(left), hint: Some(hint.to_owned()), ..found };
                }
                Err(Trouble::Readings(why)) => {
                    let hint = "look at the meter itself; check its model in the job";
                    let found = found(Standing::Implausible, why);
                    return FoundAgain { left: Some(left), hint: Some(hint.to_owned()), ..found };
                }
            }
        }
    }

    async fn judge(
        self,
        transfer: &Arc<Transfer>,
        left: &Reading,
        expected: Option<u32>,
    ) -> Result<FoundAgain, Trouble> {
        let target = &transfer.target;
        let pinned = target.serial_number.pinned().or(expected);
        let mut found = FoundAgain {
            transfer: Arc::clone(transfer),
            standing: Standing::Plausible,
            reason: String::new(),
            hint: None,
            serial_number: self.serial_number(target, &transfer.options.retry, pinned).await?,
            left: Some(left.clone()),
            now: None,
            grown: None,
        };
        if let (Some(pinned), Some(answered)) = (pinned, found.serial_number)
            && pinned != answered
        {
            found.standing = Standing::OtherMeter;
            found.reason = format!("serial number {answered} answers at {target}, {pinned} was written to");
            found.hint = Some("was the meter exchanged, or its unit number changed? If it moved, give its new place in the job".to_owned());
            return Ok(found);
        }
        let (now, judged) = self.energies(target, left, &transfer.options).await?;
        match judged {
            Ok(grown) => {
                found.reason = "it is there, and can have counted what it shows".to_owned();
                found.hint = worth_a_look(left, &grown, &transfer.options.verify);
                found.grown = Some(grown);
            }
            Err(implausible) => {
                found.standing = Standing::Implausible;
                (found.reason, found.hint) = (implausible.to_string(), Some(implausible.hint().to_owned()));
            }
        }
        found.now = Some(now);
        Ok(found)
    }

    /// What the target shows, read again while it is implausible.
    async fn energies(
        self,
        target: &Endpoint,
        left: &Reading,
        options: &Options,
    ) -> Result<(Reading, Result<[i64; 7], Implausible>), Trouble> {
        let read = Read { first: target.model.energies(), count: READINGS_WORDS as u16 };
        let mut reads = 1;
        loop {
            let words = self.read(target, &options.retry, read).await?;
            let at = self.settings.clock.now().wall;
            let last = reads >= READS;
            match Readings::from_wire(target.model, &words).map(|readings| Reading { readings, at }) {
                Ok(now) => match counted_since(left, &now, &options.verify) {
                    Err(_) if !last => {}
                    judged => return Ok((now, judged)),
                },
                Err(error) if last => return Err(Trouble::Readings(error.to_string())),
                Err(_) => {}
            }
            reads += 1;
            if !slept(PAUSE, self.settings).await {
                return Err(Trouble::Stopped);
            }
        }
    }

    /// Who answers; nothing if it will not say and nobody must know.
    async fn serial_number(
        self,
        target: &Endpoint,
        retry: &Retry,
        pinned: Option<u32>,
    ) -> Result<Option<u32>, Trouble> {
        let read = Read { first: target.model.serial_number(), count: SERIAL_WORDS };
        match self.read(target, retry, read).await {
            Ok(words) => Ok(words.try_into().ok().map(serial_from_words)),
            Err(Trouble::Request(cause)) if pinned.is_none() && cause.retry() == RetryClass::Never => {
                Ok(None)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Reads, unless the gateway or the unit is known to be asked in vain; waits while the gateway's next try is not due.
    async fn read(self, target: &Endpoint, retry: &Retry, read: Read) -> Result<Vec<u16>, Trouble> {
        loop {
            if self.settings.stop.level() > StopLevel::Go {
                return Err(Trouble::Stopped);
            }
            let down = match self.ask(target, retry, read).await {
                Ok(answer) => return answer.map_err(Trouble::Request),
                Err(down) => down,
            };
            if !slept(down.until.saturating_duration_since(Instant::now()), self.settings).await {
                return Err(Trouble::Stopped);
            }
        }
    }

    async fn ask(
        self,
        target: &Endpoint,
        retry: &Retry,
        read: Read,
    ) -> Result<Result<Vec<u16>, Cause>, Down> {
        let permit = self.gates.enter(target, Step::Verify).await;
        permit.pace().await;
        permit.ask(target, read, retry).await
    }
}
