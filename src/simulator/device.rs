//! One meter: what it answers to reads and writes (DOMAIN.md §1–§4).
//! Knows nothing of gateways, connections or faults. Time is told to it; commands that take a while are carried out
//! when the device is next looked at, at the instant they were due.

use tokio::time::Instant;

use super::audit::{Audit, Origin, Write};
use super::build::Options;
use super::command;
use super::energies::{Counters, EnergyWords};
use super::mailbox::Mailbox;
use super::pdu::{self, ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, Request, WRITE_BLOCK, WRITE_ONE};
use super::registers::{COMMAND, MAILBOX, Model, Span, WORDS, other_data};

/// A meter. Built off the wire, then put behind a gateway; it counts only while it is there.
#[derive(Clone, Debug)]
pub struct Device {
    pub(super) model: Model,
    pub(super) serial_number: u32,
    pub(super) counters: Counters,
    pub(super) mailbox: Mailbox,
    pub(super) options: Options,
    pub(super) pending: Vec<Pending>,
}

/// A command on its way.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    due: Instant,
    code: u16,
}

/// Looking at it and turning its knobs, off the wire.
impl Device {
    /// Its model.
    pub fn model(&self) -> Model {
        self.model
    }

    /// Its serial number.
    pub fn serial_number(&self) -> u32 {
        self.serial_number
    }

    pub(super) fn set_serial_number(&mut self, serial_number: u32) {
        self.serial_number = serial_number;
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) fn counters_mut(&mut self) -> &mut Counters {
        &mut self.counters
    }

    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// The registers a request names, by the port's addressing.
    pub(super) fn span(&self, request: &Request) -> Span {
        let shift = u32::from(!self.options.jbus);
        Span { first: u32::from(request.address) + shift, count: request.count }
    }
}

/// On the wire.
impl Device {
    /// When the next command is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.pending.iter().map(|pending| pending.due).min()
    }

    /// Carries out the command that was due first.
    pub(super) fn execute_next(&mut self, audit: &mut Audit) {
        let first = (0..self.pending.len()).min_by_key(|&n| self.pending[n].due);
        let Some(first) = first else { return };
        let Pending { due, code } = self.pending.remove(first);
        command::execute(code, &mut self.mailbox, &mut self.counters, &self.options, due, audit);
    }

    /// Answers a request as this model does: the answer's PDU behind what is in `out`, or an exception code.
    pub(super) fn handle(
        &mut self,
        request: &Request,
        origin: Origin,
        torn: bool,
        now: Instant,
        audit: &mut Audit,
        out: &mut Vec<u8>,
    ) -> Result<(), u8> {
        if !self.model.knows_function(request.function) {
            return Err(ILLEGAL_FUNCTION);
        }
        if request.malformed {
            return Err(ILLEGAL_VALUE);
        }
        let span = self.span(request);
        if request.is_read() {
            return self.read(request.function, span, torn, now, out);
        }
        let refusal = self.options.block_write_exception.filter(|_| request.function == WRITE_BLOCK);
        self.write(request.function, span, &request.words, refusal, origin, now, audit)?;
        pdu::write_echo(out, request);
        Ok(())
    }

    /// Another master writes the mailbox.
    pub(super) fn foreign_write(&mut self, register: u16, words: &[u16], now: Instant, audit: &mut Audit) {
        let count = u16::try_from(words.len()).expect("the mailbox has 150 registers");
        let function = if count == 1 { WRITE_ONE } else { WRITE_BLOCK };
        let span = Span::new(register, count);
        let written = self.write(function, span, words, None, Origin::Foreign, now, audit);
        assert!(written.is_ok(), "a foreign master writes registers 8000–8149 of a meter that has them");
    }

    fn read(&self, function: u8, span: Span, torn: bool, now: Instant, out: &mut Vec<u8>) -> Result<(), u8> {
        if !span.lies_in(&(0..=u16::MAX)) {
            return Err(ILLEGAL_ADDRESS);
        }
        let first = span.first_register();
        let energies = if torn { self.counters.torn_words(now) } else { self.counters.words(now) };
        let begin = out.len();
        pdu::begin_read_answer(out, function, span.count);
        for register in (first..=u16::MAX).take(span.count.into()) {
            let Some(word) = self.word(register, &energies) else {
                out.truncate(begin);
                return Err(ILLEGAL_ADDRESS);
            };
            out.extend(word.to_be_bytes());
        }
        Ok(())
    }

    fn word(&self, register: u16, energies: &EnergyWords) -> Option<u16> {
        if let Some(place) = offset(register, self.model.energies_at(), WORDS) {
            let quantity = self.model.order()[place / 4];
            return Some(energies[4 * quantity + place % 4].cast_unsigned());
        }
        if let Some(place) = offset(register, self.model.serial_at(), 2) {
            let words = [self.serial_number as u16, (self.serial_number >> 16) as u16];
            return (!self.options.hides_serial_number).then_some(words[place]);
        }
        if self.model.has_mailbox() && MAILBOX.contains(&register) {
            return Some(self.mailbox.get(register));
        }
        self.model.has_other_data(register).then(|| other_data(self.serial_number, register))
    }

    #[expect(clippy::too_many_arguments, reason = "the record of a write names all of them")]
    fn write(
        &mut self,
        function: u8,
        span: Span,
        words: &[u16],
        refusal: Option<u8>,
        origin: Origin,
        now: Instant,
        audit: &mut Audit,
    ) -> Result<(), u8> {
        let writable = self.model.has_mailbox() && span.lies_in(&MAILBOX);
        let refused = refusal.or((!writable).then_some(ILLEGAL_ADDRESS));
        let (at, register) = (audit.offset(now), span.first_register());
        audit.write(Write { at, origin, function, register, words: words.to_vec(), refused });
        if let Some(code) = refused {
            return Err(code);
        }
        for (register, &word) in (register..).zip(words) {
            self.mailbox.set(register, word);
        }
        if let Some(place) = span.offset_of(COMMAND) {
            self.start(words[place], now, audit);
        }
        Ok(())
    }

    fn start(&mut self, code: u16, now: Instant, audit: &mut Audit) {
        self.pending.push(Pending { due: now + self.options.processing_time, code });
        if self.options.processing_time.is_zero() {
            self.execute_next(audit);
        }
    }
}

/// Where in a run of registers one lies.
fn offset(register: u16, first: u16, count: usize) -> Option<usize> {
    register.checked_sub(first).map(usize::from).filter(|&offset| offset < count)
}
