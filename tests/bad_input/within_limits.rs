//! Files made to eat a machine, read by the program itself under a limit on its memory and on its time.
#![cfg(target_os = "linux")]

use std::{
    fmt::Write as _,
    fs::File,
    path::Path,
    process::{Command, Stdio},
};

/// Address space for the largest job there may be, with its tree and its messages; KiB.
const MEMORY: u32 = 4 * 1024 * 1024;
/// Processor time, seconds: an unoptimised program takes about three for the worst of these.
const LONGEST: u32 = 60;

/// Runs `validate` on a file; says its exit code and the beginning of what it said.
fn validate(path: &Path) -> (Option<i32>, String) {
    let output = Command::new("sh")
        .args(["-c", &format!("ulimit -v {MEMORY}; ulimit -t {LONGEST}; exec \"$0\" validate \"$1\"")])
        .arg(env!("CARGO_BIN_EXE_meterferry"))
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said.chars().take(2_000).collect())
}

fn assert_refused(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("job.yaml");
    std::fs::write(&path, bytes).unwrap();
    let (code, said) = validate(&path);
    assert_eq!(code, Some(65), "{name}: {said}");
}

/// Each line ten times the one before.
fn bomb(levels: u8) -> String {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..=levels {
        let before = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{before}]").unwrap();
    }
    text
}

#[test]
fn a_file_over_the_limit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("job.yaml");
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let (code, said) = validate(&path);
    assert_eq!(code, Some(65), "{said}");
    assert!(said.contains("64 MiB"), "{said}");
}

#[test]
fn a_hundred_thousand_levels_are_refused() {
    for level in ["[", "{a: ", "- ", "? "] {
        assert_refused(level, level.repeat(100_000).as_bytes());
    }
}

#[test]
fn an_alias_bomb_is_refused() {
    assert_refused("bomb", bomb(12).as_bytes());
    assert_refused(
        "wide",
        format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(10_000), "*a, ".repeat(900)).as_bytes(),
    );
}

#[test]
fn a_thousand_errors_on_one_long_line_are_told_in_time() {
    let bad = "{id: 7, source: {model: X, host: a, unit: 0}, target: 5}, ".repeat(20_000);
    assert_refused("line", format!("{{version: 1, campaign: c, transfers: [{bad}]}}").as_bytes());
}

#[test]
fn bytes_that_are_no_text_are_refused_wherever_they_stand() {
    let text = include_bytes!("../../jobs/single.yaml");
    for at in [0, 1, text.len() / 2, text.len()] {
        assert_refused("bytes", &[&text[..at], &[0xFF], &text[at..]].concat());
    }
    assert_refused("half a character", &[&text[..], &[0xE2, 0x82]].concat());
}

#[test]
fn one_scalar_of_many_mebibytes_is_refused() {
    assert_refused("scalar", &vec![b'x'; 32 << 20]);
    assert_refused("key", format!("{}: 1", "k".repeat(16 << 20)).as_bytes());
    assert_refused("host", format!("version: 1\ncampaign: {}\n", "c".repeat(16 << 20)).as_bytes());
}
