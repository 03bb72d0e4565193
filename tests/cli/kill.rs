//! SIGKILL at any instant, then `run` again (DESIGN.md §2, guarantee 8): every target is preset exactly once, by the
//! testimony of meters that live on in another process.

use std::{
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    bench::{Bench, Running, Simulator, assert_adds_up, assert_preset_once},
    job,
};

/// A run of the campaign takes at least eleven times this for each transfer.
const LATENCY: &str = "8ms";
/// Kills come at any time up to this after a start: enough for a whole transfer, and for settling one before it.
const LATEST: u64 = 350;

/// A small generator, so that one number repeats the moments of all kills.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// `METERFERRY_TEST_SEED`, or another one each time.
fn seed() -> u64 {
    let given = std::env::var("METERFERRY_TEST_SEED").ok().map(|seed| seed.parse().unwrap());
    given.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into())
}

fn start(bench: &Bench, job: &str, parallel: u64) -> Running {
    let arguments = bench.mapped("run", job);
    let parallel = parallel.to_string();
    let all: Vec<_> = arguments.iter().map(String::as_str).chain(["-j", &parallel]).collect();
    bench.start(&all)
}

/// How many transfers a killed run has left with an open intent, or committed and not verified.
fn open(bench: &Bench, job: &str) -> u64 {
    let status = bench.run(&["status", job, "--state-dir", &bench.at("ledger"), "--format", "json"]);
    // Killed before it made its ledger.
    if status.code == Some(74) {
        return 0;
    }
    let status = status.json();
    assert_adds_up(&status);
    status["counts"]["unknown"].as_u64().unwrap()
}

/// Kills runs of one campaign until it is finished or no kill is left. Gives the number of those that are left, and
/// of transfers that were hit between intent and verification.
fn campaign(transfers: usize, kills: u32, random: &mut Random) -> (u32, u64) {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::many(transfers));
    let simulator = Simulator::start(&bench, &job, LATENCY);
    let (mut left, mut hit) = (kills, 0);
    while left > 0 {
        let mut running = start(&bench, &job, 1 + random.below(4));
        thread::sleep(Duration::from_millis(random.below(LATEST)));
        if running.has_ended() {
            running.wait().exits(0);
            break;
        }
        running.kill();
        left -= 1;
        hit += open(&bench, &job);
    }
    println!("{} kills over {transfers} transfers, {hit} hit after the intent", kills - left);
    let last = bench.on_map("run", &job, &[]).exits(0).json();
    assert_adds_up(&last);
    let count = |outcome: &str| last["counts"][outcome].as_u64().unwrap();
    assert_eq!(count("done") + count("already_done"), transfers as u64, "{:#}", last["counts"]);
    assert_preset_once(&simulator.stop(), &last);
    (left, hit)
}

/// Gives the number of transfers that were hit where it hurts.
fn kill_runs(transfers: usize, kills: u32) -> u64 {
    let seed = seed();
    println!("METERFERRY_TEST_SEED={seed}");
    let mut random = Random(seed);
    let (mut left, mut hits) = (kills, 0);
    while left > 0 {
        let hit;
        (left, hit) = campaign(transfers, left, &mut random);
        hits += hit;
    }
    hits
}

#[test]
fn runs_killed_at_any_moment_preset_every_target_exactly_once() {
    kill_runs(20, 15);
}

/// `cargo test --test cli -- --ignored --nocapture many_more_kills`
#[test]
#[ignore = "takes a minute"]
fn many_more_kills_preset_every_target_exactly_once() {
    let hits = kill_runs(50, 200);
    assert!(hits > 20, "hardly any kill came after an intent: {hits}");
}
