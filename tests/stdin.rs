//! A job through a pipe: the path `-` is standard input, in the program as in the library.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the program has failed")]

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

fn validate(paths: &[&str], text: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_meterferry"))
        .arg("validate")
        .args(paths)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_job_is_read_from_standard_input() {
    let output = validate(&["-"], include_str!("../jobs/typed.yaml"));
    let (out, log) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert!(out.contains("2 transfers in 1 campaign"), "{out}");
}

#[test]
fn a_bad_job_from_standard_input_is_told_by_place() {
    let text = include_str!("../jobs/single.yaml").replace("unit: 1,", "unit: 0,");
    let output = validate(&["-"], &text);
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(65), "{log}");
    assert!(log.contains("<stdin>:7:") && log.contains("<stdin>:8:"), "{log}");
}

#[test]
fn standard_input_merges_with_a_file_of_the_same_campaign() {
    let text = include_str!("../jobs/single.yaml").replace("2034487", "2034488");
    let output = validate(&["jobs/single.yaml", "-"], &text);
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(65), "the id and the target are used twice: {log}");
    assert!(log.contains("duplicate_id") && log.contains("target_twice"), "{log}");
}
