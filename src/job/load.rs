//! From path arguments to campaigns, with all diagnostics of all files at once.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;

use super::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    include::Includes,
    merge::Merge,
    paths::{self, JobFile, JobPath},
    resolve::resolve,
    source::Source,
};
use crate::campaign::{Campaign, Chosen};

/// What the job files say.
#[derive(Debug)]
pub struct Loaded {
    /// In the order of the files; files that name one campaign are merged.
    pub campaigns: Vec<Campaign>,
    /// Every file that was read, with those they include and their spreadsheets; nothing if a job came from standard input.
    pub files: Option<Vec<PathBuf>>,
    /// What is probably not meant, though it can be done.
    pub warnings: Diagnostics,
    /// The spreadsheets that transfers come from, in the order in which they are named.
    pub sheets: Vec<SheetUsed>,
}

/// A spreadsheet and how many transfers come from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SheetUsed {
    /// The file, as the job that names it leads to it.
    pub file: Arc<str>,
    /// Rows that are transfers.
    pub transfers: usize,
}

/// Reads job files. Offline: no meter is touched.
///
/// # Errors
/// Everything that is wrong in any of the files, sorted by place. If nothing but missing paths was found,
/// [`Diagnostics::only_missing_paths`] says so.
pub fn load(paths: &[JobPath]) -> Result<Loaded, Diagnostics> {
    let mut load = Load::default();
    let files = paths::collect(paths, &mut load.found);
    let (later, first): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| !file.named && looks_included(file));
    for file in first {
        load.file(&file);
    }
    for file in later {
        load.shared_file(&file);
    }
    load.finish()
}

/// Reads one job from a text; `name` stands for it in messages. What it names is relative to the current folder.
///
/// # Errors
/// Everything that is wrong in it, sorted by place.
pub fn load_text(name: &str, text: &str) -> Result<Loaded, Diagnostics> {
    let mut load = Load { from_stdin: true, ..Load::default() };
    load.text(name.into(), text.into(), None);
    load.finish()
}

#[derive(Default)]
struct Load {
    found: Diagnostics,
    warnings: Diagnostics,
    includes: Includes,
    merge: Merge,
    files: Vec<PathBuf>,
    from_stdin: bool,
    sheets: Vec<SheetUsed>,
}

impl Load {
    fn file(&mut self, file: &JobFile) {
        let name = file.name();
        let text = match paths::read_text(file.path.as_deref(), &name) {
            Ok(text) => text,
            Err(error) => return self.found.push(*error),
        };
        self.files.extend(file.path.clone());
        self.from_stdin |= file.path.is_none();
        self.text(name, text, file.path.as_deref());
    }

    fn text(&mut self, name: Arc<str>, text: Arc<str>, path: Option<&Path>) {
        let folder = path.and_then(Path::parent).unwrap_or(Path::new(""));
        let read = Source::read_job(name, text, folder, &mut self.found, &mut self.warnings);
        let Some(mut source) = read else { return };
        self.sheets.extend(
            source
                .document
                .sheets
                .iter()
                .map(|sheet| SheetUsed { file: Arc::clone(&sheet.file), transfers: sheet.rows.len() }),
        );
        let resolved = resolve(&mut source, path, &mut self.includes, &mut self.found, &mut self.warnings);
        self.merge.add(source.document, resolved, &mut self.found);
    }

    /// A file of a folder that is no job: either a job has included it, or nobody needs it.
    fn shared_file(&mut self, file: &JobFile) {
        let Some(path) = &file.path else { return };
        if !self.includes.contains(path) {
            self.includes.read(path, &mut self.found);
            let message =
                format!("{} holds gateways and defaults only, and no job includes it", path.display());
            let hint = "name it in the `include` of the jobs that need it";
            self.warnings.push(Diagnostic::warning(Code::UnusedInclude, message).hint(hint));
        }
    }

    fn finish(mut self) -> Result<Loaded, Diagnostics> {
        let campaigns = self.merge.finish(&mut self.found);
        self.found.sort();
        self.warnings.sort();
        if self.found.is_empty() {
            self.files.extend(self.includes.paths());
            self.files.extend(self.sheets.iter().map(|sheet| PathBuf::from(&*sheet.file)));
            self.files.extend(named_snapshots(&campaigns));
            let files = (!self.from_stdin).then_some(self.files);
            Ok(Loaded { campaigns, files, warnings: self.warnings, sheets: self.sheets })
        } else {
            Err(self.found)
        }
    }
}

/// The snapshots that the jobs name: they belong to what the jobs say. The newest one of a meter does not.
fn named_snapshots(campaigns: &[Campaign]) -> Vec<PathBuf> {
    let transfers = campaigns.iter().flat_map(|campaign| &campaign.transfers);
    let kept = transfers.filter_map(|transfer| transfer.source.snapshot());
    kept.filter(|kept| kept.chosen == Chosen::Named).map(|kept| PathBuf::from(&kept.origin.path)).collect()
}

