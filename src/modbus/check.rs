//! Requests as the library wants them, and the exact checks that it leaves to us: its own length and echo
//! checks are debug assertions only.

use std::borrow::Cow;

use tokio_modbus::{ExceptionCode, Request, Response};

use crate::{
    campaign::Framing,
    meter::{Addressing, Read, Register, Write},
    transfer::Cause,
};

/// Register N is wire address N−1, or N on a port set to Jbus (PM8-MAN p. 79; DOMAIN.md §4).
const fn wire_address(register: Register, addressing: Addressing) -> u16 {
    match addressing {
        Addressing::Modbus => register.number().saturating_sub(1),
        Addressing::Jbus => register.number(),
    }
}

pub(super) const fn read_request(read: Read, addressing: Addressing) -> Request<'static> {
    Request::ReadHoldingRegisters(wire_address(read.first, addressing), read.count)
}

pub(super) const fn read_input_request(read: Read, addressing: Addressing) -> Request<'static> {
    Request::ReadInputRegisters(wire_address(read.first, addressing), read.count)
}

pub(super) fn write_request(write: &Write, addressing: Addressing) -> Request<'static> {
    match write {
        Write::Block { first, words } => {
            Request::WriteMultipleRegisters(wire_address(*first, addressing), Cow::Owned(words.clone()))
        }
        Write::Single { register, word } => {
            Request::WriteSingleRegister(wire_address(*register, addressing), *word)
        }
    }
}

/// Whether the bytes that came are the answer's frame and nothing else. The library reads no further than what it needs,
/// and in RTU framing it skips what it cannot read: neither may pass for an answer.
///
/// In MBAP framing only the frame's own length is looked at: the transaction number says whose answer it is.
pub(super) fn whole(
    framing: Framing,
    received: &[u8],
    answered: &Result<Response, ExceptionCode>,
) -> Result<(), Cause> {
    let pdu = match answered {
        Ok(Response::ReadHoldingRegisters(words) | Response::ReadInputRegisters(words)) => {
            2 + 2 * words.len()
        }
        Ok(Response::WriteSingleRegister(..) | Response::WriteMultipleRegisters(..)) => 5,
        // The next check complains of the function.
        Ok(_) => return Ok(()),
        Err(_) => 2,
    };
    let (came, due) = match framing {
        Framing::Mbap => {
            let length = received.get(4..6).map_or(0, |length| u16::from_be_bytes([length[0], length[1]]));
            (usize::from(length), 1 + pdu)
        }
        Framing::Rtu => (received.len(), 1 + pdu + 2),
    };
    if came == due {
        return Ok(());
    }
    Err(Cause::Nonsense(format!("a frame of {due} bytes was due, and {came} came")))
}

/// The registers of an answer, exactly as many as were asked for.
pub(super) fn registers(read: Read, response: Response) -> Result<Vec<u16>, Cause> {
    match response {
        Response::ReadHoldingRegisters(words) if words.len() == usize::from(read.count) => Ok(words),
        Response::ReadHoldingRegisters(words) => {
            Err(Cause::Nonsense(format!("{} registers, asked for {}", words.len(), read.count)))
        }
        other => Err(Cause::Nonsense(format!("an answer to another function: {other:?}"))),
    }
}

/// The registers of an answer to function 04.
pub(super) fn input_registers(read: Read, response: Response) -> Result<Vec<u16>, Cause> {
    match response {
        Response::ReadInputRegisters(words) if words.len() == usize::from(read.count) => Ok(words),
        other => Err(Cause::Nonsense(format!("not the answer to function 04: {other:?}"))),
    }
}

/// Whether an answer is the exact echo of a write.
pub(super) fn echo(write: &Write, addressing: Addressing, response: &Response) -> Result<(), Cause> {
    let exact = match (write, response) {
        (Write::Block { first, words }, Response::WriteMultipleRegisters(address, count)) => {
            *address == wire_address(*first, addressing) && usize::from(*count) == words.len()
        }
        (Write::Single { register, word }, Response::WriteSingleRegister(address, echoed)) => {
            *address == wire_address(*register, addressing) && echoed == word
        }
        _ => false,
    };
    if exact { Ok(()) } else { Err(Cause::Nonsense(format!("not the echo of the write: {response:?}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn register_n_is_wire_address_n_minus_one_unless_the_port_speaks_jbus() {
        assert_eq!(wire_address(Register::new(1700), Addressing::Modbus), 1699);
        assert_eq!(wire_address(Register::new(1700), Addressing::Jbus), 1700);
    }

    #[test]
    fn an_answer_with_fewer_registers_is_nonsense() {
        let read = Read { first: Register::new(1700), count: 28 };
        assert!(registers(read, Response::ReadHoldingRegisters(vec![0; 28])).is_ok());
        assert!(registers(read, Response::ReadHoldingRegisters(vec![0; 27])).is_err());
        assert!(registers(read, Response::ReadInputRegisters(vec![0; 28])).is_err());
    }

    #[test]
    fn only_the_exact_echo_confirms_a_write() {
        let write = Write::Single { register: Register::new(8000), word: 6209 };
        let echoed =
            |address, word| echo(&write, Addressing::Modbus, &Response::WriteSingleRegister(address, word));
        assert!(echoed(7999, 6209).is_ok());
        assert!(echoed(8000, 6209).is_err());
        assert!(echoed(7999, 6210).is_err());
        let block = Write::Block { first: Register::new(8022), words: vec![0; 28] };
        let answer = |count| echo(&block, Addressing::Modbus, &Response::WriteMultipleRegisters(8021, count));
        assert!(answer(28).is_ok());
        assert!(answer(27).is_err());
    }
}
