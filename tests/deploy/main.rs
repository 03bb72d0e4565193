//! The files of `deploy/`: rules that no tool of theirs knows. Whether each is right in its own language is for
//! `deploy/check.sh`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the files has failed")]

mod commands;
mod files;
mod hook;
mod policy;
#[path = "../support/mod.rs"]
mod support;
