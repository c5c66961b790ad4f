//! Finished pictures in each shop's shape: cut, resized, sharpened, encoded, described.

pub mod spec;

pub use spec::ExportSpec;
