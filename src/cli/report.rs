//! `report`: what the ledger knows, as files to be kept. Reads a ledger, or a copy of one; touches no meter.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::Write as _,
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
    whole_file,
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

/// The files, and what stands near the beginning of each that this command wrote.
const FILES: [(&str, &str); 4] = [
    ("report.html", "<meta name=\"generator\" content=\"meterferry "),
    ("report.json", "\"made_at\""),
    ("junit.xml", "<testsuites name=\"meterferry\""),
    ("summary.md", "## meterferry: "),
];

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

/// Makes all four texts, and looks at what is there, before the first is written.
fn write(evidence: &Evidence, exit: Exit, folder: &Path, console: &Console) -> Result<(), Failure> {
    let summary = markdown(evidence);
    let files = FILES.map(|(name, mark)| (folder.join(name), move |there: &str| there.contains(mark)));
    let texts = [
        html(evidence),
        json_text(&Envelope::new(None, exit.code(), EvidenceBody::from(evidence))),
        junit(evidence),
        summary.clone(),
    ];
    for (path, is_ours) in &files {
        whole_file::refuse_foreign(path, is_ours)?;
    }
    fs::create_dir_all(folder).map_err(|error| {
        Failure::new(Exit::NotFound, format!("{} cannot be made: {error}", folder.display()))
            .hint("name a folder that can be written with --to")
    })?;
    for ((path, is_ours), text) in files.iter().zip(texts) {
        whole_file::write(path, &text, is_ours)?;
    }
    append_to_step_summary(&summary, console);
    Ok(())
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
