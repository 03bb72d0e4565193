//! What is said later than it was asked for: kept in the order it falls due. Knows nothing of connections.

use tokio::time::Instant;

use super::framing::Header;

/// Answers that are held back.
#[derive(Debug, Default)]
pub(super) struct Late(Vec<(Instant, Held)>);

/// One of them.
#[derive(Debug)]
pub(super) enum Held {
    /// A whole frame.
    Answer(Vec<u8>),
    /// Whatever a unit has to say, on a line, when a request that was kept back is executed.
    AnswerOf(Header),
}

impl Late {
    /// Holds something back until then.
    pub(super) fn push(&mut self, due: Instant, held: Held) {
        self.0.push((due, held));
    }

    /// When the next falls due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.0.iter().map(|(due, _)| *due).min()
    }

    /// The one that fell due first, up to now.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Held> {
        let due = (0..self.0.len()).filter(|&place| self.0[place].0 <= now);
        let first = due.min_by_key(|&place| self.0[place].0)?;
        Some(self.0.remove(first).1)
    }
}
