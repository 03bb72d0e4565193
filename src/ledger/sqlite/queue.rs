//! Facts on their way to the thread that writes, and how many of them go together. A thread is woken only for what it
//! cannot leave until later: waking it for every fact would cost more than writing the fact.

use std::{
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::writer::Message;

/// How long facts wait that nobody needs durable yet. Short enough that `status` shows what goes on.
const LAZY_WAIT: Duration = Duration::from_millis(100);
/// How long a commit waits for more, once at least two facts came together: a tenth of what a commit takes
/// on a disk, and nothing against a meter's answer. A lone transfer never pays it.
const GATHER_WAIT: Duration = Duration::from_millis(1);
/// Facts in one transaction; bounds the memory and the time until the first of them is told.
const GROUP_LIMIT: usize = 4_096;
/// Facts that may wait for the writer before an append blocks: two transactions, and two facts for each of the 4,096
/// transfers that `--parallel` allows at the most. The writer needs nobody's help to go on, so blocking cannot deadlock.
pub const QUEUE_LIMIT: usize = 2 * GROUP_LIMIT;

/// What waits for the writer, in order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// The writer has something to do that it does not know of.
    arrived: Condvar,
    /// There is room again.
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    messages: Vec<Message>,
    /// How many of them are needed at once.
    urgent: usize,
    /// Nothing more comes.
    closed: bool,
    /// Nobody writes any more.
    abandoned: bool,
}

impl State {
    fn is_full(&self) -> bool {
        self.messages.len() >= GROUP_LIMIT
    }

    fn is_due(&self) -> bool {
        self.urgent > 0 || self.is_full() || self.closed
    }
}

impl Queue {
    /// Puts a message behind all others. Blocks while [`QUEUE_LIMIT`] of them wait. Where nobody writes any more it is
    /// dropped, and its reply with it.
    pub(super) fn push(&self, message: Message) {
        let full = |state: &mut State| state.messages.len() >= QUEUE_LIMIT && !state.abandoned;
        let mut state = self.room.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        if state.abandoned {
            return;
        }
        let was_due = state.is_due();
        state.urgent += usize::from(message.is_urgent());
        state.messages.push(message);
        // The first begins the wait, the first that is due ends it.
        if state.messages.len() == 1 || !was_due && state.is_due() || state.messages.len() == GROUP_LIMIT {
            self.arrived.notify_one();
        }
    }

    /// Nothing more comes: what waits is written now.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Nobody takes anything any more: what waits is dropped, and what comes.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.abandoned = true;
        state.messages = Vec::new();
        self.room.notify_all();
    }

    /// Waits for messages and moves those that go together into `group`, which is empty. `false` when nothing comes
    /// any more.
    pub(super) fn take(&self, group: &mut Vec<Message>) -> bool {
        let idle = |state: &mut State| state.messages.is_empty() && !state.closed;
        let state = self.arrived.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let state = self.wait(state, LAZY_WAIT, State::is_due);
        let mut state = match state.messages.len() {
            0 => return false,
            1 => state,
            _ => self.wait(state, GATHER_WAIT, |state| state.is_full() || state.closed),
        };
        if state.messages.len() <= GROUP_LIMIT {
            mem::swap(&mut state.messages, group);
            state.urgent = 0;
        } else {
            group.extend(state.messages.drain(..GROUP_LIMIT));
            state.urgent = state.messages.iter().filter(|message| message.is_urgent()).count();
        }
        self.room.notify_all();
        true
    }

    fn wait<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        limit: Duration,
        enough: fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let deadline = Instant::now() + limit;
        while !enough(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            (state, _) = self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    /// What it holds is changed in single steps: a panic elsewhere leaves nothing half-done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use tokio::sync::oneshot;

    use super::*;

    fn message() -> (Message, oneshot::Receiver<Result<(), crate::ledger::LedgerError>>) {
        let (reply, answer) = oneshot::channel();
        (Message::Flush(reply), answer)
    }

    #[test]
    fn more_than_the_limit_waits_for_the_writer_and_nothing_is_lost() {
        let queue = Arc::new(Queue::default());
        let pushing = Arc::clone(&queue);
        let number = 2 * QUEUE_LIMIT + 1;
        let pusher = thread::spawn(move || {
            (0..number).for_each(|_| pushing.push(message().0));
            pushing.close();
        });
        let (mut group, mut taken) = (Vec::new(), 0);
        while queue.take(&mut group) {
            assert!(group.len() <= GROUP_LIMIT, "{} in one group", group.len());
            assert!(queue.lock().messages.len() <= QUEUE_LIMIT);
            taken += group.len();
            group.clear();
        }
        pusher.join().unwrap();
        assert_eq!(taken, number);
    }

    #[test]
    fn nobody_waits_for_a_writer_that_is_gone() {
        let queue = Arc::new(Queue::default());
        let mut answers = Vec::new();
        for _ in 0..QUEUE_LIMIT {
            let (message, answer) = message();
            queue.push(message);
            answers.push(answer);
        }
        let pushing = Arc::clone(&queue);
        let pusher = thread::spawn(move || {
            let (message, answer) = message();
            pushing.push(message);
            answers.push(answer);
            answers
        });
        queue.abandon();
        for answer in pusher.join().unwrap() {
            assert!(answer.blocking_recv().is_err(), "it is dropped, and says so");
        }
    }
}
