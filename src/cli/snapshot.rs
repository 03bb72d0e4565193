//! `snapshot`: reads the meters of a job, and keeps what each showed in a file. Made for cron: quiet, and an exit code
//! that says what is wrong.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::StreamExt;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Exit,
    args::{self, Format, Of},
    failure::{Failure, counted},
    jobs, ledger,
    output::Console,
    signals,
    snapshot_store::{Stored, store},
    wires,
};
use crate::{
    campaign::{Endpoint, Role, SnapshotOrigin, Transfer},
    ledger::{Kind, Replay},
    meter::{Model, Readings},
    report::{Envelope, json_line, json_text},
    run::Sights,
    snapshot::{MeterKind, Proof, Snapshot},
    transfer::{Identity, Outcome, Sight, Sighted, Sighting},
};

/// What became of one meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Became {
    Stored,
    Waiting,
    Refused,
    Unreachable,
    Failed,
    NotRun,
}

/// One meter, in JSON.
#[derive(Debug, Serialize)]
struct Line {
    campaign: Arc<str>,
    id: Arc<str>,
    role: Role,
    model: Model,
    place: String,
    outcome: Became,
    reason: String,
    hint: Option<String>,
    serial_number: Option<u32>,
    /// `path`, `digest`, `taken`; `null` if nothing was stored.
    snapshot: Option<SnapshotOrigin>,
    readings: Option<Readings>,
}

#[derive(Debug, Default, Serialize)]
struct Counts {
    total: usize,
    stored: usize,
    waiting: usize,
    refused: usize,
    unreachable: usize,
    failed: usize,
    not_run: usize,
}

#[derive(Serialize)]
struct Body<'a> {
    counts: Counts,
    folder: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshots: Option<&'a [Line]>,
}

pub(super) async fn snapshot(arguments: args::Snapshot, console: &Console) -> Result<Exit, Failure> {
    let selected = selected(&arguments, console)?;
    let meters = meters(&selected, arguments.of)?;
    let folder = folder(&arguments.to)?;
    let reach = wires::reach(&arguments.wires, &selected).await?;
    let (stop, caught) = signals::heed();
    let settings =
        wires::look_settings(&arguments.wires, &reach, wires::parallel(&arguments.wires, &selected), stop)?;
    let kind = match wires::kind(&arguments.wires) {
        Kind::Real => MeterKind::Real,
        Kind::Simulated => MeterKind::Simulated,
    };
    let sights = Sights::new(selected.iter().flat_map(|transfer| transfer.endpoints()), settings);
    let (all, to) = (&sights, &folder);
    let mut lines: Vec<(usize, Line)> = futures::stream::iter(meters.iter().enumerate())
        .map(|(place, meter)| async move { (place, one(meter, all, to, kind).await) })
        // Whoever waits for a meter that does not answer keeps nobody from his turn.
        .buffer_unordered(sights.parallel())
        .collect()
        .await;
    lines.sort_by_key(|(place, _)| *place);
    let lines: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
    let exit = exit(&lines, caught.signal());
    tell(&lines, &folder);
    if let Some(format) = arguments.format {
        console.print(&text(&lines, &folder, exit, format));
    }
    Ok(exit)
}

/// The ledger is asked only where the selection needs it: snapshots are for machines without one, too.
fn selected(arguments: &args::Snapshot, console: &Console) -> Result<Vec<Arc<Transfer>>, Failure> {
    let transfers = jobs::load(&arguments.jobs.files, console)?;
    let by_outcome = arguments.jobs.only.iter().any(|only| only.starts_with("outcome="));
    let reader = match by_outcome {
        true => ledger::open_to_look(&arguments.state, wires::kind(&arguments.wires))?,
        false => None,
    };
    let known = reader.as_ref().map(|reader| reader as &dyn Replay);
    jobs::select(&arguments.jobs, transfers, |transfer| ledger::outcome(known, transfer))
}

/// Every meter that is asked for, once.
fn meters(transfers: &[Arc<Transfer>], of: Of) -> Result<Vec<Sighting>, Failure> {
    let roles: &[Role] = match of {
        Of::Sources => &[Role::Source],
        Of::Targets => &[Role::Target],
        Of::All => &[Role::Source, Role::Target],
    };
    let mut seen = HashSet::new();
    let mut meters = Vec::new();
    for transfer in transfers {
        for role in roles {
            let Some(sighting) = Sighting::new(Arc::clone(transfer), *role) else { continue };
            let endpoint = sighting.endpoint();
            let meter = (endpoint.gateway.address.clone(), endpoint.unit, endpoint.serial_number.pinned());
            if seen.insert(meter) {
                meters.push(sighting);
            }
        }
    }
    if meters.is_empty() {
        return Err(Failure::new(
            Exit::NothingSelected,
            "no source of the selected transfers is a meter that can be asked: their readings are in the job",
        )
        .hint("`--of targets` reads the meters that go on counting"));
    }
    Ok(meters)
}

fn folder(folder: &Path) -> Result<PathBuf, Failure> {
    match fs::create_dir_all(folder) {
        Ok(()) => Ok(folder.to_owned()),
        Err(error) => Err(Failure::new(Exit::NotFound, format!("--to {}: {error}", folder.display()))
            .hint("give a folder that can be written to; nothing was read")),
    }
}

fn place(endpoint: &Endpoint) -> String {
    format!("{} unit {}", endpoint.gateway, endpoint.unit)
}

