//! `--trace`: every frame as it went over the wire, with the registers by name.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use tokio_modbus::{Request, Response};

use super::tap::Bytes;
use crate::transfer::Cause;

/// Where frames are written, a line each.
#[derive(Debug, Clone)]
pub struct Trace(Arc<Mutex<BufWriter<File>>>);

impl Trace {
    /// A new trace file; an old one of that name is replaced.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(BufWriter::new(File::create(path)?)))))
    }

    /// A trace never stops a transfer: what cannot be written is lost.
    fn line(&self, text: &str) {
        let mut file = lock(&self.0);
        let _ = writeln!(file, "{:.6} {text}", Timestamp::now());
        let _ = file.flush();
    }
}

/// One request and its answer at a time.
#[derive(Debug)]
pub(super) struct Exchange {
    trace: Trace,
    gateway: String,
    unit: u8,
    what: String,
}

impl Exchange {
    pub(super) fn new(trace: Trace, gateway: String) -> Self {
        Self { trace, gateway, unit: 0, what: String::new() }
    }

    pub(super) fn begin(&mut self, unit: u8, request: &Request<'_>) {
        self.unit = unit;
        self.what = describe(request);
    }

    pub(super) fn end(&mut self, bytes: &Bytes, result: &Result<Response, Cause>) {
        let came = match result {
            Ok(_) => "ok".to_owned(),
            Err(cause) => cause.to_string(),
        };
        let (gateway, unit) = (&self.gateway, self.unit);
        self.trace.line(&format!("{gateway} unit {unit} > {} {}", hex(&bytes.sent), self.what));
        self.trace.line(&format!("{gateway} unit {unit} < {} {came}", hex(&bytes.received)));
    }

    /// What was on a line before the first request, and was thrown away.
    pub(super) fn drained(&mut self, bytes: &Bytes) {
        if !bytes.received.is_empty() {
            self.trace.line(&format!(
                "{} < {} thrown away before the first request",
                self.gateway,
                hex(&bytes.received)
            ));
        }
    }
}

fn describe(request: &Request<'_>) -> String {
    match request {
        Request::ReadHoldingRegisters(address, count) => format!("read {}", span(*address, *count)),
        Request::WriteMultipleRegisters(address, words) => {
            format!("write {}", span(*address, u16::try_from(words.len()).unwrap_or(u16::MAX)))
        }
        Request::WriteSingleRegister(address, word) => {
            format!("write {} = {}", span(*address, 1), word.cast_signed())
        }
        other => format!("{other:?}"),
    }
}

/// Wire addresses, and the register they are under Modbus addressing.
fn span(address: u16, count: u16) -> String {
    let first = u32::from(address) + 1;
    let last = first + u32::from(count).saturating_sub(1);
    let numbers = if count == 1 { first.to_string() } else { format!("{first}-{last}") };
    format!("wire {address}+{count} = registers {numbers} ({})", name(first))
}

fn name(register: u32) -> &'static str {
    match register {
        1601..=1628 => "energies of a CM2000",
        1700..=1727 => "energies",
        2096..=2097 | 3016..=3018 => "serial number",
        8000 => "command",
        8017 => "pointers, status, buffer",
        8018..=8019 => "pointers",
        8020 => "command echo",
        8021 => "status",
        8022..=8049 => "buffer",
        _ => "other",
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push_str(&format!("{byte:02X}"));
    }
    if text.is_empty() { "(nothing)".to_owned() } else { text }
}

/// The data behind these locks is plain bytes: a panic elsewhere leaves nothing half-done in it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_by_register() {
        let read = Request::ReadHoldingRegisters(1699, 28);
        assert_eq!(describe(&read), "read wire 1699+28 = registers 1700-1727 (energies)");
        let commit = Request::WriteSingleRegister(7999, 6209);
        assert_eq!(describe(&commit), "write wire 7999+1 = registers 8000 (command) = 6209");
    }
}
