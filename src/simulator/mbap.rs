//! The frame around a PDU on TCP: transaction, protocol, length, unit.
//! Knows nothing of function codes. An RTU frame would sit beside this file with the same three functions
//! (`next`, `begin`, `finish`): connections use no others.

use std::ops::Range;

/// Bytes before the PDU: transaction (2), protocol (2), length (2), unit (1).
pub(super) const HEADER: usize = 7;
const PROTOCOL: [u8; 2] = [0, 0];
/// Unit and the longest PDU.
const LONGEST: usize = 254;

/// What an answer repeats of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
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
    /// A frame; its PDU lies in the range, and the frame ends where the range does.
    Frame(Header, Range<usize>),
}

/// Looks for a frame at the beginning of what was heard.
pub(super) fn next(heard: &[u8]) -> Heard {
    let Some(header) = heard.first_chunk::<HEADER>() else { return Heard::Part };
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    if header[2..4] != PROTOCOL || !(2..=LONGEST).contains(&length) {
        return Heard::Nonsense;
    }
    let end = HEADER - 1 + length;
    if heard.len() < end {
        return Heard::Part;
    }
    Heard::Frame(Header { transaction: [header[0], header[1]], unit: header[6] }, HEADER..end)
}

/// Begins a frame in an empty buffer; the PDU is pushed behind it.
pub(super) fn begin(out: &mut Vec<u8>, header: Header) {
    out.clear();
    out.extend(header.transaction);
    out.extend(PROTOCOL);
    out.extend([0, 0, header.unit]);
}

/// States the length, now that it is known.
pub(super) fn finish(out: &mut [u8]) {
    let length = u16::try_from(out.len() + 1 - HEADER).expect("frames are short");
    out[4..6].copy_from_slice(&length.to_be_bytes());
}
