//! Which request a fault strikes: a description that requests are held against.
//! Knows the procedure's steps only by what they look like on the wire.

use std::ops::RangeInclusive;

use super::pdu::Request;
use super::registers::{COMMAND, DATA, Model, PRESET, RESULT, Span, WORDS};

/// Which requests of a unit are meant: what they look like, how many of those are let pass first, and how many are
/// struck then (one, unless said otherwise).
///
/// ```
/// use meterferry::simulator::When;
/// let third_and_fourth_status_poll = When::status_poll().skip(2).times(2);
/// let every_single_write = When::function(6).always();
/// # let _ = (third_and_fourth_status_poll, every_single_write);
/// ```
#[derive(Clone, Debug)]
pub struct When {
    what: What,
    function: Option<u8>,
    skip: u32,
    times: u32,
}

#[derive(Clone, Debug)]
enum What {
    Any,
    Read(RangeInclusive<u16>),
    Write(RangeInclusive<u16>),
    Touching(RangeInclusive<u16>),
    SerialNumber,
    Energies,
    Stage,
    Pointers,
    ReadBack,
    Commit,
    StatusPoll,
    Fence,
}

/// What a matcher looks at.
pub(super) struct Sight<'a> {
    pub(super) request: &'a Request,
    pub(super) span: Span,
    pub(super) model: Model,
    /// A commit has been asked of this unit before.
    pub(super) after_commit: bool,
}

impl When {
    fn new(what: What) -> Self {
        Self { what, function: None, skip: 0, times: 1 }
    }

    /// Any request.
    pub fn any() -> Self {
        Self::new(What::Any)
    }

    /// Requests with this function code.
    pub fn function(code: u8) -> Self {
        Self::any().and_function(code)
    }

    /// Reads that touch any of these registers.
    pub fn read(registers: RangeInclusive<u16>) -> Self {
        Self::new(What::Read(registers))
    }

    /// Writes that touch any of these registers.
    pub fn write(registers: RangeInclusive<u16>) -> Self {
        Self::new(What::Write(registers))
    }

    /// Reads and writes that touch any of these registers.
    pub fn touching(registers: RangeInclusive<u16>) -> Self {
        Self::new(What::Touching(registers))
    }

    /// Reads of the serial number, wherever the model keeps it.
    pub fn serial_number() -> Self {
        Self::new(What::SerialNumber)
    }

    /// Reads of the accumulated energies, wherever the model keeps them.
    pub fn energies() -> Self {
        Self::new(What::Energies)
    }

    /// Writes into the data, 8022–8049, one or many.
    pub fn stage() -> Self {
        Self::new(What::Stage)
    }

    /// Writes into 8017–8021: pointers and cleared results, one or many.
    pub fn pointers() -> Self {
        Self::new(What::Pointers)
    }

    /// The read of all the data, 8022–8049, in one request.
    pub fn read_back() -> Self {
        Self::new(What::ReadBack)
    }

    /// The write of 6209 to register 8000.
    pub fn commit() -> Self {
        Self::new(What::Commit)
    }

    /// Reads of 8021 that are not a read-back.
    pub fn status_poll() -> Self {
        Self::new(What::StatusPoll)
    }

    /// A write that puts a word out of range into 8022 after a commit was asked for (obeyed or not). Staging anew with
    /// single writes may look the same.
    pub fn fence() -> Self {
        Self::new(What::Fence)
    }

    /// Only those with this function code.
    #[must_use]
    pub fn and_function(mut self, code: u8) -> Self {
        self.function = Some(code);
        self
    }

    /// Lets so many of them pass first.
    #[must_use]
    pub fn skip(mut self, passing: u32) -> Self {
        self.skip = passing;
        self
    }

    /// Only the nth of them from now, counted from 1.
    #[must_use]
    pub fn nth(self, nth: u32) -> Self {
        assert!(nth > 0, "the first is 1");
        self.skip(nth - 1)
    }

    /// Strikes so many of them in a row.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Strikes all of them.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(u32::MAX)
    }

    /// Holds a request against the description and counts it: is this one struck?
    pub(super) fn strikes(&mut self, sight: &Sight<'_>) -> bool {
        if self.is_spent() || !self.describes(sight) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if self.times != u32::MAX {
            self.times -= 1;
        }
        true
    }

    /// It will strike no more.
    pub(super) fn is_spent(&self) -> bool {
        self.times == 0
    }

    fn describes(&self, sight: &Sight<'_>) -> bool {
        self.function.is_none_or(|code| code == sight.request.function) && self.what.describes(sight)
    }
}

impl What {
    fn describes(&self, sight: &Sight<'_>) -> bool {
        let span = sight.span;
        let (reads, writes) = (sight.request.is_read(), sight.request.is_write());
        match self {
            Self::Any => true,
            Self::Read(registers) => reads && span.touches(registers),
            Self::Write(registers) => writes && span.touches(registers),
            Self::Touching(registers) => (reads || writes) && span.touches(registers),
            Self::SerialNumber => reads && span.touches(&run(sight.model.serial_at(), 2)),
            Self::Energies => reads && span.touches(&run(sight.model.energies_at(), WORDS)),
            Self::Stage => writes && span.touches(&run(DATA, WORDS)),
            Self::Pointers => writes && span.touches(&(8017..=8021)),
            Self::ReadBack => reads && span.covers(&run(DATA, WORDS)),
            Self::Commit => sight.writes_to(COMMAND) == Some(PRESET),
            Self::StatusPoll => {
                reads && span.touches(&(RESULT..=RESULT)) && !span.touches(&(DATA + 1..=DATA + 1))
            }
            Self::Fence => sight.after_commit && sight.writes_to(DATA).is_some_and(out_of_range),
        }
    }
}

impl Sight<'_> {
    /// The word a request writes to a register.
    pub(super) fn writes_to(&self, register: u16) -> Option<u16> {
        if !self.request.is_write() {
            return None;
        }
        self.request.words.get(self.span.offset_of(register)?).copied()
    }
}

fn run(first: u16, count: usize) -> RangeInclusive<u16> {
    first..=first + (count as u16 - 1)
}

fn out_of_range(word: u16) -> bool {
    !(-9999..=9999).contains(&word.cast_signed())
}
