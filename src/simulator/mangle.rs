//! Bends the bytes of a faithful answer. Pure; works on whole frames on TCP.
//! Must not know why.

use super::fault::Bend;
use super::mbap::{self, HEADER};
use super::pdu::{READ_HOLDING, READ_INPUT, WRITE_BLOCK, WRITE_ONE};

/// Bends a frame in place.
pub(super) fn bend(frame: &mut Vec<u8>, how: Bend) {
    match how {
        Bend::Short => shorten(frame),
        Bend::Long => lengthen(frame),
        Bend::Echo if is_echo(frame) => count_up(&mut frame[HEADER + 3..HEADER + 5]),
        Bend::EchoAddress if is_echo(frame) => count_up(&mut frame[HEADER + 1..HEADER + 3]),
        Bend::Echo | Bend::EchoAddress => {}
        Bend::Transaction => count_up(&mut frame[..2]),
        Bend::Unit => frame[HEADER - 1] = frame[HEADER - 1].wrapping_add(1),
        Bend::Function => frame[HEADER] = frame[HEADER].wrapping_add(1),
        Bend::Garbage => frame.iter_mut().enumerate().for_each(|(n, byte)| *byte = noise(n, *byte)),
    }
}

fn is_read_answer(frame: &[u8]) -> bool {
    matches!(frame[HEADER], READ_HOLDING | READ_INPUT)
}

fn is_echo(frame: &[u8]) -> bool {
    matches!(frame[HEADER], WRITE_ONE | WRITE_BLOCK)
}

fn shorten(frame: &mut Vec<u8>) {
    if is_read_answer(frame) {
        frame[HEADER + 1] -= 2;
    } else if !is_echo(frame) {
        return; // an exception has nothing to lose
    }
    frame.truncate(frame.len() - 2);
    mbap::finish(frame);
}

fn lengthen(frame: &mut Vec<u8>) {
    if is_read_answer(frame) {
        frame[HEADER + 1] = frame[HEADER + 1].wrapping_add(2);
    } else if !is_echo(frame) {
        return;
    }
    frame.extend([0x12, 0x34]);
    mbap::finish(frame);
}

fn count_up(word: &mut [u8]) {
    let value = u16::from_be_bytes([word[0], word[1]]).wrapping_add(1);
    word.copy_from_slice(&value.to_be_bytes());
}

/// Looks random, and the protocol bytes (2 and 3) are never zero.
fn noise(place: usize, byte: u8) -> u8 {
    let place = u8::try_from(place % 251).expect("below 251");
    byte.wrapping_mul(37) ^ place.wrapping_mul(91) | 0x81
}
