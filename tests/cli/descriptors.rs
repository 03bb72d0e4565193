//! A process that may hold few descriptors: gateways share connections, and nobody fails for want of one.

#![cfg(unix)]

use std::process::{Command, Stdio};

use crate::{
    bench::{Bench, Simulator, assert_all, assert_preset_once},
    job,
    support::finish,
};

#[test]
fn a_run_that_may_open_few_files_shares_its_connections_and_says_so() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::many(80));
    let simulator = Simulator::start(&bench, &job, "1ms");
    // 120 gateways; half of 60 descriptors may be connections.
    let arguments = bench.mapped("run", &job);
    let all: Vec<_> = arguments.iter().map(String::as_str).collect();
    let command = bench.command(&all);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -n 60 && exec \"$@\"", "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    limited.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    limited.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = finish(limited).exits(0);
    assert!(
        ended.stderr.contains("only 30 connections can be open at a time for 120 gateways"),
        "{}",
        ended.stderr
    );
    let result = ended.json();
    assert_all(&result, "done", 80);
    assert!(result["transfers"].as_array().unwrap().iter().all(|transfer| transfer["attempts"] == 1));
    assert_preset_once(&simulator.stop(), &result);
}
