//! The command mailbox of a target, registers 8000–8149: what is staged, where, and in which order.

use serde::{Deserialize, Serialize};

use super::{READINGS_WORDS, Readings, Register, SENTINEL, Write};

/// Writing [`PRESET_ENERGIES`](super::PRESET_ENERGIES) here commits (FA221464 step 3). Nothing else is ever written here.
pub const COMMAND: Register = Register::new(8000);
/// First of five registers: pointers 8017 (command), 8018 (result), 8019 (data), then 8020 and 8021 they point to.
pub const POINTERS: Register = Register::new(8017);
/// Where the result of the command appears, since 8018 points here.
pub const STATUS: Register = Register::new(8021);
/// First of the 28 buffer registers, 8022–8049, since 8019 points here.
pub const BUFFER: Register = Register::new(8022);
/// Out of range in [`BUFFER`], so that a late 6209 aborts with 82 (FA221464 step 2's range rule).
pub const FENCE: u16 = 0x8000;
/// How many registers 8017–8049 are: everything that is staged, read back in one request.
pub const MAILBOX_IMAGE: u16 = 33;

const POINTER_WORDS: [u16; 5] = [8020, 8021, 8022, 0, SENTINEL];

/// How the buffer is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WriteMode {
    /// One block of 28 and one of 5 (function 16).
    Block,
    /// One register at a time (function 06).
    Single,
    /// Blocks, then singles if the meter rejects function 16.
    #[default]
    Auto,
}

/// What 8017–8049 must hold between staging and commit.
pub fn mailbox_image(staged: &Readings) -> [u16; MAILBOX_IMAGE as usize] {
    let mut image = [0; MAILBOX_IMAGE as usize];
    image[..POINTER_WORDS.len()].copy_from_slice(&POINTER_WORDS);
    image[POINTER_WORDS.len()..].copy_from_slice(&staged.to_wire());
    image
}

/// The writes that stage, in order. In blocks: the buffer, then pointers and sentinel. One by one: 8022 first
/// out of range and its true word last, so that a half-written buffer can never be executed.
pub fn staging_writes(staged: &Readings, in_blocks: bool) -> Vec<Write> {
    let words = staged.to_wire();
    if in_blocks {
        return vec![
            Write::Block { first: BUFFER, words: words.to_vec() },
            Write::Block { first: POINTERS, words: POINTER_WORDS.to_vec() },
        ];
    }
    let single =
        |first: Register, offset: usize, word| Write::Single { register: first.plus(offset as u16), word };
    let mut writes = Vec::with_capacity(1 + READINGS_WORDS + POINTER_WORDS.len());
    writes.push(single(BUFFER, 0, FENCE));
    writes.extend(words.iter().enumerate().skip(1).map(|(offset, word)| single(BUFFER, offset, *word)));
    writes.push(single(BUFFER, 0, words[0]));
    writes.extend(POINTER_WORDS.iter().enumerate().map(|(offset, word)| single(POINTERS, offset, *word)));
    writes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged() -> Readings {
        Readings::from_energies([1_234_567, 2, 3, 4, -5_000_000, 6, 9_999_999_999_999_999]).unwrap()
    }

    fn applied(writes: &[Write]) -> Vec<(u16, u16)> {
        let mut mailbox = std::collections::BTreeMap::new();
        for write in writes {
            match write {
                Write::Block { first, words } => {
                    for (offset, word) in words.iter().enumerate() {
                        mailbox.insert(first.plus(offset as u16).number(), *word);
                    }
                }
                Write::Single { register, word } => {
                    mailbox.insert(register.number(), *word);
                }
            }
        }
        mailbox.into_iter().collect()
    }

    #[test]
    fn blocks_and_singles_leave_the_same_mailbox() {
        let image: Vec<_> = (8017..).zip(mailbox_image(&staged())).collect();
        assert_eq!(applied(&staging_writes(&staged(), true)), image);
        assert_eq!(applied(&staging_writes(&staged(), false)), image);
    }

    #[test]
    fn singles_keep_the_buffer_invalid_until_it_is_whole() {
        let writes = staging_writes(&staged(), false);
        assert_eq!(writes[0], Write::Single { register: BUFFER, word: FENCE });
        let last = writes.iter().position(|write| *write == Write::Single { register: BUFFER, word: 4567 });
        assert_eq!(last, Some(READINGS_WORDS), "8022 gets its true word after 8023–8049");
    }

    #[test]
    fn staging_never_touches_the_command_register() {
        for in_blocks in [true, false] {
            assert!(
                applied(&staging_writes(&staged(), in_blocks)).iter().all(|(register, _)| *register >= 8017)
            );
        }
    }
}
