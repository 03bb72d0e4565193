//! Looking without touching: what a run would do. The links it uses have no way to write.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio::time::Instant;

use super::{
    Capacity, Clock, Forecast, Gates, Requests, Stop, StopLevel, forecast::beyond_a_look, gate::Down,
    requests::Effort, seen::Seen,
};
use crate::{
    campaign::{Endpoint, Retry, Role, Transfer, TransferKey},
    meter::{Read, Readings},
    modbus::{Connect, ReadLink, Trace},
    transfer::{
        Cause, Fact, History, Identity, Known, Look, Outcome, Phase, ReasonCode, Refusal, Reply, RetryClass,
        Step, Survey, Surveyed, Verdict,
    },
};

/// How to look.
pub struct LookSettings {
    /// How many transfers are looked at at a time, if there are connections for as many.
    pub parallel: usize,
    /// How many connections to gateways may be open at a time.
    pub connections: usize,
    /// The clock for the surveys.
    pub clock: Clock,
    /// Makes connections.
    pub connector: Arc<dyn Connect>,
    /// Where frames are written.
    pub trace: Option<Trace>,
    /// Asks to stop.
    pub stop: Stop,
}

impl LookSettings {
    /// Gates for looks at any of these meters.
    pub(super) fn gates<'a>(&self, endpoints: impl IntoIterator<Item = &'a Endpoint>) -> Gates<ReadLink> {
        Gates::new(endpoints, Arc::clone(&self.connector), self.trace.clone(), self.connections)
    }

    /// How many looks through these gates to keep under way.
    pub(super) fn at_a_time(&self, gates: &Gates<ReadLink>) -> usize {
        Capacity::new(self.parallel, self.connections, gates.count()).parallel
    }
}

/// What a run would do with a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Would {
    /// Write the staged words into the target.
    Transfer,
    /// Nothing: it is done.
    Nothing,
    /// Look at the target, since an intent is open or a commit is not verified.
    Settle,
    /// Capture the source, and wait for the replacement.
    Wait,
    /// Touch nothing and call for a person: a commit may have taken effect.
    Unknown,
    /// Say no.
    Refuse,
    /// Nothing, until a person resolves that the target did not hold what was staged.
    Mismatch,
    /// Fail to reach a meter.
    NotReach,
    /// Fail otherwise.
    Fail,
    /// Not looked at: stopped.
    NotLooked,
}

impl Would {
    /// The word used on the terminal.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Nothing => "nothing",
            Self::Settle => "settle",
            Self::Wait => "wait",
            Self::Unknown => "unknown",
            Self::Refuse => "refuse",
            Self::Mismatch => "mismatch",
            Self::NotReach => "not_reach",
            Self::Fail => "fail",
            Self::NotLooked => "not_looked",
        }
    }
}

/// What was seen.
#[derive(Debug, Clone)]
pub struct Looked {
    /// The transfer.
    pub transfer: Arc<Transfer>,
    /// What a run would do.
    pub would: Would,
    /// Why, in a sentence.
    pub reason: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The stable name of the reason, where a guard would say no or a meter failed.
    pub code: Option<ReasonCode>,
    /// What the guards said.
    pub verdicts: Vec<Verdict>,
    /// Who answered as the source.
    pub source_identity: Option<Identity>,
    /// Who answered as the target.
    pub target_identity: Option<Identity>,
    /// What the source has counted.
    pub source: Option<Readings>,
    /// What the target holds.
    pub target: Option<Readings>,
    /// The words that would be staged.
    pub staged: Option<Readings>,
    /// When its window opens, where a run would not begin it now because that is closed.
    pub window_closed: Option<String>,
    /// What a run would ask of the wires, if nothing has to be repeated. Requests that nobody answered are not in it.
    pub requests: Requests,
}

/// A transfer to look at, with what is recorded.
#[derive(Debug, Clone)]
pub struct ToLookAt {
    /// The transfer.
    pub transfer: Arc<Transfer>,
    /// Its record.
    pub history: History,
    /// Another transfer that its target belongs to.
    pub claimed_by: Option<TransferKey>,
}

/// What was seen of all transfers.
#[derive(Debug, Clone)]
pub struct LookReport {
    /// One a transfer, in the order given.
    pub looked: Vec<Looked>,
    /// What a run would ask of the wires.
    pub forecast: Forecast,
}

/// Looks at the meters of transfers, and says what a run would do.
pub async fn look(transfers: Vec<ToLookAt>, settings: LookSettings) -> LookReport {
    let endpoints = transfers.iter().flat_map(|known| known.transfer.endpoints());
    let gates = settings.gates(endpoints);
    let parallel = settings.at_a_time(&gates);
    let settings = &settings;
    let (gates, seen) = (&gates, &Seen::default());
    let mut looked: Vec<(usize, Looked)> = futures::stream::iter(transfers.into_iter().enumerate())
        .map(|(place, known)| async move {
            (place, in_its_window(look_at(known, gates, seen, settings).await, settings))
        })
        // Whoever waits for a meter that does not answer keeps nobody from his turn.
        .buffer_unordered(parallel)
        .collect()
        .await;
    looked.sort_by_key(|(place, _)| *place);
    let looked: Vec<Looked> = looked.into_iter().map(|(_, looked)| looked).collect();
    let forecast = Forecast::of(&looked, |gateway| gates.traffic(gateway), parallel);
    LookReport { looked, forecast }
}

