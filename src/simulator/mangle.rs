//! Closes an answer's frame, bent where it is to be. Pure; works on whole frames.
//! Must not know why.

use super::fault::Bend;
use super::framing::Framing;
use super::pdu::{READ_HOLDING, READ_INPUT, WRITE_BLOCK, WRITE_ONE};

/// Closes a frame that has its header and its PDU. What is bent inside of it is covered by the length or the CRC, so
/// that the frame agrees with itself; garbage agrees with nothing. `previous` is the frame before this one.
pub(super) fn close(frame: &mut Vec<u8>, framing: Framing, how: Option<Bend>, previous: &[u8]) {
    if let Some(how) = how {
        bend(frame, framing, how);
    }
    framing.finish(frame);
    match how {
        Some(Bend::Garbage) => frame.iter_mut().enumerate().for_each(|(n, byte)| *byte = noise(n, *byte)),
        Some(Bend::Transaction) if framing == Framing::Rtu => {
            drop(frame.splice(..0, previous.iter().copied()))
        }
        _ => {}
    }
}

fn bend(frame: &mut Vec<u8>, framing: Framing, how: Bend) {
    let header = framing.header();
    let (unit, pdu) = (header - 1, &mut frame[header..]);
    let is_echo = matches!(pdu[0], WRITE_ONE | WRITE_BLOCK);
    match how {
        Bend::Short => shorten(frame, header),
        Bend::Long => lengthen(frame, header),
        Bend::Echo if is_echo => count_up(&mut pdu[3..5]),
        Bend::EchoAddress if is_echo => count_up(&mut pdu[1..3]),
        Bend::Echo | Bend::EchoAddress => {}
        Bend::Transaction if framing == Framing::Mbap => count_up(&mut frame[..2]),
        Bend::Unit => frame[unit] = frame[unit].wrapping_add(1),
        Bend::Function => pdu[0] = pdu[0].wrapping_add(1),
        Bend::Transaction | Bend::Garbage => {}
    }
}

fn shorten(frame: &mut Vec<u8>, header: usize) {
    match frame[header] {
        READ_HOLDING | READ_INPUT => frame[header + 1] -= 2,
        WRITE_ONE | WRITE_BLOCK => {}
        _ => return, // an exception has nothing to lose
    }
    frame.truncate(frame.len() - 2);
}

fn lengthen(frame: &mut Vec<u8>, header: usize) {
    match frame[header] {
        READ_HOLDING | READ_INPUT => frame[header + 1] = frame[header + 1].wrapping_add(2),
        WRITE_ONE | WRITE_BLOCK => {}
        _ => return,
    }
    frame.extend([0x12, 0x34]);
}

fn count_up(word: &mut [u8]) {
    let value = u16::from_be_bytes([word[0], word[1]]).wrapping_add(1);
    word.copy_from_slice(&value.to_be_bytes());
}

/// Looks random, and the protocol bytes on TCP (2 and 3) are never zero.
fn noise(place: usize, byte: u8) -> u8 {
    let place = u8::try_from(place % 251).expect("below 251");
    byte.wrapping_mul(37) ^ place.wrapping_mul(91) | 0x81
}
