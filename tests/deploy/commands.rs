//! Every command line in `deploy/` is one that the program understands, and does what it is there for: it is carried
//! out here, with simulated meters.

use std::{fs, path::Path, process::Command};

use crate::{
    files::{all, at, root, settings, text, yaml},
    support::{Ended, finish, meterferry},
};

/// A machine as the files have it, in a folder: jobs below `etc`, the ledger below `var`.
fn machine() -> tempfile::TempDir {
    let machine = tempfile::tempdir().unwrap();
    for folder in ["etc/meterferry/jobs", "var/lib/prometheus/node-exporter", "var/lib/meterferry"] {
        fs::create_dir_all(machine.path().join(folder)).unwrap();
    }
    fs::copy(root().join("jobs/single.yaml"), machine.path().join("etc/meterferry/jobs/single.yaml"))
        .unwrap();
    machine
}

/// The command with these arguments on that machine, and its simulated meters.
fn carried_out(machine: &Path, arguments: &[String], more: &str) -> Ended {
    let here = |argument: &String| {
        ["/etc/meterferry", "/var/lib/"].iter().fold(argument.clone(), |argument, path| {
            argument.replace(path, &format!("{}{path}", machine.display()))
        })
    };
    let mut command: Command = meterferry(machine, arguments.iter().map(here));
    command.arg(more);
    // A simulated run heeds the option only; a real one METERFERRY_STATE_DIR, too.
    if arguments[0] == "run" && !arguments.iter().any(|argument| argument.starts_with("--state-dir")) {
        command.arg("--state-dir").arg(machine.join("var/lib/meterferry"));
    }
    command.env("METERFERRY_STATE_DIR", machine.join("var/lib/meterferry"));
    finish(command)
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn args(path: &str, container: &str) -> Vec<String> {
    let file = yaml(path);
    let list = at(&file, container).get("args").unwrap().as_sequence().unwrap();
    list.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Runs it twice: all is done, then there is nothing to do.
fn runs(arguments: &[String]) -> tempfile::TempDir {
    let machine = machine();
    carried_out(machine.path(), &words("ledger init"), "--simulated").exits(0);
    let arguments = [arguments, &["--format=json".to_owned()]].concat();
    for outcome in ["done", "already_done"] {
        let run = carried_out(machine.path(), &arguments, "--simulate").exits(0).json();
        assert_eq!(run["counts"][outcome], 1, "{run:#}");
    }
    machine
}

#[test]
fn the_service_carries_the_jobs_out_once() {
    let unit = text("deploy/systemd/meterferry.service");
    assert!(settings(&unit, "Environment").contains(&"METERFERRY_STATE_DIR=/var/lib/meterferry".to_owned()));
    assert_eq!(settings(&unit, "StateDirectory"), ["meterferry"], "below /var/lib");
    let start = settings(&unit, "ExecStart");
    assert_eq!(start.len(), 1);
    runs(&words(start[0].strip_prefix("/usr/bin/meterferry ").unwrap()));
}

#[test]
fn with_metrics_it_is_the_same_run_with_a_file_for_the_collector() {
    let plain = settings(&text("deploy/systemd/meterferry.service"), "ExecStart").concat();
    let starts = settings(&text("deploy/systemd/drop-ins/metrics.conf"), "ExecStart");
    assert_eq!(starts[0], "", "what the service says is taken away first");
    let file = "/var/lib/prometheus/node-exporter/meterferry.prom";
    assert_eq!(starts[1].replace(&format!("--metrics-file {file} "), ""), plain);
    let machine = runs(&words(starts[1].strip_prefix("/usr/bin/meterferry ").unwrap()));
    let metrics = fs::read_to_string(format!("{}{file}", machine.path().display())).unwrap();
    for name in names_in_the_alerts() {
        assert!(metrics.contains(&name), "{name} is not in\n{metrics}");
    }
}

fn names_in_the_alerts() -> Vec<String> {
    let rules = text("deploy/prometheus/meterferry.rules.yaml");
    let expressions = rules.lines().filter(|line| line.trim_start().starts_with("expr: "));
    let names: Vec<_> = expressions
        .flat_map(|line| line.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_'))
        .filter(|word| word.starts_with("meterferry_"))
        .map(str::to_owned)
        .collect();
    assert!(names.len() >= 6, "{names:?}");
    names
}

#[test]
fn the_pods_make_the_ledger_and_carry_the_jobs_out_once() {
    let init = args("deploy/kubernetes/ledger-init.yaml", "spec.template.spec.containers.0");
    carried_out(machine().path(), &init, "--simulated").exits(0);
    runs(&args("deploy/kubernetes/cronjob.yaml", "spec.jobTemplate.spec.template.spec.containers.0"));
}

#[test]
fn the_commands_of_ci_are_understood_and_need_no_ledger() {
    let mut seen = 0;
    for path in all().iter().filter(|path| path.starts_with("deploy/git")) {
        for line in text(path).lines().map(|line| line.trim_start().trim_start_matches("- ")) {
            let Some(line) = line.strip_prefix("meterferry ").filter(|line| line.contains(" site")) else {
                continue;
            };
            let mut arguments = words(line.split(" > ").next().unwrap());
            arguments
                .iter_mut()
                .filter(|word| *word == "site")
                .for_each(|word| *word = "/etc/meterferry/jobs".to_owned());
            let plans = arguments[0] == "plan" && !arguments.contains(&"--simulate".to_owned());
            let changes = arguments.contains(&"--detailed-exitcode".to_owned());
            let more = if plans { "--simulate" } else { "--log=error" };
            carried_out(machine().path(), &arguments, more).exits(if changes { 2 } else { 0 });
            seen += 1;
        }
    }
    assert_eq!(seen, 6);
}
