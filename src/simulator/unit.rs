//! One address on a bus: the device that answers there, its audit, the faults lying in wait, and requests that a
//! gateway has kept back. Knows nothing of connections; time is told to it, and what was due meanwhile is done first.

use tokio::time::Instant;

use super::audit::{Audit, Origin, ViolationKind};
use super::device::Device;
use super::fault::{Before, Execute, Fault, Plan};
use super::pdu::{self, Request};
use super::registers::{COMMAND, MAILBOX, Model, PM800_OTHER_COMMAND, PRESET, Span};
use super::when::{Sight, When};

/// See above.
#[derive(Debug)]
pub(super) struct Unit {
    device: Device,
    audit: Audit,
    past: Vec<Audit>,
    epoch: Instant,
    armed: Vec<(When, Fault)>,
    kept_back: Vec<KeptBack>,
    /// What was answered to requests kept back, until somebody asks: on TCP nobody does, and they are few.
    late_answers: Vec<Vec<u8>>,
    silent: bool,
    commit_seen: bool,
}

/// A request that is executed later.
#[derive(Debug)]
struct KeptBack {
    due: Instant,
    origin: Origin,
    request: Request,
}

impl Unit {
    pub(super) fn new(mut device: Device, epoch: Instant, now: Instant) -> Self {
        device.counters_mut().start(now);
        Self {
            device,
            audit: Audit::new(epoch),
            past: Vec::new(),
            epoch,
            armed: Vec::new(),
            kept_back: Vec::new(),
            late_answers: Vec::new(),
            silent: false,
            commit_seen: false,
        }
    }

    /// Puts another device here; the one that was here is handed back as it stopped.
    pub(super) fn exchange(&mut self, mut device: Device, now: Instant) -> Device {
        self.catch_up(now);
        device.counters_mut().start(now);
        let mut old = std::mem::replace(&mut self.device, device);
        old.counters_mut().stop(now);
        self.commit_seen = false;
        self.past.push(std::mem::replace(&mut self.audit, Audit::new(self.epoch)));
        old
    }

    pub(super) fn arm(&mut self, when: When, fault: Fault) {
        if let Fault::ForeignWrite { register, words } = &fault {
            let count = u16::try_from(words.len()).expect("the mailbox has 150 registers");
            assert!(
                Span::new(*register, count).lies_in(&MAILBOX),
                "a foreign master writes within 8000–8149"
            );
        }
        self.armed.push((when, fault));
    }

    pub(super) fn disarm(&mut self) {
        self.armed.clear();
    }

    pub(super) fn armed(&self) -> usize {
        self.armed.len()
    }

    pub(super) fn set_silent(&mut self, silent: bool) {
        self.silent = silent;
    }

    pub(super) fn audit(&self) -> &Audit {
        &self.audit
    }

    pub(super) fn audit_mut(&mut self) -> &mut Audit {
        &mut self.audit
    }

    pub(super) fn past_audits(&self) -> &[Audit] {
        &self.past
    }

    /// The device as it is now.
    pub(super) fn device(&mut self, now: Instant) -> &mut Device {
        self.catch_up(now);
        &mut self.device
    }

    pub(super) fn foreign_write(&mut self, register: u16, words: &[u16], now: Instant) {
        self.catch_up(now);
        self.device.foreign_write(register, words, now, &mut self.audit);
    }

    /// Takes note of a request and says how it is to be served.
    pub(super) fn receive(&mut self, request: &Request, now: Instant) -> Plan {
        self.catch_up(now);
        let sight = Sight {
            request,
            span: self.device.span(request),
            model: self.device.model(),
            after_commit: self.commit_seen,
        };
        let commits = sight.writes_to(COMMAND) == Some(PRESET);
        self.audit.request(request.function, commits);
        if let Some(kind) = forbidden(&sight) {
            self.audit.violation(now, kind);
        }
        let mut plan = if self.silent { Plan::silence() } else { Plan::default() };
        if !self.silent && !self.armed.is_empty() {
            strike(&mut self.armed, &sight, &mut plan, now, &mut self.audit);
        }
        self.commit_seen |= commits;
        plan
    }