/// Adds whether a run would begin it now.
fn in_its_window(looked: Looked, settings: &LookSettings) -> Looked {
    let begins = match looked.would {
        Would::Transfer | Would::Wait | Would::Refuse | Would::NotReach | Would::Fail => true,
        Would::Nothing | Would::Settle | Would::Unknown | Would::Mismatch | Would::NotLooked => false,
    };
    let window = &looked.transfer.options.window;
    let window_closed = begins.then(|| window.closed_at(settings.clock.now().wall)).flatten();
    Looked { window_closed, ..looked }
}

/// Sleeps, unless somebody asks to stop meanwhile. Whether the time is over.
pub(super) async fn slept(delay: Duration, settings: &LookSettings) -> bool {
    let mut stop = settings.stop.clone();
    tokio::select! {
        () = tokio::time::sleep(delay) => true,
        () = stop.raised() => false,
    }
}

async fn look_at(
    known: ToLookAt,
    gates: &Gates<ReadLink>,
    seen_before: &Seen,
    settings: &LookSettings,
) -> Looked {
    let ToLookAt { transfer, history, claimed_by } = known;
    let effort = Effort::with(&transfer, &history, false);
    if let Some(known) = known_without_looking(&transfer, &history) {
        return Looked { requests: effort.after(&history), ..known };
    }
    let mut attempt = 1;
    loop {
        let mut requests = Requests::default();
        let again = history.asks_again(transfer.generation);
        let known = Known {
            earlier: if again { Vec::new() } else { history.closed_intents.clone() },
            captured: history.captured.clone().filter(|_| !again),
            claimed_by: claimed_by.clone(),
            last_try: attempt >= transfer.options.retry.attempts,
        };
        let mut survey = Survey::new(Arc::clone(&transfer), known);
        let by = Eyes { gates, seen: seen_before, settings };
        let Some(end) = carry_out(&mut survey, &transfer, by, &mut requests, &mut Vec::new()).await else {
            return seen(Arc::clone(&transfer), &survey, Would::NotLooked, "stopped".to_owned(), None);
        };
        match end {
            Surveyed::Failed(failure)
                if failure.retry() == RetryClass::Again && attempt < transfer.options.retry.attempts =>
            {
                if !slept(backoff(&transfer.options.retry, attempt), settings).await {
                    return seen(
                        Arc::clone(&transfer),
                        &survey,
                        Would::NotLooked,
                        "stopped".to_owned(),
                        None,
                    );
                }
                attempt += 1;
            }
            end => {
                let looked = told(Arc::clone(&transfer), &survey, end);
                requests += beyond_a_look(looked.would, effort);
                return Looked { requests, ..looked };
            }
        }
    }
}

pub(super) fn backoff(retry: &Retry, attempt: u32) -> Duration {
    retry.backoff.saturating_mul(1 << (attempt - 1).min(20)).min(retry.max_backoff)
}

/// What a survey looks with.
#[derive(Clone, Copy)]
pub(super) struct Eyes<'a> {
    pub gates: &'a Gates<ReadLink>,
    pub seen: &'a Seen,
    pub settings: &'a LookSettings,
}

impl Eyes<'_> {
    /// Asks at a gateway, unless that is known to be in vain or has to wait until the gateway is tried again.
    async fn ask(
        self,
        transfer: &Transfer,
        (role, endpoint): (Role, &Endpoint),
        read: Read,
        step: Step,
        requests: &mut Requests,
    ) -> Result<Result<Vec<u16>, Cause>, Down> {
        let retry = &transfer.options.retry;
        let permit = self.gates.enter(endpoint, step).await;
        permit.pace().await;
        // Behind a portable gateway it is asked once who is there, as a run does.
        if let Some(words) = self.seen.stranger(transfer, role, step, read) {
            return Ok(Ok(words));
        }
        let answer = permit.ask(endpoint, read, retry).await?;
        if let Ok(words) = &answer {
            self.seen.note(endpoint, step, read, words);
        }
        if matches!(answer, Ok(_) | Err(Cause::Exception(_))) {
            requests.count(role);
        }
        Ok(answer)
    }
}

/// Drives a survey to its end; `None` if stopped. Requests that were answered are counted, facts are given back.
pub(super) async fn carry_out(
    survey: &mut Survey,
    transfer: &Transfer,
    by: Eyes<'_>,
    requests: &mut Requests,
    facts: &mut Vec<Fact>,
) -> Option<Surveyed> {
    let settings = by.settings;
    loop {
        if settings.stop.level() > StopLevel::Go {
            return None;
        }
        let reply = match survey.next(settings.clock.now()) {
            Err(end) => return Some(end.clone()),
            Ok(Look::Read(role, read)) => {
                let endpoint = transfer.endpoint(role).expect("a survey asks nothing of a typed source");
                match by.ask(transfer, (role, endpoint), read, survey.step(), requests).await {
                    Ok(answer) => Reply::Read(answer),
                    Err(down) => {
                        let delay = down.until.saturating_duration_since(Instant::now());
                        if !slept(delay, settings).await {
                            return None;
                        }
                        continue;
                    }
                }
            }
            Ok(Look::Wait(delay)) => {
                if !slept(delay, settings).await {
                    return None;
                }
                Reply::Waited
            }
        };
        survey.handle(settings.clock.now(), reply, facts);
    }
}