/// Whether a file found in a folder is one that jobs include, and no job: no line of it begins with the keys
/// `campaign` or `transfers`, and one begins with `gateways` or `defaults`.
fn looks_included(file: &JobFile) -> bool {
    let Some(path) = &file.path else { return false };
    let Ok(text) = paths::read_text(Some(path), &file.name()) else { return false };
    let has = |keys: [&str; 2]| {
        text.lines().any(|line| {
            keys.iter().any(|key| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
        })
    };
    has(["gateways", "defaults"]) && !has(["campaign", "transfers"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Model;

    fn job(name: &str) -> Campaign {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs").join(name);
        let mut loaded = load(&[path.as_path().into()]).unwrap_or_else(|found| panic!("{found}"));
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
        assert_eq!(loaded.campaigns.len(), 1);
        loaded.campaigns.remove(0)
    }

    #[test]
    fn the_smallest_job_is_one_transfer_with_every_default() {
        let campaign = job("single.yaml");
        let [transfer] = campaign.transfers.as_slice() else { panic!("{campaign:?}") };
        assert_eq!(transfer.key.to_string(), "single/main-incomer");
        assert_eq!(transfer.source.to_string(), "CM2000 at 192.0.2.10:502 unit 1");
        assert_eq!(transfer.target.serial_number.pinned(), Some(11_000_125));
        assert_eq!(transfer.options, crate::campaign::Options::default());
        assert_eq!(
            transfer.source.endpoint().unwrap().gateway.settings,
            crate::campaign::GatewaySettings::default()
        );
    }

    #[test]
    fn the_demo_shows_every_model_and_the_odd_meters() {
        let campaign = job("demo.yaml");
        let count = |model, of: fn(&crate::campaign::Transfer) -> Model| {
            campaign.transfers.iter().filter(|transfer| of(transfer) == model).count()
        };
        for model in Model::ALL {
            assert!(count(model, |transfer| transfer.source.model()) > 0, "{model} as a source");
            assert_eq!(
                count(model, |transfer| transfer.target.model) > 0,
                model.can_be_target(),
                "{model} as a target"
            );
        }
        let serials = campaign.transfers.iter().filter_map(|transfer| transfer.source.pinned());
        let odd: Vec<_> = serials.map(|serial| serial % 8).filter(|rest| [3, 7].contains(rest)).collect();
        assert_eq!(odd, [3, 3, 7], "two net exporters, one counter of 16 digits");
    }

    #[test]
    fn the_reference_uses_every_key_of_the_schema() {
        let text = include_str!("../../jobs/reference.yaml");
        job("reference.yaml");
        let schema = crate::job::schema();
        let mut keys = Vec::new();
        collect_keys(&schema, &mut keys);
        assert!(keys.len() > 30, "{keys:?}");
        for key in keys {
            assert!(text.contains(&format!("{key}:")), "jobs/reference.yaml does not show `{key}`");
        }
    }

    fn collect_keys(schema: &serde_json::Value, keys: &mut Vec<String>) {
        if let Some(properties) = schema.get("properties").and_then(serde_json::Value::as_object) {
            keys.extend(properties.keys().cloned());
        }
        if let Some(definitions) = schema.get("$defs").and_then(serde_json::Value::as_object) {
            definitions.values().for_each(|definition| collect_keys(definition, keys));
        }
    }

    #[test]
    fn a_folder_takes_included_files_for_what_they_are() {
        let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
        let loaded = load(&[jobs.as_path().into()]).unwrap_or_else(|found| panic!("{found}"));
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
        let names: Vec<_> = loaded.campaigns.iter().map(|campaign| &*campaign.name).collect();
        assert_eq!(names, ["demo", "reference", "restore", "serial", "sheet", "single", "swap", "typed"]);
    }

    #[test]
    fn a_spreadsheet_is_one_of_the_files_that_a_job_is_made_of() {
        let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
        let loaded =
            load(&[jobs.join("sheet.yaml").as_path().into()]).unwrap_or_else(|found| panic!("{found}"));
        let files = loaded.files.expect("nothing came from standard input");
        assert_eq!(files, [jobs.join("sheet.yaml"), jobs.join("sheet/week-23.csv")]);
    }

    #[test]
    fn a_file_over_64_mib_is_refused_unread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.yaml");
        std::fs::File::create(&path).unwrap().set_len(64 * 1024 * 1024 + 1).unwrap();
        let found = load(&[path.as_path().into()]).unwrap_err();
        assert_eq!(found.diagnostics[0].code, Code::FileTooLarge, "{found}");
        assert!(!found.only_missing_paths());
    }

    #[test]
    fn a_folder_without_jobs_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let found = load(&[folder.path().into()]).unwrap_err();
        assert_eq!(found.diagnostics[0].code, Code::NoJobFiles, "{found}");
    }

    #[test]
    fn the_same_file_given_twice_is_read_once() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs/single.yaml");
        let loaded = load(&[path.as_path().into(), path.as_path().into()]).unwrap();
        assert_eq!(loaded.campaigns[0].transfers.len(), 1);
    }

    #[test]
    fn a_missing_path_is_told_from_a_bad_job() {
        let missing = load(&[Path::new("no/such/job.yaml").into()]).unwrap_err();
        assert!(missing.only_missing_paths(), "{missing}");
    }
}
