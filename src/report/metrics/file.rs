//! The file on disk: it appears whole or not at all, and a disk that hangs or is full holds up no run.

#[cfg(unix)]
use std::fs::Permissions;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel},
    thread,
    time::{Duration, Instant},
};

use tempfile::Builder;

/// How long the last write may take before the program ends without it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes `text` to a file beside `path` and puts that in its place. Everybody may read it, as the collector runs as a
/// user of its own. The name of the file beside does not end in `.prom`: the collector passes it over.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut file = Builder::new().prefix(".meterferry-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    readable_for_all(file.as_file())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(unix)]
fn readable_for_all(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_for_all(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}

/// A thread that writes: the dispatcher is not to wait for a disk.
pub(super) struct Writer {
    path: PathBuf,
    texts: Option<SyncSender<String>>,
    done: Receiver<()>,
}

impl Writer {
    pub(super) fn new(path: PathBuf) -> Self {
        let (texts, inbox) = sync_channel::<String>(1);
        let (finished, done) = channel();
        let to = path.clone();
        thread::spawn(move || {
            let mut complained = false;
            for text in inbox {
                try_to_write(&to, &text, &mut complained);
            }
            // Nobody may be waiting any more.
            let _ = finished.send(());
        });
        Self { path, texts: Some(texts), done }
    }

    /// Hands over a text, unless the last ones are still on their way: the next one will say more.
    pub(super) fn write(&self, text: String) {
        if let Some(texts) = &self.texts {
            let _ = texts.try_send(text);
        }
    }

    /// The last text: waits until it is written, but not for ever.
    pub(super) fn finish(&mut self, text: String) {
        let Some(texts) = self.texts.take() else { return };
        let begun = Instant::now();
        let mut text = text;
        while let Err(TrySendError::Full(back)) = texts.try_send(text) {
            if begun.elapsed() > PATIENCE {
                return complain(&self.path, "the disk takes too long");
            }
            text = back;
            thread::sleep(Duration::from_millis(5));
        }
        drop(texts);
        if self.done.recv_timeout(PATIENCE).is_err() {
            complain(&self.path, "the disk takes too long");
        }
    }
}

/// Writes, and says so once if that is not possible.
pub(super) fn try_to_write(path: &Path, text: &str, complained: &mut bool) {
    if let Err(error) = write(path, text)
        && !std::mem::replace(complained, true)
    {
        complain(path, &error.to_string());
    }
}

fn complain(path: &Path, error: &str) {
    tracing::warn!(
        target: "meterferry::metrics",
        error,
        "--metrics-file {} could not be written; the run goes on, and this is not said again", path.display()
    );
}
