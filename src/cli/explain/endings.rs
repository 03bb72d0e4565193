//! What outcomes, exit codes and errors of the ledger mean. Total: a new one does not compile without its explanation.

use super::{Explanation, says};
use crate::{cli::Exit, ledger::LedgerCode, transfer::Outcome};

pub(super) const fn of_outcome(outcome: Outcome) -> Explanation {
    const SOURCE: &str = "DESIGN.md §1, §3";
    match outcome {
        Outcome::Done => says(
            "The readings were carried over and verified in this run.",
            "The only outcome that is proved by reading the target afterwards.",
            "exit code 0",
            "Nothing; keep the report.",
            SOURCE,
        ),
        Outcome::AlreadyDone => says(
            "An earlier run carried the readings over; nothing was sent now.",
            "A finished transfer is never done again, whoever starts the job.",
            "the same job in a nightly cron",
            "Nothing. `generation` is how a new use of the id is asked for.",
            SOURCE,
        ),
        Outcome::Waiting => says(
            "The source is captured, or not here; the replacement is not here yet.",
            "Old and new meter take turns: nothing is wrong.",
            "exit code 9",
            "Exchange the meter, then `meterferry run` again.",
            SOURCE,
        ),
        Outcome::Failed => says(
            "Something went wrong, and nothing was committed.",
            "The target holds what it held; running again is safe.",
            "exit code 3; the reason has a code of its own",
            "Do what the hint says, then `meterferry run` again.",
            SOURCE,
        ),
        Outcome::Refused => says(
            "A guard said no; this run wrote nothing.",
            "The readings, the job and the ledger do not go together.",
            "exit code 6; the reason has a code of its own",
            "`meterferry explain CODE` with the code in brackets; `meterferry plan` asks every guard again.",
            SOURCE,
        ),
        Outcome::Unreachable => says(
            "A meter or its gateway does not answer; nothing was committed.",
            "Apart from `failed`, since time or a technician may help.",
            "exit code 7",
            "`meterferry doctor JOB` tries every gateway; then `meterferry run` again.",
            SOURCE,
        ),
        Outcome::Unknown => says(
            "The command may have taken effect, and reading cannot tell.",
            "It is never sent again blindly: energy counted in between would be lost.",
            "exit code 5",
            "Look at the target, compare it with what was staged, then `meterferry resolve JOB --id ID --as …`. Running again only looks.",
            SOURCE,
        ),
        Outcome::Mismatch => says(
            "The command took effect, and the target does not hold what was staged.",
            "It stays so until a person has looked: nothing is overwritten in a second try.",
            "exit code 8",
            "Look at the target, then `meterferry resolve JOB --id ID --as accepted|committed|not-committed`.",
            SOURCE,
        ),
        Outcome::NotRun => says(
            "Stopped before it wrote anything, or not begun: a signal, a window, a limit.",
            "Nothing is wrong with it.",
            "exit code 9, 130 or 143",
            "`meterferry run` again.",
            SOURCE,
        ),
    }
}

/// The numbers, in order; the two signals stand for themselves.
pub(super) const EXITS: [Exit; 17] = [
    Exit::Done,
    Exit::Defect,
    Exit::Pending,
    Exit::Failed,
    Exit::NothingSelected,
    Exit::Unknown,
    Exit::Refused,
    Exit::Unreachable,
    Exit::Mismatch,
    Exit::Unfinished,
    Exit::Busy,
    Exit::Usage,
    Exit::BadJob,
    Exit::NotFound,
    Exit::Ledger,
    Exit::Stopped(super::Signal::Interrupt),
    Exit::Stopped(super::Signal::Terminate),
];

