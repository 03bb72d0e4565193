//! Whatever stands in a job: campaigns, or errors that say where, what, and what to do.

use meterferry::job::{Diagnostics, Loaded, load, load_text};

/// Reads bytes as a job.
pub fn check(bytes: &[u8]) -> Option<Loaded> {
    match std::str::from_utf8(bytes) {
        Ok(text) => judge(load_text("job.yaml", text), breaks(text.as_bytes()) + 1),
        Err(_) => as_file(bytes),
    }
}

/// Bytes that are no text can only come from a file.
fn as_file(bytes: &[u8]) -> Option<Loaded> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("job.yaml");
    std::fs::write(&path, bytes).unwrap();
    let loaded = load(&[path.as_path().into()]);
    assert!(loaded.is_err(), "this is no text");
    judge(loaded, breaks(bytes) + 1)
}

fn breaks(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| b"\n\r".contains(byte)).count()
}

fn judge(loaded: Result<Loaded, Diagnostics>, lines: usize) -> Option<Loaded> {
    match loaded {
        Ok(loaded) => {
            assert!(loaded.campaigns.iter().all(|campaign| !campaign.transfers.is_empty()));
            assert!(loaded.warnings.to_string().len() < 1 << 24);
            Some(loaded)
        }
        Err(found) => {
            assert!(!found.is_empty(), "an error that says nothing");
            for error in &found.diagnostics {
                if let Some(at) = &error.at {
                    assert!((1..=lines).contains(&(at.line as usize)) && at.column > 0, "{at}, {error}");
                }
                assert!(!error.message.is_empty() && !error.hints.is_empty(), "{error}");
            }
            assert!(!found.to_string().is_empty());
            serde_json::to_string(&found).expect("diagnostics are plain data");
            None
        }
    }
}
