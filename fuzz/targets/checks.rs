//! The checks of `tests/bad_input`, for the fuzz targets. Each target uses some of them.
#![expect(dead_code, reason = "each target uses some of the checks")]

#[path = "../../tests/bad_input/checks/mod.rs"]
mod all;

pub use all::*;
