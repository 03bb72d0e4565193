//! `qualify`: examines a meter on the bench and holds what it finds against the open points of DOMAIN.md. Besides `run`
//! the only command here that writes to a meter: 6209 to 8000, and the mailbox 8017–8049, nothing else.
//!
//! It keeps no ledger, since it carries nothing over; so it never goes on after a command whose effect it does not know.

mod meter;
mod points;
mod trial;

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use self::{
    meter::BenchMeter,
    points::Point,
    trial::{Kind, NotSent, Trial, energies, may_still_come},
};
use super::{
    Exit,
    args::{self, Format},
    failure::{Failure, counted},
    output::{self, Console},
    run::ask,
    signals, way, wires,
};
use crate::{
    campaign::{Endpoint, SerialNumber, Unit},
    meter::{
        Addressing, BUFFER, CommandStatus, FENCE, MAILBOX_IMAGE, Model, POINTERS, Read, Readings, Register,
        SERIAL_WORDS, Write, mailbox_image, staging_writes,
    },
    report::{Envelope, grid, json_line, json_text},
    run::{Stop, StopLevel},
    transfer::Cause,
};

/// How long what was written must hold.
const HOLDS: Duration = Duration::from_millis(500);
/// No meter of these families has it.
const NO_REGISTER: Register = Register::new(65_000);

#[derive(Serialize)]
struct Body {
    model: Model,
    address: String,
    unit: u8,
    addressing: Addressing,
    serial_number: u32,
    points: Vec<Point>,
    commands: Vec<Trial>,
    /// Why the examination ended early.
    error: Option<String>,
    /// What was left in the mailbox.
    left: String,
    #[serde(skip)]
    broken: Option<Exit>,
}

pub(super) async fn qualify(arguments: args::Qualify, console: &Console) -> Result<Exit, Failure> {
    let endpoint = endpoint(&arguments)?;
    let address = endpoint.gateway.address.clone();
    let connector = Arc::new(wires::connector(arguments.simulated_gateways.as_deref(), [address])?);
    let trace = wires::trace(arguments.trace.as_deref())?;
    let mut meter = BenchMeter::new(endpoint, arguments.serial_number, connector, trace);
    let addressing = identify(&mut meter, &arguments).await?;
    let own = energies(&mut meter).await.map_err(|error| unfit(&meter, &error))?;
    if arguments.simulated_gateways.is_none() && !arguments.yes {
        let question = format!(
            "{} {} at {} unit {} will be written to, and {} sent; what it counts meanwhile is lost",
            arguments.model,
            arguments.serial_number,
            meter.endpoint().gateway,
            arguments.unit,
            counted(usize::from(arguments.times) + 1, "command")
        );
        ask(&question, "is it on a bench, without load? Then add --yes", console)?;
    }
    let (stop, caught) = signals::heed();
    let mut body = Body {
        model: arguments.model,
        address: meter.endpoint().gateway.address.to_string(),
        unit: arguments.unit,
        addressing,
        serial_number: arguments.serial_number,
        points: vec![points::addressing(addressing), points::reads_28()],
        commands: Vec::new(),
        error: None,
        left: String::new(),
        broken: None,
    };
    look(&mut meter, &mut body).await;
    if let Err(error) = examine(&mut meter, &own, &arguments, &stop, &mut body).await {
        body.broken = Some(exit_of(&error));
        body.error = Some(error.to_string());
    }
    body.left = leave(&mut meter, &body.commands).await;
    meter.close().await;
    // Only the last command is of the other kind.
    let cut_short = body.commands.len() <= usize::from(arguments.times);
    let exit = match (exit(&body), caught.signal()) {
        (Exit::Done | Exit::Failed, Some(signal)) if cut_short => Exit::Stopped(signal),
        (exit, _) => exit,
    };
    console.print(&match arguments.output.format {
        Format::Human => text(&body),
        Format::Json => json_text(&Envelope::new(None, exit.code(), &body)),
        Format::Jsonl => json_line(&Envelope::new(None, exit.code(), &body)),
    });
    Ok(exit)
}

