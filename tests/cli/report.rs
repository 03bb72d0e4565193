//! `report`: four files from a ledger, and nothing else touched.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    bench::{transfer, value},
    fleet::{BEFORE, DONE_TARGETS, Fleet, HOSTILE, OPERATOR},
    support::finish,
};

const FILES: [&str; 4] = ["report.html", "report.json", "junit.xml", "summary.md"];

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

fn json(folder: &Path) -> Value {
    serde_json::from_str(&read(folder, "report.json")).unwrap()
}

/// The same but for the time it was made.
fn timeless(folder: &Path) -> Value {
    let mut json = json(folder);
    json.as_object_mut().unwrap().remove("made_at");
    json
}

fn number(text: &Value) -> i128 {
    text.as_str().unwrap().parse().unwrap()
}

#[test]
fn every_outcome_is_in_the_report_as_status_tells_it() {
    let fleet = Fleet::shared();
    let state = fleet.bench.at("ledger");
    let status = fleet.bench.run(&["status", &fleet.job, "--state-dir", &state, "--format", "json"]).json();
    let report = json(&fleet.reported("as-status"));
    assert_eq!(report["counts"]["total"], 11);
    for told in status["transfers"].as_array().unwrap() {
        let outcome =
            if told["outcome"] == "already_done" { "done" } else { told["outcome"].as_str().unwrap() };
        let found = transfer(&report, told["id"].as_str().unwrap());
        assert_eq!(
            (&found["outcome"], &found["reason"]),
            (&outcome.into(), &told["reason"]),
            "{}",
            told["id"]
        );
        assert_eq!(found["staged"], told["staged"], "{}", told["id"]);
    }
    for outcome in ["unknown", "mismatch", "refused", "unreachable", "failed", "waiting"] {
        assert_eq!(report["counts"][outcome], 1, "{outcome}");
    }
    let recorded = &transfer(&report, "feeder-1")["runs"][0];
    assert_eq!((&recorded["operator"], &recorded["revision"]), (&OPERATOR.into(), &"c357659".into()));
}

