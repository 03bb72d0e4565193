//! What can be typed.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{limits, operator};
use crate::{
    campaign::{BAUDS, Parity},
    job,
    ledger::Head,
    meter::{Addressing, Model},
    report,
    run::MaxFail,
    transfer::Resolution,
};

/// Carries accumulated energy readings from old PowerLogic meters into their replacements, over Modbus.
///
/// A job file says which meter's readings go into which meter. `validate` checks it offline, `plan` looks at the
/// meters and says what would change, `run` changes it, once, and proves it. Try it without a meter:
/// `meterferry run --simulate jobs/demo.yaml`.
#[derive(Debug, Parser)]
#[command(name = "meterferry", version, propagate_version = true, after_help = EXIT_CODES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    /// How much to log on stderr: error, warn, info, debug, trace, or a filter as tracing writes it.
    #[arg(long, global = true, env = "METERFERRY_LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,
    /// How logs are written.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Human)]
    pub log_format: LogFormat,
}

const EXIT_CODES: &str = "Exit codes: 0 done · 1 defect · 2 plan: changes pending · 3 failed, nothing committed · 4 nothing \
selected · 5 unknown: a person must look · 6 refused by a guard · 7 unreachable · 8 mismatch · 9 unfinished · 11 another run \
holds the ledger · 64 usage · 65 bad job file · 66 file not found · 74 ledger · 130/143 stopped by a signal";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check job files, offline.
    Validate(Validate),
    /// Look at the meters, and say what a run would do. Writes nothing.
    Plan(Plan),
    /// Carry the readings over.
    Run(Run),
    /// What the ledger knows of the transfers.
    Status(Status),
    /// Write what the ledger knows of the transfers into a spreadsheet (CSV).
    Export(Export),
    /// Write what the ledger knows as a report: report.html with a certificate a transfer, report.json, junit.xml and
    /// summary.md. Touches no meter.
    Report(Report),
    /// Say what a person found out about a transfer whose command may have taken effect, or that is a mismatch.
    Resolve(Resolve),
    /// Is everything there that a run needs? Reaches every gateway, looks at this machine, writes nothing.
    Doctor(Doctor),
    /// Take back what a finished transfer did: its target shows again what it held before, and what it counted since.
    Undo(Undo),
    /// Record as done what was done by hand, if the meters bear it out. Writes to no meter.
    Adopt(Adopt),
    /// Read the meters of finished transfers again: are they there, and can they have counted what they show?
    Verify(Verify),
    /// Read one meter's identity and energies.
    Read(ReadMeter),
    /// Read the meters of a job, and keep what each showed in a file of its own. Writes nothing to a meter.
    Snapshot(Snapshot),
    /// Examine a meter on the bench: how it takes the command and its data. WRITES to it.
    Qualify(Qualify),
    /// Serve the meters of a job as simulated ones on loopback, until stopped.
    Simulate(Simulate),
    /// Try the job on simulated meters in memory, with everything that can go wrong.
    Rehearse(Rehearse),
    /// The ledger of what was done.
    #[command(subcommand)]
    Ledger(Ledger),
    /// Say what a code means: of a diagnostic, a refusal, an outcome, an exit code. Without one, list all.
    Explain(Explain),
    /// Print completions for a shell.
    Completions(Completions),
    /// Write a manual page for each command.
    Man(Man),
    /// Print the JSON Schema of job files.
    Schema,
}

/// Job files.
#[derive(Debug, Args)]
pub(super) struct Paths {
    /// Job files; folders with all *.yaml and *.yml below them; - for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Job files, and which of their transfers.
#[derive(Debug, Args)]
pub(super) struct Jobs {
    #[command(flatten)]
    pub files: Paths,
    /// Only these: KEY is id, model, gateway, outcome or a label; GLOB knows * and ?. Repeated: all must hold.
    #[arg(long, value_name = "KEY=GLOB[,GLOB]")]
    pub only: Vec<String>,
    /// Only the transfers whose ids stand in this file, one a line.
    #[arg(long, value_name = "FILE")]
    pub ids: Option<PathBuf>,
}

/// How to reach the meters.
#[derive(Debug, Args)]
pub(super) struct Wires {
    /// Use simulated meters in place of the job's, made for this command alone.
    #[arg(long)]
    pub simulate: bool,
    /// Use the simulated meters that `meterferry simulate --map-out FILE` serves.
    #[arg(long, value_name = "FILE", conflicts_with = "simulate")]
    pub simulated_gateways: Option<PathBuf>,
    /// How long each simulated meter takes to answer.
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "simulate")]
    pub simulated_latency: Option<Duration>,
    /// How many transfers to work on at a time [default: three a gateway, at most 1024].
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub parallel: Option<u16>,
    /// Write every frame to this file: time, bytes, registers by name.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

