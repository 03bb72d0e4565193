//! What can go wrong with a request, and the plan it is then served by.
//! Every fault is an edit of the plan, so that several may strike the same request. Knows no bytes and no devices.

use std::time::Duration;

use serde::Serialize;

/// Something that goes wrong with one request.
///
/// Several faults may strike one request (a [`Fault::ForeignWrite`] and a [`Fault::SwallowResponse`], say); where two
/// disagree, the one injected later wins.
///
/// All of them strike in either framing. With [`Framing::Rtu`](super::Framing::Rtu), what says "connection" means every
/// connection to the line that there is at that instant, and these differ:
/// [`LateResponse`](Fault::LateResponse), [`LateExecution`](Fault::LateExecution),
/// [`DuplicateExecution`](Fault::DuplicateExecution), [`WrongTransaction`](Fault::WrongTransaction).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Fault {
    /// Not executed, no answer.
    SwallowRequest,
    /// Executed, no answer.
    SwallowResponse,
    /// Executed; the answer comes this much later, on the same connection if it is still there, even after the
    /// answers to later requests. RTU: it comes to whoever is connected then.
    LateResponse(Duration),
    /// No answer; executed this much later, connection or not, by whatever device is there then. RTU: it is answered
    /// then, to whoever is connected.
    LateExecution(Duration),
    /// Not executed, connection closed.
    DropBefore,
    /// Executed, connection closed without an answer.
    DropAfter,
    /// Not executed, answered with this exception.
    Exception(u8),
    /// Executed, and answered with this exception all the same.
    ExceptionAfter(u8),
    /// One register fewer than asked for, in a frame that agrees with itself. (An echo of a write loses its last word.)
    ShortResponse,
    /// One register more than asked for, in a frame that agrees with itself. (An echo of a write gains a word.)
    LongResponse,
    /// A write is echoed with another value (function 06) or quantity (16). Reads are answered faithfully.
    WrongEcho,
    /// A write is echoed with another address. Reads are answered faithfully.
    WrongEchoAddress,
    /// The answer bears the next transaction number. RTU, where there is none: the answer to the request before, whatever
    /// unit that was for, comes once more, and this one's right behind it. (At the first request: this one's alone.)
    WrongTransaction,
    /// The answer comes from the next unit.
    WrongUnit,
    /// The answer bears another function code.
    WrongFunction,
    /// Bytes that are no frame instead of the answer.
    Garbage,
    /// The first half of the answer, then silence.
    Truncated,
    /// The first half of the answer, then the connection is closed.
    TruncatedDrop,
    /// The answer byte by byte, this long apart.
    OneByteAtATime(Duration),
    /// Another master writes the mailbox just before; then the request is handled as usual. Needs a model with a
    /// mailbox, and registers within it.
    ForeignWrite {
        /// First register.
        register: u16,
        /// The words.
        words: Vec<u16>,
    },
    /// Handled this much later: the bus is busy with it meanwhile.
    Delay(Duration),
    /// Executed now and answered, and executed again this much later: a gateway that sends again by itself. RTU: it is
    /// answered again, too.
    DuplicateExecution(Duration),
    /// Another serial number from this request on: the meter was exchanged, its contents as they were.
    SerialBecomes(u32),
    /// Energies are read in the middle of a carry: every quantity that is not zero 10,000 too high.
    TornRead,
}

/// What happens to the meter just before a request is handled.
#[derive(Clone, Debug)]
pub(super) enum Before {
    ForeignWrite { register: u16, words: Vec<u16> },
    SerialBecomes(u32),
}

/// When a request is executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Execute {
    #[default]
    Now,
    Never,
    Later(Duration),
}

/// How the answer is bent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bend {
    Short,
    Long,
    Echo,
    EchoAddress,
    Transaction,
    Unit,
    Function,
    Garbage,
}

/// How the answer is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Deliver {
    #[default]
    Whole,
    Nothing,
    Late(Duration),
    Close,
    Half,
    HalfThenClose,
    ByteByByte(Duration),
}