#[test]
fn the_balance_is_what_the_meters_hold() {
    let fleet = Fleet::shared();
    let balance = &json(&fleet.reported("balanced"))["balance"];
    assert_eq!((&balance["transfers"], &balance["closes"]), (&5.into(), &true.into()), "{balance:#}");
    for (place, sums) in balance["quantities"].as_array().unwrap().iter().enumerate() {
        let held: i128 =
            DONE_TARGETS.iter().map(|unit| i128::from(fleet.meters.gateway.energies(*unit)[place])).sum();
        assert_eq!(number(&sums["target_after"]), held, "{sums:#}");
        assert_eq!(number(&sums["changed"]), BEFORE[place].into(), "the job adds these: {sums:#}");
        assert_eq!(number(&sums["staged"]) + number(&sums["counted"]), held, "{sums:#}");
    }
    let exceptions = balance["exceptions"].as_array().unwrap();
    let ids: Vec<&str> = exceptions.iter().map(|exception| exception["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["added", "lost", "wrong"]);
}

#[test]
fn a_copy_of_the_ledger_alone_tells_what_the_job_and_the_ledger_tell() {
    let fleet = Fleet::shared();
    let by_paths = fleet.reported("by-paths");
    let (copy, alone) = (fleet.bench.at("copy.sqlite"), fleet.bench.path("alone"));
    fs::copy(fleet.bench.path("ledger").join(meterferry::ledger::LEDGER_FILE), &copy).unwrap();
    let to = alone.to_str().unwrap();
    fleet.report(&["--ledger", &copy, "--campaign", "test", "--to", to]).exits(0);
    assert_eq!(timeless(&alone), timeless(&by_paths));
    for name in ["junit.xml", "summary.md", "report.html"] {
        let (alone, by_paths) = (read(&alone, name), read(&by_paths, name));
        assert_eq!(alone.lines().count(), by_paths.lines().count(), "{name}");
    }
}

#[test]
fn a_report_touches_no_meter_and_no_ledger() {
    let fleet = Fleet::new();
    let requests = |fleet: &Fleet| -> Vec<u64> {
        let gateway = &fleet.meters.gateway;
        gateway.units().into_iter().map(|unit| gateway.audit(unit).requests_total()).collect()
    };
    let ledger = fleet.bench.path("ledger").join(meterferry::ledger::LEDGER_FILE);
    let (asked, bytes) = (requests(&fleet), fs::read(&ledger).unwrap());
    fleet.reported("out");
    assert_eq!(requests(&fleet), asked);
    assert_eq!(fs::read(&ledger).unwrap(), bytes);
}

#[test]
fn junit_has_a_case_a_transfer_and_the_reasons_of_those_that_failed() {
    let fleet = Fleet::shared();
    let text = read(&fleet.reported("cases"), "junit.xml");
    let document = roxmltree::Document::parse(&text).unwrap();
    let suites = document.root_element();
    let numbers = ["tests", "failures", "skipped", "errors"].map(|name| suites.attribute(name).unwrap());
    assert_eq!(numbers, ["11", "5", "1", "0"]);
    let case = |id: &str| {
        let mut cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
        cases.find(|case| case.attribute("name") == Some(id)).unwrap_or_else(|| panic!("{id}: {text}"))
    };
    let has = |id: &str, tag: &str| case(id).children().any(|child| child.has_tag_name(tag));
    for id in ["lost", "wrong", "swapped", "dead", "stubborn"] {
        assert!(has(id, "failure"), "{id}");
    }
    assert!(has("exchange", "skipped"));
    assert!(!has("feeder-1", "failure") && !has("feeder-1", "skipped"));
}

#[test]
fn the_summary_is_appended_to_that_of_the_step() {
    let fleet = Fleet::shared();
    let (state, to, step) = (fleet.bench.at("ledger"), fleet.bench.at("step"), fleet.bench.at("step.md"));
    fs::write(&step, "before\n").unwrap();
    for _ in 0..2 {
        let mut command = fleet.bench.command(&["report", "--state-dir", &state, "--to", &to]);
        command.env("GITHUB_STEP_SUMMARY", &step);
        finish(command).exits(0);
    }
    let (step, summary) = (fs::read_to_string(step).unwrap(), read(Path::new(&to), "summary.md"));
    assert!(step.starts_with("before\n## meterferry: test\n"), "{step}");
    assert_eq!(step.matches("## meterferry: test\n").count(), 2);
    assert!(summary.contains("**5 of 11 transfers done.**"), "{summary}");
    assert!(!step.contains("<script"), "{step}");
}

#[test]
fn a_transfer_of_the_job_that_was_never_taken_up_is_not_run() {
    let fleet = Fleet::shared();
    let job = crate::job::single().replace("id: only", "id: never").replace("192.0.2.1", "192.0.2.9");
    let job = job.replace("40000001", "40009001").replace("11000002", "11009002");
    let (later, state, to) =
        (fleet.bench.write("later.yaml", &job), fleet.bench.at("ledger"), fleet.bench.at("with-later"));
    fleet.report(&[&fleet.job, &later, "--state-dir", &state, "--to", &to]).exits(0);
    let report = json(Path::new(&to));
    assert_eq!((&report["counts"]["total"], &report["counts"]["not_run"]), (&12.into(), &1.into()));
    assert_eq!(transfer(&report, "never")["staged"], Value::Null);
}

#[test]
fn only_the_transfers_of_the_job_are_reported_on() {
    let fleet = Fleet::shared();
    let text = fs::read_to_string(&fleet.job).unwrap();
    let (head, _) = text.split_once("  - id: feeder-2").unwrap();
    let (one, state, to) =
        (fleet.bench.write("one.yaml", head), fleet.bench.at("ledger"), fleet.bench.at("only-one"));
    fleet.report(&[&one, "--state-dir", &state, "--to", &to]).exits(0);
    let report = json(Path::new(&to));
    assert_eq!((&report["counts"]["total"], &report["transfers"][0]["id"]), (&1.into(), &"feeder-1".into()));
    let elsewhere = ["--campaign", "other", "--state-dir", &state, "--to", &to];
    fleet.report(&[&[one.as_str()], &elsewhere[..]].concat()).exits(4);
}

#[test]
fn what_is_wrong_with_the_ledger_is_said_in_the_report_and_by_the_exit_code() {
    let fleet = Fleet::new();
    let state = fleet.bench.path("ledger");
    let hand = rusqlite::Connection::open(state.join(meterferry::ledger::LEDGER_FILE)).unwrap();
    hand.execute_batch("DROP TRIGGER facts_never_change").unwrap();
    let changed = "UPDATE facts SET fact = replace(fact, 'c357659', 'c357658') WHERE number = 1";
    assert_eq!(hand.execute(changed, ()).unwrap(), 1);
    drop(hand);
    let to = fleet.bench.at("out");
    let ended = fleet.report(&["--state-dir", state.to_str().unwrap(), "--to", &to]).exits(74);
    assert!(ended.stderr.contains("ledger verify"), "{}", ended.stderr);
    let report = json(Path::new(&to));
    assert_eq!((&report["ledger"]["sound"], &report["exit_code"]), (&false.into(), &74.into()));
    assert!(read(Path::new(&to), "report.html").contains("The ledger is not sound."));
    assert!(read(Path::new(&to), "summary.md").contains("The ledger is not sound:"));
}

#[test]
fn a_report_that_cannot_be_made_leaves_nothing_behind() {
    let fleet = Fleet::shared();
    let (state, to, gone) = (fleet.bench.at("ledger"), fleet.bench.at("not-made"), fleet.bench.at("gone"));
    let ended = fleet.report(&["--state-dir", &state, "--to", &to, "--by", "floor"]).exits(64);
    assert!(ended.stderr.contains("labels are: building, note"), "{}", ended.stderr);
    fleet.report(&["--ledger", &gone, "--to", &to]).exits(66);
    fleet.report(&["--state-dir", &gone, "--to", &to]).exits(74);
    fleet.report(&["--state-dir", &state, "--campaign", "other", "--to", &to]).exits(4);
    fleet.report(&["--state-dir", &state]).exits(64);
    assert!(!Path::new(&to).exists());
    let file = fleet.bench.write("file", "mine");
    fleet.report(&["--state-dir", &state, "--to", &file]).exits(66);
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
}

#[test]
fn the_four_files_replace_those_of_an_earlier_report_and_nothing_else_is_left() {
    let fleet = Fleet::new();
    let out = fleet.reported("out");
    fs::remove_file(out.join("junit.xml")).unwrap();
    fleet.reported("out");
    let foreign = fleet.bench.path("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("summary.md"), "mine").unwrap();
    let (state, to) = (fleet.bench.at("ledger"), foreign.to_str().unwrap());
    fleet.report(&["--state-dir", &state, "--to", to]).exits(64);
    assert_eq!(
        (fs::read_dir(&foreign).unwrap().count(), read(&foreign, "summary.md")),
        (1, "mine".to_owned())
    );
    assert!(read(&out, "report.html").ends_with("</html>\n"));
    assert!(!read(&out, "report.html").contains(HOSTILE));
    let mut names: Vec<_> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut files = FILES;
    files.sort_unstable();
    assert_eq!(names, files);
    assert_eq!(value(&transfer(&json(&out), "typed")["staged"], "real_energy_in"), 1_234_567_000);
}
