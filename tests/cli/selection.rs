//! `--only`, `--ids` and `--trace`.

use std::fs;

use crate::{
    bench::{Bench, assert_all},
    job,
};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/demo.yaml");

/// The ids a dry look selects.
#[track_caller]
fn selected(bench: &Bench, further: &[&str]) -> Vec<String> {
    let plan = bench.run(&[&["plan", "--simulate", DEMO, "--format", "json"], further].concat()).exits(0);
    let transfers = plan.json()["transfers"].as_array().unwrap().clone();
    transfers.iter().map(|transfer| transfer["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn only_selects_by_id_label_model_and_gateway() {
    let bench = Bench::new();
    let feeders = ["feeder-01", "feeder-02", "feeder-03", "feeder-04"];
    assert_eq!(selected(&bench, &["--only", "id=feeder-*"]), feeders);
    assert_eq!(selected(&bench, &["--only", "id=feeder-0?"]), feeders);
    assert_eq!(selected(&bench, &["--only", "building=A"]), feeders);
    assert_eq!(selected(&bench, &["--only", "gateway=hall-*"]), feeders);
    assert_eq!(selected(&bench, &["--only", "gateway=192.0.2.5:502"]), feeders);
    assert_eq!(selected(&bench, &["--only", "building=B,C"]).len(), 5);
    assert_eq!(selected(&bench, &["--only", "model=CM2000"]).len(), 4);
    assert_eq!(selected(&bench, &["--only", "building=A", "--only", "model=CM4000"]), ["feeder-04"]);
}

#[test]
fn only_selects_by_what_the_ledger_knows() {
    let bench = Bench::new();
    let state = bench.at("ledger");
    let run = ["run", "--simulate", DEMO, "--state-dir", &state, "--format", "json", "--only"];
    assert_all(&bench.run(&[&run[..], &["building=A"]].concat()).exits(0).json(), "done", 4);
    assert_all(
        &bench.run(&[&run[..], &["outcome=already_done"]].concat()).exits(0).json(),
        "already_done",
        4,
    );
    assert_all(&bench.run(&[&run[..], &["outcome=not_*"]].concat()).exits(0).json(), "done", 8);
    bench.run(&[&run[..], &["outcome=not_run"]].concat()).exits(4);
}

#[test]
fn a_selection_of_nothing_is_4() {
    let bench = Bench::new();
    for only in ["id=nothing", "no-such-label=x", "outcome=unknown"] {
        for command in ["plan", "run"] {
            bench.run(&[command, "--simulate", DEMO, "--only", only]).exits(4);
        }
    }
    let ids = bench.write("ids", "feeder-01\nfeeder-99\n");
    let ended = bench.run(&["run", "--simulate", DEMO, "--ids", &ids]).exits(4);
    assert!(ended.stderr.contains("feeder-99"), "{}", ended.stderr);
}

#[test]
fn ids_are_read_from_a_file_a_line_each() {
    let bench = Bench::new();
    let ids = bench.write("ids", "# of Monday\nchiller\n\n  feeder-02  # again\r\n");
    assert_eq!(selected(&bench, &["--ids", &ids]), ["feeder-02", "chiller"]);
    assert_eq!(selected(&bench, &["--ids", &ids, "--only", "kind=machine"]), ["chiller"]);
}

#[test]
fn the_trace_has_every_frame_both_ways_with_the_registers() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::single());
    let meters = crate::meters::Meters::new(&bench);
    let trace = bench.at("trace");
    bench.on_map("run", &job, &["--trace", &trace]).exits(0);
    let text = fs::read_to_string(&trace).unwrap();
    let units = [crate::meters::SOURCE, crate::meters::TARGET];
    let requests: u64 = units.iter().map(|unit| meters.gateway.audit(*unit).requests_total()).sum();
    let sent = text.lines().filter(|line| line.contains(" > ")).count() as u64;
    let received = text.lines().filter(|line| line.contains(" < ")).count() as u64;
    assert_eq!((sent, received), (requests, requests), "{text}");
    // 6209 to register 8000: wire address 7999.
    assert!(text.contains("02061F3F1841"), "{text}");
    for words in ["192.0.2.1:502", "8000"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}