/// Where the ledger is.
#[derive(Debug, Args)]
pub(super) struct State {
    /// Folder of the ledger [default: $METERFERRY_STATE_DIR, else the platform's state folder].
    #[arg(long, value_name = "FOLDER")]
    pub state_dir: Option<PathBuf>,
}

/// How results are written to stdout.
#[derive(Debug, Args)]
pub(super) struct Output {
    /// How results are written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// A JSON object a line, the summary last.
    Jsonl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Human,
    /// A JSON object a line.
    Json,
}

impl From<LogFormat> for report::LogFormat {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Human => Self::Human,
            LogFormat::Json => Self::Json,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Validate {
    #[command(flatten)]
    pub files: Paths,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub jobs: Jobs,
    #[command(flatten)]
    pub wires: Wires,
    #[command(flatten)]
    pub state: State,
    #[command(flatten)]
    pub output: Output,
    /// Exit with 2 if anything would change.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Show all seven energies of each transfer.
    #[arg(long, short)]
    pub verbose: bool,
}

#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub jobs: Jobs,
    #[command(flatten)]
    pub wires: Wires,
    #[command(flatten)]
    pub state: State,
    #[command(flatten)]
    pub output: Output,
    /// Write to real meters without asking.
    #[arg(long, short)]
    pub yes: bool,
    /// How long to wait for another run that holds the ledger.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub lock_wait: Duration,
    /// Stop before the commit: stage, read back, put a fence, and never send 6209.
    #[arg(long, value_enum, value_name = "STEP")]
    pub until: Option<Until>,
    /// Who carries the readings over; kept in the ledger [default: user@host].
    #[arg(long, value_name = "NAME", value_parser = operator::name)]
    pub operator: Option<String>,
    /// Which revision of the job this is; kept in the ledger [default: its Git commit, if `git` knows one].
    #[arg(long, value_name = "TEXT", value_parser = operator::name)]
    pub revision: Option<String>,
    #[command(flatten)]
    pub limits: Limits,
    /// Makes retry delays repeatable.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Keep a file with the run's metrics for node_exporter's textfile collector. Its name should end in .prom.
    #[arg(long, value_name = "FILE")]
    pub metrics_file: Option<PathBuf>,
    /// No progress.
    #[arg(long, short)]
    pub quiet: bool,
}

/// When a run begins nothing new, by itself. What is under way comes to rest; the rest ends as `not_run`.
#[derive(Debug, Args)]
pub(super) struct Limits {
    /// Do the first N unfinished transfers to their end; go on only if all of them are done.
    #[arg(long, value_name = "N", value_parser = canary)]
    pub canary: Option<usize>,
    /// Begin nothing new once N transfers, or P % of those selected, have gone wrong in this run.
    #[arg(long, value_name = "N|P%", value_parser = limits::max_fail)]
    pub max_fail: Option<MaxFail>,
    /// Begin nothing new from then on: 2h from now, at 05:30 by the clock, or at 2026-06-02T05:30:00+02:00.
    #[arg(long, value_name = "DURATION|TIME", value_parser = limits::deadline)]
    pub deadline: Option<limits::Deadline>,
}

/// Where a run stops on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Until {
    /// After what was staged is read back.
    Check,
}

#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    pub jobs: Jobs,
    #[command(flatten)]
    pub state: State,
    #[command(flatten)]
    pub output: Output,
}

/// One row a transfer: outcome, meters, the old meter's final readings, the readings the new one began with and was
/// verified with, and the time between the two, which is not to be booked as consumption. No meter is touched; the exit
/// code is that of `status`.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    pub jobs: Jobs,
    #[command(flatten)]
    pub state: State,
    /// The file to write, whole or not at all; - for standard output. Only an earlier export is replaced.
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// What stands between two cells: `,`, `;` or `tab`.
    #[arg(long, value_name = "SEPARATOR", value_parser = separator, default_value = ",")]
    pub separator: u8,
}

