//! How a piece sits on the body: one file per kind of jewelry.

mod placement;

pub use placement::*;