fn endpoint(arguments: &args::Qualify) -> Result<Endpoint, Failure> {
    if !arguments.bench_meter {
        return Err(Failure::new(Exit::Usage, "qualify writes to the meter, and --bench-meter is not given; nothing was touched")
            .hint("only for a meter on a bench, without load and in nobody's service: then add --bench-meter. `meterferry read` and `meterferry doctor` write nothing"));
    }
    if !arguments.model.can_be_target() {
        return Err(Failure::new(
            Exit::Usage,
            format!("a {} has no command 6209; nothing was touched", arguments.model),
        )
        .hint("--model CM3000, CM4000 or PM800; a CM2000 can only be a source"));
    }
    Ok(Endpoint {
        model: arguments.model,
        gateway: Arc::new(way::gateway(&arguments.way)?),
        unit: Unit::new(arguments.unit).expect("the argument is within 1..=247"),
        serial_number: SerialNumber::Pinned(arguments.serial_number),
        addressing: Addressing::default(),
    })
}

/// Finds the addressing under which the right serial number answers. No other meter is written to.
async fn identify(meter: &mut BenchMeter, arguments: &args::Qualify) -> Result<Addressing, Failure> {
    let candidates = match arguments.addressing {
        Some(addressing) => vec![addressing.into()],
        None => vec![Addressing::Modbus, Addressing::Jbus],
    };
    let mut answers = Vec::new();
    for addressing in candidates {
        match meter.serial_number_by(addressing).await {
            Ok(number) if number == arguments.serial_number => return Ok(addressing),
            Ok(number) => answers.push(format!("with {addressing} addressing it says {number}")),
            Err(cause @ Cause::Exception(_)) if !cause.is_unreachable() => {
                answers.push(format!("with {addressing} addressing: {cause}"));
            }
            Err(cause) => return Err(unfit(meter, &NotSent::Request("asking for the serial number", cause))),
        }
    }
    let message = format!(
        "the meter at {} unit {} is not {}: {}; nothing was written",
        meter.endpoint().gateway,
        meter.endpoint().unit,
        arguments.serial_number,
        answers.join("; ")
    );
    Err(Failure::new(Exit::Refused, message)
        .hint("compare --serial-number with the label, and --host and --unit with the wiring; a meter that does not give its serial number cannot be examined: nothing would prove where 6209 goes"))
}

fn unfit(meter: &BenchMeter, error: &NotSent) -> Failure {
    let place = format!("{} unit {}", meter.endpoint().gateway, meter.endpoint().unit);
    Failure::new(
        exit_of(error),
        format!("{} at {place}: {error}; nothing was written", meter.endpoint().model),
    )
    .hint("try `meterferry read` with the same arguments; `--trace FILE` shows every frame")
}

const fn exit_of(error: &NotSent) -> Exit {
    match error {
        NotSent::Request(_, cause) if cause.is_unreachable() => Exit::Unreachable,
        _ => Exit::Failed,
    }
}

/// What can be found out without writing.
async fn look(meter: &mut BenchMeter, body: &mut Body) {
    let serial = Read { first: meter.endpoint().model.serial_number(), count: SERIAL_WORDS };
    let same = meter.read(serial).await.ok();
    let by_04 = meter.read_input(serial).await;
    body.points.push(points::function_04(&by_04, by_04.as_ref().ok() == same.as_ref()));
    body.points.push(points::no_such_register(&meter.read(Read { first: NO_REGISTER, count: 1 }).await));
}

/// Everything that writes.
async fn examine(
    meter: &mut BenchMeter,
    own: &Readings,
    arguments: &args::Qualify,
    stop: &Stop,
    body: &mut Body,
) -> Result<(), NotSent> {
    let refused = fill(meter, own).await?;
    let in_blocks = refused.is_none();
    body.points.push(points::block_write(refused.as_ref()));
    let changed = changes(meter, own).await?;
    let holds = changed.is_none();
    body.points.push(points::mailbox_holds(changed));
    if !holds {
        return Ok(());
    }
    let own_readings = std::iter::repeat_n(Kind::OwnReadings, arguments.times.into());
    let mut result = Ok(());
    for kind in own_readings.chain([Kind::OutOfRange]) {
        let sound = |trial: &Trial| trial.is_clear() && trial.unchanged == Some(true);
        if stop.level() > StopLevel::Go || !body.commands.iter().all(sound) {
            break;
        }
        match trial::carry_out(meter, kind, in_blocks, arguments.command_timeout).await {
            Ok(trial) => body.commands.push(trial),
            Err(error) => {
                result = Err(error);
                break;
            }
        }
    }
    body.points.extend(points::commands(&body.commands));
    result
}

/// Writes its own readings into the mailbox, in blocks; one by one if it refuses those. Why it did.
async fn fill(meter: &mut BenchMeter, own: &Readings) -> Result<Option<Cause>, NotSent> {
    let mut refused = None;
    for write in staging_writes(own, true) {
        match meter.write(write).await {
            Ok(()) => {}
            Err(cause) if cause.is_rejection() => {
                refused = Some(cause);
                break;
            }
            Err(cause) => return Err(NotSent::Request("writing a block", cause)),
        }
    }
    if refused.is_some() {
        for write in staging_writes(own, false) {
            meter.write(write).await.map_err(|cause| NotSent::Request("writing one register", cause))?;
        }
    }
    Ok(refused)
}

