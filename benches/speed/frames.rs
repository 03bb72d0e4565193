//! The frames of a transfer without trouble, as they go over the wire (Modbus TCP), and how long their answers are.

use crate::shape::{Place, Shape, energies};

/// A request to one of the two meters.
#[derive(Debug, Clone)]
pub struct Request {
    pub to: Place,
    pub frame: Vec<u8>,
    /// Bytes of the answer, header included.
    pub answer: usize,
}

const READ: u8 = 3;
const WRITE_ONE: u8 = 6;
const WRITE_BLOCK: u8 = 16;

const SERIAL_NUMBER: u16 = 3017;
const ENERGIES: u16 = 1700;
const COMMAND: u16 = 8000;
const POINTERS: u16 = 8017;
const STATUS: u16 = 8021;
const BUFFER: u16 = 8022;
/// What 8017–8021 are given: three pointers, nothing, and a marker.
const POINTER_WORDS: [u16; 5] = [8020, 8021, 8022, 0, 28_006];
const PRESET: u16 = 6209;

/// In order. Held against a trace of meterferry's before anything is compared.
pub fn of(shape: &Shape, transfer: usize) -> Vec<Request> {
    let (source, target) = (shape.source(transfer), shape.target(transfer));
    let words = words(energies(transfer));
    vec![
        read(source, SERIAL_NUMBER, 2),
        read(source, ENERGIES, 28),
        read(source, ENERGIES, 28),
        read(target, SERIAL_NUMBER, 2),
        read(target, ENERGIES, 28),
        write_block(target, BUFFER, &words),
        write_block(target, POINTERS, &POINTER_WORDS),
        read(target, POINTERS, 33),
        write_one(target, COMMAND, PRESET),
        read(target, STATUS, 1),
        read(target, ENERGIES, 28),
    ]
}

fn words(energies: [i64; 7]) -> Vec<u16> {
    let four = |energy: i64| [0, 4, 8, 12].map(|digits| (energy / 10_i64.pow(digits) % 10_000) as u16);
    energies.into_iter().flat_map(four).collect()
}

fn read(to: Place, register: u16, count: u16) -> Request {
    let pdu = [&[READ][..], &(register - 1).to_be_bytes(), &count.to_be_bytes()].concat();
    Request { to, frame: framed(to, &pdu), answer: 9 + 2 * usize::from(count) }
}

fn write_one(to: Place, register: u16, word: u16) -> Request {
    let pdu = [&[WRITE_ONE][..], &(register - 1).to_be_bytes(), &word.to_be_bytes()].concat();
    Request { to, frame: framed(to, &pdu), answer: 12 }
}

fn write_block(to: Place, register: u16, words: &[u16]) -> Request {
    let count = words.len() as u16;
    let mut pdu = [&[WRITE_BLOCK][..], &(register - 1).to_be_bytes(), &count.to_be_bytes()].concat();
    pdu.push(2 * count as u8);
    pdu.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    Request { to, frame: framed(to, &pdu), answer: 12 }
}

/// Behind its header; every request bears the same transaction number.
fn framed(to: Place, pdu: &[u8]) -> Vec<u8> {
    let length = (pdu.len() + 1) as u16;
    [&[0, 1, 0, 0][..], &length.to_be_bytes(), &[to.unit], pdu].concat()
}
