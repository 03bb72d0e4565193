//! Who ran it and from which revision of the job: kept with every transfer, asked of `git` without side effects.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    bench::{Bench, transfer},
    job,
    meters::Meters,
    support::finish,
};

#[test]
fn who_and_which_version_are_kept_with_every_transfer() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    let run = bench.on_map("run", &job, &["--operator", "Ana", "--revision", "release 7"]).exits(0).json();
    let by = &transfer(&run, "only")["recorded_by"];
    assert_eq!((&by["operator"], &by["revision"]), (&"Ana".into(), &"release 7".into()));
    assert_eq!(by["tool_version"], env!("CARGO_PKG_VERSION"));
    let state = bench.at("ledger");
    let status = bench.run(&["status", &job, "--state-dir", &state, "--format", "json"]).exits(0).json();
    assert_eq!(&transfer(&status, "only")["recorded_by"], by);
    let export = bench.run(&["ledger", "export", "--state-dir", &state]).exits(0).stdout;
    let began: Value = serde_json::from_str(export.lines().nth(1).unwrap()).unwrap();
    assert_eq!((&began["kind"], &began["fact"]["operator"]), (&"began".into(), &"Ana".into()));
    meters.assert_carried_once();
}

fn git(dir: &Path, arguments: &[&str]) -> bool {
    let status = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"])
        // The test's own calls run no hook either: whatever a hook leaves behind is then the program's doing.
        .args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"])
        .args(arguments)
        .env_remove("GIT_DIR")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// What a rehearsal of these jobs says they are from.
fn revision(bench: &Bench, jobs: &[&str]) -> Value {
    let arguments = [&["run", "--simulate", "--format", "json"], jobs].concat();
    bench.run(&arguments).exits(0).json()["transfers"][0]["recorded_by"]["revision"].clone()
}

#[test]
fn the_revision_is_the_commit_of_the_job_and_says_when_the_files_differ() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::single());
    assert_eq!(revision(&bench, &[&job]), Value::Null, "no repository");
    fs::create_dir(bench.path("repository")).unwrap();
    let repository = bench.path("repository");
    if !git(&repository, &["init"]) {
        eprintln!("skipped: there is no git");
        return;
    }
    let tracked = bench.write("repository/*.yaml", &job::single());
    assert_eq!(revision(&bench, &[&tracked]), Value::Null, "nothing is committed");
    bench.write("repository/.gitignore", "mine.yaml\n");
    assert!(git(&repository, &["add", "."]) && git(&repository, &["commit", "-m", "jobs"]));
    bench.write("repository/notes.txt", "beside the job");
    let hook = bench.at("hooked");
    for name in ["post-index-change", "fsmonitor"] {
        let path =
            bench.write(&format!("repository/.git/hooks/{name}"), &format!("#!/bin/sh\ntouch {hook}\n"));
        Command::new("chmod").args(["+x", &path]).status().unwrap();
    }
    assert!(git(&repository, &["config", "core.fsmonitor", ".git/hooks/fsmonitor"]));
    let clean = revision(&bench, &[&tracked]);
    let commit = clean.as_str().unwrap();
    assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{commit}");
    let dirty = Value::from(format!("{commit}-dirty"));
    bench.write("repository/shared.yaml", "defaults: { settle: 60ms }\n");
    let including = job::single().replace("campaign: test", "campaign: test\ninclude: [shared.yaml]");
    bench.write("repository/*.yaml", &including);
    assert_eq!(revision(&bench, &[&tracked]), dirty, "changed, and includes what is in no commit");
    assert!(git(&repository, &["checkout", "--", "*.yaml"]));
    assert_eq!(revision(&bench, &[&tracked]), clean);
    let ignored = bench.write("repository/mine.yaml", &job::single());
    assert_eq!(revision(&bench, &[&ignored]), dirty, "an ignored file is in no commit");
    assert!(!bench.path("hooked").exists(), "a hook was run");
}

#[test]
fn a_job_from_standard_input_has_no_revision_and_a_git_that_hangs_holds_nothing_up() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::single());
    fs::create_dir(bench.path("bin")).unwrap();
    let slow = bench.write("bin/git", "#!/bin/sh\nexec sleep 100\n");
    Command::new("chmod").args(["+x", &slow]).status().unwrap();
    let path = format!("{}:{}", bench.at("bin"), std::env::var("PATH").unwrap());
    let mut run = bench.command(&["run", "--simulate", "--format", "json", &job]);
    run.env("PATH", path);
    let begun = std::time::Instant::now();
    let ended = finish(run).exits(0).json();
    assert_eq!(ended["transfers"][0]["recorded_by"]["revision"], Value::Null);
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
    let mut run = bench.command(&["run", "--simulate", "--format", "json", "-"]);
    run.stdin(fs::File::open(&job).unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
    let ended = finish(run).exits(0).json();
    assert_eq!(ended["transfers"][0]["recorded_by"]["revision"], Value::Null);
}
