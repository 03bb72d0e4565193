//! The frame around a PDU on a serial line: unit, PDU, CRC-16/MODBUS with its low byte first.
//!
//! A slave on a real line finds the end of a frame by 3.5 characters of silence. A stream that has come through sockets
//! has no silence that can be trusted to stand between two frames, so the end is found by function code here; silence
//! only ends what has no end otherwise. Has no state, and no clock.

use super::framing::{Header, Heard};
use super::pdu::{READ_HOLDING, READ_INPUT, WRITE_BLOCK, WRITE_ONE};

/// Bytes before the PDU: unit (1).
pub(super) const HEADER: usize = 1;
const CRC: usize = 2;
/// Unit, a function code, CRC.
const SHORTEST: usize = HEADER + 1 + CRC;
/// Unit, the longest PDU, CRC.
const LONGEST: usize = 256;

/// Looks for a frame at the beginning of what was heard. Once it is `quiet`, all of it is a frame or nothing is.
pub(super) fn next(heard: &[u8], quiet: bool) -> Heard {
    match length(heard) {
        Some(end) if heard.len() >= end => frame(heard, end),
        _ if quiet || heard.len() > LONGEST => frame(heard, heard.len()),
        _ => Heard::Part,
    }
}

/// Begins a frame; the PDU is pushed behind it.
pub(super) fn begin(out: &mut Vec<u8>, header: Header) {
    out.push(header.unit);
}

/// Adds the CRC.
pub(super) fn finish(out: &mut Vec<u8>) {
    let crc = crc(out);
    out.extend(crc.to_le_bytes());
}

/// CRC-16/MODBUS: polynomial 0x8005 reflected, beginning with 0xFFFF.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, &byte| {
        (0..8).fold(crc ^ u16::from(byte), |crc, _| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xA001 })
    })
}

/// How long the frame is that begins here, if its beginning says so. A block that is too long to be one says nothing.
fn length(heard: &[u8]) -> Option<usize> {
    match *heard.get(HEADER)? {
        READ_HOLDING | READ_INPUT | WRITE_ONE => Some(HEADER + 5 + CRC),
        WRITE_BLOCK => {
            let bytes = usize::from(*heard.get(HEADER + 5)?);
            Some(HEADER + 6 + bytes + CRC).filter(|&length| length <= LONGEST)
        }
        _ => None,
    }
}

/// A frame that ends there, if its CRC is right. The receiver of a CRC over everything, itself included, finds zero.
fn frame(heard: &[u8], end: usize) -> Heard {
    if !(SHORTEST..=LONGEST).contains(&end) || crc(&heard[..end]) != 0 {
        return Heard::Nonsense;
    }
    let header = Header { transaction: [0, 0], unit: heard[0] };
    Heard::Frame { header, pdu: HEADER..end - CRC, end }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A read of ten registers, as the Modbus literature prints it.
    const READ: [u8; 8] = [0x01, 0x03, 0x00, 0x00, 0x00, 0x0A, 0xC5, 0xCD];

    fn closed(bytes: &[u8]) -> Vec<u8> {
        let mut frame = bytes.to_vec();
        finish(&mut frame);
        frame
    }

    fn frame_of(unit: u8, end: usize) -> Heard {
        Heard::Frame { header: Header { transaction: [0, 0], unit }, pdu: 1..end - 2, end }
    }

    #[test]
    fn the_crc_is_that_of_the_catalogues() {
        assert_eq!(crc(b"123456789"), 0x4B37);
        assert_eq!(closed(&READ[..6]), READ);
        let write = [0x11, 0x06, 0x00, 0x01, 0x00, 0x03, 0x9A, 0x9B];
        assert_eq!(closed(&write[..6]), write);
    }

    #[test]
    fn the_end_of_a_frame_is_found_by_function_code_wherever_it_was_cut() {
        let block = closed(&[7, 16, 0x1F, 0x55, 0, 2, 4, 0, 1, 0, 2]);
        for frame in [READ.to_vec(), block] {
            for heard in 0..frame.len() {
                assert_eq!(next(&frame[..heard], false), Heard::Part, "{heard} bytes");
            }
            let behind = [&frame[..], &READ].concat();
            for heard in [&frame, &behind] {
                assert_eq!(next(heard, false), frame_of(frame[0], frame.len()));
                assert_eq!(next(heard, true), frame_of(frame[0], frame.len()));
            }
        }
    }

    #[test]
    fn a_wrong_bit_anywhere_makes_it_nonsense() {
        for place in 0..READ.len() * 8 {
            let mut frame = READ;
            frame[place / 8] ^= 1 << (place % 8);
            assert_eq!(next(&frame, true), Heard::Nonsense, "bit {place}");
        }
    }

    #[test]
    fn what_says_no_length_ends_with_silence() {
        let identify = closed(&[1, 43, 14, 1, 0]);
        assert_eq!(next(&identify, false), Heard::Part);
        assert_eq!(next(&identify, true), frame_of(1, identify.len()));
        let short_block = closed(&[1, 16, 0, 0, 0, 2, 9, 0, 1]);
        assert_eq!(next(&short_block, false), Heard::Part);
        assert_eq!(next(&short_block, true), frame_of(1, short_block.len()));
        assert_eq!(next(&READ[..7], true), Heard::Nonsense);
        assert_eq!(next(&[1, 99], true), Heard::Nonsense);
        assert_eq!(next(&[0xFF; 257], false), Heard::Nonsense, "no frame is as long");
    }
}
