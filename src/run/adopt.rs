//! Recording as done what was done by hand. The meters are only read, over links that cannot write; what is recorded is
//! what was read, by what bound it fits, and who said so.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Claims, LookSettings, StopLevel,
    look::{Eyes, backoff, carry_out, slept},
    seen::Seen,
};
use crate::{
    campaign::{Role, TargetEnergy, Transfer, TransferKey},
    ledger::{Ledger, LedgerError},
    transfer::{
        Adopted, Author, Began, Fact, Failure, Handwork, History, Known, NotAdoptable, Phase, Recorded,
        Refusal, RetryClass, Survey, Surveyed,
    },
};

/// A transfer that was done by hand, and on whose word.
#[derive(Debug, Clone)]
pub struct ToAdopt {
    /// The transfer.
    pub transfer: Arc<Transfer>,
    /// When it was done, if that is known.
    pub done_at: Option<Timestamp>,
    /// What its target can have counted since at most, Wh, VARh or VAh, if somebody says so.
    pub max_growth: Option<i64>,
    /// Why it was done by hand.
    pub reason: String,
    /// Who asks for it.
    pub operator: String,
    /// Names this in the record, as a run.
    pub run: Arc<str>,
}

/// Why nothing was adopted. Nothing is recorded then.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// It is not proved, or not so recorded.
    #[error("{0}")]
    NotAdoptable(#[from] NotAdoptable),
    /// The target belongs to another transfer.
    #[error("transfer {0} wrote to the same target, or is about to")]
    Claimed(TransferKey),
    /// A meter is not the one that the job means, or cannot be judged.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// A meter is not there.
    #[error("{0}")]
    Waiting(String),
    /// A meter gave no usable answer.
    #[error("{0}")]
    Failed(Box<Failure>),
    /// Somebody asked to stop.
    #[error("stopped; nothing was recorded")]
    Stopped,
    /// The ledger cannot be read, or not be written.
    #[error("{0}")]
    Ledger(#[from] LedgerError),
}

/// Reads both meters of a transfer, and records it as done if its target is where it would have put it.
pub async fn adopt(
    asked: ToAdopt,
    ledger: Arc<dyn Ledger>,
    settings: LookSettings,
) -> Result<Adopted, AdoptError> {
    let plan = &asked.transfer;
    let history = ledger.record(&plan.key)?.history;
    may_be_adopted(plan, &history)?;
    if let Some(other) = Claims::of(&*ledger)?.against(plan) {
        return Err(AdoptError::Claimed(other.clone()));
    }
    let mut facts = vec![beginning(&asked)];
    let survey = look(plan, &history, &settings, &mut facts).await?;
    let reading = |role| survey.reading(role).cloned().expect("both meters were read");
    let (source, target) = (reading(Role::Source), reading(Role::Target));
    let ToAdopt { done_at, max_growth, .. } = asked;
    let bound = Handwork { plan, source: &source, target: &target, done_at, max_growth }.judge()?;
    let adopted = Adopted {
        source,
        target,
        bound,
        done_at,
        reason: asked.reason.clone(),
        operator: asked.operator.clone(),
    };
    facts.push(Fact::Adopted(Box::new(adopted.clone())));
    let at = settings.clock.now().wall;
    let mut last = None;
    for (seq, fact) in (history.seq + 1..).zip(facts) {
        let recorded = Recorded { seq, at, run: Arc::clone(&asked.run), fact };
        last = Some(ledger.append(&plan.key, recorded));
    }
    // Durable together with all before it.
    last.expect("it begins").await?;
    Ok(adopted)
}

fn may_be_adopted(plan: &Transfer, history: &History) -> Result<(), NotAdoptable> {
    match history.phase() {
        Phase::Idle if !history.closed_intents.is_empty() => Err(NotAdoptable::MayComeLate),
        Phase::Idle => Ok(()),
        _ if history.asks_again(plan.generation) => Ok(()),
        phase => Err(NotAdoptable::Recorded(phase)),
    }
}

fn beginning(asked: &ToAdopt) -> Fact {
    Fact::Began(Box::new(Began {
        meaning: asked.transfer.meaning(),
        transfer: (*asked.transfer).clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        author: Author { operator: Some(asked.operator.as_str().into()), revision: None },
    }))
}

/// Looks at both meters, as often as the job allows. What the guards of a run say is of no concern: they are asked
/// whether readings may be carried, and these were.
async fn look(
    plan: &Arc<Transfer>,
    history: &History,
    settings: &LookSettings,
    facts: &mut Vec<Fact>,
) -> Result<Survey, AdoptError> {
    let mut read = (**plan).clone();
    // Neither a source that stands still nor a second read of the target is needed.
    read.options.target_energy = TargetEnergy::Replace;
    let read = Arc::new(read);
    let gates = settings.gates(read.endpoints());
    let eyes = Eyes { gates: &gates, seen: &Seen::default(), settings };
    let again = history.asks_again(plan.generation);
    let attempts = plan.options.retry.attempts;
    for attempt in 1.. {
        let known = Known {
            captured: history.captured.clone().filter(|_| !again),
            last_try: attempt >= attempts,
            ..Known::default()
        };
        let mut survey = Survey::new(Arc::clone(&read), known);
        let mut seen = Vec::new();
        let end = carry_out(&mut survey, &read, eyes, &mut Default::default(), &mut seen).await;
        if settings.stop.level() > StopLevel::Go {
            return Err(AdoptError::Stopped);
        }
        let both = [Role::Source, Role::Target].into_iter().all(|role| survey.reading(role).is_some());
        match end {
            _ if both => {
                facts.append(&mut seen);
                return Ok(survey);
            }
            Some(Surveyed::Failed(failure)) if failure.retry() == RetryClass::Again && attempt < attempts => {
                if !slept(backoff(&plan.options.retry, attempt), settings).await {
                    return Err(AdoptError::Stopped);
                }
            }
            Some(Surveyed::Failed(failure)) => return Err(AdoptError::Failed(failure)),
            Some(Surveyed::Refused(refusal)) => return Err(AdoptError::Refused(refusal)),
            Some(Surveyed::Waiting { reason }) => return Err(AdoptError::Waiting(reason)),
            Some(Surveyed::Clear(_) | Surveyed::CommittedEarlier(_)) | None => {
                return Err(AdoptError::Stopped);
            }
        }
    }
    unreachable!("the last try returns")
}
