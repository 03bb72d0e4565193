//! Files that jobs include: shared gateways and defaults. Each is read once, whoever includes it.

use std::{
    collections::{BTreeMap, HashSet},
    mem::take,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    layer::{GatewayLayer, OptionLayer},
    paths,
    raw::{Defaults, FileText},
    source::Source,
    way::{self, Definition},
};

/// What a file gives to its own transfers and to those of the jobs that include it.
#[derive(Debug, Default, Clone)]
pub(super) struct Shared {
    pub options: OptionLayer,
    pub checked: BTreeMap<String, String>,
    pub gateway: GatewayLayer,
    pub gateways: Vec<Definition>,
}

impl Shared {
    /// The `defaults` and `gateways` of a file.
    pub fn of(source: &mut Source, found: &mut Diagnostics) -> Self {
        let mut defaults: Defaults = source.take("/defaults", found).unwrap_or_default();
        let checked = source.texts("/defaults/checked", take(&mut defaults.options.checked));
        let document = &source.document;
        let gateway = defaults.gateway.unwrap_or_default();
        let options = OptionLayer::read(defaults.options, "/defaults", document, found);
        let gateway = GatewayLayer::read(gateway, "/defaults/gateway", document, found);
        if !source.is_bad("/defaults") {
            options.check_backoff(&options.clone().decide().retry, "/defaults", document, found);
        }
        Self { options, checked, gateway, gateways: way::definitions(source, found) }
    }
}

/// The files that were included so far.
#[derive(Default)]
pub(super) struct Includes {
    read: BTreeMap<PathBuf, Arc<Shared>>,
}

impl Includes {
    /// Whether a file was included by any job.
    pub fn contains(&self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|path| self.read.contains_key(&path))
    }

    /// The files, each once.
    pub fn paths(&self) -> impl Iterator<Item = PathBuf> {
        self.read.keys().cloned()
    }

    /// What the file at this path shares.
    pub fn read(&mut self, path: &Path, found: &mut Diagnostics) -> Arc<Shared> {
        let key = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Some(shared) = self.read.get(&key) {
            return Arc::clone(shared);
        }
        let shared = Arc::new(read_file(path, found).unwrap_or_default());
        self.read.insert(key, Arc::clone(&shared));
        shared
    }

    /// What all files in a job's `include` share, the later ones first among equals.
    pub fn of_job(&mut self, source: &mut Source, path: Option<&Path>, found: &mut Diagnostics) -> Shared {
        let files: Vec<FileText> = source.take("/include", found).unwrap_or_default();
        let folder = path.and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
        let itself = path.and_then(|path| path.canonicalize().ok());
        let mut seen = HashSet::new();
        let mut all = Shared::default();
        for (index, FileText(file)) in files.iter().enumerate() {
            let spot = || source.spot(&format!("/include/{index}"));
            let path = folder.join(file);
            let Ok(canonical) = path.canonicalize() else {
                found.push(missing(file, &path).at(spot()));
                continue;
            };
            if itself.as_ref() == Some(&canonical) {
                found.push(includes_itself(file).at(spot()));
            } else if !seen.insert(canonical) {
                found.push(included_twice(file).at(spot()));
            } else {
                let shared = self.read(&path, found);
                all.options = shared.options.clone().over(all.options);
                all.checked.extend(shared.checked.clone());
                all.gateway = shared.gateway.over(all.gateway);
                all.gateways.extend(shared.gateways.iter().cloned());
            }
        }
        all
    }
}

fn read_file(path: &Path, found: &mut Diagnostics) -> Option<Shared> {
    let name: Arc<str> = path.display().to_string().into();
    let text = match paths::read_text(Some(path), &name) {
        Ok(text) => text,
        Err(error) => {
            found.push(*error);
            return None;
        }
    };
    let mut source = Source::read_include(name, text, found)?;
    Some(Shared::of(&mut source, found))
}

fn missing(file: &str, path: &Path) -> Diagnostic {
    Diagnostic::error(Code::IncludeNotFound, format!("the included file `{file}` does not exist"))
        .expected("a file, relative to this one")
        .hint(format!("looked for {}", path.display()))
}

fn includes_itself(file: &str) -> Diagnostic {
    Diagnostic::error(Code::IncludeRepeated, format!("`{file}` is this file: a file cannot include itself"))
        .hint("remove it from `include`")
}

fn included_twice(file: &str) -> Diagnostic {
    Diagnostic::error(Code::IncludeRepeated, format!("`{file}` is included twice"))
        .hint("remove it from `include` once")
}
