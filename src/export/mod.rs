//! Finished pictures in each shop's shape: background, cut, size, sharpness, bytes and metadata, all by data.

pub mod background;
pub mod bytes;
pub mod frame;
pub mod resize;
pub mod spec;
pub mod xmp;

pub use spec::ExportSpec;
