//! `run`: carry the readings over.

use std::{
    hash::{BuildHasher, RandomState},
    io::{self, BufRead, IsTerminal},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use jiff::{Timestamp, Zoned};

use super::{
    Exit,
    args::{self, Format},
    failure::{Failure, counted},
    jobs, ledger, limits,
    operator::user_at_host,
    output::{self, Console},
    revision, signals, wires,
};
use crate::{
    campaign::Transfer,
    ledger::{Kind, Ledger},
    report::{
        Envelope, JsonLine, JsonLinesReporter, LogReporter, MetricsFile, Progress, ProgressKind, Reporters,
        Results, RunSummary, TransferJson, json_line, run_body, summary_text,
    },
    run::{self, Clock, Event, RunReport, RunSettings},
    transfer::{Author, Outcome},
};

pub(super) async fn run(arguments: args::Run, console: &Console) -> Result<Exit, Failure> {
    let mut metrics = metrics_file(&arguments)?;
    let result = prepare_and_carry(arguments, console, metrics.as_mut()).await;
    if let Some(metrics) = metrics {
        metrics.end(result.as_ref().map_or_else(|failure| failure.exit, |exit| *exit).code());
    }
    result
}

/// The metrics file, before anything else is touched.
fn metrics_file(arguments: &args::Run) -> Result<Option<MetricsFile>, Failure> {
    let Some(path) = &arguments.metrics_file else { return Ok(None) };
    let file = MetricsFile::create(path, wires::kind(&arguments.wires).word()).map_err(|error| {
        Failure::new(Exit::Usage, format!("--metrics-file {}: {error}; nothing was touched", path.display()))
            .hint("name a file of its own, in a folder that exists and that this user may write to")
    })?;
    if path.extension().is_none_or(|extension| extension != "prom") {
        tracing::warn!(
            target: "meterferry::metrics",
            "--metrics-file {}: node_exporter's textfile collector only reads files that end in .prom",
            path.display()
        );
    }
    Ok(Some(file))
}

async fn prepare_and_carry(
    arguments: args::Run,
    console: &Console,
    mut metrics: Option<&mut MetricsFile>,
) -> Result<Exit, Failure> {
    let limits = limits::limits(&arguments.limits, &Zoned::now())?;
    let jobs::Job { transfers, files } = jobs::load_with_files(&arguments.jobs.files, console)?;
    let kind = wires::kind(&arguments.wires);
    let ledger = ledger::open_for_run(&arguments.state, kind, arguments.lock_wait)?;
    let selected =
        jobs::select(&arguments.jobs, transfers, |transfer| ledger::outcome(Some(&*ledger), transfer))?;
    wires::refuse_simulated_readings(&arguments.wires, &selected)?;
    if let Some(metrics) = &mut metrics {
        let standing = |transfer: &Arc<Transfer>| ledger::outcome(Some(&*ledger), transfer);
        metrics.selected(selected.iter().map(|transfer| (transfer.key.clone(), standing(transfer))));
    }
    if kind == Kind::Real {
        confirm(&arguments, &selected, &*ledger, console)?;
    }
    let reach = wires::reach(&arguments.wires, &selected).await?;
    let author = author(&arguments, files).await;
    let (stop, caught) = signals::heed();
    let run: Arc<str> = run_id().into();
    let settings = RunSettings {
        run: Arc::clone(&run),
        author,
        parallel: wires::parallel(&arguments.wires, &selected),
        connections: reach.connections(),
        seed: arguments.seed.unwrap_or_else(random),
        clock: Clock::system(),
        connector: Arc::clone(&reach.connector),
        trace: wires::trace(arguments.wires.trace.as_deref())?,
        stop,
        until_check: arguments.until == Some(args::Until::Check),
        limits,
        pulse: pulse(&arguments, console),
    };
    let mut results = console.results();
    let told = Told { arguments: &arguments, console, metrics, results: &mut results };
    let report = carry(selected, ledger, settings, told).await;
    let exit = Exit::of_run(&report, caught.signal());
    if let Some(fleet) = &reach.fleet {
        console.remark(&fleet.testimony());
    }
    close(&report, &run, exit, arguments.output.format, &mut results);
    console.conclude(&results);
    Ok(exit)
}

/// Who starts the run, and from which revision of the job.
async fn author(arguments: &args::Run, files: Option<Vec<PathBuf>>) -> Author {
    let operator = arguments.operator.clone().unwrap_or_else(user_at_host);
    let revision = match (&arguments.revision, files) {
        (Some(revision), _) => Some(revision.clone()),
        (None, Some(files)) => revision::of_files(&files).await,
        (None, None) => None,
    };
    Author { operator: Some(operator.into()), revision: revision.map(Into::into) }
}

/// Who is told of a run.
struct Told<'a> {
    arguments: &'a args::Run,
    console: &'a Console,
    metrics: Option<&'a mut MetricsFile>,
    results: &'a mut Results,
}

