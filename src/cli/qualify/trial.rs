//! One command 6209 on the bench, by the procedure of a transfer: its own readings are staged, read back, committed
//! and looked at. An invalid one differs in one word: 8022 is out of range, as behind the fence of a transfer.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::meter::BenchMeter;
use crate::{
    meter::{
        BUFFER, Bound, COMMAND, CommandStatus, FENCE, MAILBOX_IMAGE, POINTERS, PRESET_ENERGIES,
        READINGS_WORDS, Read, Readings, Register, SENTINEL, Write, mailbox_image, staging_writes,
    },
    transfer::{Cause, Exception},
};

/// First and longest delay between two looks at the result.
const INTERVAL: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(200));
/// What a meter on a bench may count between two looks: it should carry no load at all.
const BENCH: Bound = Bound { tolerance: 1_000, max_load: 10_000 };
/// 8020 and 8021, of which the result is the second.
const RESULTS: Register = Register::new(8020);

/// What is staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// The meter's own readings.
    OwnReadings,
    /// The same, with 8022 out of range.
    OutOfRange,
}

/// What was seen of one command.
#[derive(Debug, Serialize)]
pub(super) struct Trial {
    pub kind: Kind,
    /// How the write of 6209 was answered: `echo`, or why not.
    pub answer: String,
    /// Whether the answer was anything but the echo.
    pub unanswered: bool,
    /// From the write of 6209 to the first look that showed a result, ms; `null` if none came.
    pub result_after_ms: Option<u64>,
    /// What 8021 showed at last; `null` if it could not be read.
    pub register_8021: Option<u16>,
    /// What 8020 showed at last.
    pub register_8020: Option<u16>,
    /// What 8000 showed at last.
    pub register_8000: Option<u16>,
    /// The energies before and after.
    pub before: Readings,
    pub after: Option<Readings>,
    /// Whether the energies are the same but for what a meter may count meanwhile; `null` if they were not read.
    pub unchanged: Option<bool>,
}

impl Trial {
    /// The result, if it was read.
    pub(super) fn status(&self) -> Option<CommandStatus> {
        self.register_8021.map(CommandStatus::from_word)
    }

    /// Whether it is known what the command did: nothing more may be sent otherwise.
    pub(super) fn is_clear(&self) -> bool {
        !self.unanswered && self.unchanged.is_some()
    }
}

/// Whether a command may still be carried out later: it was not answered, or no result came of it, nor of the last one.
/// Commands are carried out in order, so that a result of the last one settles those before.
pub(super) fn may_still_come(trials: &[Trial]) -> bool {
    let silent = |trial: &Trial| trial.status().is_none_or(|status| status == CommandStatus::Undecided);
    !trials.iter().all(Trial::is_clear) || trials.last().is_some_and(silent)
}

/// Why a trial was not carried out: 6209 was not sent.
#[derive(Debug)]
pub(super) enum NotSent {
    Request(&'static str, Cause),
    /// What the mailbox holds is not what was written: register, expected, found.
    NotHeld(Register, u16, u16),
    BadReadings(String),
}

impl std::fmt::Display for NotSent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Request(what, cause) => write!(f, "{what}: {cause}"),
            Self::NotHeld(register, expected, found) => {
                write!(f, "register {register} should hold {expected:#06X} and holds {found:#06X}")
            }
            Self::BadReadings(error) => write!(f, "the meter's {error}"),
        }
    }
}

/// Reads the 28 registers of the energies.
pub(super) async fn energies(meter: &mut BenchMeter) -> Result<Readings, NotSent> {
    let model = meter.endpoint().model;
    let read = Read { first: model.energies(), count: READINGS_WORDS as u16 };
    let words = meter.read(read).await.map_err(|cause| NotSent::Request("reading the energies", cause))?;
    Readings::from_wire(model, &words).map_err(|error| NotSent::BadReadings(error.to_string()))
}

/// Stages, reads back, commits and looks.
pub(super) async fn carry_out(
    meter: &mut BenchMeter,
    kind: Kind,
    in_blocks: bool,
    patience: Duration,
) -> Result<Trial, NotSent> {
    let before = energies(meter).await?;
    let read_at = Instant::now();
    stage(meter, &before, kind, in_blocks).await?;
    let command = Write::Single { register: COMMAND, word: PRESET_ENERGIES };
    let sent = Instant::now();
    let answer = meter.write(command).await;
    let mut trial = Trial {
        kind,
        answer: answer.as_ref().map_or_else(Cause::to_string, |()| "echo".to_owned()),
        unanswered: answer.is_err(),
        result_after_ms: None,
        register_8021: None,
        register_8020: None,
        register_8000: None,
        before,
        after: None,
        unchanged: None,
    };
    if matches!(answer, Err(Cause::NoConnection(_))) {
        return Err(NotSent::Request("writing 6209 to 8000", answer.expect_err("it is one")));
    }
    poll(meter, &mut trial, sent, patience).await;
    if let Ok(words) = meter.read(Read { first: COMMAND, count: 1 }).await {
        trial.register_8000 = words.first().copied();
    }
    if let Ok(after) = energies(meter).await {
        trial.unchanged = Some(BENCH.fits(&trial.before, &after, read_at.elapsed()));
        trial.after = Some(after);
    }
    Ok(trial)
}

/// Writes what is to be committed and reads all of it back.
async fn stage(meter: &mut BenchMeter, own: &Readings, kind: Kind, in_blocks: bool) -> Result<(), NotSent> {
    let mut writes = staging_writes(own, in_blocks);
    let mut expected = mailbox_image(own);
    if kind == Kind::OutOfRange {
        writes.push(Write::Single { register: BUFFER, word: FENCE });
        expected[(BUFFER.number() - POINTERS.number()) as usize] = FENCE;
    }
    for write in writes {
        meter.write(write).await.map_err(|cause| NotSent::Request("staging", cause))?;
    }
    let read = Read { first: POINTERS, count: MAILBOX_IMAGE };
    let found = meter.read(read).await.map_err(|cause| NotSent::Request("reading back", cause))?;
    match (0..expected.len()).find(|place| found.get(*place) != Some(&expected[*place])) {
        None => Ok(()),
        Some(place) => {
            let found = found.get(place).copied().unwrap_or_default();
            Err(NotSent::NotHeld(POINTERS.plus(place as u16), expected[place], found))
        }
    }
}

/// Looks at 8020 and 8021 until a result replaced the sentinel, or the time is over.
async fn poll(meter: &mut BenchMeter, trial: &mut Trial, sent: Instant, patience: Duration) {
    let mut interval = INTERVAL.0;
    loop {
        match meter.read(Read { first: RESULTS, count: 2 }).await {
            Ok(words) => {
                trial.register_8020 = words.first().copied();
                trial.register_8021 = words.get(1).copied();
            }
            Err(Cause::Exception(Exception(0x05 | 0x06))) => {}
            // A connection that broke is made anew with the next look.
            Err(cause) if sent.elapsed() >= patience || matches!(cause, Cause::Exception(_)) => return,
            Err(_) => {}
        }
        if trial.register_8021.is_some_and(|word| word != SENTINEL) {
            trial.result_after_ms = u64::try_from(sent.elapsed().as_millis()).ok();
            return;
        }
        if sent.elapsed() >= patience {
            return;
        }
        sleep(interval).await;
        interval = (interval * 2).min(INTERVAL.1);
    }
}