    /// Serves a request by its plan; the answer's PDU goes behind what is in `out`.
    pub(super) fn carry_out(&mut self, request: &Request, plan: &Plan, now: Instant, out: &mut Vec<u8>) {
        self.catch_up(now);
        for event in &plan.before {
            match event {
                Before::ForeignWrite { register, words } => self.foreign_write(*register, words, now),
                Before::SerialBecomes(number) => self.device.set_serial_number(*number),
            }
        }
        let begin = out.len();
        let mut exception = plan.exception;
        match plan.execute {
            Execute::Never => {}
            Execute::Later(time) => self.keep_back(request, now + time, Origin::Late),
            Execute::Now => {
                let done = self.device.handle(request, Origin::Client, plan.torn, now, &mut self.audit, out);
                exception = exception.or(done.err());
            }
        }
        if let Some(time) = plan.again {
            self.keep_back(request, now + time, Origin::Repeat);
        }
        if let Some(code) = exception {
            out.truncate(begin);
            pdu::exception(out, request.function, code);
        }
    }

    /// The PDUs that answer the requests kept back which have been executed since this was last asked.
    pub(super) fn late_answers(&mut self, now: Instant) -> Vec<Vec<u8>> {
        self.catch_up(now);
        std::mem::take(&mut self.late_answers)
    }

    fn keep_back(&mut self, request: &Request, due: Instant, origin: Origin) {
        self.kept_back.push(KeptBack { due, origin, request: request.clone() });
    }

    /// Does, in their order and at their own instants, what has fallen due: requests kept back and commands under way.
    fn catch_up(&mut self, now: Instant) {
        loop {
            let command = self.device.next_due().filter(|&due| due <= now);
            let kept_back = self.next_kept_back(now);
            match (command, kept_back) {
                (None, None) => return,
                (Some(command), Some((_, due))) if command <= due => {
                    self.device.execute_next(&mut self.audit)
                }
                (_, Some((place, _))) => self.execute_kept_back(place),
                (Some(_), None) => self.device.execute_next(&mut self.audit),
            }
        }
    }

    fn next_kept_back(&self, now: Instant) -> Option<(usize, Instant)> {
        let due = self.kept_back.iter().map(|kept| kept.due).enumerate();
        due.filter(|&(_, due)| due <= now).min_by_key(|&(_, due)| due)
    }

    fn execute_kept_back(&mut self, place: usize) {
        let KeptBack { due, origin, request } = self.kept_back.remove(place);
        let mut answer = Vec::new();
        if let Err(code) = self.device.handle(&request, origin, false, due, &mut self.audit, &mut answer) {
            answer.clear();
            pdu::exception(&mut answer, request.function, code);
        }
        self.late_answers.push(answer);
    }
}

/// Lets every fault that is due at this request change its plan.
fn strike(
    armed: &mut Vec<(When, Fault)>,
    sight: &Sight<'_>,
    plan: &mut Plan,
    now: Instant,
    audit: &mut Audit,
) {
    for (when, fault) in armed.iter_mut() {
        if when.strikes(sight) {
            tracing::debug!(?fault, function = sight.request.function, "a fault strikes");
            plan.suffer(fault);
            audit.fault(now, fault.clone());
        }
    }
    armed.retain(|(when, _)| !when.is_spent());
}

/// What no client may do, if this request does it.
fn forbidden(sight: &Sight<'_>) -> Option<ViolationKind> {
    if !sight.request.is_write() {
        return None;
    }
    if sight.model == Model::Pm800 && sight.span.offset_of(PM800_OTHER_COMMAND).is_some() {
        return Some(ViolationKind::OtherCommandInterface);
    }
    if !sight.model.has_mailbox() || !sight.span.lies_in(&MAILBOX) {
        let (register, count) = (sight.span.first_register(), sight.span.count);
        return Some(ViolationKind::OutsideMailbox { register, count });
    }
    let code = sight.writes_to(COMMAND).filter(|&code| code != PRESET)?;
    Some(ViolationKind::ForbiddenCommand { code })
}
