//! What is said before anything is done: help, version, usage, and job files that are wrong or not there.

use std::fs;

use crate::{bench::Bench, job};

const COMMANDS: [(&str, &[&str]); 15] = [
    ("validate", &["--format"]),
    (
        "plan",
        &["--simulate", "--simulated-gateways", "--state-dir", "--detailed-exitcode", "--trace", "--verbose"],
    ),
    (
        "run",
        &[
            "--simulate",
            "--simulated-gateways",
            "--simulated-latency",
            "--state-dir",
            "--parallel",
            "--only",
            "--ids",
            "--format",
            "--log-format",
            "--trace",
            "--yes",
            "--canary",
            "--max-fail",
            "--deadline",
            "--lock-wait",
            "--metrics-file",
            "--quiet",
        ],
    ),
    ("status", &["--state-dir", "--only", "--ids", "--format"]),
    ("resolve", &["--id", "--as", "--reason", "--operator", "not-committed", "--lock-wait"]),
    ("read", &["--host", "--unit", "--model", "--addressing", "--trace", "--format"]),
    ("simulate", &["--map-out", "--audit-out", "--simulated-latency"]),
    ("ledger", &["init"]),
    ("ledger init", &["--state-dir", "--simulated"]),
    ("explain", &["CODE", "--format"]),
    ("doctor", &["--simulate", "--simulated-gateways", "--state-dir", "--all", "--format"]),
    ("completions", &["bash", "zsh", "fish"]),
    ("man", &["--to"]),
    ("qualify", &["--bench-meter", "--serial-number", "--times", "--command-timeout", "--yes"]),
    ("schema", &["--help"]),
];

#[test]
fn the_help_of_every_command_names_its_options() {
    let bench = Bench::new();
    for (command, options) in COMMANDS {
        let arguments: Vec<_> = command.split(' ').chain(["--help"]).collect();
        let ended = bench.run(&arguments).exits(0);
        for option in options {
            assert!(ended.stdout.contains(option), "{command}: {option} is not in\n{}", ended.stdout);
        }
        assert_eq!(ended.stderr, "", "{command}");
    }
}

