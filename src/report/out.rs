//! Where text goes: results to stdout, logs to stderr around the progress bar. A reader that went away is no
//! error and no panic.

use std::{
    io::{self, BufWriter, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use indicatif::ProgressBar;
use serde::Serialize;
use tracing_subscriber::fmt::MakeWriter;

/// Results of thousands of transfers are written in pieces of so many bytes.
const PIECE: usize = 64 * 1024;

/// The one way to stderr: what is written through it is put above the progress bar, if one is shown.
#[derive(Clone)]
pub struct LogSink {
    bar: Arc<Mutex<Option<ProgressBar>>>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    /// Whether the writer is the stream that the bar is drawn on.
    is_stderr: bool,
}

impl LogSink {
    /// To stderr.
    pub fn stderr() -> Self {
        Self { is_stderr: true, ..Self::new(io::stderr()) }
    }

    /// To any writer.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self { bar: Arc::default(), writer: Arc::new(Mutex::new(Box::new(writer))), is_stderr: false }
    }

    /// Writes one line; what cannot be written is lost.
    pub fn line(&self, text: &str) {
        self.put(format!("{text}\n").as_bytes());
    }

    /// Runs `write` while no bar is in the way: for results on the same terminal.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        let bar = held(&self.bar).clone();
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Says which bar is shown now.
    pub(super) fn show(&self, bar: Option<ProgressBar>) {
        *held(&self.bar) = bar;
    }

    fn put(&self, bytes: &[u8]) {
        let bar = held(&self.bar).clone();
        if let Some(bar) = bar.filter(|bar| self.is_stderr && !bar.is_hidden()) {
            // Lines and bar are drawn together: nothing flickers.
            bar.println(String::from_utf8_lossy(bytes).trim_end_matches('\n'));
            return;
        }
        self.aside(|| {
            let mut writer = held(&self.writer);
            // A log that nobody reads any more must not stop a run that is writing to meters.
            let _ = writer.write_all(bytes).and_then(|()| writer.flush());
        });
    }
}

/// A lock whose data is whole even if its holder panicked: each write to it is one assignment or one call.
fn held<T: ?Sized>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Write for LogSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogSink {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Results for stdout. After a broken pipe it is silent: the run goes on, and its exit code tells the truth.
pub struct Results {
    writer: Box<dyn Write + Send>,
    sink: LogSink,
    closed: bool,
    error: Option<io::Error>,
}

impl Results {
    /// To stdout, aside of the bar that `sink` knows.
    pub fn stdout(sink: &LogSink) -> Self {
        Self::new(io::stdout(), sink)
    }

    /// To any writer.
    pub fn new(writer: impl Write + Send + 'static, sink: &LogSink) -> Self {
        Self { writer: Box::new(writer), sink: sink.clone(), closed: false, error: None }
    }

    /// Writes `text` as it is, newline included, and flushes it.
    pub fn print(&mut self, text: &str) {
        self.put(|writer| writer.write_all(text.as_bytes()).and_then(|()| writer.flush()));
    }

    /// Writes `value` as indented JSON with a final newline, for `--format json`; never as one text in memory.
    pub fn print_json(&mut self, value: &impl Serialize) {
        self.put(|writer| {
            let mut writer = BufWriter::with_capacity(PIECE, writer);
            serde_json::to_writer_pretty(&mut writer, value)?;
            writeln!(writer)?;
            writer.flush()
        });
    }

    fn put(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if self.closed {
            return;
        }
        let (sink, writer) = (&self.sink, &mut self.writer);
        if let Err(error) = sink.aside(|| write(writer)) {
            self.closed = true;
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.error = Some(error);
            }
        }
    }

    /// Why results were lost, other than by a reader that went away: a full disk, say.
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes `room` bytes, then fails.
    struct Failing {
        kind: io::ErrorKind,
        room: usize,
    }

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room < bytes.len() {
                return Err(self.kind.into());
            }
            self.room -= bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let sink = LogSink::new(io::sink());
        let mut results = Results::new(Failing { kind: io::ErrorKind::BrokenPipe, room: 4 }, &sink);
        results.print("one\n");
        results.print("two\n");
        results.print("three\n");
        assert!(results.error().is_none());
        assert!(results.closed, "nothing more is tried");
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let sink = LogSink::new(io::sink());
        let mut results = Results::new(Failing { kind: io::ErrorKind::StorageFull, room: 0 }, &sink);
        results.print("one\n");
        assert_eq!(results.error().map(io::Error::kind), Some(io::ErrorKind::StorageFull));
    }

    #[test]
    fn a_log_nobody_reads_stops_nothing() {
        let sink = LogSink::new(Failing { kind: io::ErrorKind::BrokenPipe, room: 0 });
        sink.line("lost");
    }
}