pub(super) const fn of_exit(exit: Exit) -> Explanation {
    const SOURCE: &str = "DESIGN.md §5";
    match exit {
        Exit::Done => says(
            "All selected transfers are done, now or earlier; or the command did what it is for.",
            "A scheduler may go on.",
            "12 transfers: 12 done",
            "Nothing.",
            SOURCE,
        ),
        Exit::Defect => says(
            "A defect in meterferry.",
            "It should never be seen.",
            "a panic",
            "Please report it, with the log and what was typed; then run again: open intents are settled first.",
            SOURCE,
        ),
        Exit::Pending => says(
            "`plan --detailed-exitcode`: a run would change something.",
            "So that a script need not read the plan.",
            "12 would be transferred",
            "`meterferry run` carries it out.",
            SOURCE,
        ),
        Exit::Failed => says(
            "Some transfers failed, with nothing committed for those.",
            "A scheduler may try again.",
            "3 failed, 9 done",
            "Do what the hints say, then `meterferry run` again.",
            SOURCE,
        ),
        Exit::NothingSelected => says(
            "The selection names nothing in the job.",
            "A filter that fits nothing must not look like success.",
            "--only id=feder-*",
            "Check --only, --ids and --id against the job.",
            SOURCE,
        ),
        Exit::Unknown => says(
            "The effect of a command is unknown, or an intent was left open.",
            "A person must look; running again only looks.",
            "1 unknown",
            "`meterferry status JOB`, then look at the meter, then `meterferry resolve`.",
            SOURCE,
        ),
        Exit::Refused => says(
            "A guard said no.",
            "Trying again will not help by itself.",
            "1 refused",
            "`meterferry explain` with the code in brackets says what the guard looks at.",
            SOURCE,
        ),
        Exit::Unreachable => says(
            "Nothing is wrong but meters that do not answer.",
            "A scheduler may try again.",
            "2 unreachable",
            "`meterferry doctor JOB`, then run again.",
            SOURCE,
        ),
        Exit::Mismatch => says(
            "A target does not hold what was staged.",
            "A person must look.",
            "1 mismatch",
            "Look at the meter, then `meterferry resolve`.",
            SOURCE,
        ),
        Exit::Unfinished => says(
            "Unfinished, and nothing wrong: waiting, a closed window, a deadline, a question that was answered with no.",
            "A scheduler may try again.",
            "4 waiting",
            "`meterferry run` again later.",
            SOURCE,
        ),
        Exit::Busy => says(
            "Another run holds the ledger.",
            "Two runs at once would write to one meter.",
            "a cron job that is still at work",
            "Wait, as with `--lock-wait 10m`.",
            SOURCE,
        ),
        Exit::Usage => says(
            "The command line is wrong.",
            "Nothing was touched.",
            "--host and --device together",
            "`meterferry help COMMAND` lists the options.",
            SOURCE,
        ),
        Exit::BadJob => says(
            "A job file is wrong.",
            "Nothing was touched.",
            "error[unknown_key]",
            "`meterferry validate JOB` shows all that is wrong, with lines.",
            SOURCE,
        ),
        Exit::NotFound => says(
            "A file that was named does not exist, or cannot be read or written.",
            "Nothing was touched.",
            "--ids lsit.txt",
            "Correct the path or its permissions.",
            SOURCE,
        ),
        Exit::Ledger => says(
            "The ledger is missing, damaged, or cannot be written.",
            "Without it finished transfers are not known as finished.",
            "disk full",
            "`meterferry doctor` looks at the state folder, `meterferry ledger verify` at every fact.",
            SOURCE,
        ),
        Exit::Stopped(_) => says(
            "Stopped by a signal (130: SIGINT, 143: SIGTERM), at rest.",
            "Nothing new was begun, and open intents were settled.",
            "Ctrl-C",
            "`meterferry run` again goes on.",
            SOURCE,
        ),
    }
}

pub(super) const fn of_ledger(code: LedgerCode) -> Explanation {
    const SOURCE: &str = "DESIGN.md §3, ledger";
    match code {
        LedgerCode::Missing => says(
            "There is no ledger in the state folder.",
            "A lost ledger must not look like a fresh start.",
            "another user's cron, with another home",
            "Find it, or name its folder with --state-dir; for the first run `meterferry ledger init`.",
            SOURCE,
        ),
        LedgerCode::AlreadyExists => says(
            "`ledger init` found a ledger.",
            "A second one would forget what was done.",
            "ledger init twice",
            "Use it, or name another folder with --state-dir.",
            SOURCE,
        ),
        LedgerCode::Busy => says(
            "Another process has the ledger to itself.",
            "One run at a time.",
            "process 4711 on host a",
            "Wait for it, as with --lock-wait 10m.",
            SOURCE,
        ),
        LedgerCode::WrongKind => says(
            "A ledger of simulated meters was given to a real run, or the other way round.",
            "A rehearsal must never be taken for the real thing.",
            "--simulate --state-dir with the real ledger",
            "Name another folder with --state-dir.",
            SOURCE,
        ),
        LedgerCode::OtherFormat => says(
            "Another generation of the program wrote the ledger.",
            "What cannot be read for certain is not built upon.",
            "a newer version on another machine",
            "Use the version that the message names.",
            SOURCE,
        ),
        LedgerCode::Damaged => says(
            "The file is no ledger, or no longer one.",
            "Nothing may be begun on a record that cannot be trusted.",
            "a file cut short by a full disk",
            "Keep it as it is, restore a copy, and compare the meters with it; `meterferry ledger verify` says how far it is sound.",
            SOURCE,
        ),
        LedgerCode::DamagedRecord => says(
            "One fact cannot be true after those before it.",
            "The next-state table holds for what is read as for what is written.",
            "a commit without an intent",
            "Keep the file, restore a copy; `meterferry ledger verify`.",
            SOURCE,
        ),
        LedgerCode::BrokenChain => says(
            "What is recorded is not what was recorded once.",
            "Each fact vouches for all before it.",
            "a row changed with sqlite3",
            "Keep the file, restore a copy, and ask who changed it; `meterferry ledger verify`.",
            SOURCE,
        ),
        LedgerCode::CannotRead => says(
            "The ledger cannot be read just now.",
            "Without it nothing may begin.",
            "permission denied",
            "Check the permissions of the folder and the files in it; `meterferry doctor`.",
            SOURCE,
        ),
        LedgerCode::CannotWrite => says(
            "The ledger could not record a fact.",
            "Nothing is written to a meter before its intent is durable.",
            "no space left on device",
            "Make room, then run again: what was begun is settled first.",
            SOURCE,
        ),
        LedgerCode::NetworkFileSystem => says(
            "The state folder is on a network file system.",
            "Locks and the order of writes cannot be trusted there.",
            "NFS, SMB, sshfs",
            "Name a folder on a local disk with --state-dir.",
            SOURCE,
        ),
        LedgerCode::Conflict => says(
            "Somebody else has appended to this transfer meanwhile.",
            "Two histories of one meter cannot both be true.",
            "resolve during a run",
            "Run again: what is recorded is read afresh.",
            SOURCE,
        ),
        LedgerCode::TooLarge => says(
            "A fact is larger than a ledger accepts.",
            "This should never be seen.",
            "–",
            "Please report it: it is a defect.",
            SOURCE,
        ),
    }
}
