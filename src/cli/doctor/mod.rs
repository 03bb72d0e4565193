//! `doctor`: is everything there that a run needs? Reaches every gateway read-only, and looks at this machine. Writes
//! to no meter, and not to the ledger.

mod gateways;
mod machine;
mod system;

use std::sync::Arc;

use serde::Serialize;

use self::{
    gateways::{GatewaySeen, MeterSeen, Settings},
    machine::{Check, Verdict},
};
use super::{
    Exit,
    args::{self, Format},
    failure::{Failure, counted},
    jobs, ledger,
    output::{self, Console},
    wires,
};
use crate::{
    ledger::Replay,
    report::{Envelope, grid, json_line, json_text},
};

#[derive(Serialize)]
struct Body {
    machine: Vec<Check>,
    gateways: Vec<GatewaySeen>,
}

pub(super) async fn doctor(arguments: args::Doctor, console: &Console) -> Result<Exit, Failure> {
    let transfers = jobs::load(&arguments.jobs.files, console)?;
    // What is wrong with the ledger is one of the findings.
    let reader = ledger::open_to_look(&arguments.state, wires::kind(&arguments.wires)).ok().flatten();
    let known = reader.as_ref().map(|reader| reader as &dyn Replay);
    let selected = jobs::select(&arguments.jobs, transfers, |transfer| ledger::outcome(known, transfer))?;
    let machine = machine::look(&arguments, &selected);
    let reach = wires::reach(&arguments.wires, &selected).await?;
    let settings = Settings {
        connector: Arc::clone(&reach.connector),
        trace: wires::trace(arguments.wires.trace.as_deref())?,
        parallel: wires::parallel(&arguments.wires, &selected),
        all: arguments.all,
    };
    let gateways = gateways::look(&selected, &settings).await;
    let body = Body { machine, gateways };
    let exit = exit(&body);
    console.print(&match arguments.output.format {
        Format::Human => text(&body),
        Format::Json => json_text(&Envelope::new(None, exit.code(), &body)),
        Format::Jsonl => json_line(&Envelope::new(None, exit.code(), &body)),
    });
    Ok(exit)
}

/// The worst, in the order of a run's exit codes.
fn exit(body: &Body) -> Exit {
    let bad = body.machine.iter().filter(|check| check.verdict == Verdict::Bad).map(|check| check.exit);
    let meters = body.gateways.iter().flat_map(|gateway| &gateway.meters).map(|meter| meter.exit);
    let gateways = body.gateways.iter().filter(|gateway| gateway.error.is_some()).map(|_| Exit::Unreachable);
    let all: Vec<Exit> = bad.chain(meters).chain(gateways).collect();
    [Exit::Refused, Exit::Ledger, Exit::Failed, Exit::Unreachable]
        .into_iter()
        .find(|exit| all.contains(exit))
        .unwrap_or(Exit::Done)
}

fn text(body: &Body) -> String {
    let style = output::style(false);
    let checks: Vec<Vec<String>> = body
        .machine
        .iter()
        .map(|check| vec![check.what.to_owned(), check.verdict.word().to_owned(), check.says.clone()])
        .collect();
    let rows: Vec<Vec<String>> = body.gateways.iter().flat_map(rows).collect();
    let titles =
        ["gateway", "connect", "meter", "serial number", "fastest", "median", "28 registers", "says"];
    let hints: String = body
        .machine
        .iter()
        .filter_map(|check| Some(format!("hint, {}: {}\n", check.what, check.hint.as_ref()?)))
        .chain(hints(body))
        .collect();
    let blank = if hints.is_empty() { "" } else { "\n" };
    format!(
        "{}\n{}{blank}{hints}\n{}",
        grid(&["this machine", "", ""], &checks, style),
        grid(&titles, &rows, style),
        last_line(body)
    )
}

fn rows(gateway: &GatewaySeen) -> Vec<Vec<String>> {
    let connect = time(gateway.connect_ms);
    let mut rows: Vec<Vec<String>> = gateway
        .meters
        .iter()
        .map(|meter| {
            let reads = meter.reads_28.map_or("–", |reads| if reads { "yes" } else { "NO" });
            vec![
                gateway.gateway.clone(),
                connect.clone(),
                format!("{} unit {}", meter.model, meter.unit),
                meter.serial_number.map_or_else(|| "–".to_owned(), |number| number.to_string()),
                time(meter.fastest_ms),
                time(meter.median_ms),
                reads.to_owned(),
                says(meter),
            ]
        })
        .collect();
    if let Some(error) = &gateway.error {
        let dash = || "–".to_owned();
        let error = format!("unreachable[no_connection]: {error}");
        rows.push(vec![gateway.gateway.clone(), connect, dash(), dash(), dash(), dash(), dash(), error]);
    }
    rows
}

fn says(meter: &MeterSeen) -> String {
    match (&meter.error, meter.code, meter.serial_number) {
        (Some(error), Some(code), _) => {
            let word = match meter.exit {
                Exit::Refused => "refused",
                Exit::Unreachable => "unreachable",
                _ => "failed",
            };
            format!("{word}[{code}]: {error}")
        }
        (_, _, None) => "does not say who it is".to_owned(),
        _ if meter.expected.is_empty() => "any serial number".to_owned(),
        _ => "as the job says".to_owned(),
    }
}

/// Once for each name of what is wrong.
fn hints(body: &Body) -> impl Iterator<Item = String> {
    let mut codes: Vec<&str> = body
        .gateways
        .iter()
        .flat_map(|gateway| {
            let none = gateway.error.as_ref().map(|_| "no_connection");
            gateway.meters.iter().filter_map(|meter| meter.code.map(|code| code.as_str())).chain(none)
        })
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes.into_iter().map(|code| format!("hint: `meterferry explain {code}` says what to do\n"))
}

fn time(milliseconds: Option<f64>) -> String {
    milliseconds.map_or_else(|| "–".to_owned(), |time| format!("{time:.1} ms"))
}

fn last_line(body: &Body) -> String {
    let answer = |gateway: &&GatewaySeen| gateway.meters.iter().any(|meter| meter.fastest_ms.is_some());
    let (number, answering) = (body.gateways.len(), body.gateways.iter().filter(answer).count());
    let bad = body.machine.iter().filter(|check| check.verdict == Verdict::Bad).count();
    let machine = if bad == 0 {
        "this machine is ready".to_owned()
    } else {
        counted(bad, "thing") + " to put right here"
    };
    format!("{}: {answering} answer; {machine}; nothing was written\n", counted(number, "gateway"))
}
