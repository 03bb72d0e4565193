//! Every folder in `tests/cases` is a job and what must be said about it. A bug in the job room becomes a folder.
//!
//! A folder holds `job.yaml` (or a folder `jobs` of several files) and `expected.txt`: the diagnostics as printed without
//! colour, or, for a folder named `valid_…`, the warnings and the resolved transfers. `UPDATE_CASES=1 cargo test`
//! writes `expected.txt` anew; read the difference before you commit it.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its cases has failed")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use meterferry::{
    campaign::Transfer,
    job::{JobPath, load},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn cases() -> Vec<PathBuf> {
    let mut folders: Vec<_> = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    folders
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}

/// What the library says about a case, with paths relative to its folder.
fn said(folder: &Path) -> String {
    let several = folder.join("jobs");
    let path = if several.is_dir() { several } else { folder.join("job.yaml") };
    let text = match load(&[JobPath::Path(path)]) {
        Ok(loaded) => {
            let mut text = String::new();
            if !loaded.warnings.is_empty() {
                writeln!(text, "{}\n", loaded.warnings).unwrap();
            }
            for transfer in loaded.campaigns.iter().flat_map(|campaign| &campaign.transfers) {
                writeln!(text, "{}", shown(transfer)).unwrap();
            }
            text
        }
        Err(found) => format!("{found}\n"),
    };
    text.replace(&format!("{}/", folder.display()), "")
}

fn shown(transfer: &Transfer) -> String {
    serde_json::to_string_pretty(transfer).unwrap()
}

fn difference(expected: &str, said: &str) -> String {
    let mut text = String::new();
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), said.lines().collect());
    for line in 0..old.len().max(new.len()) {
        match (old.get(line), new.get(line)) {
            (one, other) if one == other => writeln!(text, "  {}", one.unwrap_or(&"")).unwrap(),
            (one, other) => {
                one.into_iter().for_each(|one| writeln!(text, "- {one}").unwrap());
                other.into_iter().for_each(|other| writeln!(text, "+ {other}").unwrap());
            }
        }
    }
    text
}

#[test]
fn every_case_is_answered_as_expected() {
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let mut wrong = String::new();
    for folder in cases() {
        let said = said(&folder);
        let file = folder.join("expected.txt");
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if said == expected {
            continue;
        }
        if update {
            fs::write(&file, said).unwrap();
        } else {
            writeln!(wrong, "{}:\n{}", name(&folder), difference(&expected, &said)).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}\nif this is right: UPDATE_CASES=1 cargo test --test job_cases");
}

#[test]
fn every_bad_case_names_a_file_a_line_and_a_column() {
    let bad: Vec<_> = cases().into_iter().filter(|folder| !name(folder).starts_with("valid_")).collect();
    assert!(bad.len() >= 40, "only {} bad cases", bad.len());
    for folder in bad {
        let said = said(&folder);
        assert!(said.starts_with("error["), "{}: {said}", name(&folder));
        let places = said.lines().filter_map(|line| line.trim_start().strip_prefix("--> "));
        let whole = places.filter(|place| {
            let mut parts = place.rsplitn(3, ':');
            let number =
                |part: Option<&str>| part.is_some_and(|part| part.parse::<u32>().is_ok_and(|part| part > 0));
            number(parts.next())
                && number(parts.next())
                && parts
                    .next()
                    .is_some_and(|file| [".yaml", ".yml", ".csv"].iter().any(|end| file.ends_with(end)))
        });
        assert!(whole.count() > 0, "{} names no file:line:column: {said}", name(&folder));
    }
}
