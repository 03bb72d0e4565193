//! Reads the files of `deploy/`: as text, as YAML, as a unit of systemd. Knows nothing of what they should say.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_yaml::Value;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file of this repository.
pub fn text(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The value at `spec.template…`; a number picks an item.
#[track_caller]
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, key| {
        let found = match key.parse::<usize>() {
            Ok(number) => value.get(number),
            Err(_) => value.get(key),
        };
        found.unwrap_or_else(|| panic!("{path}: there is no {key}"))
    })
}

/// What a unit of systemd says for a key, line by line.
pub fn settings(unit: &str, key: &str) -> Vec<String> {
    let start = format!("{key}=");
    unit.lines().filter_map(|line| line.strip_prefix(&start)).map(str::to_owned).collect()
}

/// The numbers in a text, in order.
pub fn numbers(text: &str) -> Vec<u64> {
    text.split(|sign: char| !sign.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().unwrap())
        .collect()
}

/// All files below `deploy/`, relative to the root.
pub fn all() -> Vec<String> {
    let (mut folders, mut found) = (vec![root().join("deploy")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(relative(&path));
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()
}