fn known_without_looking(transfer: &Arc<Transfer>, history: &History) -> Option<Looked> {
    let began = history.began.as_ref();
    let changed = began.map(|began| &began.meaning).filter(|meaning| **meaning != transfer.meaning());
    let known = |would, reason: String, hint: Option<&str>| {
        let intent = history.intent.as_deref();
        Some(Looked {
            transfer: Arc::clone(transfer),
            would,
            reason,
            hint: hint.map(str::to_owned),
            code: None,
            verdicts: Vec::new(),
            source_identity: history.source_identity.clone(),
            target_identity: history.target_identity.clone(),
            source: intent.map(|intent| intent.source.readings.clone()),
            target: history.verification.as_ref().map(|verification| verification.after.readings.clone()),
            staged: intent.map(|intent| intent.staged.clone()),
            window_closed: None,
            requests: Requests::default(),
        })
    };
    match (history.phase(), changed) {
        (Phase::Idle, _) => None,
        (Phase::Done, None) => known(Would::Nothing, Outcome::AlreadyDone.to_string(), None),
        (Phase::Done | Phase::Mismatch | Phase::Undone, Some(done))
            if transfer.generation > done.generation =>
        {
            None
        }
        (Phase::Undoing { .. } | Phase::Undone, _) => {
            let ending = history.taken_back().expect("these phases begin with who asked");
            let refused = ending.outcome == Outcome::Refused;
            let would = if refused { Would::Refuse } else { Would::Unknown };
            known(would, ending.reason, ending.hint.as_deref())
        }
        (Phase::Done, Some(done)) => {
            let refusal =
                Refusal::MeaningChanged { done: Box::new(done.clone()), asked: Box::new(transfer.meaning()) };
            known(Would::Refuse, refusal.to_string(), Some(&refusal.hint()))
                .map(|known| Looked { code: Some(refusal.code()), ..known })
        }
        (Phase::Mismatch, _) => known(
            Would::Mismatch,
            "the target did not hold what was staged when it was verified".to_owned(),
            Some("look at the meter, then use `meterferry resolve`"),
        ),
        (Phase::Open | Phase::Committed, Some(before)) => known(
            Would::Unknown,
            format!("an intent of {before} is open, and the job now says {}", transfer.meaning()),
            Some("put the job back, so that the meter that may have been written to is looked at"),
        ),
        (Phase::Open, _) => known(
            Would::Settle,
            "the command may have been sent; its effect is not known yet".to_owned(),
            None,
        ),
        (Phase::Committed, _) => {
            known(Would::Settle, "the command took effect; the meter is not verified yet".to_owned(), None)
        }
    }
}

fn told(transfer: Arc<Transfer>, survey: &Survey, end: Surveyed) -> Looked {
    match end {
        Surveyed::Clear(findings) => {
            let mut looked = seen(transfer, survey, Would::Transfer, "every guard passed".to_owned(), None);
            looked.staged = Some(findings.staged);
            looked
        }
        Surveyed::Waiting { reason } => seen(transfer, survey, Would::Wait, reason, None),
        Surveyed::Refused(refusal) => {
            let would = match refusal.outcome() {
                Outcome::Unknown => Would::Unknown,
                _ => Would::Refuse,
            };
            let looked = seen(transfer, survey, would, refusal.to_string(), Some(refusal.hint()));
            Looked { code: Some(refusal.code()), ..looked }
        }
        Surveyed::Failed(failure) => {
            let would = match failure.outcome() {
                Outcome::Unreachable => Would::NotReach,
                _ => Would::Fail,
            };
            let looked = seen(transfer, survey, would, failure.to_string(), Some(failure.hint()));
            Looked { code: Some(failure.code()), ..looked }
        }
        Surveyed::CommittedEarlier(intent) => {
            let reason =
                format!("the target holds what intent {} staged: it would be verified", intent.number);
            seen(transfer, survey, Would::Settle, reason, None)
        }
    }
}

fn seen(
    transfer: Arc<Transfer>,
    survey: &Survey,
    would: Would,
    reason: String,
    hint: Option<String>,
) -> Looked {
    let readings = |role| survey.reading(role).map(|reading| reading.readings.clone());
    Looked {
        would,
        reason,
        hint,
        code: None,
        verdicts: survey.verdicts().to_vec(),
        source_identity: survey.identity(Role::Source).cloned(),
        target_identity: survey.identity(Role::Target).cloned(),
        source: readings(Role::Source),
        target: readings(Role::Target),
        staged: None,
        window_closed: None,
        requests: Requests::default(),
        transfer,
    }
}
