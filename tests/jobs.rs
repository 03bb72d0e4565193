//! Every file in `jobs/` is right, and does what it shows: it validates, it plans, and on simulated meters it runs
//! until all is done.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the jobs has failed")]

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{finish, meterferry};

/// Files that are no jobs by themselves: they are included by one, which is tried.
const INCLUDED: [&str; 1] = ["shared/gateways.yaml"];

/// Jobs that wait for an exchange: on their own they end as `waiting`.
const WAITING: [&str; 1] = ["swap.yaml"];

fn waits(job: &Path) -> bool {
    WAITING.iter().any(|waiting| job.ends_with(waiting))
}

fn jobs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let (mut folders, mut jobs) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "csv" || extension == "json") {
                // A spreadsheet or a snapshot: it is part of the job that names it.
            } else if !INCLUDED.iter().any(|included| name == Path::new(included)) {
                jobs.push(path);
            }
        }
    }
    jobs.sort();
    assert!(jobs.len() >= 2, "the jobs were not found");
    jobs
}

/// Runs a command on every job, each with an empty home, and hands its JSON to `check`.
fn each(arguments: &[&str], check: impl Fn(&Path, &Value)) {
    for job in jobs() {
        let code = if arguments[0] == "run" && waits(&job) { 9 } else { 0 };
        let home = tempfile::tempdir().unwrap();
        let mut command = meterferry(home.path(), arguments);
        command.arg("--format").arg("json").arg(&job);
        println!("{}", job.display());
        let child = command.spawn().unwrap();
        check(&job, &support::wait(child).exits(code).json());
    }
}

#[test]
fn every_job_is_valid_and_gives_no_warning() {
    each(&["validate"], |job, said| {
        assert_eq!(said["valid"], true);
        assert_eq!(said["warnings"], Value::Array(Vec::new()), "{}", job.display());
    });
}

#[test]
fn every_job_plans_to_transfer_everything() {
    each(&["plan", "--simulate"], |job, plan| {
        let would = if waits(job) { "wait" } else { "transfer" };
        let transfers = plan["transfers"].as_array().unwrap();
        assert!(!transfers.is_empty());
        for transfer in transfers {
            assert_eq!(transfer["would"], would, "{transfer:#}");
        }
    });
}

#[test]
fn every_job_runs_until_all_is_done() {
    each(&["run", "--simulate"], |job, run| {
        let outcome = if waits(job) { "waiting" } else { "done" };
        assert!(run["counts"]["total"].as_u64() > Some(0));
        assert_eq!(run["counts"][outcome], run["counts"]["total"]);
    });
}

#[test]
fn all_jobs_together_are_right_as_well() {
    let home = tempfile::tempdir().unwrap();
    let mut command = meterferry(home.path(), ["validate"]);
    command.args(jobs());
    finish(command).exits(0);
}
