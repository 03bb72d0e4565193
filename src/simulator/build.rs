//! Setting a meter up: its contents, its load, and the options of its firmware (DOMAIN.md §1–§4).
//! Knows nothing of requests, time or gateways.

use std::time::Duration;

use super::device::Device;
use super::energies::{Counters, Energies, EnergyWords, Load, Totals};
use super::mailbox::Mailbox;
use super::pdu::ILLEGAL_FUNCTION;
use super::registers::Model;

/// What differs from one firmware or set-up to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub(super) jbus: bool,
    pub(super) hides_serial_number: bool,
    pub(super) block_write_exception: Option<u8>,
    pub(super) processing_time: Duration,
    pub(super) quiet_success: bool,
    pub(super) clears_command: bool,
    pub(super) fixed_status: Option<u16>,
}

/// Building.
impl Device {
    /// A meter with all energies at zero, no load, Modbus addressing, answering at once.
    pub fn new(model: Model, serial_number: u32) -> Self {
        Self {
            model,
            serial_number,
            counters: Counters::new(),
            mailbox: Mailbox::default(),
            options: Options::default(),
            pending: Vec::new(),
        }
    }

    /// The energies it begins with, modulo 10¹⁶.
    #[must_use]
    pub fn with_energies(mut self, energies: Energies) -> Self {
        self.counters.set(energies, None);
        self
    }

    /// The words it shows, whatever they are, until a preset. They do not grow.
    #[must_use]
    pub fn with_raw_words(mut self, words: EnergyWords) -> Self {
        self.counters.set_raw(words);
        self
    }

    /// What passes through it.
    #[must_use]
    pub fn with_load(mut self, load: Load) -> Self {
        self.counters.set_load(load, None);
        self
    }

    /// How its totals grow.
    #[must_use]
    pub fn with_totals(mut self, totals: Totals) -> Self {
        self.counters.set_totals(totals);
        self
    }

    /// What somebody left in its mailbox. Panics if a register is outside 8000–8149.
    #[must_use]
    pub fn with_mailbox(mut self, register: u16, words: &[u16]) -> Self {
        for (register, &word) in (register..).zip(words) {
            self.mailbox.set(register, word);
        }
        self
    }

    /// A port set to Jbus: the wire address is the register number.
    #[must_use]
    pub fn with_jbus_addressing(mut self) -> Self {
        self.options.jbus = true;
        self
    }

    /// The serial number's registers answer with exception 02.
    #[must_use]
    pub fn hiding_its_serial_number(mut self) -> Self {
        self.options.hides_serial_number = true;
        self
    }

    /// Function 16 is answered with exception 01.
    #[must_use]
    pub fn rejecting_block_writes(self) -> Self {
        self.answering_block_writes_with(ILLEGAL_FUNCTION)
    }

    /// Function 16 is answered with an exception of choice, and not executed.
    #[must_use]
    pub fn answering_block_writes_with(mut self, exception: u8) -> Self {
        self.options.block_write_exception = Some(exception);
        self
    }

    /// From the write of a command to its execution; pointers, data and results are looked at and written only then.
    #[must_use]
    pub fn with_processing_time(mut self, time: Duration) -> Self {
        self.options.processing_time = time;
        self
    }

    /// Success leaves the result register untouched; only errors are given back.
    #[must_use]
    pub fn keeping_quiet_about_success(mut self) -> Self {
        self.options.quiet_success = true;
        self
    }

    /// Register 8000 goes back to 0 after a command.
    #[must_use]
    pub fn clearing_its_command_register(mut self) -> Self {
        self.options.clears_command = true;
        self
    }

    /// Every command ends with this status and has no effect.
    #[must_use]
    pub fn always_answering(mut self, status: u16) -> Self {
        self.options.fixed_status = Some(status);
        self
    }
}