async fn one(sighting: &Sighting, sights: &Sights, folder: &Path, kind: MeterKind) -> Line {
    let (key, endpoint) = (&sighting.plan().key, sighting.endpoint());
    let line = Line {
        campaign: Arc::clone(&key.campaign),
        id: Arc::clone(&key.id),
        role: sighting.role(),
        model: endpoint.model,
        place: place(endpoint),
        outcome: Became::NotRun,
        reason: "stopped".to_owned(),
        hint: None,
        serial_number: None,
        snapshot: None,
        readings: None,
    };
    match sights.look(sighting).await {
        None => line,
        Some(Sighted::Read(sight)) => stored(line, sighting.plan(), *sight, folder, kind).await,
        Some(Sighted::NotHere { reason }) => Line { outcome: Became::Waiting, reason, ..line },
        Some(Sighted::Refused(refusal)) => {
            Line { outcome: Became::Refused, reason: refusal.to_string(), hint: Some(refusal.hint()), ..line }
        }
        Some(Sighted::Failed(failure)) => Line {
            outcome: match failure.outcome() {
                Outcome::Unreachable => Became::Unreachable,
                _ => Became::Failed,
            },
            reason: failure.to_string(),
            hint: Some(failure.hint()),
            ..line
        },
    }
}

/// Puts what was read into the folder, at once: what comes later cannot lose it.
async fn stored(line: Line, plan: &Transfer, sight: Sight, folder: &Path, kind: MeterKind) -> Line {
    let Sight { role, identity, reading } = sight;
    let endpoint = plan.endpoint(role).expect("it was read");
    let serial_number = identity.serial_number();
    let is_proved =
        matches!(identity, Identity::SerialNumber(_)) && endpoint.serial_number.pinned().is_some();
    let snapshot = Snapshot {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        meter: kind,
        model: endpoint.model,
        serial_number,
        identity: if is_proved { Proof::Proved } else { Proof::Unproved },
        place: place(endpoint),
        taken: reading.at,
        written: Timestamp::now(),
        readings: reading.readings.clone(),
    };
    let to = folder.to_owned();
    let storing = tokio::task::spawn_blocking(move || store(&to, &snapshot)).await;
    let line = Line { role, model: endpoint.model, serial_number, readings: Some(reading.readings), ..line };
    match storing.expect("storing does not panic") {
        Ok(Stored { path, digest }) => {
            let path = path.display().to_string();
            let reason = match is_proved {
                true => "stored".to_owned(),
                false => "stored; its identity and addressing are unproved".to_owned(),
            };
            let origin = SnapshotOrigin { path, digest, taken: reading.at };
            Line { outcome: Became::Stored, reason, snapshot: Some(origin), ..line }
        }
        Err(error) => Line {
            outcome: Became::Failed,
            reason: format!("it was read, and cannot be stored in {}: {error}", folder.display()),
            hint: Some("make room, or give another folder with --to".to_owned()),
            ..line
        },
    }
}

fn counts(lines: &[Line]) -> Counts {
    let number = |became| lines.iter().filter(|line| line.outcome == became).count();
    Counts {
        total: lines.len(),
        stored: number(Became::Stored),
        waiting: number(Became::Waiting),
        refused: number(Became::Refused),
        unreachable: number(Became::Unreachable),
        failed: number(Became::Failed),
        not_run: number(Became::NotRun),
    }
}

/// The worst of what happened, in the order of a run's exit codes.
fn exit(lines: &[Line], signal: Option<signals::Signal>) -> Exit {
    let any = |became| lines.iter().any(|line| line.outcome == became);
    match () {
        () if any(Became::Refused) => Exit::Refused,
        () if any(Became::Failed) => Exit::Failed,
        () if any(Became::Unreachable) => Exit::Unreachable,
        () if any(Became::NotRun) => signal.map_or(Exit::Unfinished, Exit::Stopped),
        () if any(Became::Waiting) => Exit::Unfinished,
        () => Exit::Done,
    }
}

/// What was not stored, and one line at the end, on stderr.
fn tell(lines: &[Line], folder: &Path) {
    for line in lines.iter().filter(|line| line.outcome != Became::Stored) {
        let hint = line.hint.as_deref().unwrap_or_default();
        tracing::warn!(
            hint,
            "{}/{}, no snapshot of its {}: {}",
            line.campaign,
            line.id,
            line.role,
            line.reason
        );
    }
    let stored = counts(lines).stored;
    let meters = counted(lines.len(), "meter");
    tracing::info!("{} of {meters} in {}", counted(stored, "snapshot"), folder.display());
}

fn text(lines: &[Line], folder: &Path, exit: Exit, format: Format) -> String {
    let body =
        |snapshots| Envelope::new(None, exit.code(), Body { counts: counts(lines), folder, snapshots });
    match format {
        Format::Human => lines.iter().map(human).collect(),
        Format::Json => json_text(&body(Some(lines))),
        Format::Jsonl => {
            #[derive(Serialize)]
            #[serde(tag = "type", rename_all = "snake_case")]
            enum JsonLine<'a> {
                Snapshot(&'a Line),
                Summary(Envelope<Body<'a>>),
            }
            let mut text: String = lines.iter().map(|line| json_line(&JsonLine::Snapshot(line))).collect();
            text.push_str(&json_line(&JsonLine::Summary(body(None))));
            text
        }
    }
}

fn human(line: &Line) -> String {
    let became = match &line.snapshot {
        Some(origin) => origin.path.clone(),
        None => format!("none: {}", line.reason),
    };
    format!("{}/{} {} ({}): {became}\n", line.campaign, line.id, line.role, line.place)
}
