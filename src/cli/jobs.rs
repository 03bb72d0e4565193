//! Loads the job files of a command and selects from their transfers.

use std::{collections::HashSet, path::PathBuf, sync::Arc};

use super::{
    Exit, args,
    failure::{Failure, counted},
    output::{self, Console},
    select::Selection,
};
use crate::{
    campaign::Transfer,
    job::{self, Diagnostics, JobPath, Loaded},
    transfer::Outcome,
};

/// The transfers of all job files, in order.
pub(super) fn load(arguments: &args::Paths, console: &Console) -> Result<Vec<Arc<Transfer>>, Failure> {
    told(job::load(&paths(arguments)), console)
}

/// Job files, and what they say.
pub(super) struct Job {
    /// All transfers, in order.
    pub transfers: Vec<Arc<Transfer>>,
    /// Every file that was read; nothing where they cannot be told.
    pub files: Option<Vec<PathBuf>>,
}

/// The transfers of all job files, and the files themselves.
pub(super) fn load_with_files(arguments: &args::Paths, console: &Console) -> Result<Job, Failure> {
    let mut loaded = job::load(&paths(arguments));
    let files = loaded.as_mut().ok().and_then(|loaded| loaded.files.take());
    Ok(Job { transfers: told(loaded, console)?, files })
}

/// The path arguments; `-` is standard input.
pub(super) fn paths(arguments: &args::Paths) -> Vec<JobPath> {
    arguments.paths.iter().map(|path| path.clone().into_os_string().into()).collect()
}

/// What was loaded; all that is wrong with it, and warnings, are told.
pub(super) fn told(
    loaded: Result<Loaded, Diagnostics>,
    console: &Console,
) -> Result<Vec<Arc<Transfer>>, Failure> {
    let loaded = loaded.map_err(|found| {
        console.remark(&found.render(output::stderr_colour()));
        let exit = if found.only_missing_paths() { Exit::NotFound } else { Exit::BadJob };
        let errors = counted(found.len(), "error");
        Failure::new(exit, format!("{errors} in the job files; nothing was touched"))
            .hint("`meterferry explain CODE`, with the word in brackets, says more")
    })?;
    if !loaded.warnings.is_empty() {
        console.remark(&loaded.warnings.render(output::stderr_colour()));
    }
    Ok(loaded.campaigns.into_iter().flat_map(|campaign| campaign.transfers).collect())
}

/// The one transfer of all job files that `--id` names.
pub(super) fn load_one(
    arguments: &args::Paths,
    id: &str,
    console: &Console,
) -> Result<Arc<Transfer>, Failure> {
    let transfers = load(arguments, console)?;
    the_one(transfers.iter().filter(|transfer| *transfer.key.id == *id), id).cloned()
}

/// The one of these that `--id` names.
pub(super) fn the_one<'a>(
    mut named: impl Iterator<Item = &'a Arc<Transfer>>,
    id: &str,
) -> Result<&'a Arc<Transfer>, Failure> {
    match (named.next(), named.next()) {
        (Some(transfer), None) => Ok(transfer),
        _ => {
            Err(Failure::new(Exit::NothingSelected, format!("--id {id:?} names no one transfer of the job"))
                .hint("ids are those in the job; name one campaign's files if two use that id"))
        }
    }
}

/// The transfers that `--only` and `--ids` select. `outcome` tells what the ledger knows of one.
pub(super) fn select(
    arguments: &args::Jobs,
    transfers: Vec<Arc<Transfer>>,
    outcome: impl Fn(&Transfer) -> Outcome,
) -> Result<Vec<Arc<Transfer>>, Failure> {
    let selection = Selection::parse(&arguments.only)?;
    let ids = ids(arguments, &transfers)?;
    let selected: Vec<_> = transfers
        .into_iter()
        .filter(|transfer| ids.as_ref().is_none_or(|ids| ids.contains(&*transfer.key.id)))
        .filter(|transfer| selection.takes(transfer, || outcome(transfer)))
        .collect();
    if selected.is_empty() {
        return Err(Failure::new(Exit::NothingSelected, "the selection names no transfer of the job")
            .hint("check --only and --ids against the ids, labels, models and gateways in the job"));
    }
    Ok(selected)
}

fn ids(arguments: &args::Jobs, transfers: &[Arc<Transfer>]) -> Result<Option<HashSet<String>>, Failure> {
    let Some(file) = &arguments.ids else { return Ok(None) };
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::new(Exit::NotFound, format!("--ids {}: {error}", file.display()))
            .hint("name a text file that can be read, with one id a line; --only id='feeder-*' needs none")
    })?;
    let ids: HashSet<String> = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect();
    let known: HashSet<&str> = transfers.iter().map(|transfer| &*transfer.key.id).collect();
    match ids.iter().filter(|id| !known.contains(id.as_str())).min() {
        Some(unknown) => Err(Failure::new(
            Exit::NothingSelected,
            format!("{} names {unknown:?}, and no transfer of the job has that id", file.display()),
        )
        .hint("one id a line, as in the job; # begins a comment")),
        None => Ok(Some(ids)),
    }
}