#[test]
fn the_help_of_the_program_names_every_command_and_exit_code() {
    let ended = Bench::new().run(&["--help"]).exits(0);
    for (command, _) in COMMANDS {
        let first = command.split(' ').next().unwrap();
        assert!(ended.stdout.contains(&format!("  {first}")), "{first} is not in\n{}", ended.stdout);
    }
    let codes = ended.stdout.split("Exit codes:").nth(1).unwrap();
    for code in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 64, 65, 66, 74, 130, 143] {
        let words: Vec<_> = codes.split(|sign: char| !sign.is_ascii_digit()).collect();
        assert!(words.contains(&code.to_string().as_str()), "{code} is not in {codes}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let ended = Bench::new().run(&["--version"]).exits(0);
    assert_eq!(ended.stdout, format!("meterferry {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn usage_errors_are_64_and_name_the_mistake() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::single());
    let meter = ["--unit", "1", "--model", "PM800"];
    let read = |way: &[&'static str]| [&["read"][..], way, &meter].concat();
    let serial = |more: &[&'static str]| {
        read(&[&["--device", "/dev/ttyNone", "--baud", "9600", "--parity", "even"][..], more].concat())
    };
    let reads = [
        (read(&[]), "--host"),
        (read(&["--device", "/dev/ttyNone"]), "--baud"),
        (read(&["--device", "/dev/ttyNone", "--baud", "9600"]), "--parity"),
        (read(&["--device", "/dev/ttyNone", "--baud", "9601", "--parity", "even"]), "19200"),
        (serial(&["--host", "127.0.0.1"]), "--device"),
        (serial(&["--stop-bits", "3"]), "1..=2"),
        (serial(&["--transport", "rtu-over-tcp"]), "leave --transport out"),
        (read(&["--host", "127.0.0.1", "--parity", "even"]), "--device"),
        (read(&["--host", "127.0.0.1", "--transport", "rtu"]), "--device, --baud and --parity"),
        (
            read(&["--host", "127.0.0.1", "--transport", "rtu-over-tcp"]),
            "TCP port of the serial device server",
        ),
        (read(&["--host", "127.0.0.1:1", "--transport", "udp"]), "rtu-over-tcp"),
    ];
    let cases: [(&[&str], &str); 11] = [
        (&[], "Usage"),
        (&["ferry"], "ferry"),
        (&["run"], "PATH"),
        (&["run", &job, "--simulat"], "--simulat"),
        (&["run", &job, "--simulate", "--parallel", "0"], "0"),
        (&["run", &job, "--simulate", "--simulated-latency", "5"], "500ms"),
        (&["run", &job, "--simulate", "--simulated-gateways", "x"], "--simulated-gateways"),
        (&["run", &job, "--simulate", "--only", "feeder"], "KEY=GLOB"),
        (&["read", "--host", "127.0.0.1", "--unit", "0", "--model", "PM800"], "1..=247"),
        (&["read", "--host", "127.0.0.1", "--unit", "1", "--model", "ION7650"], "ION7650"),
        (&["read", "--host", "a:b:c", "--unit", "1", "--model", "PM800"], "HOST"),
    ];
    let reads = reads.iter().map(|(arguments, names)| (arguments.as_slice(), *names));
    for (arguments, names) in cases.into_iter().chain(reads) {
        let ended = bench.run(arguments).exits(64);
        assert!(ended.stderr.contains(names), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

#[test]
fn a_serial_port_that_is_not_there_is_named_with_what_to_do() {
    let line = ["--baud", "9600", "--parity", "even"];
    let meter = ["read", "--device", "/dev/ttyNoSuchPort", "--unit", "1", "--model", "PM800"];
    let ended = Bench::new().run(&[&meter[..], &line].concat()).exits(7);
    assert!(ended.stderr.contains("/dev/ttyNoSuchPort cannot be opened"), "{}", ended.stderr);
    assert!(ended.stderr.contains("/dev/serial/by-id"), "{}", ended.stderr);
}

#[test]
fn a_bad_job_is_65_with_all_mistakes_at_their_places_and_nothing_is_touched() {
    let bench = Bench::new();
    let text = job::single().replace("unit: 2", "unit: 0").replace("id: only", "idd: only");
    let job = bench.write("job.yaml", &text);
    let line = |of: &str| text.lines().position(|line| line.contains(of)).unwrap() + 1;
    for command in [&["validate"][..], &["plan", "--simulate"], &["run", "--simulate"]] {
        let ended = bench.run(&[command, &[&job]].concat()).exits(65);
        for place in [line("unit: 0"), line("idd: only")] {
            assert!(ended.stderr.contains(&format!("job.yaml:{place}:")), "{place}: {}", ended.stderr);
        }
        assert!(ended.stderr.contains("nothing was touched"), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
    let said = bench.run(&["validate", &job, "--format", "json"]).exits(65).json();
    assert_eq!(said["valid"], false);
    assert!(said["errors"].as_array().unwrap().len() >= 2, "{said:#}");
}

#[test]
fn files_that_are_not_there_are_66() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::single());
    let missing = bench.at("missing.yaml");
    for command in
        [&["validate"][..], &["plan", "--simulate"], &["run", "--simulate"], &["simulate"], &["status"]]
    {
        let ended = bench.run(&[command, &[&missing]].concat()).exits(66);
        assert!(ended.stderr.contains("missing.yaml"), "{}", ended.stderr);
    }
    bench.run(&["run", "--simulate", &job, "--ids", &missing]).exits(66);
    bench.run(&["run", &job, "--simulated-gateways", &missing]).exits(66);
}

#[test]
fn a_job_is_taken_from_standard_input_and_from_folders() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::single());
    let mut command = bench.command(&["run", "--simulate", "-", "--format", "json"]);
    command.stdin(fs::File::open(&job).unwrap());
    crate::bench::assert_all(&crate::support::finish(command).exits(0).json(), "done", 1);

    fs::create_dir_all(bench.path("jobs/deep")).unwrap();
    bench.write("jobs/deep/a.yml", &job::single());
    bench.write("jobs/.hidden.yaml", "this: is no job");
    bench.write("jobs/notes.txt", "neither is this");
    let said = bench.run(&["validate", &bench.at("jobs"), "--format", "json"]).exits(0).json();
    assert_eq!(said["transfers"], 1);
}

#[test]
fn the_schema_is_the_one_that_is_kept_for_editors() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/job.schema.json");
    let printed = Bench::new().run(&["schema"]).exits(0).stdout;
    assert!(printed.contains("https://json-schema.org/draft/2020-12/schema"));
    assert!(
        printed == fs::read_to_string(kept).unwrap(),
        "write it anew: meterferry schema > schemas/job.schema.json"
    );
}
