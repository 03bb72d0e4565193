//! `report`: what the ledger knows, as files to be kept. Reads a ledger, or a copy of one; touches no meter.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    Exit, args,
    failure::{Failure, counted},
    jobs,
    ledger::{open_for_itself, standing},
    output::Console,
};
use crate::{
    campaign::{Transfer, TransferKey},
    ledger::{LedgerReader, Scope, TransferRecord, Verdict},
    report::{
        Envelope,
        evidence::{Evidence, EvidenceBody, NoSuchLabel, Provenance, Subject, html, junit, markdown},
        json_text,
    },
};

/// Where a step of a GitHub workflow leaves what its summary shows.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

pub(super) fn report(arguments: &args::Report, console: &Console) -> Result<Exit, Failure> {
    let job = match &arguments.paths[..] {
        [] => None,
        paths => Some(jobs::load(&args::Paths { paths: paths.to_vec() }, console)?),
    };
    let reader = open_for_itself(&arguments.ledger)?;
    let (verdict, subjects) = subjects(&reader, job, arguments.campaign.as_deref())?;
    let fault = verdict.fault.as_ref().map(ToString::to_string);
    let ledger = Provenance { origin: reader.origin().clone(), head: verdict.head, fault };
    if subjects.is_empty() {
        return Err(Failure::new(Exit::NothingSelected, "there is no transfer to report on")
            .hint("check --campaign, and whether this is the ledger of the runs: --ledger or --state-dir"));
    }
    let evidence = Evidence::new(ledger, Timestamp::now(), &subjects, arguments.by.as_deref())?;
    let exit = if evidence.ledger.fault.is_none() { Exit::Done } else { Exit::Ledger };
    write(&evidence, exit, &arguments.to, console)?;
    console.print(&format!(
        "{}: report.html, report.json, junit.xml and summary.md, {}\nledger head: {}; keep it elsewhere\n",
        arguments.to.display(),
        counted(evidence.certificates.len(), "transfer"),
        evidence.ledger.head
    ));
    match evidence.ledger.fault {
        None => Ok(exit),
        Some(fault) => Err(Failure::new(exit, format!("the report is written, and says so: {fault}"))
            .hint("look at the ledger with `meterferry ledger verify`")),
    }
}

/// The transfers of the job, or everything that was ever taken up; checked and read at one instant.
fn subjects(
    reader: &LedgerReader,
    job: Option<Vec<Arc<Transfer>>>,
    campaign: Option<&str>,
) -> Result<(Verdict, Vec<Subject>), Failure> {
    let mut asked: Option<HashMap<TransferKey, Arc<Transfer>>> = job.map(|transfers| {
        let asked = transfers
            .into_iter()
            .filter(|transfer| campaign.is_none_or(|name| *name == *transfer.key.campaign));
        asked.map(|transfer| (transfer.key.clone(), transfer)).collect()
    });
    let mut subjects = Vec::new();
    let scope = campaign.map_or(Scope::All, Scope::Campaign);
    let verdict = reader.verify_and_visit(scope, &mut |record: TransferRecord| {
        let job = match &mut asked {
            None => None,
            Some(asked) => match asked.remove(&record.key) {
                None => return,
                found => found,
            },
        };
        subjects.extend(Subject::new(Some((record.facts, record.history)), job, standing));
    })?;
    let never = asked.into_iter().flatten().map(|(_, transfer)| transfer);
    subjects.extend(never.filter_map(|transfer| Subject::new(None, Some(transfer), standing)));
    Ok((verdict, subjects))
}

/// Makes all four texts before the first is written.
fn write(evidence: &Evidence, exit: Exit, folder: &Path, console: &Console) -> Result<(), Failure> {
    let summary = markdown(evidence);
    let files = [
        ("report.html", html(evidence)),
        ("report.json", json_text(&Envelope::new(None, exit.code(), EvidenceBody::from(evidence)))),
        ("junit.xml", junit(evidence)),
        ("summary.md", summary.clone()),
    ];
    let failed = |path: &Path, error: &io::Error| {
        Failure::new(Exit::Ledger, format!("{}: {error}", path.display()))
            .hint("name a folder that can be written with --to; the ledger is untouched")
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for (name, text) in files {
        let path = folder.join(name);
        replace(&path, &text).map_err(|error| failed(&path, &error))?;
    }
    append_to_step_summary(&summary, console);
    Ok(())
}

/// The whole file or the one before it: nobody ever sees half a report.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = File::create(&part)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // Nothing else can be done about it, and what went wrong is told.
        let _ = fs::remove_file(&part);
    }
    written
}

/// A summary that cannot be appended is a remark: the report itself is there.
fn append_to_step_summary(summary: &str, console: &Console) {
    let Some(path) = std::env::var_os(STEP_SUMMARY).filter(|path| !path.is_empty()) else { return };
    let appended = File::options()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(format!("{summary}\n").as_bytes()));
    if let Err(error) = appended {
        console.remark(&format!("${STEP_SUMMARY} {}: {error}", Path::new(&path).display()));
    }
}

impl From<NoSuchLabel> for Failure {
    fn from(error: NoSuchLabel) -> Self {
        let hint = match &error.known[..] {
            [] => "no transfer has labels; leave --by out".to_owned(),
            known => format!("labels are: {}", known.join(", ")),
        };
        Self::new(Exit::Usage, format!("--by: {error}")).hint(hint)
    }
}