/// The first register of the mailbox that does not hold what was written, at once or a while later.
async fn changes(meter: &mut BenchMeter, own: &Readings) -> Result<Option<String>, NotSent> {
    let expected = mailbox_image(own);
    for pause in [Duration::ZERO, HOLDS] {
        tokio::time::sleep(pause).await;
        let read = Read { first: POINTERS, count: MAILBOX_IMAGE };
        let found = meter.read(read).await.map_err(|cause| NotSent::Request("reading back", cause))?;
        if let Some(place) = (0..expected.len()).find(|place| found.get(*place) != Some(&expected[*place])) {
            let found = found.get(place).copied().unwrap_or_default();
            let error = NotSent::NotHeld(POINTERS.plus(place as u16), expected[place], found);
            return Ok(Some(format!("NO: {error}; no command was sent")));
        }
    }
    Ok(None)
}

/// Leaves the mailbox so that a 6209 of whoever does nothing: 8022 out of range. The pointers go to 0 only if no command
/// of ours may still be under way, since that must find the fence.
async fn leave(meter: &mut BenchMeter, commands: &[Trial]) -> String {
    let fence = meter.write(Write::Single { register: BUFFER, word: FENCE }).await;
    let fenced = match (&fence, meter.read(Read { first: BUFFER, count: 1 }).await) {
        (Ok(()), Ok(words)) => words == [FENCE],
        _ => false,
    };
    if !fenced {
        return "the mailbox as it was: 8022 could not be put out of range; look at 8017-8049 before the meter goes into service".to_owned();
    }
    if may_still_come(commands) {
        return "8022 out of range (0x8000), so that a late command aborts; the pointers still lead there"
            .to_owned();
    }
    for offset in 0..5 {
        let write = Write::Single { register: POINTERS.plus(offset), word: 0 };
        if let Err(cause) = meter.write(write).await {
            return format!("8022 out of range (0x8000); the pointers were not all cleared: {cause}");
        }
    }
    "8022 out of range (0x8000), pointers and results at 0, its own readings in 8023-8049".to_owned()
}

/// What it comes to, in the order of a run's exit codes.
fn exit(body: &Body) -> Exit {
    let changed = |trial: &Trial| trial.unchanged == Some(false);
    let (own, invalid): (Vec<_>, Vec<_>) =
        body.commands.iter().partition(|trial| trial.kind == Kind::OwnReadings);
    let rejected = own
        .iter()
        .any(|trial| !matches!(trial.status(), Some(CommandStatus::Done | CommandStatus::Undecided)));
    let unguarded = invalid.iter().any(|trial| trial.status() != Some(CommandStatus::InvalidParameters));
    match () {
        () if may_still_come(&body.commands) => Exit::Unknown,
        () if body.commands.iter().any(changed) => Exit::Mismatch,
        () if body.broken.is_some() => body.broken.unwrap_or(Exit::Failed),
        () if body.commands.is_empty() || rejected || unguarded => Exit::Failed,
        () => Exit::Done,
    }
}

fn text(body: &Body) -> String {
    let style = output::style(false);
    let rows: Vec<Vec<String>> = body
        .points
        .iter()
        .map(|point| {
            let verdict = match point.as_assumed {
                Some(true) => "as assumed",
                Some(false) => "DIFFERS",
                None => "–",
            };
            vec![point.point.to_owned(), point.found.clone(), point.assumed.to_owned(), verdict.to_owned()]
        })
        .collect();
    let error = body.error.as_ref().map_or_else(String::new, |error| format!("Ended early: {error}.\n"));
    let unclear = if may_still_come(&body.commands) {
        "A command was not answered, or showed no result: it may still be carried out. Look at the meter's energies.\n"
    } else {
        ""
    };
    format!(
        "{} {} at {} unit {}\n\n{}\n{error}{unclear}Left in the mailbox: {}.\n{} sent. What the meter counted between a \
         reading and its command is lost.\n",
        body.model,
        body.serial_number,
        body.address,
        body.unit,
        grid(&["point", "found", "assumed (DOMAIN.md)", ""], &rows, style),
        body.left,
        counted(body.commands.len(), "command") + if body.commands.len() == 1 { " was" } else { " were" },
    )
}
