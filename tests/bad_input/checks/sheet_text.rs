//! Whatever stands in a spreadsheet that a job names: transfers, or errors that say where, what, and what to do.

use meterferry::job::{Diagnostics, Loaded, load};

/// One column fills two keys: rows with different units have different meters at both ends.
const JOB: &str = "
version: 1
campaign: sheet
transfers_from:
  file: sheet.csv
  columns: { id: WO, source.unit: Old unit, target.unit: Old unit, source.serial_number: Old SN }
  template:
    source: { model: CM4000, host: 192.0.2.1 }
    target: { model: PM800, host: 192.0.2.2, serial_number: any }
";

/// Reads bytes as the sheet of a job.
pub fn load_sheet(bytes: &[u8]) -> Result<Loaded, Diagnostics> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("job.yaml");
    std::fs::write(&path, JOB).unwrap();
    std::fs::write(folder.path().join("sheet.csv"), bytes).unwrap();
    load(&[path.as_path().into()])
}

/// The same, and that an error has a place within the two files, and something to do.
pub fn check(bytes: &[u8]) -> Option<Loaded> {
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| b"\n\r".contains(byte)).count() + 1;
    match load_sheet(bytes) {
        Ok(loaded) => {
            let transfers: usize = loaded.campaigns.iter().map(|campaign| campaign.transfers.len()).sum();
            assert_eq!(transfers, loaded.sheets[0].transfers, "a row was left out in silence");
            assert!(transfers > 0);
            Some(loaded)
        }
        Err(found) => {
            assert!(!found.is_empty(), "an error that says nothing");
            for error in &found.diagnostics {
                let at = error.at.as_ref().unwrap_or_else(|| panic!("no place: {error}"));
                let most = if at.file.ends_with(".csv") { lines(bytes) } else { lines(JOB.as_bytes()) };
                assert!((1..=most).contains(&(at.line as usize)) && at.column > 0, "{at}, {error}");
                assert!(!error.message.is_empty() && !error.hints.is_empty(), "{error}");
            }
            assert!(!found.to_string().is_empty());
            serde_json::to_string(&found).expect("diagnostics are plain data");
            None
        }
    }
}
