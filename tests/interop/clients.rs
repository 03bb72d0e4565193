//! mbpoll and pymodbus as clients: the maker's whole procedure on one of our simulated meters.

use std::{
    ffi::OsString,
    process::{Command, Stdio},
};

use meterferry::simulator::Framing;
use serde_json::{Value, json};

use crate::{
    Test,
    needs::{self, Need},
    pty::Pty,
    simulated::{SERIAL_WORDS, Simulated, UNIT, words},
    support::{Ended, finish},
};

pub fn tests() -> Vec<Test> {
    use Need::{Mbpoll, Pymodbus, Socat};
    vec![
        Test("client::mbpoll_over_tcp", &[Mbpoll], Box::new(mbpoll_over_tcp)),
        Test("client::mbpoll_on_a_serial_line", &[Mbpoll, Socat], Box::new(mbpoll_on_a_serial_line)),
        Test(
            "client::mbpoll_hears_nothing_from_another_unit",
            &[Mbpoll, Socat],
            Box::new(mbpoll_another_unit),
        ),
        Test(
            "client::pymodbus_over_tcp",
            &[Pymodbus],
            Box::new(|| pymodbus_on_a_socket("tcp", Framing::Mbap)),
        ),
        Test(
            "client::pymodbus_over_rtu_over_tcp",
            &[Pymodbus],
            Box::new(|| pymodbus_on_a_socket("rtu-over-tcp", Framing::Rtu)),
        ),
        Test("client::pymodbus_on_a_serial_line", &[Pymodbus, Socat], Box::new(pymodbus_on_a_serial_line)),
    ]
}

fn mbpoll_over_tcp() {
    let meter = Simulated::new(Framing::Mbap);
    let port = meter.socket.port().to_string();
    mbpoll_presets(&meter, &["-m", "tcp", "-p", &port, "127.0.0.1"].map(OsString::from));
}

fn mbpoll_on_a_serial_line() {
    let meter = Simulated::new(Framing::Rtu);
    let line = Pty::to(meter.socket);
    mbpoll_presets(&meter, &serial(&line));
}

fn mbpoll_another_unit() {
    let meter = Simulated::new(Framing::Rtu);
    let line = Pty::to(meter.socket);
    let mbpoll = Mbpoll { way: &serial(&line), unit: UNIT + 1 };
    let ended = mbpoll.run(3017, &["-c", "2", "-o", "0.2"], &[]);
    assert!(ended.stderr.contains("timed out"), "{ended:?}");
    assert_eq!(meter.gateway.audit(UNIT).requests_total(), 0);
}

fn serial(line: &Pty) -> [OsString; 7] {
    let device = line.near().into_os_string();
    ["-m", "rtu", "-b", "19200", "-P", "none"]
        .map(OsString::from)
        .into_iter()
        .chain([device])
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

/// mbpoll, and how it reaches the meter.
struct Mbpoll<'a> {
    way: &'a [OsString],
    unit: u8,
}

impl Mbpoll<'_> {
    /// Reads the words from a register on.
    fn read(&self, register: u16, count: u16) -> Vec<u16> {
        let ended = self.run(register, &["-c", &count.to_string()], &[]).exits(0);
        let lines = ended.stdout.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]:"));
        let read: Vec<(u16, u16)> = lines
            .map(|(number, word)| {
                // Above 32767 it adds the negative reading in brackets.
                let word = word.split_whitespace().next().unwrap();
                (number.parse().unwrap(), word.parse().unwrap())
            })
            .collect();
        assert!(read.iter().map(|(number, _)| *number).eq(register..register + count), "{}", ended.stdout);
        read.into_iter().map(|(_, word)| word).collect()
    }

    /// Writes words from a register on: one with function 06, more with 16.
    fn write(&self, register: u16, words: &[u16]) {
        let words: Vec<_> = words.iter().map(u16::to_string).collect();
        self.run(register, &[], &words).exits(0);
    }

    fn run(&self, register: u16, further: &[&str], words: &[String]) -> Ended {
        let mut command = Command::new("mbpoll");
        command.args(["-a", &self.unit.to_string(), "-r", &register.to_string(), "-1", "-q"]).args(further);
        command.args(self.way).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        finish(command)
    }
}

fn mbpoll_presets(meter: &Simulated, way: &[OsString]) {
    let mbpoll = Mbpoll { way, unit: UNIT };
    assert_eq!(mbpoll.read(3017, 2), SERIAL_WORDS);
    assert_eq!(mbpoll.read(1700, 28), [0; 28]);
    mbpoll.write(8022, &words());
    mbpoll.write(8017, &[8020, 8021, 8022, 0, 4242]);
    assert_eq!(mbpoll.read(8022, 28), words());
    mbpoll.write(8000, &[6209]);
    assert_eq!(mbpoll.read(8021, 1), [0]);
    assert_eq!(mbpoll.read(1700, 28), words());
    let ended = mbpoll.run(1, &["-c", "1"], &[]);
    assert!(ended.stderr.contains("Illegal data address"), "{ended:?}");
    meter.assert_preset_once();
    let audit = meter.gateway.audit(UNIT);
    assert_eq!((audit.requests(16), audit.requests(6)), (2, 1));
}

fn pymodbus_on_a_socket(transport: &str, framing: Framing) {
    let meter = Simulated::new(framing);
    pymodbus_presets(&meter, transport, meter.socket.port().to_string().into());
}

fn pymodbus_on_a_serial_line() {
    let meter = Simulated::new(Framing::Rtu);
    let line = Pty::to(meter.socket);
    pymodbus_presets(&meter, "rtu", line.near().into());
}

fn pymodbus_presets(meter: &Simulated, transport: &str, place: OsString) {
    let mut command = needs::script("client.py");
    command.arg(transport).arg(place).args([UNIT.to_string(), json!(words()).to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let said: Value = finish(command).exits(0).json();
    let mut buffer = vec![8020, 8021, 8022, 0, 4242];
    buffer.extend(words());
    let expected = json!({
        "serial": SERIAL_WORDS, "before": vec![0; 28], "buffer": buffer, "result": [0], "after": words(), "exception": 2,
    });
    assert_eq!(said, expected);
    meter.assert_preset_once();
}