#[derive(Debug, Args)]
pub(super) struct Report {
    /// Job files whose transfers are reported on; folders with all *.yaml and *.yml below them; - for standard input
    /// [default: everything in the ledger].
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub ledger: AnyLedger,
    /// Only the transfers of this campaign.
    #[arg(long, value_name = "NAME")]
    pub campaign: Option<String>,
    /// Folder for the four files; it is made if need be, and files of an earlier report in it are replaced.
    #[arg(long, value_name = "FOLDER")]
    pub to: PathBuf,
    /// The label that the chart of energy groups by [default: the one with the fewest values, two at least].
    #[arg(long, value_name = "LABEL")]
    pub by: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Resolve {
    #[command(flatten)]
    pub files: Paths,
    #[command(flatten)]
    pub state: State,
    /// Which transfer.
    #[arg(long)]
    pub id: String,
    /// What was found out: the commit took effect (the next run verifies it), it did not (the next run starts
    /// again), or the target is as it should be (done).
    #[arg(long = "as", value_enum)]
    pub decision: Decision,
    /// How it was found out; kept in the ledger.
    #[arg(long)]
    pub reason: String,
    /// Who decides; kept in the ledger [default: user@host].
    #[arg(long, value_name = "NAME", value_parser = operator::name)]
    pub operator: Option<String>,
    /// How long to wait for a run that holds the ledger.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub lock_wait: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Decision {
    /// The commit took effect.
    Committed,
    /// The commit had no effect.
    NotCommitted,
    /// The target is as it should be.
    Accepted,
}

impl From<Decision> for Resolution {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Committed => Self::Committed,
            Decision::NotCommitted => Self::NotCommitted,
            Decision::Accepted => Self::Accepted,
        }
    }
}

/// Puts the target of a finished transfer back to what it held before, plus what it has counted since, with the same
/// care as a run: guards, a durable intent, a check, and a look afterwards. The target must be where the transfer left
/// it, but for what it can have counted since.
#[derive(Debug, Args)]
pub(super) struct Undo {
    #[command(flatten)]
    pub files: Paths,
    /// Which transfer.
    #[arg(long)]
    pub id: String,
    /// Why it is undone; kept in the ledger.
    #[arg(long, required_unless_present = "dry_run", value_parser = operator::reason)]
    pub reason: Option<String>,
    /// Who undoes it; kept in the ledger [default: user@host].
    #[arg(long, value_name = "NAME", value_parser = operator::name)]
    pub operator: Option<String>,
    /// Show each energy as it is and as it would be. Writes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// The most that any energy can have grown by since the transfer, as `500 kWh`. Without `verify.max_load` in the
    /// job, nothing beyond the tolerance is believed unless this says so.
    #[arg(long, value_name = "ENERGY", value_parser = growth)]
    pub max_growth: Option<i64>,
    /// Write to the real meter without asking.
    #[arg(long, short)]
    pub yes: bool,
    #[command(flatten)]
    pub wires: Wires,
    #[command(flatten)]
    pub state: State,
    #[command(flatten)]
    pub output: Output,
    /// How long to wait for a run that holds the ledger.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub lock_wait: Duration,
}

/// Reads both meters of a transfer (or its typed readings), and records it as done if the target is where the transfer
/// would have put it, but for what it can have counted since.
#[derive(Debug, Args)]
pub(super) struct Adopt {
    #[command(flatten)]
    pub files: Paths,
    /// Which transfer.
    #[arg(long)]
    pub id: String,
    /// Why it was done by hand; kept in the ledger.
    #[arg(long, value_parser = operator::reason)]
    pub reason: String,
    /// Who says so; kept in the ledger [default: user@host].
    #[arg(long, value_name = "NAME", value_parser = operator::name)]
    pub operator: Option<String>,
    /// When the target was set, as 2026-06-01T12:00:00+02:00: with `verify.max_load` it narrows what it can have counted.
    #[arg(long, value_name = "TIME")]
    pub done_at: Option<jiff::Timestamp>,
    /// The most that any energy can have grown by since the target was set, as `500 kWh`.
    #[arg(long, value_name = "ENERGY", value_parser = growth)]
    pub max_growth: Option<i64>,
    #[command(flatten)]
    pub wires: Wires,
    #[command(flatten)]
    pub state: State,
    #[command(flatten)]
    pub output: Output,
    /// How long to wait for a run that holds the ledger.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub lock_wait: Duration,
}