async fn carry(
    transfers: Vec<Arc<Transfer>>,
    ledger: Arc<dyn Ledger>,
    settings: RunSettings,
    told: Told<'_>,
) -> RunReport {
    let Told { arguments, console, metrics, results } = told;
    let mut progress = Progress::new(progress(arguments, console), console.stderr.clone());
    let mut log = LogReporter::new();
    let mut lines = JsonLinesReporter::new(results);
    let mut reporters =
        Reporters::new().with(|event: &Event| log.event(event)).with(|event| progress.event(event));
    if let Some(metrics) = metrics {
        reporters = reporters.with(|event| metrics.event(event));
    }
    if arguments.output.format == Format::Jsonl {
        reporters = reporters.with(|event| lines.event(event));
    }
    run::run(transfers, ledger, settings, &mut |event| reporters.tell(&event)).await
}

/// How often the run is to say how it stands: as often as whoever wants it most.
fn pulse(arguments: &args::Run, console: &Console) -> Option<Duration> {
    let metrics = arguments.metrics_file.as_ref().map(|_| MetricsFile::pulse());
    progress(arguments, console).pulse().into_iter().chain(metrics).min()
}

fn progress(arguments: &args::Run, console: &Console) -> ProgressKind {
    ProgressKind::choose(arguments.quiet, io::stderr().is_terminal(), console.logs)
}

pub(super) fn close(report: &RunReport, run: &str, exit: Exit, format: Format, results: &mut Results) {
    match format {
        Format::Human => results.print(&summary_text(report, output::style(false))),
        Format::Json => results.print_json(&Envelope::new(Some(run), exit.code(), run_body(report))),
        Format::Jsonl => {
            let summary = Envelope::new(Some(run), exit.code(), RunSummary::from(report));
            results.print(&json_line(&JsonLine::<TransferJson, _>::Summary(summary)));
        }
    }
}

/// Asks a person before real meters are written to; without one, `--yes` must have said so.
fn confirm(
    arguments: &args::Run,
    selected: &[Arc<Transfer>],
    ledger: &dyn Ledger,
    console: &Console,
) -> Result<(), Failure> {
    let writes = selected
        .iter()
        .filter(|transfer| {
            !matches!(ledger::outcome(Some(ledger), transfer), Outcome::AlreadyDone | Outcome::Mismatch)
        })
        .count();
    if arguments.yes || writes == 0 {
        return Ok(());
    }
    let question =
        format!("{}, {} will be written", counted(selected.len(), "transfer"), counted(writes, "meter"));
    let hint = "look at `meterferry plan` first, then add --yes; `--simulate` tries it without meters";
    ask(&question, hint, console)
}

/// Puts a question that only `yes` answers. `hint`: what to do where nobody is here to be asked.
pub(super) fn ask(question: &str, hint: &str, console: &Console) -> Result<(), Failure> {
    if !output::person_present() {
        return Err(
            Failure::new(Exit::Usage, format!("{question}, and nobody is here to be asked")).hint(hint)
        );
    }
    console.remark(&format!("{question}. Type yes to go on:"));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    Err(Failure::new(Exit::Unfinished, "not confirmed; nothing was touched")
        .hint("type the whole word yes, or give --yes"))
}

/// Names a run in the record: when it began, and four hexadecimal digits.
pub(super) fn run_id() -> String {
    format!("{}-{:04x}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ"), random() & 0xFFFF)
}

pub(super) fn random() -> u64 {
    RandomState::new().hash_one(Timestamp::now())
}
