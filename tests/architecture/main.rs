//! The arrows of the house (DESIGN.md §3): which room may import which, and which may name what. The check is tried
//! on bad samples first, so that it is known to be able to fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the source has failed")]

mod rules;
mod tokens;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use rules::{FLOORS, wrong};

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file below `src`, relative to it, with `/` between the parts.
fn files() -> Vec<(String, String)> {
    let (mut folders, mut files) = (vec![src()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let parts: Vec<_> = path.strip_prefix(src()).unwrap().iter().collect();
                let name = parts.iter().map(|part| part.to_str().unwrap()).collect::<Vec<_>>().join("/");
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn imports_go_downward_only_and_each_room_names_only_its_own_crates() {
    let files = files();
    assert!(files.len() > 100, "the source was not found");
    let found: Vec<_> = files
        .iter()
        .filter(|(path, _)| path.contains('/'))
        .flat_map(|(path, text)| wrong(path, text))
        .collect();
    assert!(found.is_empty(), "{} arrows point the wrong way:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_room_has_a_floor_and_nothing_lives_outside_a_room() {
    let rooms: BTreeSet<_> = FLOORS.iter().map(|(room, _)| (*room).to_owned()).collect();
    let (mut found, mut loose) = (BTreeSet::new(), Vec::new());
    for (path, _) in files() {
        match path.split_once('/') {
            Some((room, _)) => drop(found.insert(room.to_owned())),
            None => loose.push(path),
        }
    }
    assert_eq!(found, rooms);
    assert_eq!(loose, ["lib.rs", "main.rs"]);
}

#[test]
fn the_two_roots_say_what_they_are_for_and_hold_no_code_of_their_own() {
    for (path, text) in files().into_iter().filter(|(path, _)| !path.contains('/')) {
        assert!(text.starts_with("//!"), "{path} does not begin with //!");
        let code = text.lines().filter(|line| !line.starts_with("//") && !line.trim().is_empty()).count();
        assert!(code <= 15, "{path} has {code} lines of code: they belong into a room");
    }
}

/// Checks a file whose first line is in order.
#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    let found = wrong(path, &format!("//! For.\n{text}"));
    assert_eq!(found, expected, "{text}");
}

#[test]
fn an_upward_import_is_found_however_it_is_written() {
    let bad = ["meter/a.rs:2: meter imports run: imports go downward only"];
    for text in [
        "use crate::run;",
        "use crate::run::Clock as _;",
        "pub(crate) use crate::run::{Clock, Event};",
        "use crate::{meter::{Word, self}, run::{Clock}};",
        "fn f() -> crate::run::Clock { g::<'_>() }",
        "fn f<'a>(x: &'a str) -> char { let y: crate::run::Clock; 'x' }",
        "use meterferry::run::Clock;",
        "const S: &str = r#\"quoted \" \"#; use crate::run::Clock;",
        "/* a /* nested */ comment */ use crate::run::Clock;",
        "const Q: char = '\\''; use crate::run::Clock;",
        "const Q: &[u8] = b\"\\\\\"; use crate::run::Clock;",
    ] {
        check("meter/a.rs", text, &bad);
    }
    check("meter/a.rs", "use crate::{\n    run,\n};\nunsafe {}", &[bad[0], "meter/a.rs:5: unsafe"]);
}

#[test]
fn comments_strings_and_downward_imports_are_no_fault() {
    for text in [
        "// use crate::run;",
        "/// See [`crate::run`].",
        "const S: &str = \"use crate::run; unsafe\";",
        "const S: &str = \"\\\" crate::run::x\";",
        "const S: &str = r##\"crate::run::x \"# crate::cli::x\"##;",
        "use crate::{meter::{Word, Readings}, campaign::Unit};",
        "use super::{b, c}; use self::d::E;",
        "pub(in crate::transfer) struct A; pub(super) struct B;",
    ] {
        check("transfer/a.rs", text, &[]);
    }
}

#[test]
fn rooms_on_one_floor_do_not_import_each_other() {
    let bad = "job/a.rs:2: job imports ledger: imports go downward only";
    check("job/a.rs", "use crate::ledger::Kind;", &[bad]);
    check("job/a.rs", "use crate::nowhere::Kind;", &["job/a.rs:2: crate::nowhere is no room"]);
    check("job/a.rs", "use crate::*;", &["job/a.rs:2: crate::* is no room"]);
}

#[test]
fn the_simulator_stands_aside() {
    let bad = ["run/a.rs:2: run imports the simulator: only cli and tests may"];
    check("run/a.rs", "use crate::simulator::Gateway;", &bad);
    check("run/a.rs", "#[cfg(test)]\nmod tests { use crate::simulator::Gateway; }", &[]);
    check("run/tests/a.rs", "use crate::simulator::Gateway;", &[]);
    check("cli/a.rs", "use crate::simulator::Gateway;", &[]);
    let bad = ["simulator/a.rs:2: the simulator imports meter: it may know nothing of ours"];
    check("simulator/a.rs", "use crate::meter::Word;", &bad);
    check(
        "run/a.rs",
        "#[cfg(test)]\nmod tests {}\nuse crate::simulator::Gateway;",
        &["run/a.rs:4: run imports the simulator: only cli and tests may"],
    );
}

#[test]
fn super_may_not_climb_out_of_its_room() {
    check("run/a.rs", "use super::Clock;", &[]);
    check("run/mod.rs", "use super::meter;", &["run/mod.rs:2: super climbs 1 levels and out of run"]);
    check("run/a.rs", "use super::super::meter;", &["run/a.rs:2: super climbs 2 levels and out of run"]);
    check("run/a.rs", "use super::{b, super::meter};", &["run/a.rs:2: super climbs 2 levels and out of run"]);
    check("run/a/b.rs", "use super::super::Clock;", &[]);
    check("run/a/mod.rs", "mod tests { use super::super::Clock; }", &[]);
    check(
        "run/a.rs",
        "mod tests { }\nfn f() { super::super::meter::x() }",
        &["run/a.rs:3: super climbs 2 levels and out of run"],
    );
}

#[test]
fn crates_belong_to_rooms() {
    check("run/a.rs", "use tokio_modbus::Slave;", &["run/a.rs:2: only modbus may name tokio_modbus"]);
    check("modbus/a.rs", "use tokio_modbus::Slave;", &[]);
    check("cli/a.rs", "fn f() { rusqlite::open() }", &["cli/a.rs:2: only ledger may name rusqlite"]);
    check(
        "campaign/a.rs",
        "#[schemars(inline)]\nstruct A;",
        &["campaign/a.rs:2: only job may name schemars"],
    );
    check("run/a.rs", "use serde_yaml as y;", &["run/a.rs:2: run may not name serde_yaml"]);
    check("transfer/a.rs", "use tokio::time;", &["transfer/a.rs:2: transfer may not name tokio"]);
    check("transfer/a.rs", "use std::time::Instant;", &["transfer/a.rs:2: transfer may not name Instant"]);
}

#[test]
fn a_file_that_does_not_say_what_it_is_for_is_found() {
    assert_eq!(wrong("run/a.rs", "use std::fmt;"), ["run/a.rs: does not begin with //!"]);
}
