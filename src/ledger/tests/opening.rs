//! Which ledgers are opened, by whom, and which are not.

use super::*;

fn open(dir: &Path, kind: Kind) -> Result<SqliteLedger, LedgerError> {
    SqliteLedger::open_for_run(dir, kind, Duration::ZERO)
}

#[test]
fn a_missing_ledger_never_looks_like_a_fresh_start() {
    let dir = tempfile::tempdir().unwrap();
    let error = open(dir.path(), Kind::Real).unwrap_err();
    assert_eq!(error, LedgerError::Missing { dir: dir.path().to_owned() });
    assert_eq!(error.exit_code(), 74);
    assert!(error.hint().contains("meterferry ledger init"), "{}", error.hint());
    assert_eq!(SqliteLedger::open_read_only(dir.path(), None).unwrap_err(), error);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn a_ledger_is_made_with_its_folder_and_only_once() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a/b");
    SqliteLedger::init(&deep, Kind::Real).unwrap();
    let again = SqliteLedger::init(&deep, Kind::Simulated).unwrap_err();
    assert_eq!(again, LedgerError::AlreadyExists { path: deep.join(LEDGER_FILE) });
    assert_eq!(open(&deep, Kind::Real).unwrap().kind(), Kind::Real);
}

#[test]
fn what_an_interrupted_init_left_is_no_ledger_and_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ledger.sqlite3.new"), "half").unwrap();
    assert!(matches!(open(dir.path(), Kind::Real), Err(LedgerError::Missing { .. })));
    SqliteLedger::init(dir.path(), Kind::Real).unwrap();
    open(dir.path(), Kind::Real).unwrap();
}

#[test]
fn a_lost_ledger_is_not_replaced_while_its_log_is_there() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ledger.sqlite3-wal"), "facts").unwrap();
    let error = SqliteLedger::init(dir.path(), Kind::Real).unwrap_err();
    assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
    assert!(dir.path().join("ledger.sqlite3-wal").exists());
}

#[test]
fn a_real_ledger_is_never_opened_as_simulated_nor_the_other_way_round() {
    for (found, expected) in [(Kind::Real, Kind::Simulated), (Kind::Simulated, Kind::Real)] {
        let dir = fresh_dir(found);
        let wrong = LedgerError::WrongKind { path: dir.path().join(LEDGER_FILE), found, expected };
        assert_eq!(open(dir.path(), expected).unwrap_err(), wrong);
        assert_eq!(SqliteLedger::open_read_only(dir.path(), Some(expected)).unwrap_err(), wrong);
        assert_eq!(look_at(dir.path()).kind(), found);
        assert_eq!(wrong.exit_code(), 74);
    }
}

#[test]
fn one_run_holds_the_ledger_and_the_next_one_is_told_who() {
    let dir = fresh_dir(Kind::Real);
    let first = run_on(dir.path());
    let error = open(dir.path(), Kind::Real).unwrap_err();
    let LedgerError::Busy { holder, .. } = &error else { panic!("{error}") };
    assert!(holder.starts_with(&format!("process {} on ", std::process::id())), "{holder}");
    assert_eq!(error.exit_code(), 11);
    assert!(matches!(SqliteLedger::init(dir.path(), Kind::Real), Err(LedgerError::Busy { .. })));
    drop(first);
    run_on(dir.path());
}

#[test]
fn a_run_that_waits_gets_the_ledger_when_the_other_ends() {
    let dir = fresh_dir(Kind::Real);
    let first = run_on(dir.path());
    let path = dir.path().to_owned();
    let patience = Duration::from_secs(60);
    let second = std::thread::spawn(move || SqliteLedger::open_for_run(&path, Kind::Real, patience));
    drop(first);
    second.join().unwrap().unwrap();
}

#[test]
fn another_format_is_named_and_left_alone() {
    for (format, hint) in [(3, "newer"), (1, "older"), (0, "older")] {
        let dir = fresh_dir(Kind::Real);
        by_hand(dir.path()).pragma_update(None, "user_version", format).unwrap();
        let error = open(dir.path(), Kind::Real).unwrap_err();
        let path = dir.path().join(LEDGER_FILE);
        let made_by = env!("CARGO_PKG_VERSION").into();
        assert_eq!(error, LedgerError::OtherFormat { path, found: format, known: FORMAT_VERSION, made_by });
        assert!(error.to_string().contains("made by meterferry 0."), "{error}");
        assert!(error.hint().contains(hint), "{}", error.hint());
    }
}

#[test]
fn a_folder_that_cannot_be_written_can_still_be_looked_at() {
    let dir = fresh_dir(Kind::Real);
    let _restored = ReadOnly::make(dir.path());
    if std::fs::write(dir.path().join("probe"), "").is_ok() {
        eprintln!("skipped: this user may write to a read-only folder");
        return;
    }
    assert!(look_at(dir.path()).replay_campaign("north").unwrap().is_empty());
    let error = open(dir.path(), Kind::Real).unwrap_err();
    assert!(matches!(error, LedgerError::CannotWrite { .. }), "{error}");
}

/// A folder that is read-only for as long as this lives.
struct ReadOnly<'a>(&'a Path);

impl<'a> ReadOnly<'a> {
    fn make(dir: &'a Path) -> Self {
        set_read_only(dir, true);
        Self(dir)
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        set_read_only(self.0, false);
    }
}

fn set_read_only(dir: &Path, read_only: bool) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = if read_only { 0o555 } else { 0o755 };
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (dir, read_only);
}
