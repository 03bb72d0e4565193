//! Registers 8000–8149, one shared scratch pad a meter (DOMAIN.md §2).
//! Knows nothing of commands. Memory is taken at the first write, since most of many thousand meters are never written.

use super::registers::MAILBOX;

const SIZE: usize = 150;

/// The 150 registers; all zero until written.
#[derive(Clone, Debug, Default)]
pub(super) struct Mailbox(Option<Box<[u16; SIZE]>>);

impl Mailbox {
    /// The word in a register of the mailbox.
    pub(super) fn get(&self, register: u16) -> u16 {
        self.0.as_ref().map_or(0, |words| words[place(register)])
    }

    /// Puts a word into a register of the mailbox.
    pub(super) fn set(&mut self, register: u16, word: u16) {
        self.0.get_or_insert_with(|| Box::new([0; SIZE]))[place(register)] = word;
    }
}

fn place(register: u16) -> usize {
    assert!(MAILBOX.contains(&register), "register {register} is not in the mailbox");
    usize::from(register - MAILBOX.start())
}
