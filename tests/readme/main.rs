//! The examples of `README.md` do what they show: every command is run, in order, on simulated meters, and every piece of
//! YAML is a job or a part of one. A new example is tried by itself. One that ends with another code than 0, is to be
//! saved, or cannot be tried says so in a comment right before it, which readers do not see:
//! `<!-- test: exits 9 -->`, `<!-- test: file NAME -->`, `<!-- test: not run: WHY -->`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the page has failed")]

mod blocks;
mod parts;
mod scratch;
#[path = "../support/mod.rs"]
mod support;

use std::{env, ffi::OsStr, fs, path::Path};

use blocks::{Block, Mark, blocks};
use scratch::Scratch;
use support::{Ended, finish, meterferry};

/// Programs from elsewhere. Where one is missing, the examples with it are not run, unless
/// `METERFERRY_INTEROP=required`.
const NEEDED: [&str; 2] = ["sqlite3", "python3"];

/// Targets of the jobs that are run on the served meters: that of the reader, the demo's twelve, and three by cron.
const TARGETS: u64 = 1 + 12 + 1 + 2;

fn readme() -> Vec<Block> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    blocks(&page)
}

/// The examples with the head of a ledger have that of ours.
fn with_our_head(scratch: &Scratch, text: &str) -> String {
    let is_head = |word: &&str| word.split_once(':').is_some_and(|(_, digest)| digest.len() == 64);
    let Some(theirs) = text.split_whitespace().find(is_head) else { return text.to_owned() };
    let status = scratch.shell("meterferry status switch-room.yaml --format json").json();
    let head = &status["ledger_head"];
    let digest = head["digest"].as_str().unwrap_or_else(|| panic!("no head: {status:#}"));
    text.replace(theirs, &format!("{}:{digest}", head["facts"]))
}

/// What a schedule of cron starts.
fn without_times(crontab: &str) -> String {
    let command = |line: &str| line.split_whitespace().skip(5).collect::<Vec<_>>().join(" ");
    crontab.lines().map(command).collect::<Vec<_>>().join("\n")
}

/// Tries an example; what is wrong with it, if anything.
fn tried(scratch: &Scratch, block: &Block) -> Result<(), String> {
    let ended = match block.language.as_str() {
        "text" => return Ok(()),
        "console" => scratch.shell(&format!("set -euo pipefail\n{}", with_our_head(scratch, &block.text))),
        "crontab" => scratch.shell(&format!("set -euo pipefail\n{}", without_times(&block.text))),
        "sh" => scratch.shell(&block.text),
        "yaml" => valid(scratch, block),
        other => {
            return Err(format!(
                "`{other}` is not tried by this test: mark it `<!-- test: not run: WHY -->`"
            ));
        }
    };
    let expected = if let Mark::Exits(code) = block.mark { code } else { 0 };
    if ended.code == Some(expected) {
        return Ok(());
    }
    let Ended { code, stdout, stderr } = ended;
    Err(format!("ends with {code:?}, not {expected}\nstdout:\n{stdout}\nstderr:\n{stderr}"))
}

fn valid(scratch: &Scratch, block: &Block) -> Ended {
    let name = match &block.mark {
        Mark::File(name) => name.clone(),
        _ => {
            // Beside the jobs, so that the files it names are found.
            let name = format!("jobs/line-{}.yaml", block.line);
            fs::write(scratch.path(&name), parts::whole(&block.text)).unwrap();
            name
        }
    };
    let ended =
        finish(meterferry(&scratch.path(""), [OsStr::new("validate"), scratch.path(&name).as_os_str()]));
    if !matches!(block.mark, Mark::File(_)) {
        fs::remove_file(scratch.path(&name)).unwrap();
    }
    ended
}

fn missing(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    !env::split_paths(&path).any(|folder| folder.join(program).exists())
}

#[test]
fn every_example_does_what_it_shows() {
    let blocks = readme();
    assert!(blocks.len() > 20, "the examples were not found");
    let mut scratch = Scratch::new();
    for block in &blocks {
        if let Mark::File(name) = &block.mark {
            fs::write(scratch.path(name), &block.text).unwrap();
        }
    }
    scratch.serve(&["switch-room.yaml", "site", "etc/meterferry/jobs", "etc/meterferry/north"]);
    let (mut wrong, mut run) = (Vec::new(), 0);
    for block in blocks.iter().filter(|block| block.mark != Mark::NotRun) {
        let needed = NEEDED.iter().find(|program| block.text.contains(**program) && missing(program));
        if let Some(program) = needed {
            println!("NOT RUN: README.md:{}: {program} is not installed", block.line);
            assert_ne!(
                env::var("METERFERRY_INTEROP").as_deref(),
                Ok("required"),
                "{program} is not installed"
            );
            continue;
        }
        run += usize::from(block.language != "text");
        if let Err(why) = tried(&scratch, block) {
            wrong.push(format!("README.md:{} ({}): {why}\n{}", block.line, block.language, block.text));
        }
    }
    assert!(wrong.is_empty(), "{} examples are wrong:\n\n{}", wrong.len(), wrong.join("\n----\n"));
    assert!(run >= 20, "only {run} examples were tried");
    let presets = scratch.presets();
    assert!(presets.iter().all(|count| *count <= 1), "a meter was written to twice: {presets:?}");
    assert_eq!(presets.iter().sum::<u64>(), TARGETS, "the meters that the examples write to: {presets:?}");
}
