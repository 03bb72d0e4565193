//! Where in the job files a transfer is written, so that whoever is told no finds the line. No part of what a transfer
//! is: two that differ in nothing else are equal, and it is not stored.

use std::{fmt, sync::Arc};

/// The lines of a transfer. 32 bytes, and the file's name once a file: a job may have 20,000.
#[derive(Debug, Clone)]
pub struct WrittenAt {
    /// The file as it was named.
    pub file: Arc<str>,
    /// Line of its id, from 1.
    pub id: u32,
    /// Line of its source.
    pub source: u32,
    /// Line of its target.
    pub target: u32,
}

impl PartialEq for WrittenAt {
    /// Moving a transfer in its file makes no other one of it.
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for WrittenAt {}

impl fmt::Display for WrittenAt {
    /// `jobs/north.yaml:12 (source: line 13, target: line 14)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, id, source, target } = self;
        write!(f, "{file}:{id} (source: line {source}, target: line {target})")
    }
}