/// Reads the target of every finished transfer again, days or months later, and holds it against the last recorded
/// reading. Writes to no meter and records nothing; works beside a run.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    pub jobs: Jobs,
    #[command(flatten)]
    pub wires: Wires,
    #[command(flatten)]
    pub state: State,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    pub jobs: Jobs,
    #[command(flatten)]
    pub wires: Wires,
    #[command(flatten)]
    pub state: State,
    #[command(flatten)]
    pub output: Output,
    /// Ask every meter, not only one behind each gateway.
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReadMeter {
    #[command(flatten)]
    pub way: Way,
    /// Its unit number, 1 to 247.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=247))]
    pub unit: u8,
    /// Its family: CM2000, CM3000, CM4000 or PM800.
    #[arg(long)]
    pub model: Model,
    /// How its port counts registers.
    #[arg(long, value_enum, default_value_t = AddressingArg::Modbus)]
    pub addressing: AddressingArg,
    /// Use the simulated meters that `meterferry simulate --map-out FILE` serves.
    #[arg(long, value_name = "FILE")]
    pub simulated_gateways: Option<PathBuf>,
    /// Write every frame to this file: time, bytes, registers by name.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

/// The way to one meter: by `--host`, or by `--device` and how its line is set.
#[derive(Debug, Args)]
pub(super) struct Way {
    /// Where the meter is: a host name or address, and a port if it is not 502.
    #[arg(long, value_name = "HOST[:PORT]", required_unless_present = "device", conflicts_with = "device")]
    pub host: Option<String>,
    /// The serial port the meter is at, as /dev/ttyUSB0 or COM3.
    #[arg(long, value_name = "PORT", requires_all = ["baud", "parity"])]
    pub device: Option<String>,
    /// How frames are sent [default: tcp with --host, rtu with --device].
    #[arg(long, value_enum)]
    pub transport: Option<Transport>,
    /// Speed of the serial line, as it is set in the meter.
    #[arg(long, value_name = "BITS/S", requires = "device", value_parser = baud)]
    pub baud: Option<u32>,
    /// Parity of the serial line, as it is set in the meter.
    #[arg(long, value_enum, requires = "device")]
    pub parity: Option<ParityArg>,
    /// Stop bits of the serial line [default: 1].
    #[arg(long, value_name = "N", requires = "device", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub stop_bits: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Transport {
    /// Modbus TCP.
    Tcp,
    /// RTU frames over TCP, through a serial device server.
    RtuOverTcp,
    /// RTU frames on a serial port of this machine.
    Rtu,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ParityArg {
    /// No parity bit.
    None,
    /// Even parity.
    Even,
    /// Odd parity.
    Odd,
}

impl From<ParityArg> for Parity {
    fn from(parity: ParityArg) -> Self {
        match parity {
            ParityArg::None => Self::None,
            ParityArg::Even => Self::Even,
            ParityArg::Odd => Self::Odd,
        }
    }
}

/// One of the speeds that a line can have.
fn baud(text: &str) -> Result<u32, String> {
    let given = text.parse().ok().filter(|baud| BAUDS.contains(baud));
    given.ok_or_else(|| {
        format!("a line has one of the speeds {}", BAUDS.map(|baud| baud.to_string()).join(", "))
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AddressingArg {
    /// Register N is wire address N-1.
    Modbus,
    /// Register N is wire address N.
    Jbus,
}

impl From<AddressingArg> for Addressing {
    fn from(addressing: AddressingArg) -> Self {
        match addressing {
            AddressingArg::Modbus => Self::Modbus,
            AddressingArg::Jbus => Self::Jbus,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Snapshot {
    #[command(flatten)]
    pub jobs: Jobs,
    /// Which meters of the transfers to read. Where old and new meter share an address, it is whoever is there.
    #[arg(long, value_enum, default_value_t = Of::Sources)]
    pub of: Of,
    /// Where the files go; made if it is not there. Nothing in it is ever overwritten.
    #[arg(long, value_name = "FOLDER")]
    pub to: PathBuf,
    #[command(flatten)]
    pub wires: Wires,
    #[command(flatten)]
    pub state: State,
    /// Write to stdout what became of each meter, in this way [default: nothing].
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}

/// Which meters of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Of {
    /// Those whose readings are carried.
    Sources,
    /// Those that go on counting.
    Targets,
    /// Both.
    All,
}

#[derive(Debug, Args)]
pub(super) struct Simulate {
    #[command(flatten)]
    pub jobs: Jobs,
    /// Write the loopback addresses to this file, for `--simulated-gateways`.
    #[arg(long, value_name = "FILE")]
    pub map_out: Option<PathBuf>,
    /// Write what was done to the meters to this file when stopped (JSON).
    #[arg(long, value_name = "FILE")]
    pub audit_out: Option<PathBuf>,
    /// How long each meter takes to answer.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub simulated_latency: Duration,
}

/// Plays the job on simulated twins of its meters, in memory and in no time: every fault the simulator knows at every
/// step of a transfer, with a program that dies there, and again in the next run; then storms of random faults over
/// the whole job. What the simulated meters did is the judge. Exit code 0: nothing wrong, nothing done twice.
#[derive(Debug, Args)]
pub(super) struct Rehearse {
    #[command(flatten)]
    pub jobs: Jobs,
    #[command(flatten)]
    pub output: Output,
    /// Everything, and every death: minutes.
    #[arg(long)]
    pub long: bool,
    /// How many storms [default: 60, with --long 20000].
    #[arg(long, value_name = "N")]
    pub storms: Option<u64>,
    /// Where the storms' seeds begin: other numbers, other storms.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub storms_from: u64,
    /// Play the one schedule with this number again.
    #[arg(long, value_name = "N", conflicts_with_all = ["long", "storms", "storms_from"])]
    pub seed: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Ledger {
    /// Make the ledger, once. A real run needs one: a lost ledger must not look like a fresh start.
    Init(LedgerInit),
    /// Check every fact, every digest and every step of the ledger, or of a copy of it. Changes nothing.
    Verify(LedgerVerify),
    /// Write every fact as a line of JSON, with its digest.
    Export(LedgerExport),
}

/// A ledger for its own sake.
#[derive(Debug, Args)]
pub(super) struct AnyLedger {
    #[command(flatten)]
    pub state: State,
    /// The file of a ledger, a copy say, wherever it lies.
    #[arg(long, value_name = "FILE", conflicts_with = "state_dir")]
    pub ledger: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct LedgerVerify {
    #[command(flatten)]
    pub ledger: AnyLedger,
    /// A head that was kept, as a run prints it: is it still in the chain, and how many facts came since?
    #[arg(long, value_name = "N:DIGEST")]
    pub head: Option<Head>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub(super) struct LedgerExport {
    #[command(flatten)]
    pub ledger: AnyLedger,
    /// Only the facts of this campaign.
    #[arg(long, value_name = "NAME")]
    pub campaign: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The word in brackets, as in error[unknown_key] or refused[target_has_counted]; an outcome; an exit code.
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
    #[command(flatten)]
    pub output: Output,
}

/// Finds out what no manual says of a meter, on a bench, without load: how its port counts registers, how it takes block
/// writes, what it shows after command 6209, and how long that takes. It presets the meter to its own readings, and once
/// sends data that is out of range. What the meter counts in between is lost, so it must be in nobody's service.
#[derive(Debug, Args)]
pub(super) struct Qualify {
    #[command(flatten)]
    pub way: Way,
    /// Its unit number, 1 to 247.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=247))]
    pub unit: u8,
    /// Its family: CM3000, CM4000 or PM800.
    #[arg(long)]
    pub model: Model,
    /// The serial number on its label: no other meter is written to.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub serial_number: u32,
    /// Say that this meter is on a bench and in nobody's service. Without it nothing is done.
    #[arg(long)]
    pub bench_meter: bool,
    /// How its port counts registers [default: found out by the serial number].
    #[arg(long, value_enum)]
    pub addressing: Option<AddressingArg>,
    /// How often its own readings are set.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    pub times: u8,
    /// How long to wait for the result of a command.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s")]
    pub command_timeout: Duration,
    /// Write to the meter without asking.
    #[arg(long, short)]
    pub yes: bool,
    /// Use the simulated meters that `meterferry simulate --map-out FILE` serves.
    #[arg(long, value_name = "FILE")]
    pub simulated_gateways: Option<PathBuf>,
    /// Write every frame to this file: time, bytes, registers by name.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Which shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// The folder; it is made if it is not there.
    #[arg(long, value_name = "FOLDER")]
    pub to: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct LedgerInit {
    #[command(flatten)]
    pub state: State,
    /// For simulated meters; a ledger is real or simulated for life.
    #[arg(long)]
    pub simulated: bool,
}

/// An energy with its unit, as `500 kWh`.
fn growth(text: &str) -> Result<i64, String> {
    job::energy(text)
        .map_err(|_| format!("{text:?} is no energy; write it with its unit, as 500 kWh or 2.5 MWh"))
}

/// How many canaries: at least one.
fn canary(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("how many transfers go first: a number from 1; leave --canary out for none".to_owned()),
    }
}

/// A duration with its unit, as `500ms` or `10m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let parsed: jiff::SignedDuration = text
        .parse()
        .map_err(|_| format!("{text:?} is no duration; write it with its unit, as 500ms, 2s or 10m"))?;
    Duration::try_from(parsed).map_err(|_| format!("{text:?} is negative"))
}

/// What stands between two cells of a CSV file.
fn separator(text: &str) -> Result<u8, String> {
    match text {
        "," => Ok(b','),
        ";" => Ok(b';'),
        "tab" | "\t" => Ok(b'\t'),
        _ => Err(format!("{text:?} is no separator; write `,`, `;` or `tab`")),
    }
}
