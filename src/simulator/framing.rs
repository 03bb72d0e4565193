//! What surrounds a PDU on the wire: the choice between the frames of TCP (`mbap`) and of a serial line (`rtu`).
//! Knows nothing of function codes beyond what a framing needs to find the end of a frame.

use std::ops::Range;

use super::{mbap, rtu};

/// How a gateway's frames look. It listens on a TCP socket either way.
///
/// With [`Framing::Rtu`] a gateway is what a serial device server is: a transparent way to one serial line. Whatever
/// comes from the line goes to every client that is connected *then*, so an answer that is late reaches a client that
/// never asked, over a connection that did not exist when the question was put. Nobody answers for a unit that is not
/// there. A connection that is closed or cut takes nothing off the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// Modbus TCP: a header with a transaction number.
    #[default]
    Mbap,
    /// Modbus RTU: unit, PDU, CRC-16, and no number by which an answer could be told from another.
    Rtu,
}

/// What an answer repeats of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Zero where frames have none.
    pub(super) transaction: [u8; 2],
    pub(super) unit: u8,
}

/// What stands at the beginning of the bytes heard so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Not a whole frame yet.
    Part,
    /// No frame can begin like this.
    Nonsense,
    /// A frame.
    Frame {
        header: Header,
        /// Where its PDU lies.
        pdu: Range<usize>,
        /// Where it ends.
        end: usize,
    },
}

impl Framing {
    /// Looks for a frame at the beginning of what was heard; `quiet` once no byte has come for a while.
    pub(super) fn next(self, heard: &[u8], quiet: bool) -> Heard {
        match self {
            Self::Mbap => mbap::next(heard),
            Self::Rtu => rtu::next(heard, quiet),
        }
    }

    /// Bytes before the PDU; the unit is the last of them.
    pub(super) const fn header(self) -> usize {
        match self {
            Self::Mbap => mbap::HEADER,
            Self::Rtu => rtu::HEADER,
        }
    }

    /// Begins a frame in an empty buffer; the PDU is pushed behind it.
    pub(super) fn begin(self, out: &mut Vec<u8>, header: Header) {
        out.clear();
        match self {
            Self::Mbap => mbap::begin(out, header),
            Self::Rtu => rtu::begin(out, header),
        }
    }

    /// States what can be stated only now that the PDU is there.
    pub(super) fn finish(self, out: &mut Vec<u8>) {
        match self {
            Self::Mbap => mbap::finish(out),
            Self::Rtu => rtu::finish(out),
        }
    }
}
