//! The frame around a PDU on TCP: transaction, protocol, length, unit.
//! Knows nothing of function codes. An RTU frame stands beside this file with the same three functions
//! (`next`, `begin`, `finish`).

use super::framing::{Header, Heard};

/// Bytes before the PDU: transaction (2), protocol (2), length (2), unit (1).
pub(super) const HEADER: usize = 7;
const PROTOCOL: [u8; 2] = [0, 0];
/// Unit and the longest PDU.
const LONGEST: usize = 254;

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
    let header = Header { transaction: [header[0], header[1]], unit: header[6] };
    Heard::Frame { header, pdu: HEADER..end, end }
}

/// Begins a frame; the PDU is pushed behind it.
pub(super) fn begin(out: &mut Vec<u8>, header: Header) {
    out.extend(header.transaction);
    out.extend(PROTOCOL);
    out.extend([0, 0, header.unit]);
}

/// States the length, now that it is known.
pub(super) fn finish(out: &mut [u8]) {
    let length = u16::try_from(out.len() + 1 - HEADER).expect("frames are short");
    out[4..6].copy_from_slice(&length.to_be_bytes());
}