/// How one request is served. The default is a faithful gateway.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) delay: Duration,
    pub(super) before: Vec<Before>,
    pub(super) execute: Execute,
    pub(super) again: Option<Duration>,
    pub(super) torn: bool,
    pub(super) exception: Option<u8>,
    pub(super) bend: Option<Bend>,
    pub(super) deliver: Deliver,
    /// The gateway waits in vain for an answer of this unit, and its bus with it.
    unit_is_silent: bool,
    is_broadcast: bool,
}

impl Plan {
    /// Nobody is there to answer.
    pub(super) fn silence() -> Self {
        Self { unit_is_silent: true, ..Self::unexecuted(Deliver::Nothing) }
    }

    /// The gateway answers with an exception of its own.
    pub(super) fn gateway_exception(code: u8) -> Self {
        Self { unit_is_silent: true, exception: Some(code), ..Self::unexecuted(Deliver::Whole) }
    }

    /// Nobody obeys, nobody answers, and nobody is waited for.
    pub(super) fn broadcast() -> Self {
        Self { is_broadcast: true, ..Self::unexecuted(Deliver::Nothing) }
    }

    fn unexecuted(deliver: Deliver) -> Self {
        Self { execute: Execute::Never, deliver, ..Self::default() }
    }

    /// The gateway waits in vain for the unit to answer.
    pub(super) fn waits_in_vain(&self) -> bool {
        let swallowed = self.deliver == Deliver::Nothing && self.execute != Execute::Now;
        self.unit_is_silent || (swallowed && !self.is_broadcast)
    }

    /// How much later it is executed, or executed again.
    pub(super) fn executed_later(&self) -> impl Iterator<Item = Duration> {
        let later = match self.execute {
            Execute::Later(time) => Some(time),
            Execute::Now | Execute::Never => None,
        };
        later.into_iter().chain(self.again)
    }

    /// Changes the plan as the fault demands.
    pub(super) fn suffer(&mut self, fault: &Fault) {
        match *fault {
            Fault::SwallowRequest => self.answer(Execute::Never, Deliver::Nothing),
            Fault::SwallowResponse => self.answer(Execute::Now, Deliver::Nothing),
            Fault::LateResponse(time) => self.answer(Execute::Now, Deliver::Late(time)),
            Fault::LateExecution(time) => self.answer(Execute::Later(time), Deliver::Nothing),
            Fault::DropBefore => self.answer(Execute::Never, Deliver::Close),
            Fault::DropAfter => self.answer(Execute::Now, Deliver::Close),
            Fault::Exception(code) => self.except(Execute::Never, code),
            Fault::ExceptionAfter(code) => self.except(Execute::Now, code),
            Fault::ShortResponse => self.bend = Some(Bend::Short),
            Fault::LongResponse => self.bend = Some(Bend::Long),
            Fault::WrongEcho => self.bend = Some(Bend::Echo),
            Fault::WrongEchoAddress => self.bend = Some(Bend::EchoAddress),
            Fault::WrongTransaction => self.bend = Some(Bend::Transaction),
            Fault::WrongUnit => self.bend = Some(Bend::Unit),
            Fault::WrongFunction => self.bend = Some(Bend::Function),
            Fault::Garbage => self.bend = Some(Bend::Garbage),
            Fault::Truncated => self.deliver = Deliver::Half,
            Fault::TruncatedDrop => self.deliver = Deliver::HalfThenClose,
            Fault::OneByteAtATime(pause) => self.deliver = Deliver::ByteByByte(pause),
            Fault::ForeignWrite { register, ref words } => {
                self.before.push(Before::ForeignWrite { register, words: words.clone() });
            }
            Fault::Delay(time) => self.delay += time,
            Fault::DuplicateExecution(time) => self.again = Some(time),
            Fault::SerialBecomes(number) => self.before.push(Before::SerialBecomes(number)),
            Fault::TornRead => self.torn = true,
        }
    }

    fn answer(&mut self, execute: Execute, deliver: Deliver) {
        (self.execute, self.deliver) = (execute, deliver);
    }

    fn except(&mut self, execute: Execute, code: u8) {
        self.answer(execute, Deliver::Whole);
        self.exception = Some(code);
    }
}
