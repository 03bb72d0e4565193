//! What a run needs of this machine: clocks, descriptors, the state folder, serial ports. Looks, and changes nothing.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{Timestamp, tz};
use serde::Serialize;

use super::system;
use crate::{
    campaign::{Address, Transfer},
    cli::{Exit, args, ledger::state_dir, wires},
    ledger::{self, Kind, LedgerError, SqliteLedger},
};

/// Less free space than this is worth a word: a transfer takes a few kilobytes of the ledger, and a full disk ends
/// a run.
const LITTLE_SPACE: u64 = 256 << 20;
/// Descriptors a run needs besides one a gateway: files, the ledger, the runtime.
const DESCRIPTORS: u64 = 64;
/// This program is younger.
const YOUNGEST: &str = "2026-01-01T00:00:00Z";

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// A run can go on, and somebody should know.
    Warning,
    /// A run would fail.
    Bad,
}

impl Verdict {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Bad => "BAD",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Check {
    pub what: &'static str,
    pub verdict: Verdict,
    pub says: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What a command would end with.
    #[serde(skip)]
    pub exit: Exit,
}

impl Check {
    fn new(what: &'static str, verdict: Verdict, says: impl Into<String>) -> Self {
        Self { what, verdict, says: says.into(), hint: None, exit: Exit::Failed }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn of_ledger(self) -> Self {
        Self { exit: Exit::Ledger, ..self }
    }
}

/// Everything that can be told without a meter.
pub(super) fn look(arguments: &args::Doctor, transfers: &[Arc<Transfer>]) -> Vec<Check> {
    let addresses: BTreeSet<&Address> = transfers
        .iter()
        .flat_map(|transfer| transfer.endpoints())
        .map(|endpoint| &endpoint.gateway.address)
        .collect();
    let mut checks = vec![version(), wall_clock(Timestamp::now()), steady_clock(), time_zone(), zones()];
    checks.push(descriptors(rlimit::getrlimit(rlimit::Resource::NOFILE).ok(), addresses.len()));
    checks.extend(state_folder(arguments));
    if wires::kind(&arguments.wires) == Kind::Real {
        checks.extend(addresses.into_iter().filter_map(serial_port));
    }
    checks
}

fn version() -> Check {
    let says = format!(
        "meterferry {} on {} {}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    Check::new("version", Verdict::Ok, says)
}

/// A wall clock that is far off would date every fact wrongly. Compared with nothing on the network.
fn wall_clock(now: Timestamp) -> Check {
    let youngest: Timestamp = YOUNGEST.parse().expect("a time");
    if now < youngest {
        return Check::new(
            "wall clock",
            Verdict::Bad,
            format!("it shows {now:.0}, before this program was made"),
        )
        .hint("set the clock; `timedatectl` shows whether it is kept by the network");
    }
    Check::new("wall clock", Verdict::Ok, format!("{now:.0}"))
}

/// Bounds are computed from it.
fn steady_clock() -> Check {
    let begun = Instant::now();
    let mut steps = (0..1000).map(|_| begun.elapsed());
    let first = steps.next().unwrap_or_default();
    let grows = steps.try_fold(first, |last, next| (next >= last).then_some(next));
    match grows {
        Some(last) if last > Duration::ZERO => Check::new("steady clock", Verdict::Ok, "it goes forward"),
        _ => Check::new("steady clock", Verdict::Bad, "it does not go forward")
            .hint("a virtual machine with a broken clock source: use another machine for the run"),
    }
}

fn time_zone() -> Check {
    let zone = tz::TimeZone::try_system();
    match zone.as_ref().map(tz::TimeZone::iana_name) {
        Ok(Some(name)) => Check::new("time zone", Verdict::Ok, name),
        Ok(None) => Check::new("time zone", Verdict::Warning, "this machine's time zone has no name")
            .hint("only --deadline 05:30 and times for people follow it; set TZ, as in TZ=Europe/Berlin"),
        Err(_) => Check::new("time zone", Verdict::Warning, "this machine has no time zone: UTC is used")
            .hint("only --deadline 05:30 and times for people follow it; set TZ, as in TZ=Europe/Berlin"),
    }
}

fn zones() -> Check {
    match tz::db().get("Europe/Berlin") {
        Ok(_) => Check::new("time zones", Verdict::Ok, "the database is there; windows can be kept"),
        Err(error) => Check::new("time zones", Verdict::Bad, format!("the database does not work: {error}"))
            .hint("take TZDIR out of the environment: a database is built in"),
    }
}

/// A connection takes a descriptor.
fn descriptors(limit: Option<(u64, u64)>, gateways: usize) -> Check {
    const WHAT: &str = "descriptors";
    let Some((soft, hard)) = limit else {
        return Check::new(WHAT, Verdict::Ok, "this platform has no limit that can be told");
    };
    let needed = gateways as u64 + DESCRIPTORS;
    let says = format!("{soft} may be open, {gateways} gateways need about {needed}");
    if soft >= needed {
        return Check::new(WHAT, Verdict::Ok, says);
    }
    Check::new(WHAT, Verdict::Bad, format!("{says} (hard limit {hard})")).hint(
        "raise the hard limit (`ulimit -Hn`, LimitNOFILE= of a service), or run fewer at a time with -j",
    )
}

fn state_folder(arguments: &args::Doctor) -> Vec<Check> {
    const WHAT: &str = "state folder";
    let kind = wires::kind(&arguments.wires);
    if kind == Kind::Simulated && arguments.state.state_dir.is_none() {
        return vec![Check::new(
            WHAT,
            Verdict::Ok,
            "none is needed: simulated meters have a throw-away ledger",
        )];
    }
    let dir = match state_dir(&arguments.state) {
        Ok(dir) => dir,
        Err(failure) => {
            let check = Check::new(WHAT, Verdict::Bad, failure.message);
            return vec![check.hint(failure.hint.unwrap_or_default()).of_ledger()];
        }
    };
    let mut checks = vec![folder(&dir)];
    if let Some(file_system) = ledger::network_file_system(&dir) {
        let error = LedgerError::NetworkFileSystem { dir: dir.clone(), file_system };
        checks.push(Check::new(WHAT, Verdict::Bad, error.to_string()).hint(error.hint()).of_ledger());
    }
    checks.extend(space(&dir));
    checks.push(the_ledger(&dir, kind));
    checks
}

fn folder(dir: &Path) -> Check {
    const WHAT: &str = "state folder";
    let shown = dir.display();
    if !dir.exists() {
        return Check::new(WHAT, Verdict::Warning, format!("{shown} does not exist"))
            .hint("`meterferry ledger init` makes it; is it the folder that earlier runs used?")
            .of_ledger();
    }
    match system::may_use(dir) {
        Ok(()) => Check::new(WHAT, Verdict::Ok, format!("{shown} can be read and written")),
        Err(error) => Check::new(WHAT, Verdict::Bad, format!("{shown}: {error}"))
            .hint("give this user the right to read and write it, or name another with --state-dir")
            .of_ledger(),
    }
}

fn space(dir: &Path) -> Option<Check> {
    let existing = dir.ancestors().find(|folder| folder.exists())?;
    let free = system::free_space(existing)?;
    let says = format!("{} MiB are free", free >> 20);
    Some(if free >= LITTLE_SPACE {
        Check::new("free space", Verdict::Ok, says)
    } else {
        Check::new("free space", Verdict::Warning, says)
            .hint("make room: a ledger that cannot record ends the run")
    })
}

fn the_ledger(dir: &Path, kind: Kind) -> Check {
    const WHAT: &str = "ledger";
    if let Err(error) = SqliteLedger::open_read_only(dir, Some(kind)) {
        return Check::new(WHAT, Verdict::Bad, error.to_string()).hint(error.hint()).of_ledger();
    }
    let file: PathBuf = dir.join(ledger::LEDGER_FILE);
    if let Err(error) = system::may_use(&file) {
        return Check::new(WHAT, Verdict::Bad, format!("{}: {error}", file.display()))
            .hint("give this user the right to read and write it")
            .of_ledger();
    }
    match ledger::is_held(dir) {
        Some(true) => Check::new(WHAT, Verdict::Warning, format!("of {kind} meters; a run holds it now"))
            .hint("wait for it, as with `meterferry run --lock-wait 10m`"),
        Some(false) => {
            Check::new(WHAT, Verdict::Ok, format!("of {kind} meters; no run of this machine holds it"))
        }
        None => Check::new(WHAT, Verdict::Ok, format!("of {kind} meters")),
    }
}

/// A serial port that a gateway of the job is at.
fn serial_port(address: &Address) -> Option<Check> {
    const WHAT: &str = "serial port";
    let Address::Rtu { device } = address else { return None };
    Some(match system::may_use(Path::new(device)) {
        Ok(()) => Check::new(WHAT, Verdict::Ok, format!("{device} can be used")),
        Err(error) => Check::new(WHAT, Verdict::Bad, format!("{device}: {error}")).hint(
            "is it plugged in? On Linux its group, mostly dialout, may use it: `sudo usermod -aG dialout $USER`, then log in again",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_of_1970_is_bad() {
        assert_eq!(wall_clock(Timestamp::UNIX_EPOCH).verdict, Verdict::Bad);
        assert_eq!(wall_clock("2026-06-01T00:00:00Z".parse().unwrap()).verdict, Verdict::Ok);
    }

    #[test]
    fn a_thousand_gateways_need_more_descriptors_than_the_usual_limit() {
        assert_eq!(descriptors(Some((1024, 4096)), 1000).verdict, Verdict::Bad);
        assert_eq!(descriptors(Some((1024, 4096)), 100).verdict, Verdict::Ok);
        assert!(descriptors(Some((1024, 4096)), 1000).hint.is_some());
    }

    #[test]
    fn a_serial_port_that_is_not_there_is_bad_and_a_tcp_gateway_is_none() {
        let check = serial_port(&Address::Rtu { device: "/dev/there-is-none".to_owned() }).unwrap();
        assert_eq!(check.verdict, Verdict::Bad);
        assert!(serial_port(&Address::Tcp { host: "a".to_owned(), port: 502 }).is_none());
    }
}
