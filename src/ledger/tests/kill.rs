//! A process that is really killed. The child is this test program again, told to run one ignored test.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

use super::sample::{lazy, urgent};
use super::*;

const FOLDER: &str = "METERFERRY_TEST_LEDGER_FOLDER";
const CHILD: &str = "ledger::tests::kill::child_that_appends_until_it_is_killed";

#[tokio::test]
#[ignore = "run by the test below, in a process of its own"]
async fn child_that_appends_until_it_is_killed() {
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    let ledger = run_on(Path::new(&dir));
    for seq in (1..).step_by(2) {
        drop(ledger.append(&key("a"), recorded(seq, lazy())));
        ledger.append(&key("a"), recorded(seq + 1, urgent())).await.unwrap();
        // Not println!, which the test harness would keep to itself.
        writeln!(std::io::stdout(), "durable {}", seq + 1).unwrap();
    }
}

#[test]
fn a_killed_run_leaves_all_it_promised_and_a_ledger_that_is_free() {
    for promises in [1, 7, 100] {
        let dir = fresh_dir(Kind::Real);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", CHILD, "--ignored", "--nocapture"])
            .env(FOLDER, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut next = || lines.find_map(|line| line.strip_prefix("durable ")?.parse::<u64>().ok());
        let told = (0..promises).map(|_| next().expect("the child appends")).last();
        let busy = SqliteLedger::open_for_run(dir.path(), Kind::Real, Duration::ZERO).map(drop);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(matches!(busy, Err(LedgerError::Busy { .. })), "{busy:?}");
        let verdict = look_at(dir.path()).verify(None).unwrap();
        assert!(verdict.is_sound() && Some(verdict.head.facts) >= told, "told {told:?}: {verdict:?}");
        let found = run_on(dir.path()).record(&key("a")).unwrap().history.seq;
        assert!(Some(found) >= told, "told {told:?}, found {found}");
    }
}
