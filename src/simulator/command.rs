//! What a meter does with the command in register 8000 (DOMAIN.md §2).
//! Works on the mailbox and the counters; knows nothing of frames, requests or why a command was given.

use tokio::time::Instant;

use super::audit::{Audit, Execution};
use super::build::Options;
use super::energies::{Counters, EnergyWords};
use super::mailbox::Mailbox;
use super::registers::{CODE_POINTER, COMMAND, DATA_POINTER, PRESET, RESULT_POINTER, Span, USER_AREA, WORDS};

const DONE: u16 = 0;
const INVALID_COMMAND: u16 = 81;
const INVALID_PARAMETERS: u16 = 82;

/// Executes a command now: pointers and data are what the mailbox holds at this instant.
pub(super) fn execute(
    code: u16,
    mailbox: &mut Mailbox,
    counters: &mut Counters,
    options: &Options,
    now: Instant,
    audit: &mut Audit,
) {
    let before = (counters.energies(now), counters.words(now));
    let data = data_words(mailbox);
    let status = obey(code, data.as_ref(), counters, options, now);
    give_back(code, status, mailbox, options);
    let after = (counters.energies(now), counters.words(now));
    audit.execution(Execution {
        at: audit.offset(now),
        code,
        words: data.map(Vec::from).unwrap_or_default(),
        status,
        effective: before != after,
        before: before.0,
        after: after.0,
    });
}

fn obey(
    code: u16,
    data: Option<&EnergyWords>,
    counters: &mut Counters,
    options: &Options,
    now: Instant,
) -> u16 {
    if let Some(status) = options.fixed_status {
        return status;
    }
    if code != PRESET {
        return INVALID_COMMAND;
    }
    match data.filter(|words| words.iter().all(|word| (-9999..=9999).contains(word))) {
        Some(words) => {
            counters.preset(words, now);
            DONE
        }
        None => INVALID_PARAMETERS,
    }
}

/// The 28 words at the place 8019 points to, if they lie in the user area.
fn data_words(mailbox: &Mailbox) -> Option<EnergyWords> {
    let first = mailbox.get(DATA_POINTER);
    if !Span::new(first, WORDS as u16).lies_in(&USER_AREA) {
        return None;
    }
    let mut words = [0; WORDS];
    for (word, register) in words.iter_mut().zip(first..) {
        *word = mailbox.get(register).cast_signed();
    }
    Some(words)
}

fn give_back(code: u16, status: u16, mailbox: &mut Mailbox, options: &Options) {
    let code_pointer = mailbox.get(CODE_POINTER);
    if USER_AREA.contains(&code_pointer) {
        mailbox.set(code_pointer, code);
    }
    let result_pointer = mailbox.get(RESULT_POINTER);
    let says_nothing = options.quiet_success && status == DONE;
    if USER_AREA.contains(&result_pointer) && !says_nothing {
        mailbox.set(result_pointer, status);
    }
    if options.clears_command {
        mailbox.set(COMMAND, 0);
    }
}
